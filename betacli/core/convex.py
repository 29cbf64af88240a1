"""The weights nearest to base weights in risk, with a cost of trading, over a convex space, at a beta or within a band.

    minimise ½ (w − w₀)'Σ(w − w₀) + cost · ½ Σ|w − c|   over the space,   low ≤ β'w ≤ high

Kinks (|w| in a gross limit, |w − c| in turnover) are met by cutting each weight's range into pieces s, w = lower + E·s.
That makes the Hessian E'ΣE singular. Adding δ Σ s_j-th-piece-before-its-turn, which is Σ_{j<k} s_k (length_j − s_j) over
the pieces of an asset, costs nothing where pieces fill in order, as they do at an optimum, and turns the Hessian into
E'(Σ − δI)E + δI: positive definite for 0 < δ < λ_min(Σ). The optimum is that of the kinked problem, not near it.
"""

import math
from dataclasses import dataclass

import numpy as np

from betacli.core import program
from betacli.core.arrays import Floats
from betacli.core.bounds import SNAP
from betacli.core.space import Space, least, linear, segments, within
from betacli.errors import SolverFailed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turnover:
    """Weights held now (N,), summing to anything, and the cost of half the sum of all changes from them."""

    current: Floats
    cost: float

    def of(self, weights: Floats) -> float:
        """Return ½ Σ|w − c|."""
        return float(np.abs(weights - self.current).sum()) / 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """What to stay near to, and the beta to have.

    `betas` (N,); `sigma` (N, N) positive definite; `base` (N,); the basket's beta lies between `low` and `high`, which
    are the same for a target and infinite for none.
    """

    betas: Floats
    sigma: Floats
    base: Floats
    low: float = -np.inf
    high: float = np.inf
    turnover: Turnover | None = None

    def cost(self, weights: Floats) -> float:
        """Return the objective at weights (N,)."""
        away = weights - self.base
        trading = 0.0 if self.turnover is None else self.turnover.cost * self.turnover.of(weights)
        return float(away @ self.sigma @ away) / 2 + trading


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """Optimal weights (N,) with the residual of their optimality conditions."""

    weights: Floats
    kkt_residual: float


def solve(task: Task, space: Space, reach: tuple[float, float] | None = None) -> Point | None:
    """Return the optimal weights, or None where none in the space have such a beta.

    A band is met at its nearer edge unless the best weights of any beta lie inside it, because the problem is convex.
    `reach` is the attainable interval where it is already known; the ends of it, to 1e-10, are solved on their face.
    """
    if task.low == -np.inf and task.high == np.inf:
        return nearest(task, space) if least(task.betas, space) is not None else None
    if reach is None:
        found = interval(task.betas, space)
        if found is None:
            return None
        reach = found
    low, high = reach
    if task.low > high + SNAP or task.high < low - SNAP:
        return None
    if task.low == task.high:
        return _at(task, space, task.low, reach)
    free = nearest(task, space)
    beta = float(task.betas @ free.weights)
    if within(beta, task.low, task.high):
        return free
    return _at(task, space, max(task.low, low) if beta < task.low else min(task.high, high), reach)


def witnessed(task: Task, lower: Floats, upper: Floats) -> Point | None:
    """Return the optimal weights of a target within bounds alone, without the attainable interval first, or None.

    Weights that meet every limit to 1e-10 are the proof that the target can be reached; where the solver finds none,
    the interval has to tell why. This is what a loop over many betas spends its time in.
    """
    n = len(task.betas)
    rows = np.ones((2, n))
    rows[1], value = _beta_row(task.betas, task.low)
    values = np.array((1.0, value))
    try:
        found = program.minimise(task.sigma, -(task.sigma @ task.base), rows, values, values, lower, upper)
    except SolverFailed:
        return None
    return Point(weights=found.x, kkt_residual=found.kkt_residual)


def interval(betas: Floats, space: Space) -> tuple[float, float] | None:
    """Return the least and the greatest beta over the space, None where it is empty."""
    low = least(betas, space)
    high = least(-betas, space)
    return None if low is None or high is None else (low.value, -high.value)


def _at(task: Task, space: Space, target: float, reach: tuple[float, float]) -> Point:
    """Return the optimal weights of one beta that can be reached."""
    for sign, end in ((1.0, reach[0]), (-1.0, reach[1])):
        if abs(target - end) <= SNAP:
            found = least(sign * task.betas, space)
            if found is not None:
                return nearest(task, found.face())
    try:
        return nearest(task, with_beta(task.betas, space, target))
    except SolverFailed:
        return _beside_an_end(task, space, target, reach)


