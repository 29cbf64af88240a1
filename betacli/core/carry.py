"""Basis: what a perpetual costs against its index, how that behaves, and what a dated future pays to be held.

x = F / S − 1, F the contract and S the index (or spot) at the same time, both per coin. **Basis risk** is the standard
deviation of the difference of their returns: what a hedge in F does not take away from a holding priced in S. It is
its own number and no part of beta.
"""

import math
from dataclasses import dataclass

import numpy as np

from betacli.core.calendar import DAY_MS, DAYS_PER_YEAR
from betacli.core.model import Floats, Times

BPS = 1e4
FLAT = 1e-18
MIN_BARS = 20  # fewer give neither a half-life nor a risk


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisStats:
    """A basis over a window, in bps of the index; `worst_*` is the UTC day whose mean is furthest from zero.

    `sd_bps` has T − 1 below it. `half_life_hours` is that of an AR(1), None where the basis does not revert. `risk_bar`
    and `risk_annual` are the standard deviation of (contract return − index return), a bar and a year of 365 days,
    fractions.
    """

    n_obs: int
    mean_bps: float
    sd_bps: float
    half_life_hours: float | None
    worst_day_ms: int
    worst_day_bps: float
    risk_bar: float
    risk_annual: float


def basis_bps(contract: float, index: float) -> float:
    """Return (F / S − 1) × 10,000."""
    return (contract / index - 1) * BPS


def half_life(x: Floats) -> float | None:
    """Return after how many bars half of a deviation is gone: −ln 2 / ln φ of x_t = a + φ x_{t−1} + e by least squares.

    None where φ is not between 0 and 1: it does not revert, or swings about its mean within a bar. `x` (T,) may have
    NaN; pairs of neighbours are used.
    """
    both = np.isfinite(x[1:]) & np.isfinite(x[:-1])
    if both.sum() < MIN_BARS:
        return None
    before, after = x[:-1][both], x[1:][both]
    before, after = before - before.mean(), after - after.mean()
    spread = float(before @ before)
    still = FLAT * len(before) * (1.0 + float(x[np.isfinite(x)].mean()) ** 2)  # what rounding alone leaves
    phi = float(before @ after) / spread if spread > still else math.nan
    return -math.log(2) / math.log(phi) if 0 < phi < 1 else None


def basis_stats(open_ms: Times, contract: Floats, index: Floats, timeframe_ms: int) -> BasisStats | None:
    """Measure the basis of aligned closes.

    Args:
        open_ms: (T,) equally spaced open times.
        contract: (T,) closes of the contract, NaN where missing.
        index: (T,) closes of index or spot, NaN where missing.
        timeframe_ms: the length of a bar.

    Returns:
        None where fewer than `MIN_BARS` bars have both.
    """
    basis = (contract / index - 1) * BPS
    seen = np.isfinite(basis)
    moved = contract[1:] / contract[:-1] - index[1:] / index[:-1]
    moved = moved[np.isfinite(moved)]
    if seen.sum() < MIN_BARS or len(moved) < MIN_BARS - 1:
        return None
    days = open_ms[seen] // DAY_MS
    unique, which = np.unique(days, return_inverse=True)
    means = np.bincount(which, weights=basis[seen]) / np.bincount(which)
    worst = int(np.argmax(np.abs(means)))
    bars = half_life(basis)
    risk = float(moved.std(ddof=1))
    return BasisStats(
        n_obs=int(seen.sum()),
        mean_bps=float(basis[seen].mean()),
        sd_bps=float(basis[seen].std(ddof=1)),
        half_life_hours=None if bars is None else bars * timeframe_ms / 3_600_000,
        worst_day_ms=int(unique[worst]) * DAY_MS,
        worst_day_bps=float(means[worst]),
        risk_bar=risk,
        risk_annual=risk * math.sqrt(DAYS_PER_YEAR * DAY_MS / timeframe_ms),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedCarry:
    """A dated future against the index: basis in bps, days left, and (F/S − 1) · 365 / days, what a short earns."""

    basis_bps: float
    days: float
    annual: float


def dated_carry(future: float, index: float, now_ms: int, expiry_ms: int) -> DatedCarry | None:
    """Return the carry of a dated future; None once it has expired, when there is no time left to earn it."""
    days = (expiry_ms - now_ms) / DAY_MS
    if days <= 0:
        return None
    basis = future / index - 1
    return DatedCarry(basis_bps=basis * BPS, days=days, annual=basis * DAYS_PER_YEAR / days)


def convergence(notional: float, basis: float, days: float, horizon_days: float) -> float:
    """Return what a position gains while its future nears the index, evenly to its expiry: −Q · b / (1 + b) · H / days.

    `notional` is signed and at the future's price, `basis` F / S − 1; beyond the expiry there is nothing more to come.
    """
    return -notional * basis / (1 + basis) * min(1.0, horizon_days / days) + 0.0


def roll_bps(near: float, far: float) -> float:
    """Return (F₂ / F₁ − 1) × 10,000: what a long pays to roll from the near to the far future, before fees."""
    return (far / near - 1) * BPS


def fitting_expiry(expiries_ms: tuple[int, ...], now_ms: int, end_ms: int) -> tuple[int | None, int]:
    """Return the place of the first expiry at or after `end_ms`, and how many rolls the plan needs: none.

    Where every expiry is earlier, the last one that has not passed, rolled once for every further life of its length;
    None where all have passed.
    """
    alive = [(expiry, k) for k, expiry in enumerate(expiries_ms) if expiry > now_ms]
    if not alive:
        return None, 0
    enough = [pair for pair in alive if pair[0] >= end_ms]
    if enough:
        return min(enough)[1], 0
    last, place = max(alive)
    return place, math.ceil((end_ms - last) / (last - now_ms))
