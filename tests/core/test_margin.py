"""Margin, tiers and liquidation by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betacli.core.margin import (
    flat,
    ladders_of,
    liquidation_moves,
    liquidation_price,
    max_leverage_at,
)
from betacli.core.model import MarginTier

# 0.4 % to 50,000, 0.5 % to 250,000 (deduction 50,000 × 0.1 % = 50), 1 % above (50 + 250,000 × 0.5 % = 1,300)
TIERS = (
    MarginTier(floor_notional=0, cap_notional=50_000, maintenance_rate=0.004, max_leverage=125),
    MarginTier(floor_notional=50_000, cap_notional=250_000, maintenance_rate=0.005, max_leverage=100),
    MarginTier(floor_notional=250_000, cap_notional=1_000_000, maintenance_rate=0.01, max_leverage=50),
)


@pytest.mark.parametrize(
    ("size", "margin"),
    [(10_000, 40), (50_000, 200), (100_000, 450), (250_000, 1_200), (500_000, 3_700)],
)
def test_maintenance_by_tier(size: float, margin: float) -> None:
    """100,000 × 0.5 % − 50 = 450; 500,000 × 1 % − 1,300 = 3,700; at a floor both tiers agree."""
    assert ladders_of([TIERS]).margin(np.array([float(size)]))[0] == pytest.approx(margin)


@given(size=st.floats(0, 2e6))
def test_tiers_are_the_sum_of_their_slices(size: float) -> None:
    """The deduction's formula equals charging each slice of the position at its own rate, as income tax does."""
    slices = (
        min(size, 50_000) * 0.004,
        max(0, min(size, 250_000) - 50_000) * 0.005,
        max(0, size - 250_000) * 0.01,
    )
    assert ladders_of([TIERS]).margin(np.array([size]))[0] == pytest.approx(sum(slices), abs=1e-6)


def test_leverage_falls_with_size_and_ends_with_the_last_tier() -> None:
    """125x to 50,000, 50x at 500,000, and nothing at all beyond 1,000,000."""
    assert [max_leverage_at(size, TIERS) for size in (1.0, 5e4, 5e5, 1e6, 1.1e6)] == [125, 125, 50, 50, 0]


def test_tiers_that_fall_are_no_ladder() -> None:
    """A rate below the one before, or a first tier that does not start at 0, is refused."""
    with pytest.raises(ValueError, match="fall"):
        ladders_of(
            [
                (
                    TIERS[1].__class__(
                        floor_notional=0, cap_notional=1, maintenance_rate=0.01, max_leverage=1
                    ),
                    TIERS[1],
                )
            ]
        )
    with pytest.raises(ValueError, match="start"):
        ladders_of([TIERS[1:]])


@pytest.mark.parametrize(("side", "price"), [(1, 45_180.72), (-1, 54_780.88)])
def test_isolated_by_hand(side: int, price: float) -> None:
    """One coin at 50,000 and 10x, rate 0.4 %: long (50,000 − 5,000) / 0.996, short (50,000 + 5,000) / 1.004."""
    assert liquidation_price(side * 50_000.0, 50_000.0, 10.0, flat([0.004])) == pytest.approx(
        price, abs=0.005
    )


def test_isolated_through_a_tier() -> None:
    """Ten coins short at 49,000 and 10x enter no tier above at 0.5 %; at 24,000 they do.

    10 coins at 24,000 are 240,000, margin 24,000. Up to 250,000 the rate is 0.5 % less 50, above it 1 % less 1,300:
    240,000 + 24,000 − 10 P = 0.01 · 10 P − 1,300 gives P = 265,300 / 10.1 = 26,267.33, above 25,000: the upper tier.
    """
    assert liquidation_price(-240_000.0, 24_000.0, 10.0, ladders_of([TIERS])) == pytest.approx(265_300 / 10.1)


def test_isolated_at_the_ends() -> None:
    """A long at 1x cannot be liquidated; one at 300x with 0.4 % already is; entry below the price moves it down.

    Entry 40,000, price 50,000, 10x: margin 4,000, P (1 − 0.004) = 40,000 − 4,000, so 36,144.58.
    """
    assert liquidation_price(50_000.0, 50_000.0, 1.0, flat([0.004])) is None
    assert liquidation_price(50_000.0, 50_000.0, 300.0, flat([0.004])) == 50_000.0
    assert liquidation_price(0.0, 50_000.0, 10.0, flat([0.004])) is None
    found = liquidation_price(50_000.0, 50_000.0, 10.0, flat([0.004]), entry=40_000.0)
    assert found == pytest.approx(36_000 / 0.996)


BOOK = np.array([100_000.0, -140_000.0])
RATES = flat([0.02, 0.02])


