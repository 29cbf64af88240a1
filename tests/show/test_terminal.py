"""The table format: what a person reads at a terminal of any width, or in a file."""

import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from betacli import document as d
from betacli.errors import safe
from betacli.show.formats import Screen, render
from betacli.show.plain import cell_width, to_ascii, words
from betacli.show.terminal import STYLES, wrapped

ANSI = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = [None, 1, 20, 40, 60, 80, 120, 300]
VALUES = (
    *("1.2500", "57.1429 %", "57,142.86", "21.43"),
    *("1.6000", "-42.8571 %", "-42,857.14", "1,234,567.00000001"),
    *("0.3000", "0.0000 %", "0.00"),
    *("100.0000 %", "14,285.71", "1.4000", "12.00x"),
)


@dataclass(frozen=True, slots=True)
class Left:
    """An asset that was left out."""

    base: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A result that is one document."""

    blocks: tuple[d.Table | d.Facts, ...]

    def document(self) -> d.Document:
        return d.Document(title="shown", blocks=self.blocks, records=())


def table(report, width=None, *, colour=False, unicode=True) -> str:
    return render(report, "table", Screen(width=width, colour=colour, unicode=unicode))


def test_a_basket_off_a_terminal(report):
    """The whole of a report as plain text at its natural width: aligned, footers, notices under the tables."""
    assert table(report) == (Path(__file__).parent / "basket.txt").read_text("utf-8")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("unicode", [False, True])
def test_every_number_is_whole(report, width, colour, unicode):
    """At any width each value stands on one line with every digit, and no line holds the half of one."""
    lines = ANSI.sub("", table(report, width, colour=colour, unicode=unicode)).splitlines()
    for value in VALUES:
        assert any(re.search(rf"(?<![\d.,-]){re.escape(value)}(?![\d.,])", line) for line in lines), value


@pytest.mark.parametrize("width", WIDTHS[1:])
def test_values_do_not_depend_on_the_width(report, hostile, width):
    """A narrow terminal shows the numbers a wide one shows, no more and no fewer."""

    def numbers(text: str) -> set[str]:
        return set(re.findall(r"-?\d[\d.,]*\d", text))

    for each in (report, hostile):
        assert numbers(table(each, width)) == numbers(table(each))


@pytest.mark.parametrize("width", WIDTHS)
def test_colour_adds_nothing_but_colour(report, hostile, width):
    """Without its codes the painted text is the plain one, and only colour has codes."""
    for each in (report, hostile):
        plain, painted = table(each, width), table(each, width, colour=True)
        assert "\x1b" not in plain
        assert "\x1b[" in painted
        assert ANSI.sub("", painted) == plain
        assert not re.search(r" (\x1b\[[0-9;]*m)*$", painted, re.MULTILINE)


def test_only_the_terminal_s_own_colours(report):
    """Colours are of the sixteen that the reader's theme defines, never fixed ones."""
    codes = {
        code
        for codes in re.findall(r"\x1b\[([0-9;]*)m", table(report, colour=True))
        for code in codes.split(";")
    }
    assert codes <= {"0", "1", "2", "31", "32", "33"}


@pytest.mark.parametrize("width", WIDTHS)
def test_no_trailing_blanks(report, hostile, width):
    """No line ends in a blank, so that a filed report does not differ in what nobody sees."""
    for each in (report, hostile):
        assert not re.search(r"[ \t]$", table(each, width), re.MULTILINE)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 300])
@pytest.mark.parametrize("unicode", [False, True])
def test_nothing_is_wider_than_the_terminal(report, width, unicode):
    """Where every word fits, every line fits; Rich's own measure agrees."""
    assert max(cell_len(line) for line in table(report, width, unicode=unicode).splitlines()) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_ascii_where_the_encoding_has_nothing_else(report, hostile, width):
    """Under a locale such as C every byte is ASCII, box characters and foreign names included."""
    for each in (report, hostile):
        assert table(each, width, unicode=False).isascii()


