"""The hedge and the account by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betacli.core.hedge import aggregate_beta, hedge_notional, liquidation_move, scenarios


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


BOOK = np.array([100_000.0, -140_000.0])
RATES = np.array([0.02, 0.02])


@pytest.mark.parametrize(
    ("beta", "move"), [(1.4, None), (1.8, None), (2.5, -0.247), (1.0, 0.56), (0.5, 0.27)]
)
def test_liquidation_as_a_benchmark_move(beta: float, move: float | None) -> None:
    """A 100 k basket, short 140 k, 30 k of equity, maintenance 2 %, at five realised betas.

    At 2.5: slack 30,000 − 4,800 = 25,200; slope 250,000 − 140,000 − 0.02 (250,000 + 140,000) = 102,200; −24.7 %.
    """
    found = liquidation_move(30_000, BOOK, np.array([beta, 1.0]), RATES)
    if move is None:
        assert found is None
    else:
        assert found == pytest.approx(move, abs=0.005)


def test_an_account_below_its_maintenance_is_gone_at_once() -> None:
    """4,800 of maintenance on 4,000 of equity: liquidated at a move of 0."""
    assert liquidation_move(4_000, BOOK, np.array([1.4, 1.0]), RATES) == 0.0


def test_a_move_that_takes_a_price_below_zero_is_no_answer() -> None:
    """At beta 3 a leg is worthless at −33 %; a root at −50 % means nothing."""
    assert liquidation_move(
        100_000, np.array([100_000.0]), np.array([3.0]), np.array([0.0])
    ) == pytest.approx(-1 / 3)
    assert liquidation_move(150_000, np.array([100_000.0]), np.array([3.0]), np.array([0.0])) is None


def test_a_dead_leg_loses_no_more_and_the_others_go_on() -> None:
    """Long 50 at beta 3 and 50 at 0.5, hedged with −0 …: ETH is worth 0 at −33.3 %, then only SOL bleeds.

    Equity 70, no margin: at −33.3 % the loss is 50 + 8.33 = 58.33; the other 11.67 go with SOL at 25 a unit of x:
    never within ±60 % (SOL loses 15 at −60 %). With equity 62 they go at 3.67 / 25 = 14.7 % later, at −48.0 %.
    """
    notionals, betas, rates = np.array([50.0, 50.0]), np.array([3.0, 0.5]), np.zeros(2)
    assert liquidation_move(70.0, notionals, betas, rates) is None
    assert liquidation_move(62.0, notionals, betas, rates) == pytest.approx(-(1 / 3 + (62 - 58 - 1 / 3) / 25))
    assert liquidation_move(50.0, notionals, betas, rates) == pytest.approx(-50 / 175)


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
