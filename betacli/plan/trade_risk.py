"""The short risk block of `solve`, `hedge` and `checklist`: liquidity, funding over the horizon, basis risk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from betacli import document as doc
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRisk:
    """What can go wrong between plan and position, in short. None is unknown, and `unknown` says why by field.

    `liquidity_grade` is the worst of all contracts, that of `liquidity_worst`; `funding` is in quote currency over
    `horizon_days` at current rates, received above zero, `funding_bps` of the basket's notional; `basis_risk_annual`
    the standard deviation of Σ Q (contract return − index return) over that notional, a year.
    """

    horizon_days: float
    liquidity_grade: Grade | None
    liquidity_worst: str | None
    funding: float | None
    funding_bps: float | None
    basis_risk_annual: float | None
    unknown: Mapping[str, str] = field(default_factory=dict)

    def lines(self) -> list[tuple[str, str]]:
        """Return what is known as labels and text."""
        pairs = []
        if self.liquidity_grade is not None:
            pairs.append(
                ("liquidity", f"grade {self.liquidity_grade}, the least liquid is {self.liquidity_worst}")
            )
        if self.funding is not None:
            bps = doc.fixed(1, sign=True)(self.funding_bps)
            told = (
                f"{doc.signed_money(self.funding)} ({bps} bps) in {self.horizon_days:g} days at current rates"
            )
            pairs.append(("funding", told))
        if self.basis_risk_annual is not None:
            pairs.append(("basis risk", f"{doc.percent(self.basis_risk_annual)} a year"))
        return pairs


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


def risk_of_plan(
    measured: Measured,
    held: Sequence[HeldContract],
    basket: float,
    universe: Universe,
    source: MarketData | None,
) -> TradeRisk:
    """Ask for the liquidity of what is held too, where the source is live, and put the block together."""
    rows: tuple[LiquidityRow, ...] = ()
    failed = ""
    if source is not None and source.live and basket:
        try:
            rows, _ = rows_of(
                measured, tuple(orders_of(held)), (), orders_of(held), source, limits_of(universe)
            )
        except ExchangeFailed as error:
            failed = error.message
    found = trade_risk(measured, held, basket, rows, universe, source)
    if rows or not basket:
        return found
    reason = failed or "order books need a live source"
    return replace(found, unknown={**found.unknown, "liquidity_grade": reason})


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
