"""What must be true of every exchange: one class of truths, and one inheritor for each, in its own raw dialect."""

from decimal import Decimal

import numpy as np
import pytest

from betacli.core.calendar import TIMEFRAMES_MS
from betacli.core.candles import iso
from betacli.core.model import Member, OpenInterest, Price, Unknown
from betacli.data import pace
from betacli.data.gates import volume_ratio
from betacli.data.venues import VENUES
from fake_exchange.asking import (
    DIALECTS,
    MEMBERS,
    NOW_MS,
    START_MS,
    SYMBOLS,
    N,
    a_market,
    ask,
    served,
    walk,
)
from fake_exchange.market import DAY_MS, HOUR_MS, Instrument, bars
from fake_exchange.server import FakeExchange

MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def _in_no_hurry_to_save(monkeypatch):
    monkeypatch.setattr(pace, "SHARE", 1_000.0)  # these tests are about answers, and shall not wait


def test_every_venue_is_held_to_the_truths():
    """A record without its inheritor would be trusted unseen."""
    assert {cls.venue for cls in Truths.__subclasses__()} == set(VENUES) == set(DIALECTS)


class Truths:
    """The truths; what differs is said by attributes.

    `terms` are contract size, amount step, smallest amount and smallest notional of an instrument with step 0.01,
    minimum 0.02, minimum notional 5 and, where contracts are counted, 0.05 base units a contract.
    """

    venue = ""
    terms: tuple[str | None, ...] = ("1", "0.01", "0.02", "5")
    knows_listing = True
    knows_delisting = True
    dated = False
    gives_quote_volume = True
    interest: OpenInterest | None = None

    def served(self, market=None, faults=(), **how) -> FakeExchange:
        return served(self.venue, list(faults), market, **how)

    def found(self, source, *bases: str):
        return list(source.find([Member(base=base) for base in bases], "USDT").values())

    # --- candles ----------------------------------------------------------------------------------------------

    def test_candles_are_the_closed_bars_exactly(self):
        """Every closed bar of the window comes back bit by bit; the unfinished one does not."""
        market = a_market()
        with self.served(market) as fake, ask(fake, self.venue) as source:
            found = source.candles(self.found(source, *SYMBOLS), "1d", START_MS + 10 * DAY_MS, NOW_MS)
        for base, symbol in SYMBOLS.items():
            true = market.bars[symbol]
            for name in ("open_ms", "open", "high", "low", "close"):
                np.testing.assert_array_equal(
                    getattr(found[base], name), getattr(true, name)[10 : N - 1], name
                )

    def test_volumes_are_in_base_units_and_in_quote_currency(self):
        """Volume counts coins (1,000 a bar here), whatever the exchange counts; quote volume counts dollars."""
        market = a_market()
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(self.found(source, "ETH"), "1d", START_MS, NOW_MS)["ETH"]
        np.testing.assert_allclose(candles.volume, 1_000.0, rtol=1e-12)
        if self.gives_quote_volume:
            np.testing.assert_array_equal(candles.quote_volume, market.bars["ETHUSDT"].quote_volume[:-1])
        else:
            assert np.isnan(candles.quote_volume).all()

    def test_a_span_of_many_pages_is_one_series(self):
        """4,500 hourly bars, more than two pages of any exchange, come back whole, each once."""
        hours = 4_500
        now_ms = START_MS + hours * HOUR_MS
        market = a_market(now_ms=now_ms, bars={"BTCUSDT": bars(START_MS, walk(4, hours), HOUR_MS)})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(self.found(source, "BTC"), "1h", START_MS, now_ms)["BTC"]
        np.testing.assert_array_equal(candles.open_ms, START_MS + HOUR_MS * np.arange(hours))
        np.testing.assert_array_equal(candles.close, market.bars["BTCUSDT"].close)

    def test_a_span_of_the_past_is_reached(self):
        """A window that ended long ago, longer ago than the latest bars reach, is given."""
        hours = 4_500
        now_ms = START_MS + hours * HOUR_MS
        market = a_market(now_ms=now_ms, bars={"BTCUSDT": bars(START_MS, walk(4, hours), HOUR_MS)})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            past_ms = START_MS + 150 * HOUR_MS
            candles = source.candles(self.found(source, "BTC"), "1h", START_MS, past_ms)["BTC"]
        np.testing.assert_array_equal(candles.close, market.bars["BTCUSDT"].close[:150])

    @pytest.mark.parametrize("timeframe", TIMEFRAMES_MS)
    def test_every_timeframe_is_given(self, timeframe):
        """Two days of minutes, asked for in every timeframe: cut at multiples of it, by hand the same."""
        first_ms, step = START_MS, TIMEFRAMES_MS[timeframe]
        minutes = bars(first_ms, walk(6, 2_880), MINUTE_MS)
        now_ms = first_ms + 2_880 * MINUTE_MS
        market = a_market(now_ms=now_ms, bars={"BTCUSDT": minutes})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(self.found(source, "BTC"), timeframe, first_ms, now_ms)["BTC"]
        true = minutes if timeframe == "1m" else minutes.to_timeframe(step)
        assert candles.timeframe_ms == step
        for name in ("open_ms", "open", "high", "low", "close"):
            np.testing.assert_array_equal(getattr(candles, name), getattr(true, name))
        np.testing.assert_allclose(candles.volume, true.volume, rtol=1e-12)

    @pytest.mark.parametrize("tail", [False, True])
    def test_a_page_shorter_than_asked_is_no_end(self, tail):
        """An exchange that cuts its pages, at either end, still gives every bar."""
        market = a_market(page_cap=17, page_tail=tail)
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(self.found(source, "BTC"), "1d", START_MS, NOW_MS)["BTC"]
        np.testing.assert_array_equal(candles.close, market.bars["BTCUSDT"].close[: N - 1])

    def test_a_coin_younger_than_the_window_begins_with_its_first_bar(self):
        """Bars from before a listing do not exist, and their absence takes nothing from the others."""
        young = bars(START_MS + 50 * DAY_MS, walk(5, N - 50))
        described = {"BTCUSDT": bars(START_MS, walk(1)), "YOUNGUSDT": young}
        with self.served(a_market(bars=described)) as fake, ask(fake, self.venue) as source:
            found = source.candles(self.found(source, "BTC", "YOUNG"), "1d", START_MS, NOW_MS)
        np.testing.assert_array_equal(found["YOUNG"].close, young.close[:-1])
        assert len(found["BTC"].close) == N - 1

    def test_a_coin_without_any_bar_is_unknown(self):
        """A contract that has never traded has no candles, and that is said with the span."""
        market = a_market(instruments=[Instrument(base="NEW")])
        with self.served(market) as fake, ask(fake, self.venue) as source:
            found = source.candles(self.found(source, "NEW"), "1d", START_MS, NOW_MS)["NEW"]
        last_ms = NOW_MS // DAY_MS * DAY_MS
        assert found == Unknown(reason=f"has no closed 1d bars between {iso(START_MS)} and {iso(last_ms)}")

    def test_time_is_the_exchanges_own(self):
        """`now` is the exchange's time; this computer is 7 s behind it; the first request is for that, alone."""
        with self.served() as fake, ask(fake, self.venue) as source:
            assert (source.now_ms, source.clock_skew_ms) == (NOW_MS, 7_000)
            source.find(MEMBERS, "USDT")
            assert fake.requests[0][0].endswith(DIALECTS[self.venue].KINDS["time"])
            assert sum(path.endswith(DIALECTS[self.venue].KINDS["time"]) for path, _ in fake.requests) == 1

    # --- contracts --------------------------------------------------------------------------------------------

    def test_contract_terms_are_the_listed_ones(self):
        """Contract size, steps and minima come as listed, in exact decimals, in contracts."""
        sol = Instrument(
            base="SOL",
            tick="0.001",
            step="0.01",
            min_amount="0.02",
            listed_ms=START_MS,
            contract_size="0.05",
        )
        with self.served(a_market(instruments=[sol])) as fake, ask(fake, self.venue) as source:
            market = self.found(source, "SOL")[0].market
        terms = (market.contract_size, market.amount_step, market.min_amount, market.min_notional)
        assert terms == tuple(None if term is None else Decimal(term) for term in self.terms)
        assert (market.symbol, market.multiplier, market.linear, market.active) == (
            "SOL/USDT:USDT",
            1,
            True,
            True,
        )
        assert (market.price_tick, market.kind, market.expiry_ms) == (Decimal("0.001"), "swap", None)
        assert market.listed_ms == (START_MS if self.knows_listing else None)

    def test_a_cheap_coin_is_found_under_its_multiple(self):
        """`PEPE` is found as `1000PEPE`, and `X` as `1000X`, each on a thousand coins."""
        market = a_market(instruments=[Instrument(base="1000X"), Instrument(base="1000000MOG")])
        with self.served(market) as fake, ask(fake, self.venue) as source:
            found = self.found(source, "PEPE", "X", "MOG", "BTC")
        assert [listing.market.multiplier for listing in found] == [1_000, 1_000, 1_000_000, 1]

    def test_what_is_no_longer_traded_is_no_contract(self):
        """A contract being delisted is not used; where an exchange does not tell, its stale candles will."""
        market = a_market(instruments=[Instrument(base="OLD", status="SETTLING")])
        with self.served(market) as fake, ask(fake, self.venue) as source:
            found = self.found(source, "OLD")[0]
        assert isinstance(found, Unknown) == self.knows_delisting

    def test_a_dated_future_is_told_from_a_perpetual(self):
        """Where there are dated futures, one is found by its exact symbol alone, with its expiry."""
        if not self.dated:
            pytest.skip("this exchange has no dated futures")
        delivery_ms = 1_774_569_600_000  # 2026-03-27
        dated = Instrument(
            base="ETH", contract_type="CURRENT_QUARTER", delivery_ms=delivery_ms, suffix="_260327"
        )
        member = Member(base="ETH", symbol="ETH/USDT:USDT-260327")
        with self.served(a_market(instruments=[dated])) as fake, ask(fake, self.venue) as source:
            market = source.find([member], "USDT")["ETH"].market
            perpetual = self.found(source, "ETH")[0].market
        assert (market.kind, market.expiry_ms) == ("future", delivery_ms)
        assert (perpetual.symbol, perpetual.kind) == ("ETH/USDT:USDT", "swap")

    # --- now --------------------------------------------------------------------------------------------------

    def test_the_price_is_the_mark(self):
        """The mark price of this moment, not the last trade."""
        market = a_market(marks={"ETHUSDT": "123.45"})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            price = source.prices(self.found(source, "BTC", "ETH"))["ETH"]
        assert price == Price(value=123.45, kind="mark", time_ms=NOW_MS)

    def test_an_order_book_is_in_base_units(self):
        """Prices and amounts in coins, best first, whatever the exchange counts."""
        book = ([("99.5", "3"), ("99", "5.5")], [("100.5", "2"), ("101", "7")])
        with (
            self.served(a_market(books={"ETHUSDT": book})) as fake,
            ask(fake, self.venue) as source,
        ):
            found = source.books(self.found(source, "BTC", "ETH"))["ETH"]
        np.testing.assert_allclose(found.bids, [[99.5, 3], [99, 5.5]], rtol=1e-12)
        np.testing.assert_allclose(found.asks, [[100.5, 2], [101, 7]], rtol=1e-12)
        assert found.time_ms == NOW_MS

    def test_funding_has_its_own_interval(self):
        """ETH pays every 4 hours and one other every hour, BTC every 8; the next payment is not the time now."""
        market = a_market(funding={"ETHUSDT": "-0.00025"}, funding_hours={"ETHUSDT": 4, "1000PEPEUSDT": 1})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            funding = source.funding(self.found(source, *SYMBOLS))
        told = {base: (paid.rate, paid.interval_hours) for base, paid in funding.items()}
        assert told == {"BTC": (0.0001, 8), "ETH": (-0.00025, 4), "PEPE": (0.0001, 1)}
        assert funding["ETH"].next_ms == market.next_payment_ms("ETHUSDT") > NOW_MS

    def test_open_interest_is_in_a_known_unit_or_unknown(self):
        """Coins or dollars, as the exchange means it; null with the reason where it tells none."""
        with self.served() as fake, ask(fake, self.venue) as source:
            found = source.open_interest(self.found(source, "ETH"))["ETH"]
        if self.interest is None:
            assert "has no open interest" in found.reason
        else:
            assert found == self.interest

    def test_the_past_has_no_prices_books_funding_or_interest(self):
        """Under `as_of` what is only of this moment is unknown, without a request."""
        with self.served() as fake, ask(fake, self.venue, as_of_ms=NOW_MS - 30 * DAY_MS) as source:
            listings = self.found(source, *SYMBOLS)
            before = len(fake.requests)
            for question in (source.prices, source.books, source.funding, source.open_interest):
                assert all(isinstance(answer, Unknown) for answer in question(listings).values())
            assert len(fake.requests) == before

    @pytest.mark.parametrize(
        ("changes", "question"),
        [
            ({"marks": {"ETHUSDT": "0"}}, "prices"),
            ({"marks": {"ETHUSDT": "NaN"}}, "prices"),
            ({"funding": {"ETHUSDT": "inf"}}, "funding"),
            ({"funding": {"ETHUSDT": ""}}, "funding"),
            ({"books": {"ETHUSDT": ([], [("101", "1")])}}, "books"),
            ({"books": {"ETHUSDT": ([("102", "1")], [("101", "1")])}}, "books"),
            ({"books": {"ETHUSDT": ([("100", "1")], [("101", "nan")])}}, "books"),
        ],
    )
    def test_what_cannot_be_true_is_unknown(self, changes, question):
        """An impossible mark, rate or book is unknown for that asset, and known for the others."""
        with self.served(a_market(**changes)) as fake, ask(fake, self.venue) as source:
            answers = getattr(source, question)(self.found(source, *SYMBOLS))
        assert isinstance(answers["ETH"], Unknown)
        assert not isinstance(answers["BTC"], Unknown)


