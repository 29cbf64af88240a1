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
