"""The `config` command: every setting as a command would find it, and where it comes from."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields

from betacli.cli import asking
from betacli.cli.options import ConfigOptions
from betacli.cli.output import redacted
from betacli.cli.taking import Given, variable_of
from betacli.cli.world import World
from betacli.core.model import Universe
from betacli.document import Report
from betacli.plan.about import ConfigInputs, Setting, show_config

SCALARS = ("benchmark", "exchange", "quote", "notional", "estimator", "max_weight", "maintenance_margin")
LAYERED = ("gates", "checklist", "exchange_options", "plans")
NOT_SETTINGS = ("plan", "origin", "action")
_PASSWORD = re.compile(r"(://)[^/@\s\"]+@")

Value = str | float | bool | None


def settings_report(given: Given, here: World, *, with_origin: bool) -> Report:
    """Return the report of every setting."""
    config = ConfigOptions(**{f.name: given.values[f.name] for f in fields(ConfigOptions)})  # type: ignore[arg-type]
    universe = asking.read_universe(config, here)
    inputs = ConfigInputs(config=universe.origins.get("sectors", ""), config_sha256=universe.sha256)
    settings = [*_of_files(universe, given), *_of_options(given)]
    return show_config(settings, inputs, asking.run_of(config, here), with_origin=with_origin)


def _of_files(universe: Universe, given: Given) -> list[Setting]:
    """Return what the sector files set, or flag, plan and environment in their place."""
    found = []
    for name in SCALARS:
        value, origin = getattr(universe, name), universe.places.get(name, "built-in")
        if name == "benchmark":
            value = universe.benchmark.name
        if given.origins.get(name, "default") != "default":
            value, origin = given.values[name], _origin(name, given)
        found.append(Setting(name=name, value=_value(value), origin=origin))
    names = ", ".join(sector.name for sector in universe.sectors)
    found.append(Setting(name="sectors", value=names, origin=universe.places.get("sectors", "built-in")))
    for key in LAYERED:
        for name, value in sorted(getattr(universe, key).items()):
            place = f"{key}.{name}"
            found.append(
                Setting(name=place, value=_value(value), origin=universe.places.get(place, "built-in"))
            )
    return found


def _of_options(given: Given) -> list[Setting]:
    """Return the options that are no key of a sector file, also those that nobody has set."""
    return [
        Setting(name=name, value=_value(value), origin=_origin(name, given))
        for name, value in given.values.items()
        if name not in {*SCALARS, *NOT_SETTINGS}
    ]


def _origin(name: str, given: Given) -> str:
    flag = "--" + name.replace("_", "-")
    return {
        "flag": f"flag {flag}",
        "plan": f"plan {given.values.get('plan')}",
        "variable": f"variable {variable_of(flag)}",
        "default": "built-in",
    }[given.origins[name]]


def _value(value: object) -> Value:
    """Return a scalar as it is, and anything else as one line of text without passwords."""
    if value is None or isinstance(value, bool | float | str):
        return _PASSWORD.sub(r"\1[redacted]@", value) if isinstance(value, str) else value
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        text = json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
        return redacted(_PASSWORD.sub(r"\1[redacted]@", text))
    return str(value)
