"""The hedge and the account by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betacli.core.hedge import aggregate_beta, hedge_notional, min_variance_ratio, scenarios


def test_the_worked_example() -> None:
    """100,000 at beta 1.4 needs a short of 140,000; kept at 0.3, one of 110,000; in an instrument of beta 0.7, 200,000."""
    assert hedge_notional(100_000, 1.4, 0.0, 1.0) == pytest.approx(-140_000)
    assert hedge_notional(100_000, 1.4, 0.3, 1.0) == pytest.approx(-110_000)
    assert hedge_notional(100_000, 1.4, 0.0, 0.7) == pytest.approx(-200_000)


@given(beta=st.floats(-3, 3), keep=st.floats(-2, 2), instrument=st.floats(0.1, 3), notional=st.floats(1, 1e7))
def test_the_hedge_leaves_what_was_asked(
    beta: float, keep: float, instrument: float, notional: float
) -> None:
    """Basket and hedge together have the beta that `hedge_to` names."""
    hedge = hedge_notional(notional, beta, keep, instrument)
    left = aggregate_beta(np.array([notional, hedge]), np.array([beta, instrument]), notional)
    assert left == pytest.approx(keep, abs=1e-9)


def test_dust_is_no_hedge() -> None:
    """A hedge to the basket's own beta is exactly nothing, not 4e-11."""
    assert hedge_notional(100_000, 0.1 + 0.2 + 1.1, 1.4, 1.0) == 0.0


def test_scenarios_by_hand() -> None:
    """Exposure 140,000 (126,000 to 154,000) hedged with −140,000 on 20,000: BTC −10 % costs 0, within ±1,400."""
    (down,) = scenarios(
        basket_exposure=140_000,
        hedge_exposure=-140_000,
        exposure_interval=(126_000, 154_000),
        equity=20_000,
        moves=(-0.1,),
    )
    assert (down.basket_pnl, down.hedge_pnl, down.net_pnl) == (-14_000, 14_000, 0)
    assert (down.net_pnl_low, down.net_pnl_high) == (pytest.approx(-1_400), pytest.approx(1_400))
    (unknown,) = scenarios(
        basket_exposure=140_000, hedge_exposure=0, exposure_interval=None, equity=None, moves=(0.1,)
    )
    assert (unknown.net_pnl_low, unknown.equity_change) == (None, None)


def test_an_unknown_outside_leaves_the_net_unknown() -> None:
    """Basket and hedge are known, a third position's beta is not: its P&L and the account's are unknown."""
    (down,) = scenarios(
        basket_exposure=140_000,
        hedge_exposure=-140_000,
        exposure_interval=(126_000, 154_000),
        equity=20_000,
        outside_exposure=None,
        moves=(-0.1,),
    )
    assert (down.basket_pnl, down.hedge_pnl) == (-14_000, 14_000)
    assert (down.outside_pnl, down.net_pnl, down.net_pnl_low, down.equity_change) == (None,) * 4


def test_the_minimum_variance_ratio_by_hand() -> None:
    """Future 1, 2, 3, 4, basket 3, 1, 5, 7 (%): covariance sum 8, variance sums 5 and 20: h* 1.6, R² 64 / 100.

    Deviations of the future −1.5, −.5, .5, 1.5, of the basket −1, −3, 1, 3: 1.5 + 1.5 + 0.5 + 4.5 = 8.
    """
    found = min_variance_ratio(np.array([3, 1, 5, np.nan, 7.0]) / 100, np.array([1, 2, 3, 9, 4.0]) / 100)
    assert found is not None
    assert (found.ratio, found.r_squared, found.n_obs) == (pytest.approx(1.6), pytest.approx(0.64), 4)


def test_the_minimum_variance_ratio_against_numpy() -> None:
    """On random returns the ratio is Cov / Var and R² the squared correlation that numpy gives."""
    rng = np.random.default_rng(5)
    f = rng.normal(0, 0.03, 90)
    b = 1.3 * f + rng.normal(0, 0.02, 90)
    found = min_variance_ratio(b, f)
    cov = np.cov(b, f)
    assert found is not None
    assert found.ratio == pytest.approx(cov[0, 1] / cov[1, 1], rel=1e-12)
    assert found.r_squared == pytest.approx(np.corrcoef(b, f)[0, 1] ** 2, rel=1e-12)


def test_no_ratio_without_moves() -> None:
    """Two returns, or a future that stands still, tell no ratio; a basket that stands still has ratio and R² 0."""
    still = np.full(5, 0.01)
    moving = np.array([0.01, 0.02, 0.0, -0.01, 0.03])
    assert min_variance_ratio(moving[:2], moving[:2]) is None
    assert min_variance_ratio(moving, np.zeros(5)) is None
    calm = min_variance_ratio(np.zeros(5), moving)
    assert calm is not None
    assert (calm.ratio, calm.r_squared) == (0, 0)
    assert min_variance_ratio(moving, still) is None
