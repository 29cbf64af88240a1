"""The table format, and the home of Rich.

A report becomes lines, and a line is spans of text with a tone. Off a terminal the lines are joined as they are
and Rich is never imported; at a terminal that wants colour, Rich paints each span. Nothing is ever cut: a table
wider than the terminal is made to fit (`fitting`), or else turns into records; text wraps between words, and a
number too long for a line overflows. Drawings (`drawing`) stand beside numbers at a terminal with room for them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from betacli.document import Facts, Report, Ruler, Table, Tone
from betacli.errors import safe
from betacli.show.plain import (
    HANG,
    Cell,
    Clean,
    Grid,
    Screen,
    broken,
    cell_width,
    context,
    excluded_of,
    grid,
    marks_of,
    padded,
    to_ascii,
    words,
)

if TYPE_CHECKING:  # plain text off a terminal does without
    from betacli.show.drawn import Drawn

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
READABLE = 24  # a column of wrapped text narrower than this is harder to read than unaligned lines
LABEL = 28  # a label longer than this stands on a line of its own
RULER = (28, 20, 12)  # cells of a ruler, the first that fits


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
            yield from _table(block, screen, clean)
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
    together: dict[tuple[str, str], list[str]] = {}
    for base, reason, detail in excluded_of(report):
        together.setdefault((reason, detail.removeprefix("is refused: ")), []).append(base)
    for (reason, detail), bases in together.items():
        yield [("left out:", "quiet"), *spread(clean(f"{', '.join(bases)} ({reason}): {detail}"))]


# --- blocks -------------------------------------------------------------------------------------------------------


def _table(block: Table, screen: Screen, clean: Clean) -> Iterator[Line]:
    """Yield a table: off a terminal at its natural width, at a terminal in parts that fit, or else as records."""
    cells = grid(block, clean)
    if not cells.rows:
        yield [("none", "quiet")]
    elif screen.width is None:
        yield from _lines(cells, range(len(cells.columns)), cells.widths, clean)
    else:
        from betacli.show.drawn import beside, wanted  # noqa: PLC0415
        from betacli.show.fitting import parts  # noqa: PLC0415

        found = parts(cells, screen.width, wanted(block, screen))
        for number, part in enumerate(found):
            if number:
                yield []
            drawn = beside(block, part, screen)
            yield from _lines(cells, part.places, part.widths, clean, drawn)
        if not found:
            yield from _records(cells, screen.width)


def _lines(
    cells: Grid,
    places: Sequence[int],
    widths: Sequence[int],
    clean: Clean,
    drawn: "dict[int, Drawn] | None" = None,
) -> Iterator[Line]:
    """Yield header, rows and footer of the columns at `places`, each as wide as told; text wraps inside its column."""
    drawings = drawn or {}
    total = sum(widths) + len(GAP) * (len(widths) - 1) + sum(d.size + d.lead for d in drawings.values())
    rule: Line = [(clean("─") * total, "quiet")]

    def row(line: Sequence[Cell], pictures: dict[int, str], *, low: bool = False) -> Iterator[Line]:
        found = [
            _broken(line[place].text, width, low=low) for place, width in zip(places, widths, strict=True)
        ]
        height = max(map(len, found))
        blanks = [[""] * (height - len(texts)) for texts in found]
        filled = [[*b, *t] if low else [*t, *b] for b, t in zip(blanks, found, strict=True)]
        for number in range(height):
            spans: Line = []
            for place, width, texts in zip(places, widths, filled, strict=True):
                before, after = padded(texts[number], width, cells.columns[place].align)
                spans += [(before, None), (texts[number], line[place].tone), (after, None)]
                if place in drawings:
                    here = number == (height - 1 if low else 0)
                    picture = pictures.get(place, "") if here else ""
                    drawing = drawings[place]
                    spans += [
                        (" " * drawing.lead, None),
                        (picture.ljust(drawing.size), "quiet" if low else "bar"),
                    ]
                spans.append((GAP, None))
            yield spans

    yield from row(cells.header, {place: d.header for place, d in drawings.items()}, low=True)
    yield rule
    for number, line in enumerate(cells.rows):
        yield from row(line, {place: d.rows[number] for place, d in drawings.items()})
    if cells.footer and any(cells.footer[place].text for place in places[cells.keys :]):
        yield rule
        yield from row(cells.footer, {place: d.footer for place, d in drawings.items()})


def _broken(text: str, width: int, *, low: bool) -> list[str]:
    """Return the lines of a cell: a header's (`low`) are flush, a text's hang under its first."""
    if cell_width(text) <= width:
        return [text]
    return broken(text, width, rest=0 if low else HANG)


def _records(cells: Grid, width: int) -> Iterator[Line]:
    """Yield one block of lines per row, headed by the columns that say what it is of; blank cells are left out."""
    keys = range(cells.keys)
    numbered = cells.keys == 1 and cells.columns[0].align == "right"
    for number, line in enumerate([*cells.rows, *([cells.footer] if cells.footer else [])]):
        if number:
            yield []
        is_footer = line is cells.footer
        heading = " ".join(line[k].text for k in keys if line[k].text) or ("total" if is_footer else "-")
        heading = f"{cells.header[0].text} {heading}" if numbered and not is_footer else heading
        yield from wrapped(spread(heading, "strong"), width)
        pairs = [
            (title.text, spread(cell.text, cell.tone) if column.align == "left" else [(cell.text, cell.tone)])
            for column, title, cell in list(zip(cells.columns, cells.header, line, strict=True))[cells.keys :]
            if cell.text
        ]
        for _, value in [pair for pair in pairs if not pair[0]]:
            yield [("  ", None), *wrapped(value, width, first=2, rest=4)[0]]
        yield from _pairs([pair for pair in pairs if pair[0]], width, indent=2)


def _facts(block: Facts, screen: Screen, clean: Clean) -> Iterator[Line]:
    tones = dict(block.tones)
    pairs = [(clean(label), spread(clean(value), tones.get(label))) for label, value in block.pairs]
    if screen.width is not None and block.rulers:
        start = _start([label for label, _ in pairs], 0)
        for place, (label, value) in enumerate(block.pairs):
            drawn = [
                _ruled(value, ruler, screen.width - start, clean) for x, ruler in block.rulers if x == label
            ]
            if drawn and drawn[0]:
                pairs[place] = (pairs[place][0], drawn[0])
    yield from _pairs(pairs, screen.width, indent=0)


def _ruled(value: str, ruler: Ruler, room: int, clean: Clean) -> list[Span]:
    """Return a fact `LOW to HIGH` as a ruler between the two, with its legend, or nothing where there is no room."""
    from betacli.show import drawing  # noqa: PLC0415

    low, _, high = value.partition(" to ")
    signs = ("●", "┼")
    marks = [(at, sign) for (_, at), sign in zip(ruler.marks, signs, strict=False)]
    legend = "  ".join(clean(f"{sign} {name}") for (name, _), sign in zip(ruler.marks, signs, strict=False))
    for size in RULER:
        line = clean(drawing.ruler(ruler.low, ruler.high, marks, size))
        if cell_width(f"{low} {line} {high}   {legend}") <= room:
            return [(low, None), (line, "bar"), (high, None), (f"  {legend}", "quiet")]
    return []


def _start(labels: Sequence[str], indent: int) -> int:
    """Return the cell at which values begin: beyond every label that is not too long for its column."""
    short = [cell_width(label) + 1 for label in labels if cell_width(label) <= LABEL]
    return indent + len(GAP) + max(short, default=2)


def _pairs(pairs: Sequence[tuple[str, list[Span]]], width: int | None, *, indent: int) -> Iterator[Line]:
    """Yield `label:  value` lines, the values aligned where a terminal leaves room for them.

    `indent` and `width` are in character cells; a value is the spans between which it may be wrapped. A label that
    would push all values aside stands on its own line.
    """
    start = _start([label for label, _ in pairs], indent)
    wholes = [cell_width(" ".join(text for text, _ in value)) for _, value in pairs]
    widest_span = max((cell_width(text) for _, value in pairs for text, _ in value), default=0)
    need = max(widest_span, min(READABLE, max(wholes, default=0)))
    aligned = width is None or start + need <= width
    for label, value in pairs:
        head = " " * indent + f"{label}:"
        if aligned and cell_width(label) > LABEL:
            yield from wrapped([(" " * indent + f"{label}:", "quiet")], width)
            head = ""
        if aligned:
            head += " " * (start - cell_width(head))
            lines = wrapped(value, width, first=start, rest=start)
        else:
            head += " "
            lines = wrapped(value, width, first=cell_width(head), rest=indent + 4)
        yield [(head, "quiet"), *lines[0]]
        yield from lines[1:]
