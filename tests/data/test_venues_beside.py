"""What must be true of every exchange beside candles and contracts: tickers, past funding, index, futures, brackets."""

import numpy as np
import pytest

from betacli.core.model import Candles, FundingHistory, MarginTier, Member, Ticker, Unknown
from betacli.data import pace
from betacli.data.venues import VENUES
from fake_exchange.asking import DIALECTS, MEMBERS, NOW_MS, START_MS, N, a_market, ask, served
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS, HOUR_MS, FakeMarket, Instrument


@pytest.fixture(autouse=True)
def _in_no_hurry_to_save(monkeypatch):
    monkeypatch.setattr(pace, "SHARE", 1_000.0)  # these tests are about answers, and shall not wait


def asked(venue: str, question: str, market: FakeMarket | None = None, *span: object, faults=(), **how):
    """Ask one question about BTC, ETH and PEPE."""
    with served(venue, list(faults), market) as fake, ask(fake, venue, **how) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        return getattr(source, question)(listings, *span)


def eth_in_two_expiries() -> list[Instrument]:
    dates = (
        ("_261225", "NEXT_QUARTER", 1_798_185_600_000),
        ("_260925", "CURRENT_QUARTER", 1_790_323_200_000),
    )
    dated = [
        Instrument(base="ETH", contract_type=kind, delivery_ms=ms, suffix=suffix)
        for suffix, kind, ms in dates
    ]
    # a perpetual that is being delisted has a delivery date, and is no dated future
    return [*dated, Instrument(base="ETH", quote="USDC"), Instrument(base="SOL", delivery_ms=dates[0][2])]


@pytest.mark.parametrize("venue", VENUES)
def test_a_ticker_has_every_price_and_the_volume_in_quote_currency(venue):
    """Bid, ask, last, mark and index are told apart; 1,000 coins traded at the last price are so many dollars."""
    book = ([("99.5", "3")], [("100.5", "2")])
    market = a_market(
        marks={"ETHUSDT": "100.25"}, indices={"ETHUSDT": "100.125"}, books={"ETHUSDT": book},
        instruments=[Instrument(base="ETH", contract_size="0.05")],
    )  # fmt: skip
    last = market.last_close("ETHUSDT")
    assert asked(venue, "tickers", market)["ETH"] == Ticker(
        symbol="ETH/USDT:USDT",
        time_ms=NOW_MS,
        bid=99.5,
        ask=100.5,
        last=last,
        mark=100.25,
        index=100.125,
        quote_volume_24h=1_000 * last,
    )


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize(
    "changes",
    [{"marks": {"ETHUSDT": "1000"}}, {"indices": {"ETHUSDT": "1"}}],
)
def test_prices_that_contradict_each_other_are_unknown(venue, changes):
    """A mark ten times the last price is another coin's or another unit's: that asset alone is unknown."""
    found = asked(venue, "tickers", a_market(**changes))
    assert "contradict" in found["ETH"].reason
    assert isinstance(found["BTC"], Ticker)


