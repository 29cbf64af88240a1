"""An exchange, asked over loopback: what it says is told exactly, and what it gets wrong is never told."""

import numpy as np
import pytest

from betacli.core.model import Member, Price, Unknown
from betacli.data.bars import page_rows
from betacli.data.venues import BINANCEUSDM
from fake_exchange.asking import MEMBERS, NOW_MS, START_MS, N, a_market, ask, walk
from fake_exchange.market import DAY_MS, Instrument, bars
from fake_exchange.server import FakeExchange


def test_candles_are_the_closed_bars_of_the_market_exactly():
    """Every closed bar of the window comes back bit by bit, quote volume included; the unfinished one does not."""
    market = a_market()
    with FakeExchange(market) as fake, ask(fake) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        found = source.candles(listings, "1d", START_MS + 10 * DAY_MS, NOW_MS)
    for symbol, candles in zip(("BTCUSDT", "ETHUSDT", "1000PEPEUSDT"), found.values(), strict=True):
        true = market.bars[symbol]
        assert candles.timeframe_ms == DAY_MS
        for name in ("open_ms", "open", "high", "low", "close", "volume", "quote_volume"):
            np.testing.assert_array_equal(getattr(candles, name), getattr(true, name)[10 : N - 1])


def test_several_pages_are_one_series():
    """2,160 hourly bars, more than any page holds, come back whole; asked in the pages that weigh least."""
    hours = 2_160
    now = START_MS + hours * 3_600_000
    market = a_market(now_ms=now, bars={"BTCUSDT": bars(START_MS, walk(4, hours), 3_600_000)})
    with FakeExchange(market) as fake, ask(fake) as source:
        listing = source.find(MEMBERS[:1], "USDT")["BTC"]
        candles = source.candles([listing], "1h", START_MS, now)["BTC"]
        limits = [int(query["limit"]) for path, query in fake.requests if path.endswith("klines")]
    np.testing.assert_array_equal(candles.close, market.bars["BTCUSDT"].close)
    # 4 x 499 at weight 2 and 164 at weight 2 are 10; 1000 + 1000 + 160 would be 12
    assert sorted(limits) == [164, 499, 499, 499, 499]


@pytest.mark.parametrize(
    ("bars_wanted", "rows"),
    [(1, 1), (99, 99), (100, 100), (499, 499), (1000, 1000), (2160, 499), (26_280, 499)],
)
def test_page_size_weighs_least(bars_wanted, rows):
    """The page size is the cheapest by Binance's weights: 1 up to 99 rows, 2 up to 499, 5 up to 1000."""
    assert page_rows(bars_wanted, BINANCEUSDM.page_costs) == rows


@pytest.mark.parametrize("tail", [False, True])
def test_a_page_shorter_than_asked_is_no_end(tail):
    """An exchange that cuts its pages, at either end, still gives every bar."""
    market = a_market(page_cap=17, page_tail=tail)
    with FakeExchange(market) as fake, ask(fake) as source:
        listing = source.find(MEMBERS[:1], "USDT")["BTC"]
        candles = source.candles([listing], "1d", START_MS, NOW_MS)["BTC"]
    np.testing.assert_array_equal(candles.close, market.bars["BTCUSDT"].close[: N - 1])


def test_one_probe_where_bars_are_missing_at_the_end():
    """Where the last bars do not exist, one empty answer is enough to believe it; gaps inside stay gaps."""
    whole = bars(START_MS, walk(1))
    sparse = np.r_[0:40, 45:100]
    fields = {name: getattr(whole, name)[sparse] for name in type(whole).__dataclass_fields__}
    market = a_market(bars={"BTCUSDT": type(whole)(**fields)})
    with FakeExchange(market) as fake, ask(fake) as source:
        listing = source.find(MEMBERS[:1], "USDT")["BTC"]
        candles = source.candles([listing], "1d", START_MS, NOW_MS)["BTC"]
        assert fake.paths().count("klines") == 2
    np.testing.assert_array_equal(candles.open_ms, fields["open_ms"])


def test_a_late_listing_needs_no_probe():
    """A contract listed inside the window starts where it was listed, and is asked for once."""
    listed = START_MS + 50 * DAY_MS
    young = Instrument(base="YOUNG", listed_ms=listed + 3_600_000)
    described = {"BTCUSDT": bars(START_MS, walk(1)), "YOUNGUSDT": bars(listed, walk(5, N - 50))}
    with FakeExchange(a_market(bars=described, instruments=[young])) as fake, ask(fake) as source:
        listing = source.find([Member(base="YOUNG")], "USDT")["YOUNG"]
        candles = source.candles([listing], "1d", START_MS, NOW_MS)["YOUNG"]
        assert fake.paths().count("klines") == 1
    assert listing.market.listed_ms == young.listed_ms
    assert candles.open_ms[0] == listed


