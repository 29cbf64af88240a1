"""What can stand in for a member without a usable contract, and what would it cost in tracking?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from betacli import document as doc
from betacli.core.calendar import TIMEFRAMES_MS, bars_per_year
from betacli.core.checks import THRESHOLDS
from betacli.core.model import Candles, Floats, Member, Notice, Sector, Universe
from betacli.core.proxy import Substitute, implied_beta, substitute
from betacli.core.returns import simple_returns
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import align
from betacli.document import Column, Document, Report, Table
from betacli.plan.answer import report
from betacli.plan.betas import known
from betacli.plan.measure import Measured, measure
from betacli.plan.request import BetaRequest

Kind = Literal["spot", "peer", "peers", "benchmark"]
History = Literal["contract", "spot", "file"]
PEERS = 3  # the sub-basket holds so many


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRow:
    """One candidate for one member. None is unknown.

    `betas` are units of each of `held` per unit of the member, by least squares on the member's own returns, which
    came from its `history`; `std_error` is of a single one. `tracking_error` is the standard deviation a year of what
    is left, `variance_added` its square: what replacing one unit of the member adds. `implied_beta` is Σ beta × the
    candidate's own beta to the benchmark, `own_beta` the member's by its own history. `accepted` tells whether R² is
    at least the threshold.
    """

    base: str
    candidate: str
    kind: Kind
    held: tuple[str, ...]
    history: History
    betas: tuple[float, ...]
    std_error: float | None
    r_squared: float
    correlation: float
    tracking_error: float
    variance_added: float
    implied_beta: float | None
    own_beta: float | None
    n_obs: int
    accepted: bool


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
            Column(header="R²", show=doc.ratio),
            Column(header="corr", show=doc.ratio),
            Column(header="tracking / year", show=doc.percent),
            Column(header="variance added", show=doc.fixed(4)),
            Column(header="implied beta", show=doc.beta),
            Column(header="own beta", show=doc.beta),
            Column(header="returns", show=doc.count),
            Column(header="history", align="left"),
            Column(header="", align="left"),
        )
        rows = tuple(
            (
                r.base, r.candidate, " ".join(f"{b:.3f}" for b in r.betas), r.r_squared, r.correlation, r.tracking_error,
                r.variance_added, r.implied_beta, r.own_beta, r.n_obs, r.history,
                "accepted" if r.accepted else f"refused: R² below {self.min_r_squared:g}",
            )
            for r in self.candidates
        )  # fmt: skip
        title = f"Proxies for members of {self.sector} against {self.benchmark}"
        return Document(title=title, blocks=(Table(columns=columns, rows=rows),), records=self.candidates)


def plan_proxies(
    request: BetaRequest, universe: Universe, source: MarketData | None, history: MarketData | None = None
) -> Report:
    """Answer the `proxies` command; where every member has a contract, it shows what would stand in for each."""
    measured = measure(replace(request, allow_missing=True), universe, source)
    lacking = without_contract(measured)
    notices = []
    asked = lacking
    if not lacking:
        asked = measured.bases
        detail = "every member has a usable contract: these are what would stand in for each"
        notices.append(Notice(id="nothing-lacking", detail=detail, severity="note"))
    rows: list[ProxyRow] = []
    for base in asked:
        found, why = candidates(measured, universe, source, history, base)
        rows += found
        if why:
            notices.append(Notice(id="no-history", detail=f"`{base}` has no candidate: {why}"))
    data = ProxyTable(
        sector=measured.sector,
        benchmark=measured.benchmark.name,
        min_r_squared=_least(universe),
        without_contract=lacking,
        candidates=tuple(rows),
    )
    return report("proxies", request.run, measured, data, notices)


def _least(universe: Universe) -> float:
    return {**THRESHOLDS, **universe.checklist}["proxy_r_squared"]


def without_contract(measured: Measured) -> tuple[str, ...]:
    """Return the members that were refused."""
    return tuple(asset.base for asset in measured.excluded)


def candidates(
    measured: Measured,
    universe: Universe,
    source: MarketData | None,
    history: MarketData | None,
    base: str,
) -> tuple[list[ProxyRow], str | None]:
    """Regress a member's own returns on every candidate's, the closest first; or say why there are none."""
    if measured.panel is None or measured.returns is None or measured.market is None or source is None:
        return [], "no source of market data was named"
    own = _own_returns(measured, universe, source, history, base)
    if own is None:
        return [], "it has no price history here: give one with `--history`"
    returns, whence = own
    bars = bars_per_year(measured.panel.timeframe_ms)
    peers = [k for k, name in enumerate(measured.bases) if name != base]
    direct = substitute(returns, measured.market[:, None], bars)
    own_beta = direct.betas[0] if direct else None
    rows = []

    def add(kind: Kind, name: str, held: Sequence[str], others: Floats, betas: Sequence[float]) -> None:
        fit = substitute(returns, others, bars)
        if fit is not None:
            least = _least(universe)
            rows.append(_row(base, kind, name, tuple(held), whence, fit, betas, own_beta, least))

    for k in peers:
        name = measured.bases[k]
        add("peer", name, [name], measured.returns[:, [k]], [float(measured.betas[k])])
    best = sorted(rows, key=lambda row: -row.r_squared)[:PEERS]
    if len(best) == PEERS:
        places = [measured.bases.index(row.candidate) for row in best]
        names = [measured.bases[k] for k in places]
        own_betas = [float(measured.betas[k]) for k in places]
        add("peers", " + ".join(names), names, measured.returns[:, places], own_betas)
    add("benchmark", measured.benchmark.name, [measured.benchmark.name], measured.market[:, None], [1.0])
    if whence == "spot":
        add("spot", f"{base} spot, hedged by its beta", [base], returns[:, None], [own_beta or np.nan])
    rows.sort(key=lambda row: (-row.r_squared, row.candidate))
    return rows, None if rows else "too few returns in common with any candidate"


def _row(
    base: str,
    kind: Kind,
    name: str,
    held: tuple[str, ...],
    whence: History,
    fit: Substitute,
    betas: Sequence[float],
    own_beta: float | None,
    least: float,
) -> ProxyRow:
    return ProxyRow(
        base=base, candidate=name, kind=kind, held=held, history=whence, betas=fit.betas, std_error=fit.std_error,
        r_squared=fit.r_squared, correlation=fit.correlation, tracking_error=fit.tracking_error,
        variance_added=fit.variance_added, implied_beta=known(implied_beta(fit.betas, tuple(betas))),
        own_beta=own_beta, n_obs=fit.n_obs, accepted=fit.r_squared >= least,
    )  # fmt: skip


def _own_returns(
    measured: Measured, universe: Universe, source: MarketData, history: MarketData | None, base: str
) -> tuple[Floats, History] | None:
    """Return the member's returns (T,) on the window's bars: of its contract, its spot market, or the file given."""
    if measured.panel is None:
        return None
    grid, timeframe = measured.panel.open_ms, measured.recipe.timeframe
    end_ms = int(grid[-1]) + TIMEFRAMES_MS[timeframe]

    listed = _returns_of(measured.candles.get(base), measured)
    if listed is not None:
        return listed, "contract"
    places: list[tuple[MarketData, object, History]] = [
        (source, source.spot([base], universe.quote).get(base), "spot")
    ]
    if history is not None:
        places.append((history, history.find([Member(base=base)], universe.quote).get(base), "file"))
    for market, place, whence in places:
        if isinstance(place, Listing):
            fetched = market.candles([place], timeframe, int(grid[0]), end_ms).get(base)
            found = _returns_of(fetched, measured)
            if found is not None:
                return found, whence
    return None


def _returns_of(candles: object, measured: Measured) -> Floats | None:
    """Return the returns (T,) of candles on the window's bars; None where there are none of that timeframe."""
    if measured.panel is None or not isinstance(candles, Candles):
        return None
    if not len(candles.open_ms) or candles.timeframe_ms != measured.panel.timeframe_ms:
        return None
    found = simple_returns(align(candles, measured.panel.open_ms)[:, None])[:, 0]
    return found if np.isfinite(found).any() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Substituted:
    """A question with proxies in the place of members, and what was said of each."""

    request: BetaRequest
    universe: Universe
    notices: tuple[Notice, ...] = ()


