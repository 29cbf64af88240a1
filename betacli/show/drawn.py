"""Which drawings stand beside the columns of a part of a table, and how wide each may be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from betacli.document import Column, Drawing, Table
from betacli.show import drawing
from betacli.show.fitting import Part, Room
from betacli.show.plain import Screen, cell_width, to_ascii

# Cells of a drawing by its kind; the first that fits is taken.
SIZES = {"bar": (8, 5), "signed": (15, 9), "interval": (36, 28, 20, 15, 10), "path": (24, 18, 14)}
GOOD = {"bar": 8, "signed": 9, "interval": 20, "path": 18}
PLAIN = {"interval"}  # what can be drawn with ASCII signs
LEAD = {"bar": 1, "signed": 1, "interval": 2, "path": 2}  # blanks before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A drawing as text, each line of it `size` cells wide, with `lead` blanks before it."""

    size: int
    lead: int
    header: str
    rows: list[str]
    footer: str = ""

    def in_ascii(self) -> "Drawn":
        """Return it in ASCII signs, each of which is one cell wide as well."""
        return replace(self, rows=[to_ascii(row) for row in self.rows], footer=to_ascii(self.footer))


def beside(table: Table, part: Part, screen: Screen) -> dict[int, Drawn]:
    """Return the drawings for which a part has room, by the place of the column they stand beside."""
    found: dict[int, Drawn] = {}
    room = (screen.width or 0) - part.total
    for place in part.places:
        kind = kind_of(table, place, screen)
        if kind is None:
            continue
        size = next((size for size in SIZES[kind] if size + LEAD[kind] <= room), 0)
        if size:
            drawn = _drawn(table, place, kind, size)
            found[place] = drawn if screen.unicode else drawn.in_ascii()
            room -= drawn.size + drawn.lead
    return found


def wanted(table: Table, screen: Screen) -> dict[int, Room]:
    """Return the cells that the drawings of a table take, by the place of the column they stand beside."""
    kinds = {place: kind_of(table, place, screen) for place in range(len(table.columns))}
    return {
        place: Room(min(SIZES[kind]) + LEAD[kind], GOOD[kind] + LEAD[kind])
        for place, kind in kinds.items()
        if kind
    }


def kind_of(table: Table, place: int, screen: Screen) -> str | None:
    """Return what is drawn beside a column, None where nothing is, can be, or where nothing of it is known."""
    kind = _kind(table, place)
    return kind if screen.unicode or kind in PLAIN else None


def _kind(table: Table, place: int) -> str | None:
    given = _given(table, place)
    if given is not None:
        return given.kind if any(row and None not in row for row in given.rows) else None
    if not table.columns[place].bar:
        return None
    values = [value for row in table.rows if (value := drawing.known(row[place])) is not None]
    if not any(values):
        return None
    return "signed" if min(values) < 0 else "bar"


def _given(table: Table, place: int) -> Drawing | None:
    return next((given for given in table.drawings if given.beside == place), None)


def _drawn(table: Table, place: int, kind: str, size: int) -> Drawn:
    given = _given(table, place)
    if given is None:
        lines = drawing.bars([drawing.known(row[place]) for row in table.rows], size)
        return Drawn(size=size, lead=LEAD[kind], header="", rows=lines)
    rows = [*given.rows, given.footer]
    if given.kind == "interval":
        lines, joint = drawing.intervals(rows, size), " "
    else:
        size = min(size, max(map(len, given.rows)))
        lines, joint = drawing.paths(rows, size), " to "
    header = _scale(table.columns[place], rows, size, joint)
    return Drawn(size=size, lead=LEAD[kind], header=header, rows=lines[:-1], footer=lines[-1])


def _scale(column: Column, rows: Sequence[Sequence[float | None]], size: int, joint: str) -> str:
    """Write the two ends of the scale as the column writes its values, where there is room for both."""
    ends = [value for row in rows for value in row if value is not None]
    low, high = column.show(min(ends)), column.show(max(ends))
    if joint == " ":
        joint = " " * max(1, size - cell_width(low) - cell_width(high))
    return f"{low}{joint}{high}" if cell_width(low + joint + high) <= size else ""