def _beside_an_end(task: Task, space: Space, target: float, reach: tuple[float, float]) -> Point:
    """Return the optimal weights of a beta so near an end that the space is a sliver, which defeats the solver.

    Optimal weights are piecewise linear in the target: between the end and a target a little further in they are
    the mixture of both, which lies in the space because it is convex.
    """
    sign, end = min(((1.0, reach[0]), (-1.0, reach[1])), key=lambda pair: abs(target - pair[1]))
    outer = _at(task, space, end, reach)
    room = (reach[1] - reach[0]) / 2
    for step in (1e-6, 1e-5, 1e-4, 1e-3):
        inner = end + sign * max(2 * abs(target - end), step * room)
        try:
            point = nearest(task, with_beta(task.betas, space, inner))
        except SolverFailed:
            continue
        share = (target - end) / (inner - end)
        return Point(
            weights=(1 - share) * outer.weights + share * point.weights,
            kkt_residual=max(outer.kkt_residual, point.kkt_residual),
        )
    raise SolverFailed(exit_flag=-1, residual=float("nan"))


def with_beta(betas: Floats, space: Space, target: float) -> Space:
    """Return the space in which β'w is the target.

    Σw = 1 lets the row be centred, and scaled: nearly equal betas are nearly the budget row otherwise.
    """
    row, value = _beta_row(betas, target)
    return space.with_row(row, value, value)


def _beta_row(betas: Floats, target: float) -> tuple[Floats, float]:
    middle = float(betas.sum()) / len(betas)
    centred = betas - middle
    spread = math.sqrt(float(centred @ centred) / len(betas)) or 1.0
    return centred / spread, (target - middle) / spread


def nearest(task: Task, space: Space) -> Point:
    """Return the weights of least cost in a space that is not empty, whatever their beta.

    Raises:
        SolverFailed: the solver did not find them.
    """
    if task.turnover is None or task.turnover.cost == 0:
        plain = _plain(task, space)
        if plain is not None:
            return plain
    return _in_pieces(task, space)


def _plain(task: Task, space: Space) -> Point | None:
    """Solve without kinks: rows on sizes are linear where no range straddles zero, and idle where they hold anyway."""
    lower, upper = space.lower, space.upper
    rows, row_lower, row_upper = space.rows, space.row_lower, space.row_upper
    straddles = bool(space.sizes) and bool(((lower < 0) & (upper > 0)).any())
    if space.sizes and not straddles:
        signed = [np.where(upper > 0, row.up, -row.down) for row in space.sizes]
        rows = np.vstack([rows, *signed])
        row_lower = np.append(row_lower, [row.lower for row in space.sizes])
        row_upper = np.append(row_upper, [row.upper for row in space.sizes])
    found = program.minimise(task.sigma, -(task.sigma @ task.base), rows, row_lower, row_upper, lower, upper)
    if straddles and any(not row.lower - SNAP <= row.of(found.x) <= row.upper + 1e-12 for row in space.sizes):
        return None
    return Point(weights=found.x, kkt_residual=found.kkt_residual)


def _in_pieces(task: Task, space: Space) -> Point:
    """Solve over the pieces between the kinks."""
    n = len(space.lower)
    zero = np.zeros(n)
    kinks = [zero] if space.sizes else []
    if task.turnover is not None:
        kinks.append(task.turnover.current)
    pieces = segments(space, *kinks)
    lin = linear(space, pieces)
    e = pieces.matrix
    delta = float(np.linalg.eigvalsh(task.sigma)[0]) / 2
    size = len(pieces.owner)
    hessian = e.T @ (task.sigma - delta * np.eye(n)) @ e + delta * np.eye(size)
    gradient = (task.sigma @ (space.lower - task.base))[pieces.owner]
    gradient += delta * (pieces.start - space.lower[pieces.owner])
    if task.turnover is not None:
        ones = np.ones(n)
        gradient += task.turnover.cost / 2 * pieces.slopes(-ones, ones, task.turnover.current)
    found = program.minimise(
        hessian, gradient, lin.rows, lin.row_lower, lin.row_upper, np.zeros(size), pieces.length
    )
    weights = np.minimum(np.maximum(space.lower + e @ found.x, space.lower), space.upper)
    return Point(weights=weights, kkt_residual=found.kkt_residual)
