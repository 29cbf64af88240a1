"""What is drawn beside numbers at a terminal: bars, intervals on one axis, paths on one scale, a ruler.

A drawing never stands for a number. Everything here returns lines of one given width in character cells.
"""

import math
from collections.abc import Iterable, Sequence

EIGHTHS: tuple[str, ...] = ("", *"▏▎▍▌▋▊▉")
SPARKS = "▁▂▃▄▅▆▇█"

Numbers = Sequence[float | None]


def known(value: object) -> float | None:
    """Return a finite number as such, anything else as None."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def bars(values: Numbers, size: int) -> list[str]:
    """Draw each value from zero, the largest as long as there is room; with some below zero the zero is in the middle."""
    most = max((abs(value) for value in values if value is not None), default=0.0)
    if not most:
        return [" " * size for _ in values]
    if min(value for value in values if value is not None) >= 0:
        return [_right(value or 0.0, most, size) for value in values]
    half = (size - 1) // 2
    return [
        (_left(-(value or 0.0), most, half) + "│" + _right(value or 0.0, most, half)).ljust(size)
        for value in values
    ]


def _right(value: float, most: float, size: int) -> str:
    """Draw to the right by eighths of a cell; what is above zero is seen."""
    if value <= 0:
        return " " * size
    full, part = divmod(max(1, round(value / most * size * 8)), 8)
    return ("█" * full + EIGHTHS[part]).ljust(size)


def _left(value: float, most: float, size: int) -> str:
    """Draw to the left: fonts have an eighth and a half of a cell on that side."""
    if value <= 0:
        return " " * size
    halves = value / most * size * 2
    full, part = divmod(round(halves), 2)
    first = "▐" if part else ""
    return ((first + "█" * full) or "▕").rjust(size)


def intervals(rows: Sequence[Numbers], size: int) -> list[str]:
    """Draw each (low, value, high) on one axis from the lowest low to the highest high: `├──●──┤`."""
    whole = [row for row in rows if len(row) == 3 and None not in row]
    ends = [value for row in whole for value in row if value is not None]
    low, span = min(ends, default=0.0), (max(ends, default=0.0) - min(ends, default=0.0)) or 1.0

    def place(value: float | None) -> int:
        return 0 if value is None else round((value - low) / span * (size - 1))

    return [_interval(*map(place, row), size=size) if row in whole else " " * size for row in rows]


def _interval(first: int, middle: int, last: int, *, size: int) -> str:
    line = [" "] * size
    if last - first > 1:  # in fewer cells there is room for the value alone
        line[first : last + 1] = ["├", *"─" * (last - first - 1), "┤"]
    line[middle] = "●"
    return "".join(line)


def paths(rows: Sequence[Numbers], size: int) -> list[str]:
    """Draw each series as a line of blocks of one height for all rows: what is noise beside the others looks like it."""
    ends = [value for row in rows for value in row if value is not None]
    low, span = min(ends, default=0.0), (max(ends, default=0.0) - min(ends, default=0.0)) or 1.0

    def block(value: float | None) -> str:
        return " " if value is None else SPARKS[round((value - low) / span * (len(SPARKS) - 1))]

    return ["".join(block(row[k]) for k in picked(len(row), size)).ljust(size) for row in rows]


def picked(length: int, size: int) -> list[int]:
    """Return at most `size` places of a series of that length, evenly spread, its first and last among them."""
    if length <= size:
        return list(range(length))
    return [round(k * (length - 1) / (size - 1)) for k in range(size)]


def ruler(low: float, high: float, marks: Iterable[tuple[float, str]], size: int) -> str:
    """Draw an interval with signs on it: `├───┼──●────┤`; of two signs in one cell the first stands."""
    line = ["├", *"─" * (size - 2), "┤"]
    span = (high - low) or 1.0
    for value, sign in reversed(list(marks)):
        line[min(size - 1, max(0, round((value - low) / span * (size - 1))))] = sign
    return "".join(line)
