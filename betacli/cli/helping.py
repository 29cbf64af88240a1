"""`--help`, drawn by ourselves: Typer's own panels import Markdown and tracebacks, at twice the price of the command.

A help text is a heading, the usage, examples, and the options under the panels they belong to. The same words
whatever the width; nothing is cut.
"""

import inspect
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from typer import core

from betacli.errors import safe

NARROWEST, WIDEST, OFF_TERMINAL = 40, 110, 100
REST = "Other"
Pair = tuple[str, str]


class HelpfulCommand(core.TyperCommand):
    """A command whose help we draw."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help into Typer's formatter."""
        formatter.write(text_of(self, ctx))


class HelpfulGroup(core.TyperGroup):
    """The whole tool, whose help lists the commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help into Typer's formatter."""
        formatter.write(text_of(self, ctx))


def text_of(command: HelpfulCommand | HelpfulGroup, ctx: typer.Context) -> str:
    """Return the help of a command."""
    paint = _Paint()
    parts = list(_parts(command, ctx, paint))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


class _Paint:
    """How the help is shown: how wide, and bold where stdout is a terminal that wants colour."""

    def __init__(self) -> None:
        terminal = sys.stdout.isatty()
        columns = os.environ.get("COLUMNS", "")
        if columns.isdigit() and int(columns):
            width = int(columns)
        elif terminal:
            width = os.get_terminal_size(sys.stdout.fileno()).columns
        else:
            width = OFF_TERMINAL
        self.width = min(WIDEST, max(NARROWEST, width))
        plain = os.environ.get("TERM") == "dumb" or not terminal
        self._colour = not os.environ.get("NO_COLOR") and (bool(os.environ.get("FORCE_COLOR")) or not plain)

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._colour else text

    def name(self, text: str) -> str:
        return f"\x1b[36m{text}\x1b[0m" if self._colour else text

    def wrapped(self, text: str, indent: int) -> list[str]:
        """Break a text between words; a word longer than the line stays whole."""
        lines: list[str] = []
        for word in safe(text).split():
            if lines and len(lines[-1]) + 1 + len(word) <= max(20, self.width - indent):
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines

    def listed(self, heading: str, pairs: Iterable[Pair]) -> list[str]:
        """Draw names and what they mean, the meanings aligned where the widest name leaves room for them."""
        every = list(pairs)
        beside = [len(name) for name, _ in every if len(name) <= self.width // 3]
        start = 2 + max(beside, default=8) + 2
        lines = [self.bold(heading)]
        for name, told in every:
            texts = self.wrapped(told, start)
            head = "  " + self.name(name)
            if len(name) + 4 <= start:
                first = head + " " * (start - 2 - len(name)) + (texts.pop(0) if texts else "")
                lines.append(first.rstrip())
            else:
                lines.append(head)
            lines += [" " * start + text for text in texts]
        return lines


def _parts(command: HelpfulCommand | HelpfulGroup, ctx: typer.Context, paint: _Paint) -> Iterator[list[str]]:
    told, examples = summary_of(command.help or "")
    yield [line for text in told.split("\n\n") for line in paint.wrapped(text, 0)]
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    yield [f"{paint.bold('Usage:')} {usage}"]
    if examples:
        yield [paint.bold("Examples"), *(f"  {example}" for example in examples)]
    if isinstance(command, HelpfulGroup):
        for panel, names in by_panel(
            (getattr(c, "rich_help_panel", None), c) for c in command.commands.values()
        ).items():
            yield paint.listed(panel, ((c.name or "", summary_of(c.help or "")[0]) for c in names))
    params = [p for p in command.get_params(ctx) if not getattr(p, "hidden", False)]
    arguments = [p for p in params if p.param_type_name == "argument"]
    if arguments:
        yield paint.listed(
            "Arguments", ((p.make_metavar(ctx), getattr(p, "help", "") or "") for p in arguments)
        )
    options = ((getattr(p, "rich_help_panel", None), p) for p in params if p not in arguments)
    for panel, members in by_panel(options).items():
        yield paint.listed(panel, (_option(p, ctx) for p in members))
    if command.epilog:
        yield paint.wrapped(command.epilog, 0)
    if any(getattr(p, "envvar", None) for p in params):
        told = "Every option can be set by a variable, such as BETACLI_SECTOR for `--sector`; a flag wins over it."
        yield paint.wrapped(told, 0)


def _option(param: Any, ctx: typer.Context) -> Pair:
    """Return an option's flags and its meaning; what is shorter than a word stands first."""
    names, told = param.get_help_record(ctx) or ("", "")
    return names, told


def by_panel(members: Iterable[tuple[str | None, Any]]) -> dict[str, list[Any]]:
    """Return members by their panel in the order they first appear, those of none last."""
    found: dict[str, list[Any]] = {}
    for panel, member in members:
        found.setdefault(panel or REST, []).append(member)
    if REST in found:
        found[REST] = found.pop(REST)
    return found


def summary_of(docstring: str) -> tuple[str, list[str]]:
    """Return what a docstring says, and the command lines after its `Example:`."""
    told, examples = [], []
    for line in inspect.cleandoc(docstring).split("\n"):
        head, colon, rest = line.partition(":")
        if colon and head.strip() in {"Example", "Examples"}:
            examples += [rest.strip()] if rest.strip() else []
        elif line.strip().startswith("betacli "):
            examples.append(line.strip())
        else:
            told.append(line)
    return "\n".join(told).strip(), examples


def without_rich() -> None:
    """Keep Typer from rendering help texts with Rich while it completes: they hold no markup, and it takes 130 ms."""
    from typer import _completion_classes as classes  # noqa: PLC0415

    if hasattr(classes, "_sanitize_help_text"):
        classes._sanitize_help_text = lambda text: text  # noqa: SLF001
