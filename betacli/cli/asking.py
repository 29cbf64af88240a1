"""From options to what the plan layer is asked: the universe and the request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from betacli import names
from betacli.cli.account_options import AccountOptions
from betacli.cli.basket_options import HedgeOptions, TargetOptions
from betacli.cli.limit_options import LimitOptions
from betacli.cli.market_options import HoldingOptions, StepOptions
from betacli.cli.options import BacktestArguments, ConfigOptions, DataOptions, WhatOptions
from betacli.cli.values import (
    MAX_BETA,
    band,
    betas_by_hand,
    count,
    known_name,
    listed,
    moment,
    number,
    share,
    there,
    weights_by_name,
)
from betacli.cli.world import World
from betacli.core.beta import PRESETS, Recipe
from betacli.core.calendar import DAY_MS, parse_duration
from betacli.core.candles import iso
from betacli.core.model import Benchmark, Universe
from betacli.data.sectors import FILE_NAME, check_file, load_universe, packaged_path
from betacli.errors import BadOption, BadUsage, NoData, UnknownName
from betacli.plan.benchmark import parse_benchmark
from betacli.plan.request import BasketRequest, BetaRequest, Run, find_sector

if TYPE_CHECKING:  # loaded where it is asked
    from betacli.data.position_file import Row
    from betacli.plan.backtest import BacktestRequest
    from betacli.plan.carrying import Holding
    from betacli.plan.sectors import CheckedFile


class KnownNames(TypedDict):
    """The names a sector file may use, as the loader takes them."""

    estimators: tuple[str, ...]
    exchanges: tuple[str, ...]
    gates: tuple[str, ...]
    checks: tuple[str, ...]
    weightings: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]


KNOWN_NAMES = KnownNames(
    estimators=names.PRESETS,
    exchanges=names.EXCHANGES,
    gates=names.GATES,
    checks=names.CHECKLIST,
    weightings=names.WEIGHTINGS,
    choices={
        "proxies": names.PROXIES,
        "objective": names.OBJECTIVES,
        "neutral": names.NEUTRAL,
        "fees": names.FEES,
        "format": names.FORMATS,
    },
)


def read_universe(options: ConfigOptions, here: World) -> Universe:
    """Read the sector files, with every name in them held against what betacli knows."""
    return load_universe(
        config=options.config,
        project_dir=here.project_dir,
        user_dir=here.config_dir(),
        options=here.options,
        **_known_names(options),
    )


def _known_names(options: ConfigOptions) -> KnownNames:
    """Return the names a sector file may use: with `--exchange-unchecked`, also the exchange that is named with it."""
    named = options.exchange if isinstance(options, DataOptions) and options.exchange_unchecked else None
    if named is None:
        return KNOWN_NAMES
    return KnownNames(**{**KNOWN_NAMES, "exchanges": (*names.EXCHANGES, named)})


def checked(path: Path | None, here: World) -> CheckedFile:
    """Hold one sector file against everything betacli knows: `path`, or the one a command would read first.

    Raises:
        BadFile: the file has problems.
    """
    from betacli.plan.sectors import CheckedFile  # noqa: PLC0415

    if path is None:
        candidates = (here.project_dir / FILE_NAME, here.config_dir() / FILE_NAME)
        path = next((candidate for candidate in candidates if candidate.exists()), packaged_path())
    summary = check_file(path, options=here.options, **KNOWN_NAMES)
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
    if what.sector_name is None:
        known = ", ".join(f"`{sector.name}`" for sector in universe.sectors)
        raise BadUsage(problem="`--sector` is missing", way_out=f"choose one of {known}")
    preset = options.estimator or universe.estimator
    only = listed("--only", what.only)
    return BetaRequest(
        run=run_of(options, here),
        sector=what.sector_name,
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
    betas: BetaRequest,
    target: TargetOptions,
    hedge: HedgeOptions | None = None,
    account: AccountOptions | None = None,
    limits: LimitOptions | None = None,
) -> BasketRequest:
    """Validate what was asked about a basket, and read what the account holds."""
    account, limits = account or AccountOptions(), limits or LimitOptions()
    if account.min_trade and account.positions is None:
        raise BadUsage(
            problem="`--min-trade` is about trades from positions held",
            way_out="say what is held with `--positions FILE`",
        )
    known_name("choice of `--proxies`", target.proxies, names.PROXIES)
    there(target.proxy_history)
    return BasketRequest(
        target_band=band("--target-band", limits.target_band),
        sector_weight=weights_by_name("--sector-weight", limits.sector_weight, above=0, most=1),
        objective=known_name("objective", limits.objective, names.OBJECTIVES),
        turnover_cost=number("--turnover-cost", limits.turnover_cost, least=0, most=1e6) or 0.0,
        cap_limit=number("--cap-limit", limits.cap_limit, above=0, most=1),
        min_group=weights_by_name("--min-group", limits.min_group, least=-1, most=1),
        max_group=weights_by_name("--max-group", limits.max_group, least=-1, most=1),
        max_assets=count("--max-assets", limits.max_assets),
        max_gross=number("--max-gross", limits.max_gross, least=1, most=100),
        betas=betas,
        target=number("--target", target.target),
        notional=number("--notional", target.notional, above=0, most=1e15),
        equity=number("--equity", target.equity, above=0, most=1e15),
        leverage=number("--leverage", target.leverage, above=0, most=1000),
        risk=share("--risk", target.risk),
        weighting=known_name("weighting", target.weighting, names.WEIGHTINGS),
        min_weight=number("--min-weight", target.min_weight, least=-1, most=1),
        max_weight=number("--max-weight", target.max_weight, above=0, most=1),
        allow_short=target.allow_short,
        liquidity_cap=target.liquidity_cap,
        hedge_to=number("--hedge-to", hedge.hedge_to, least=-MAX_BETA, most=MAX_BETA) or 0.0
        if hedge
        else 0.0,
        hedge_with=hedge.hedge_with if hedge else "perp",
        positions=None if account.positions is None else _positions(account.positions),
        min_trade=number("--min-trade", account.min_trade, least=0, most=1e15) or 0.0,
    )


def steps_of(
    options: StepOptions, what: WhatOptions, data: ConfigOptions, here: World
) -> tuple[tuple[str, ...], WhatOptions]:
    """Return the steps asked for, by name, and what is left of `--only`: the members.

    A word of `--only` that is no member of the sector but a step's name or number is that step.

    Raises:
        UnknownName: there is no such step.
    """
    asked = list(listed("--step", options.step))
    words = listed("--only", what.only)
    if words and what.sector_name is not None and any(word in _STEP_NAMES for word in words):
        bases = find_sector(read_universe(data, here), what.sector_name).bases
        asked += [word for word in words if word in _STEP_NAMES and word not in bases]
        left = [word for word in words if word not in asked]
        what = replace(what, only=",".join(left) or None)
    for word in asked:
        if word not in _STEP_NAMES:
            raise UnknownName(what="step", name=word, known=names.STEPS)
    return tuple(name for name in names.STEPS if name in {_STEP_NAMES[word] for word in asked}), what


_STEP_NAMES = {name: name for name in names.STEPS} | {
    str(k): name for k, name in enumerate(names.STEPS, start=1)
}


def holding_of(options: HoldingOptions) -> Holding:
    """Validate how long a position is held, and at which fees."""
    from betacli.plan.carrying import Holding, Role  # noqa: PLC0415

    roles: dict[str, Role] = {"taker": "taker", "maker": "maker"}
    return Holding(
        horizon_days=None if options.horizon is None else _days("--horizon", options.horizon),
        fees=roles[known_name("fee", options.fees, tuple(roles))],
        fee_bps=number("--fee-bps", options.fee_bps, least=-100, most=1000),
    )


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
        sector=what.sector_name,
        timeframe=timeframe,
    )


def _positions(path: Path) -> tuple[Row, ...]:
    from betacli.data.position_file import read_positions  # noqa: PLC0415  loaded where it is asked: a plain solve starts sooner

    return read_positions(path)
