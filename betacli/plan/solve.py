"""The `solve` command: the basket, whether the exchange lets the account hold it, and today's trades toward it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from betacli.core.model import Notice, Universe
from betacli.data.candles import MarketData
from betacli.document import Report, Steps
from betacli.plan.answer import report
from betacli.plan.basket import Solved, solve_basket
from betacli.plan.held import held_contracts
from betacli.plan.measure import measure
from betacli.plan.request import BasketRequest
from betacli.plan.risk_block import risk_of_plan

if TYPE_CHECKING:
    from betacli.plan.today import Today


def plan_basket(
    request: BasketRequest,
    universe: Universe,
    source: MarketData | None,
    explain: Callable[[Solved], tuple[Steps, ...]] | None = None,
) -> Report:
    """Answer the `solve` command; `explain` writes its arithmetic down.

    Raises:
        CannotBeHeld: the exchange would not let the account hold the basket.
        NoData: a position of the basket has no price.
    """
    solved = solve_basket(request, universe, source, measure(request.betas, universe, source))
    _require_holdable(universe, source, solved)
    plan, notices = solved.plan, list(solved.notices)
    if request.positions is not None:
        today, said = _today(request, universe, source, solved)
        plan = replace(plan, today=today)
        notices += said
    told = explain(solved) if explain else ()
    held = held_contracts(solved.measured, plan.legs)
    risk = risk_of_plan(solved.measured, held, plan.notional, universe, source, untracked(solved))
    plan = replace(plan, trade_risk=risk)
    return report("solve", request.betas.run, solved.measured, plan, notices, explanation=told)


def untracked(solved: Solved) -> float | None:
    """Return what stand-ins leave untracked a year, None where nothing stands in."""
    if not solved.tracked:
        return None
    from betacli.plan.proxy_basis import proxy_basis  # noqa: PLC0415  loaded where it is asked: a plain solve starts sooner

    return proxy_basis(solved)[1]


def _require_holdable(universe: Universe, source: MarketData | None, solved: Solved) -> None:
    """Raise where the basket alone asks for more than the account may hold."""
    plan, listings = solved.plan, solved.measured.listings
    if plan.equity is None:
        return
    from betacli.plan.hedged_account import planned_holdings  # noqa: PLC0415  loaded where it is asked: a plain solve starts sooner
    from betacli.plan.margin import margin_of, margin_terms, require_holdable  # noqa: PLC0415

    planned = planned_holdings(solved, ())
    terms = margin_terms(
        {leg.key: listings.get(leg.base) for leg in planned if leg.margined}, universe, source, []
    )
    sizes = [leg.notional if leg.rounded_notional is None else leg.rounded_notional for leg in plan.legs]
    legs = [replace(held, notional=size) for held, size in zip(planned, sizes, strict=True)]
    require_holdable(margin_of(legs, terms, plan.equity), terms, plan.equity)


def _today(
    request: BasketRequest, universe: Universe, source: MarketData | None, solved: Solved
) -> "tuple[Today, list[Notice]]":
    """Return today's trades of the basket's legs; the benchmark is held as any other position."""
    from betacli.plan.positions import value_positions  # noqa: PLC0415  loaded where it is asked: a plain solve starts sooner
    from betacli.plan.today import leg_trades, require_sizes, today_notices, today_of  # noqa: PLC0415

    measured, legs = solved.measured, solved.plan.legs
    positions = value_positions(
        request.positions or (),
        measured=measured,
        universe=universe,
        source=source,
        basket={leg.base: measured.listings.get(leg.base) for leg in legs},
        hedge={},
        stand_ins=solved.plan.stand_ins,
    )
    require_sizes(positions)
    trades, _ = leg_trades(legs, measured.listings, positions, request.min_trade, solved.plan.notional)
    today = today_of(trades, positions, request.min_trade)
    return today, [*positions.notices, *today_notices(today)]
