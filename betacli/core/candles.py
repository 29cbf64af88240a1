"""Rows of bars to candles that keep the contract: sorted, unique, aligned, every close finite and above zero."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime

import numpy as np

from betacli.core.model import Candles, Floats, Times, Unknown

_ARRAYS = tuple(f.name for f in fields(Candles) if f.name not in {"symbol", "timeframe_ms"})


def iso(time_ms: int) -> str:
    """Write a time as ISO 8601 with `Z`, to the second."""
    try:
        return datetime.fromtimestamp(time_ms / 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"


def clean(symbol: str, timeframe_ms: int, open_ms: Times, series: Mapping[str, Floats]) -> Candles | Unknown:
    """Validate every row and return the candles, or the first defect found.

    Rows without a close are missing bars. Rows repeated with the same values count once; repeated with different
    values they are refused, since nothing says which is right.

    Args:
        symbol: for the candles.
        timeframe_ms: the distance every open time must be a multiple of.
        open_ms: (T,) in any order.
        series: `open high low close volume quote_volume`, each (T,), NaN where not given.
    """
    present = ~np.isnan(series["close"])
    times = open_ms[present]
    order = np.argsort(times, kind="stable")
    times = times[order]
    columns = {name: values[present][order] for name, values in series.items()}
    defect = _defect(timeframe_ms, times, columns)
    if defect:
        return Unknown(reason=defect)
    again = np.flatnonzero(np.diff(times) == 0)
    for row in again:
        for name, values in columns.items():
            a, b = values[row], values[row + 1]
            if a != b and not (np.isnan(a) and np.isnan(b)):
                what = f"has two bars at {iso(int(times[row]))}, with {name} {a:g} and {b:g}"
                return Unknown(reason=what)
    keep = np.ones(len(times), dtype=bool)
    keep[again + 1] = False
    return Candles(
        symbol=symbol,
        timeframe_ms=timeframe_ms,
        open_ms=times[keep],
        **{name: values[keep] for name, values in columns.items()},
    )


def _defect(timeframe_ms: int, times: Times, columns: Mapping[str, Floats]) -> str | None:
    """Return the first thing wrong with sorted rows, or None."""
    close, high, low = columns["close"], columns["high"], columns["low"]
    with np.errstate(invalid="ignore"):
        rules = (
            (times % timeframe_ms != 0, "is not cut at a multiple of its timeframe"),
            (~np.isfinite(close) | (close <= 0), "has a close that is not a price"),
            (high < low, "has a high below its low"),
            ((columns["open"] <= 0) | (high <= 0) | (low <= 0), "has a price that is not above zero"),
            (np.isinf(columns["open"]) | np.isinf(high) | np.isinf(low), "has an infinite price"),
            (
                (close > high * (1 + 1e-9)) | (close < low * (1 - 1e-9)),
                "has a close outside its high and low",
            ),
            ((columns["volume"] < 0) | np.isinf(columns["volume"]), "has a volume that is not an amount"),
            (
                (columns["quote_volume"] < 0) | np.isinf(columns["quote_volume"]),
                "has an impossible quote volume",
            ),
        )
    for broken, what in rules:
        rows = np.flatnonzero(broken)
        if len(rows):
            row = rows[0]
            return f"the bar of {iso(int(times[row]))} {what} (close {close[row]:g}); {len(rows)} such bar(s)"
    return None


def bars_between(candles: Candles, start_ms: int, end_ms: int) -> Candles:
    """Return the bars that open in [start_ms, end_ms)."""
    first, last = np.searchsorted(candles.open_ms, [start_ms, end_ms])
    return replace(candles, **{name: getattr(candles, name)[first:last] for name in _ARRAYS})


def resample(candles: Candles, timeframe_ms: int) -> Candles:
    """Aggregate to coarser bars cut at multiples of `timeframe_ms`.

    A coarse bar needs the fine bar that ends it: its close is that bar's. Where an earlier fine bar is missing,
    open, high, low and volumes are NaN, and the close still stands.

    Raises:
        ValueError: the coarse timeframe is not a multiple of the fine one.
    """
    fine = candles.timeframe_ms
    if fine == timeframe_ms:
        return candles
    if timeframe_ms % fine:
        message = f"{timeframe_ms} is not a multiple of {fine}"
        raise ValueError(message)
    starts = candles.open_ms // timeframe_ms * timeframe_ms
    opens, first, counts = np.unique(starts, return_index=True, return_counts=True)
    last = first + counts - 1
    ended = candles.open_ms[last] == opens + timeframe_ms - fine if len(opens) else np.zeros(0, dtype=bool)
    whole = counts == timeframe_ms // fine

    def fold(values: Floats, fold_with: np.ufunc) -> Floats:
        folded = fold_with.reduceat(values, first) if len(first) else values[:0]
        return np.asarray(np.where(whole, folded, np.nan)[ended])

    return Candles(
        symbol=candles.symbol,
        timeframe_ms=timeframe_ms,
        open_ms=opens[ended],
        open=np.where(whole, candles.open[first], np.nan)[ended],
        high=fold(candles.high, np.maximum),
        low=fold(candles.low, np.minimum),
        close=candles.close[last][ended],
        volume=fold(candles.volume, np.add),
        quote_volume=fold(candles.quote_volume, np.add),
    )
