"""Substitutes against statsmodels, and what is true of any: a proxy of itself adds nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betacli.core.proxy import implied_beta, same_coin, substitute


def series(seed: int, n: int = 90) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.03, n)


@given(st.integers(0, 10_000), st.floats(0.1, 3))
def test_a_proxy_of_itself_has_r2_of_one_and_adds_nothing(seed: int, scale: float) -> None:
    """Whatever moves, it follows itself: β 1, R² 1, no tracking error; scaled, β is the inverse of the scale."""
    x = series(seed)
    own = substitute(x, (scale * x)[:, None], 365)
    assert own is not None
    assert own.betas[0] == pytest.approx(1 / scale, rel=1e-9)
    assert own.r_squared == pytest.approx(1.0, abs=1e-12)
    assert own.variance_added == pytest.approx(0.0, abs=1e-20)


def test_one_substitute_is_ordinary_least_squares() -> None:
    """Beta, standard error, R² and residual variance are statsmodels'; the tracking error is annual, × √365."""
    import statsmodels.api as sm

    x, noise = series(1), series(2)
    y = 1.3 * x + 0.6 * noise
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    found = substitute(y, x[:, None], 365)
    assert found is not None
    assert found.betas[0] == pytest.approx(fit.params[1], rel=1e-10)
    assert found.std_error == pytest.approx(fit.bse[1], rel=1e-10)
    assert found.r_squared == pytest.approx(fit.rsquared, rel=1e-10)
    assert found.correlation == pytest.approx(np.corrcoef(y, x)[0, 1], rel=1e-10)
    assert found.variance_added == pytest.approx(fit.mse_resid * 365, rel=1e-10)
    assert found.tracking_error == pytest.approx(np.sqrt(fit.mse_resid * 365), rel=1e-10)


def test_a_basket_of_peers_is_least_squares_on_all() -> None:
    """Three peers at once: coefficients and R² are statsmodels'."""
    import statsmodels.api as sm

    peers = np.column_stack([series(k) for k in (3, 4, 5)])
    y = peers @ np.array([0.2, 0.5, 0.4]) + 0.3 * series(6)
    fit = sm.OLS(y, sm.add_constant(peers)).fit()
    found = substitute(y, peers, 365)
    assert found is not None
    assert found.betas == pytest.approx(tuple(fit.params[1:]), rel=1e-9)
    assert found.r_squared == pytest.approx(fit.rsquared, rel=1e-9)
    assert found.std_error is None


def test_a_substitute_that_moves_the_other_way_has_a_negative_correlation() -> None:
    """With y = −x: β −1, correlation −1."""
    x = series(7)
    found = substitute(-x, x[:, None], 365)
    assert found is not None
    assert (found.betas[0], found.correlation) == (pytest.approx(-1), pytest.approx(-1))


def test_gaps_are_left_out_and_too_few_returns_give_nothing() -> None:
    """With 29 common returns there is no substitute; a flat asset, a flat substitute and twins have none either."""
    x, y = series(8, 40), series(9, 40)
    y[:11] = np.nan
    assert substitute(y, x[:, None], 365) is None
    y[10] = 0.01
    assert substitute(y, x[:, None], 365) is not None
    assert substitute(np.zeros(90), series(1)[:, None], 365) is None
    assert substitute(series(1), np.zeros((90, 1)), 365) is None
    twins = np.column_stack([series(1), series(1)])
    assert substitute(series(2), twins, 365) is None


def test_the_implied_beta_goes_through_the_substitute() -> None:
    """0.8 of a peer with beta 1.5 and 0.25 of one with 1.2: 1.2 + 0.3 = 1.5."""
    assert implied_beta((0.8, 0.25), (1.5, 1.2)) == pytest.approx(1.5)


def coin(price: float | None, reference: float | None, returns: np.ndarray, other: np.ndarray) -> bool | None:
    return same_coin(price, reference, returns, other, ratio_limit=0.03, min_correlation=0.9).verdict


def test_the_same_ticker_is_not_always_the_same_coin() -> None:
    """NEIRO differed 110-fold between venues; 2 % apart and moving together is the same coin; 0.3 % of noise is fine."""
    x = series(10)
    near = x + 0.003 * series(11)
    assert coin(1.02, 1.0, near, x) is True
    assert coin(110.0, 1.0, near, x) is False
    assert coin(1.04, 1.0, near, x) is False
    assert coin(1.0, 1.0, series(12), x) is False


def test_what_could_not_be_compared_is_no_verdict() -> None:
    """Without a price, or without 30 common returns, nobody knows; a price that is off is enough for no."""
    x = series(10)
    assert coin(None, 1.0, x, x) is None
    assert coin(1.0, 1.0, x[:20], x[:20]) is None
    assert coin(2.0, 1.0, x[:20], x[:20]) is False
