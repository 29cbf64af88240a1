"""Every preset: against the simulated truth, and by the properties any beta has."""

from dataclasses import replace

import numpy as np
import pytest

from betacli.core.beta import COVERED, ESTIMATORS, PRESETS, BetaEstimates, Recipe, estimate
from betacli.core.kalman import kalman
from betacli.data.sample import TRUE_BETAS, simulate_returns

BASES = [base for base in TRUE_BETAS if base not in {"BTC", "USDC"}]
TRUTH = np.array([TRUE_BETAS[base] for base in BASES])
NAMES = list(PRESETS)
# Shrinking by noise that is itself estimated leaves a trace, a tenth of a standard error. The simulated market is linear
# hour by hour: 24 of them compound to a curve that is steeper where the benchmark rose and flatter where it fell.
STATED_BIAS = {name: 0.01 for name, recipe in PRESETS.items() if recipe.shrink == "vasicek"}
STATED_BIAS |= {"downside-180d": 0.03, "upside-180d": 0.03}
# what a recipe does to data as a whole, and which properties it therefore loses
BANDED = [name for name, recipe in PRESETS.items() if recipe.band is not None]
PULLED_TO_ONE = [name for name, recipe in PRESETS.items() if recipe.shrink == "fixed"]
NEIGHBOURS = {"dimson", "scholes-williams", "frazzini-pedersen"}
COMPOUNDING = [name for name, recipe in PRESETS.items() if recipe.estimator == "frazzini-pedersen"]


