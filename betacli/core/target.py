"""The weights that reach a target beta, and the betas that can be reached at all.

    minimise ½ (w − w₀)'Σ(w − w₀)   subject to   Σw = 1,  β'w = target,  l ≤ w ≤ u

Feasibility is decided by the attainable interval, not by the solver: daqp's default tolerance calls a target that
is out of reach by 1e-7 solved, and its `x` means nothing unless the exit flag is 1.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from betacli.core.arrays import Floats
from betacli.errors import BoundsCannotSum, SolverFailed, TargetOutOfReach

SNAP = 1e-10
AT_BOUND = 1e-9
_EQUALITY = 5
_SOLVED = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounds:
    """Lower and upper weight of each asset, (N,) fractions with lower ≤ upper, and the basket's name for messages."""

    name: str
    bases: tuple[str, ...]
    lower: Floats
    upper: Floats

    def check(self) -> None:
        """Raise `BoundsCannotSum` unless some weights within the bounds sum to one."""
        low, high = float(self.lower.sum()), float(self.upper.sum())
        if low > 1 + SNAP or high < 1 - SNAP:
            raise BoundsCannotSum(name=self.name, lower_sum=low, upper_sum=high, n_assets=len(self.bases))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attainable:
    """The betas weights within the bounds can have, with the weights (N,) that give each end."""

    low: float
    high: float
    low_weights: Floats
    high_weights: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Weights (N,) that sum to one, and what the solver knows of them.

    `kkt_residual` is the largest violation of the optimality
    conditions, relative to the largest variance; `at_bound` tells which side each asset is held at.
    """

    weights: Floats
    kkt_residual: float
    at_bound: tuple[Literal["lower", "upper"] | None, ...]


def attainable(betas: Floats, bounds: Bounds) -> Attainable:
    """Return the interval of β'w over Σw = 1, l ≤ w ≤ u: fill from the lower bounds in beta order, O(N log N).

    Raises:
        BoundsCannotSum: no weights within the bounds sum to one.
    """
    bounds.check()
    order = np.argsort(betas, kind="stable")
    low_weights = _filled(order, bounds)
    high_weights = _filled(order[::-1], bounds)
    return Attainable(
        low=float(betas @ low_weights),
        high=float(betas @ high_weights),
        low_weights=low_weights,
        high_weights=high_weights,
    )


def _filled(order: np.ndarray[tuple[int], np.dtype[np.intp]], bounds: Bounds) -> Floats:
    """Raise each weight from its lower to its upper bound, in order, until they sum to one."""
    room = (bounds.upper - bounds.lower)[order]
    before = np.concatenate(([0.0], np.cumsum(room)[:-1]))
    to_place = 1.0 - float(bounds.lower.sum())
    weights = bounds.lower.copy()
    weights[order] += np.clip(to_place - before, 0.0, room)
    return weights


def solve_target(betas: Floats, sigma: Floats, base: Floats, bounds: Bounds, target: float) -> Solution:
    """Return the weights nearest to the base weights in risk that have the target beta.

    Args:
        betas: (N,) finite.
        sigma: (N, N) positive definite covariance, any scale.
        base: (N,) base weights.
        bounds: lower and upper weights.
        target: the basket's beta.

    Raises:
        BoundsCannotSum: no weights within the bounds sum to one.
        TargetOutOfReach: the target is outside the attainable interval by more than 1e-10.
    """
    reach = attainable(betas, bounds)
    if not reach.low - SNAP <= target <= reach.high + SNAP:
        raise _out_of_reach(reach, bounds, target)
    for end, weights in ((reach.low, reach.low_weights), (reach.high, reach.high_weights)):
        if abs(target - end) <= SNAP:
            return _solve_on_face(betas, sigma, base, bounds, weights)
    # Σw = 1 lets the beta row be centred, and scaled: nearly equal betas are nearly the first row otherwise.
    middle = float(betas.mean())
    spread = float(np.abs(betas - middle).max())
    rows = np.vstack([np.ones(len(betas)), (betas - middle) / spread])
    return _solve(sigma, base, bounds, rows, np.array([1.0, (target - middle) / spread]))


def solve_base(sigma: Floats, base: Floats, bounds: Bounds) -> Solution:
    """Return the weights nearest to the base weights in risk within the bounds, whatever their beta.

    Raises:
        BoundsCannotSum: no weights within the bounds sum to one.
    """
    bounds.check()
    if bool(((base >= bounds.lower) & (base <= bounds.upper)).all()) and abs(float(base.sum()) - 1) < SNAP:
        return Solution(weights=base.copy(), kkt_residual=0.0, at_bound=_at_bound(base, bounds))
    return _solve(sigma, base, bounds, np.ones((1, len(base))), np.array([1.0]))


def _out_of_reach(reach: Attainable, bounds: Bounds, target: float) -> TargetOutOfReach:
    weights = reach.high_weights if target > reach.high else reach.low_weights
    held = _at_bound(weights, bounds)
    return TargetOutOfReach(
        name=bounds.name,
        target=target,
        low=reach.low,
        high=reach.high,
        min_weight=float(bounds.lower.min()),
        max_weight=float(bounds.upper.max()),
        binding=[f"{base} {side}" for base, side in zip(bounds.bases, held, strict=True) if side],
    )


def _solve_on_face(betas: Floats, sigma: Floats, base: Floats, bounds: Bounds, extreme: Floats) -> Solution:
    """Solve where the target is an end of the interval: only assets that tie with the marginal beta are free."""
    inside = (extreme > bounds.lower + AT_BOUND) & (extreme < bounds.upper - AT_BOUND)
    marginal = betas[inside][0] if inside.any() else np.nan
    free = np.abs(betas - marginal) <= SNAP
    if not inside.any():
        free = _swappable(betas, extreme, bounds)
    if free.sum() < 2:
        return Solution(weights=extreme, kkt_residual=0.0, at_bound=_at_bound(extreme, bounds))
    pinned = Bounds(
        name=bounds.name,
        bases=bounds.bases,
        lower=np.where(free, bounds.lower, extreme),
        upper=np.where(free, bounds.upper, extreme),
    )
    return _solve(sigma, base, pinned, np.ones((1, len(base))), np.array([1.0]))


def _swappable(betas: Floats, extreme: Floats, bounds: Bounds) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Mark the assets that could change places with one of equal beta, where every weight is at a bound."""
    can_fall = extreme > bounds.lower + AT_BOUND
    can_rise = extreme < bounds.upper - AT_BOUND
    tie = np.abs(betas[:, None] - betas[None, :]) <= SNAP
    return np.asarray((tie & can_rise[None, :]).any(axis=1) & (tie & can_fall[None, :]).any(axis=1))


