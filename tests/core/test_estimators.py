"""Every estimator against a second implementation written as loops, or by hand."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from betacli.core.beta import PRESETS, BetaEstimates, Recipe, estimate, quantiles
from betacli.core.kalman import GRID
from betacli.core.regress import regress
from betacli.core.shrink import vasicek
from betacli.core.winsorise import clip_to_band


def simulated(seed: int, n_rows: int, n_assets: int, gaps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    market = rng.standard_t(5, n_rows) * 0.02
    betas = rng.uniform(0.3, 2.0, n_assets)
    returns = np.maximum(market[:, None] * betas + rng.standard_t(4, (n_rows, n_assets)) * 0.02, -0.9)
    returns[rng.random(returns.shape) < gaps] = np.nan
    return returns, market


def run(preset: str, returns: np.ndarray, market: np.ndarray) -> BetaEstimates:
    return estimate(PRESETS[preset], returns, market, 1.0)


def loop_welch(r: np.ndarray, m: np.ndarray, w: np.ndarray, center: float) -> float:
    clipped = [
        min(max(x, min((center - 3) * y, (center + 3) * y)), max((center - 3) * y, (center + 3) * y))
        for x, y in zip(r, m, strict=True)
    ]
    return float(sm.WLS(clipped, sm.add_constant(m), weights=w).fit().params[1])


@pytest.mark.parametrize("center", [1.0, 1.5])
@pytest.mark.parametrize("half_life", [None, 40.0])
def test_welch_clips_and_regresses(center: float, half_life: float | None) -> None:
    """Each return is clipped to the band between (center − 3) m and (center + 3) m, then regressed as the weights say."""
    returns, market = simulated(1, 150, 8, 0.1)
    fit = estimate(Recipe(band=3.0, center=center, half_life_days=half_life), returns, market, 1.0)
    w = np.ones(150) if half_life is None else 0.5 ** (np.arange(149, -1, -1) / half_life)
    for i in range(8):
        seen = np.isfinite(returns[:, i])
        assert fit.beta[i] == pytest.approx(
            loop_welch(returns[seen, i], market[seen], w[seen], center), rel=1e-9
        )


def test_a_band_worked_by_hand() -> None:
    """At m = +1 % the band is −2 % to 4 %, at m = −1 % it is −4 % to 2 %, at 0 it is 0; NaN stays NaN."""
    clipped = clip_to_band(
        np.array([[0.09], [-0.09], [0.03], [0.05], [np.nan]]), np.array([0.01, 0.01, 0.01, -0.01, 0.01])
    )
    assert clipped[:, 0] == pytest.approx([0.04, -0.02, 0.03, 0.02, np.nan], nan_ok=True)
    assert clip_to_band(np.array([[0.05]]), np.zeros(1))[0, 0] == 0.0


def test_a_wide_band_is_no_band() -> None:
    """With a band that holds every return, beta and R² are those of OLS, nothing is biased, the error is HC2."""
    returns, market = simulated(2, 120, 5)
    wide, plain = (estimate(Recipe(band=band), returns, market, 1.0) for band in (1e9, None))
    assert wide.beta == pytest.approx(plain.beta, rel=1e-12)
    assert wide.r_squared == pytest.approx(plain.r_squared, rel=1e-12)
    assert wide.bias == pytest.approx(np.zeros(5), abs=1e-12)
    for i in range(5):
        reference = sm.OLS(returns[:, i], sm.add_constant(market)).fit(cov_type="HC2")
        ours = wide.std_error[i]
        leverage = sm.OLS(returns[:, i], sm.add_constant(market)).fit().get_influence().hat_matrix_diag
        x = market - market.mean()
        h = leverage - 1 / 120
        e = reference.resid
        assert ours == pytest.approx(np.sqrt((x**2 * e**2 / (1 - h)).sum()) / (x**2).sum(), rel=1e-9)
        assert ours == pytest.approx(reference.bse[1], rel=0.01)


def test_the_bias_of_a_band_is_what_it_adds_to_the_truth() -> None:
    """At a true beta of 2 clipping pulls toward 1; over many samples the beta less its bias averages 2, it does not."""
    rng = np.random.default_rng(3)
    market = rng.standard_t(5, 360) * 0.02
    returns = 2.0 * market[:, None] + rng.standard_t(4, (360, 3000)) * 0.02
    fit = estimate(Recipe(band=3.0), returns, market, 1.0)
    spread = (fit.beta - fit.bias).std() / np.sqrt(3000)
    assert fit.beta.mean() < 2 - 10 * spread
    assert (fit.beta - fit.bias).mean() == pytest.approx(2.0, abs=4 * spread)


@pytest.mark.parametrize(("n_lags", "half_life"), [(1, None), (3, None), (2, 50.0)])
def test_dimson_is_the_sum_over_lags(n_lags: int, half_life: float | None) -> None:
    """β is c'b and SE² is c'Vc of a regression on m and its lags, flat in statsmodels; weighted by a second formula."""
    returns, market = simulated(4, 140, 6, 0.1)
    recipe = Recipe(estimator="dimson", n_lags=n_lags, half_life_days=half_life)
    fit = estimate(recipe, returns, market, 1.0)
    w_all = np.ones(140) if half_life is None else 0.5 ** (np.arange(139, -1, -1) / half_life)
    x_all = np.array([[1.0] + [market[t - lag] for lag in range(n_lags + 1)] for t in range(n_lags, 140)])
    c = np.array([0.0] + [1.0] * (n_lags + 1))
    for i in range(6):
        y = returns[n_lags:, i]
        seen = np.isfinite(y)
        x, y, w = x_all[seen], y[seen], w_all[n_lags:][seen]
        reference = sm.WLS(y, x, weights=w).fit()
        assert fit.beta[i] == pytest.approx(c @ reference.params, rel=1e-9)
        n_eff = w.sum() ** 2 / (w**2).sum()
        noise = (w * reference.resid**2).sum() / w.sum() * n_eff / (n_eff - n_lags - 2)
        bread = np.linalg.inv(x.T @ np.diag(w) @ x)
        variance = c @ bread @ x.T @ np.diag(w**2) @ x @ bread @ c * noise
        assert fit.std_error[i] == pytest.approx(np.sqrt(variance), rel=1e-9)
        if half_life is None:
            assert fit.std_error[i] == pytest.approx(np.sqrt(c @ reference.cov_params() @ c), rel=1e-9)
            low, high = reference.t_test(c).conf_int()[0]
            assert (fit.ci_low[i], fit.ci_high[i]) == (
                pytest.approx(low, rel=1e-9),
                pytest.approx(high, rel=1e-9),
            )


def test_dimson_hac_is_that_of_statsmodels() -> None:
    """With `hac` the covariance of the coefficients is Newey and West's."""
    returns, market = simulated(5, 141, 4)
    fit = estimate(Recipe(estimator="dimson", errors="hac"), returns, market, 1.0)
    x = sm.add_constant(np.column_stack([market[1:], market[:-1]]))
    c = np.array([0.0, 1.0, 1.0])
    for i in range(4):
        reference = sm.OLS(returns[1:, i], x).fit(
            cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": False}
        )
        assert fit.std_error[i] == pytest.approx(np.sqrt(c @ reference.cov_params() @ c), rel=1e-9)


