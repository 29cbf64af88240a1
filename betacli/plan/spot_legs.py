"""Members that are held as spot: the coin itself, whose beta the future of the hedge covers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from betacli.core.model import Benchmark, Member, Notice, Universe, Unknown
from betacli.data.beside import Beside, Place
from betacli.data.candles import Listing, MarketData
from betacli.errors import BadOption, UnknownName
from betacli.plan.benchmark import benchmark_members
from betacli.plan.own_history import Span, another_coin, compared, fetched
from betacli.plan.request import BetaRequest
from betacli.plan.stand_in import Tracking
from betacli.plan.windows import fitting_recipe, window_grid

SPOT = "spot"


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

    A member without a spot market is refused by name, as one without a contract is; and so is one whose spot market is
    another coin's than its contract, by price and returns.

    Raises:
        UnknownName: one that is asked for is no member.
        BadOption: it is the benchmark, whose future is the hedge; or there is no source of markets.
    """
    sector, members = request.members(universe)
    for name in asked:
        if name not in sector.bases:
            where = f" in sector `{sector.name}` (`--spot`)"
            raise UnknownName(what="member", name=name, known=sector.bases, where=where)
    wanted = [member for member in members if member.base in asked or member.hold == SPOT]
    refuse_spot_benchmark(request.benchmark, universe, [replace(member, hold=SPOT) for member in wanted])
    if not wanted:
        return Placed(request=request, universe=universe, source=source)
    if source is None:
        names = ",".join(member.base for member in wanted)
        problem = "no source of spot markets was named"
        raise BadOption(option="--spot", value=names, problem=problem, way_out="name an `--exchange`")
    places = _places(request, universe, source, wanted)
    held = [base for base, place in places.items() if isinstance(place, Place)]
    return Placed(
        request=request,
        universe=marked(universe, dict.fromkeys(places, SPOT)),
        source=Beside(source, places),
        notices=(spot_notice(held),) if held else (),
    )


def refuse_spot_benchmark(benchmark: Benchmark, universe: Universe, members: Sequence[Member]) -> None:
    """Refuse a benchmark of which a part is a member that is held as spot.

    Raises:
        BadOption: there is one.
    """
    if benchmark.is_universe:
        return
    parts = {part.base for part in benchmark_members(benchmark, universe)}
    both = sorted(parts & {member.base for member in members if member.hold == SPOT})
    if both:
        problem = f"`{both[0]}` is the benchmark: its future hedges, and cannot be read as spot"
        raise BadOption(option="--spot", value=both[0], problem=problem, way_out="leave it out")


def _places(
    request: BetaRequest, universe: Universe, source: MarketData, wanted: Sequence[Member]
) -> dict[str, Place | Unknown]:
    """Return where each is held as spot, or why it cannot be."""
    found = source.spot([member.base for member in wanted], universe.quote)
    contracts = source.find(wanted, universe.quote)
    _, recipe, _ = fitting_recipe(request, source)
    span = Span(open_ms=window_grid(recipe, source.now_ms), timeframe=recipe.timeframe)
    places: dict[str, Place | Unknown] = {}
    for member in wanted:
        listing, contract = found.get(member.base), contracts.get(member.base)
        if not isinstance(listing, Listing):
            why = listing.reason if isinstance(listing, Unknown) else "has no spot market"
            places[member.base] = Unknown(reason=f"is to be held as spot, and {why}")
            continue
        place: Place | Unknown = Place(market=source, listing=listing)
        if isinstance(contract, Listing) and (contract.market is None or contract.market.active):
            place = _held_against(span, universe, source, listing, contract) or place
        places[member.base] = place
    return places


def _held_against(
    span: Span, universe: Universe, source: MarketData, listing: Listing, contract: Listing
) -> Unknown | None:
    """Hold a spot market against the contract of the same name: why it is another coin's, None where it is not."""
    spot, future = fetched(span, source, listing, "spot"), fetched(span, source, contract, "contract")
    if spot is None or future is None:
        return None
    same = compared(span, spot, [future], universe)
    if same is None or same.verdict is not False:
        return None
    return Unknown(
        reason=f"is to be held as spot, and `{listing.symbol}` beside `{contract.symbol}` is {another_coin(same)}"
    )


def marked(universe: Universe, held: Mapping[str, str]) -> Universe:
    """Return the sectors with members marked as held elsewhere than in a contract here."""
    if not held:
        return universe
    sectors = tuple(
        replace(
            s,
            members=tuple(
                replace(m, hold=held[m.base], symbol=None) if m.base in held else m for m in s.members
            ),
        )
        for s in universe.sectors
    )
    return replace(universe, sectors=sectors)


def spot_notice(held: Collection[str]) -> Notice:
    """Say which members are held as spot, and what that means."""
    detail = (
        f"held as spot: {', '.join(sorted(held))}: paid for in full, without funding, never short; "
        f"the hedge covers {'its' if len(held) == 1 else 'their'} beta"
    )
    return Notice(id="spot-legs", detail=detail, severity="note")
