"""What the shell offers for a value: names from the sector files and from `names`, without numpy and without Rich.

Typer asks these functions with the incomplete word; an entry is a name, or a name with what it means.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from betacli import names
from betacli.cli.world import World
from betacli.errors import safe

Offer = list[tuple[str, str]]
Complete = Callable[[Any, str], Offer]


def one_of(known: Sequence[str]) -> Complete:
    """Return a completion of known names."""

    def complete(ctx: Any, incomplete: str) -> Offer:  # noqa: ARG001  the shape Typer asks for
        return [(name, "") for name in known if name.startswith(incomplete)]

    return complete


def several_of(known: Sequence[str]) -> Complete:
    """Return a completion of names joined by commas: what is there stays, and what follows the last comma is completed."""

    def complete(ctx: Any, incomplete: str) -> Offer:  # noqa: ARG001
        return _several(known, incomplete)

    return complete


def _several(known: Sequence[str], incomplete: str) -> Offer:
    before, comma, last = incomplete.rpartition(",")
    there = before.split(",")
    return [(f"{before}{comma}{name}", "") for name in known if name.startswith(last) and name not in there]


def members(ctx: Any, incomplete: str) -> Offer:
    """Offer the members of the sectors named before, joined by commas; of every sector where none was named."""
    return _several(_assets(ctx), incomplete)


def benchmarks(ctx: Any, incomplete: str) -> Offer:
    """Offer `universe` and every asset."""
    known = dict.fromkeys(["BTC", "universe", *_assets(ctx, every=True)])
    return [(safe(name), "") for name in known if name.startswith(incomplete)]


def hedges(ctx: Any, incomplete: str) -> Offer:
    """Offer the kinds of contract to hedge with, and assets."""
    known = dict.fromkeys([*names.HEDGES, "BTC", *_assets(ctx, every=True)])
    return [(safe(name), "") for name in known if name.startswith(incomplete)]


def _assets(ctx: Any, *, every: bool = False) -> tuple[str, ...]:
    """Return the members of the sectors that were named, else of all."""
    by_sector = _outline(ctx).members
    named = () if every else ctx.params.get("sector") or ()
    chosen = [name for name in by_sector if name in named] or list(by_sector)
    return tuple(dict.fromkeys(safe(base) for name in chosen for base in by_sector[name]))


def sectors(ctx: Any, incomplete: str) -> Offer:
    """Offer the sectors of the file a command would read."""
    found = _outline(ctx).sectors
    return [(safe(name), safe(title)) for name, title in found.items() if name.startswith(incomplete)]


def plans(ctx: Any, incomplete: str) -> Offer:
    """Offer the plans of all files."""
    return [(safe(name), "") for name in _outline(ctx).plans if name.startswith(incomplete)]


def shown_sectors(ctx: Any, incomplete: str) -> Offer:
    """Offer sectors after `sectors show`, and nothing after `check`, where a file is named."""
    return sectors(ctx, incomplete) if ctx.params.get("action") == "show" else []


def topics(ctx: Any, incomplete: str) -> Offer:
    """Offer the topics of `help`, and the commands."""
    commands = ctx.parent.command.commands if ctx.parent else {}
    return [(name, "") for name in (*names.TOPICS, *commands) if name.startswith(incomplete)]


def schemas(ctx: Any, incomplete: str) -> Offer:  # noqa: ARG001
    """Offer the schemas there are."""
    from betacli.plan.results import RESULTS  # noqa: PLC0415

    return [(name, "") for name in (*RESULTS, "error") if name.startswith(incomplete)]


def _outline(ctx: Any) -> Any:
    from betacli.data.outline import FILE_NAME, outline, packaged_path  # noqa: PLC0415  YAML

    here, config = World.real(), ctx.params.get("config")
    first = Path(config) if config else here.project_dir / FILE_NAME
    return outline([first, here.config_dir() / FILE_NAME, packaged_path()])
