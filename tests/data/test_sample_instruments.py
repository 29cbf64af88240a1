"""The simulated market beside its perpetuals: index, spot, dated futures, payments, brackets, tickers."""

import itertools
import math
from datetime import UTC, datetime

import numpy as np
import pytest

from betacli.core.calendar import DAY_MS, HOUR_MS
from betacli.core.model import Book, Member, Ticker, Unknown
from betacli.data.sample import SampleMarket


def at(written: str) -> int:
    return round(datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp() * 1000)


NOW = at("2026-03-10T06:30:00")


@pytest.fixture(scope="module")
def market() -> SampleMarket:
    return SampleMarket(now_ms=NOW)


def listed(market: SampleMarket, *bases: str):
    return list(market.find([Member(base=base) for base in bases], "USDT").values())


def closes(market, listings, question="candles"):
    found = getattr(market, question)(listings, "1h", NOW - 300 * DAY_MS, NOW)
    return next(iter(found.values()))


def test_futures_expire_on_the_last_friday_of_the_quarter(market):
    """On 10 March 2026 the next two are 27 March and 26 June, 08:00 UTC; SOL has none, NOPE is unknown."""
    found = market.futures(["BTC", "SOL", "NOPE"], "USDT")
    assert [listing.market.expiry_ms for listing in found["BTC"]] == [
        at("2026-03-27T08:00:00"),
        at("2026-06-26T08:00:00"),
    ]
    assert [listing.symbol for listing in found["BTC"]] == ["BTC/USDT:USDT-260327", "BTC/USDT:USDT-260626"]
    assert found["SOL"] == ()
    assert isinstance(found["NOPE"], Unknown)


def test_a_future_costs_the_carry_to_its_expiry(market):
    """ETH carries 6 % a year over its index: to 26 June 2026 08:00 that is exp(0.06 · years)."""
    future = market.futures(["ETH"], "USDT")["ETH"][1]
    ticker = market.tickers([future])["ETH"]
    years = (future.market.expiry_ms - at("2026-03-10T06:00:00")) / (365 * DAY_MS)
    assert ticker.last / ticker.index == pytest.approx(math.exp(0.06 * years), rel=1e-5)
    candles = market.candles([future], "1h", NOW - DAY_MS, NOW)["ETH"]
    assert candles.close[-1] == ticker.last == market.prices([future])["ETH"].value
    found = market.find([Member(base="ETH", symbol=future.symbol)], "USDT")["ETH"]
    assert found == future


def test_the_index_stays_within_basis_points_of_the_perpetual_and_comes_back(market):
    """The basis has a standard deviation of 4 bps (±30 % for a year of clustered hours), mean near 0, and memory."""
    (eth,) = listed(market, "ETH")
    basis = np.log(closes(market, [eth]).close / closes(market, [eth], "index_candles").close)
    assert np.std(basis) == pytest.approx(4e-4, rel=0.3)
    assert abs(np.mean(basis)) < 1e-4
    assert np.corrcoef(basis[:-1], basis[1:])[0, 1] > 0.9
    assert abs(np.corrcoef(basis[:-120], basis[120:])[0, 1]) < 0.2


def test_index_bars_keep_the_candle_contract_without_volume(market):
    """High and low hold open and close, each bar opens at the close before it, and volumes are NaN."""
    (sol,) = listed(market, "SOL")
    index = closes(market, [sol], "index_candles")
    assert (index.high >= np.maximum(index.open, index.close)).all()
    assert (index.low <= np.minimum(index.open, index.close)).all()
    np.testing.assert_array_equal(index.open[1:], index.close[:-1])
    assert np.isnan(index.volume).all()


def test_a_spot_market_is_of_single_coins(market):
    """PEPE's contract is on a thousand coins and its spot market on one: a thousandth of the price."""
    (contract,) = listed(market, "PEPE")
    spot = market.spot(["PEPE"], "USDT")["PEPE"]
    assert (spot.symbol, spot.market.kind, spot.coins, contract.coins) == ("PEPE/USDT", "spot", 1, 1000)
    now = market.prices([spot])["PEPE"].value, market.prices([contract])["PEPE"].value
    assert 1000 * now[0] == pytest.approx(now[1], rel=0.003)
    assert isinstance(market.funding([spot])["PEPE"], Unknown)
    assert isinstance(market.tiers([spot])["PEPE"], Unknown)
    assert isinstance(market.books([spot])["PEPE"], Book)


def test_payments_are_at_the_assets_own_hours_and_lead_to_the_next(market):
    """BTC is paid every 8 hours and UNI every 4; the next payment's rate is that which is told for now."""
    for base, hours in (("BTC", 8), ("UNI", 4)):
        paid = market.funding_history(listed(market, base), NOW - 10 * DAY_MS, NOW)[base]
        assert paid.interval_hours == hours
        assert set(np.diff(paid.time_ms)) == {hours * HOUR_MS}
        assert len(paid.rate) == 10 * 24 // hours
        later = SampleMarket(now_ms=NOW + DAY_MS)
        told = market.funding(listed(market, base))[base]
        was = later.funding_history(listed(later, base), told.next_ms, told.next_ms + 1)[base]
        assert was.rate.tolist() == [told.rate]


def test_brackets_rise_from_the_contracts_own_margin(market):
    """The first bracket is the contract's: 0.50 % and 100x for ETH up to 1.2 million; each further one asks double."""
    tiers = market.tiers(listed(market, "ETH"))["ETH"]
    assert (tiers[0].floor_notional, tiers[0].cap_notional) == (0.0, pytest.approx(1_200_000))
    assert [tier.maintenance_rate for tier in tiers] == [0.005, 0.01, 0.02, 0.04]
    assert [tier.max_leverage for tier in tiers] == [100, 50, 25, 12.5]
    assert all(a.cap_notional == b.floor_notional for a, b in itertools.pairwise(tiers))


def test_a_ticker_agrees_with_book_price_and_candles(market):
    """Best levels, mark and the volume of 24 hours are those of the other answers."""
    listings = listed(market, "SOL")
    ticker, book = market.tickers(listings)["SOL"], market.books(listings)["SOL"]
    day = market.candles(listings, "1h", at("2026-03-09T06:00:00"), at("2026-03-10T06:00:00"))["SOL"]
    assert isinstance(ticker, Ticker)
    assert (ticker.bid, ticker.ask) == (book.bids[0, 0], book.asks[0, 0])
    assert ticker.mark == ticker.last == market.prices(listings)["SOL"].value
    assert ticker.quote_volume_24h == pytest.approx(day.quote_volume.sum(), rel=1e-12)
    interest = market.open_interest(listings)["SOL"]
    assert interest.notional == pytest.approx(interest.amount * ticker.last)


def test_what_is_delisted_has_none_of_it(market):
    """OLD left the market in 2024: no price, no ticker, no future; its past payments are still told."""
    found = SampleMarket(now_ms=at("2024-02-01")).find([Member(base="OLD")], "USDT")
    listings = list(found.values())
    for question in ("tickers", "open_interest", "tiers", "funding"):
        assert isinstance(getattr(market, question)(listings)["OLD"], Unknown)
    paid = market.funding_history(listings, at("2024-01-01"), NOW)["OLD"]
    assert paid.time_ms[-1] <= at("2024-03-01")


def test_two_listings_of_one_base_cannot_be_asked_at_once(market):
    """An answer by base could hold only one of them."""
    with pytest.raises(ValueError, match="BTC"):
        market.prices([*listed(market, "BTC"), *market.futures(["BTC"], "USDT")["BTC"]])
