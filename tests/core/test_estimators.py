"""The recipes beyond OLS, against loops of their own and by what holds for any of them."""

import numpy as np
import pytest
import statsmodels.api as sm

from betacli.core.beta import PRESETS, Recipe, estimate

N = 180
BARS = {"1d": 1.0, "4h": 6.0}


def simulated(seed: int, n_rows: int = N, n_assets: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.03, n_rows)
    return market[:, None] * np.linspace(0.6, 1.8, n_assets) + rng.normal(0, 0.02, (n_rows, n_assets)), market


def test_newey_west_is_that_of_statsmodels() -> None:
    """HAC errors with ⌊4 (T/100)^(2/9)⌋ lags agree to 1e-9 relative."""
    returns, market = simulated(1)
    fit = estimate(Recipe(errors="hac"), returns, market, 1.0)
    lags = int(4 * (N / 100) ** (2 / 9))
    for k in range(returns.shape[1]):
        reference = sm.OLS(returns[:, k], sm.add_constant(market)).fit(
            cov_type="HAC", cov_kwds={"maxlags": lags}
        )
        assert fit.beta[k] == pytest.approx(reference.params[1], rel=1e-9)
        assert fit.std_error[k] == pytest.approx(reference.bse[1], rel=1e-9)


def test_dimson_is_the_sum_over_the_lags() -> None:
    """The coefficients on the market and its lag, from statsmodels, added."""
    returns, market = simulated(2)
    fit = estimate(PRESETS["dimson-90d"], returns, market, 1.0)
    design = sm.add_constant(np.column_stack([market[1:], market[:-1]]))
    for k in range(returns.shape[1]):
        reference = sm.OLS(returns[1:, k], design).fit()
        assert fit.beta[k] == pytest.approx(reference.params[1:].sum(), rel=1e-9)


def test_vasicek_pulls_to_the_mean_by_its_own_noise() -> None:
    """κ = τ²/(τ² + SE²) of each OLS beta, the rest to the cross-section's mean."""
    returns, market = simulated(3)
    plain = estimate(PRESETS["ols-90d"], returns, market, 1.0)
    fit = estimate(PRESETS["vasicek-90d"], returns, market, 1.0)
    tau2 = max(0.0, plain.beta.var(ddof=1) - (plain.std_error**2).mean())
    kappa = tau2 / (tau2 + plain.std_error**2)
    assert fit.beta == pytest.approx(kappa * plain.beta + (1 - kappa) * plain.beta.mean(), rel=1e-6)


def test_blume_keeps_two_thirds() -> None:
    """1/3 + 2/3 β, without an interval."""
    returns, market = simulated(4)
    plain = estimate(PRESETS["ols-90d"], returns, market, 1.0)
    fit = estimate(PRESETS["blume-90d"], returns, market, 1.0)
    assert fit.beta == pytest.approx(1 / 3 + 2 / 3 * plain.beta, rel=1e-12)
    assert np.isnan(fit.ci_low).all()


@pytest.mark.parametrize("preset", ["downside-180d", "upside-180d"])
def test_the_sides_use_their_own_bars(preset: str) -> None:
    """OLS with an intercept where the benchmark fell, or rose."""
    returns, market = simulated(5)
    seen = market < 0 if preset.startswith("down") else market > 0
    fit = estimate(PRESETS[preset], returns, market, 1.0)
    for k in range(returns.shape[1]):
        reference = sm.OLS(returns[seen, k], sm.add_constant(market[seen])).fit()
        assert fit.beta[k] == pytest.approx(reference.params[1], rel=1e-9)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_holds_for_every_preset(preset: str) -> None:
    """The order of assets changes nothing; a constant benchmark and too few returns have no beta; intervals hold it."""
    recipe = PRESETS[preset]
    bars = BARS[recipe.timeframe]
    n_rows = round(recipe.window_days * bars)
    returns, market = simulated(6, n_rows)
    fit = estimate(recipe, returns, market, bars)
    assert np.isfinite(fit.beta).all()
    assert estimate(recipe, returns[:, ::-1], market, bars).beta == pytest.approx(fit.beta[::-1], rel=1e-9)
    assert np.isnan(estimate(recipe, returns, np.zeros(n_rows), bars).beta).all()
    assert np.isnan(estimate(recipe, np.full_like(returns, np.nan), market, bars).beta).all()
    told = np.isfinite(fit.ci_low)
    assert told.all() == (recipe.coverage is None)
    assert (fit.ci_low[told] < fit.beta[told]).all()
    assert (fit.beta[told] < fit.ci_high[told]).all()
    truth = np.linspace(0.6, 1.8, 8)
    assert np.abs(fit.beta - truth).max() < 0.6
