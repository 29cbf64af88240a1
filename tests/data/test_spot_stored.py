"""Spot markets through the store: asked for once, never taken for contracts, and there without a network."""

import re
import time
from pathlib import Path

import numpy as np
import pytest

from betacli.core.calendar import DAY_MS, HOUR_MS
from betacli.core.model import Candles, Member, Unknown
from betacli.data import pace, transport
from betacli.data.exchange import open_exchange
from betacli.data.sector_format import SYMBOL_PATTERN
from betacli.data.sides import Unanswered
from betacli.data.stored import OFFLINE, StoredMarket
from betacli.data.stored_spot import ASKED_AS
from betacli.errors import NoData
from fake_exchange.asking import DIALECTS, NOW_MS, START_MS, N, served, with_spot
from fake_exchange.faults import Fault
from fake_exchange.server import FakeExchange
from fake_exchange.spot import SPOT

VENUE = "binanceusdm"
OFF = Unknown(reason=OFFLINE)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(transport, "BACKOFF_S", 0.005)
    monkeypatch.setattr(pace, "SHARE", 1_000.0)


def stored(folder: Path, fake: FakeExchange | None, venue: str = VENUE, now_ms: int = NOW_MS, **how):
    """Return an exchange through the store of a folder; without a fake, it must not be opened."""

    def opened(_: int | None):
        assert fake is not None, "the exchange was opened"
        return open_exchange(
            venue,
            options=fake.options[venue],
            timeout_s=5.0,
            now_ms=lambda: now_ms,
            monotonic=time.monotonic,
        )

    return StoredMarket(
        name=venue, key=venue, folder=folder, exchange=opened, now_ms=lambda: now_ms, timeframe="1d", **how
    )


def bars_of(source: StoredMarket, *bases: str) -> dict:
    """Return the candles of some spot markets; the unknown ones as they are."""
    found = source.spot(bases, "USDT")
    there = [listing for listing in found.values() if not isinstance(listing, Unknown)]
    return {**found, **(source.candles(there, "1d", START_MS, NOW_MS) if there else {})}


@pytest.mark.parametrize("venue", DIALECTS)
def test_a_second_run_asks_nothing_and_answers_the_same(folder, venue):
    """Markets and bars of a first run are those of a second one, and of one without a network, bit by bit."""
    market = with_spot()
    with served(venue, [], market) as fake:
        source = stored(folder, fake, venue)
        cold = bars_of(source, "ETH", "NOPE")
        source.close()
    for how in ({}, {"offline": True}):
        source = stored(folder, None, venue, **how)
        assert source.spot(["ETH"], "USDT")["ETH"].market.kind == "spot"
        warm = bars_of(source, "ETH", "NOPE")
        assert isinstance(cold["ETH"], Candles)
        for name in ("open_ms", "open", "high", "low", "close", "volume", "quote_volume"):
            np.testing.assert_array_equal(getattr(warm["ETH"], name), getattr(cold["ETH"], name))
        np.testing.assert_array_equal(warm["ETH"].close, market.spot["ETHUSDT"].close[: N - 1])
        assert warm["NOPE"] == Unknown(reason=f"has no spot market in USDT on `{venue}`")
        source.close()


def test_a_spot_market_is_never_taken_for_a_contract(folder):
    """ETH stands in the store twice, as `ETH/USDT` and as `ETH/USDT:USDT`, each with its own bars."""
    market = with_spot()
    with served(VENUE, [], market) as fake:
        source = stored(folder, fake)
        (perpetual,) = source.find([Member(base="ETH")], "USDT").values()
        source.candles([perpetual], "1d", START_MS, NOW_MS)
        bars_of(source, "ETH")
        source.close()
    source = stored(folder, None)
    (spot,) = source.spot(["ETH"], "USDT").values()
    (perpetual,) = source.find([Member(base="ETH")], "USDT").values()
    assert (spot.symbol, spot.market.kind) == ("ETH/USDT", "spot")
    assert (perpetual.symbol, perpetual.market.kind) == ("ETH/USDT:USDT", "swap")
    for listing, described in ((spot, market.spot), (perpetual, market.bars)):
        (candles,) = source.candles([listing], "1d", START_MS, NOW_MS).values()
        np.testing.assert_array_equal(candles.close, described["ETHUSDT"].close[: N - 1])
    source.close()


def test_no_sector_file_can_ask_for_a_stored_spot_market():
    """The symbol under which spot markets are stored is none that a member can name."""
    assert re.fullmatch(SYMBOL_PATTERN, "ETH/USDT")
    assert not re.search(SYMBOL_PATTERN, ASKED_AS)


