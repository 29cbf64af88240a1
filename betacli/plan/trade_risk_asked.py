"""The risk block of a live source: liquidity, funding over the horizon and basis risk, asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from betacli.core.liquidity import GRADES, Grade
from betacli.core.model import Universe
from betacli.data.candles import MarketData
from betacli.errors import ExchangeFailed
from betacli.plan.basis_rows import BasisRow, basis_rows
from betacli.plan.carrying import Holding
from betacli.plan.funding_rows import current_rows, projected
from betacli.plan.held import HeldContract
from betacli.plan.liquidity_rows import LiquidityRow, held_asked, limits_of, rows_of
from betacli.plan.measure import Measured
from betacli.plan.trade_risk import TradeRisk


def trade_risk(
    measured: Measured,
    held: Sequence[HeldContract],
    basket: float,
    rows: Sequence[LiquidityRow],
    universe: Universe,
    source: MarketData | None,
) -> TradeRisk:
    """Put the block together for what is held; the rates of a past moment are not asked for.

    An exchange that stops answering leaves what it was asked for unknown: the plan itself stands without it.
    """
    unknown: dict[str, str] = {}
    days = Holding().days(universe)
    grade, worst = _worst([row for row in rows if row.order])
    if grade is None:
        unknown["liquidity_grade"] = _ungraded(rows) or "nothing is held"
    if not basket or source is None:
        reason = "needs a source of market data" if basket else "nothing is held"
        unknown |= {"funding": reason, "basis_risk_annual": reason}
        return _block(days, grade, worst, (None, None, None), unknown)
    net = bps = risk = None
    try:
        net, bps, why_no_funding = _funding(held, source, days, basket)
        rows_of_basis, _, risk = basis_rows(measured, held, basket, universe, source)
    except ExchangeFailed as failed:
        unknown |= {"funding": failed.message} if net is None else {}
        unknown["basis_risk_annual"] = failed.message
    else:
        unknown |= {"funding": why_no_funding} if net is None else {}
        unknown |= {"basis_risk_annual": _unmeasured(rows_of_basis)} if risk is None else {}
    return _block(days, grade, worst, (net, bps, risk), unknown)


def _funding(
    held: Sequence[HeldContract], source: MarketData, days: float, basket: float
) -> tuple[float | None, float | None, str]:
    """Return funding over the horizon in quote currency and in bps of the basket, or why it is unknown."""
    if not source.live:
        return None, None, "the rates of a past moment are not known"
    return projected(current_rows(held, source, days * 24), basket)


def _ungraded(rows: Sequence[LiquidityRow]) -> str:
    """Say why what is held has no grade."""
    why: dict[str, list[str]] = {}
    for row in rows:
        if row.order and row.grade is None:
            reason = row.unknown.get("order-book") or row.unknown.get("grade") or "has no grade"
            why.setdefault(reason, []).append(row.base)
    return _reasons(why)


def _unmeasured(rows: Sequence[BasisRow]) -> str:
    """Say why the basis risk of what is held is unknown."""
    why: dict[str, list[str]] = {}
    for row in rows:
        if "basis-history" in row.unknown and row.notional and row.risk_annual is None:
            why.setdefault(row.unknown["basis-history"], []).append(row.base)
    return _reasons(why) or "too few bars"


def _reasons(why: Mapping[str, Sequence[str]]) -> str:
    """Name what something is unknown of, and why, once a reason."""
    return "; ".join(f"{', '.join(dict.fromkeys(bases))}: {reason}" for reason, bases in why.items())


def risk_asked(
    measured: Measured, held: Sequence[HeldContract], basket: float, universe: Universe, source: MarketData
) -> TradeRisk:
    """Ask for the liquidity of what is held too, and put the block together."""
    rows: tuple[LiquidityRow, ...] = ()
    failed = ""
    try:
        rows, _ = rows_of(measured, held_asked(held), source, limits_of(universe))
    except ExchangeFailed as error:
        failed = error.message
    found = trade_risk(measured, held, basket, rows, universe, source)
    if rows:
        return found
    return replace(found, unknown={**found.unknown, "liquidity_grade": failed or "no order book was given"})


def _block(
    days: float,
    grade: Grade | None,
    worst: str | None,
    costs: tuple[float | None, float | None, float | None],
    unknown: Mapping[str, str],
) -> TradeRisk:
    funding, bps, basis_risk = costs
    return TradeRisk(
        horizon_days=days,
        liquidity_grade=grade,
        liquidity_worst=worst,
        funding=funding,
        funding_bps=bps,
        basis_risk_annual=basis_risk,
        unknown=unknown,
    )


def _worst(held: Sequence[LiquidityRow]) -> tuple[Grade | None, str | None]:
    """Return the worst grade and whose it is: a D stands, otherwise every contract must have one."""
    graded = [row for row in held if row.grade is not None]
    if not graded:
        return None, None
    worst = max(graded, key=lambda row: (GRADES.index(row.grade or "A"), row.participation or 0.0))
    if len(graded) < len(held) and worst.grade != "D":
        return None, None
    return worst.grade, worst.base
