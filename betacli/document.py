"""What a report shows, before how it is shown.

A command returns a `Report`: the context it was computed in and the result itself (`data`). JSON is the report
walked field by field; every other format is drawn from `data.document()`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Tone = Literal["good", "warning", "bad", "quiet", "strong", "bar"]
Status = Literal["ok", "warning", "refused"]
UNKNOWN = "n/a"


# --- values -> text: a formatter takes a cell's value and returns it whole, `n/a` where it is unknown ------------

Formatter = Callable[[object], str]


def text(value: object) -> str:
    """Show a value as it is."""
    return UNKNOWN if value is None else str(value)


def _numeric(value: object) -> float | None:
    if value is None or isinstance(value, str):
        return None
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None


def fixed(digits: int, *, sign: bool = False, suffix: str = "", scale: float = 1.0) -> Formatter:
    """Return a formatter for numbers with `digits` decimals and thousands separators."""
    spec = f"{'+' if sign else ''},.{digits}f"  # a number that rounds to zero has no sign

    def show(value: object) -> str:
        number = _numeric(value)
        if number is None:
            return UNKNOWN if value is None or not isinstance(value, str) else value
        shown = format(number * scale, spec)
        bare = shown.lstrip("-+")
        return (shown if bare.strip("0.,") else bare) + suffix

    return show


def significant(value: object) -> str:
    """Show a price or an amount with every digit it has, and thousands separators."""
    number = _numeric(value)
    if number is None:
        return UNKNOWN
    whole, _, fraction = f"{number:.15g}".partition(".")
    if "e" in whole or "e" in fraction:
        return f"{number:.15g}"
    return f"{int(whole):,}" if not fraction else f"{'-' if number < 0 else ''}{abs(int(whole)):,}.{fraction}"


beta = fixed(4)
signed_beta = fixed(4, sign=True)
money = fixed(2)
signed_money = fixed(2, sign=True)
percent = fixed(2, suffix=" %", scale=100.0)
weight = fixed(4, suffix=" %", scale=100.0)
signed_percent = fixed(1, sign=True, suffix=" %", scale=100.0)
times = fixed(2, suffix="x")
ratio = fixed(3)
count = fixed(0)


# --- what a document is made of ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its header, how its values are written, and the tone a value takes (None: no tone).

    With `bar` a terminal with room draws a small bar beside each number: all from one zero, to the column's largest.
    """

    header: str
    show: Formatter = text
    align: Literal["left", "right"] = "right"
    tone: Callable[[object], Tone | None] = lambda _: None
    bar: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What a terminal with room draws beside the column at place `beside`; it never carries a number alone.

    Each row has the numbers it is drawn from, and all rows share one scale: `interval` has low, value and high,
    `path` a series. A row of which something is unknown is drawn as nothing.
    """

    kind: Literal["interval", "path"]
    beside: int
    rows: tuple[tuple[float | None, ...], ...]
    footer: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of raw values under columns; the footer has one value per column, None where it is blank.

    The first `keys` columns say what a row is of: a table in several parts repeats them in each.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    title: str = ""
    footer: tuple[object, ...] | None = None
    keys: int = 1
    drawings: tuple[Drawing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """An interval that a terminal draws in the place of its text, with what lies on it: the first mark is the point."""

    low: float
    high: float
    marks: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Labels and their values, already written as text; tones and rulers of values by their label.

    A fact with a ruler is written `LOW to HIGH`.
    """

    pairs: tuple[tuple[str, str], ...]
    title: str = ""
    tones: tuple[tuple[str, Tone], ...] = ()
    rulers: tuple[tuple[str, Ruler], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """One step of an explanation: what it is about, and its lines, each with numbers that can be checked."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A titled sequence of blocks; `records` are the rows of the CSV, each a frozen dataclass or a mapping."""

    title: str
    blocks: tuple[Table | Facts, ...]
    records: Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The kinds of row that the CSV of a result can have, by name, and the columns that stand last: those added later."""

    kinds: Mapping[str, type]
    added: tuple[str, ...] = ()


# --- a report: context and result -------------------------------------------------------------------------------


class Describable(Protocol):
    """A result that can describe itself as a document."""

    def document(self) -> Document:
        """Return what a reader should see."""
        ...


class Warned(Protocol):
    """One line of `warnings`; a `note` informs, a `warning` also sets the report's status."""

    @property
    def id(self) -> str:
        """Stable name for scripts."""
        ...

    @property
    def detail(self) -> str:
        """The sentence for people, with the numbers."""
        ...

    @property
    def severity(self) -> Literal["note", "warning"]:
        """How much it weighs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What every command returns.

    `schema` is the command's name; `tool` its versions; `generated_at` and `as_of` are ISO 8601 with `Z`, the first None under
    `--as-of`; `inputs` and `excluded` are frozen dataclasses that the JSON walks; `exit_code` is 10 when a check failed;
    `plan` is the name of the plan whose options were used; `explanation` is the arithmetic, where it was asked for.
    `plan` is the name of the plan whose options were used; `exchange_unchecked` tells that nobody has checked how the
    exchange answers; `rows` tells what its CSV can hold, None where the records' own types are all.
    """

    schema: str
    tool: Mapping[str, str]
    as_of: str
    generated_at: str | None
    inputs: object
    warnings: tuple[Warned, ...]
    excluded: tuple[object, ...]
    data: Describable
    simulated: bool = False
    exit_code: int = 0
    plan: str | None = None
    explanation: tuple[Steps, ...] = ()
    exchange_unchecked: bool = False
    rows: Rows | None = None

    @property
    def status(self) -> Status:
        """`warning` when any warning is more than a note, or the exit code asks for action."""
        return "warning" if self.exit_code or any(w.severity == "warning" for w in self.warnings) else "ok"
