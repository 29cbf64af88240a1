"""The weights that reach a target beta, and the betas that can be reached at all.

    minimise ½ (w − w₀)'Σ(w − w₀)   subject to   Σw = 1,  β'w = target,  l ≤ w ≤ u

and, where they are asked for, limits of groups, of gross exposure and of the number of assets, and a cost of trading.
Feasibility is decided by the attainable interval, not by the solver: daqp's default tolerance calls a target that
is out of reach by 1e-7 solved, and its `x` means nothing unless the exit flag is 1.
"""

from dataclasses import dataclass

import numpy as np

from betacli.core import pick
from betacli.core.arrays import Floats
from betacli.core.bounds import SNAP, Binding, Bounds, Group, Side, at_bound
from betacli.core.convex import Task, Turnover, witnessed
from betacli.core.convex import solve as solve_convex
from betacli.core.infeasible import LimitsCannotBeMet, TargetBetweenReaches, TargetOutOfReach
from betacli.core.space import fill, least, space_of

__all__ = [
    "Attainable",
    "Binding",
    "Bounds",
    "Group",
    "Solution",
    "Turnover",
    "attainable",
    "solve_band",
    "solve_base",
    "solve_target",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attainable:
    """The betas weights within the limits can have, with the weights (N,) that give each end.

    `proven` is False where the search among many assets was cut short, so that the ends may lie further in.
    """

    low: float
    high: float
    low_weights: Floats
    high_weights: Floats
    proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Weights (N,) that sum to one, and what the solver knows of them.

    `kkt_residual` is by how much they miss the optimality conditions, relative to the mean variance. `gap` is by how
    much of the objective a better choice of assets could still beat this one: 0 where it is proven to be the best.
    """

    weights: Floats
    kkt_residual: float
    bounds: Bounds
    gap: float = 0.0

    @property
    def at_bound(self) -> tuple[Side | None, ...]:
        """Which bound of its own each asset is held at."""
        return at_bound(self.weights, self.bounds.lower_of(self.weights), self.bounds.upper)

    @property
    def binding(self) -> tuple[Binding, ...]:
        """Every limit that the weights lie at."""
        return self.bounds.binding(self.weights)


def attainable(betas: Floats, bounds: Bounds) -> Attainable:
    """Return the interval of β'w over the limits, exactly.

    With bounds of assets alone by filling from the lower bounds in beta order, O(N log N); with groups or gross by
    linear programs; with a number of assets by branch and bound over them, and then betas inside may be out of reach.

    Raises:
        BoundsCannotSum: no weights within the bounds sum to one.
        LimitsCannotBeMet: groups, gross or the number of assets leave no weights.
    """
    bounds.check()
    if bounds.max_assets is not None:
        low, high = pick.end(betas, bounds), pick.end(-betas, bounds)
        if low is None or high is None:
            raise _cannot_be_met(bounds)
        return Attainable(
            low=float(betas @ low.weights), high=float(betas @ high.weights), low_weights=low.weights,
            high_weights=high.weights, proven=low.proven and high.proven,
        )  # fmt: skip
    if bounds.is_box:
        order = betas.argsort(kind="stable")
        low_weights = fill(order, bounds.lower, bounds.upper)
        high_weights = fill(order[::-1], bounds.lower, bounds.upper)
    else:
        space = space_of(bounds)
        ends = least(betas, space), least(-betas, space)
        if ends[0] is None or ends[1] is None:
            raise _cannot_be_met(bounds)
        low_weights, high_weights = ends[0].weights, ends[1].weights
    return Attainable(
        low=float(betas @ low_weights),
        high=float(betas @ high_weights),
        low_weights=low_weights,
        high_weights=high_weights,
    )


def _cannot_be_met(bounds: Bounds) -> LimitsCannotBeMet:
    return LimitsCannotBeMet(
        name=bounds.name,
        groups=[str(group) for group in bounds.groups],
        max_gross=bounds.max_gross,
        max_assets=bounds.max_assets,
    )


def solve_target(
    betas: Floats,
    sigma: Floats,
    base: Floats,
    bounds: Bounds,
    target: float,
    turnover: Turnover | None = None,
) -> Solution:
    """Return the weights nearest to the base weights in risk that have the target beta.

    Args:
        betas: (N,) finite.
        sigma: (N, N) positive definite covariance, any scale.
        base: (N,) base weights.
        bounds: the limits of the weights.
        target: the basket's beta.
        turnover: weights held now and the cost of leaving them, in units of `sigma`.

    Raises:
        BoundsCannotSum, LimitsCannotBeMet: no weights within the limits sum to one.
        TargetOutOfReach: the target is outside the attainable interval by more than 1e-10.
        TargetBetweenReaches: it is inside, but no choice of `max_assets` assets has it.
    """
    return solve_band(betas, sigma, base, bounds, target, target, turnover)


def solve_band(
    betas: Floats,
    sigma: Floats,
    base: Floats,
    bounds: Bounds,
    low: float,
    high: float,
    turnover: Turnover | None = None,
) -> Solution:
    """Return the weights nearest to the base weights in risk whose beta lies between `low` and `high`.

    The arguments and errors are those of `solve_target`.
    """
    task = Task(betas=betas, sigma=sigma, base=base, low=low, high=high, turnover=turnover)
    if low == high and bounds.is_box and turnover is None:
        point = witnessed(task, bounds.lower, bounds.upper)
        if point is not None:
            return Solution(weights=point.weights, kkt_residual=point.kkt_residual, bounds=bounds)
    reach = attainable(betas, bounds)
    if high < reach.low - SNAP or low > reach.high + SNAP:
        raise _out_of_reach(reach, bounds, low if low > reach.high else high)
    if bounds.max_assets is not None:
        return _sparse(task, bounds)
    point = solve_convex(task, space_of(bounds), (reach.low, reach.high))
    if point is None:
        raise _out_of_reach(reach, bounds, low)
    return Solution(weights=point.weights, kkt_residual=point.kkt_residual, bounds=bounds)


def solve_base(sigma: Floats, base: Floats, bounds: Bounds, turnover: Turnover | None = None) -> Solution:
    """Return the weights nearest to the base weights in risk within the limits, whatever their beta.

    Raises:
        BoundsCannotSum, LimitsCannotBeMet: no weights within the limits sum to one.
    """
    bounds.check()
    inside = (
        bool(((base >= bounds.lower) & (base <= bounds.upper)).all()) and abs(float(base.sum()) - 1) < SNAP
    )
    if bounds.is_box and turnover is None and inside:
        return Solution(weights=base.copy(), kkt_residual=0.0, bounds=bounds)
    task = Task(betas=np.zeros(len(base)), sigma=sigma, base=base, turnover=turnover)
    if bounds.max_assets is not None:
        return _sparse(task, bounds)
    point = solve_convex(task, space_of(bounds))
    if point is None:
        raise _cannot_be_met(bounds)
    return Solution(weights=point.weights, kkt_residual=point.kkt_residual, bounds=bounds)


def _sparse(task: Task, bounds: Bounds) -> Solution:
    """Solve with a limited number of assets; say what lies around a beta that no choice of them has."""
    found = pick.best(task, bounds)
    if found is not None:
        return Solution(weights=found.weights, kkt_residual=found.kkt_residual, bounds=bounds, gap=found.gap)
    if task.low == -np.inf:
        raise _cannot_be_met(bounds)
    below = pick.end(-task.betas, bounds, at_least=-task.low)
    above = pick.end(task.betas, bounds, at_least=task.high)
    raise TargetBetweenReaches(
        name=bounds.name,
        target=task.low,
        below=None if below is None else float(task.betas @ below.weights),
        above=None if above is None else float(task.betas @ above.weights),
        max_assets=bounds.max_assets or 0,
    )


def _out_of_reach(reach: Attainable, bounds: Bounds, target: float) -> TargetOutOfReach:
    above = target > reach.high
    weights = reach.high_weights if above else reach.low_weights
    return TargetOutOfReach(
        name=bounds.name,
        target=target,
        low=reach.low,
        high=reach.high,
        min_weight=float(bounds.lower.min()),
        max_weight=float(bounds.upper.max()),
        binding=[str(b) for b in bounds.binding(weights) if b.bound != 0],
    )
