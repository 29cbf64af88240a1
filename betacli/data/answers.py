"""Prices, order books and funding rates out of ccxt's answers: what cannot be true is unknown, with the reason."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from betacli.core.calendar import DAY_MS, MINUTE_MS
from betacli.core.candles import iso
from betacli.core.model import Book, Floats, Funding, Price, Unknown

STALE_AFTER_MS = 15 * MINUTE_MS
AHEAD_MS = MINUTE_MS  # an exchange's servers differ by less
HOURS = {1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 24.0}


def entry_of(answers: object, symbol: str) -> Mapping[str, Any]:
    """Return one symbol's part of an answer for all symbols; empty when it has none."""
    entry = answers.get(symbol) if isinstance(answers, Mapping) else None
    return entry if isinstance(entry, Mapping) else {}


def price_of(ticker: Mapping[str, Any], *, now_ms: int) -> Price | Unknown:
    """Return the mark price of a ticker."""
    value = _finite(ticker.get("markPrice"))
    if value is None or value <= 0:
        return Unknown(reason="has no mark price now")
    late = _not_now(ticker.get("timestamp"), now_ms)
    return (
        Unknown(reason=f"has a mark price {late}")
        if late
        else Price(value=value, kind="mark", time_ms=ticker["timestamp"])
    )


def book_of(answer: Mapping[str, Any], *, symbol: str, now_ms: int, contract_size: float) -> Book | Unknown:
    """Return an order book with amounts in base units."""
    late = _not_now(answer.get("timestamp"), now_ms)
    if late:
        return Unknown(reason=f"has an order book {late}")
    bids, asks = _side(answer.get("bids")), _side(answer.get("asks"))
    if bids is None or asks is None:
        return Unknown(reason="has an order book with an empty side, or a level that is no price and amount")
    if (np.diff(bids[:, 0]) >= 0).any() or (np.diff(asks[:, 0]) <= 0).any():
        return Unknown(reason="has an order book out of order")
    if bids[0, 0] >= asks[0, 0]:
        return Unknown(reason=f"has an order book that is crossed: bid {bids[0, 0]:g}, ask {asks[0, 0]:g}")
    unit = np.array([1.0, contract_size])
    return Book(symbol=symbol, time_ms=answer["timestamp"], bids=bids * unit, asks=asks * unit)


def funding_of(
    rate: Mapping[str, Any],
    interval: Mapping[str, Any],
    *,
    symbol: str,
    now_ms: int,
    usual_hours: float | None,
) -> Funding | Unknown:
    """Return a funding rate with the interval it is paid at.

    Args:
        rate: ccxt's funding rate of the symbol.
        interval: ccxt's funding interval of the symbol; empty where the exchange lists none.
        symbol: of the contract.
        now_ms: the exchange's time.
        usual_hours: the interval of contracts that the exchange does not list; None where that says nothing.
    """
    value = _finite(rate.get("fundingRate"))
    if value is None or abs(value) >= 1:
        return Unknown(reason="has no funding rate now")
    written = re.fullmatch(r"(\d+(?:\.\d+)?)h", str(interval.get("interval") or rate.get("interval") or ""))
    hours = float(written[1]) if written else (None if interval else usual_hours)
    if hours not in HOURS:
        return Unknown(reason="has a funding rate without a known interval")
    next_ms = rate.get("fundingTimestamp") or rate.get("nextFundingTimestamp")
    sound = isinstance(next_ms, int) and now_ms - DAY_MS < next_ms < now_ms + 2 * DAY_MS
    return Funding(symbol=symbol, rate=value, interval_hours=hours, next_ms=next_ms if sound else None)


def _not_now(time_ms: object, now_ms: int) -> str | None:
    """Return what is wrong with the time of something that should be of this moment."""
    if not isinstance(time_ms, int):
        return "without a time"
    if not now_ms - STALE_AFTER_MS <= time_ms <= now_ms + max(AHEAD_MS, STALE_AFTER_MS):
        when = iso(time_ms) if 0 < time_ms < now_ms + 365 * DAY_MS else str(time_ms)
        return f"of {when}, while it is {iso(now_ms)}"
    return None


def _side(levels: object) -> Floats | None:
    """Return one side of a book (n, 2), or None when it is empty or holds anything but prices and amounts."""
    if not isinstance(levels, list) or not levels:
        return None
    try:
        side = np.array([level[:2] for level in levels], dtype=np.float64)
    except (TypeError, ValueError):
        return None
    sound = side.shape == (len(levels), 2) and bool(np.isfinite(side).all()) and bool((side > 0).all())
    return side if sound else None


def _finite(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
