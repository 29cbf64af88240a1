"""`--help`, drawn by ourselves: Typer's own panels import Markdown and tracebacks, at twice the price of the command.

A help text is a heading, the usage, examples, and the options under the panels they belong to. The same words
whatever the width; nothing is cut.
"""

import inspect
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from typer import core

from betacli.errors import UnknownName, safe

NARROWEST, WIDEST, OFF_TERMINAL = 40, 110, 100
REST = "Other"
Pair = tuple[str, str]
Panel = tuple[str, list[Pair]]
# Options that a command has with others and does not look at: they are read, and left out of its help.
UNUSED = {"data": {"exchange_unchecked", "candles", "half_life", "beta", "offline", "no_store"}}
_DEFAULT = re.compile(r"\s*\[default: (.*)\]$")


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

    def start(self, panels: Iterable[Panel]) -> int:
        """Return the column of what names mean, the same in every panel: where the widest name leaves room for it."""
        beside = [len(name) for _, pairs in panels for name, _ in pairs if len(name) <= self.width // 3]
        return 2 + max(beside, default=8) + 2

    def listed(self, panel: Panel, start: int) -> list[str]:
        """Draw names and what they mean, the meanings from column `start` on."""
        heading, pairs = panel
        lines = [self.bold(heading)]
        for name, told in pairs:
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
    params = [p for p in command.get_params(ctx) if _is_shown(p, command)]
    panels = list(_panels(command, params, ctx))
    start = paint.start(panels)
    for panel in panels:
        yield paint.listed(panel, start)
    if command.epilog:
        yield paint.wrapped(command.epilog, 0)
    if any(getattr(p, "envvar", None) for p in params):
        told = "Every option can be set by a variable, such as BETACLI_SECTOR for `--sector`; a flag wins over it."
        yield paint.wrapped(told, 0)


def _panels(command: HelpfulCommand | HelpfulGroup, params: list[Any], ctx: typer.Context) -> Iterator[Panel]:
    """Yield the commands, the arguments and the options under the panels they belong to."""
    if isinstance(command, HelpfulGroup):
        every = ((getattr(c, "rich_help_panel", None), c) for c in command.commands.values())
        for name, members in by_panel(every).items():
            yield name, [(c.name or "", summary_of(c.help or "")[0]) for c in members]
    arguments = [p for p in params if p.param_type_name == "argument"]
    if arguments:
        yield "Arguments", [(p.make_metavar(ctx), getattr(p, "help", "") or "") for p in arguments]
    options = ((getattr(p, "rich_help_panel", None), p) for p in params if p not in arguments)
    for name, members in by_panel(options).items():
        yield name, [_option(p, ctx) for p in members]


def _is_shown(param: Any, command: HelpfulCommand | HelpfulGroup) -> bool:
    return not getattr(param, "hidden", False) and param.name not in UNUSED.get(command.name or "", ())


def _option(param: Any, ctx: typer.Context) -> Pair:
    """Return an option's flags and its meaning, the default as a sentence; zero is what leaving it out means."""
    names, told = param.get_help_record(ctx) or ("", "")
    default = _DEFAULT.search(told)
    if default is None:
        return names, told
    value = default[1].removesuffix(".0")
    told = told[: default.start()]
    return names, told if value == "0" else f"{told} Default {value}."


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


COMPLETION = ("--show-completion", "--install-completion")


def completion(flag: str, shell: str) -> str:
    """Return the script that completes in a shell, or install it and say where.

    Raises:
        UnknownName: there is no such shell.
    """
    from typer import _completion_shared as shared  # noqa: PLC0415

    known = tuple(one.value for one in shared.Shells)
    if shell not in known:
        raise UnknownName(what="shell", name=shell, known=known)
    if flag == COMPLETION[0]:
        return (
            shared.get_completion_script(prog_name="betacli", complete_var="_BETACLI_COMPLETE", shell=shell)
            + "\n"
        )
    name, path = shared.install(shell=shell, prog_name="betacli")
    return f"{name} completion is installed in {path}; it works in shells started from now on\n"


def without_rich() -> None:
    """Keep Typer from rendering help texts with Rich while it completes: they hold no markup, and it takes 130 ms."""
    from typer import _completion_classes as classes  # noqa: PLC0415

    if hasattr(classes, "_sanitize_help_text"):
        classes._sanitize_help_text = lambda text: text  # noqa: SLF001
