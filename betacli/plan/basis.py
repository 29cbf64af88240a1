"""How far are the contracts from what they stand for, how does that behave, and what do dated futures pay?"""

from dataclasses import dataclass

from betacli import document as doc
from betacli.core.model import Universe
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Facts, Report, Table
from betacli.plan.answer import report
from betacli.plan.attempt import attempt
from betacli.plan.basis_rows import BasisRow, basis_rows
from betacli.plan.carrying import Holding
from betacli.plan.dated import DatedRow, dated_rows, dated_table
from betacli.plan.proxy_basis import ProxyBasisRow, proxy_basis
from betacli.plan.request import BasketRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisPlan:
    """Basis of every contract of basket and hedge.

    `risk_annual` is the basis risk of the whole: the standard deviation a year of Σ Q (contract return − reference
    return) over the basket's notional; `risk_currency` that times the notional. `proxy_basis_annual` is the same of what
    `proxies`, which stand in for members without a contract, leave untracked of them all together; None where there are
    none.
    """

    sector: str
    timeframe: str | None
    horizon_days: float
    basket_notional: float
    rows: tuple[BasisRow, ...]
    dated: tuple[DatedRow, ...]
    risk_annual: float | None
    risk_currency: float | None
    proxy_basis_annual: float | None
    proxies: tuple[ProxyBasisRow, ...] = ()

    def document(self) -> Document:
        """Return the basis risk as its own lines, the perpetuals, and the dated futures where there are any."""
        blocks: list[Table | Facts] = [self._facts(), self._table()]
        if self.dated:
            blocks.append(dated_table(self.dated, self.horizon_days))
        if self.proxies:
            blocks.append(self._proxies())
        return Document(
            title=f"Basis of {self.sector} and its hedge", blocks=tuple(blocks), records=self.rows
        )

    def _facts(self) -> Facts:
        risk = doc.UNKNOWN
        if self.risk_annual is not None:
            risk = f"{doc.percent(self.risk_annual)} of the basket a year ({doc.money(self.risk_currency)})"
        pairs = [("basis risk", risk), ("horizon", f"{self.horizon_days:g} days")]
        if self.proxies:
            told = f"{doc.percent(self.proxy_basis_annual)} of the basket a year"
            pairs.append(("proxy basis", doc.UNKNOWN if self.proxy_basis_annual is None else told))
        return Facts(pairs=tuple(pairs))

    def _proxies(self) -> Table:
        columns = (
            Column(header="member", align="left", tone=lambda _: "strong"),
            Column(header="held in its place", align="left"),
            Column(header="weight", show=doc.weight),
            Column(header="R²", show=doc.ratio),
            Column(header="tracking / year", show=doc.percent),
            Column(header="of the basket", show=doc.percent),
        )
        rows = tuple(
            (row.base, row.held, row.weight, row.r_squared, row.tracking_error, row.risk_annual)
            for row in self.proxies
        )
        together = ("together", "", "", "", "", self.proxy_basis_annual)
        return Table(
            title="Proxy basis: members against what stands in", columns=columns, rows=rows, footer=together
        )

    def _table(self) -> Table:
        bps = doc.fixed(2, sign=True)
        columns = (
            Column(header="contract", align="left", tone=lambda _: "strong"),
            Column(header="against", align="left", show=doc.text),
            Column(header="now bps", show=bps),
            Column(header="mean bps", show=bps),
            Column(header="sd bps", show=doc.fixed(2)),
            Column(header="half-life h", show=doc.fixed(1)),
            Column(header="worst day", align="left", show=doc.text),
            Column(header="its bps", show=bps),
            Column(header="mean a year", show=doc.signed_percent),
            Column(header="risk a year", show=doc.percent),
        )
        rows = tuple(
            (
                f"{row.base} (hedge)" if row.role == "hedge" else row.base, row.reference, row.now_bps, row.mean_bps,
                row.sd_bps, row.half_life_hours, row.worst_day, row.worst_day_bps, row.mean_annual, row.risk_annual,
            )
            for row in self.rows
        )  # fmt: skip
        return Table(columns=columns, rows=rows)


def plan_basis(
    request: BasketRequest, universe: Universe, source: MarketData | None, holding: Holding
) -> Report:
    """Answer the `basis` command."""
    found = attempt(request, universe, source)
    rows, notices, risk = basis_rows(found.measured, found.held, found.notional, universe, source)
    days = holding.days(universe)
    bases = tuple(dict.fromkeys(x.base for x in found.held))
    dated, dated_notices = dated_rows(found.measured, bases, universe, source, holding, days)
    proxies, proxy_risk = proxy_basis(found.solved) if found.solved else ((), None)
    plan = BasisPlan(
        sector=found.measured.sector,
        timeframe=found.measured.inputs.timeframe,
        horizon_days=days,
        basket_notional=found.notional,
        rows=rows,
        dated=dated,
        risk_annual=risk,
        risk_currency=None if risk is None else risk * abs(found.notional),
        proxy_basis_annual=proxy_risk,
        proxies=proxies,
    )
    said = (*found.market_notices, *notices, *dated_notices)
    return report("basis", request.betas.run, found.measured, plan, said)
