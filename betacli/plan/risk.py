"""How much a basket moves, how much of that is the benchmark's, and what more beta would add."""

from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.calendar import bars_per_year
from betacli.core.returns import Covariance
from betacli.core.target import Attainable, Bounds, Solution, solve_target
from betacli.plan.measure import Measured

TENTH = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Volatilities a year, None without data."""

    total: float | None = None
    benchmark: float | None = None
    residual: float | None = None
    per_tenth_beta: float | None = None


def risk_of(
    target: float | None,
    measured: Measured,
    solution: Solution,
    reach: Attainable,
    sigma: Covariance,
    base: Floats,
    bounds: Bounds,
) -> Risk:
    """Split the basket's variance w'Σw into β²σ_m² and the rest, and price one tenth of beta by solving again."""
    if measured.panel is None or measured.market is None:
        return Risk()
    bars = bars_per_year(measured.panel.timeframe_ms)

    def vol(weights: Floats) -> float:
        return float(np.sqrt(weights @ sigma.matrix @ weights * bars))

    total = vol(solution.weights)
    seen = measured.market[np.isfinite(measured.market)]
    with_benchmark = abs(float(solution.weights @ measured.betas)) * float(seen.std()) * float(np.sqrt(bars))
    split = with_benchmark < total
    per_tenth = None
    if target is not None and target + TENTH <= reach.high:
        more = solve_target(measured.betas, sigma.matrix, base, bounds, target + TENTH)
        per_tenth = vol(more.weights) - total
    return Risk(
        total=total,
        benchmark=with_benchmark if split else None,
        residual=float(np.sqrt(total**2 - with_benchmark**2)) if split else None,
        per_tenth_beta=per_tenth,
    )
