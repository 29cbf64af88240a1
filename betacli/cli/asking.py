"""From options to what the plan layer is asked: the universe, the request, the source of market data."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from betacli import names
from betacli.cli.options import (
    MAX_BETA,
    BacktestArguments,
    ConfigOptions,
    DataOptions,
    HedgeOptions,
    TargetOptions,
    WhatOptions,
    betas_by_hand,
    known_name,
    listed,
    moment,
    number,
)
from betacli.cli.world import World
from betacli.core.beta import PRESETS, Recipe
from betacli.core.calendar import DAY_MS, parse_duration
from betacli.core.candles import iso
from betacli.core.model import Benchmark, Universe
from betacli.data.candles import MarketData
from betacli.data.sectors import FILE_NAME, check_file, load_universe, packaged_path
from betacli.errors import BadOption, BadUsage, NoData
from betacli.plan.benchmark import parse_benchmark
from betacli.plan.request import BasketRequest, BetaRequest, Run
from betacli.plan.sectors import CheckedFile

if TYPE_CHECKING:  # loaded where they are opened
    from betacli.data.exchange import ExchangeMarket
    from betacli.data.stored import StoredMarket
    from betacli.plan.backtest import BacktestRequest

_LOOPBACK = re.compile(r"(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?")
_TEST_SYSTEMS = ("testnet", "sandbox", "demo", "vst")


class KnownNames(TypedDict):
    """The names a sector file may use, as the loader takes them."""

    estimators: tuple[str, ...]
    exchanges: tuple[str, ...]
    gates: tuple[str, ...]
    checks: tuple[str, ...]


KNOWN_NAMES = KnownNames(
    estimators=names.PRESETS, exchanges=names.EXCHANGES, gates=names.GATES, checks=names.CHECKLIST
)


def read_universe(options: ConfigOptions, here: World) -> Universe:
    """Read the sector files, with every name in them held against what betacli knows."""
    return load_universe(
        config=options.config, project_dir=here.project_dir, user_dir=here.config_dir(), **KNOWN_NAMES
    )


def checked(path: Path | None, here: World) -> CheckedFile:
    """Hold one sector file against everything betacli knows: `path`, or the one a command would read first.

    Raises:
        BadFile: the file has problems.
    """
    if path is None:
        candidates = (here.project_dir / FILE_NAME, here.config_dir() / FILE_NAME)
        path = next((candidate for candidate in candidates if candidate.exists()), packaged_path())
    summary = check_file(path, **KNOWN_NAMES)
    return CheckedFile(path=summary.path, sectors=summary.sectors, assets=summary.assets, plans=summary.plans)


class Versions(Mapping[str, str]):
    """The versions that made an answer; ccxt's is looked up when JSON asks for it, since that takes 20 ms."""

    def __getitem__(self, name: str) -> str:
        if name == "version":
            from betacli import __version__  # noqa: PLC0415

            return __version__
        if name == "ccxt":
            from importlib.metadata import version  # noqa: PLC0415

            return version("ccxt")
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(("version", "ccxt"))

    def __len__(self) -> int:
        return 2


def run_of(options: ConfigOptions, here: World) -> Run:
    """Fix the moment the answer is for: `--as-of`, or now.

    Raises:
        NoData: the moment is in the future.
    """
    now_ms = here.now_ms()
    if options.as_of is None:
        return Run(tool=Versions(), now_ms=now_ms, generated_at=iso(now_ms))
    asked_ms = moment(options.as_of)
    if asked_ms > now_ms:
        what = f"`--as-of` {iso(asked_ms)} is in the future: it is {iso(now_ms)}"
        raise NoData(what=what, way_out="leave `--as-of` out for an answer as of now")
    return Run(tool=Versions(), now_ms=asked_ms, generated_at=None)


def benchmarks_of(what: WhatOptions, universe: Universe) -> list[Benchmark]:
    """Return the benchmarks asked for, the sector file's where none was."""
    return [parse_benchmark(written) for written in what.benchmark or ()] or [universe.benchmark]


def beta_request(what: WhatOptions, options: DataOptions, universe: Universe, here: World) -> BetaRequest:
    """Validate what was asked about betas."""
    if what.sector is None:
        known = ", ".join(f"`{sector.name}`" for sector in universe.sectors)
        raise BadUsage(problem="`--sector` is missing", way_out=f"choose one of {known}")
    preset = options.estimator or universe.estimator
    only = listed("--only", what.only)
    return BetaRequest(
        run=run_of(options, here),
        sector=what.sector,
        preset=known_name("preset", preset, names.PRESETS),
        recipe=_recipe(PRESETS[preset], options),
        benchmark=benchmarks_of(what, universe)[0],
        only=only,
        overrides=betas_by_hand(options.beta),
        allow_missing=options.allow_missing,
    )


