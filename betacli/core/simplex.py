"""Linear programs with few rows and many bounded variables, to the last bit.

    minimise c'x   subject to   row_lower ≤ A x ≤ row_upper,  lower ≤ x ≤ upper

Every variable is bounded, so putting each at the bound its cost prefers is dual feasible: the dual simplex method
needs no first phase, and a violated row that no variable can mend proves that there is no answer. Each step solves
with a basis of as many columns as there are rows, so nothing drifts.

Source: Koberstein (2005), The dual simplex method, techniques for a fast and stable implementation, chapter 3.
"""

from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Floats
from betacli.errors import SolverFailed

FEASIBLE = 1e-11
PIVOT = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vertex:
    """An optimal vertex: `x` (N,), and the reduced costs (N,) of the variables and (R,) of the rows.

    Every optimal x keeps a variable with a reduced cost above zero at its lower bound, and one below zero at its
    upper bound; the same for rows.
    """

    x: Floats
    cost: float
    reduced: Floats
    row_reduced: Floats


def minimise(
    cost: Floats, rows: Floats, row_lower: Floats, row_upper: Floats, lower: Floats, upper: Floats
) -> Vertex | None:
    """Return an optimal vertex, or None where no x satisfies the rows to 1e-11.

    Args:
        cost: (N,) of order one.
        rows: (R, N).
        row_lower: (R,) finite.
        row_upper: (R,) finite; below `row_lower` there is no answer.
        lower: (N,) finite.
        upper: (N,) finite.
    """
    if (row_lower > row_upper).any() or (lower > upper).any():
        return None
    m, n = rows.shape
    columns = np.hstack([rows, -np.eye(m)])
    low, high = np.concatenate([lower, row_lower]), np.concatenate([upper, row_upper])
    costs = np.concatenate([cost, np.zeros(m)])
    basis = np.arange(n, n + m)
    x = np.where(costs < 0, high, low)
    fixed = low == high
    for step in range(100 * (n + m)):
        by_index = step > 20 * (n + m)  # Bland's rule: slow, and never in a circle
        inverse = np.linalg.inv(columns[:, basis])
        x[basis] = 0.0
        x[basis] = -inverse @ (columns @ x)
        reduced = costs - (costs[basis] @ inverse) @ columns
        reduced[basis] = 0.0
        below, above = low[basis] - x[basis], x[basis] - high[basis]
        wrong = np.maximum(below, above)
        if wrong.max() <= FEASIBLE:
            return Vertex(x=x[:n], cost=float(cost @ x[:n]), reduced=reduced[:n], row_reduced=reduced[n:])
        if by_index:
            violated = np.flatnonzero(wrong > FEASIBLE)
            leaving = int(violated[np.argmin(basis[violated])])
        else:
            leaving = int(np.argmax(wrong))
        rising = below[leaving] > above[leaving]
        pull = inverse[leaving] @ columns * (1.0 if rising else -1.0)
        at_low = x <= low
        can_mend = np.where(at_low, pull < -PIVOT, pull > PIVOT) & ~fixed
        can_mend[basis] = False
        entering = np.flatnonzero(can_mend)
        if not len(entering):
            return None
        ratio = np.abs(reduced[entering]) / np.abs(pull[entering])
        tied = entering[ratio <= ratio.min() + 1e-13]
        chosen = int(tied[0] if by_index else tied[np.argmax(np.abs(pull[tied]))])
        gone = int(basis[leaving])
        x[gone] = low[gone] if rising else high[gone]
        basis[leaving] = chosen
    raise SolverFailed(exit_flag=-100, residual=float("nan"))
