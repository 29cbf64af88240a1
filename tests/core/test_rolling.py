"""Rolling betas against a plain loop, on easy and on hostile data."""

import numpy as np
import pytest

from betacli.core.rolling import rolling_beta


def two_pass(returns: np.ndarray, market: np.ndarray, window: int) -> np.ndarray:
    """The covariance over the variance of each window, computed anew for each bar."""
    path = np.full(returns.shape, np.nan)
    for t in range(window - 1, len(market)):
        rows = slice(t + 1 - window, t + 1)
        for k in range(returns.shape[1]):
            seen = np.isfinite(returns[rows, k]) & np.isfinite(market[rows])
            m, r = market[rows][seen], returns[rows, k][seen]
            if len(m) >= 3 and np.ptp(m) > 0:
                path[t, k] = ((m - m.mean()) @ (r - r.mean())) / ((m - m.mean()) @ (m - m.mean()))
    return path


@pytest.mark.parametrize("kind", ["plain", "gaps", "spike", "offset"])
def test_every_window_is_that_of_the_loop(kind: str) -> None:
    """Within 1e-9, also with 5 % gaps, after a tenfold spike and on a level of a million."""
    rng = np.random.default_rng(1)
    market = rng.normal(0, 0.01, 400)
    returns = market[:, None] * np.array([0.5, 1.0, 2.0]) + rng.normal(0, 0.01, (400, 3))
    if kind == "gaps":
        returns[rng.random(returns.shape) < 0.05] = np.nan
    elif kind == "spike":
        returns[150] *= 10
        market[150] *= 10
    elif kind == "offset":
        returns = returns * 1e6 + 1e6
        market = market * 1e6 + 1e6
    found, expected = rolling_beta(returns, market, 60), two_pass(returns, market, 60)
    assert (np.isnan(found) == np.isnan(expected)).all()
    seen = np.isfinite(expected)
    assert found[seen] == pytest.approx(expected[seen], rel=1e-9, abs=1e-9)


def test_before_the_first_window_there_is_no_beta() -> None:
    """59 bars do not make a window of 60, and a window longer than the data makes none at all."""
    rng = np.random.default_rng(2)
    returns, market = rng.normal(size=(80, 2)), rng.normal(size=80)
    path = rolling_beta(returns, market, 60)
    assert np.isnan(path[:59]).all()
    assert np.isfinite(path[59:]).all()
    assert np.isnan(rolling_beta(returns, market, 81)).all()
