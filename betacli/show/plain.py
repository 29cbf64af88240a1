"""What the text formats share: the screen, cell widths, a table as a grid of text cells, context and notices."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from betacli.document import UNKNOWN, Column, Report, Table, Tone

Clean = Callable[[object], str]
HANG = 2  # indent of the further lines of text within a column


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where the text goes.

    `width` is in character cells, None where it is no terminal (natural width); `unicode` is False where the
    encoding cannot carry box characters.
    """

    width: int | None = None
    colour: bool = False
    unicode: bool = True


# --- text ---------------------------------------------------------------------------------------------------------

_SIGNS = "· ─ – — − ‐ ‑ … × ÷ ± → ← ≥ ≤ ≈ ≠ ² ³ ½ ¼ ‘ ’ “ ” ° α β Δ κ λ μ µ ρ σ Σ τ √ ∞ │ ├ ┤ ┼ ●"
_SPELLINGS = (
    "- - - - - - - ... x / +/- -> <- >= <= ~ != ^2 ^3 1/2 1/4 ' ' \" \" deg "
    "alpha beta delta kappa lambda mu mu rho sigma sum tau sqrt inf | | | + o"
)
_SPELLED = str.maketrans(dict(zip(_SIGNS.split(), _SPELLINGS.split(), strict=True)))


def to_ascii(text: str) -> str:
    r"""Spell the field's own characters with ASCII ones, and any other as its escape (`é` as `\xe9`)."""
    return text if text.isascii() else text.translate(_SPELLED).encode("ascii", "backslashreplace").decode()


def cell_width(text: str) -> int:
    """Return how many character cells a terminal gives `text`: East Asian wide ones take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(char) in {"Mn", "Me"} else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def words(text: str) -> list[str]:
    """Split text where a line may end: between words, but neither before a percent sign nor around `≤` and `≥`."""
    return re.findall(r"\S+(?: (?:[≤≥]|<=|>=) \S+)?(?: %\S*)?", text)


def broken(text: str, width: int, *, first: int = 0, rest: int = 0) -> list[str]:
    """Break text between words into lines no wider than `width` where that is possible.

    `first` is how many cells the first line has already used, `rest` the indent of the others.
    """
    lines = [""]
    used = first
    for word in words(text):
        size = cell_width(word)
        if not lines[-1]:
            lines[-1] = word
        elif used + 1 + size > width:
            lines.append(" " * rest + word)
            used = rest
        else:
            lines[-1] += f" {word}"
            used += 1
        used += size
    return lines


def reflowed(lines: Sequence[str], width: int) -> list[str]:
    """Break the lines of a help text between words: a paragraph anew, an indented line under where its text begins."""
    told: list[str] = []
    paragraph = ""
    for line in [*lines, ""]:
        if line and not line.startswith(" "):
            paragraph = f"{paragraph} {line}".strip()
            continue
        told += broken(paragraph, width) if paragraph else []
        paragraph = ""
        head = re.match(r" +(?:\S+(?: \S+)*  +)?", line)
        if head and cell_width(line) > width and head.end() < width - 20:
            first, *rest = broken(line[head.end() :], width, first=head.end(), rest=head.end())
            told += [line[: head.end()] + first, *rest]
        else:
            told.append(line)
    return told[:-1]


# --- tables -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """One value, written whole, and its tone."""

    text: str
    tone: Tone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table whose values are written; every row, and the footer if any, has one cell per column.

    The first `keys` columns say what a row is of.
    """

    columns: tuple[Column, ...]
    header: list[Cell]
    rows: list[list[Cell]]
    footer: list[Cell] | None
    keys: int = 1

    @property
    def widths(self) -> list[int]:
        """The natural width of each column in character cells."""
        lines = [self.header, *self.rows, *([self.footer] if self.footer else [])]
        return [max(cell_width(cell.text) for cell in column) for column in zip(*lines, strict=True)]


def grid(table: Table, clean: Clean) -> Grid:
    """Write every value of a table through its column's formatter, then through `clean`, which makes it inert."""
    columns = table.columns

    def cell(column: Column, value: object) -> Cell:
        shown = clean(column.show(value))
        return Cell(shown, column.tone(value) or ("quiet" if shown == UNKNOWN else None))

    def total(column: Column, value: object) -> Cell:
        shown = "" if value is None else value if isinstance(value, str) else column.show(value)
        return Cell(clean(shown), "strong")

    return Grid(
        columns=columns,
        header=[Cell(clean(column.header), "strong") for column in columns],
        rows=[
            [cell(column, value) for column, value in zip(columns, row, strict=True)] for row in table.rows
        ],
        footer=[total(column, value) for column, value in zip(columns, table.footer, strict=True)]
        if table.footer
        else None,
        keys=min(table.keys, len(columns)),
    )


def padded(text: str, width: int, align: str) -> tuple[str, str]:
    """Return the blanks before and after `text` that fill `width` character cells."""
    blanks = " " * (width - cell_width(text))
    return (blanks, "") if align == "right" else ("", blanks)


# --- what stands around the tables --------------------------------------------------------------------------------


def exchange_of(report: Report) -> object:
    """Return the exchange the inputs name, or None."""
    return getattr(report.inputs, "exchange", None)


def context(report: Report) -> list[str]:
    """Return what a reader must know before any number: the moment, and where the data came from."""
    exchange = exchange_of(report)
    told = [f"as of {report.as_of}", *([f"exchange {exchange}"] if exchange else [])]
    return [*told, *([f"plan {report.plan}"] if report.plan is not None else [])]


def marks_of(report: Report) -> list[str]:
    """Return the words that warn of every number at once."""
    marks = (("SIMULATED", report.simulated), ("UNCHECKED EXCHANGE", report.exchange_unchecked))
    return [mark for mark, holds in marks if holds]


def excluded_of(report: Report) -> Iterator[tuple[str, str, str]]:
    """Yield base, reason and detail of every asset that was left out; what one does not have is empty."""
    for entry in report.excluded:
        base, reason, detail = (
            str(getattr(entry, name, None) or "") for name in ("base", "reason", "detail")
        )
        yield base, reason, detail
