"""Plans: options under a name in the sector file, put in the place of flags."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from betacli.cli.options import ConfigOptions
from betacli.cli.taking import Given, is_option, options_of
from betacli.cli.world import World
from betacli.errors import BadUsage, UnknownName

NEVER_PLANNED = ("plan", "config")  # both are read before a plan is


def plan_of(here: World, name: str, config: Path | None) -> Mapping[str, object]:
    """Return the options of a plan.

    Raises:
        UnknownName: no sector file has a plan of that name.
        BadFile: a sector file has problems.
    """
    from betacli.cli.asking import read_universe  # noqa: PLC0415

    plans = read_universe(ConfigOptions(config=config), here).plans
    if not plans:
        way_out = "`betacli help plans` shows how to write one"
        raise BadUsage(problem=f"there is no plan `{name}`: no sector file has `plans`", way_out=way_out)
    if name not in plans:
        raise UnknownName(what="plan", name=name, known=tuple(plans))
    return plans[name]


def optional(groups: Iterable[type]) -> tuple[type, ...]:
    """Return the groups that hold options alone, each once."""
    every = dict.fromkeys(group for group in groups if group is not Given)
    return tuple(group for group in every if all(is_option(hint) for _, hint in options_of([group])))


def option_types(groups: Iterable[type]) -> dict[str, type]:
    """Return the options a plan may hold, by name, with the type of their values; `tuple` is several texts."""
    found: dict[str, type] = {}
    for field, hint in options_of(optional(groups)):
        if field.name not in NEVER_PLANNED:
            found[field.name] = _type(hint.__origin__)
    return found


def _type(annotation: Any) -> type:
    kinds = [k for k in getattr(annotation, "__args__", (annotation,)) if k is not type(None)]
    kind = (
        getattr(kinds[0], "__origin__", kinds[0])
        if getattr(annotation, "__origin__", None) is not list
        else list
    )
    return {bool: bool, float: float, int: float, list: tuple}.get(kind, str)
