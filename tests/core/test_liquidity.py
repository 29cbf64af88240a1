"""Order books by hand: spread, depth, slippage in both directions, participation, grades and caps."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betacli.core.liquidity import (
    LIMITS,
    cap,
    days_to_exit,
    depth,
    grade,
    notional_within,
    participation,
    sound_book,
    touch,
    walk,
)
from betacli.core.model import Book, Unknown


def book(bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> Book:
    return Book(
        symbol="X",
        time_ms=0,
        bids=np.array(bids, dtype=float).reshape(-1, 2),
        asks=np.array(asks, dtype=float).reshape(-1, 2),
    )


# bids 99.95 × 10 = 999.50, 99.85 × 20 = 1,997.00, 99.50 × 30 = 2,985.00: 5,981.50
# asks 100.05 × 10 = 1,000.50, 100.15 × 20 = 2,003.00, 100.50 × 30 = 3,015.00: 6,018.50; the middle is 100
THREE = book([(99.95, 10), (99.85, 20), (99.50, 30)], [(100.05, 10), (100.15, 20), (100.50, 30)])


def test_the_spread_of_three_levels() -> None:
    """(100.05 − 99.95) / 100 is 10 bps."""
    best = touch(THREE)
    assert (best.bid, best.ask, best.middle) == (99.95, 100.05, 100.0)
    assert best.spread_bps == pytest.approx(10.0, rel=1e-12)


def test_depth_counts_the_levels_within_the_distance() -> None:
    """Within 10 bps (99.90 to 100.10) the first level, within 25 (99.75 to 100.25) two, within 50 all three."""
    assert (depth(THREE, 10).bid, depth(THREE, 10).ask) == pytest.approx((999.50, 1000.50))
    assert (depth(THREE, 25).bid, depth(THREE, 25).ask) == pytest.approx((2996.50, 3003.50))
    assert (depth(THREE, 50).bid, depth(THREE, 50).ask) == pytest.approx((5981.50, 6018.50))
    assert [depth(THREE, bps).complete for bps in (10, 25, 50)] == [True, True, False]


def test_a_buy_walks_up_the_asks() -> None:
    """2,002 buys 10 at 100.05 and 1,001.50 / 100.15 = 10 at 100.15: 20 units at 100.10.

    Against the touch 100.10 / 100.05 − 1 = 4.9975 bps, against the middle 10 bps.
    """
    fill = walk(THREE, "buy", 2002.0)
    assert not isinstance(fill, Unknown)
    assert fill.price == pytest.approx(100.10, rel=1e-12)
    assert fill.slippage_bps == pytest.approx((100.10 / 100.05 - 1) * 1e4, rel=1e-9)
    assert fill.cost_bps == pytest.approx(10.0, rel=1e-9)


def test_a_sell_walks_down_the_bids() -> None:
    """1,998 sells 10 at 99.95 and 998.50 / 99.85 = 10 at 99.85: 20 units at 99.90, 10 bps below the middle."""
    fill = walk(THREE, "sell", 1998.0)
    assert not isinstance(fill, Unknown)
    assert fill.price == pytest.approx(99.90, rel=1e-12)
    assert fill.slippage_bps == pytest.approx((1 - 99.90 / 99.95) * 1e4, rel=1e-9)
    assert fill.cost_bps == pytest.approx(10.0, rel=1e-9)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_nothing_slips_at_the_touch(side: str) -> None:
    """What the first level holds is filled at its price; its cost is half the spread, 5 bps."""
    fill = walk(THREE, side, 999.50)  # type: ignore[arg-type]
    assert not isinstance(fill, Unknown)
    assert fill.slippage_bps == 0
    assert fill.cost_bps == pytest.approx(5.0, rel=1e-9)


def test_the_whole_book_can_be_taken_and_no_more() -> None:
    """The asks hold 6,018.50; an order above it is unknown, and says how much there is."""
    assert not isinstance(walk(THREE, "buy", 6018.50), Unknown)
    told = walk(THREE, "buy", 6018.60)
    assert isinstance(told, Unknown)
    assert "6,018.50" in told.reason
    assert "6,018.60" in told.reason


@given(
    st.lists(st.tuples(st.floats(0.01, 5), st.floats(0.001, 1e6)), min_size=1, max_size=20),
    st.floats(1e-6, 1),
    st.floats(1e-6, 1),
    st.sampled_from(["buy", "sell"]),
)
def test_slippage_never_falls_with_size(
    levels: list[tuple[float, float]], a: float, b: float, side: str
) -> None:
    """For any book, a larger order slips at least as much, and every fill lies within the levels it took."""
    steps = np.cumsum([step for step, _ in levels])
    sizes = np.array([size for _, size in levels])
    made = book(
        list(zip(200 - steps, sizes, strict=True)),
        list(zip(200 + steps, sizes, strict=True)),
    )
    taken = made.asks if side == "buy" else made.bids
    held = float(taken.prod(axis=1).sum())
    small, large = sorted((a * held, b * held))
    fills = [walk(made, side, size) for size in (small, large)]  # type: ignore[arg-type]
    assert all(not isinstance(fill, Unknown) for fill in fills)
    assert fills[0].slippage_bps <= fills[1].slippage_bps + 1e-6
    assert taken[:, 0].min() * (1 - 1e-12) <= fills[1].price <= taken[:, 0].max() * (1 + 1e-12)


@given(st.floats(0.01, 40), st.sampled_from(["buy", "sell"]))
def test_the_largest_order_has_exactly_that_slippage(bps: float, side: str) -> None:
    """Walking what a slippage limit allows slips by the limit, unless the book ends first."""
    most, ended = notional_within(THREE, side, bps)  # type: ignore[arg-type]
    fill = walk(THREE, side, most)  # type: ignore[arg-type]
    assert not isinstance(fill, Unknown)
    assert fill.slippage_bps <= bps + 1e-9 if ended else fill.slippage_bps == pytest.approx(bps, abs=1e-6)


def test_a_limit_of_no_slippage_allows_the_first_level() -> None:
    """The touch holds 1,000.50 on the ask side."""
    assert notional_within(THREE, "buy", 0.0) == (pytest.approx(1000.50), False)


@pytest.mark.parametrize(
    ("bids", "asks", "why"),
    [
        ([], [(100, 1)], "no bids"),
        ([(99, 1)], [], "no asks"),
        ([(101, 1)], [(100, 1)], "crossed"),
        ([(100, 1)], [(100, 1)], "crossed"),
        ([(99, 0)], [(100, 1)], "no price or amount"),
        ([(99, float("nan"))], [(100, 1)], "no price or amount"),
        ([(-99, 1)], [(100, 1)], "no price or amount"),
        ([(98, 1), (99, 1)], [(100, 1)], "out of order"),
        ([(99, 1)], [(100, 1), (100, 2)], "out of order"),
    ],
)
def test_an_unsound_book_gives_no_number(
    bids: list[tuple[float, float]], asks: list[tuple[float, float]], why: str
) -> None:
    """Empty sides, crossed prices, zeros, NaN and levels out of order are each named."""
    told = sound_book(book(bids, asks))
    assert isinstance(told, Unknown)
    assert why in told.reason


def test_participation_and_days_to_exit() -> None:
    """50,000 of 1,000,000 a day is 5 %; at 5 % of the volume that takes one day."""
    assert participation(-50_000, 1e6) == pytest.approx(0.05)
    assert days_to_exit(50_000, 1e6, 0.05) == pytest.approx(1.0)


def test_where_nothing_trades_any_order_is_all_of_it() -> None:
    """A day without trades is known to be one: an order is infinitely many of them, none of nothing."""
    assert participation(1000, 0.0) == math.inf
    assert participation(0, 0.0) == 0
    assert grade({"participation": math.inf, "spread_bps": 1.0, "slippage_bps": 0.0}).grade == "D"


@pytest.mark.parametrize("volume", [None, float("nan"), -1.0])
def test_without_volume_neither_is_known(volume: float | None) -> None:
    """What is not known to trade gives no participation, and certainly not zero."""
    assert participation(1000, volume) is None
    assert days_to_exit(1000, volume, 0.05) is None


FINE: dict[str, float | None] = {
    "participation": 0.0005, "spread_bps": 1.0, "slippage_bps": 0.0, "open_interest": 0.0001, "age_days": 900.0,
}  # fmt: skip


def test_the_grade_is_the_worst_criterion() -> None:
    """All within the limits of A is A; a spread of 5 bps (3 to 8) makes it B, an age of 20 days D."""
    assert grade(FINE).grade == "A"
    assert (grade({**FINE, "spread_bps": 5.0}).grade, grade({**FINE, "spread_bps": 5.0}).decided_by) == (
        "B",
        "spread_bps",
    )
    assert grade({**FINE, "age_days": 20.0}).grade == "D"


def test_a_limit_itself_still_passes() -> None:
    """A participation of exactly 1 % is B; just above it is C."""
    assert grade({**FINE, "participation": 0.01}).grade == "B"
    assert grade({**FINE, "participation": 0.0100001}).grade == "C"


def test_an_unknown_criterion_makes_no_grade_but_a_d_stands() -> None:
    """Without a book there is no grade; 30 % of a day's volume is D whatever the book says; no open interest is told."""
    assert grade({**FINE, "spread_bps": None, "slippage_bps": None}).grade is None
    assert grade({**FINE, "spread_bps": None, "participation": 0.30}).grade == "D"
    told = grade({**FINE, "open_interest": None})
    assert (told.grade, told.unknown) == ("A", ("open_interest",))


def test_grades_follow_the_limits_given() -> None:
    """A stricter limit lowers the grade of the same numbers."""
    assert grade(FINE, {**LIMITS, "grade_a_participation": 0.0001}).grade == "B"


def test_the_cap_is_the_least_of_the_limits() -> None:
    """1 % of 200,000 is 2,000; 1 % of an open interest of 50,000 is 500; the book allows 6,018.50 at 50 bps or less."""
    limits = {**LIMITS, "cap_slippage_bps": 100.0}
    assert (cap(200_000, None, THREE, limits).notional, cap(200_000, None, THREE, limits).set_by) == (
        2000,
        "participation",
    )
    assert cap(200_000, 50_000, THREE, limits).notional == 500
    told = cap(1e9, None, THREE, limits)
    assert (told.notional, told.set_by, told.at_least) == (pytest.approx(5981.50), "slippage_bps", True)
    assert cap(None, 50_000, None).notional is None
    assert cap(0.0, None, None).notional == 0
