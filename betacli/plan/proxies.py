"""What can stand in for a member without a usable contract, and what would it cost in tracking?"""

from dataclasses import dataclass, replace

from betacli import document as doc
from betacli.core.model import Member, Notice, Universe
from betacli.document import Column, Document, Report, Table, Tone
from betacli.plan.answer import report
from betacli.plan.measure import measure
from betacli.plan.own_history import Sources
from betacli.plan.placing import without_contract
from betacli.plan.proxy_rows import ProxyRow, candidates, least_r_squared
from betacli.plan.request import BetaRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyTable:
    """The candidates of every member without a usable contract, the closest first."""

    sector: str
    benchmark: str
    min_r_squared: float
    without_contract: tuple[str, ...]
    candidates: tuple[ProxyRow, ...]

    def document(self) -> Document:
        """Return one row a candidate."""
        columns = (
            Column(header="member", align="left", tone=lambda _: "strong"),
            Column(header="candidate", align="left"),
            Column(header="proxy beta", align="left"),
            Column(header="R²", show=doc.ratio, bar=True),
            Column(header="corr", show=doc.ratio),
            Column(header="tracking / year", show=doc.percent),
            Column(header="variance added", show=doc.fixed(4)),
            Column(header="implied beta", show=doc.beta),
            Column(header="own beta", show=doc.beta),
            Column(header="returns", show=doc.count),
            Column(header="history", align="left"),
            Column(header="may stand in", align="left", tone=_tone),
        )
        rows = tuple(
            (
                r.base, r.candidate, " ".join(f"{b:.3f}" for b in r.betas), r.r_squared, r.correlation, r.tracking_error,
                r.variance_added, r.implied_beta, r.own_beta, r.n_obs, _history(r), "yes" if r.accepted else f"no: {r.refused}",
            )
            for r in self.candidates
        )  # fmt: skip
        title = f"Proxies for members of {self.sector} against {self.benchmark}"
        return Document(
            title=title, blocks=(Table(columns=columns, rows=rows, keys=2),), records=self.candidates
        )


def _tone(value: object) -> Tone | None:
    return "good" if value == "yes" else "warning"


def _history(row: ProxyRow) -> str:
    return str(row.history_source) if row.history == "venue" else row.history


def plan_proxies(
    request: BetaRequest, universe: Universe, sources: Sources | None, *, elsewhere: bool = False
) -> Report:
    """Answer the `proxies` command; where every member has a contract, it shows what would stand in for each.

    Other exchanges are asked about members without a contract, and with `elsewhere` about the others too.
    """
    source = None if sources is None else sources.source
    measured = measure(replace(request, allow_missing=True), universe, source)
    lacking = without_contract(measured)
    notices: list[Notice] = []
    asked = lacking
    if not lacking:
        asked = measured.bases
        sources = None if sources is None else replace(sources, others=sources.others if elsewhere else {})
        detail = "every member has a usable contract: these are what would stand in for each"
        notices.append(Notice(id="nothing-lacking", detail=detail, severity="note"))
    members = {member.base: member for member in request.members(universe)[1]}
    rows: list[ProxyRow] = []
    for base in asked:
        member = members.get(base, Member(base=base))
        seen = candidates(measured, universe, sources, member, peers=measured.bases)
        rows += [one.row for one in seen.found]
        if seen.why:
            notices.append(Notice(id="no-history", detail=f"`{base}` has no candidate: {seen.why}"))
        if seen.lacking:
            told = "; ".join(f"{venue}: {reason}" for venue, reason in seen.lacking.items())
            notices.append(Notice(id="not-elsewhere", detail=f"`{base}` elsewhere: {told}", severity="note"))
    data = ProxyTable(
        sector=measured.sector,
        benchmark=measured.benchmark.name,
        min_r_squared=least_r_squared(universe),
        without_contract=lacking,
        candidates=tuple(rows),
    )
    return report("proxies", request.run, measured, data, notices)
