"""How a table is made to fit a terminal: which columns stand side by side, and how wide each is.

In this order, until it fits: columns that are empty everywhere go, headers break between words, text wraps inside
its column, and at last the table comes in parts that each repeat the columns which say what a row is of. A number
is never cut or broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from betacli.show.plain import HANG, Grid, broken, cell_width, words

GAP = 2  # cells between columns
READABLE = 24  # a column of wrapped text narrower than this is harder to read than unaligned lines
LINES = 2  # of a header


@dataclass(frozen=True, slots=True)
class Part:
    """Columns that stand side by side, by their places in the grid, and their widths in character cells."""

    places: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def total(self) -> int:
        """Width of a whole line."""
        return sum(self.widths) + GAP * (len(self.widths) - 1)


@dataclass(frozen=True, slots=True)
class Room:
    """Cells that a drawing takes: the fewest, and as many as make it worth breaking headers for."""

    least: int
    good: int


@dataclass(frozen=True, slots=True)
class _Size:
    """How wide a column is as it stands, with its header broken, and with its text wrapped as narrowly as is legible."""

    natural: int
    broken: int
    least: int


def not_empty(cells: Grid) -> tuple[int, ...]:
    """Return the places of columns in which something stands; those that say what a row is of always stay."""
    lines = [*cells.rows, *([cells.footer] if cells.footer else [])]
    return tuple(
        place
        for place in range(len(cells.columns))
        if place < cells.keys or any(x[place].text for x in lines)
    )


def parts(cells: Grid, width: int, drawn: Mapping[int, Room] | None = None) -> list[Part]:
    """Return the parts of a table in which every line fits `width`, as few as can be; none where there are no such.

    `drawn` are the cells of what is to be drawn beside columns, by place: room is left for it where that costs no
    further part, and for more of it where that breaks headers alone.
    """
    sizes = [_size(cells, place) for place in range(len(cells.columns))]
    keys = tuple(range(cells.keys))
    rest = [place for place in not_empty(cells) if place >= cells.keys]
    rooms = drawn or {}
    least = {place: room.least for place, room in rooms.items()}
    bare = _groups(keys, rest, sizes, width, {})
    roomy = _groups(keys, rest, sizes, width, least)
    beside = least if len(roomy) == len(bare) else {}
    groups = roomy if beside else bare
    if len(groups) > 1:  # as even as the same number of parts can be
        limits = range(_least(keys, sizes, beside), width)
        even = (_groups(keys, rest, sizes, limit, beside) for limit in limits)
        groups = next((found for found in even if len(found) == len(groups)), groups)
    return [
        Part(
            group,
            _widths([sizes[place] for place in group], width, [rooms[k] for k in group if k in beside]),
        )
        for group in groups
    ]


def _groups(
    keys: tuple[int, ...], rest: Sequence[int], sizes: Sequence[_Size], width: int, drawn: Mapping[int, int]
) -> list[tuple[int, ...]]:
    """Fill parts with columns from the left, each part beginning with `keys`; none where one column does not fit."""
    groups = [keys]
    for place in rest:
        if _least((*groups[-1], place), sizes, drawn) <= width:
            groups[-1] = (*groups[-1], place)
        elif _least((*keys, place), sizes, drawn) <= width and len(groups[-1]) > len(keys):
            groups.append((*keys, place))
        else:
            return []
    return groups if _least(keys, sizes, drawn) <= width else []


def _least(places: Sequence[int], sizes: Sequence[_Size], drawn: Mapping[int, int]) -> int:
    return sum(sizes[place].least + drawn.get(place, 0) for place in places) + GAP * (len(places) - 1)


def _widths(sizes: Sequence[_Size], width: int, drawn: Sequence[Room]) -> tuple[int, ...]:
    """Return widths that fit: natural ones, or with broken headers, or with wrapped text, whichever comes first."""
    room = width - GAP * (len(sizes) - 1)
    widths = [size.broken for size in sizes]
    room -= max(sum(r.least for r in drawn), min(sum(r.good for r in drawn), room - sum(widths)))
    if sum(widths) > room:
        widths = [size.least for size in sizes]
        _grow(widths, [size.broken for size in sizes], room, evenly=True)
    else:
        _grow(widths, [size.natural for size in sizes], room)
    return tuple(widths)


def _grow(widths: list[int], wanted: Sequence[int], room: int, *, evenly: bool = False) -> None:
    """Give the room that is left to columns: evenly a cell at a time, or to one after the other that then has enough."""
    spare = room - sum(widths)
    if evenly:
        while spare > 0 and (short := [k for k, w in enumerate(widths) if w < wanted[k]]):
            for place in short[:spare]:
                widths[place] += 1
            spare -= len(short[:spare])
        return
    for place in sorted(range(len(widths)), key=lambda k: wanted[k] - widths[k]):
        if wanted[place] - widths[place] <= spare:
            spare -= wanted[place] - widths[place]
            widths[place] = wanted[place]


def _size(cells: Grid, place: int) -> _Size:
    texts = [line[place].text for line in [*cells.rows, *([cells.footer] if cells.footer else [])]]
    body = max(map(cell_width, texts), default=0)
    head = cell_width(cells.header[place].text)
    header = cells.header[place].text
    narrow = max(body, _longest([header]))
    narrow = next((w for w in range(narrow, head) if len(broken(header, w)) <= LINES), max(body, head))
    least = narrow
    if cells.columns[place].align == "left" and body > READABLE and place >= cells.keys:
        least = min(narrow, max(READABLE, _longest(texts) + HANG))
    return _Size(natural=max(body, head), broken=narrow, least=least)


def _longest(texts: Sequence[str]) -> int:
    return max((cell_width(word) for text in texts for word in words(text)), default=0)
