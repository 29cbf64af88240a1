"""The account by hand: cross and isolated, other betas, spot beside futures, what is unknown, what cannot be held."""

from dataclasses import replace

import pytest

from betacli.core.model import MarginTier
from betacli.errors import CannotBeHeld
from betacli.plan.book import CASES, Book, book_of
from betacli.plan.holding import Holding
from betacli.plan.margin import MarginTerms, require_holdable

ALT = Holding(base="ALT", symbol="ALT", role="basket", notional=100_000.0, beta=1.4, price=10.0)
BTC = Holding(base="BTC", symbol="BTC", role="hedge", notional=-140_000.0, beta=1.0, price=50_000.0)
FLAT = MarginTier(floor_notional=0, cap_notional=None, maintenance_rate=0.02, max_leverage=20)
TERMS = MarginTerms(
    tiers={"ALT": (FLAT,), "BTC": (FLAT,), "DOG": (FLAT,)},
    told=dict.fromkeys(("ALT", "BTC", "DOG"), "exchange"),
    exchange="venue",
)
BETAS = {"estimated": 1.4, "minus-2se": 1.0, "plus-2se": 1.8, "downside": 2.5, "upside": 0.5}


def book(*holdings: Holding, equity: float | None = 30_000.0, half_width: float | None = 0.2) -> Book:
    return book_of(holdings, equity=equity, terms=TERMS, cases=BETAS, half_width=half_width)


def test_cross_liquidation_at_five_betas() -> None:
    """100 k at five realised betas, short 140 k, 30 k of equity, 2 %: the moves worked out by hand in the methods.

    At 2.5 falling: (30,000 − 4,800) / (110,000 − 7,800) = 24.7 %. At 1.0 rising: 25,200 / (40,000 + 4,800) = 56.25 %.
    At 0.5 rising: 25,200 / (90,000 + 0.02 · 190,000) = 26.87 %. At 1.4 and 1.8 none within ±60 %.
    """
    found = {one.case: one.cross for one in book(ALT, BTC).liquidation.cases}
    assert tuple(found) == CASES
    assert found["downside"].down == pytest.approx(-25_200 / 102_200)
    assert found["minus-2se"].up == pytest.approx(25_200 / 44_800)
    assert found["upside"].up == pytest.approx(25_200 / 93_800)
    assert found["estimated"].nearest is None
    assert found["plus-2se"].nearest is None


def test_isolated_liquidation_at_the_estimated_beta() -> None:
    """Equity by gross: 12,500 for the basket, 17,500 for the short.

    Basket, falling x: 12,500 − 2,000 = 140,000 x − 0.02 · 140,000 x, x = 7.65 %. Short, rising x:
    17,500 − 2,800 = 140,000 x (1 + 0.02), x = 10.29 %.
    """
    (one,) = (one for one in book(ALT, BTC).liquidation.cases if one.case == "estimated")
    assert one.isolated.down == pytest.approx(-10_500 / (140_000 * 0.98))
    assert one.isolated.up == pytest.approx(14_700 / (140_000 * 1.02))


def test_margin_by_hand() -> None:
    """At 20x and 2 %: 5,000 + 7,000 initial, 2,000 + 2,800 maintenance; each leg isolated at the account's 8x.

    Long at 8x: 10 (1 − 1/8) / 0.98 = 8.9286; short: 50,000 (1 + 1/8) / 1.02 = 55,147.06.
    """
    margin = book(ALT, BTC).margin
    assert (margin.initial, margin.maintenance) == (12_000, 4_800)
    assert [leg.isolated_leverage for leg in margin.legs] == [8, 8]
    assert margin.legs[0].liquidation_price == pytest.approx(10 * 0.875 / 0.98)
    assert margin.legs[1].liquidation_price == pytest.approx(50_000 * 1.125 / 1.02)


def test_what_moves_do_at_every_beta() -> None:
    """BTC −30 % at beta 2.5: −75,000 + 42,000 = −33,000, which is 110 % of the equity, and liquidated at −24.7 %."""
    found = {(one.benchmark_move, one.case): one for one in book(ALT, BTC).outcomes}
    assert sorted({move for move, _ in found}) == [-0.3, -0.2, -0.1, -0.05, 0.05, 0.1, 0.2, 0.3]
    gone = found[-0.3, "downside"]
    assert (gone.net_pnl, gone.equity_change) == (pytest.approx(-33_000), pytest.approx(-1.1))
    assert (gone.liquidated_cross, gone.liquidated_isolated) == (True, True)
    calm = found[-0.3, "estimated"]
    assert calm.net_pnl == pytest.approx(0, abs=1e-9)
    assert (calm.liquidated_cross, calm.liquidated_isolated) == (False, True)
    assert found[0.2, "upside"].liquidated_cross is False
    assert found[0.3, "upside"].liquidated_cross is True


