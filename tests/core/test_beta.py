"""Least squares against statsmodels, by hand, and by the properties any beta has."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from betacli.core.beta import PRESETS, Recipe, age_weights, estimate, ols
from betacli.core.regress import n_lags, newey_west, regress


def simulated(seed: int, n_rows: int, n_assets: int, gaps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.03, n_rows)
    betas = rng.uniform(0.3, 2.0, n_assets)
    returns = market[:, None] * betas + rng.normal(0, 0.03, (n_rows, n_assets))
    returns[rng.random(returns.shape) < gaps] = np.nan
    return returns, market


def test_a_beta_worked_by_hand() -> None:
    """Four returns: m = 1, 2, 3, 4 %; r = 2, 3, 5, 6 %. Sxy = 7, Sxx = 5, so β = 1.4; e'e = 0.2, SE = √(0.1/5)."""
    market = np.array([0.01, 0.02, 0.03, 0.04])
    returns = np.array([[0.02], [0.03], [0.05], [0.06]])
    fit = ols(returns, market)
    assert fit.beta[0] == pytest.approx(1.4, rel=1e-12)
    assert fit.std_error[0] == pytest.approx(np.sqrt(0.1 / 5), rel=1e-12)
    assert fit.r_squared[0] == pytest.approx(9.8 / 10, rel=1e-12)
    # with two degrees of freedom the quantile has a closed form: a√2 / √(1 − a²), a = 0.95
    t = 0.95 * np.sqrt(2) / np.sqrt(1 - 0.95**2)
    assert fit.ci_high[0] - fit.beta[0] == pytest.approx(t * np.sqrt(0.02), rel=1e-12)


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_ols_is_that_of_statsmodels(gaps: float) -> None:
    """β, SE, R² and the interval agree to 1e-9 relative, on the rows each asset shares with the market."""
    returns, market = simulated(1, 90, 12, gaps)
    fit = ols(returns, market)
    for i in range(12):
        seen = np.isfinite(returns[:, i])
        reference = sm.OLS(returns[seen, i], sm.add_constant(market[seen])).fit()
        assert fit.beta[i] == pytest.approx(reference.params[1], rel=1e-9)
        assert fit.std_error[i] == pytest.approx(reference.bse[1], rel=1e-9)
        assert fit.r_squared[i] == pytest.approx(reference.rsquared, rel=1e-9)
        low, high = reference.conf_int()[1]
        assert (fit.ci_low[i], fit.ci_high[i]) == (
            pytest.approx(low, rel=1e-9),
            pytest.approx(high, rel=1e-9),
        )
        assert fit.n_obs[i] == seen.sum()
        assert fit.residual_vol[i] == pytest.approx(np.sqrt(reference.mse_resid), rel=1e-9)


def test_weighted_betas_are_those_of_statsmodels_wls() -> None:
    """With exponential weights β is that of WLS; its standard error is the sandwich of equal noise, by a loop here."""
    returns, market = simulated(2, 180, 5, 0.05)
    fit = estimate(PRESETS["ewma-60d"], returns, market, 1.0)
    w_all = 0.5 ** (np.arange(179, -1, -1) / 60.0)
    for i in range(5):
        seen = np.isfinite(returns[:, i])
        w, x, y = w_all[seen], market[seen], returns[seen, i]
        reference = sm.WLS(y, sm.add_constant(x), weights=w).fit()
        assert fit.beta[i] == pytest.approx(reference.params[1], rel=1e-9)
        centred = x - np.average(x, weights=w)
        n_eff = w.sum() ** 2 / (w**2).sum()
        noise = np.average(reference.resid**2, weights=w) * n_eff / (n_eff - 2)
        expected = np.sqrt(noise * sum(w**2 * centred**2)) / sum(w * centred**2)
        assert fit.std_error[i] == pytest.approx(expected, rel=1e-9)
        assert fit.n_eff[i] == pytest.approx(n_eff, rel=1e-12)


def test_ageing_halves_at_the_half_life() -> None:
    """The newest return weighs 1, one half-life back 1/2, two back 1/4."""
    weights = age_weights(21, 10.0)
    assert weights[[20, 10, 0]] == pytest.approx([1.0, 0.5, 0.25], rel=1e-15)


def test_flat_weights_are_ols() -> None:
    """Equal weights of any size change nothing."""
    returns, market = simulated(3, 60, 4)
    a, b = ols(returns, market), regress(returns, market, np.full(60, 7.5))
    for name in ("beta", "std_error", "correlation", "residual_vol", "n_eff"):
        assert getattr(b, name) == pytest.approx(getattr(a, name), rel=1e-12)