def _recipe(recipe: Recipe, options: DataOptions) -> Recipe:
    """Apply `--timeframe`, `--window` and `--half-life` to a preset."""
    if options.timeframe is not None:
        recipe = replace(recipe, timeframe=known_name("timeframe", options.timeframe, names.TIMEFRAMES))
    if options.window is not None:
        recipe = replace(recipe, window_days=_days("--window", options.window))
    if options.half_life is not None:
        if recipe.estimator == "kalman":
            problem = "a Kalman filter weighs by its own noise, not by age"
            raise BadOption(option="--half-life", value=options.half_life, problem=problem)
        recipe = recipe.aged(_days("--half-life", options.half_life))
    return recipe


def _days(option: str, written: str) -> float:
    try:
        return parse_duration(written) / DAY_MS
    except ValueError as error:
        raise BadOption(option=option, value=written, problem=str(error)) from None


def basket_request(
    betas: BetaRequest, target: TargetOptions, hedge: HedgeOptions | None = None
) -> BasketRequest:
    """Validate what was asked about a basket."""
    return BasketRequest(
        betas=betas,
        target=number("--target", target.target),
        notional=number("--notional", target.notional, above=0, most=1e15),
        equity=number("--equity", target.equity, above=0, most=1e15),
        leverage=number("--leverage", target.leverage, above=0, most=1000),
        weighting=known_name("weighting", target.weighting, names.WEIGHTINGS),
        min_weight=number("--min-weight", target.min_weight, least=-1, most=1),
        max_weight=number("--max-weight", target.max_weight, above=0, most=1),
        allow_short=target.allow_short,
        hedge_to=number("--hedge-to", hedge.hedge_to, least=-MAX_BETA, most=MAX_BETA) or 0.0
        if hedge
        else 0.0,
    )


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
        exchange = known_name("exchange", options.exchange or universe.exchange, names.EXCHANGES)
        if exchange == names.SAMPLE:
            from betacli.data.sample import SampleMarket  # noqa: PLC0415

            yield SampleMarket(now_ms=request.run.now_ms)
        elif options.no_store:
            if options.offline:
                problem = "`--offline` answers from the store, and `--no-store` forbids it"
                raise BadUsage(problem=problem, way_out="give one of the two")
            with closing(exchange_of(exchange, request.run, universe, here, timeout_s)) as market:
                yield market
        else:
            with stored_market(request, universe, options, here) as stored:
                yield stored


def backtest_request(
    arguments: BacktestArguments, what: WhatOptions, options: DataOptions, universe: Universe, here: World
) -> BacktestRequest:
    """Validate what was asked about a backtest; a live exchange is read three years back unless told otherwise."""
    from betacli.plan.backtest import BacktestRequest  # noqa: PLC0415

    run = run_of(options, here)
    start_ms = 0 if options.candles is not None else run.now_ms - 3 * 365 * DAY_MS
    timeframe = (
        None if options.timeframe is None else known_name("timeframe", options.timeframe, names.TIMEFRAMES)
    )
    return BacktestRequest(
        run=run,
        benchmark=benchmarks_of(what, universe)[0],
        start_ms=start_ms if arguments.since is None else moment(arguments.since, option="--since"),
        sector=what.sector,
        timeframe=timeframe,
    )


@contextmanager
def history_of(run: Run, universe: Universe, options: DataOptions, here: World) -> Iterator[MarketData]:
    """Open a source of years of bars: files, the simulated market, or an exchange without the store."""
    timeout_s = number("--timeout", options.timeout, above=0, most=3600) or math.inf
    if options.candles is not None:
        from betacli.data.files import FileMarket  # noqa: PLC0415

        yield FileMarket(options.candles, now_ms=run.now_ms)
        return
    exchange = known_name("exchange", options.exchange or universe.exchange, names.EXCHANGES)
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

    return open_exchange(
        exchange,
        options=universe.exchange_options.get(exchange, {}),
        timeout_s=timeout_s,
        now_ms=here.now_ms,
        monotonic=here.monotonic,
        as_of_ms=_as_of_ms(run),
        quote=universe.quote,
        environ=here.environ,
        bans=StoredBans(here.cache_dir(), now_ms=here.now_ms),
        known_markets=known_markets,
    )
