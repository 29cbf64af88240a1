"""How much a basket moves, how much of that is the benchmark's, and what more beta would add."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.calendar import bars_per_year
from betacli.core.returns import Covariance
from betacli.core.target import Attainable, Solution, solve_target
from betacli.errors import NoAnswer
from betacli.plan.aim import Aim
from betacli.plan.measure import Measured
from betacli.plan.request import BasketRequest

TENTH = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Volatilities a year, None without data."""

    total: float | None = None
    benchmark: float | None = None
    residual: float | None = None
    per_tenth_beta: float | None = None


def risk_of(
    request: BasketRequest,
    measured: Measured,
    solution: Solution,
    reach: Attainable,
    sigma: Covariance,
    aim: Aim,
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
    if request.band is not None:
        target = float(solution.weights @ measured.betas) if request.target is None else request.target
        per_tenth = _next_tenth(target + TENTH, measured, solution, reach, sigma, aim, vol, total)
    return Risk(
        total=total,
        benchmark=with_benchmark if split else None,
        residual=float(np.sqrt(total**2 - with_benchmark**2)) if split else None,
        per_tenth_beta=per_tenth,
    )


def _next_tenth(
    target: float,
    measured: Measured,
    solution: Solution,
    reach: Attainable,
    sigma: Covariance,
    aim: Aim,
    vol: Callable[[Floats], float],
    total: float,
) -> float | None:
    """Return what the next tenth of beta adds to the volatility; None where it is out of reach."""
    if target > reach.high:
        return None
    try:
        more = solve_target(measured.betas, sigma.matrix, aim.center, solution.bounds, target, aim.turnover)
    except NoAnswer:
        return None
    return vol(more.weights) - total