@pytest.mark.parametrize("half_life", [None, 60.0])
def test_hac_errors_are_those_of_statsmodels(half_life: float | None) -> None:
    """Newey-West, Bartlett, ⌊4 (T/100)^(2/9)⌋ lags, no small-sample factor: to 1e-9, flat and weighted."""
    rng = np.random.default_rng(11)
    market = rng.normal(0, 0.03, 180)
    shock = rng.normal(0, 0.03, (181, 6))
    returns = market[:, None] * 1.2 + shock[1:] + 0.6 * shock[:-1]  # errors that overlap
    recipe = Recipe(errors="hac", half_life_days=half_life)
    fit = estimate(recipe, returns, market, 1.0)
    w = np.ones(180) if half_life is None else 0.5 ** (np.arange(179, -1, -1) / half_life)
    for i in range(6):
        reference = sm.WLS(returns[:, i], sm.add_constant(market), weights=w).fit(
            cov_type="HAC", cov_kwds={"maxlags": int(np.floor(4 * 1.8 ** (2 / 9))), "use_correction": False}
        )
        assert fit.beta[i] == pytest.approx(reference.params[1], rel=1e-9)
        assert fit.std_error[i] == pytest.approx(reference.bse[1], rel=1e-9)


def test_hac_lags_count_bars_and_not_rows() -> None:
    """Across a gap nothing is multiplied: the variance is that of a double loop over the bars that are there."""
    rng = np.random.default_rng(12)
    scores = rng.normal(0, 1, (150, 3))
    scores[rng.random(scores.shape) < 0.2] = 0.0
    n_obs = (scores != 0).sum(axis=0).astype(float)
    found = newey_west(scores, n_obs)
    for i in range(3):
        lags = int(np.floor(4 * (n_obs[i] / 100) ** (2 / 9)))
        assert lags == n_lags(n_obs)[i]
        expected = sum(
            (1 - abs(s - t) / (lags + 1)) * scores[s, i] * scores[t, i]
            for s in range(150)
            for t in range(150)
            if abs(s - t) <= lags
        )
        assert found[i] == pytest.approx(expected, rel=1e-12)


def test_what_cannot_be_estimated_is_nan() -> None:
    """Two common returns, a benchmark that does not move, or no common return: NaN everywhere, no number."""
    nan = np.nan
    returns = np.array([[0.01, nan, 0.02], [0.02, nan, nan], [nan, nan, 0.01], [0.0, 0.03, nan]])
    short = ols(returns[:2], np.array([0.01, 0.02]))
    assert np.isnan(short.beta).all()
    still = ols(returns, np.zeros(4))
    assert np.isnan(still.beta).all()
    assert np.isnan(still.std_error).all()
    fit = ols(returns, np.array([0.01, -0.01, 0.02, 0.005]))
    assert np.isfinite(fit.beta[0])
    assert np.isnan(fit.beta[1:]).all()
    assert list(fit.n_obs) == [3, 1, 2]


def test_an_asset_that_is_the_benchmark_has_beta_one() -> None:
    """β = 1, SE = 0, R² = 1; and an asset that never moves has beta 0 and no correlation."""
    market = np.random.default_rng(5).normal(0, 0.02, 60)
    fit = ols(np.column_stack([market, np.zeros(60)]), market)
    assert fit.beta == pytest.approx([1.0, 0.0], abs=1e-12)
    assert fit.std_error == pytest.approx([0.0, 0.0], abs=1e-12)
    assert fit.r_squared[0] == pytest.approx(1.0)
    assert np.isnan(fit.r_squared[1])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), scale=st.floats(0.01, 50), shift=st.floats(-0.1, 0.1), n=st.integers(5, 80)
)
def test_properties_of_any_beta(seed: int, scale: float, shift: float, n: int) -> None:
    """Scaling an asset scales β, a constant changes nothing, order of assets changes nothing, NaN rows are ignored."""
    returns, market = simulated(seed, n, 3)
    plain = ols(returns, market).beta
    assert ols(returns * scale, market).beta == pytest.approx(plain * scale, rel=1e-9, abs=1e-12)
    assert ols(returns + shift, market).beta == pytest.approx(plain, rel=1e-7, abs=1e-9)
    assert ols(returns[:, ::-1], market).beta == pytest.approx(plain[::-1], rel=1e-12)
    padded = np.vstack([returns, np.full((2, 3), np.nan)])
    assert ols(padded, np.append(market, [0.5, np.nan])).beta == pytest.approx(plain, rel=1e-12)


def test_a_basket_has_the_weighted_beta_on_one_sample() -> None:
    """β of Σwr is Σwβ: least squares is linear."""
    returns, market = simulated(6, 90, 4)
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    whole = ols((returns @ weights)[:, None], market).beta[0]
    assert whole == pytest.approx(weights @ ols(returns, market).beta, rel=1e-12)
