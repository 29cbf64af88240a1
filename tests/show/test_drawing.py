"""What a terminal draws beside numbers: read by eye, so each expected line is drawn here by hand."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betacli import document as d
from betacli.show import drawing
from betacli.show.formats import Screen, render
from betacli.show.plain import cell_width


@dataclass(frozen=True, slots=True)
class Shown:
    """A result that is one block."""

    block: d.Table | d.Facts

    def document(self) -> d.Document:
        return d.Document(title="shown", blocks=(self.block,), records=())


def shown(block, width=None, *, unicode=True):
    """Return the lines of a block as a terminal of that width has them."""
    report = d.Report(
        schema="x",
        tool={},
        as_of="now",
        generated_at=None,
        inputs=None,
        warnings=(),
        excluded=(),
        data=Shown(block),
    )
    return render(report, "table", Screen(width=width, unicode=unicode)).split("\n")[3:-1]


def test_bars_grow_from_zero_to_the_largest():
    """Half the largest is half as long; what is above zero is seen, zero and what is unknown are not."""
    assert drawing.bars([4.0, 2.0, 0.001, 0.0, None], 8) == [
        "████████",
        "████    ",
        "▏       ",
        " " * 8,
        " " * 8,
    ]


def test_bars_of_both_signs_share_a_zero_in_the_middle():
    """What is paid grows to the left of the line and what is received to its right, in one measure."""
    assert drawing.bars([2.0, -2.0, -1.0, 0.0, -0.01], 9) == [
        "    │████",
        "████│    ",
        "  ██│    ",
        "    │    ",
        "   ▕│    ",
    ]


def test_intervals_stand_on_one_axis():
    """From 0 to 10 in eleven cells each unit is a cell; where nothing is known nothing is drawn."""
    rows = [(0.0, 2.0, 4.0), (5.0, 6.0, 10.0), (3.0, None, 4.0), (7.0, 7.0, 8.0)]
    assert drawing.intervals(rows, 11) == ["├─●─┤      ", "     ├●───┤", " " * 11, "       ●   "]


def test_paths_share_one_scale():
    """A path that moves little beside the others looks flat, however it moves within itself."""
    assert drawing.paths([(0.0, 7.0), (3.0, 3.1), (0.0, None)], 4) == ["▁█  ", "▄▄  ", "▁   "]


def test_a_long_path_is_thinned_and_keeps_its_ends():
    """Of nine points in five cells every second is drawn."""
    assert drawing.picked(9, 5) == [0, 2, 4, 6, 8]
    assert drawing.picked(3, 5) == [0, 1, 2]


def test_a_ruler_has_its_marks_where_they_lie():
    """On 0 to 10 in eleven cells 5 is in the middle; the first mark stands before one in the same cell."""
    assert drawing.ruler(0.0, 10.0, [(7.0, "●"), (5.0, "┼")], 11) == "├────┼─●──┤"
    assert drawing.ruler(0.0, 10.0, [(5.0, "●"), (5.1, "┼")], 11) == "├────●────┤"
    assert drawing.ruler(1.0, 1.0, [(1.0, "●")], 4) == "●──┤"


NUMBERS = st.one_of(st.none(), st.floats(-1e12, 1e12))


@given(values=st.lists(NUMBERS, min_size=1), size=st.integers(5, 40))
def test_every_drawing_has_its_width(values, size):
    """Whatever the numbers, no drawing moves the columns after it."""
    ordered = [(min(a, b), a, max(a, b)) for a, b in pairwise(values) if None not in (a, b)]
    for lines in (
        drawing.bars(values, size),
        drawing.intervals(ordered, size),
        drawing.paths([values], max(size, len(values))),
    ):
        assert {cell_width(line) for line in lines} <= {size, max(size, len(values))}


RULED = d.Facts(
    pairs=(("attainable", "0.9400 to 1.6700"), ("notional", "100.00")),
    rulers=(("attainable", d.Ruler(low=0.94, high=1.67, marks=(("target", 1.4), ("base weights", 1.34)))),),
)


def test_a_ruler_takes_the_place_of_its_text():
    """(1.40 - 0.94) / 0.73 * 11 = 6.93 and (1.34 - 0.94) / 0.73 * 11 = 6.03: the cells of the two marks."""
    assert shown(RULED, 62) == ["attainable:  0.9400 to 1.6700", "notional:    100.00"]
    assert shown(RULED, 67)[0] == "attainable:  0.9400 ├─────┼●───┤ 1.6700   ● target  ┼ base weights"


def test_a_ruler_is_text_off_a_terminal_and_ascii_where_nothing_else_is_spoken():
    """The interval is told in words in a file; an ASCII terminal has a ruler of ASCII signs."""
    assert shown(RULED)[0] == "attainable:  0.9400 to 1.6700"
    assert (
        shown(RULED, 67, unicode=False)[0]
        == "attainable:  0.9400 |-----+o---| 1.6700   o target  + base weights"
    )


COLUMNS = (
    d.Column(header="asset", align="left"),
    d.Column(header="beta", show=d.fixed(1)),
    d.Column(header="n"),
)
INTERVALS = d.Table(
    columns=COLUMNS,
    rows=(("ETH", 2.0, "5"), ("SOL", 6.0, "6")),
    drawings=(d.Drawing(kind="interval", beside=1, rows=((0.0, 2.0, 4.0), (5.0, 6.0, 9.0))),),
)


def test_an_interval_stands_beside_its_number():
    """Under the ends of the axis; the columns after it still line up, in ASCII too."""
    assert shown(INTERVALS, 28) == [
        "asset  beta  0.0    9.0  n",
        "──────────────────────────",
        "ETH     2.0  ├─●─┤       5",
        "SOL     6.0       ├●──┤  6",
    ]
    assert shown(INTERVALS, 28, unicode=False)[2:] == [
        "ETH     2.0  |-o-|       5",
        "SOL     6.0       |o--|  6",
    ]


@pytest.mark.parametrize("width", [None, 20])
def test_there_is_no_drawing_off_a_terminal_or_without_room(width):
    """The numbers are all there is."""
    assert shown(INTERVALS, width)[2] == "ETH     2.0  5"


def test_bars_and_paths_are_left_out_in_ascii():
    """No escapes stand for blocks that ASCII does not have."""
    columns = (COLUMNS[0], d.Column(header="beta", show=d.fixed(1), bar=True))
    path = d.Drawing(kind="path", beside=1, rows=((1.0, 2.0), (3.0, 4.0)))
    for drawings in ((), (path,)):
        block = d.Table(columns=columns, rows=(("ETH", 2.0), ("SOL", 6.0)), drawings=drawings)
        assert shown(block, 80, unicode=False)[2:] == ["ETH     2.0", "SOL     6.0"]
        assert shown(block, 80)[2] != "ETH     2.0"
