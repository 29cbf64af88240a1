"""Rolling betas against two passes over every window, wherever sums could lose digits."""

import numpy as np
import pytest

from betacli.core.beta import ols
from betacli.core.rolling import rolling_beta


def two_pass(returns: np.ndarray, market: np.ndarray, window: int) -> np.ndarray:
    """Return the betas of every window on its own: mean first, then products."""
    path = np.full(returns.shape, np.nan)
    for t in range(window - 1, len(market)):
        for i in range(returns.shape[1]):
            m, r = market[t + 1 - window : t + 1], returns[t + 1 - window : t + 1, i]
            seen = np.isfinite(m) & np.isfinite(r)
            if seen.sum() < 3:
                continue
            x, y = m[seen] - m[seen].mean(), r[seen] - r[seen].mean()
            if x @ x > 0:
                path[t, i] = x @ y / (x @ x)
    return path


def simulated(seed: int, n_bars: int, n_assets: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, n_bars)
    return market[:, None] * rng.uniform(0.3, 2.0, n_assets) + rng.normal(0, 0.01, (n_bars, n_assets)), market


def agree(returns: np.ndarray, market: np.ndarray, window: int) -> None:
    found, expected = rolling_beta(returns, market, window), two_pass(returns, market, window)
    assert (np.isnan(found) == np.isnan(expected)).all()
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("window", [3, 7, 97, 200, 399, 400])
@pytest.mark.parametrize("gaps", [0.0, 0.05, 0.6])
def test_every_window_is_the_two_pass_beta(window: int, gaps: float) -> None:
    """Whatever the window's length against the data's, and with gaps on both sides."""
    returns, market = simulated(1, 400)
    rng = np.random.default_rng(2)
    returns[rng.random(returns.shape) < gaps] = np.nan
    market[rng.random(400) < gaps / 2] = np.nan
    agree(returns, market, window)


def test_the_last_window_is_what_ols_says() -> None:
    """The path ends where the beta of the same bars stands."""
    returns, market = simulated(3, 300)
    assert rolling_beta(returns, market, 90)[-1] == pytest.approx(
        ols(returns[-90:], market[-90:]).beta, rel=1e-12
    )


@pytest.mark.parametrize("gaps", [0.0, 0.05])
@pytest.mark.parametrize("at", [0, 71, 72, 143, 150])
def test_a_spike_leaves_with_the_window(at: int, gaps: float) -> None:
    """A price ten times too high spoils the windows that hold it, and no other."""
    returns, market = simulated(4, 500)
    rng = np.random.default_rng(5)
    returns[rng.random(returns.shape) < gaps] = np.nan
    returns[at] = 9.0
    returns[at + 1] = -0.9
    agree(returns, market, 72)
    market[at] = 9.0
    agree(returns, market, 72)


@pytest.mark.parametrize("gaps", [0.0, 0.05])
def test_a_level_of_a_million_costs_no_digits(gaps: float) -> None:
    """Series that stand at 1e6, wander there, or are ten times that for one bar."""
    returns, market = simulated(6, 500)
    rng = np.random.default_rng(7)
    holes = rng.random(returns.shape) < gaps
    wandering, own = 1e6 * np.cumprod(1 + returns, axis=0), 1e6 * np.cumprod(1 + market)
    for values, benchmark in (
        (returns + 1e6, market),
        (returns + 1e6, market + 1e6),
        (wandering, own),
        (wandering, market),
    ):
        for spike in (1.0, 10.0):
            bars = values.copy()
            bars[100] *= spike
            bars[holes] = np.nan
            agree(bars, benchmark, 72)


def test_what_cannot_be_estimated_is_nan() -> None:
    """Before the first whole window, on a benchmark that stands still, in windows of two pairs, and for no data."""
    returns, market = simulated(8, 60)
    assert np.isnan(rolling_beta(returns, market, 61)).all()
    assert np.isnan(rolling_beta(returns, np.full(60, 0.01), 20)).all()
    assert np.isnan(rolling_beta(returns, market, 2)).all()
    returns[:, 1] = np.nan
    market[20:45] = 0.005
    path = rolling_beta(returns, market, 20)
    assert np.isnan(path[:, 1]).all()
    assert np.isnan(path[40:44]).all()
    assert np.isfinite(path[19:39, 0]).all()
    assert rolling_beta(np.empty((0, 3)), np.empty(0), 5).shape == (0, 3)
    assert rolling_beta(np.empty((9, 0)), np.zeros(9), 5).shape == (9, 0)


def test_a_window_of_one_bar_is_refused() -> None:
    """There is no line through one point."""
    with pytest.raises(ValueError, match="two bars or more, not 1"):
        rolling_beta(*simulated(9, 10), 1)


def test_the_input_is_left_as_it_was() -> None:
    """Sums are made in memory of their own, and read-only arrays will do."""
    returns, market = simulated(10, 200)
    before = returns.copy()
    returns.flags.writeable = market.flags.writeable = False
    rolling_beta(returns, market, 30)
    assert (returns == before).all()
