"""Strictly convex quadratic programs, solved by daqp's dual active-set method and checked. The home of daqp."""

import math
from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Floats, Senses
from betacli.errors import SolverFailed

_EQUALITY = 5
_SOLVED = 1
_TRUSTED = 1e-7
_FEASIBLE = 1e-10
_DEPENDENT = 1e-9
_PROXIMAL = 1e-3
_SETTLED = 1e-12
_STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optimum:
    """An optimal x (N,), and by how much it misses the optimality conditions, relative to the mean curvature."""

    x: Floats
    kkt_residual: float


def minimise(
    hessian: Floats,
    gradient: Floats,
    rows: Floats,
    row_lower: Floats,
    row_upper: Floats,
    lower: Floats,
    upper: Floats,
) -> Optimum:
    """Minimise ½ x'Hx + g'x over row_lower ≤ rows·x ≤ row_upper and lower ≤ x ≤ upper, which must not be empty.

    Args:
        hessian: (N, N) positive definite, of any scale.
        gradient: (N,).
        rows: (R, N); a row with equal limits is an equation.
        row_lower: (R,).
        row_upper: (R,).
        lower: (N,).
        upper: (N,).

    Raises:
        SolverFailed: no optimum was found, or the one found misses the optimality conditions by more than 1e-7.
    """
    if (lower == upper).any():
        return _without_fixed(hessian, gradient, rows, row_lower, row_upper, lower, upper)
    if len(rows) > 2:
        rows, row_lower, row_upper = _independent(rows, row_lower, row_upper)
    return _solved(hessian, gradient, rows, row_lower, row_upper, lower, upper)


def _without_fixed(
    hessian: Floats,
    gradient: Floats,
    rows: Floats,
    row_lower: Floats,
    row_upper: Floats,
    lower: Floats,
    upper: Floats,
) -> Optimum:
    """Solve for the variables that are free; rows that hold none of them are what they are."""
    free = lower < upper
    x = lower.copy()
    if not free.any():
        return Optimum(x=x, kkt_residual=0.0)
    pull = gradient[free] + hessian[np.ix_(free, ~free)] @ x[~free]
    done = rows[:, ~free] @ x[~free]
    left = rows[:, free]
    kept = left.any(axis=1)
    low, high = (row_lower - done)[kept], (row_upper - done)[kept]
    high = np.where((row_lower == row_upper)[kept], low, high)
    left, low, high = _independent(left[kept], low, high)
    found = _solved(hessian[np.ix_(free, free)], pull, left, low, high, lower[free], upper[free])
    x[free] = found.x
    return Optimum(x=x, kkt_residual=found.kkt_residual)


def _independent(rows: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
    """Leave out equations that follow from the ones before; they are known to agree."""
    kept: list[int] = []
    basis: list[Floats] = []
    for k, row in enumerate(rows):
        if low[k] == high[k]:
            rest = row / np.linalg.norm(row)
            for _ in range(2):
                for direction in basis:
                    rest = rest - (rest @ direction) * direction
            size = float(np.linalg.norm(rest))
            if size < _DEPENDENT:
                continue
            basis.append(rest / size)
        kept.append(k)
    return rows[kept], low[kept], high[kept]


def _solved(
    hessian: Floats,
    gradient: Floats,
    rows: Floats,
    row_lower: Floats,
    row_upper: Floats,
    lower: Floats,
    upper: Floats,
) -> Optimum:
    """Hand the program to daqp, scaled to curvatures near one, and check what comes back."""
    n = len(gradient)
    scale = n / float(hessian.ravel()[:: n + 1].sum())
    scaled, pull = hessian * scale, gradient * scale
    sense = np.zeros(n + len(rows), dtype=np.int32)
    sense[n:] = _EQUALITY if row_lower is row_upper else np.where(row_lower == row_upper, _EQUALITY, 0)
    limits = (rows, np.concatenate((lower, row_lower)), np.concatenate((upper, row_upper)), sense)
    worst: SolverFailed | None = None
    for method in (_at_once, _by_steps):
        try:
            x, residual = method(scaled, pull, *limits)
        except SolverFailed as failed:
            worst = failed
            continue
        x = np.minimum(np.maximum(x, lower), upper)
        values = rows @ x
        sides = zip(values.tolist(), row_lower.tolist(), row_upper.tolist(), strict=True)
        violation = max([max(low - value, value - high) for value, low, high in sides], default=0.0)
        if residual < _TRUSTED and violation < _FEASIBLE:
            return Optimum(x=x, kkt_residual=max(residual, violation))
        worst = SolverFailed(exit_flag=_SOLVED, residual=max(residual, violation))
    raise worst or SolverFailed(exit_flag=_SOLVED, residual=math.nan)


def _at_once(
    hessian: Floats, gradient: Floats, rows: Floats, low: Floats, high: Floats, sense: Senses
) -> tuple[Floats, float]:
    """Return x and what is left of stationarity, relative to the mean curvature."""
    x, multipliers = _daqp(hessian, gradient, rows, low, high, sense)
    return x, _residual(hessian, gradient, x, multipliers, rows)


def _by_steps(
    hessian: Floats, gradient: Floats, rows: Floats, low: Floats, high: Floats, sense: Senses
) -> tuple[Floats, float]:
    """Solve where H is nearly singular by the proximal point method: each step adds ½ ρ|x − last|² to the objective.

    The optimum is a fixed point; what is left of stationarity after a step is ρ|x − last|.
    """
    curved = hessian + _PROXIMAL * np.eye(len(gradient))
    x = np.zeros(len(gradient))
    residual = np.inf
    for _ in range(_STEPS):
        last = x
        x, multipliers = _daqp(curved, gradient - _PROXIMAL * last, rows, low, high, sense)
        residual = _residual(hessian, gradient, x, multipliers, rows)
        if residual < _SETTLED:
            break
    return x, residual


def _residual(hessian: Floats, gradient: Floats, x: Floats, multipliers: Floats, rows: Floats) -> float:
    n = len(gradient)
    left = hessian @ x
    left += gradient
    left += multipliers[:n]
    left += multipliers[n:] @ rows
    return math.sqrt(float(left @ left))


def _daqp(
    hessian: Floats, gradient: Floats, matrix: Floats, low: Floats, high: Floats, sense: Senses
) -> tuple[Floats, Floats]:
    import daqp  # noqa: PLC0415  70 ms that an error or `--help` need not pay

    x, _, flag, info = daqp.solve(
        hessian, gradient, matrix, high, low, sense, primal_tol=1e-11, dual_tol=1e-12
    )
    if flag != _SOLVED:
        raise SolverFailed(exit_flag=int(flag), residual=float("nan"))
    return np.asarray(x), np.asarray(info["lam"])
