"""What one day in twenty costs: returns by the day, and the 5 % quantile of what was and of a normal like it."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from betacli.core.calendar import DAY_MS
from betacli.core.model import Floats, Times

TAIL = 0.05
MIN_DAYS = 40  # two days are expected beyond the quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLoss:
    """The loss of a one-in-twenty day, a fraction of what the returns are of; a gain is negative.

    `historical` is the 5 % quantile of the daily returns of the window, between the two nearest (historical
    simulation); `normal` 1.645 standard deviations less the mean.
    """

    historical: float
    normal: float
    n_days: int


def daily_returns(returns: Floats, open_ms: Times, timeframe_ms: int) -> Floats:
    """Compound the returns (T, …) of bars into those of whole UTC days (D, …); NaN where a bar is missing.

    Args:
        returns: simple, per bar, oldest first.
        open_ms: (T,) open time of the bar each return ends with.
        timeframe_ms: a day or a whole part of one.
    """
    per_day = DAY_MS // timeframe_ms
    _, first, counts = np.unique(open_ms // DAY_MS, return_index=True, return_counts=True)
    whole = [slice(start, start + n) for start, n in zip(first, counts, strict=True) if n == per_day]
    if not whole:
        return np.empty((0, *returns.shape[1:]))
    return np.array([np.prod(1.0 + returns[rows], axis=0) - 1.0 for rows in whole])


def one_in_twenty(returns: Floats) -> DayLoss | None:
    """Return the loss of a one-in-twenty day from daily returns (D,), NaN left out; None below 40 days."""
    seen = returns[np.isfinite(returns)]
    if len(seen) < MIN_DAYS:
        return None
    normal = -float(seen.mean()) - NormalDist().inv_cdf(TAIL) * float(seen.std(ddof=1))
    return DayLoss(historical=-float(np.quantile(seen, TAIL)), normal=normal, n_days=len(seen))