def test_scholes_williams_by_a_loop() -> None:
    """(b₋₁ + b₀ + b₊₁) / (1 + 2ρ): three simple regressions on the rows all of them have."""
    returns, market = simulated(6, 130, 5, 0.1)
    fit = estimate(PRESETS["scholes-williams-90d"], returns, market, 1.0)
    rho = np.corrcoef(market[1:], market[:-1])[0, 1]
    for i in range(5):
        rows = [t for t in range(1, 129) if np.isfinite(returns[t, i])]
        slopes = [
            np.polyfit([market[t + k] for t in rows], [returns[t, i] for t in rows], 1)[0] for k in (-1, 0, 1)
        ]
        assert fit.beta[i] == pytest.approx(sum(slopes) / (1 + 2 * rho), rel=1e-9)
        assert fit.n_obs[i] == len(rows)


def test_late_answers_are_found_by_the_sums_over_lags() -> None:
    """An asset that takes 40 % of the move a bar later has six tenths of its beta for OLS, and all of it for the sums."""
    rng = np.random.default_rng(8)
    market = rng.normal(0, 0.03, 3000)
    market -= market.mean()
    late = 0.6 * 1.5 * market + 0.4 * 1.5 * np.append(0, market[:-1])
    returns = late[:, None] + rng.normal(0, 0.03, (3000, 40))
    found = {
        name: run(name, returns, market).beta.mean()
        for name in ("ols-90d", "dimson-90d", "scholes-williams-90d")
    }
    assert found["ols-90d"] == pytest.approx(0.9, abs=0.05)
    assert found["dimson-90d"] == pytest.approx(1.5, abs=0.05)
    assert found["scholes-williams-90d"] == pytest.approx(1.5, abs=0.05)


