"""The short risk block of `solve`, `hedge` and `checklist`: what it says, and what it says where nothing is live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from betacli import document as doc
from betacli.core.thresholds import BASIC

if TYPE_CHECKING:
    from betacli.core.model import Universe
    from betacli.data.candles import MarketData
    from betacli.plan.held import HeldContract
    from betacli.plan.measure import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRisk:
    """What can go wrong between plan and position, in short. None is unknown, and `unknown` says why by field.

    `liquidity_grade` is the worst of all contracts, that of `liquidity_worst`; `funding` is in quote currency over
    `horizon_days` at current rates, received above zero, `funding_bps` of the basket's notional; `basis_risk_annual`
    the standard deviation of Σ Q (contract return − index return) over that notional, a year.
    """

    horizon_days: float
    liquidity_grade: Literal["A", "B", "C", "D"] | None
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


def risk_of_plan(
    measured: "Measured",
    held: "Sequence[HeldContract]",
    basket: float,
    universe: "Universe",
    source: "MarketData | None",
) -> TradeRisk:
    """Return the block of what is held: only a live source is asked for order books, rates and index."""
    if source is not None and source.live and basket:
        from betacli.plan.trade_risk_asked import risk_asked  # noqa: PLC0415  an answer for the past starts sooner

        return risk_asked(measured, held, basket, universe, source)
    reason = "rates and index of this moment need a live source" if basket else "nothing is held"
    books = "order books need a live source" if basket else "nothing is held"
    return TradeRisk(
        horizon_days=universe.checklist.get("rebalance_days", BASIC["rebalance_days"]),
        liquidity_grade=None,
        liquidity_worst=None,
        funding=None,
        funding_bps=None,
        basis_risk_annual=None,
        unknown={"liquidity_grade": books, "funding": reason, "basis_risk": reason},
    )