@pytest.mark.parametrize("venue", VENUES)
def test_prices_that_are_none_are_left_out(venue):
    """A zero, a NaN or a text is no price; the others of that ticker stand."""
    market = a_market(indices={"ETHUSDT": "0", "BTCUSDT": "NaN"}, marks={"1000PEPEUSDT": "soon"})
    found = asked(venue, "tickers", market)
    assert (found["ETH"].index, found["BTC"].index, found["PEPE"].mark) == (None, None, None)
    assert all(ticker.last is not None for ticker in found.values())


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("cap", [5_000, 7])
def test_every_payment_of_a_span_comes_back_once(venue, cap):
    """BTC pays every 8 hours, ETH every 4, PEPE every hour: exactly those of the span, in pages short or long."""
    market = a_market(funding_hours={"ETHUSDT": 4, "1000PEPEUSDT": 1}, payment_cap=cap)
    start_ms, end_ms = NOW_MS - 15 * DAY_MS, NOW_MS - 2 * DAY_MS
    if venue == "mexc" and cap < 100:
        pytest.skip("its pages are numbered")
    found = asked(venue, "funding_history", market, start_ms, end_ms)
    late_ms = 456 if venue == "weex" else 0
    for base, symbol, hours in (("BTC", "BTCUSDT", 8), ("ETH", "ETHUSDT", 4), ("PEPE", "1000PEPEUSDT", 1)):
        step = hours * HOUR_MS
        times = np.arange(-(-start_ms // step) * step, end_ms, step)
        market.payment_cap = 5_000
        rates = dict(market.paid(symbol, limit=100_000, latest=True))
        np.testing.assert_array_equal(found[base].time_ms - late_ms, times)
        assert [float(rates[int(time)]) for time in times] == found[base].rate.tolist()
        assert found[base].interval_hours == hours


@pytest.mark.parametrize("venue", VENUES)
def test_a_missing_payment_does_not_double_the_interval(venue):
    """Of ten payments four hours apart one is not listed: the others are still four hours apart."""
    times = [NOW_MS // HOUR_MS * HOUR_MS - 4 * HOUR_MS * n for n in range(1, 11) if n != 3][::-1]
    market = a_market(payments={"ETHUSDT": [(time, "0.0002") for time in times]})
    paid = asked(venue, "funding_history", market, NOW_MS - 5 * DAY_MS, NOW_MS + 1_000)["ETH"]
    assert isinstance(paid, FundingHistory)
    assert (len(paid.time_ms), paid.interval_hours) == (9, 4)


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("rate", ["NaN", "", "1.5", "inf"])
def test_a_payment_without_a_rate_makes_the_history_unknown(venue, rate):
    """A payment that was made and is not told is no zero: the sum would be wrong."""
    hour = NOW_MS // HOUR_MS * HOUR_MS
    market = a_market(payments={"ETHUSDT": [(hour - 8 * HOUR_MS, rate), (hour, "0.0001")]})
    found = asked(venue, "funding_history", market, NOW_MS - 5 * DAY_MS, NOW_MS)
    assert isinstance(found["ETH"], Unknown)
    assert isinstance(found["BTC"], FundingHistory)


@pytest.mark.parametrize("venue", VENUES)
def test_past_funding_and_index_are_given_for_a_past_moment_and_end_there(venue):
    """Under `as_of` nothing after that moment is seen."""
    past_ms = NOW_MS - 30 * DAY_MS
    paid = asked(venue, "funding_history", None, START_MS, NOW_MS, as_of_ms=past_ms)["ETH"]
    assert paid.time_ms.max() <= past_ms
    index = asked(venue, "index_candles", None, "1d", START_MS, NOW_MS, as_of_ms=past_ms)["ETH"]
    if VENUES[venue].index:
        assert index.open_ms[-1] + DAY_MS <= past_ms


@pytest.mark.parametrize("venue", VENUES)
def test_the_index_has_candles_without_volume(venue):
    """Closed bars of the index, 0.1 % below the contract here; where there are none, who has them is said."""
    market = a_market()
    found = asked(venue, "index_candles", market, "1d", START_MS, NOW_MS)["ETH"]
    if not VENUES[venue].index:
        assert found == Unknown(
            reason=f"has no index candles on `{venue}`; `binanceusdm`, `bybit`, `weex` and `mexc` have them"
        )
        return
    assert isinstance(found, Candles)
    np.testing.assert_array_equal(found.close, market.bars["ETHUSDT"].close[: N - 1] * 0.999)
    assert np.isnan(found.volume).all()
    assert np.isnan(found.quote_volume).all()


@pytest.mark.parametrize("venue", VENUES)
def test_dated_futures_come_nearest_first(venue):
    """The two expiries of ETH in USDT, not those in USDC nor a perpetual being delisted; none of BTC is an answer."""
    market = a_market(instruments=eth_in_two_expiries())
    with served(venue, market=market) as fake, ask(fake, venue) as source:
        found = source.futures(["ETH", "BTC", "SOL"], "USDT")
        if not VENUES[venue].dated:
            assert "`binanceusdm` and `bybit` list some" in found["ETH"].reason
            return
        prices = source.prices([found["ETH"][0]])
    assert [listing.symbol for listing in found["ETH"]] == ["ETH/USDT:USDT-260925", "ETH/USDT:USDT-261225"]
    assert [listing.market.expiry_ms for listing in found["ETH"]] == [1_790_323_200_000, 1_798_185_600_000]
    assert (found["BTC"], found["SOL"] if venue == "binanceusdm" else ()) == ((), ())
    assert prices["ETH"].value == 1.0  # the future's own mark: it has no bars here


@pytest.mark.parametrize("venue", VENUES)
def test_a_coin_without_a_spot_market_has_none_and_that_is_said(venue):
    """ETH has a perpetual here, and nothing else."""
    with served(venue) as fake, ask(fake, venue) as source:
        found = source.spot(["ETH"], "USDT")["ETH"]
    assert found == Unknown(reason=f"has no spot market in USDT on `{venue}`")


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_bybits_brackets_are_fractions_however_they_are_written(unit):
    """0.5 % of maintenance margin up to 2 million at 100x, in fractions or in percent: leverage tells which."""
    found = asked("bybit", "tiers", a_market(margin_unit=unit))["ETH"]
    assert found[0] == MarginTier(
        floor_notional=0.0, cap_notional=2_000_000.0, maintenance_rate=0.005, max_leverage=100.0
    )
    assert (found[1].floor_notional, found[1].maintenance_rate) == (2_000_000.0, 0.01)
    assert len(found) == 4


def test_mexcs_brackets_are_counted_in_contracts():
    """10,000 contracts of 0.05 ETH at 100 are 50,000 dollars, where ccxt says 10,000."""
    eth = Instrument(base="ETH", contract_size="0.05")
    found = asked("mexc", "tiers", a_market(instruments=[eth], marks={"ETHUSDT": "100"}))["ETH"]
    assert found[0] == MarginTier(
        floor_notional=0.0, cap_notional=50_000.0, maintenance_rate=0.004, max_leverage=125.0
    )
    assert (found[1].cap_notional, found[1].maintenance_rate) == (100_000.0, 0.008)


@pytest.mark.parametrize("venue", ["binanceusdm", "bingx", "weex"])
def test_brackets_that_are_not_public_are_unknown(venue):
    """Where a key is needed, or nothing is told, that is said, without a request."""
    assert venue in asked(venue, "tiers")["ETH"].reason


@pytest.mark.parametrize("venue", VENUES)
def test_the_past_has_no_ticker_brackets_or_futures(venue):
    """Under `as_of` what is only of this moment is unknown."""
    with served(venue) as fake, ask(fake, venue, as_of_ms=NOW_MS - 30 * DAY_MS) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        assert all(isinstance(answer, Unknown) for answer in source.tickers(listings).values())
        assert all(isinstance(answer, Unknown) for answer in source.tiers(listings).values())
        assert isinstance(source.futures(["ETH"], "USDT")["ETH"], Unknown)


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize(
    ("kind", "question"),
    [("interest", "open_interest"), ("payments", "funding_history"), ("rate", "funding"), ("tiers", "tiers")],
)
def test_an_answer_about_another_symbol_is_refused(venue, kind, question):
    """BTC's answer to a question about ETH, sound in itself, is not taken for ETH's."""
    end = DIALECTS[venue].KINDS.get(kind)
    if end is None:
        pytest.skip("there is no such endpoint that names its symbol")
    span = (NOW_MS - 5 * DAY_MS, NOW_MS) if question == "funding_history" else ()
    found = asked(
        venue, question, None, *span, faults=[Fault("other_symbol", endpoint=end, symbol="ETHUSDT")]
    )
    assert "another symbol" in found["ETH"].reason
    assert not isinstance(found["BTC"], Unknown)


def test_two_listings_of_one_base_cannot_be_asked_at_once():
    """An answer by base could hold only one of a perpetual and its dated future."""
    market = a_market(instruments=eth_in_two_expiries())
    with served("binanceusdm", market=market) as fake, ask(fake) as source:
        perpetual = source.find([Member(base="ETH")], "USDT")["ETH"]
        with pytest.raises(ValueError, match="ETH"):
            source.prices([perpetual, *source.futures(["ETH"], "USDT")["ETH"]])
