"""Contracts by hand: steps, minima, inverse contracts, multipliers; and the account's triple."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from betacli.core.model import Market
from betacli.core.sizing import size_account, size_down, size_nearest, smallest_notional


def market(**how: object) -> Market:
    given_ = {
        "amount_step": Decimal("0.001"),
        "min_amount": Decimal("0.001"),
        "min_notional": Decimal(100),
    } | how
    return Market(base="BTC", symbol="BTC/USDT:USDT", quote="USDT", **given_)  # type: ignore[arg-type]


def test_a_leg_rounds_down_and_a_hedge_to_nearest() -> None:
    """10,000 at 91,967.8 is 0.10873...: 0.108 down, 0.109 to nearest; notionals 9,932.52 and 10,024.49."""
    down, nearest = size_down(10_000, 91_967.8, market()), size_nearest(-10_000, 91_967.8, market())
    assert down.contracts == Decimal("0.108")
    assert down.notional == pytest.approx(0.108 * 91_967.8, abs=1e-9)
    assert nearest.contracts == Decimal("-0.109")
    assert nearest.notional == pytest.approx(-0.109 * 91_967.8, abs=1e-9)


def test_an_exact_multiple_is_not_lost_to_binary_fractions() -> None:
    """0.3 of a coin at 1 with steps of 0.1 is three steps, which 0.3 // 0.1 in floats is not."""
    sized = size_down(0.3, 1.0, market(amount_step=Decimal("0.1"), min_amount=None, min_notional=None))
    assert sized.contracts == Decimal("0.3")


def test_below_the_minimum_nothing_is_held_and_the_need_is_told() -> None:
    """At 91,967.8 a minimum of 100 is 0.002 BTC = 183.94; 150 does not reach it."""
    assert smallest_notional(market(), 91_967.8) == Decimal("183.9356")
    sized = size_down(150, 91_967.8, market())
    assert (sized.contracts, sized.notional) == (0, 0.0)
    assert sized.shortfall == "needs at least 183.94 of notional, 150.00 was planned"


def test_an_inverse_contract_is_worth_its_size_in_quote() -> None:
    """1,050 in contracts of 100 USD is 10 contracts; at 50,000 that is 0.02 BTC."""
    inverse = market(
        linear=False,
        contract_size=Decimal(100),
        amount_step=Decimal(1),
        min_amount=Decimal(1),
        min_notional=None,
    )
    sized = size_down(-1_050, 50_000, inverse)
    assert (sized.contracts, sized.notional) == (Decimal(-10), -1000.0)
    assert sized.amount == Decimal("-0.02")


def test_a_multiplier_counts_coins() -> None:
    """`1000PEPE` at 0.012: 100 of notional is 8,333 contracts and 8,333,000 coins."""
    pepe = market(multiplier=1000, amount_step=Decimal(1), min_amount=Decimal(1), min_notional=Decimal(5))
    sized = size_down(100, 0.012, pepe)
    assert (sized.contracts, sized.amount) == (Decimal(8333), Decimal(8_333_000))
    assert sized.notional == pytest.approx(99.996)


@settings(max_examples=200, deadline=None)
@given(
    notional=st.floats(-1e7, 1e7),
    price=st.floats(1e-6, 1e6),
    step=st.sampled_from(["0.001", "0.1", "1", "10"]),
)
def test_rounding_down_never_holds_more_than_planned(notional: float, price: float, step: str) -> None:
    """The contracts are a multiple of the step, of the sign asked for, and worth at most the notional."""
    m = market(amount_step=Decimal(step), min_amount=Decimal(step), min_notional=Decimal(5))
    sized = size_down(notional, price, m)
    assert sized.contracts % Decimal(step) == 0
    assert abs(sized.notional) <= abs(notional) * (1 + 1e-12)
    assert sized.notional * notional >= 0
    if sized.shortfall is None and notional:
        assert abs(notional) - abs(sized.notional) < float(step) * price * (1 + 1e-9)


def test_any_two_of_the_triple_fix_the_third() -> None:
    """100,000 at 5x is 20,000 of equity, in every combination."""
    for given_ in (
        (100_000, None, 5.0),
        (100_000, 20_000, None),
        (None, 20_000, 5.0),
        (100_000, 20_000, 5.0),
    ):
        sizing = size_account(*given_, default=1.0)
        assert (sizing.notional, sizing.equity, sizing.leverage) == (100_000, 20_000, 5.0)


def test_leverage_alone_works_on_the_default_and_nothing_leaves_the_account_unknown() -> None:
    """`--leverage 5` with a default of 100,000 is 20,000 of equity; without either there is no account."""
    sizing = size_account(None, None, 5.0, default=100_000)
    assert sizing.equity == 20_000
    bare = size_account(None, None, None, default=100_000)
    assert (bare.notional, bare.equity, bare.leverage) == (100_000, None, None)


def test_a_contradictory_triple_is_refused() -> None:
    """100,000 is not 20,000 × 4."""
    with pytest.raises(ValueError, match=r"100,000\.00 is not equity 20,000\.00 × leverage 4 = 80,000\.00"):
        size_account(100_000, 20_000, 4.0, default=1.0)