def test_vasicek_by_a_loop() -> None:
    """κb + (1 − κ)μ with κ = τ²/(τ² + SE²), τ² = max(0, Var(b) − mean SE²), and the interval of the docstring."""
    returns, market = simulated(9, 90, 14, 0.05)
    plain = estimate(Recipe(), returns, market, 1.0)
    fit = estimate(PRESETS["vasicek-90d"], returns, market, 1.0)
    b, se2 = list(plain.beta), list(plain.std_error**2)
    mu = sum(b) / 14
    found, noise = sum((x - mu) ** 2 for x in b) / 13, sum(se2) / 14
    tau2 = max(0.0, found - noise)
    scores = np.zeros((90, 14))
    for i in range(14):
        seen = np.isfinite(returns[:, i])
        x = market[seen] - market[seen].mean()
        residual = sm.OLS(returns[seen, i], sm.add_constant(market[seen])).fit().resid
        scores[seen, i] = x * residual / (x @ x)
    common = scores.mean(axis=1)
    own_tau2 = max(0.0, found - 14 / 13 * (noise - common @ common))
    assert tau2 > 0
    for i in range(14):
        kappa = tau2 / (tau2 + se2[i])
        assert fit.beta[i] == pytest.approx(kappa * b[i] + (1 - kappa) * mu, rel=1e-9)
        variance = (
            kappa**2 * se2[i]
            + (1 - kappa) ** 2 * (own_tau2 + common @ common)
            + 2 * kappa * (1 - kappa) * (common @ scores[:, i])
            + (1 - kappa) ** 2 * (b[i] - mu) ** 2 * 2 / 11
        )
        assert fit.std_error[i] == pytest.approx(np.sqrt(variance), rel=1e-9)


def test_vasicek_shrinks_to_the_sector_or_to_the_universe() -> None:
    """A sector of five or more has its own mean, a smaller one the universe's; four assets in all are left alone."""
    returns, market = simulated(10, 90, 13)
    groups = np.array([0.0] * 6 + [1.0] * 7)
    groups[12] = 2.0
    recipe = PRESETS["vasicek-90d"]
    b, se = (getattr(estimate(Recipe(), returns, market, 1.0), name) for name in ("beta", "std_error"))
    fit = estimate(recipe, returns, market, 1.0, groups=groups)
    kappa = 1 - se**2 / (se**2 + max(0.0, b.var(ddof=1) - (se**2).mean()))
    toward = np.array([b[:6].mean()] * 6 + [b[6:12].mean()] * 6 + [b.mean()])
    assert fit.beta == pytest.approx(kappa * b + (1 - kappa) * toward, rel=1e-9)
    few = estimate(recipe, returns[:, :4], market, 1.0)
    assert few.beta == pytest.approx(b[:4], rel=1e-12)
    assert few.std_error == pytest.approx(se[:4], rel=1e-12)
    alone = regress(returns[:, :4], market, np.ones(90), with_scores=True)
    assert vasicek(alone) is alone


def test_betas_that_differ_by_noise_alone_become_one() -> None:
    """Where the spread is no wider than the noise, τ² is 0 and every beta is the mean."""
    rng = np.random.default_rng(1)
    market = rng.normal(0, 0.03, 90)
    for _ in range(20):
        returns = market[:, None] + rng.normal(0, 0.05, (90, 20))
        b = estimate(Recipe(), returns, market, 1.0)
        if b.beta.var(ddof=1) < (b.std_error**2).mean():
            fit = estimate(PRESETS["vasicek-90d"], returns, market, 1.0)
            assert fit.beta == pytest.approx(np.full(20, b.beta.mean()), rel=1e-12)
            assert (fit.std_error > 0).all()
            return
    pytest.fail("no sample with less spread than noise")


def test_blume_and_frazzini_pedersen_by_hand() -> None:
    """Blume is 1/3 + 2/3 b, or toward another beta; Frazzini and Pedersen 0.4 + 0.6 ρσᵢ/σₘ on two horizons."""
    returns, market = simulated(12, 365, 4)
    b = estimate(Recipe(), returns, market, 1.0).beta
    assert run("blume-90d", returns, market).beta == pytest.approx(1 / 3 + 2 / 3 * b, rel=1e-12)
    toward = estimate(replace(PRESETS["blume-90d"], toward=1.4), returns, market, 1.0).beta
    assert toward == pytest.approx(1.4 / 3 + 2 / 3 * b, rel=1e-12)
    found = run("frazzini-pedersen", returns, market).beta
    m = [float(np.log(1 + x)) for x in market]
    for i in range(4):
        r = [float(np.log(1 + x)) for x in returns[:, i]]
        three = [(sum(r[t - 2 : t + 1]), sum(m[t - 2 : t + 1])) for t in range(2, 365)]
        rho = np.corrcoef(np.array(three).T)[0, 1]
        ratio = np.std(r[-90:], ddof=1) / np.std(m[-90:], ddof=1)
        assert found[i] == pytest.approx(0.4 + 0.6 * rho * ratio, rel=1e-9)


