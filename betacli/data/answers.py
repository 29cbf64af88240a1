"""Prices, order books and funding rates out of ccxt's answers: what cannot be true is unknown, with the reason."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from betacli.core.calendar import DAY_MS, HOUR_MS, MINUTE_MS
from betacli.core.candles import iso
from betacli.core.model import Book, Floats, Funding, Market, OpenInterest, Price, Unknown

STALE_AFTER_MS = 15 * MINUTE_MS
AHEAD_MS = 15 * MINUTE_MS  # a run that waits for its turn for so long has ended before
HOURLY_MS = 2 * HOUR_MS  # the age of what an exchange counts once an hour
HOURS = {1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 24.0}


def entry_of(answers: object, symbol: str) -> Mapping[str, Any]:
    """Return one symbol's part of an answer for all symbols; empty when it has none."""
    entry = answers.get(symbol) if isinstance(answers, Mapping) else None
    return entry if isinstance(entry, Mapping) else {}


def price_of(ticker: Mapping[str, Any], *, now_ms: int, mark_key: str | None = None) -> Price | Unknown:
    """Return the mark price of a ticker or funding rate; where the exchange has no marks, the last price.

    Args:
        ticker: ccxt's; without a time it is of this moment.
        now_ms: the exchange's time.
        mark_key: where the raw ticker holds the mark that ccxt leaves out.
    """
    raw = ticker.get("info")
    beside = raw.get(mark_key) if mark_key and isinstance(raw, Mapping) else None
    told = ticker.get("markPrice") if beside is None else beside
    by_last = told is None and "last" in ticker
    value = number(ticker.get("last") if by_last else told)
    if value is None or value <= 0:
        return Unknown(reason="has no mark price now")
    time_ms = ticker.get("timestamp")
    wrong = late(time_ms, now_ms)
    if wrong:
        return Unknown(reason=f"has a mark price {wrong}")
    return Price(
        value=value, kind="last" if by_last else "mark", time_ms=now_ms if time_ms is None else time_ms
    )


def book_of(
    answer: Mapping[str, Any],
    *,
    symbol: str,
    now_ms: int,
    market: Market | None,
    coin_sides: tuple[str, str] | None = None,
) -> Book | Unknown:
    """Return an order book with amounts in base units.

    Args:
        answer: ccxt's, with the raw book as `info`; without a time it is of this moment.
        symbol: of the contract.
        now_ms: the exchange's time.
        market: the contract, in which ccxt's amounts are.
        coin_sides: the raw sides in coins that may stand beside those ccxt reads.
    """
    time_ms = answer.get("timestamp")
    wrong = late(time_ms, now_ms)
    if wrong:
        return Unknown(reason=f"has an order book {wrong}")
    bids, asks = _side(answer.get("bids")), _side(answer.get("asks"))
    if bids is None or asks is None:
        return Unknown(reason="has an order book with an empty side, or a level that is no price and amount")
    if (np.diff(bids[:, 0]) >= 0).any() or (np.diff(asks[:, 0]) <= 0).any():
        return Unknown(reason="has an order book out of order")
    if bids[0, 0] >= asks[0, 0]:
        return Unknown(reason=f"has an order book that is crossed: bid {bids[0, 0]:g}, ask {asks[0, 0]:g}")
    raw = answer.get("info")
    if coin_sides is not None and isinstance(raw, Mapping):
        settled = _in_coins(bids, asks, raw, coin_sides, market)
        if settled is None:
            return Unknown(
                reason="has an order book that is told in two units, and which is which is not clear"
            )
        bids, asks = settled
    unit = np.array([1.0, float(market.contract_size) if market else 1.0])
    return Book(
        symbol=symbol, time_ms=now_ms if time_ms is None else time_ms, bids=bids * unit, asks=asks * unit
    )


def _in_coins(
    bids: Floats, asks: Floats, raw: Mapping[str, Any], keys: tuple[str, str], market: Market | None
) -> tuple[Floats, Floats] | None:
    """Return the sides of a book in coins, of two that are told; None where they contradict.

    Numbers of contracts are whole. Where coins come in smaller steps, whole numbers throughout are contracts and
    the other sides are coins; amounts that are not whole are coins themselves.
    """
    in_coins = [_side(raw.get(key)) for key in keys]
    if in_coins[0] is None or in_coins[1] is None:
        return bids, asks
    other_bids = in_coins[0][np.argsort(-in_coins[0][:, 0])]
    other_asks = in_coins[1][np.argsort(in_coins[1][:, 0])]
    if np.array_equal(other_bids, bids) and np.array_equal(other_asks, asks):
        return bids, asks
    amounts = np.concatenate([bids[:, 1], asks[:, 1]])
    if (amounts % 1 != 0).any():
        return bids, asks
    finer = market is not None and market.amount_step is not None and market.amount_step < 1
    same_prices = np.array_equal(other_bids[:, 0], bids[:, 0]) and np.array_equal(
        other_asks[:, 0], asks[:, 0]
    )
    return (other_bids, other_asks) if finer and same_prices else None


