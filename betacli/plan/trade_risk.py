"""The short risk block of `solve`, `hedge` and `checklist`: what it says, and what it says where nothing is live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from betacli import document as doc

LABELS = {"liquidity_grade": "liquidity", "funding": "funding", "basis_risk_annual": "basis risk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRisk:
    """What can go wrong between plan and position, in short. None is unknown, and `unknown` says why by field.

    `liquidity_grade` is the worst of all contracts, that of `liquidity_worst`; `funding` is in quote currency over
    `horizon_days` at current rates, received above zero, `funding_bps` of the basket's notional; `basis_risk_annual`
    the standard deviation of Σ Q (contract return − index return) over that notional, a year; `proxy_basis_annual` that
    of what proxies leave untracked, None where nothing stands in.
    """

    horizon_days: float
    liquidity_grade: Literal["A", "B", "C", "D"] | None
    liquidity_worst: str | None
    funding: float | None
    funding_bps: float | None
    basis_risk_annual: float | None
    proxy_basis_annual: float | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)

    def lines(self) -> list[tuple[str, str]]:
        """Return what is known as labels and text, and why the rest is not."""
        if set(self.unknown.values()) == {"nothing is held"}:
            return []
        funding = basis = None
        if self.funding is not None:
            bps = doc.fixed(1, sign=True)(self.funding_bps)
            funding = (
                f"{doc.signed_money(self.funding)} ({bps} bps) in {self.horizon_days:g} days at current rates"
            )
        if self.basis_risk_annual is not None:
            basis = f"{doc.percent(self.basis_risk_annual)} a year"
        grade = None
        if self.liquidity_grade is not None:
            grade = f"grade {self.liquidity_grade}, the least liquid is {self.liquidity_worst}"
        told = {"liquidity_grade": grade, "funding": funding, "basis_risk_annual": basis}
        pairs = [
            (label, self._why_not(name) if told[name] is None else str(told[name]))
            for name, label in LABELS.items()
        ]
        if all(text is None for text in told.values()):
            pairs = [("trade risk", f"{doc.UNKNOWN}{self._together()}")]
        if self.proxy_basis_annual is not None:
            pairs.append(("proxy basis", f"{doc.percent(self.proxy_basis_annual)} a year"))
        return pairs

    def _why_not(self, name: str) -> str:
        reason = self.unknown.get(name)
        return f"{doc.UNKNOWN}: {reason}" if reason else doc.UNKNOWN

    def _together(self) -> str:
        reasons = list(dict.fromkeys(self.unknown.values()))
        return f": {', '.join(LABELS.values())}: {'; '.join(reasons)}" if reasons else ""
