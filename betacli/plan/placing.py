"""Put stand-ins in the place of members without a contract, and hold as spot what should be held so.

A question goes in, and comes out with other members, another source and what was said: nothing after it needs to know.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from betacli.core.model import Member, Notice, Sector, Universe, Unknown
from betacli.data.beside import Beside, Place
from betacli.data.candles import Listing, MarketData
from betacli.errors import BadOption, UnknownName
from betacli.plan.benchmark import benchmark_members
from betacli.plan.measure import Measured, measure
from betacli.plan.own_history import Sources
from betacli.plan.proxy_basis import notice_of, tracking_of
from betacli.plan.proxy_rows import Candidate, candidates, least_r_squared
from betacli.plan.request import BetaRequest
from betacli.plan.stand_in import Tracking

SPOT = "spot"
WORTH = 0.9  # a sub-basket is held where it leaves at most so much of what the closest asset leaves


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A question with every member where it is held, and what was said of each."""

    request: BetaRequest
    universe: Universe
    source: MarketData | None
    tracked: tuple[Tracking, ...] = ()
    notices: tuple[Notice, ...] = ()


def hold_spot(
    request: BetaRequest, universe: Universe, source: MarketData | None, asked: Sequence[str]
) -> Placed:
    """Hold members as spot: those `asked` for, and those of which the sector file says `hold: spot`.

    A member without a spot market is refused by name, as one without a contract is.

    Raises:
        UnknownName: one that is asked for is no member.
        BadOption: it is the benchmark, whose future is the hedge; or there is no source of markets.
    """
    sector, members = request.members(universe)
    for name in asked:
        if name not in sector.bases:
            where = f" in sector `{sector.name}` (`--spot`)"
            raise UnknownName(what="member", name=name, known=sector.bases, where=where)
    wanted = [member.base for member in members if member.base in asked or member.hold == SPOT]
    parts = {part.base for part in benchmark_members(request.benchmark, universe)}
    both = sorted(parts & set(wanted)) if not request.benchmark.is_universe else []
    if both:
        problem = f"`{both[0]}` is the benchmark: its future hedges, and cannot be read as spot"
        raise BadOption(option="--spot", value=both[0], problem=problem, way_out="leave it out")
    if not wanted:
        return Placed(request=request, universe=universe, source=source)
    if source is None:
        problem = "no source of spot markets was named"
        raise BadOption(
            option="--spot", value=",".join(wanted), problem=problem, way_out="name an `--exchange`"
        )
    found = source.spot(wanted, universe.quote)
    places = {base: _place(source, found.get(base)) for base in wanted}
    held = [base for base, place in places.items() if isinstance(place, Place)]
    notices = [_spot_notice(held)] if held else []
    return Placed(request=request, universe=universe, source=Beside(source, places), notices=tuple(notices))


def _place(source: MarketData, found: Listing | Unknown | None) -> Place | Unknown:
    if isinstance(found, Listing):
        return Place(market=source, listing=found)
    why = found.reason if isinstance(found, Unknown) else "has no spot market"
    return Unknown(reason=f"is to be held as spot, and {why}")


def _spot_notice(held: Collection[str]) -> Notice:
    detail = (
        f"held as spot: {', '.join(sorted(held))}: paid for in full, without funding, never short; "
        "the hedge covers its beta"
    )
    return Notice(id="spot-legs", detail=detail, severity="note")


def stand_ins(request: BetaRequest, universe: Universe, sources: Sources | None, *, choose: bool) -> Placed:
    """Put proxies in the place of members without a contract: the file's `proxy:`, or with `choose` the closest.

    A member keeps its refusal where its proxy is refused. What is held has its own beta, measured as any member's;
    every substitution is a notice.
    """
    _, members = request.members(universe)
    source = None if sources is None else sources.source
    if sources is None or not (choose or any(member.proxy for member in members)):
        return Placed(request=request, universe=universe, source=source)
    named = _assets_named(members, request, universe)
    wide = _with_named(request, universe, named)
    measured = measure(replace(wide[0], allow_missing=True), wide[1], sources.source)
    notices, tracked, places = list[Notice](), list[Tracking](), dict[str, Place]()
    for member in members:
        if member.base in measured.bases or not (choose or member.proxy):
            continue
        chosen, why = _chosen(member, measured, universe, sources, [m.base for m in members])
        if chosen is None:
            detail = f"no proxy stands in for `{member.base}`: {why}; an R² of at least {least_r_squared(universe):g} is asked for"
            notices.append(Notice(id="proxy-refused", detail=detail))
            continue
        one = tracking_of(chosen, measured, member.share)
        tracked.append(one)
        notices.append(notice_of(one.stand_in, [m.base for m in members if m.base in measured.bases]))
        if chosen.place is not None:
            places[member.base] = Place(market=chosen.place.market, listing=chosen.place.listing)
            if one.stand_in.kind == "spot":
                notices.append(_spot_notice([member.base]))
    moved = {one.stand_in.base: one for one in tracked if one.stand_in.base not in places}
    asked = tuple(dict.fromkeys(request.sector.split("+")))
    return Placed(
        request=_asked(request, moved),
        universe=replace(universe, sectors=_moved(universe, asked, moved)) if moved else universe,
        source=Beside(sources.source, places) if places else sources.source,
        tracked=tuple(tracked),
        notices=tuple(notices),
    )