@pytest.mark.parametrize(
    ("beta", "move"), [(1.4, None), (1.8, None), (2.5, -0.247), (1.0, 0.56), (0.5, 0.27)]
)
def test_liquidation_as_a_benchmark_move(beta: float, move: float | None) -> None:
    """A 100 k basket, short 140 k, 30 k of equity, maintenance 2 %, at five realised betas.

    At 2.5: slack 30,000 − 4,800 = 25,200; slope 250,000 − 140,000 − 0.02 (250,000 + 140,000) = 102,200 … −24.7 %.
    """
    found = liquidation_moves(30_000, BOOK, np.array([beta, 1.0]), RATES)
    if move is None:
        assert found.nearest is None
    else:
        assert found.nearest == pytest.approx(move, abs=0.005)
        assert (found.down, found.up)[move > 0] == found.nearest


def test_liquidation_at_two_and_a_half_to_six_digits() -> None:
    """Falling by x: 25,200 = x (250,000 − 140,000) − x 0.02 (250,000 − …): x = 25,200 / (110,000 − 0.02 · 390,000).

    Longs lose 250,000 x, the short gains 140,000 x, and maintenance falls by 0.02 (250,000 + 140,000) x.
    """
    found = liquidation_moves(30_000, BOOK, np.array([2.5, 1.0]), RATES)
    assert found.down == pytest.approx(-25_200 / 102_200, rel=1e-12)


def test_an_account_below_its_maintenance_is_gone_at_once() -> None:
    """4,800 of maintenance on 4,000 of equity: liquidated at a move of 0."""
    assert liquidation_moves(4_000, BOOK, np.array([1.4, 1.0]), RATES).nearest == 0.0


def test_a_move_that_takes_a_price_below_zero_is_no_answer() -> None:
    """At beta 3 a leg is worthless at −33 %; a root at −50 % means nothing."""
    lone, beta = np.array([100_000.0]), np.array([3.0])
    assert liquidation_moves(100_000, lone, beta, flat([0.0])).down == pytest.approx(-1 / 3)
    assert liquidation_moves(150_000, lone, beta, flat([0.0])).nearest is None


def test_a_dead_leg_loses_no_more_and_the_others_go_on() -> None:
    """Long 50 at beta 3 and 50 at 0.5: the first is worth 0 at −33.3 %, then only the second bleeds.

    Equity 70, no margin: at −33.3 % the loss is 50 + 8.33 = 58.33; the other 11.67 go with the second at 25 a unit of x:
    never within ±60 % (it loses 15 at −60 %). With equity 62 they go at 3.67 / 25 = 14.7 % later, at −48.0 %.
    """
    notionals, betas, rates = np.array([50.0, 50.0]), np.array([3.0, 0.5]), flat([0.0, 0.0])
    assert liquidation_moves(70.0, notionals, betas, rates).nearest is None
    found = liquidation_moves(62.0, notionals, betas, rates)
    assert found.nearest == pytest.approx(-(1 / 3 + (62 - 58 - 1 / 3) / 25))
    assert liquidation_moves(50.0, notionals, betas, rates).nearest == pytest.approx(-50 / 175)


def test_a_short_that_grows_into_a_tier_is_liquidated_sooner() -> None:
    """Short 240,000 of the benchmark on 60,000, first flat at 0.5 % less 50, above 250,000 at 1 % less 1,300.

    60,000 − 240,000 x = 0.01 · 240,000 (1 + x) − 1,300, so x = (60,000 − 2,400 + 1,300) / 242,400 = 24.30 %.
    """
    found = liquidation_moves(60_000, np.array([-240_000.0]), np.array([1.0]), ladders_of([TIERS]))
    assert found.up == pytest.approx(58_900 / 242_400)
    assert found.down is None


@given(
    equity=st.floats(1e3, 1e5),
    betas=st.lists(st.floats(-2, 3), min_size=1, max_size=5),
    data=st.data(),
)
def test_no_smaller_move_liquidates(equity: float, betas: list[float], data: st.DataObject) -> None:
    """On a fine grid of moves, slack is above zero before the root found, and at or below it just after."""
    n = len(betas)
    notionals = np.array(data.draw(st.lists(st.floats(-3e5, 3e5), min_size=n, max_size=n)))
    b, ladders = np.array(betas), ladders_of([TIERS] * n)
    found = liquidation_moves(equity, notionals, b, ladders)

    def slack(x: float) -> float:
        total = equity
        for q, beta in zip(notionals.tolist(), betas, strict=True):
            p = max(1 + beta * x, 0.0)
            s = abs(q) * p
            owed = min(s, 5e4) * 0.004 + max(0, min(s, 2.5e5) - 5e4) * 0.005 + max(0, s - 2.5e5) * 0.01
            total += q * (p - 1) - owed
        return total

    for end, side in ((found.down, -1), (found.up, 1)):
        reach = 0.6 if end is None else abs(end)
        for step in range(200):
            x = side * reach * step / 200
            assert slack(x) > -1e-6 or (found.down == 0 and found.up == 0)
        if end:
            assert slack(end) == pytest.approx(0, abs=1e-4)
