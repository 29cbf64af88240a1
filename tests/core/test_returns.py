"""Returns by hand; covariances that are positive definite whatever the gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from betacli.core.calendar import DAY_MS, HOUR_MS
from betacli.core.returns import covariance, identity_covariance, simple_returns, vol_annual


def test_a_missing_bar_makes_two_returns_unknown() -> None:
    """100, 110, -, 121, 133.1: +10 %, unknown, unknown, +10 %; nothing is bridged."""
    returns = simple_returns(np.array([100.0, 110.0, np.nan, 121.0, 133.1]))
    assert returns[[0, 3]] == pytest.approx([0.1, 0.1])
    assert np.isnan(returns[[1, 2]]).all()


def test_volatility_is_annualised_with_365_days() -> None:
    """±1 % every day: sd (ddof 1) of four is 0.011547; times √365 daily, √8760 hourly."""
    returns = np.array([[0.01], [-0.01], [0.01], [-0.01]])
    assert vol_annual(returns, DAY_MS)[0] == pytest.approx(0.01 * np.sqrt(4 / 3) * np.sqrt(365))
    assert vol_annual(returns, HOUR_MS)[0] == pytest.approx(0.01 * np.sqrt(4 / 3) * np.sqrt(8760))
    assert np.isnan(vol_annual(returns[:1], DAY_MS)[0])


def single_index_shrinkage(x: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, float]:
    """Ledoit and Wolf (2003) again, entry by entry: π, ρ and γ summed over pairs."""
    t, n = x.shape
    x, m = x - x.mean(0), m - m.mean()
    v = m @ m / t
    c = x.T @ m / t
    s = x.T @ x / t
    f = np.outer(c, c) / v
    np.fill_diagonal(f, np.diag(s))
    pi = rho = gamma = 0.0
    for i in range(n):
        for j in range(n):
            p_ij = np.mean((x[:, i] * x[:, j] - s[i, j]) ** 2)
            pi += p_ij
            gamma += (f[i, j] - s[i, j]) ** 2
            if i == j:
                rho += p_ij
                continue
            r = (c[j] * v * x[:, i] + c[i] * v * x[:, j] - c[i] * c[j] * m) / v**2 * m * x[:, i] * x[:, j]
            rho += np.mean(r) - f[i, j] * s[i, j]
    k = max(0.0, min(1.0, (pi - rho) / gamma / t))
    return k * f + (1 - k) * s, k


def test_shrinkage_is_that_of_the_paper() -> None:
    """The vectorised intensity and matrix equal the paper's sums over pairs."""
    rng = np.random.default_rng(1)
    market = rng.normal(0, 0.02, 90)
    factor = rng.normal(0, 0.02, 90)
    returns = np.outer(market, rng.uniform(0.5, 2, 6)) + factor[:, None] + rng.normal(0, 0.03, (90, 6))
    sigma = covariance(returns, market)
    expected, k = single_index_shrinkage(returns, market)
    assert sigma.method == "shrunk"
    assert 0 < k < 1
    assert sigma.shrinkage == pytest.approx(k, rel=1e-9)
    assert sigma.matrix == pytest.approx(expected, rel=1e-9)


def test_unequal_histories_use_the_single_index_model() -> None:
    """Where few rows are complete, off-diagonals are β_i β_j σ_m²."""
    rng = np.random.default_rng(2)
    market = rng.normal(0, 0.02, 100)
    returns = np.outer(market, [1.0, 2.0]) + rng.normal(0, 0.01, (100, 2))
    returns[:55, 1] = np.nan
    sigma = covariance(returns, market)
    assert sigma.method == "single-index"
    b0 = np.cov(returns[:, 0], market, ddof=0)[0, 1] / market.var()
    b1 = np.cov(returns[55:, 1], market[55:], ddof=0)[0, 1] / market[55:].var()
    assert sigma.matrix[0, 1] == pytest.approx(b0 * b1 * market.var(), rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 30), gaps=st.sampled_from([0.0, 0.05, 0.4]))
def test_a_covariance_is_positive_definite_whatever_the_gaps(seed: int, n: int, gaps: float) -> None:
    """No eigenvalue is below zero, with gaps, duplicates, a constant asset, or more assets than rows."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.02, 70)
    returns = market[:, None] * rng.uniform(0, 2, n) + rng.normal(0, 0.02, (70, n))
    returns[rng.random(returns.shape) < gaps] = np.nan
    if n > 2:
        returns[:, 1] = returns[:, 0]
        returns[:, 2] = 0.0
    sigma = covariance(returns, market)
    assert np.linalg.eigvalsh(sigma.matrix).min() > 0
    assert sigma.matrix == pytest.approx(sigma.matrix.T)


def test_without_data_distance_is_in_weights() -> None:
    """The stand-in is the identity."""
    assert identity_covariance(3).matrix == pytest.approx(np.eye(3))