def loop_filter(
    r: np.ndarray, m: np.ndarray, lam: float, b: float, p: float
) -> tuple[float, float, float, float, int]:
    """Return b, p, Σ ln f, Σ v²/f and the bars used, one bar at a time as in a textbook."""
    log_f = squares = 0.0
    n = 0
    for x, y in zip(m, r, strict=True):
        p += lam
        if np.isfinite(x) and np.isfinite(y):
            f = x * p * x + 1
            v = y - b * x
            gain = p * x / f
            b, p = b + gain * v, (1 - gain * x) * p
            log_f, squares, n = log_f + np.log(f), squares + v * v / f, n + 1
    return b, p, log_f, squares, n


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_kalman_by_a_loop(gaps: float) -> None:
    """Burn-in by OLS, (q, R) by likelihood on the burn-in alone, then a filter that sees each bar once."""
    returns, market = simulated(13, 180, 5, gaps)
    fit = estimate(PRESETS["kalman-180d"], returns, market, 1.0)
    for i in range(5):
        r, m = returns[:90, i], market[:90]
        seen = np.isfinite(r)
        start = sm.OLS(r[seen], sm.add_constant(m[seen])).fit()
        level, power = start.params[0], (m[seen] ** 2).mean()
        costs = []
        for scaled in GRID:
            _, _, log_f, squares, n = loop_filter(r - level, m, scaled / power, 0.0, 1e6 / power)
            costs.append((log_f + (n - 1) * np.log(squares / (n - 1)), scaled / power, squares / (n - 1)))
        _, lam, noise = min(costs)
        b, p, *_ = loop_filter(
            returns[90:, i] - level, market[90:], lam, start.params[1], start.bse[1] ** 2 / noise
        )
        assert fit.beta[i] == pytest.approx(b, rel=1e-9)
        assert fit.std_error[i] == pytest.approx(np.sqrt(p * noise), rel=1e-9)
    assert fit.interval == "normal"
    assert fit.ci_high - fit.beta == pytest.approx(stats.norm.ppf(0.975) * fit.std_error, rel=1e-9)


def test_the_grid_of_the_kalman_filter_is_fine_enough() -> None:
    """The likelihood at the grid's best λ is within 0.15 of the greatest one, found by SciPy: nothing a test would see."""
    returns, market = simulated(14, 180, 6)
    for i in range(6):
        r, m = returns[:90, i] - returns[:90, i].mean(), market[:90]
        power = (m**2).mean()

        def half_cost(scaled: float, r: np.ndarray = r, m: np.ndarray = m, power: float = power) -> float:
            _, _, log_f, squares, n = loop_filter(r, m, scaled / power, 0.0, 1e6 / power)
            return float(log_f + (n - 1) * np.log(squares / (n - 1))) / 2

        best = optimize.minimize_scalar(lambda x: half_cost(10**x), bounds=(-6, 0), method="bounded")
        assert min(half_cost(g) for g in GRID) - min(best.fun, half_cost(0.0)) < 0.15


def test_kalman_follows_a_beta_that_wanders() -> None:
    """With a beta that goes from 1 to 2 the filtered one ends nearer to 2 than OLS does."""
    rng = np.random.default_rng(15)
    market = rng.normal(0, 0.03, 180)
    path = np.linspace(1, 2, 180)
    returns = (path * market)[:, None] + rng.normal(0, 0.01, (180, 30))
    filtered, plain = run("kalman-180d", returns, market).beta, run("ols-180d", returns, market).beta
    assert abs(filtered.mean() - 2) < abs(plain.mean() - 2) / 2


@pytest.mark.parametrize(("preset", "side"), [("downside-180d", -1), ("upside-180d", 1)])
def test_the_sides_are_regressions_on_their_own_bars(preset: str, side: int) -> None:
    """OLS with an intercept on the bars where the benchmark fell, or rose; `n_obs` is how many these are."""
    returns, market = simulated(16, 180, 4, 0.05)
    fit = run(preset, returns, market)
    for i in range(4):
        seen = np.isfinite(returns[:, i]) & (side * market > 0)
        reference = sm.OLS(returns[seen, i], sm.add_constant(market[seen])).fit()
        assert fit.beta[i] == pytest.approx(reference.params[1], rel=1e-9)
        assert fit.std_error[i] == pytest.approx(reference.bse[1], rel=1e-9)
        assert fit.n_obs[i] == seen.sum()


def test_quantiles_of_effective_samples_are_those_of_scipy() -> None:
    """Student's t at any degrees of freedom to 1e-9 relative, NaN where there are none."""
    dof = np.array([1.0, 2.5, 7.3, 49.99, 50.0, 50.01, 77.7, 123.456, 9876.5, 2e6, np.inf])
    assert quantiles(0.975, dof) == pytest.approx(stats.t.ppf(0.975, dof), rel=1e-9)
    assert np.isnan(quantiles(0.975, np.array([0.0, -3.0, np.nan]))).all()
