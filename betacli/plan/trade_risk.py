"""The short risk block of `solve`, `hedge` and `checklist`: liquidity, funding over the horizon, basis risk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from betacli import document as doc
from betacli.core.liquidity import GRADES, Grade
from betacli.core.model import Notice, Universe
from betacli.data.candles import MarketData
from betacli.plan.attempt import Attempt
from betacli.plan.basis import basis_rows
from betacli.plan.carrying import Holding
from betacli.plan.funding import current_rows, projected
from betacli.plan.liquidity_rows import LiquidityRow


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
    found: Attempt, rows: Sequence[LiquidityRow], universe: Universe, source: MarketData | None
) -> tuple[TradeRisk, list[Notice]]:
    """Put the block together for an attempted trade; only a live source is asked for rates and index."""
    unknown: dict[str, str] = {}
    days = Holding().days(universe)
    held = [row for row in rows if row.order]
    grade, worst = _worst(held)
    if grade is None:
        why = dict.fromkeys(row.unknown.get("order-book") or row.unknown.get("grade", "") for row in held)
        unknown["liquidity_grade"] = "; ".join(text for text in why if text) or "nothing is held"
    if found.solved is None or source is None or not source.live:
        reason = (
            "nothing is held" if found.solved is None else "rates and index of this moment need a live source"
        )
        unknown |= {"funding": reason, "basis_risk": reason}
        return _block(days, grade, worst, None, None, None, unknown), []
    net, bps, why_not = projected(current_rows(found, source, days * 24), found.solved.plan.notional)
    if net is None:
        unknown["funding"] = why_not
    basis, _, risk = basis_rows(found, universe, source)
    if risk is None:
        reasons = dict.fromkeys(
            reason for row in basis for what, reason in row.unknown.items() if "history" in what
        )
        unknown["basis_risk"] = "; ".join(reasons) or "too few bars"
    return _block(days, grade, worst, net, bps, risk, unknown), []


def _block(
    days: float,
    grade: Grade | None,
    worst: str | None,
    funding: float | None,
    bps: float | None,
    basis_risk: float | None,
    unknown: Mapping[str, str],
) -> TradeRisk:
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