def test_a_table_too_wide_comes_in_parts_that_each_name_their_rows(report):
    """At its natural width a table is one; at 60 cells it is two, the second begins with the first column again."""
    natural = max(
        cell_len(line) for line in (Path(__file__).parent / "basket.txt").read_text("utf-8").split("\n")[9:]
    )
    assert table(report, natural).splitlines()[9:16] == table(report).splitlines()[8:15]
    assert (
        "Legs\n"
        "base   symbol                beta      weight\n"
        "─────────────────────────────────────────────\n"
        "ETH    ETH/USDT:USDT       1.2500   57.1429 %\n"
        "SOL    SOL/USDT:USDT       1.6000  -42.8571 %\n"
        "PEPE   1000PEPE/USDT:USDT  0.3000    0.0000 %\n"
        "─────────────────────────────────────────────\n"
        "total                              100.0000 %\n"
        "\n"
        "base   notional USDT           contracts  note\n"
        "─────────────────────────────────────────────────\n"
        "ETH        57,142.86               21.43  by hand\n"
        "SOL       -42,857.14  1,234,567.00000001  n/a\n"
        "PEPE            0.00                 n/a  n/a\n"
        "─────────────────────────────────────────────────\n"
        "total      14,285.71\n"
    ) in table(report, 60)


def test_records_are_what_is_left_where_no_part_fits(report):
    """Where a column does not fit beside the first, each row is a block of lines, and so are the totals."""
    assert (
        "SOL\n"
        "  symbol: SOL/USDT:USDT\n"
        "  beta: 1.6000\n"
        "  weight: -42.8571 %\n"
        "  notional USDT: -42,857.14\n"
        "  contracts: 1,234,567.00000001\n"
        "  note: n/a\n"
        "\n"
        "PEPE\n"
    ) in table(report, 20)
    assert "\n\ntotal\n  weight: 100.0000 %\n  notional USDT: 14,285.71\n\n" in table(report, 20)


def test_a_value_too_wide_for_the_terminal_overflows(report):
    """Where not even a label and its value fit, both are printed whole on one line."""
    assert "  notional USDT: -42,857.14\n" in table(report, 20)


def shown(report, *blocks, width=None, unicode=True):
    """Return the lines of blocks alone."""
    alone = replace(report, data=Shown(blocks=blocks), warnings=(), excluded=(), simulated=False)
    text = table(replace(alone, inputs=None), width, unicode=unicode)
    return text.split("\n\n", 1)[1]


LEFT = {"align": "left"}


def test_records_are_headed_by_what_tells_them_apart(report):
    """A heading is made of all the columns that say what a row is of; a value whose column has no name has no label."""
    columns = (
        d.Column(header="side", **LEFT),
        d.Column(header="asset", **LEFT),
        d.Column(header="notional", show=d.money),
        d.Column(header="", **LEFT),
    )
    rows = (("long", "ETH", 123456.5, "accepted"), ("long", "SOL", 2.0, ""))
    block = d.Table(columns=columns, rows=rows, keys=2)
    assert shown(report, block, width=12) == (
        "long ETH\n  accepted\n  notional: 123,456.50\n\nlong SOL\n  notional: 2.00\n"
    )


def test_records_headed_by_a_number_say_which(report):
    """A row whose first column is a number is headed by the column's name and the number: `step 1`."""
    columns = (d.Column(header="step", show=d.count), d.Column(header="summary", **LEFT))
    told = "the benchmark trades and its data are fresh enough to be trusted"
    assert shown(report, d.Table(columns=columns, rows=((1, told),)), width=26) == (
        "step 1\n"
        "  summary: the benchmark\n"
        "      trades and its data\n"
        "      are fresh enough to\n"
        "      be trusted\n"
    )


