"""Betas and their standard errors, for every asset at once.

An estimator is a recipe: which bars, how far back, and how the observations are weighted. A preset is one row of
`PRESETS`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from betacli.core.model import Floats
from betacli.core.student import t_quantile

CONFIDENCE = 0.95
MIN_OBS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a beta is estimated: bars of `timeframe` over `window_days`, aged by `half_life_days` (None: not at all).

    `estimator` is a key of `ESTIMATORS`; `daily_sibling` names the preset that replaces this one where the source
    has only daily bars.
    """

    estimator: str = "ols"
    timeframe: str = "1d"
    window_days: float = 90
    half_life_days: float | None = None
    daily_sibling: str | None = None

    def aged(self, half_life_days: float) -> "Recipe":
        """Return the same recipe with exponential weights."""
        return replace(self, estimator="ewma", half_life_days=half_life_days)


PRESETS: dict[str, Recipe] = {
    "ols-90d": Recipe(),
    "ols-180d": Recipe(window_days=180),
    "ewma-60d": Recipe(estimator="ewma", window_days=180, half_life_days=60),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BetaEstimates:
    """One entry (N,) per asset; NaN where it cannot be estimated.

    `beta`, `std_error`, and the 95 % interval `ci_low`, `ci_high` from Student's t with `n_eff` − 2 degrees of
    freedom; `r_squared` and `correlation` weighted like the beta; `residual_vol` per bar; `n_obs` returns used;
    `n_eff` = (Σw)² / Σw², which is `n_obs` where the weights are flat.
    """

    beta: Floats
    std_error: Floats
    ci_low: Floats
    ci_high: Floats
    r_squared: Floats
    correlation: Floats
    residual_vol: Floats
    n_obs: Floats
    n_eff: Floats


def age_weights(n_bars: int, half_life_bars: float) -> Floats:
    """Return 0.5^(age / half-life) for bars oldest first; the newest has age 0 and weight 1. Shape (n_bars,)."""
    age = np.arange(n_bars - 1, -1, -1, dtype=np.float64)
    return np.asarray(0.5 ** (age / half_life_bars))


def regress(returns: Floats, market: Floats, weights: Floats) -> BetaEstimates:
    """Regress each asset on the market with an intercept, on the rows the two share.

    β = Σw(m−m̄)(r−r̄) / Σw(m−m̄)². The weights say how much an observation counts, not how noisy it is, so the
    standard error is that of a weighted mean of products under equal noise:
    SE² = σ² Σw²(m−m̄)² / (Σw(m−m̄)²)², σ² = (Σwe² / Σw) · N_eff / (N_eff − 2). Flat weights give OLS exactly.

    Args:
        returns: (T, N) simple returns, NaN where missing.
        market: (T,) benchmark returns, NaN where missing.
        weights: (T,) positive, one per bar.

    Returns:
        Estimates per asset; all NaN for an asset with fewer than 3 common returns (or N_eff ≤ 2), or where the
        benchmark does not move on them.
    """
    both = np.isfinite(returns) & np.isfinite(market)[:, None]
    w = np.where(both, weights[:, None], 0.0)
    total = w.sum(axis=0)
    n_obs = both.sum(axis=0).astype(np.float64)
    m_raw = np.where(both, market[:, None], 0.0)
    r_raw = np.where(both, returns, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        n_eff = total**2 / (w**2).sum(axis=0)
        m = np.where(both, m_raw - (w * m_raw).sum(axis=0) / total, 0.0)
        r = np.where(both, r_raw - (w * r_raw).sum(axis=0) / total, 0.0)
        s_mm = (w * m * m).sum(axis=0)
        s_mr = (w * m * r).sum(axis=0)
        s_rr = (w * r * r).sum(axis=0)
        moves = s_mm > 1e-28 * total * (1.0 + (m_raw**2).max(axis=0, initial=0.0))
        known = (n_obs >= MIN_OBS) & (n_eff > 2) & moves
        beta = np.where(known, s_mr / s_mm, np.nan)
        residual = np.where(both, r - np.where(known, beta, 0.0) * m, 0.0)
        mean_square = (w * residual * residual).sum(axis=0) / total
        noise = mean_square * n_eff / (n_eff - 2)
        std_error = np.where(known, np.sqrt(noise * (w * w * m * m).sum(axis=0)) / s_mm, np.nan)
        varies = known & (s_rr > 1e-28 * total)
        correlation = np.where(varies, np.clip(s_mr / np.sqrt(s_mm * s_rr), -1.0, 1.0), np.nan)
        residual_vol = np.where(known, np.sqrt(noise), np.nan)
    half_width = std_error * np.array([t_quantile(0.5 + CONFIDENCE / 2, float(n) - 2) for n in n_eff])
    return BetaEstimates(
        beta=beta,
        std_error=std_error,
        ci_low=beta - half_width,
        ci_high=beta + half_width,
        r_squared=correlation**2,
        correlation=correlation,
        residual_vol=residual_vol,
        n_obs=n_obs,
        n_eff=np.where(known, n_eff, np.nan),
    )


def ols(returns: Floats, market: Floats, _half_life_bars: float | None) -> BetaEstimates:
    """Estimate by ordinary least squares: every return in the window counts the same."""
    return regress(returns, market, np.ones(len(market)))


def ewma(returns: Floats, market: Floats, half_life_bars: float | None) -> BetaEstimates:
    """Estimate with exponential weights 0.5^(age / half-life).

    Raises:
        ValueError: no half-life is given.
    """
    if half_life_bars is None:
        message = "exponential weights need a half-life"
        raise ValueError(message)
    return regress(returns, market, age_weights(len(market), half_life_bars))


Estimator = Callable[[Floats, Floats, float | None], BetaEstimates]
ESTIMATORS: dict[str, Estimator] = {"ols": ols, "ewma": ewma}


def estimate(recipe: Recipe, returns: Floats, market: Floats, bars_per_day: float) -> BetaEstimates:
    """Estimate the betas (N,) of returns (T, N) on market (T,) by a recipe."""
    half_life = None if recipe.half_life_days is None else recipe.half_life_days * bars_per_day
    return ESTIMATORS[recipe.estimator](returns, market, half_life)
