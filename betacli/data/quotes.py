"""A ticker put together from the raw answers that tell its parts. ccxt's own would fill what is missing."""

from collections.abc import Mapping, Sequence
from typing import Any

from betacli.core.calendar import DAY_MS
from betacli.core.model import Price, Ticker, Unknown
from betacli.data.answers import STALE_AFTER_MS, late, number
from betacli.data.candles import Listing
from betacli.data.venue import QuotePart

PRICES = ("bid", "ask", "last", "mark", "index")
UNIT_RANGE = (
    0.5,
    2.0,
)  # a volume in contracts is off by the contract size, a day's swings move the ratio by less
APART = 2.0  # last, mark and index of one contract are never so many times each other


def ticker_of(
    parts: Sequence[tuple[QuotePart, Mapping[str, Any]]],
    *,
    listing: Listing,
    now_ms: int,
    counts_contracts: bool,
) -> Ticker | Unknown:
    """Return a ticker of what is told; a price that is none is None.

    Args:
        parts: where each part stands, and ccxt's entry of this symbol with the raw one as `info`.
        listing: the contract.
        now_ms: the exchange's time; a part without a time is of this moment.
        counts_contracts: the volume of 24 hours is in contracts.
    """
    told: dict[str, float] = {}
    times: list[int] = []
    for part, entry in parts:
        raw = entry.get("info")
        if not isinstance(raw, Mapping):
            return Unknown(reason="has no ticker now")
        for name, key in part.keys.items():
            value = number(raw.get(key))
            if value is not None and value > 0:
                told[name] = value
        told_ms = number(raw.get(part.time)) if part.time is not None else None
        if told_ms is not None:
            # what was traded in 24 hours ends with the last trade
            stale_after_ms = DAY_MS if part.of_a_day else STALE_AFTER_MS
            wrong = late(round(told_ms), now_ms, stale_after_ms=stale_after_ms)
            if wrong:
                return Unknown(reason=f"has a ticker {wrong}")
            times.append(round(told_ms))
    if not any(name in told for name in PRICES):
        return Unknown(reason="has no price in its ticker")
    levels = [told[name] for name in ("last", "mark", "index") if name in told]
    if levels and max(levels) > APART * min(levels):
        listed = ", ".join(f"{name} {told[name]:g}" for name in ("last", "mark", "index") if name in told)
        return Unknown(reason=f"has a ticker whose prices contradict each other: {listed}")
    if "bid" in told and "ask" in told and told["bid"] > told["ask"]:
        del told["bid"], told["ask"]
    size = float(listing.market.contract_size) if counts_contracts and listing.market else 1.0
    return Ticker(
        symbol=listing.symbol,
        time_ms=min(times, default=now_ms),
        quote_volume_24h=_quote_volume(told, size),
        **{name: told.get(name) for name in PRICES},
    )


def last_of(ticker: Ticker | Unknown, now_ms: int) -> Price | Unknown:
    """Return the last price of what has no mark.

    A last trade below the bid or above the ask is an old one: the middle of the two is the price then. Without
    bid and ask, the ticker's own time tells whether it is old.

    Args:
        ticker: of this moment.
        now_ms: the exchange's time.
    """
    if isinstance(ticker, Unknown):
        return ticker
    last, bid, ask = ticker.last, ticker.bid, ticker.ask
    if bid is not None and ask is not None:
        value = last if last is not None and bid <= last <= ask else (bid + ask) / 2
        return Price(value=value, kind="last", time_ms=now_ms)
    time_ms = now_ms if ticker.time_ms is None else ticker.time_ms
    wrong = late(time_ms, now_ms)
    if last is None or wrong:
        return Unknown(reason=f"has a last price {wrong}" if wrong else "has no last price now")
    return Price(value=last, kind="last", time_ms=time_ms)


def _quote_volume(told: Mapping[str, float], size: float) -> float | None:
    """Return the volume in quote currency if volume times price is about that, else None: its unit is in doubt."""
    quote, volume, price = (told.get(name) for name in ("quote_volume", "volume", "last"))
    if quote is None or volume is None or price is None:
        return None
    ratio = quote / (volume * size * price)
    return quote if UNIT_RANGE[0] < ratio < UNIT_RANGE[1] else None
