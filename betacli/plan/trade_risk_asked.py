"""The risk block of a live source: liquidity, funding over the horizon and basis risk, asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from betacli.core.liquidity import GRADES, Grade
from betacli.core.model import Universe
from betacli.data.candles import MarketData
from betacli.errors import ExchangeFailed
from betacli.plan.basis_rows import basis_rows
from betacli.plan.carrying import Holding
from betacli.plan.funding_rows import current_rows, projected
from betacli.plan.held import HeldContract, orders_of
from betacli.plan.liquidity_rows import LiquidityRow, limits_of, rows_of
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
    """Put the block together for what is held; only a live source is asked for rates and index.

    An exchange that stops answering leaves what it was asked for unknown: the plan itself stands without it.
    """
    unknown: dict[str, str] = {}
    days = Holding().days(universe)
    graded = [row for row in rows if row.order]
    grade, worst = _worst(graded)
    if grade is None:
        why = dict.fromkeys(row.unknown.get("order-book") or row.unknown.get("grade", "") for row in graded)
        unknown["liquidity_grade"] = "; ".join(text for text in why if text) or "nothing is held"
    if not basket or source is None or not source.live:
        reason = "rates and index of this moment need a live source" if basket else "nothing is held"
        unknown |= {"funding": reason, "basis_risk": reason}
        return _block(days, grade, worst, (None, None, None), unknown)
    net = bps = risk = None
    try:
        net, bps, why_not = projected(current_rows(measured, held, source, days * 24), basket)
        if net is None:
            unknown["funding"] = why_not
        basis, _, risk = basis_rows(measured, held, basket, universe, source)
        if risk is None:
            found = [reason for row in basis for what, reason in row.unknown.items() if "history" in what]
            unknown["basis_risk"] = "; ".join(dict.fromkeys(found)) or "too few bars"
    except ExchangeFailed as failed:
        unknown |= {name: failed.message for name, x in (("funding", net), ("basis_risk", risk)) if x is None}
    return _block(days, grade, worst, (net, bps, risk), unknown)


def risk_asked(
    measured: Measured, held: Sequence[HeldContract], basket: float, universe: Universe, source: MarketData
) -> TradeRisk:
    """Ask for the liquidity of what is held too, and put the block together."""
    rows: tuple[LiquidityRow, ...] = ()
    failed = ""
    try:
        rows, _ = rows_of(measured, tuple(orders_of(held)), (), orders_of(held), source, limits_of(universe))
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
