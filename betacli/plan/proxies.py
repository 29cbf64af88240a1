"""What can stand in for a member without a usable contract, and what would it cost in tracking?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from betacli import document as doc
from betacli.core.model import Member, Notice, Universe
from betacli.document import Column, Document, Report, Table, Tone
from betacli.plan.answer import report
from betacli.plan.measure import Measured, measure
from betacli.plan.own_history import Sources
from betacli.plan.placing import candidates_of, measured_with_named, why_no_candidate, without_contract
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
                r.variance_added, r.implied_beta, r.own_beta, r.n_obs, _history(r), _may_stand_in(r),
            )
            for r in self.candidates
        )  # fmt: skip
        title = f"Proxies for members of {self.sector} against {self.benchmark}"
        return Document(
            title=title, blocks=(Table(columns=columns, rows=rows, keys=2),), records=self.candidates
        )


def _tone(value: object) -> Tone | None:
    return "good" if str(value).startswith("yes") else "warning"


def _may_stand_in(row: ProxyRow) -> str:
    told = "yes" if row.accepted else f"no: {row.refused}"
    return f"{told} (`proxy:` of the file)" if row.named else told


def _history(row: ProxyRow) -> str:
    return str(row.history_source) if row.history == "venue" else row.history


def _nothing_lacking(measured: Measured, members: Sequence[str]) -> Notice:
    """Say that every member has a contract, or that nobody knows whether it has."""
    shown = "these are what would stand in for each"
    listings = [measured.listings[base] for base in members if base in measured.listings]
    if len(listings) == len(members) and all(listing.market is not None for listing in listings):
        detail = f"every member has a usable contract: {shown}"
        return Notice(id="nothing-lacking", detail=detail, severity="note")
    detail = f"whether the members have a contract is unknown here: {shown}"
    return Notice(id="contracts-unknown", detail=detail, severity="note")


def _candidates(
    member: Member, measured: Measured, universe: Universe, sources: Sources | None, peers: Sequence[str]
) -> tuple[list[ProxyRow], list[Notice]]:
    """Return what may stand in for a member, and what was said of it."""
    base = member.base
    if sources is None:
        seen, named = candidates(measured, universe, None, member, peers=peers), None
    else:
        seen, named = candidates_of(member, measured, universe, sources, peers)
    notices = []
    if seen.why:
        notices.append(Notice(id="no-history", detail=f"`{base}` has no candidate: {seen.why}"))
    elif member.proxy and named is None and sources is not None:
        why = why_no_candidate(member.proxy, seen, measured, sources)
        detail = f"`{base}` has no row of its proxy `{member.proxy}`: {why}"
        notices.append(Notice(id="proxy-refused", detail=detail))
    if seen.lacking:
        told = "; ".join(f"{venue}: {reason}" for venue, reason in seen.lacking.items())
        notices.append(Notice(id="not-elsewhere", detail=f"`{base}` elsewhere: {told}", severity="note"))
    return [replace(one.row, named=one is named) for one in seen.found], notices


def plan_proxies(
    request: BetaRequest, universe: Universe, sources: Sources | None, *, elsewhere: bool = False
) -> Report:
    """Answer the `proxies` command; where every member has a contract, it shows what would stand in for each.

    Other exchanges are asked about members without a contract, and with `elsewhere` about the others too.
    """
    members = {member.base: member for member in request.members(universe)[1]}
    if sources is None:
        measured = measure(replace(request, allow_missing=True), universe, None)
    else:
        measured = measured_with_named(request, universe, sources.source)
    peers = tuple(base for base in measured.bases if base in members)
    lacking = tuple(base for base in without_contract(measured) if base in members)
    notices: list[Notice] = []
    asked = lacking
    if not lacking:
        asked = peers
        sources = None if sources is None else replace(sources, others=sources.others if elsewhere else {})
        notices.append(_nothing_lacking(measured, peers))
    rows: list[ProxyRow] = []
    for base in asked:
        found, said = _candidates(members[base], measured, universe, sources, peers)
        rows += found
        notices += said
    data = ProxyTable(
        sector=measured.sector,
        benchmark=measured.benchmark.name,
        min_r_squared=least_r_squared(universe),
        without_contract=lacking,
        candidates=tuple(rows),
    )
    return report("proxies", request.run, measured, data, notices)
