"""Raw rows of an exchange to candles, and the pages they are asked for in. No I/O."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from betacli.core.calendar import timeframe_name
from betacli.core.candles import clean, iso
from betacli.core.model import Candles, Floats, Unknown

COLUMNS = ("open", "high", "low", "close", "volume", "quote_volume")
PRICES = 4
REQUIRED = 5  # an exchange gives all of these but the quote volume

# Times before 1973 in milliseconds are times of our days in seconds.
_SECONDS_BELOW = 100_000_000_000


def page_rows(bars: int, costs: Sequence[tuple[int, int]]) -> int:
    """Return the page size that fetches `bars` rows at the least weight, then in the fewest requests.

    Args:
        bars: how many rows are wanted.
        costs: (rows up to, weight of such a page), ascending.
    """

    def cost(rows: int) -> int:
        return next(weight for most, weight in costs if rows <= most)

    def total(size: int) -> tuple[int, int]:
        pages, rest = divmod(bars, size)
        return pages * cost(size) + (cost(rest) if rest else 0), pages + bool(rest)

    return min((min(most, bars) for most, _ in costs), key=total)


def pages(start_ms: int, end_ms: int, timeframe_ms: int, rows: int) -> list[tuple[int, int]]:
    """Cut [start, end) into spans of at most `rows` bars."""
    edges = [*range(start_ms, end_ms, rows * timeframe_ms), end_ms]
    return list(pairwise(edges))


def opens_within(rows: Sequence[Sequence[Any]], start_ms: int, end_ms: int) -> list[int]:
    """Return the open times among `rows` that lie in [start, end)."""
    return [row[0] for row in rows if isinstance(row[0], int) and start_ms <= row[0] < end_ms]


def candles_of(
    rows: Sequence[Sequence[Any]],
    *,
    symbol: str,
    timeframe_ms: int,
    start_ms: int,
    end_ms: int,
    now_ms: int,
    traded: bool = True,
) -> Candles | Unknown:
    """Return the bars that open in [start, end), or the defect that makes all of them suspect.

    Args:
        rows: time, open, high, low, close, volume and quote volume, in any order and number; None is unknown.
        symbol: of the candles.
        timeframe_ms: of the candles.
        start_ms: the first open time that was asked for.
        end_ms: past the last one; every bar before it has closed.
        now_ms: the exchange's time.
        traded: these are bars of trades; bars of an index have no volume, whatever the exchange writes there.
    """
    values: Floats = np.array(rows, dtype=np.float64).reshape(len(rows), 1 + len(COLUMNS))
    times = values[:, 0]
    defect = _clock_defect(times, timeframe_ms, now_ms)
    if defect:
        return Unknown(reason=defect)
    inside = (times >= start_ms) & (times < end_ms)
    if not inside.any():
        name = timeframe_name(timeframe_ms)
        return Unknown(reason=f"has no closed {name} bars between {iso(start_ms)} and {iso(end_ms)}")
    times, values = times[inside], values[inside]
    for index, column in enumerate(COLUMNS[: REQUIRED if traded else PRICES], start=1):
        bad = ~np.isfinite(values[:, index])
        if bad.any():
            when = iso(int(times[bad].min()))
            return Unknown(reason=f"has no {column} in the bar of {when}; {int(bad.sum())} such bar(s)")
    if not traded:
        values[:, 1 + PRICES :] = np.nan
    series = {column: values[:, index] for index, column in enumerate(COLUMNS, start=1)}
    return clean(symbol, timeframe_ms, times.astype(np.int64), series)


def _clock_defect(times: Floats, timeframe_ms: int, now_ms: int) -> str | None:
    """Return what is wrong with any of the open times (T,), or None."""
    if np.isnan(times).any():
        return f"has {int(np.isnan(times).sum())} bar(s) without a time"
    early, late = times < _SECONDS_BELOW, times >= now_ms + timeframe_ms
    if early.any():
        return f"has a bar at time {times[early][0]:.0f}, which is not in milliseconds"
    if late.any():
        return f"has a bar at time {times[late].max():.0f}, after the exchange's own {iso(now_ms)}"
    off = times % timeframe_ms != 0
    if off.any():
        when = iso(int(times[off][0]))
        return f"has {int(off.sum())} bar(s) not cut at a multiple of the timeframe, the first at {when}"
    return None


def in_base_units(candles: Candles, contract_size: float | None) -> Candles:
    """Return candles with volumes in base units; the gate `volume_unit` holds them against the quote volume.

    Args:
        candles: as the exchange gives them.
        contract_size: what one unit of their volume is in base units; None where nobody knows.
    """
    unknown = np.full(len(candles.close), np.nan)
    if contract_size is None:
        return replace(candles, volume=unknown, quote_volume=unknown)
    return replace(candles, volume=candles.volume * contract_size)