def funding_of(
    rate: Mapping[str, Any],
    hours: float | None,
    *,
    symbol: str,
    now_ms: int,
    next_key: str = "fundingTimestamp",
) -> Funding | Unknown:
    """Return a funding rate with the interval it is paid at.

    Args:
        rate: ccxt's funding rate of the symbol.
        hours: the interval.
        symbol: of the contract.
        now_ms: the exchange's time.
        next_key: where ccxt keeps the time of the next payment.
    """
    value = number(rate.get("fundingRate"))
    if value is None or abs(value) >= 1:
        return Unknown(reason="has no funding rate now")
    if hours not in HOURS:
        return Unknown(reason="has a funding rate without a known interval")
    return Funding(symbol=symbol, rate=value, interval_hours=hours, next_ms=_next_ms(rate, next_key, now_ms))


def told_hours(
    rate: Mapping[str, Any], interval: Mapping[str, Any], usual_hours: float | None
) -> float | None:
    """Return the funding interval an exchange tells: of the symbol, else the usual one, else None."""
    told = str(interval.get("interval") or rate.get("interval") or "")
    written = re.fullmatch(r"(\d+(?:\.\d+)?)h", told)
    if written:
        return float(written[1])
    return None if told or interval else usual_hours


def hours_between(
    history: Sequence[Mapping[str, Any]], rate: Mapping[str, Any], *, next_key: str, now_ms: int
) -> float | None:
    """Return the funding interval that past payments and the next one agree on, or None.

    An interval that has just changed, or a payment that is not listed yet, shows as a disagreement.
    """
    past = sorted(
        {
            entry["timestamp"]
            for entry in history
            if isinstance(entry, Mapping) and _time(entry.get("timestamp"))
        }
    )
    past = [_to_the_minute(time_ms) for time_ms in past if time_ms <= now_ms]
    if not past or past[-1] < now_ms - 25 * HOUR_MS:
        return None
    next_ms = _next_ms(rate, next_key, now_ms)
    times = past[-3:] if next_ms is None else [*past[-2:], _to_the_minute(next_ms)]
    gaps = {(after - before) / HOUR_MS for before, after in pairwise(times)}
    return gaps.pop() if len(times) > 2 and len(gaps) == 1 and gaps <= HOURS else None


def interest_of(answer: Mapping[str, Any], *, symbol: str, now_ms: int) -> OpenInterest | Unknown:
    """Return open interest, in the unit the exchange tells it in."""
    amount, value = number(answer.get("openInterestAmount")), number(answer.get("openInterestValue"))
    known = [told for told in (amount, value) if told is not None]
    if not known or min(known) <= 0:
        return Unknown(reason="has no open interest now")
    time_ms = answer.get("timestamp")
    wrong = late(time_ms, now_ms, stale_after_ms=HOURLY_MS)
    if wrong:
        return Unknown(reason=f"has an open interest {wrong}")
    return OpenInterest(
        symbol=symbol, amount=amount, notional=value, time_ms=now_ms if time_ms is None else time_ms
    )


def _next_ms(rate: Mapping[str, Any], key: str, now_ms: int) -> int | None:
    next_ms = rate.get(key)
    return next_ms if isinstance(next_ms, int) and now_ms - DAY_MS < next_ms < now_ms + 2 * DAY_MS else None


def _to_the_minute(time_ms: int) -> int:
    """Return a time of payment without the milliseconds it took."""
    return round(time_ms / MINUTE_MS) * MINUTE_MS


def _time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def late(time_ms: object, now_ms: int, *, stale_after_ms: int = STALE_AFTER_MS) -> str | None:
    """Return what is wrong with the time of something that should be of this moment; no time is no fault."""
    if time_ms is None:
        return None
    if not isinstance(time_ms, int):
        return "without a time"
    if not now_ms - stale_after_ms <= time_ms <= now_ms + AHEAD_MS:
        when = iso(time_ms) if 0 < time_ms < now_ms + 365 * DAY_MS else str(time_ms)
        return f"of {when}, while it is {iso(now_ms)}"
    return None


def _side(levels: object) -> Floats | None:
    """Return one side of a book (n, 2), or None when it is empty or holds anything but prices and amounts."""
    if not isinstance(levels, list) or not levels:
        return None
    try:
        side = np.array([level[:2] for level in levels], dtype=np.float64)
    except (LookupError, TypeError, ValueError):
        return None
    sound = side.shape == (len(levels), 2) and bool(np.isfinite(side).all()) and bool((side > 0).all())
    return side if sound else None


def number(value: object) -> float | None:
    """Return a finite number, also one that is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
