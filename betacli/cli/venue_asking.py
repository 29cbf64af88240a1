"""Ask several exchanges the same question at once, each on a thread and a connection of its own."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from betacli import names
from betacli.cli import sources
from betacli.cli.basket_options import TargetOptions
from betacli.cli.options import DataOptions
from betacli.cli.placing import placed
from betacli.cli.values import known_name, listed, number
from betacli.cli.world import World
from betacli.core.model import Universe
from betacli.data.candles import MarketData
from betacli.data.loading import exchange_class
from betacli.data.sample import SampleMarket
from betacli.errors import BetacliError
from betacli.plan.carrying import Holding
from betacli.plan.request import BasketRequest
from betacli.plan.venue_rows import VenueAnswer, ask_venue, failed_venue


def venues_of(written: str | None, exchange: str | None) -> tuple[str, ...]:
    """Return the exchanges to ask: those named, the simulated market where it was chosen, else all supported."""
    if written is not None:
        return tuple(known_name("exchange", name, names.EXCHANGES) for name in listed("--venues", written))
    return (names.SAMPLE,) if exchange == names.SAMPLE else names.VENUES


def ask_all(
    venues: Sequence[str],
    request: BasketRequest,
    universe: Universe,
    holding: Holding,
    target: TargetOptions,
    data: DataOptions,
    here: World,
) -> list[VenueAnswer]:
    """Return every exchange's answer, all within one deadline; one that fails is a row with its reason."""
    timeout_s = number("--timeout", data.timeout, above=0, most=3600) or data.timeout
    asked = tuple(member.base for member in request.betas.members(universe)[1])
    run = request.betas.run

    def held_on(market: MarketData) -> VenueAnswer:
        with placed(request, universe, market, target, data, here) as held:
            source = held.market or market
            return ask_venue(held.request, held.universe, source, holding, asked, held.notices)

    def ask(name: str) -> VenueAnswer:
        try:
            if name == names.SAMPLE:
                return held_on(SampleMarket(now_ms=run.now_ms))
            with closing(sources.exchange_of(name, run, universe, here, timeout_s)) as market:
                return held_on(market)
        except BetacliError as error:
            if error.exit_code not in {3, 4}:
                raise
            return failed_venue(name, request, universe, error)

    for name in venues:
        if name != names.SAMPLE:
            exchange_class(name)  # importing ccxt's classes is not safe from several threads at once
    with ThreadPoolExecutor(max_workers=len(venues)) as pool:
        return list(pool.map(ask, venues))
