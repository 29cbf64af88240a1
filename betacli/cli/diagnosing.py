"""The `doctor` command: look at everything a morning's run needs."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from betacli import names
from betacli.cli import asking, sources
from betacli.cli.options import DataOptions
from betacli.cli.output import screen_of
from betacli.cli.values import number
from betacli.cli.variables import unknown_variables
from betacli.cli.world import World
from betacli.core.model import Universe
from betacli.data.candle_store import STEM, CandleStore
from betacli.data.probe import VenueHealth, probe
from betacli.data.store import files_of
from betacli.document import Report
from betacli.errors import StoreUnusable, safe
from betacli.plan.doctor import Diagnosis, DoctorInputs, Finding, plan_doctor
from betacli.plan.request import Run

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def diagnose(options: DataOptions, here: World) -> Report:
    """Look at versions, configuration, store, network, clock and terminal."""
    universe = asking.read_universe(options, here)
    run = asking.run_of(options, here)
    default = sources.chosen_exchange(options, universe)
    screen = screen_of(here, here.stdout, None)
    width = "no terminal" if screen.width is None else f"{screen.width} columns"
    report = plan_doctor(
        run,
        inputs=DoctorInputs(exchange=default, config=universe.origins.get("sectors", "")),
        versions={**run.tool, "python": platform.python_version()},
        origins=universe.origins,
        store=_store(here),
        proxy=_proxy(here.environ),
        venues=_venues(default, universe, run, options, here),
        terminal=f"{width}, {'colour' if screen.colour else 'no colour'}, {'Unicode' if screen.unicode else 'ASCII'}",
    )
    strangers = [
        Finding(topic="environment", name=name, status="warn", detail=why)
        for name, why in unknown_variables(here)
    ]
    if not strangers or not isinstance(report.data, Diagnosis):
        return report
    return replace(report, data=replace(report.data, findings=(*report.data.findings, *strangers)))


def _store(here: World) -> list[Finding]:
    """Open the store, ask SQLite of its integrity, and say how large it is."""
    folder = str(here.cache_dir())
    try:
        store = CandleStore.existing(here.cache_dir())
        damage = store.database.check() if store else []
        series = len(list(store.bars.every_key())) if store else 0
        if store is not None:
            store.close()
    except StoreUnusable as error:
        return [Finding(topic="store", name=folder, status="fail", detail=error.message)]
    if damage:
        return [Finding(topic="store", name=folder, status="fail", detail=safe("; ".join(damage), 200))]
    size = sum(files_of(here.cache_dir(), STEM).values()) / 1e6
    detail = f"{series} series, {size:.2f} MB" if store else "nothing is stored yet"
    return [Finding(topic="store", name=folder, status="ok", detail=detail)]


def _proxy(environ: Mapping[str, str]) -> str | None:
    """Return the name of the variable that sets a proxy; its value may hold a password."""
    return next((f"from {name}" for name in PROXIES if environ.get(name)), None)


def _venues(
    default: str, universe: Universe, run: Run, options: DataOptions, here: World
) -> list[VenueHealth]:
    """Ask each exchange for its time, all within `--timeout`; offline, none."""
    if options.offline:
        return []
    timeout_s = number("--timeout", options.timeout, above=0, most=3600) or 0.0
    deadline = here.monotonic() + timeout_s
    found = []
    asked = [*names.VENUES, *({default} - {*names.EXCHANGES})]
    for left, exchange in zip(range(len(asked), 0, -1), asked, strict=True):
        share_s = max(0.1, (deadline - here.monotonic()) / left)
        make = partial(sources.exchange_of, exchange, run, universe, replace(here, started_s=None), share_s)
        found.append(probe(exchange, make, here.monotonic))
    return found
