"""Open the source of market data that was named: files, the simulated market, an exchange, or its candle store."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from betacli import names
from betacli.cli.options import DataOptions
from betacli.cli.progress import progress
from betacli.cli.values import known_name, number
from betacli.cli.world import World
from betacli.core.calendar import TIMEFRAMES_MS
from betacli.core.model import Universe
from betacli.data.candles import MarketData
from betacli.errors import BadOption, BadUsage, UnknownName, safe
from betacli.plan.request import BetaRequest, Run

if TYPE_CHECKING:  # loaded where they are opened
    from betacli.data.exchange import ExchangeMarket
    from betacli.data.stored import StoredMarket

_LOOPBACK = re.compile(r"(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?")
_TEST_SYSTEMS = ("testnet", "sandbox", "demo", "vst")


def chosen_exchange(options: DataOptions, universe: Universe) -> str:
    """Return the exchange to ask: one betacli knows, or with `--exchange-unchecked` any that ccxt has.

    Raises:
        UnknownName: it is none of them.
    """
    exchange = options.exchange or universe.exchange
    if exchange not in names.EXCHANGES and options.exchange_unchecked:
        from betacli.data.loading import ccxt_knows  # noqa: PLC0415

        if ccxt_knows(exchange):
            return exchange
    if exchange not in names.EXCHANGES:
        others = "" if options.exchange_unchecked else "`--exchange-unchecked` lets it be any other of ccxt's"
        raise UnknownName(what="exchange", name=exchange, known=names.EXCHANGES, otherwise=others)
    return exchange


@contextmanager
def market_for(
    request: BetaRequest, universe: Universe, options: DataOptions, here: World
) -> Iterator[MarketData | None]:
    """Open the source of market data; None where every beta is given by hand and no source was named."""
    timeout_s = number("--timeout", options.timeout, above=0, most=3600) or math.inf
    if options.exchange is not None and options.candles is not None:
        raise BadUsage(
            problem="`--exchange` and `--candles` both name a source of prices", way_out="give one of the two"
        )
    _, members = request.members(universe)
    named = options.exchange is not None or options.candles is not None
    if not named and all(member.base in request.overrides for member in members):
        yield None
    elif options.candles is not None:
        from betacli.data.files import FileMarket  # noqa: PLC0415

        yield FileMarket(options.candles, now_ms=request.run.now_ms)
    else:
        exchange = chosen_exchange(options, universe)
        if exchange == names.SAMPLE:
            from betacli.data.sample import SampleMarket  # noqa: PLC0415

            yield SampleMarket(now_ms=request.run.now_ms)
        elif options.no_store or exchange not in names.VENUES:
            if options.offline:
                forbids = "`--no-store` forbids it" if options.no_store else f"`{exchange}` is never stored"
                problem = f"`--offline` answers from the store, and {forbids}"
                raise BadUsage(problem=problem, way_out="give one of the two")
            with closing(exchange_of(exchange, request.run, universe, here, timeout_s)) as market:
                yield market
        else:
            with stored_market(request, universe, options, here) as stored:
                yield stored


def history_file(path: Path | None, market: MarketData, request: BetaRequest) -> MarketData | None:
    """Return the candle files that hold the prices of members without a contract, as of the source's moment.

    Raises:
        BadOption: their bars are coarser than those that are measured on.
    """
    if path is None:
        return None
    from betacli.data.files import FileMarket  # noqa: PLC0415
    from betacli.plan.windows import fitting_recipe  # noqa: PLC0415

    files = FileMarket(path, now_ms=market.now_ms)
    finest, wanted = files.finest_timeframe, fitting_recipe(request, market)[1].timeframe
    if TIMEFRAMES_MS[wanted] % TIMEFRAMES_MS[finest]:
        problem = f"has {finest} bars, which do not make the {wanted} bars that betas are measured on"
        way_out = f"give finer bars, or `--estimator` with a preset of {finest} bars"
        raise BadOption(option="--proxy-history", value=safe(path), problem=problem, way_out=way_out)
    return files


@contextmanager
def history_of(run: Run, universe: Universe, options: DataOptions, here: World) -> Iterator[MarketData]:
    """Open a source of years of bars: files, the simulated market, or an exchange without the store."""
    timeout_s = number("--timeout", options.timeout, above=0, most=3600) or math.inf
    if options.candles is not None:
        from betacli.data.files import FileMarket  # noqa: PLC0415

        yield FileMarket(options.candles, now_ms=run.now_ms)
        return
    exchange = chosen_exchange(options, universe)
    if exchange == names.SAMPLE:
        from betacli.data.sample import SampleMarket  # noqa: PLC0415

        yield SampleMarket(now_ms=run.now_ms)
        return
    with closing(exchange_of(exchange, run, universe, here, timeout_s)) as market:
        yield market


@contextmanager
def stored_market(
    request: BetaRequest, universe: Universe, options: DataOptions, here: World, *, keeping: bool = False
) -> Iterator[StoredMarket]:
    """Open an exchange through the candle store.

    Raises:
        UnknownName: there is no such exchange.
    """
    from betacli.data.stored import StoredMarket  # noqa: PLC0415

    timeout_s = number("--timeout", options.timeout, above=0, most=3600) or math.inf
    exchange = known_name("exchange", options.exchange or universe.exchange, names.VENUES)
    market = StoredMarket(
        name=exchange,
        key=_stored_as(exchange, universe),
        folder=here.cache_dir(),
        exchange=partial(exchange_of, exchange, request.run, universe, here, timeout_s),
        now_ms=here.now_ms,
        timeframe=request.recipe.timeframe,
        as_of_ms=_as_of_ms(request.run),
        offline=options.offline,
        keeping=keeping,
    )
    with closing(market):
        yield market


def _stored_as(exchange: str, universe: Universe) -> str:
    """Return the name an exchange's bars are stored under.

    Those of a test system, or of a server on this computer, are another market's and are kept apart.
    """
    options = universe.exchange_options.get(exchange, {})
    written = json.dumps(options, default=str).casefold()
    if any(word in written for word in _TEST_SYSTEMS):
        return f"{exchange}-test"
    hosts = sorted({*_LOOPBACK.findall(written)})
    return f"{exchange}@{'+'.join(hosts)}" if hosts else exchange


def _as_of_ms(run: Run) -> int | None:
    return run.now_ms if run.generated_at is None else None


def exchange_of(
    exchange: str,
    run: Run,
    universe: Universe,
    here: World,
    timeout_s: float,
    known_markets: int | None = None,
) -> ExchangeMarket:
    """Make an exchange; nothing is asked yet. `known_markets` is how many contracts it had a while ago."""
    from betacli.data.exchange import open_exchange  # noqa: PLC0415
    from betacli.data.store_bans import StoredBans  # noqa: PLC0415
    from betacli.data.venues import VENUES  # noqa: PLC0415

    return open_exchange(
        exchange,
        unchecked=exchange not in VENUES,
        options=universe.exchange_options.get(exchange, {}),
        timeout_s=timeout_s,
        now_ms=here.now_ms,
        monotonic=here.monotonic,
        as_of_ms=_as_of_ms(run),
        quote=universe.quote,
        environ=here.environ,
        bans=StoredBans(here.cache_dir(), now_ms=here.now_ms),
        known_markets=known_markets,
        progress=progress(here, f"{exchange}:"),
        spent_s=0.0 if here.started_s is None else here.monotonic() - here.started_s,
    )