class TestBinance(Truths):
    """Binance USDⓈ-M."""

    venue = "binanceusdm"
    dated = True
    interest = OpenInterest(symbol="ETH/USDT:USDT", amount=10_659.509, time_ms=NOW_MS)


class TestBybit(Truths):
    """Bybit: open interest is counted at full hours."""

    venue = "bybit"
    dated = True
    interest = OpenInterest(symbol="ETH/USDT:USDT", amount=10_659.509, time_ms=NOW_MS // HOUR_MS * HOUR_MS)


class TestBingx(Truths):
    """BingX: candles without quote volume, funding without its interval, open interest in USDT."""

    venue = "bingx"
    knows_listing = False
    gives_quote_volume = False
    interest = OpenInterest(symbol="ETH/USDT:USDT", notional=10_659.509, time_ms=NOW_MS)

    @pytest.mark.parametrize(
        ("step", "counted", "coins", "told"),
        [
            ("0.01", "300", "3", 3.0),  # whole numbers where coins have decimals: contracts
            ("0.01", "7.0861", "0.0007", 7.0861),  # as seen since 2025: coins, and beside them nonsense
            ("0.01", "3", "3", 3.0),
            ("1", "483909", "483909000", None),  # as recorded: either could be coins
        ],
    )
    def test_a_book_in_two_units(self, step, counted, coins, told):
        """Of two tellings of one book, that in coins is taken; where nothing tells which it is, neither."""
        eth = Instrument(base="ETH", step=step)
        described = {
            "books": {"ETHUSDT": ([("99", counted)], [("101", counted)])},
            "book_coins": ([["99", coins]], [["101", coins]]),
        }
        market = a_market(instruments=[eth], **described)
        with self.served(market) as fake, ask(fake, self.venue) as source:
            found = source.books(self.found(source, "ETH"))["ETH"]
        assert (None if isinstance(found, Unknown) else found.bids[0, 1]) == told


class TestWeex(Truths):
    """WEEX: orders in base units, no notional minimum, every contract always active, history apart."""

    venue = "weex"
    terms = ("1", "0.01", "0.02", None)
    knows_listing = False
    knows_delisting = False
    interest = OpenInterest(symbol="ETH/USDT:USDT", amount=10_659.509, time_ms=NOW_MS)

    def test_the_latest_bars_are_asked_for_once_and_the_rest_in_history(self):
        """1,080 bars of 4 hours: the latest 1,000 in one request, the 81 before in one of history."""
        now_ms = START_MS + 1_080 * 4 * HOUR_MS
        market = a_market(now_ms=now_ms, bars={"BTCUSDT": bars(START_MS, walk(4, 1_080), 4 * HOUR_MS)})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(self.found(source, "BTC"), "4h", START_MS, now_ms)["BTC"]
            asked = [path for path in fake.paths() if path.endswith("lines")]
        assert len(candles.close) == 1_080
        assert asked == ["klines", "historyKlines"]

    def test_history_alone_is_enough(self):
        """Where the latest bars are not to be had, history gives them too."""
        market = a_market()
        with self.served(market, closed=["/klines"]) as fake, ask(fake, self.venue) as source:
            candles = source.candles(self.found(source, "BTC"), "1d", START_MS, NOW_MS)["BTC"]
        np.testing.assert_array_equal(candles.close, market.bars["BTCUSDT"].close[: N - 1])


class TestMexc(Truths):
    """MEXC: volumes, books and orders in contracts; no open interest; no notional minimum."""

    venue = "mexc"
    terms = ("0.05", "1", "1", None)
    knows_listing = False

    def test_a_contract_is_what_it_says(self):
        """With 0.05 coins a contract, 1,000 coins are 20,000 contracts in candles and books alike."""
        eth = Instrument(base="ETH", contract_size="0.05")
        book = ([("99", "1000")], [("101", "2000")])
        market = a_market(instruments=[eth], books={"ETHUSDT": book})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            listings = self.found(source, "ETH")
            candles = source.candles(listings, "1d", START_MS, NOW_MS)["ETH"]
            found = source.books(listings)["ETH"]
        np.testing.assert_allclose(candles.volume, 1_000.0, rtol=1e-12)
        np.testing.assert_allclose([found.bids[0, 1], found.asks[0, 1]], [1_000, 2_000], rtol=1e-12)

    def test_a_volume_that_contradicts_the_quote_volume_is_seen_by_its_gate(self):
        """Volume times price is the quote volume; where a contract size is a hundred times too large it is not."""
        market = a_market()
        true = market.instrument
        market.instrument = lambda symbol: Instrument(base=true(symbol).base, contract_size="1")
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(self.found(source, "ETH"), "1d", START_MS, NOW_MS)["ETH"]
        assert len(candles.close) == N - 1
        assert volume_ratio(candles) == pytest.approx(100, rel=0.05)
