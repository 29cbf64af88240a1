"""A book of positions as one account: the beta that is left, its margin, and what benchmark moves do to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.beta import PRESETS, estimate
from betacli.core.hedge import SCENARIO_MOVES, Scenario, aggregate_beta, scenarios
from betacli.core.margin import SEARCHED_MOVE, Moves, liquidation_moves
from betacli.plan.betas import known
from betacli.plan.holding import Holding, Role
from betacli.plan.margin import Margin, MarginTerms, margin_of
from betacli.plan.measure import Measured

Case = Literal["estimated", "minus-2se", "plus-2se", "downside", "upside"]
CASES: tuple[Case, ...] = ("estimated", "minus-2se", "plus-2se", "downside", "upside")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationCase:
    """The benchmark moves that liquidate at one beta of the basket, which is None where it is unknown.

    `cross`: one account. `isolated`: basket, hedge and other futures each on their own margin, the equity shared in
    proportion to their gross notional; the first of them to go.
    """

    case: Case
    basket_beta: float | None
    cross: Moves | None
    isolated: Moves | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidation:
    """The benchmark move (a fraction) that takes the account to its maintenance margin.

    At the estimated beta, and with every beta two standard errors of the basket's lower and higher; None within
    `searched` either way, or where it cannot be known. `cases` tells both directions, the beta on falling and rising
    days too, cross and isolated. Spot neither gives margin nor takes any. Venues' formulas differ: an estimate.
    """

    known: bool
    at_beta: float | None
    at_beta_low: float | None
    at_beta_high: float | None
    searched: float
    cases: tuple[LiquidationCase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a benchmark move does to the account at one beta of the basket, residual returns taken as zero.

    `net_pnl` is before any liquidation; `liquidated_cross` and `liquidated_isolated` tell whether there is one on the
    way; None where unknown.
    """

    benchmark_move: float
    case: Case
    basket_beta: float | None
    net_pnl: float | None
    equity_change: float | None
    liquidated_cross: bool | None
    liquidated_isolated: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Basket, hedge and what else is held as one account: beta left per unit of basket notional, and what moves do.

    Notionals in quote currency; `account_leverage` is the gross of the futures over equity (None without equity).
    What an unknown beta or notional enters is None.
    """

    aggregate_beta: float | None
    gross_notional: float | None
    net_notional: float | None
    account_leverage: float | None
    margin: Margin
    liquidation: Liquidation
    scenarios: tuple[Scenario, ...]
    outcomes: tuple[Outcome, ...]


def betas_by_case(
    measured: Measured, weights: Floats, beta: float, std_error: float | None
) -> dict[Case, float | None]:
    """Return the basket's beta in each case: estimated, two standard errors off, on falling and on rising days.

    The last two are least squares of the basket's own returns on the bars on which the benchmark fell or rose, with an
    intercept, not aged and not shrunk; None without data, below 10 such bars, or where a weighted beta was given by hand.
    """
    by_hand = any(flag and w != 0 for flag, w in zip(measured.overridden, weights, strict=True))
    sides: dict[Case, float | None] = {"downside": None, "upside": None}
    if measured.returns is not None and measured.market is not None and not by_hand:
        held = weights != 0
        basket = (measured.returns[:, held] @ weights[held])[:, None]
        for case, preset in (("downside", "downside-180d"), ("upside", "upside-180d")):
            found = estimate(PRESETS[preset], basket, measured.market, measured.bars_per_day)
            sides[case] = known(found.beta[0])  # type: ignore[index]
    return {
        "estimated": beta,
        "minus-2se": None if std_error is None else beta - 2 * std_error,
        "plus-2se": None if std_error is None else beta + 2 * std_error,
        **sides,
    }


def book_of(
    holdings: Sequence[Holding],
    *,
    equity: float | None,
    terms: MarginTerms,
    cases: Mapping[Case, float | None],
    half_width: float | None,
) -> Book:
    """Return the account of a book.

    Args:
        holdings: every position, those of the basket with known betas and notionals.
        equity: of the account, None where it is unknown.
        terms: what the exchange wants of each contract.
        cases: the basket's beta in each case, None where unknown.
        half_width: half the 95 % interval of the basket's beta, None where unknown.
    """
    by_role = {role: _exposure(holdings, role) for role in ("basket", "hedge", "outside")}
    basket, hedge, outside = by_role["basket"] or 0.0, by_role["hedge"] or 0.0, by_role["outside"]
    sizes = [h.notional for h in holdings]
    complete = all(size is not None for size in sizes)
    known_sizes = np.array([size for size in sizes if size is not None])
    per = sum(h.notional or 0.0 for h in holdings if h.role == "basket")
    futures = [h.notional for h in holdings if h.margined]
    gross = sum(abs(size) for size in futures if size is not None)
    leveraged = equity is not None and all(size is not None for size in futures)
    interval = None
    if half_width is not None:
        interval = (basket - half_width * per, basket + half_width * per)
    liquidation = _liquidation(holdings, equity, terms, cases)
    return Book(
        aggregate_beta=None
        if outside is None
        else aggregate_beta(np.array([basket, hedge, outside]), np.ones(3), per),
        gross_notional=float(np.abs(known_sizes).sum()) if complete else None,
        net_notional=float(known_sizes.sum()) if complete else None,
        account_leverage=gross / equity if leveraged and equity else None,
        margin=margin_of(holdings, terms, equity),
        liquidation=liquidation,
        scenarios=scenarios(
            basket_exposure=basket,
            hedge_exposure=hedge,
            outside_exposure=outside,
            exposure_interval=interval,
            equity=equity,
        ),
        outcomes=_outcomes(basket, hedge, outside, per, cases, equity, liquidation),
    )


def _exposure(holdings: Sequence[Holding], role: Role) -> float | None:
    """Return Σ notional × beta of a role, None where a part is unknown; what is nothing needs no beta."""
    total = 0.0
    for held in holdings:
        if held.role != role or held.notional == 0:
            continue
        if held.notional is None or held.beta is None:
            return None
        total += held.notional * held.beta
    return total


def _liquidation(
    holdings: Sequence[Holding],
    equity: float | None,
    terms: MarginTerms,
    cases: Mapping[Case, float | None],
) -> Liquidation:
    """Solve for the benchmark moves that liquidate, at every beta of the basket that is known."""
    futures = [h for h in holdings if h.margined and h.notional != 0]
    sure = all(h.notional is not None and h.beta is not None for h in futures)
    if equity is None or not sure or terms.ladders(futures) is None:
        none = tuple(
            LiquidationCase(case=case, basket_beta=cases[case], cross=None, isolated=None) for case in CASES
        )
        return Liquidation(
            known=False,
            at_beta=None,
            at_beta_low=None,
            at_beta_high=None,
            searched=SEARCHED_MOVE,
            cases=none,
        )
    found = tuple(_case(case, futures, equity, terms, cases) for case in CASES)
    nearest = {one.case: one.cross.nearest if one.cross is not None else None for one in found}
    return Liquidation(
        known=True,
        at_beta=nearest["estimated"],
        at_beta_low=nearest["minus-2se"],
        at_beta_high=nearest["plus-2se"],
        searched=SEARCHED_MOVE,
        cases=found,
    )


def _case(
    case: Case,
    futures: Sequence[Holding],
    equity: float,
    terms: MarginTerms,
    cases: Mapping[Case, float | None],
) -> LiquidationCase:
    beta, estimated = cases[case], cases["estimated"]
    if beta is None or estimated is None:
        return LiquidationCase(case=case, basket_beta=beta, cross=None, isolated=None)
    by = beta - estimated
    shifted = [
        replace(h, beta=h.beta + by) if h.role == "basket" and h.beta is not None else h for h in futures
    ]
    gross = sum(abs(h.notional or 0.0) for h in shifted)
    alone = []
    for role in ("basket", "hedge", "outside"):
        part = [h for h in shifted if h.role == role]
        if part:
            share = sum(abs(h.notional or 0.0) for h in part) / gross
            alone.append(_moves(part, equity * share, terms))
    downs = [moves.down for moves in alone if moves.down is not None]
    ups = [moves.up for moves in alone if moves.up is not None]
    return LiquidationCase(
        case=case,
        basket_beta=beta,
        cross=_moves(shifted, equity, terms),
        isolated=Moves(down=max(downs, default=None), up=min(ups, default=None)),
    )


def _moves(futures: Sequence[Holding], equity: float, terms: MarginTerms) -> Moves:
    ladders = terms.ladders(futures)
    if ladders is None or not futures:
        return Moves(down=None, up=None)
    notionals = np.array([h.notional for h in futures], dtype=np.float64)
    betas = np.array([h.beta for h in futures], dtype=np.float64)
    return liquidation_moves(equity, notionals, betas, ladders)


def _outcomes(
    basket: float,
    hedge: float,
    outside: float | None,
    per: float,
    cases: Mapping[Case, float | None],
    equity: float | None,
    liquidation: Liquidation,
) -> tuple[Outcome, ...]:
    """Return one outcome per benchmark move and beta of the basket."""
    found = []
    for move in SCENARIO_MOVES:
        for one in liquidation.cases:
            beta, estimated = cases[one.case], cases["estimated"]
            net = None
            if beta is not None and estimated is not None and outside is not None:
                net = (basket + (beta - estimated) * per + hedge + outside) * move
            found.append(
                Outcome(
                    benchmark_move=move,
                    case=one.case,
                    basket_beta=beta,
                    net_pnl=net,
                    equity_change=None if net is None or not equity else net / equity,
                    liquidated_cross=None if one.cross is None else one.cross.within(move),
                    liquidated_isolated=None if one.isolated is None else one.isolated.within(move),
                )
            )
    return tuple(found)
