"""The table format, and the home of Rich.

A report becomes lines, and a line is spans of text with a tone. Off a terminal the lines are joined as they are
and Rich is never imported; at a terminal that wants colour, Rich paints each span. Nothing is ever cut: a table
wider than the terminal turns into records, text wraps between words, and a number too long for a line overflows.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from betacli.document import Facts, Report, Table, Tone
from betacli.errors import safe
from betacli.show.plain import (
    Clean,
    Grid,
    Screen,
    cell_width,
    context,
    excluded_of,
    grid,
    marks_of,
    padded,
    to_ascii,
    words,
)

Span = tuple[str, Tone | None]
Line = list[Span]

# Colours of the terminal's own palette, so that they fit a light and a dark background alike.
STYLES: dict[Tone, str] = {
    "good": "green",
    "warning": "yellow",
    "bad": "bold red",
    "quiet": "dim",
    "strong": "bold",
    "bar": "cyan",
}
GAP = "  "
BAR = 8  # cells of a bar
READABLE = 24  # a column of wrapped text narrower than this is harder to read than unaligned lines


def table(report: Report, screen: Screen) -> str:
    """Return the report as aligned text, painted when the screen has colour."""
    return paint(layout(report, screen), colour=screen.colour)


def paint(lines: Iterable[Line], *, colour: bool) -> str:
    """Join lines into text without trailing blanks; with `colour`, each span in the style of its tone."""
    if not colour:
        return "".join("".join(text for text, _ in _trimmed(line)) + "\n" for line in lines)
    from rich.color import ColorSystem  # noqa: PLC0415  # some 10 ms that plain text does not pay
    from rich.style import Style  # noqa: PLC0415

    styles = {tone: Style.parse(style) for tone, style in STYLES.items()}

    def painted(line: Line) -> str:
        return "".join(
            styles[tone].render(text, color_system=ColorSystem.STANDARD) if tone and text else text
            for text, tone in _trimmed(line)
        )

    return "".join(painted(line) + "\n" for line in lines)


def _trimmed(line: Line) -> Line:
    """Return a line without the blanks at its end."""
    spans = list(line)
    while spans and not spans[-1][0].strip():
        spans.pop()
    return [*spans[:-1], (spans[-1][0].rstrip(), spans[-1][1])] if spans else []


# --- lines --------------------------------------------------------------------------------------------------------


def layout(report: Report, screen: Screen) -> Iterator[Line]:
    """Yield the lines of a report: title, context, blocks, then what the reader must know of the numbers."""

    def clean(value: object) -> str:
        return safe(value) if screen.unicode else to_ascii(safe(value))

    document = report.data.document()
    yield from wrapped(spread(clean(document.title), "strong"), screen.width)
    yield from wrapped(list(_context(report, clean)), screen.width)
    for block in document.blocks:
        yield []
        if block.title:
            yield from wrapped(spread(clean(block.title), "strong"), screen.width)
        if isinstance(block, Table):
            yield from _table(grid(block, clean), screen, clean, bars(block))
        else:
            yield from _facts(block, screen, clean)
    for number, step in enumerate(report.explanation, start=1):
        yield []
        yield from wrapped(spread(clean(f"{number}. {step.title}"), "strong"), screen.width)
        for line in step.lines:
            first, *rest = wrapped(spread(clean(line)), screen.width, first=3, rest=7)
            yield from ([("   ", None), *first], *rest)
    notices = list(_notices(report, clean))
    if notices:
        yield []
    for notice in notices:
        yield from wrapped(notice, screen.width)


def spread(text: str, tone: Tone | None = None) -> list[Span]:
    """Split text into the spans between which a line may end."""
    return [(word, tone) for word in words(text)]


def wrapped(spans: Sequence[Span], width: int | None, *, first: int = 0, rest: int = 2) -> list[Line]:
    """Set spans one blank apart into lines no wider than `width` where that is possible; no span is broken.

    `first` is how many cells the first line has already used, `rest` the indent of the others.
    """
    lines: list[Line] = [[]]
    used = first
    for text, tone in spans:
        size = cell_width(text)
        line = lines[-1]
        if not line:
            line.append((text, tone))
            used += size
        elif width is not None and used + 1 + size > width:
            lines.append([(" " * rest, None), (text, tone)])
            used = rest + size
        else:
            same = line[-1][1] == tone
            line[-1:] = [(f"{line[-1][0]} {text}", tone)] if same else [line[-1], (" ", None), (text, tone)]
            used += 1 + size
    return lines


def _context(report: Report, clean: Clean) -> Iterator[Span]:
    parts: list[list[Span]] = [spread(clean(part), "quiet") for part in context(report)]
    parts += [[(mark, "warning")] for mark in marks_of(report)]
    for number, part in enumerate(parts):
        if number:
            yield clean("·"), "quiet"
        yield from part


def _notices(report: Report, clean: Clean) -> Iterator[list[Span]]:
    for notice in report.warnings:
        tone: Tone = "warning" if notice.severity == "warning" else "quiet"
        yield [(f"{notice.severity}:", tone), *spread(clean(notice.detail))]
    for base, reason, detail in excluded_of(report):
        yield [("left out:", "quiet"), *spread(clean(f"{base} ({reason}) {detail}"))]


# --- blocks -------------------------------------------------------------------------------------------------------


def bars(block: Table) -> dict[int, list[str]]:
    """Return, by column that wants them, a bar of eighths for each row; none where a value is unknown or below zero.

    A bar stands beside a number and never for one: it says at a glance which is large.
    """
    found = {}
    for place, column in enumerate(block.columns):
        values = [row[place] for row in block.rows]
        known = [v if isinstance(v, int | float) and math.isfinite(v) else 0.0 for v in values]
        most = max(known, default=0.0)
        if column.bar and most > 0:
            found[place] = [_bar(max(0.0, value) / most) for value in known]
    return found


def _bar(share: float) -> str:
    """Draw a share of `BAR` cells."""
    full, part = divmod(round(share * BAR * 8), 8)
    eighth: str = ("", *"▏▎▍▌▋▊▉")[part]
    return ("█" * full + eighth).ljust(BAR)


def _table(
    cells: Grid, screen: Screen, clean: Clean, drawn: dict[int, list[str]] | None = None
) -> Iterator[Line]:
    if not cells.rows:
        yield [("none", "quiet")]
        return
    widths = cells.widths
    total = sum(widths) + len(GAP) * (len(widths) - 1)
    if screen.width is not None and total > screen.width:
        yield from _records(cells, screen.width)
        return

    room = (
        screen.unicode and screen.width is not None and total + len(drawn or ()) * (BAR + 1) <= screen.width
    )
    beside = drawn or {} if room else {}
    total += len(beside) * (BAR + 1)

    def row(line: Sequence[Span], number: int | None = None) -> Line:
        spans: Line = []
        for place, (column, width, (text, tone)) in enumerate(zip(cells.columns, widths, line, strict=True)):
            before, after = padded(text, width, column.align)
            spans += [(before, None), (text, tone), (after, None)]
            if place in beside:
                spans.append((" " + (" " * BAR if number is None else beside[place][number]), "bar"))
            spans.append((GAP, None))
        return spans

    rule: Line = [(clean("─") * total, "quiet")]
    yield row([(cell.text, cell.tone) for cell in cells.header])
    yield rule
    for number, line in enumerate(cells.rows):
        yield row([(cell.text, cell.tone) for cell in line], number)
    if cells.footer:
        yield rule
        yield row([(cell.text, cell.tone) for cell in cells.footer])


def _records(cells: Grid, width: int) -> Iterator[Line]:
    """Yield one block of lines per row, headed by its first column; blank cells are left out."""
    numbered = cells.columns[0].align == "right"
    name = cells.header[0].text
    for line in [*cells.rows, *([cells.footer] if cells.footer else [])]:
        is_footer = line is cells.footer
        heading = line[0].text or ("total" if is_footer else "-")
        yield [(f"{name} {heading}" if numbered and not is_footer else heading, "strong")]
        pairs = [
            (title.text, spread(cell.text, cell.tone) if column.align == "left" else [(cell.text, cell.tone)])
            for column, title, cell in list(zip(cells.columns, cells.header, line, strict=True))[1:]
            if cell.text
        ]
        yield from _pairs(pairs, width, indent=2)


def _facts(block: Facts, screen: Screen, clean: Clean) -> Iterator[Line]:
    pairs = [(clean(label), spread(clean(value))) for label, value in block.pairs]
    yield from _pairs(pairs, screen.width, indent=0)


def _pairs(pairs: Sequence[tuple[str, list[Span]]], width: int | None, *, indent: int) -> Iterator[Line]:
    """Yield labels and their values, the values aligned where the widest fits or can be wrapped well beside them.

    `indent` and `width` are in character cells; a value is the spans between which it may be wrapped.
    """
    start = indent + len(GAP) + max((cell_width(label) + 1 for label, _ in pairs), default=0)
    wholes = [cell_width(" ".join(text for text, _ in value)) for _, value in pairs]
    widest_span = max((cell_width(text) for _, value in pairs for text, _ in value), default=0)
    need = max(widest_span, min(READABLE, max(wholes, default=0)))
    aligned = width is None or start + need <= width
    for label, value in pairs:
        head = " " * indent + f"{label}:"
        if aligned:
            head += " " * (start - cell_width(head))
            lines = wrapped(value, width, first=start, rest=start)
        else:
            head += " "
            lines = wrapped(value, width, first=cell_width(head), rest=indent + 4)
        yield [(head, "quiet"), *lines[0]]
        yield from lines[1:]