def _chosen(
    member: Member,
    measured: Measured,
    universe: Universe,
    sources: Sources,
    own: Sequence[str],
) -> tuple[Candidate | None, str]:
    """Return what stands in for one member, or why nothing does."""
    peers = [base for base in measured.bases if base in own]
    named = _assets(member.proxy, sources) if member.proxy else ()
    known = [base for base in named if base in measured.bases]
    seen = candidates(measured, universe, sources, member, peers=peers, named=known)
    best = _closest(seen.found)
    unknown = seen.why or "there is no candidate"
    if member.proxy:
        wanted = [c for c in seen.found if _is_named(c, member.proxy, named)]
        best = wanted[0] if wanted else None
        unknown = seen.lacking.get(member.proxy) or seen.why or f"`{member.proxy}` is no candidate"
    if best is None:
        return None, unknown
    if best.row.refused is not None:
        told = f"R² {best.row.r_squared:.2f} on `{best.row.candidate}`, {best.row.refused}"
        return None, told
    return best, ""


def _is_named(candidate: Candidate, proxy: str, named: Sequence[str]) -> bool:
    row = candidate.row
    if row.kind in {"spot", "venue"}:
        return proxy == SPOT if row.kind == "spot" else row.venue == proxy
    return row.held == tuple(named)


def _closest(found: Sequence[Candidate]) -> Candidate | None:
    """Return what leaves least untracked of what may stand in: a sub-basket only where it leaves clearly less.

    The benchmark comes last, however close it is: it carries nothing of the sector. The coin's own spot market is not
    chosen without being asked for: it is paid in full.
    """
    usable = sorted(
        (c for c in found if c.row.kind != "spot"), key=lambda c: (c.row.tracking_error, c.row.candidate)
    )
    accepted = [c for c in usable if c.row.accepted]
    single = next((c for c in accepted if c.row.kind in {"peer", "venue"}), None)
    basket = next((c for c in accepted if c.row.kind == "peers"), None)
    if single is not None and basket is not None:
        return basket if basket.row.tracking_error <= WORTH * single.row.tracking_error else single
    last = [c for c in accepted if c.row.kind == "benchmark" and "+" not in c.row.candidate]
    return next(iter([*filter(None, (single, basket)), *last, *usable]), None)


def _assets(proxy: str, sources: Sources) -> tuple[str, ...]:
    """Return the assets that a `proxy:` of the sector file names; none where it names a market."""
    elsewhere = {SPOT, *sources.others}
    return () if proxy in elsewhere else tuple(proxy.split("+"))


def _assets_named(members: Sequence[Member], request: BetaRequest, universe: Universe) -> list[str]:
    """Return the assets outside the question that are named as proxies."""
    known = {*universe.assets, *request.benchmark.weights}
    own = {member.base for member in members}
    parts = [part for member in members if member.proxy for part in member.proxy.split("+")]
    return [base for base in dict.fromkeys(parts) if base in known and base not in own]


def _with_named(
    request: BetaRequest, universe: Universe, named: Sequence[str]
) -> tuple[BetaRequest, Universe]:
    """Return the question with assets that are named as proxies beside its members."""
    if not named:
        return request, universe
    first = request.sector.split("+")[0]
    added = tuple(universe.assets.get(base, Member(base=base)) for base in named)
    sectors = tuple(
        replace(s, members=(*s.members, *(m for m in added if m.base not in s.bases)))
        if s.name == first
        else s
        for s in universe.sectors
    )
    only = (*request.only, *named) if request.only else ()
    return replace(request, only=only), replace(universe, sectors=sectors)


def _asked(request: BetaRequest, moved: Mapping[str, Tracking]) -> BetaRequest:
    """Return the question about what is held."""
    only: list[str] = []
    for name in request.only:
        only += moved[name].stand_in.held if name in moved else (name,)
    overrides = {name: beta for name, beta in request.overrides.items() if name not in moved}
    return replace(request, only=tuple(dict.fromkeys(only)), overrides=overrides)


def _moved(universe: Universe, asked: Sequence[str], moved: Mapping[str, Tracking]) -> tuple[Sector, ...]:
    """Return the sectors with each substituted member of those asked for replaced by what stands in for it.

    What stands in carries the member's base weight on top of its own; where it is no member, it comes under the
    member's bounds and group.
    """
    members = {
        s.name: {m.base: m for m in s.members if m.base not in moved}
        for s in universe.sectors
        if s.name in asked
    }
    done: set[str] = set()
    for name in asked:
        for member in next(s.members for s in universe.sectors if s.name == name):
            if member.base not in moved or member.base in done:
                continue
            done.add(member.base)
            s = moved[member.base].stand_in
            for base, part in zip(s.held, s.shares, strict=True):
                home = next((n for n in asked if base in members[n]), name)
                members[home][base] = _carrying(members[home].get(base), base, part, member, universe)
    return tuple(
        replace(s, members=tuple(members[s.name].values())) if s.name in members else s
        for s in universe.sectors
    )


def _carrying(held: Member | None, base: str, part: float, member: Member, universe: Universe) -> Member:
    """Return an asset that carries a part of a member's base weight."""
    carried = member.share * part
    if held is None:
        return replace(
            universe.assets.get(base, Member(base=base)),
            min_weight=member.min_weight if part == 1 else None,
            max_weight=member.max_weight,
            group=member.group,
            weight=None if member.weight is None else member.weight * part,
            share=carried,
            proxy=None,
        )
    weight = held.weight
    if held.weight is not None and member.weight is not None:
        weight = held.weight + member.weight * part
    return replace(held, share=held.share + carried, weight=weight)
