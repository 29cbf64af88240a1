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


def test_a_table_turns_into_records_exactly_when_it_does_not_fit(report):
    """At its natural width a table is a table; one cell narrower it is records, a block of lines for each row."""
    natural = max(
        cell_len(line) for line in (Path(__file__).parent / "basket.txt").read_text("utf-8").split("\n")[9:]
    )
    assert "base   symbol" in table(report, natural)
    narrow = table(report, natural - 1)
    assert "base   symbol" not in narrow
    assert (
        "SOL\n"
        "  symbol:         SOL/USDT:USDT\n"
        "  beta:           1.6000\n"
        "  weight:         -42.8571 %\n"
        "  notional USDT:  -42,857.14\n"
        "  contracts:      1,234,567.00000001\n"
        "  note:           n/a\n"
    ) in narrow
    assert "total\n  weight:         100.0000 %\n  notional USDT:  14,285.71\n" in narrow


def test_a_value_too_wide_for_the_terminal_overflows(report):
    """Where not even a label and its value fit, both are printed whole on one line."""
    assert "  notional USDT: -42,857.14\n" in table(report, 20)


def test_records_headed_by_a_number_say_which(report):
    """A row whose first column is a number is headed by the column's name and the number: `step 1`."""
    columns = (d.Column(header="step", show=d.count), d.Column(header="summary", align="left"))
    block = d.Table(
        columns=columns, rows=((1, "the benchmark trades and its data are fresh enough to be trusted"),)
    )
    assert table(replace(report, data=Shown(blocks=(block,)), warnings=(), excluded=()), 40) == (
        "shown\n"
        "as of 2026-07-01T00:00:00Z · exchange\n"
        "  sample · SIMULATED\n"
        "\n"
        "step 1\n"
        "  summary:  the benchmark trades and its\n"
        "            data are fresh enough to be\n"
        "            trusted\n"
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
        "left out: AVAX (too_few_bars) has 12\n"
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
