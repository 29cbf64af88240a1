"""Read YAML as nodes that know their place, and as text whose type nobody has guessed.

YAML 1.1 reads the coins `ON`, `NO` and `4` as True, False and 4, and keeps the last of two equal keys. Here a scalar
stays the text that was typed, two equal keys are a problem, and what a small file never needs is refused: tags, merge
keys, a second document, an anchor inside itself, and more than 50,000 nodes or 32 levels once aliases are expanded.

The nodes are built from the parser's events, on a list instead of the call stack, so no depth of nesting can end the
program. The home of PyYAML.
"""

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from betacli.errors import BadFile, Problem, safe

MAX_BYTES = 1024 * 1024
MAX_NODES = 50_000
MAX_DEPTH = 32
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
CHARACTERS_PER_NODE = 100  # every so many characters count as one more node: aliases repeat long texts, too

_QUOTE = "put text that begins with `*`, `&` or `!` in quotes"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A piece of text; `plain` is False where it was quoted or a block. `line` and `column` count from 1."""

    line: int
    column: int
    text: str
    plain: bool = True

    @property
    def is_null(self) -> bool:
        """Whether nothing was written, or `null` or `~`; `NULL` is a name like any other."""
        return self.plain and self.text in {"", "~", "null"}


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    column: int
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A mapping in the order of the file; no two keys are equal."""

    line: int
    column: int
    pairs: tuple[tuple[Scalar, "Node"], ...]


Node = Scalar | Items | Pairs