def stand_ins(
    request: BetaRequest,
    universe: Universe,
    source: MarketData | None,
    history: MarketData | None,
    *,
    choose: bool,
) -> Substituted:
    """Put proxies in the place of members without a contract: the file's `proxy:`, or with `choose` the closest peer.

    A member keeps its refusal where its proxy is refused. Where the proxy is in the basket already it stands for both.
    What is held has its own beta, which is measured as any member's; every substitution is a notice.
    """
    _, members = request.members(universe)
    if source is None or not (choose or any(member.proxy for member in members)):
        return Substituted(request=request, universe=universe)
    measured = measure(replace(request, allow_missing=True), universe, source)
    notices, names = list[Notice](), {member.base for member in members}
    instead: dict[str, str] = {}
    for member in members:
        if member.base in measured.bases or not (choose or member.proxy):
            continue
        rows, why = candidates(measured, universe, source, history, member.base)
        singles = [row for row in rows if row.kind in {"peer", "benchmark"}]
        wanted = [row for row in singles if member.proxy in {None, row.candidate}]
        if not wanted or not wanted[0].accepted:
            told = (
                f"R² {wanted[0].r_squared:.2f} on `{wanted[0].candidate}`"
                if wanted
                else why or "not a candidate"
            )
            detail = (
                f"no proxy stands in for `{member.base}`: {told}; at least {_least(universe):g} is asked for"
            )
            notices.append(Notice(id="proxy-refused", detail=detail))
            continue
        row = wanted[0]
        where = (
            ", in the basket already, stands for" if row.candidate in names else " is held in the place of"
        )
        detail = (
            f"`{row.candidate}`{where} `{member.base}`: proxy beta {row.betas[0]:.3f}, R² {row.r_squared:.2f}, "
            f"tracking error {row.tracking_error:.1%} a year, implied beta {doc.beta(row.implied_beta)}"
        )
        notices.append(Notice(id="proxy", detail=detail))
        instead[member.base] = row.candidate
    if not instead:
        return Substituted(request=request, universe=universe, notices=tuple(notices))
    parts = set(request.sector.split("+"))
    sectors = tuple(_with(s, instead) if s.name in parts else s for s in universe.sectors)
    only = tuple(dict.fromkeys(instead.get(name, name) for name in request.only))
    overrides = {name: beta for name, beta in request.overrides.items() if name not in instead}
    return Substituted(
        request=replace(request, only=only, overrides=overrides),
        universe=replace(universe, sectors=sectors),
        notices=tuple(notices),
    )


def _with(sector: Sector, instead: Mapping[str, str]) -> Sector:
    """Return a sector with each substituted member replaced by what stands in for it, once."""
    members: dict[str, Member] = {m.base: m for m in sector.members if m.base not in instead}
    for member in sector.members:
        held = instead.get(member.base)
        if held is not None and held not in members:
            members[held] = Member(base=held, min_weight=member.min_weight, max_weight=member.max_weight)
    return replace(sector, members=tuple(members.values()))