def _solve(sigma: Floats, base: Floats, bounds: Bounds, rows: Floats, values: Floats) -> Solution:
    """Hand the quadratic program to daqp, scaled to variances near one, and check what comes back."""
    import daqp  # noqa: PLC0415  70 ms that an error or `--help` need not pay

    scale = float(np.diag(sigma).mean())
    hessian = np.ascontiguousarray(sigma / scale)
    gradient = -hessian @ base
    upper = np.concatenate([bounds.upper, values])
    lower = np.concatenate([bounds.lower, values])
    sense = np.concatenate([np.zeros(len(base)), np.full(len(values), _EQUALITY)]).astype(np.int32)
    x, _, flag, info = daqp.solve(
        hessian, gradient, np.ascontiguousarray(rows), upper, lower, sense, primal_tol=1e-11, dual_tol=1e-12
    )
    if flag != _SOLVED:
        raise SolverFailed(exit_flag=int(flag), residual=float("nan"))
    weights = np.clip(np.asarray(x, dtype=np.float64), bounds.lower, bounds.upper)
    multipliers = np.asarray(info["lam"], dtype=np.float64)
    n = len(base)
    stationarity = hessian @ weights + gradient + multipliers[:n] + rows.T @ multipliers[n:]
    residual = float(max(np.abs(stationarity).max(), np.abs(rows @ weights - values).max()))
    if not residual < 1e-7:
        raise SolverFailed(exit_flag=int(flag), residual=residual)
    return Solution(
        weights=weights,
        kkt_residual=residual,
        at_bound=_at_bound(weights, bounds),
    )


def _at_bound(weights: Floats, bounds: Bounds) -> tuple[Literal["lower", "upper"] | None, ...]:
    sides: list[Literal["lower", "upper"] | None] = []
    for weight, low, high in zip(weights, bounds.lower, bounds.upper, strict=True):
        at_high, at_low = weight >= high - AT_BOUND, weight <= low + AT_BOUND
        sides.append("upper" if at_high else "lower" if at_low else None)
    return tuple(sides)