def read_text(path: Path) -> str:
    """Return the text of a regular UTF-8 file of at most 1 MiB, without its byte order mark.

    Raises:
        BadFile: there is no such file, or it cannot be read as such a text.
    """
    try:
        content = _read_bytes(path)
    except FileNotFoundError:
        raise _unreadable(path, "there is no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(path, f"cannot be read: {safe(reason, 60)}") from None
    if b"\0" in content:
        raise _unreadable(path, "is a binary file, not YAML text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        line, column = _place(before, len(before))
        what = f"byte 0x{content[error.start]:02x} is not UTF-8 text"
        problem = Problem(what=what, line=line, column=column, hint="save the file as UTF-8")
        raise BadFile(path=safe(path), problems=[problem]) from None


def _read_bytes(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):
        raise _unreadable(path, "is not a regular file")
    # A pipe put there since the line above would make a plain open() wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _unreadable(path, "is larger than 1 MiB")
    return content


def _unreadable(path: Path, what: str) -> BadFile:
    return BadFile(path=safe(path), problems=[Problem(what=what)])


def _place(text: str, position: int) -> tuple[int, int]:
    """Return line and column, from 1, of a position in a text."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def compose(text: str) -> tuple[Node | None, list[Problem]]:
    """Return the root node of a YAML text, None where there is none, and what is wrong with the text.

    After a problem that leaves the rest of the text without meaning (a syntax error, a bound) the root is None.
    """
    composer = _Composer()
    try:
        _refuse_unprintable(text)
        for event in yaml.parse(text, Loader=_LOADER):
            composer.take(event)
    except _HaltError as halt:
        return None, [*composer.problems, halt.problem]
    except yaml.YAMLError as error:
        return None, [*composer.problems, _syntax_problem(text, error)]
    return composer.root, composer.problems


def _refuse_unprintable(text: str) -> None:
    found = _UNPRINTABLE.search(text)
    if found:
        line, column = _place(text, found.start())
        what = f"the character U+{ord(found[0]):04X} is not allowed in YAML"
        raise _HaltError(Problem(what=what, line=line, column=column))


def _syntax_problem(text: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = safe(getattr(error, "problem", None) or "cannot be parsed", 120)
    if mark is None:
        return Problem(what=f"not valid YAML: {what}")
    if (
        "nesting depth" in what
    ):  # libyaml 0.2.6 looks ahead, and gives up before we are told of the first bracket
        return Problem(what=_TOO_DEEP, line=mark.line + 1, column=mark.column + 1)
    context = getattr(error, "context", None)
    detail = f" ({safe(context, 60)})" if context else ""
    tab = text[mark.index : mark.index + 1] == "\t"
    return Problem(
        what=f"not valid YAML: {what}{detail}",
        line=mark.line + 1,
        column=mark.column + 1,
        hint="YAML indents with spaces, not tabs" if tab else None,
    )


class _HaltError(Exception):
    """Reading cannot go on after this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Built:
    """A finished node, how much it holds once aliases are expanded (in nodes), and how many levels."""

    node: Node
    size: int = 1
    levels: int = 1


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been reached; a mapping's keys and values alternate."""

    line: int
    column: int
    is_mapping: bool
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    size: int = 1
    levels: int = 1


class _Composer:
    """Builds nodes from the parser's events, one `take` each."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Built] = {}
        self._documents = 0
        self._total = 0

    def take(self, event: Any) -> None:
        """Add one event of the parser."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._halt("a second document: one file holds one", line, column)
            case yaml.AliasEvent():
                self._expand(str(event.anchor), line, column)
            case yaml.ScalarEvent():
                self._refuse_tag(event.tag, line, column)
                plain = event.style in {None, ""}
                size = 1 + len(event.value) // CHARACTERS_PER_NODE
                self._add(_Built(Scalar(line, column, event.value, plain), size), event.anchor, line, column)
            case yaml.CollectionStartEvent():
                self._refuse_tag(event.tag, line, column)
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                self._open.append(_Open(line, column, is_mapping, event.anchor))
                self._bound(0, 0, line, column)
            case yaml.CollectionEndEvent():
                self._close()

    def _halt(self, what: str, line: int, column: int, hint: str | None = None) -> None:
        raise _HaltError(Problem(what=what, line=line, column=column, hint=hint))

    def _refuse_tag(self, tag: str | None, line: int, column: int) -> None:
        if tag is not None:
            self.problems.append(
                Problem(what="tags (`!…`) are not allowed", line=line, column=column, hint=_QUOTE)
            )

    def _bound(self, size: int, levels: int, line: int, column: int) -> None:
        if len(self._open) + levels > MAX_DEPTH:
            self._halt(_TOO_DEEP, line, column)
        if self._total + size > MAX_NODES:
            self._halt(
                f"more than {MAX_NODES:,} values, or too much text, once aliases are expanded", line, column
            )

    def _expand(self, anchor: str, line: int, column: int) -> None:
        if any(opened.anchor == anchor for opened in self._open):
            self._halt("an alias (`*…`) stands inside its own anchor", line, column)
        if anchor not in self._anchors:
            self._halt("an alias (`*…`) has no anchor (`&…`) before it", line, column, _QUOTE)
        self._add(self._anchors[anchor], None, line, column)

    def _add(self, built: _Built, anchor: str | None, line: int, column: int) -> None:
        self._bound(built.size, built.levels - 1, line, column)
        self._total += built.size
        if anchor is not None:
            self._anchors[anchor] = built
        if not self._open:
            self.root = built.node
            return
        parent = self._open[-1]
        parent.nodes.append(built.node)
        parent.size += built.size
        parent.levels = max(parent.levels, built.levels + 1)

    def _close(self) -> None:
        done = self._open.pop()
        if done.is_mapping:
            node: Node = Pairs(done.line, done.column, self._pairs(done.nodes[0::2], done.nodes[1::2]))
        else:
            node = Items(done.line, done.column, tuple(done.nodes))
        self._total -= done.size - 1  # they were counted when they were added, and are again as part of this
        self._add(_Built(node, done.size, done.levels), done.anchor, done.line, done.column)

    def _pairs(self, keys: list[Node], values: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        """Pair keys with values; what is no key and what is there already is a problem and left out."""
        kept: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(keys, values, strict=True):
            if not isinstance(key, Scalar):
                self._refuse_key(key, "a key must be a name, not a list or a mapping")
            elif key.plain and key.text == "<<":
                self._refuse_key(key, "merge keys (`<<`) are not allowed: write the keys out")
            elif key.text in kept:
                first = kept[key.text][0].line
                self._refuse_key(key, f"`{safe(key.text, 60)}` is given twice; the first is at line {first}")
            else:
                kept[key.text] = (key, value)
        return tuple(kept.values())

    def _refuse_key(self, key: Node, what: str) -> None:
        self.problems.append(Problem(what=what, line=key.line, column=key.column))