def test_text_wraps_inside_its_column(report):
    """A column of text takes what the others leave, and its further lines hang under the first."""
    columns = (d.Column(header="step", show=d.count), d.Column(header="what was found", **LEFT))
    rows = ((1, "the benchmark trades and its data are fresh enough"), (2, "all is well"))
    block = d.Table(columns=columns, rows=rows)
    assert shown(report, block, width=40) == (
        "step  what was found\n"
        "────────────────────────────────────────\n"
        "   1  the benchmark trades and its data\n"
        "        are fresh enough\n"
        "   2  all is well\n"
    )
    assert "   1  the benchmark trades and its data are fresh enough\n" in shown(report, block)


def test_a_column_in_which_nothing_stands_goes_at_a_terminal(report):
    """Off a terminal every column is there; at one, not those that are empty in every row and in the footer."""
    columns = (
        d.Column(header="asset", **LEFT),
        d.Column(header="note", **LEFT),
        d.Column(header="beta", show=d.beta),
    )
    block = d.Table(columns=columns, rows=(("ETH", "", 1.25),), footer=("all", "", 1.0))
    assert shown(report, block).startswith("asset  note    beta\n")
    assert shown(report, block, width=80).startswith("asset    beta\n─────────────\nETH    1.2500\n")


def test_headers_break_before_a_table_does(report):
    """A long header stands on two lines where that makes the table fit, its last line above the rule."""
    columns = (d.Column(header="leg", **LEFT), d.Column(header="highest leverage"), d.Column(header="rate"))
    block = d.Table(columns=columns, rows=(("ETH", "75x", "0.65 %"),))
    wide = "leg  highest leverage    rate\n─────────────────────────────\nETH               75x  0.65 %\n"
    assert shown(report, block, width=29) == wide
    narrow = "      highest\nleg  leverage    rate\n─────────────────────\nETH       75x  0.65 %\n"
    assert shown(report, block, width=28) == narrow


def test_a_part_without_totals_has_no_footer(report):
    """The name of the totals alone is no line of them."""
    columns = (d.Column(header="asset", **LEFT), d.Column(header="price"), d.Column(header="notional"))
    block = d.Table(
        columns=columns, rows=(("ETH", "4,600.00", "57,142.86"),), footer=("net", "", "57,142.86")
    )
    assert shown(report, block, width=18) == (
        "asset     price\n"
        "───────────────\n"
        "ETH    4,600.00\n"
        "\n"
        "asset   notional\n"
        "────────────────\n"
        "ETH    57,142.86\n"
        "────────────────\n"
        "net    57,142.86\n"
    )


def test_a_very_long_label_does_not_push_the_values_aside(report):
    """A label longer than its column has a line of its own; the others keep their values near."""
    block = d.Facts(pairs=(("beta", "1.40"), ("what is left of the basket after its hedge", "0.01")))
    assert shown(report, block) == "beta:  1.40\nwhat is left of the basket after its hedge:\n       0.01\n"


def test_what_is_left_out_for_one_reason_is_one_line(report):
    """Names that share reason and detail share a line, in the order they came."""
    left = [Left(base, "min_days", "is refused: listed for 3 days") for base in ("AAA", "BBB")]
    left.insert(1, Left("OLD", "active", "its contract is not active"))
    text = table(replace(report, excluded=tuple(left), warnings=()))
    assert text.endswith(
        "\nleft out: AAA, BBB (min_days): listed for 3 days\nleft out: OLD (active): its contract is not active\n"
    )


def test_wide_characters_are_aligned(report):
    """A name in wide characters takes two cells for each, so the columns after it still line up."""
    columns = (d.Column(header="base", align="left"), d.Column(header="beta", show=d.beta))
    block = d.Table(columns=columns, rows=(("東京", 1.0), ("né\u0301", 2.0), ("ETH", -1.5)))
    lines = table(replace(report, data=Shown(blocks=(block,)), warnings=(), excluded=())).splitlines()[3:]
    assert lines == [
        "base     beta",
        "─────────────",
        "東京   1.0000",
        "né\u0301     2.0000",
        "ETH   -1.5000",
    ]


def test_a_table_without_rows_says_so(report):
    """An empty table is not a header over nothing."""
    assert "Nothing here\nnone\n" in table(report)


