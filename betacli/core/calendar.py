"""Timeframes, durations and the grid of bars. A bar is named by its open time, in milliseconds since the epoch."""

import re

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
DAYS_PER_YEAR = 365

TIMEFRAMES_MS: dict[str, int] = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
}

_UNITS_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([mhdw])")


def parse_duration(written: str) -> int:
    """Return the milliseconds in a duration such as `90d`, `12h` or `2w`.

    Raises:
        ValueError: the text is not a positive number followed by m, h, d or w.
    """
    match = _DURATION.fullmatch(written.strip())
    if match is None:
        message = "expected a number and a unit: `90d`, `12h`, `2w`"
        raise ValueError(message)
    length_ms = round(float(match[1]) * _UNITS_MS[match[2]])
    if length_ms <= 0:
        message = "expected a length above zero"
        raise ValueError(message)
    return length_ms


def timeframe_name(length_ms: int) -> str | None:
    """Return the timeframe that lasts `length_ms`, or None when there is none."""
    return next((name for name, ms in TIMEFRAMES_MS.items() if ms == length_ms), None)


def last_closed_open(now_ms: int, timeframe_ms: int, *, grace_ms: int = 0) -> int:
    """Return the open time of the last bar with `open + timeframe ≤ now − grace`."""
    return (now_ms - grace_ms) // timeframe_ms * timeframe_ms - timeframe_ms


def bars_per_year(timeframe_ms: int) -> float:
    """Return how many bars a year of 365 days holds."""
    return DAYS_PER_YEAR * DAY_MS / timeframe_ms