def simulated(seed: int, n_rows: int, n_assets: int, gaps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    market = rng.standard_t(5, n_rows) * 0.02
    betas = rng.uniform(0.3, 2.0, n_assets)
    returns = np.maximum(market[:, None] * betas + rng.standard_t(4, (n_rows, n_assets)) * 0.02, -0.9)
    returns[rng.random(returns.shape) < gaps] = np.nan
    return returns, market


def sample(
    preset: str, seed: int = 7, n_assets: int = 12, gaps: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return data as long as the preset's window, at most 400 bars."""
    recipe = PRESETS[preset]
    n_rows = round(recipe.window_days * per_day(recipe))
    return simulated(seed, min(n_rows, 400), n_assets, gaps)


def per_day(recipe: Recipe) -> float:
    return {"1d": 1.0, "4h": 6.0}[recipe.timeframe]


def run(preset: str, returns: np.ndarray, market: np.ndarray) -> BetaEstimates:
    return estimate(PRESETS[preset], returns, market, per_day(PRESETS[preset]))


def coarse(hourly: np.ndarray, n_hours: int) -> np.ndarray:
    """Return the simple returns over `n_hours` hours each, the last ending with the sample."""
    kept = len(hourly) // n_hours * n_hours
    return np.prod(1 + hourly[-kept:].reshape(-1, n_hours, hourly.shape[1]), axis=1) - 1


@pytest.fixture(scope="module")
def markets() -> list[dict[str, np.ndarray]]:
    """Returns of 40 simulated markets with redrawn benchmarks: BTC first, then every asset with a known beta."""
    drawn = []
    for seed in range(40):
        hourly = simulate_returns(7000 + seed, ["BTC", *BASES], 365 * 24, start_hour=731 * seed)
        drawn.append({"1d": coarse(hourly, 24), "4h": coarse(hourly, 4)})
    return drawn


@pytest.fixture(scope="module")
def errors(markets: list[dict[str, np.ndarray]]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Errors of the betas (40, N) less their known bias, and where the interval held the truth, by preset."""
    found = {}
    for name, recipe in PRESETS.items():
        n_bars = round(recipe.window_days * per_day(recipe))
        fits = [
            estimate(
                replace(recipe, coverage=None),
                m[recipe.timeframe][-n_bars:, 1:],
                m[recipe.timeframe][-n_bars:, 0],
                per_day(recipe),
            )
            for m in markets
        ]
        wrong = np.array([fit.beta - fit.bias - TRUTH for fit in fits])
        held = np.array([(fit.ci_low <= TRUTH) & (fit.ci_high >= TRUTH) for fit in fits])
        found[name] = wrong, held
    return found


@pytest.mark.parametrize("preset", NAMES)
def test_betas_are_right_on_average(preset: str, errors: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Over redrawn markets the mean error is within four Monte Carlo errors of 0, unless the recipe pulls to 1 by design."""
    by_market = errors[preset][0].mean(axis=1)
    four = 4 * by_market.std(ddof=1) / np.sqrt(len(by_market))
    if preset in PULLED_TO_ONE:
        assert by_market.mean() < -four  # the sample's betas average 1.4
    else:
        assert by_market.mean() == pytest.approx(0.0, abs=four + STATED_BIAS.get(preset, 0.0))


@pytest.mark.parametrize("preset", NAMES)
def test_intervals_hold_the_truth_as_often_as_is_stated(
    preset: str, errors: dict[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    """The share of intervals that hold the true beta is the preset's `coverage`; outside 93-97 % there is no interval."""
    recipe = PRESETS[preset]
    assert recipe.coverage is not None
    held = errors[preset][1].mean(axis=1)
    assert held.mean() == pytest.approx(recipe.coverage, abs=4 * held.std(ddof=1) / np.sqrt(len(held)))
    fit = run(preset, *sample(preset))
    if COVERED[0] <= recipe.coverage <= COVERED[1]:
        assert np.isfinite(fit.std_error).all()
        assert fit.interval in {"student", "normal"}
    else:
        assert np.isnan([fit.std_error, fit.ci_low, fit.ci_high]).all()
        assert fit.interval is None


def test_intervals_hold_in_a_plain_simulation_too() -> None:
    """Normal returns, one beta, redrawn benchmarks, 1,000 samples a preset: 93-97 %, where an interval is given."""
    rng = np.random.default_rng(17)
    for name, recipe in PRESETS.items():
        n_bars = round(recipe.window_days * per_day(recipe))
        held = []
        for _ in range(50):
            market = rng.normal(0, 0.03, n_bars)
            betas = rng.normal(1.3, 0.3, 20)
            returns = market[:, None] * betas + rng.normal(0, 0.03, (n_bars, 20))
            fit = estimate(recipe, returns, market, per_day(recipe))
            held.append((fit.ci_low <= betas) & (fit.ci_high >= betas))
        if fit.interval is not None:
            assert 0.925 <= np.mean(held) <= 0.975, name


# ---- properties


@pytest.mark.parametrize("preset", [name for name in NAMES if PRESETS[name].estimator != "kalman"])
def test_missing_pairs_are_ignored(preset: str) -> None:
    """Bars that either side lacks change nothing. Where neighbouring bars of the benchmark count, it lacks them too."""
    returns, market = sample(preset, gaps=0.05)
    plain = run(preset, returns, market)
    padded = np.vstack([np.full((4, returns.shape[1]), np.nan), returns])
    known = [np.nan] * 4 if PRESETS[preset].estimator in NEIGHBOURS else [0.4, np.nan, -0.3, 0.0]
    fit = run(preset, padded, np.concatenate([known, market]))
    for name in ("beta", "n_obs", "r_squared", "std_error"):
        assert getattr(fit, name) == pytest.approx(getattr(plain, name), rel=1e-9, nan_ok=True)


def test_a_wandering_beta_wanders_on_where_pairs_are_missing() -> None:
    """For the Kalman filter a bar without a return is a day on which beta moved unseen: b stays, its error grows."""
    returns, market = sample("kalman-180d")
    seen_to_170 = returns.copy()
    seen_to_170[170:] = np.nan
    ended, missing = kalman(seen_to_170, market), kalman(seen_to_170, np.append(market[:175], [np.nan] * 5))
    assert missing.beta == pytest.approx(ended.beta, rel=1e-12)
    assert missing.std_error == pytest.approx(ended.std_error, rel=1e-12)
    assert (kalman(seen_to_170, market).std_error > kalman(returns, market).std_error).mean() > 0.5


@pytest.mark.parametrize("preset", NAMES)
def test_the_order_of_assets_changes_nothing(preset: str) -> None:
    """Every asset keeps its beta and interval when the columns are shuffled."""
    returns, market = sample(preset, gaps=0.05)
    shuffled = np.random.default_rng(0).permutation(returns.shape[1])
    plain, fit = run(preset, returns, market), run(preset, returns[:, shuffled], market)
    for name in ("beta", "std_error", "ci_low", "residual_vol"):
        expected = getattr(plain, name)[shuffled]
        assert getattr(fit, name) == pytest.approx(expected, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("preset", NAMES)
@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_scaling_the_returns_of_assets_scales_their_betas(preset: str, scale: float) -> None:
    """Doubling returns doubles beta, in all recipes but three kinds.

    A band stands where it stood and clips more of the doubled returns; a pull to 1 is to 1 whatever the returns;
    Frazzini and Pedersen compound, and the double of a return is not the double of its logarithm. Vasicek's target
    and noise double along when every asset does.
    """
    returns, market = sample(preset)
    plain, fit = (
        run(preset, returns, market).beta,
        run(preset, np.maximum(returns * scale, -0.99), market).beta,
    )
    if preset in {*BANDED, *PULLED_TO_ONE, *COMPOUNDING}:
        assert not np.allclose(fit, plain * scale, rtol=1e-6)
    else:
        assert fit == pytest.approx(plain * scale, rel=1e-9)


@pytest.mark.parametrize("preset", NAMES)
def test_a_constant_added_to_returns_changes_nothing(preset: str) -> None:
    """The intercept takes it, in all recipes but those with a band, which moves some returns out of it, and with logs."""
    returns, market = sample(preset)
    plain, fit = run(preset, returns, market), run(preset, returns + 0.01, market)
    if preset in {*BANDED, *COMPOUNDING}:
        assert fit.beta == pytest.approx(plain.beta, abs=0.3)
        assert not np.allclose(fit.beta, plain.beta, rtol=1e-9)
    else:
        assert fit.beta == pytest.approx(plain.beta, rel=1e-9)
        assert fit.std_error == pytest.approx(plain.std_error, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("preset", NAMES)
def test_scaling_prices_changes_nothing(preset: str) -> None:
    """A coin quoted in thousandths has the same returns, and the same beta."""
    returns, market = sample(preset)
    prices = np.cumprod(1 + np.vstack([np.zeros((1, returns.shape[1])), returns]), axis=0)
    fits = [run(preset, (k * prices)[1:] / (k * prices)[:-1] - 1, market).beta for k in (1.0, 1000.0)]
    assert fits[1] == pytest.approx(fits[0], rel=1e-9)


@pytest.mark.parametrize("preset", NAMES)
def test_a_benchmark_that_does_not_move_has_no_betas(preset: str) -> None:
    """NaN with the reason, never 0 or 1."""
    returns, market = sample(preset)
    for constant in (0.0, 0.01):
        fit = run(preset, returns, np.full_like(market, constant))
        assert np.isnan([fit.beta, fit.std_error, fit.ci_low, fit.r_squared, fit.residual_vol]).all()
        assert all(fit.why)


@pytest.mark.parametrize("preset", NAMES)
def test_below_the_minimum_there_is_no_beta(preset: str) -> None:
    """An asset with one return fewer than the recipe's minimum has NaN and is told why; the others keep their betas."""
    recipe = PRESETS[preset]
    returns, market = sample(preset)
    used = (
        market < 0
        if recipe.estimator == "downside"
        else market > 0
        if recipe.estimator == "upside"
        else market < 9
    )
    edge = 1 if recipe.estimator == "scholes-williams" else 0  # the newest bar only serves as the next one
    last = np.flatnonzero(used)[-(recipe.min_obs - 1 + edge) :]
    short = np.full(len(market), np.nan)
    short[last] = returns[last, 0]
    fit = run(preset, np.column_stack([short, returns[:, 1:]]), market)
    assert np.isnan([fit.beta[0], fit.std_error[0], fit.ci_low[0], fit.ci_high[0], fit.r_squared[0]]).all()
    assert (
        fit.why[0] == f"{fit.n_obs[0]:.0f} returns in common with the benchmark, fewer than {recipe.min_obs}"
    )
    assert np.isfinite(fit.beta[1:]).all()
    assert fit.why[1:] == (None,) * (len(fit.why) - 1)


@pytest.mark.parametrize("preset", NAMES)
def test_a_young_coin_is_not_credited_with_data_it_lacks(preset: str) -> None:
    """The effective sample is of the weights present: half the history, and for a flat recipe half the sample."""
    returns, market = sample(preset)
    returns[: len(returns) // 2, 0] = np.nan
    fit = run(preset, returns, market)
    if PRESETS[preset].estimator == "kalman":
        assert np.isnan(fit.beta[0])
        return
    assert fit.n_eff[0] < fit.n_eff[1]
    if PRESETS[preset].half_life_days is None:
        assert fit.n_eff == pytest.approx(fit.n_obs, rel=1e-12)


def test_recipes_are_made_of_steps_that_can_be_chosen_alone() -> None:
    """Every estimator runs with every band, weighting, error and shrinkage."""
    returns, market = simulated(18, 200, 8, 0.02)
    for estimator in ESTIMATORS:
        for half_life in (None, 40.0):
            for band in (None, 3.0):
                for errors_by in ("equal-noise", "hac"):
                    for shrink in (None, "vasicek", "fixed"):
                        recipe = Recipe(
                            estimator=estimator,
                            half_life_days=half_life,
                            band=band,
                            errors=errors_by,
                            shrink=shrink,
                        )
                        fit = estimate(recipe, returns, market, 1.0)
                        assert np.isfinite(fit.beta).all(), recipe


@pytest.mark.parametrize("preset", NAMES)
@pytest.mark.parametrize(("n_bars", "n_assets"), [(0, 3), (1, 3), (2, 2), (3, 2), (5, 0), (40, 1)])
def test_samples_too_small_for_anything_are_answered(preset: str, n_bars: int, n_assets: int) -> None:
    """No bars, no assets, or next to none: an array of the right length, NaN with a reason, and no warning."""
    returns, market = simulated(19, n_bars, n_assets)
    for bars in (returns, np.full_like(returns, np.nan)):
        fit = run(preset, bars, market)
        assert fit.beta.shape == fit.ci_low.shape == (n_assets,)
        assert [why is None for why in fit.why] == list(np.isfinite(fit.beta))