def test_notices_wrap_between_words_only(report):
    """At 40 cells a notice keeps its words, and a number its percent sign."""
    assert table(report, 40).endswith(
        "warning: the beta of `ETH` was given by\n"
        "  hand, so it carries no standard error\n"
        "note: with 2 assets `max_weight` is 1,\n"
        "  which is 100 % of it\n"
        "left out: AVAX (too_few_bars): has 12\n"
        "  bars, 90 are needed\n"
    )


def test_hostile_text_is_shown_and_does_nothing(hostile):
    """Markup and emoji codes stay the characters they are; escape sequences have lost their escape."""
    for width in (None, 80):
        text = table(hostile, width)
        for shown in (
            "[red]BIG[/red]",
            ":warning:",
            "<script>alert(1)</script><img",
            "[31mred",
            "../../etc/passwd",
        ):
            assert shown in text


def test_escapes_in_colour_are_only_ours(hostile):
    """With colour every escape in the text is a colour code of ours."""
    painted = table(hostile, 120, colour=True)
    assert "\x1b" not in ANSI.sub("", painted)
    assert "\x07" not in painted
    assert "\x9b" not in painted


def test_rich_reads_the_colours_as_they_are_meant(report):
    """Rich, reading the painted text back, finds the styles of the tones."""
    text = Text.from_ansi(table(report, 120, colour=True))
    console = Console()
    at = text.plain.index("-42.8571")
    assert text.get_style_at_offset(console, at).color.number == 1  # red
    assert text.get_style_at_offset(console, text.plain.index("SIMULATED")).color.number == 3  # yellow
    assert text.get_style_at_offset(console, text.plain.index("57,142.86")).color is None


def test_every_tone_has_a_style():
    """No tone a column can ask for is unknown to the terminal."""
    assert set(STYLES) == set(d.Tone.__args__)


# --- the parts ----------------------------------------------------------------------------------------------------


@given(text=st.text())
def test_cell_width_is_what_rich_measures(text):
    """Two measures of a text, ours without tables and Rich's with them, agree on Latin, Greek and wide scripts."""
    common = "".join(
        char for char in safe(text) if ord(char) < 0x300 or 0x370 <= ord(char) < 0x483 or char in "東京コ한"
    )
    assert cell_width(common) == cell_len(common)


def test_words_keep_a_number_and_its_percent_sign():
    """A line never starts with the percent sign of the number before."""
    assert words("a 10 %, b 1 % c %d") == ["a", "10 %,", "b", "1 %", "c %d"]
    assert words("it: AVAX ≤ 40 %, x >= 2") == ["it:", "AVAX ≤ 40 %,", "x >= 2"]


@given(
    tokens=st.lists(st.text("abc 1", min_size=1).map(str.strip).filter(bool)),
    width=st.integers(1, 40),
    first=st.integers(0, 10),
    rest=st.integers(0, 10),
)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_wrapping_breaks_no_span_and_loses_none(tokens, width, first, rest):
    """Joined again, the lines are the text; a line is wider than asked only where it holds a single span."""
    lines = [
        "".join(text for text, _ in line)
        for line in wrapped([(t, None) for t in tokens], width, first=first, rest=rest)
    ]
    assert " ".join(line[rest:] if number else line for number, line in enumerate(lines)) == " ".join(tokens)
    for number, line in enumerate(lines):
        used = len(line) + (0 if number else first)
        assert used <= width or line.strip() in {*tokens, ""}


def test_ascii_spells_what_it_can():
    """The field's own signs have spellings; what has none is shown as its escape, not dropped."""
    assert to_ascii("β ±10 % × σ… é") == r"beta +/-10 % x sigma... \xe9"


def test_painting_loads_little_of_rich():
    """Colour needs Rich's styles, and loads neither its console nor its tables."""
    code = """if True:
        import sys
        from betacli.show.terminal import paint
        paint([[("x", "bad")]], colour=True)
        print([name for name in ("rich.console", "rich.table", "numpy") if name in sys.modules])
    """
    root = Path(__file__).parents[2]
    shown = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
