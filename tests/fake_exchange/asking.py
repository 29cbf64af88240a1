"""A described market, and a source that asks a fake exchange about it."""

import random
import time
from types import ModuleType

import numpy as np

from betacli.core.model import Member, Unknown
from betacli.data.exchange import ExchangeMarket, open_exchange
from fake_exchange import binance, bingx, bybit, mexc, weex
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS, FakeMarket, bars
from fake_exchange.server import FakeExchange

START_MS = 1_704_067_200_000  # 2024-01-01
N = 120
NOW_MS = START_MS + (N - 1) * DAY_MS + 5 * 3_600_000  # five hours into the last bar
DEADLINE_S = 0.5
MEMBERS = [Member(base=base) for base in ("BTC", "ETH", "PEPE")]
SYMBOLS = {"BTC": "BTCUSDT", "ETH": "ETHUSDT", "PEPE": "1000PEPEUSDT"}
SPOT_SYMBOLS = {"BTC": "BTCUSDT", "ETH": "ETHUSDT", "PEPE": "PEPEUSDT"}
DIALECTS: dict[str, ModuleType] = {dialect.ID: dialect for dialect in (binance, bybit, bingx, weex, mexc)}
REASONS = {
    "geo_blocked",
    "banned",
    "rate_limited",
    "unreachable",
    "timeout",
    "bad_response",
    "bad_symbol",
    "auth",
}


def walk(seed: int, length: int = N) -> np.ndarray:
    """Return prices (T,) of a random walk."""
    steps = np.random.default_rng(seed).normal(0, 0.03, length)
    return 100 * np.exp(np.cumsum(steps))


def a_market(**changes: object) -> FakeMarket:
    """Return three coins with 120 daily bars, the last unfinished; ETH is paid every four hours."""
    described = {symbol: bars(START_MS, walk(n)) for n, symbol in enumerate(SYMBOLS.values(), start=1)}
    return FakeMarket(**{"now_ms": NOW_MS, "bars": described, "funding_hours": {"ETHUSDT": 4}, **changes})


def with_spot(**changes: object) -> FakeMarket:
    """Return the three coins with spot markets beside their contracts, of other prices."""
    spot = {symbol: bars(START_MS, walk(n)) for n, symbol in enumerate(SPOT_SYMBOLS.values(), start=11)}
    return a_market(**{"spot": spot, **changes})


def ask(fake: FakeExchange | None, venue: str = "binanceusdm", **how: object) -> ExchangeMarket:
    """Return a source that asks the fake; this computer's clock is 7 s behind its."""
    options = how.pop("options", None) or fake.options[venue]
    defaults = {
        "timeout_s": 5.0,
        "now_ms": lambda: NOW_MS - 7_000,
        "monotonic": time.monotonic,
        "jitter": random.Random(0).random,
    }
    return open_exchange(venue, options=options, **{**defaults, **how})


def served(venue: str, faults: list[Fault] | None = None, market: FakeMarket | None = None, **how: object):
    """Return a fake that speaks as a venue does."""
    return FakeExchange(market or a_market(), faults or [], dialect=DIALECTS[venue], **how)


# What a caller would compute with.
NUMBERS = {
    "find": lambda listing: (listing.symbol, listing.market.amount_step, listing.market.contract_size),
    "candles": lambda candles: candles.close.tolist(),
    "prices": lambda price: price.value,
    "books": lambda book: (book.bids.tolist(), book.asks.tolist()),
    "funding": lambda funding: (funding.rate, funding.interval_hours),
    "open_interest": lambda interest: (interest.amount, interest.notional),
    "tickers": lambda t: (t.bid, t.ask, t.last, t.mark, t.index, t.quote_volume_24h),
    "tiers": lambda tiers: [(t.floor_notional, t.cap_notional, t.maintenance_rate) for t in tiers],
    "funding_history": lambda paid: (paid.time_ms.tolist(), paid.rate.tolist(), paid.interval_hours),
    "index_candles": lambda candles: candles.close.tolist(),
}
SPANS = {
    "candles": ("1d", START_MS, NOW_MS),
    "index_candles": ("1d", START_MS, NOW_MS),
    "funding_history": (NOW_MS - 20 * DAY_MS, NOW_MS),
}


def numbers(fake: FakeExchange, question: str, venue: str = "binanceusdm", **how: object) -> dict:
    """Ask one question and return its numbers by base; None for what is unknown.

    `spot candles` asks for the candles of spot markets, `spot find` for the markets.
    """
    side, _, question = question.rpartition(" ")
    with ask(fake, venue, **how) as source:
        answers = found = source.spot(SYMBOLS, "USDT") if side else source.find(MEMBERS, "USDT")
        if question != "find":
            listings = [listing for listing in found.values() if not isinstance(listing, Unknown)]
            answers = {**found, **getattr(source, question)(listings, *SPANS.get(question, ()))}
        return {
            base: None if isinstance(answer, Unknown) else NUMBERS[question](answer)
            for base, answer in answers.items()
        }
