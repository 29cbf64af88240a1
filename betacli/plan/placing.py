"""Put stand-ins in the place of members without a contract.

A question goes in, and comes out with other members, another source and what was said: nothing after it needs to know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from betacli.core.model import Member, Notice, Sector, Universe
from betacli.data.beside import Beside, Place
from betacli.data.candles import MarketData
from betacli.data.venues import VENUES
from betacli.errors import ExchangeFailed
from betacli.plan.measure import Measured, measure
from betacli.plan.own_history import Sources
from betacli.plan.proxy_basis import notice_of, tracking_of
from betacli.plan.proxy_rows import Candidate, Candidates, candidates, least_r_squared
from betacli.plan.request import BetaRequest, homes
from betacli.plan.spot_legs import SPOT, Placed, marked, spot_notice
from betacli.plan.stand_in import Tracking

WORTH = 0.9  # a sub-basket is held where it leaves at most so much of what the closest asset leaves
LACKING = frozenset(
    {"listed", "active"}
)  # the gates that say that there is no contract; the others are about its data


def without_contract(measured: Measured) -> tuple[str, ...]:
    """Return the members that have no contract that trades; one whose data is refused is none of them."""
    return tuple(asset.base for asset in measured.excluded if asset.reason in LACKING)


def stand_ins(request: BetaRequest, universe: Universe, sources: Sources, *, choose: bool) -> Placed:
    """Put proxies in the place of members without a contract: the file's `proxy:`, or with `choose` the closest.

    A member keeps its refusal where its proxy is refused, and where it has a contract whose data is refused. What is
    held has its own beta, measured as any member's; every substitution is a notice.
    """
    _, members = request.members(universe)
    measured = measured_with_named(request, universe, sources.source)
    lacking, where = set(without_contract(measured)), homes(universe, request.sector)
    known = [member.base for member in members if member.base in measured.bases]
    notices, tracked, refused = list[Notice](), list[Tracking](), dict[str, str]()
    places, down = dict[str, Place](), dict[str, ExchangeFailed]()
    for member in members:
        if member.base not in lacking or not (choose or member.proxy):
            continue
        chosen, why, said, outage = _chosen(member, measured, universe, sources, known)
        notices += said
        if chosen is None:
            if outage is not None:
                down[member.base] = replace(outage, detail=f"(asked for `{member.base}`) {outage.detail}")
            refused[member.base] = why
            detail = f"no proxy stands in for `{member.base}`: {why}; an R² of at least {least_r_squared(universe):g} is asked for"
            notices.append(Notice(id="proxy-refused", detail=detail))
            continue
        one = tracking_of(chosen, measured, member, where[member.base][0])
        tracked.append(one)
        notices.append(notice_of(one.stand_in, known))
        if chosen.place is not None:
            places[member.base] = Place(market=chosen.place.market, listing=chosen.place.listing)
        if one.stand_in.kind == SPOT:
            notices.append(spot_notice([member.base]))
    held = {one.stand_in.base: one.stand_in.venue or SPOT for one in tracked if one.stand_in.is_itself}
    moved = {one.stand_in.base: one for one in tracked if not one.stand_in.is_itself}
    notices += _unused(request, moved)
    asked = tuple(dict.fromkeys(request.sector.split("+")))
    placed = marked(universe, held)
    return Placed(
        request=replace(_asked(request, moved, tracked, refused), proxies_down=down),
        universe=replace(placed, sectors=_moved(placed, asked, request.only, moved)) if moved else placed,
        source=Beside(sources.source, places) if places else sources.source,
        tracked=tuple(tracked),
        notices=tuple(notices),
    )


def _unused(request: BetaRequest, moved: Mapping[str, Tracking]) -> list[Notice]:
    """Say which betas given by hand are of members that something else is held for."""
    return [
        Notice(
            id="beta-unused",
            detail=f"`--beta {base}` is not used: `{moved[base].stand_in.told}` stands in for it",
        )
        for base in sorted(set(request.overrides) & set(moved))
    ]


def _chosen(
    member: Member, measured: Measured, universe: Universe, sources: Sources, peers: Sequence[str]
) -> tuple[Candidate | None, str, list[Notice], ExchangeFailed | None]:
    """Return what stands in for one member, or why nothing does; what other exchanges said of it; and the outage."""
    if member.proxy == sources.source.name:
        return None, f"`{member.proxy}` is the exchange itself, and lists no contract of it", [], None
    seen, named = candidates_of(member, measured, universe, sources, peers)
    said = [
        Notice(id="not-elsewhere", detail=f"`{member.base}` on `{venue}`: {why}", severity="note")
        for venue, why in seen.lacking.items()
        if venue != member.proxy
    ]
    best, unknown = _closest(seen.found), seen.why or "there is no candidate"
    if member.proxy:
        best, unknown = named, why_no_candidate(member.proxy, seen, measured, sources)
    if best is not None and best.row.refused is None:
        return best, "", said, None
    outage = _outage(member, seen, best)
    if best is not None:
        unknown = f"R² {best.row.r_squared:.2f} on `{best.row.candidate}`, {best.row.refused}"
    if outage is not None and outage.message not in unknown:
        unknown += f"; {outage.message}"
    return None, unknown, said, outage


def candidates_of(
    member: Member, measured: Measured, universe: Universe, sources: Sources, peers: Sequence[str]
) -> tuple[Candidates, Candidate | None]:
    """Return what may stand in for a member, and which of it the sector file names."""
    if not member.proxy:
        return candidates(measured, universe, sources, member, peers=peers), None
    named = _assets(member.proxy, sources)
    known = named if set(named) <= set(measured.bases) else ()
    seen = candidates(measured, universe, sources, member, peers=peers, named=known)
    return seen, next((c for c in seen.found if _is_named(c, member.proxy, named)), None)


def why_no_candidate(proxy: str, seen: Candidates, measured: Measured, sources: Sources) -> str:
    """Say why what the sector file names is not among the candidates."""
    if proxy in VENUES and proxy not in sources.others:
        return f"`{proxy}` is not asked for what `{sources.source.name}` lacks"
    unusable = [base for base in _assets(proxy, sources) if base not in measured.bases]
    if proxy in seen.lacking or seen.why or not unusable:
        return seen.lacking.get(proxy) or seen.why or f"`{proxy}` is no candidate"
    details = {one.base: one.detail for one in measured.excluded}
    told = "; ".join(f"`{base}` {details.get(base, 'is not there')}" for base in unusable)
    return f"`{proxy}` is no candidate: {told}"


def _outage(member: Member, seen: Candidates, best: Candidate | None) -> ExchangeFailed | None:
    """Return the failure of another exchange without which something might stand in; None where it changes nothing."""
    named = seen.failed.get(member.proxy or "")
    if named is not None:
        return named
    no_witness = best is not None and best.row.kind == "venue" and best.row.price_ratio is None
    if not member.proxy or not seen.found or no_witness:
        return next(iter(seen.failed.values()), None)
    return None


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
    last = [c for c in accepted if c.row.kind == "benchmark"]
    refused = [c for c in usable if not c.row.accepted]
    return next(iter([*filter(None, (single, basket)), *last, *refused]), None)


def _assets(proxy: str, sources: Sources) -> tuple[str, ...]:
    """Return the assets that a `proxy:` of the sector file names; none where it names a market."""
    elsewhere = {SPOT, *VENUES, *sources.others}
    return () if proxy in elsewhere else tuple(proxy.split("+"))


def measured_with_named(request: BetaRequest, universe: Universe, source: MarketData) -> Measured:
    """Measure the members, with the assets outside the question that are named as their proxies beside them."""
    _, members = request.members(universe)
    asked, wide = _with_named(request, universe, _assets_named(members, request, universe))
    return measure(replace(asked, allow_missing=True), wide, source)


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


def _asked(
    request: BetaRequest,
    moved: Mapping[str, Tracking],
    tracked: Sequence[Tracking],
    refused: Mapping[str, str],
) -> BetaRequest:
    """Return the question about what is held, with what the stand-ins were chosen by in its fingerprint."""
    only: list[str] = []
    for name in request.only:
        only += moved[name].stand_in.held if name in moved else (name,)
    overrides = {name: beta for name, beta in request.overrides.items() if name not in moved}
    read = blake2b(digest_size=16)
    for one in tracked:
        read.update(f"{one.stand_in.base} {one.stand_in.history} ".encode() + one.returns.tobytes())
    return replace(
        request,
        only=tuple(dict.fromkeys(only)),
        overrides=overrides,
        proxies_refused=refused,
        beside=read.hexdigest() if tracked else "",
    )


def _moved(
    universe: Universe, sectors: Sequence[str], only: Sequence[str], moved: Mapping[str, Tracking]
) -> tuple[Sector, ...]:
    """Return the sectors with each substituted member of those asked for replaced by what stands in for it.

    What is a member of the question itself keeps its own bounds and base weight; anything else comes under the bounds
    and the group of the member it stands in for.
    """
    members = {
        s.name: {m.base: m for m in s.members if m.base not in moved}
        for s in universe.sectors
        if s.name in sectors
    }
    asked = {base for found in members.values() for base in found if not only or base in only}
    done: set[str] = set()
    for name in sectors:
        for member in next(s.members for s in universe.sectors if s.name == name):
            if member.base not in moved or member.base in done:
                continue
            done.add(member.base)
            s = moved[member.base].stand_in
            for base, part in zip(s.held, s.shares, strict=True):
                if base in asked:
                    continue
                home = next((n for n in sectors if base in members[n]), name)
                earlier = members[home].get(base)
                known = earlier if earlier is not None and not earlier.own else None
                members[home][base] = _carrying(known, base, part, member, universe)
    return tuple(
        replace(s, members=tuple(members[s.name].values())) if s.name in members else s
        for s in universe.sectors
    )


def _carrying(held: Member | None, base: str, part: float, member: Member, universe: Universe) -> Member:
    """Return an asset that is held for a member alone, or for one more, within that part of the member's bounds."""

    def bound(name: str) -> float | None:
        limit, before = getattr(member, name), None if held is None else getattr(held, name)
        if limit is None or (held is not None and before is None):
            return None
        return float(limit * part) + (before or 0.0)

    return replace(
        universe.assets.get(base, Member(base=base)),
        min_weight=bound("min_weight"),
        max_weight=bound("max_weight"),
        group=member.group,
        proxy=None,
        own=False,
    )
