"""Substitutes: what stands in for an asset without a usable contract, and what it costs in tracking.

The asset's own return y is regressed on the substitute's x: y = a + β_p x + e. Holding β_p of the substitute per unit
of the asset leaves e. A substitute whose R² is below `MIN_R_SQUARED` is refused: most of what moves the asset would
be missing.
"""

import math
from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Floats

MIN_R_SQUARED = 0.5
MIN_RETURNS = 30
_FLAT = 1e-28


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """How one asset follows another. `beta` and `hedge` are (K,) per unit of each substitute held.

    `std_error` of the single beta (None for a sub-basket); `r_squared` and `correlation` of the fit;
    `tracking_error` is the standard deviation of y − Σβx a year, `variance_added` its square: what replacing one unit
    of the asset adds to a basket's variance a year, where e is unrelated to the rest.
    """

    betas: tuple[float, ...]
    std_error: float | None
    r_squared: float
    correlation: float
    tracking_error: float
    variance_added: float
    n_obs: int


def substitute(asset: Floats, others: Floats, bars_per_year: float) -> Substitute | None:
    """Regress an asset on one substitute or several, with an intercept.

    Args:
        asset: (T,) returns, NaN where missing.
        others: (T, K) returns of the substitutes on the same bars.
        bars_per_year: to annualise by.

    Returns:
        None with fewer than `MIN_RETURNS` common returns, or where asset or substitutes do not move on their own.
    """
    seen = np.isfinite(asset) & np.isfinite(others).all(axis=1)
    n, k = int(seen.sum()), others.shape[1]
    if n < max(MIN_RETURNS, 10 * k) or k == 0:
        return None
    y, x = asset[seen] - asset[seen].mean(), others[seen] - others[seen].mean(axis=0)
    total = float(y @ y)
    if total <= _FLAT * n or np.linalg.matrix_rank(x) < k:
        return None
    betas = np.linalg.lstsq(x, y, rcond=None)[0]
    left = y - x @ betas
    rest = float(left @ left)
    r_squared = min(1.0, max(0.0, 1.0 - rest / total))
    variance = rest / (n - k - 1) * bars_per_year
    sign = -1.0 if k == 1 and betas[0] < 0 else 1.0
    return Substitute(
        betas=tuple(map(float, betas)),
        std_error=math.sqrt(rest / (n - 2) / float(x[:, 0] @ x[:, 0])) if k == 1 else None,
        r_squared=r_squared,
        correlation=sign * math.sqrt(r_squared),
        tracking_error=math.sqrt(variance),
        variance_added=variance,
        n_obs=n,
    )


def implied_beta(betas: tuple[float, ...], to_benchmark: tuple[float, ...]) -> float:
    """Return Σ β_p β_x: the beta to the benchmark of what is held in the asset's place."""
    return sum(own * beta for own, beta in zip(betas, to_benchmark, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SameCoin:
    """Whether two markets of one ticker trade one coin: their price ratio per coin and the correlation of returns.

    `verdict` is None where neither could be held against the limits.
    """

    price_ratio: float | None
    correlation: float | None
    n_obs: int
    verdict: bool | None


def same_coin(
    price: float | None,
    reference: float | None,
    returns: Floats,
    reference_returns: Floats,
    *,
    ratio_limit: float,
    min_correlation: float,
) -> SameCoin:
    """Hold one venue's coin against another's: prices per coin within `ratio_limit`, correlation above the least.

    Args:
        price: per coin, the multiplier taken off.
        reference: the same at the reference venue.
        returns: (T,), NaN where missing.
        reference_returns: (T,) on the same bars.
        ratio_limit: 0.03 is 3 %.
        min_correlation: 0.9.
    """
    seen = np.isfinite(returns) & np.isfinite(reference_returns)
    n = int(seen.sum())
    correlation = None
    if n >= MIN_RETURNS and returns[seen].std() > 0 and reference_returns[seen].std() > 0:
        correlation = float(np.corrcoef(returns[seen], reference_returns[seen])[0, 1])
    ratio = price / reference if price and reference else None
    failed = (ratio is not None and abs(ratio - 1) > ratio_limit) or (
        correlation is not None and correlation <= min_correlation
    )
    known = ratio is not None and correlation is not None
    return SameCoin(
        price_ratio=ratio,
        correlation=correlation,
        n_obs=n,
        verdict=False if failed else True if known else None,
    )