@pytest.mark.parametrize(
    ("as_of_ms", "bars_closed"),
    [(START_MS + 30 * DAY_MS, 30), (START_MS + 31 * DAY_MS - 1, 30), (NOW_MS + 90 * DAY_MS, N - 1)],
)
def test_as_of_moves_the_last_closed_bar_but_never_past_the_exchange(as_of_ms, bars_closed):
    """Under `as_of` the last bar is the one closed by then; a moment still to come closes nothing."""
    with FakeExchange(a_market()) as fake, ask(fake, as_of_ms=as_of_ms) as source:
        listing = source.find(MEMBERS[:1], "USDT")["BTC"]
        candles = source.candles([listing], "1d", START_MS, as_of_ms)["BTC"]
        assert source.now_ms == as_of_ms
        assert source.server_ms == NOW_MS
    assert len(candles.close) == bars_closed


def test_time_is_the_exchanges_own():
    """`now` is the exchange's time; this computer is 7 s behind it, and that is said."""
    with FakeExchange(a_market()) as fake, ask(fake) as source:
        assert (source.now_ms, source.clock_skew_ms) == (NOW_MS, 7_000)
        assert source.now_ms == NOW_MS
        assert fake.paths().count("time") == 1


def test_prices_books_and_funding_are_those_of_now():
    """Mark, book in base units, and the funding rate with its own interval: ETH pays every 4 h, BTC every 8."""
    book = ([("99.5", "3"), ("99", "5")], [("100.5", "2"), ("101", "7")])
    market = a_market(
        marks={"ETHUSDT": "123.45"}, books={"ETHUSDT": book}, funding={"ETHUSDT": "-0.00025000"}
    )
    with FakeExchange(market) as fake, ask(fake) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        price = source.prices(listings)["ETH"]
        found = source.books(listings)["ETH"]
        funding = source.funding(listings)
    assert price == Price(value=123.45, kind="mark", time_ms=NOW_MS)
    np.testing.assert_array_equal(found.bids, [[99.5, 3], [99, 5]])
    np.testing.assert_array_equal(found.asks, [[100.5, 2], [101, 7]])
    assert (funding["ETH"].rate, funding["ETH"].interval_hours) == (-0.00025, 4)
    assert (funding["BTC"].rate, funding["BTC"].interval_hours) == (0.0001, 8)
    assert funding["ETH"].next_ms == (NOW_MS // 28_800_000 + 1) * 28_800_000


def test_the_past_has_no_prices_books_or_funding():
    """Under `as_of` what is only of this moment is unknown, without a request."""
    with FakeExchange(a_market()) as fake, ask(fake, as_of_ms=NOW_MS - 30 * DAY_MS) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        before = len(fake.requests)
        for answers in (source.prices(listings), source.books(listings), source.funding(listings)):
            assert all(isinstance(answer, Unknown) for answer in answers.values())
        assert len(fake.requests) == before


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({"marks": {"ETHUSDT": "0"}}, "prices"),
        ({"marks": {"ETHUSDT": "NaN"}}, "prices"),
        ({"marks": {"ETHUSDT": "-5"}}, "prices"),
        ({"funding": {"ETHUSDT": "inf"}}, "funding"),
        ({"funding": {"ETHUSDT": ""}}, "funding"),
        ({"funding": {"ETHUSDT": "7"}}, "funding"),
        ({"funding_hours": {"ETHUSDT": 0}}, "funding"),
        ({"books": {"ETHUSDT": ([], [("101", "1")])}}, "books"),
        ({"books": {"ETHUSDT": ([("102", "1")], [("101", "1")])}}, "books"),
        ({"books": {"ETHUSDT": ([("100", "-1")], [("101", "1")])}}, "books"),
        ({"books": {"ETHUSDT": ([("100", "1")], [("101", "nan")])}}, "books"),
    ],
)
def test_what_cannot_be_true_is_unknown(changes, question):
    """An impossible mark, rate, interval or book is unknown for that asset, and known for the others."""
    with FakeExchange(a_market(**changes)) as fake, ask(fake) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        answers = getattr(source, question)(listings)
    assert isinstance(answers["ETH"], Unknown)
    assert not isinstance(answers["BTC"], Unknown)
