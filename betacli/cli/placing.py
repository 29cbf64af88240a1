"""Where each member of a question is held: on the exchange that was named, as spot there, or by what stands in for it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace

from betacli import names
from betacli.cli import sources
from betacli.cli.basket_options import PlaceOptions, TargetOptions
from betacli.cli.options import DataOptions
from betacli.cli.values import known_name, listed
from betacli.cli.world import World
from betacli.core.model import Member, Notice, Universe
from betacli.data.candles import MarketData
from betacli.errors import BadUsage
from betacli.plan.request import BasketRequest, BetaRequest

NOWHERE = "none"


@dataclass(frozen=True, kw_only=True, eq=False)
class Placement:
    """A question about a basket with its source once every member has its place, and what was said of that."""

    request: BasketRequest
    universe: Universe
    market: MarketData | None
    notices: tuple[Notice, ...] = ()


@contextmanager
def placed(
    request: BasketRequest,
    universe: Universe,
    market: MarketData | None,
    target: TargetOptions,
    data: DataOptions,
    here: World,
) -> Iterator[Placement]:
    """Hold members as spot and put proxies in their places, as the options and the sector file say."""
    mode = target.proxies
    spot = listed("--spot", target.spot)
    _, members = request.betas.members(universe)
    lacking = mode != "none" and (mode == "auto" or any(member.proxy for member in members))
    if not (spot or lacking or any(member.hold for member in members)):
        yield Placement(request=request, universe=universe, market=market)
        return
    from betacli.plan.placing import stand_ins  # noqa: PLC0415  a plain question starts sooner
    from betacli.plan.spot_legs import hold_spot  # noqa: PLC0415

    first = hold_spot(request.betas, universe, market, spot)
    if market is None or first.source is None or not lacking:
        yield Placement(request=request, universe=first.universe, market=first.source, notices=first.notices)
        return
    with other_venues(request.betas, universe, market, _venues(target, mode, members), data, here) as others:
        from betacli.plan.own_history import Sources  # noqa: PLC0415

        history = sources.history_file(target.proxy_history, market, request.betas)
        where = Sources(source=first.source, history=history, others=others)
        found = stand_ins(first.request, first.universe, where, choose=mode == "auto")
        yield Placement(
            request=replace(request, betas=found.request, tracked=found.tracked),
            universe=found.universe,
            market=found.source,
            notices=(*first.notices, *found.notices),
        )


def placed_for_betas(
    request: BasketRequest,
    universe: Universe,
    market: MarketData | None,
    places: PlaceOptions,
    data: DataOptions,
    here: World,
) -> AbstractContextManager[Placement]:
    """Place the members whose betas are asked for; betas by hand without a source are those of no market."""
    if market is None and places.spot is None:
        return nullcontext(Placement(request=request, universe=universe, market=None))
    return placed(request, universe, market, places.target, data, here)


def _venues(target: TargetOptions, mode: str, members: Sequence[Member]) -> tuple[str, ...]:
    """Return the other exchanges that may be asked: those of the sector file, and with `auto` those of the flag."""
    named = venue_names(target.proxy_venues) if mode == "auto" else ()
    return tuple(dict.fromkeys([*named, *venues_of_file(members)]))


def venues_of_file(members: Sequence[Member]) -> tuple[str, ...]:
    """Return the other exchanges that the sector file names as proxies."""
    return tuple(dict.fromkeys(m.proxy for m in members if m.proxy is not None and m.proxy in names.VENUES))


def venue_names(written: str | None) -> tuple[str, ...]:
    """Read `bybit,mexc`; `none` is none."""
    if written == NOWHERE:
        return ()
    return tuple(known_name("exchange", name, names.VENUES) for name in listed("--proxy-venues", written))


@contextmanager
def other_venues(
    request: BetaRequest,
    universe: Universe,
    market: MarketData,
    wanted: Sequence[str],
    data: DataOptions,
    here: World,
) -> Iterator[Mapping[str, MarketData]]:
    """Open other exchanges; nothing is asked of them until something is looked for there.

    Raises:
        BadUsage: the source is no exchange itself, so that real and simulated prices, or past and present, would mix.
    """
    others = [name for name in dict.fromkeys(wanted) if name != market.name]
    if others and market.name not in names.VENUES:
        problem = f"another exchange cannot hold what `{market.name}` lacks"
        raise BadUsage(problem=problem, way_out="name one of the exchanges with `--exchange`")
    with ExitStack() as stack:
        opened = {}
        for name in others:
            one = replace(data, exchange=name, candles=None, exchange_unchecked=False)
            found = stack.enter_context(sources.market_for(request, universe, one, here))
            if found is not None:
                opened[name] = found
        yield opened