def test_what_was_asked_of_one_side_alone_is_not_there_of_the_other(folder):
    """A store that knows the perpetual of ETH knows no spot market of it, and the other way round."""
    with served(VENUE, [], with_spot()) as fake:
        source = stored(folder, fake)
        source.find([Member(base="ETH")], "USDT")
        source.spot(["BTC"], "USDT")
        source.close()
    source = stored(folder, None, offline=True)
    assert source.spot(["ETH"], "USDT")["ETH"] == OFF
    (btc,) = source.spot(["BTC"], "USDT").values()
    assert btc.symbol == "BTC/USDT"
    with pytest.raises(NoData):
        source.find([Member(base="BTC")], "USDT")
    source.close()


def test_offline_without_stored_spot_bars_is_unknown_and_no_refusal(folder):
    """The market is known and its bars are not: contracts with bars are answered, spot says what it would need."""
    with served(VENUE, [], with_spot()) as fake:
        source = stored(folder, fake)
        (btc,) = source.find([Member(base="BTC")], "USDT").values()
        source.candles([btc], "1d", START_MS, NOW_MS)
        (eth,) = source.spot(["ETH"], "USDT").values()
        source.close()
    source = stored(folder, None, offline=True)
    assert source.candles([eth], "1d", START_MS, NOW_MS) == {"ETH": OFF}
    both = source.candles([eth, btc], "1d", START_MS, NOW_MS)
    assert both["ETH"] == OFF
    assert len(both["BTC"].close) == N - 1
    assert source.prices([eth]) == {"ETH": OFF}
    source.close()


def test_offline_tells_how_old_the_spot_markets_are(folder):
    """Three days later, without a network, they are those of then, and that is said."""
    with served(VENUE, [], with_spot()) as fake:
        source = stored(folder, fake)
        bars_of(source, "ETH")
        source.close()
    source = stored(folder, None, now_ms=NOW_MS + 3 * DAY_MS, offline=True)
    assert source.spot(["ETH"], "USDT")["ETH"].symbol == "ETH/USDT"
    (notice,) = [notice for notice in source.notices if notice.id == "offline-spot"]
    assert "spot markets are those of 2024-04-29T05:00:00Z" in notice.detail
    source.close()


def test_that_a_coin_has_no_spot_market_holds_for_an_hour(folder):
    """A coin may be listed any moment: after an hour its absence is asked for again; a market holds for a day."""
    with served(VENUE, [], with_spot()) as fake:
        for now_ms, asked in ((NOW_MS, 1), (NOW_MS + HOUR_MS, 0), (NOW_MS + HOUR_MS + 1, 1)):
            fake.of_spot.clear()
            source = stored(folder, fake, now_ms=now_ms)
            assert isinstance(source.spot(["NOPE", "ETH"], "USDT")["NOPE"], Unknown)
            assert fake.of_spot.count("/api/v3/exchangeInfo") == asked
            source.close()


@pytest.mark.parametrize("venue", DIALECTS)
def test_that_the_spot_host_did_not_answer_is_not_kept(folder, venue):
    """A run that met a failing host leaves nothing behind: the next one asks, and finds."""
    fault = Fault("html", endpoint=SPOT[venue].KINDS["instruments"])
    with served(venue, [fault], with_spot()) as fake:
        source = stored(folder, fake, venue)
        answers = source.spot(["ETH", "BTC"], "USDT")
        source.close()
        assert all(isinstance(answer, Unanswered) for answer in answers.values())
        assert len(fake.of_spot) == 3  # tried three times for both, not for each
        fake.faults.clear()
        source = stored(folder, fake, venue)
        assert source.spot(["ETH"], "USDT")["ETH"].symbol == "ETH/USDT"
        source.close()


def test_a_later_run_fetches_the_new_spot_bars_alone(folder):
    """The next day one bar is new: what is asked for begins with the last two stored ones, not a year ago."""
    market = with_spot()
    with served(VENUE, [], market) as fake:
        source = stored(folder, fake, now_ms=NOW_MS - DAY_MS, as_of_ms=NOW_MS - DAY_MS)
        bars_of(source, "ETH")
        source.close()
        fake.requests.clear()
        source = stored(folder, fake)
        candles = bars_of(source, "ETH")["ETH"]
        source.close()
        starts = [int(query["startTime"]) for path, query in fake.requests if path == "/api/v3/klines"]
    np.testing.assert_array_equal(candles.close, market.spot["ETHUSDT"].close[: N - 1])
    assert len(starts) == 1
    assert starts[0] >= NOW_MS // DAY_MS * DAY_MS - 5 * DAY_MS
