"""The `data` command: what it does with the candle store, one function an action."""

from contextlib import suppress
from pathlib import Path

from betacli import names
from betacli.cli import asking, sources
from betacli.cli.options import DataOptions, StoreArguments, WhatOptions
from betacli.cli.values import known_name
from betacli.cli.world import World
from betacli.data.candle_store import STEM, CandleStore
from betacli.data.export import export_candles
from betacli.data.store import StoreDamaged, files_of, forget_damaged, set_aside
from betacli.data.store_bans import StoredBans
from betacli.document import Report
from betacli.errors import BadUsage, StoreUnusable, quoted
from betacli.plan import store as plan

ACTIONS = ("status", "verify", "fetch", "export", "clear")
UNSOUND = StoreUnusable.exit_code


def answer(
    arguments: StoreArguments, what: WhatOptions, options: DataOptions, here: World
) -> tuple[Report, int]:
    """Return the report of one action and its exit code.

    Raises:
        BadUsage: something is missing on the command line.
        StoreUnusable: there is no way to do it.
    """
    action = known_name("action", arguments.action, ACTIONS)
    if arguments.path is not None and action != "export":
        raise BadUsage(problem=f"`data {action}` takes no file", way_out="`betacli data export FILE` does")
    if action == "fetch":
        return _fetch(what, options, here), 0
    if action == "export":
        return _export(arguments, options, here), 0
    if action == "clear":
        return _clear(arguments, options, here), 0
    run, inputs, store = asking.run_of(options, here), _inputs(here), _existing(here)
    try:
        if action == "verify":
            report, sound = plan.verify_store(store, run, inputs)
            return report, 0 if sound else UNSOUND
        bans = StoredBans(here.cache_dir(), now_ms=here.now_ms).all()
        return plan.store_status(store, run, inputs, files_of(here.cache_dir(), STEM), bans), 0
    finally:
        if store is not None:
            store.close()


def _existing(here: World) -> CandleStore | None:
    return CandleStore.existing(here.cache_dir())


def _inputs(here: World) -> plan.StoreInputs:
    """Say which store."""
    files = [
        name for name in files_of(here.cache_dir(), STEM) if name.startswith(STEM) and name.endswith("3")
    ]
    return plan.StoreInputs(folder=str(here.cache_dir()), file=max(files, key=_number, default=None))


def _number(name: str) -> int:
    return int("".join(char for char in name.partition(".")[0] if char.isdigit()) or 0)


def _fetch(what: WhatOptions, options: DataOptions, here: World) -> Report:
    """Fill the store with what measuring the betas would need."""
    for option, given in (
        ("--candles", options.candles is not None),
        ("--offline", options.offline),
        ("--no-store", options.no_store),
        ("--exchange-unchecked", options.exchange_unchecked),
    ):
        if given:
            raise BadUsage(problem=f"`data fetch` asks an exchange and stores: it takes no `{option}`")
    universe = asking.read_universe(options, here)
    if (options.exchange or universe.exchange) == names.SAMPLE:
        raise _never_stored("fetch")
    request = asking.beta_request(what, options, universe, here)
    with sources.stored_market(request, universe, options, here, keeping=True) as market:
        return plan.fetch_bars(request, universe, market, market.fetched, _inputs(here))


def _export(arguments: StoreArguments, options: DataOptions, here: World) -> Report:
    """Write a candle file of one exchange and one timeframe."""
    if arguments.path is None:
        raise BadUsage(
            problem="`data export` needs a file to write", way_out="`betacli data export candles.csv`"
        )
    if options.timeframe is not None:
        known_name("timeframe", options.timeframe, names.TIMEFRAMES)
    if options.exchange == names.SAMPLE:
        raise _never_stored("export")
    path = here.project_dir / arguments.path
    store = _existing(here)
    if store is None:
        raise BadUsage(
            problem="there is no candle store yet", way_out="fill it with `betacli data fetch --sector NAME`"
        )
    with store:
        keys = plan.chosen_series(store, options.exchange, options.timeframe, arguments.symbol)
        bars = export_candles(path, (plan.read_series(store, key) for key in keys))
    return plan.exported(str(arguments.path), keys, bars, asking.run_of(options, here), _inputs(here))


def _never_stored(action: str) -> BadUsage:
    """Say why the simulated market has no part in the store."""
    problem = (
        f"`data {action}` is about stored candles, and the simulated market is made anew by every command"
    )
    return BadUsage(
        problem=problem,
        way_out=f"name an exchange: {quoted(names.VENUES)}; `--exchange sample` needs no store",
    )


def _clear(arguments: StoreArguments, options: DataOptions, here: World) -> Report:
    """Delete the series asked for; all of them, with every damaged copy, where none is named."""
    if not arguments.yes:
        raise BadUsage(
            problem="`data clear` deletes what is stored",
            way_out="say so with `--yes`; `betacli data status` lists it",
        )
    folder, run = here.cache_dir(), asking.run_of(options, here)
    before = sum(files_of(folder, STEM).values())
    if options.exchange is None and arguments.symbol is None:
        _drop_damaged(here)
    store = _existing(here)
    gone = 0
    if store is not None:
        with store:
            gone = len(store.bars.delete(options.exchange, arguments.symbol))
            if arguments.symbol is None:
                store.listings.delete(options.exchange)
            with suppress(StoreUnusable):  # what was deleted is gone; its space is used again
                store.database.shrink()
    freed = before - sum(files_of(folder, STEM).values())
    return plan.cleared(gone, max(0, freed), run, _inputs(here))


def _drop_damaged(here: World) -> None:
    """Set a damaged store aside, and empty every one that was."""
    try:
        store = _existing(here)
        if store is not None:
            with store:
                problems = store.database.check()
            if problems:
                set_aside(store.database.path)
    except StoreDamaged as error:
        set_aside(Path(error.path))
    forget_damaged(here.cache_dir(), STEM)