def test_spot_gains_and_loses_but_gives_no_margin() -> None:
    """100 k of spot instead of futures hedged with the same short: same scenarios, but the short stands alone.

    30,000 − 2,800 = 140,000 x · 1.02: liquidated at +19.05 %, though the account as a whole would have lost nothing.
    """
    held = book(replace(ALT, kind="spot"), BTC)
    assert held.aggregate_beta == pytest.approx(0)
    assert held.scenarios == book(ALT, BTC).scenarios
    assert held.account_leverage == pytest.approx(140 / 30)
    assert held.margin.initial == 7_000
    assert held.liquidation.at_beta == pytest.approx(27_200 / 142_800)


def test_a_position_outside_with_a_beta_counts() -> None:
    """10,000 of DOG at beta 2 beside: (140,000 − 140,000 + 20,000) / 100,000 = 0.2; BTC −10 % costs 2,000."""
    dog = Holding(base="DOG", symbol="DOG", role="outside", notional=10_000.0, beta=2.0)
    held = book(ALT, BTC, dog)
    assert held.aggregate_beta == pytest.approx(0.2)
    assert (held.gross_notional, held.net_notional) == (250_000, -30_000)
    (ten,) = (s for s in held.scenarios if s.benchmark_move == -0.1)
    assert (ten.outside_pnl, ten.net_pnl) == (pytest.approx(-2_000), pytest.approx(-2_000))


def test_a_position_of_unknown_beta_leaves_the_totals_unknown() -> None:
    """Without DOG's beta there is no beta of the account, no P&L, no liquidation; notionals are still known."""
    held = book(ALT, BTC, Holding(base="DOG", symbol="DOG", role="outside", notional=10_000.0, beta=None))
    assert held.aggregate_beta is None
    assert held.gross_notional == 250_000
    assert not held.liquidation.known
    assert all(s.net_pnl is None for s in held.scenarios)
    assert all(one.net_pnl is None and one.liquidated_cross is None for one in held.outcomes)


def test_a_position_of_unknown_size_leaves_leverage_and_margin_unknown() -> None:
    """Without DOG's price its notional is unknown, and so is everything it adds to."""
    held = book(ALT, BTC, Holding(base="DOG", symbol="DOG", role="outside", notional=None, beta=2.0))
    assert (held.gross_notional, held.net_notional, held.account_leverage) == (None, None, None)
    assert (held.aggregate_beta, held.margin.initial, held.margin.maintenance) == (None, None, None)


def test_without_equity_there_is_no_account() -> None:
    """Sizes and margin are known, leverage, liquidation and fractions of equity are not."""
    held = book(ALT, BTC, equity=None)
    assert held.gross_notional == 240_000
    assert (held.account_leverage, held.liquidation.known) == (None, False)
    assert held.margin.initial == 12_000
    assert held.margin.legs[0].liquidation_price is None


def test_more_margin_than_equity_cannot_be_held() -> None:
    """12,000 of initial margin fits 12,000 of equity and not 11,999."""
    require_holdable(book(ALT, BTC, equity=12_000.0).margin, TERMS, 12_000.0)
    with pytest.raises(CannotBeHeld) as caught:
        require_holdable(book(ALT, BTC, equity=11_999.0).margin, TERMS, 11_999.0)
    assert caught.value.exit_code == 5
    assert "12,000.00 of initial margin" in caught.value.message


def test_a_leg_beyond_the_last_tier_cannot_be_held() -> None:
    """The exchange's last tier ends at 50,000, the leg is 100,000: refused with both numbers, also without equity."""
    small = replace(FLAT, cap_notional=50_000.0)
    terms = replace(TERMS, tiers={**TERMS.tiers, "ALT": (small,)})
    held = book_of([ALT, BTC], equity=None, terms=terms, cases=BETAS, half_width=None)
    with pytest.raises(CannotBeHeld) as caught:
        require_holdable(held.margin, terms, None)
    assert "ALT 100,000.00 of at most 50,000.00" in caught.value.message
