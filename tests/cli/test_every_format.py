"""Every result of every command in every format, at any width, on any kind of stream: the numbers are the same."""

import csv
import io
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from betacli import names
from betacli.cli import output
from betacli.cli.app import command_names
from betacli.document import Report, Table
from betacli.errors import safe
from betacli.show.formats import FORMATS, Screen
from betacli.show.plain import cell_width, grid, to_ascii, words
from cli.examples import EXAMPLES
from conftest import CHECKOUT, Cli

SAMPLE = ("--sector", "l1", "--exchange", "sample")
ANSWERS = {
    "beta": ("beta", *SAMPLE),
    "beta against two": ("beta", *SAMPLE, "--benchmark", "BTC", "--benchmark", "ETH"),
    "beta compared": ("beta", *SAMPLE, "--compare"),
    "beta rolling": ("beta", *SAMPLE, "--rolling"),
    "solve": ("solve", *SAMPLE, "--target", "1.4"),
    "solve explained": ("solve", *SAMPLE, "--target", "1.4", "--explain"),
    "solve by hand": (
        "solve",
        "--sector",
        "l1",
        "--only",
        "ETH,SOL",
        "--beta",
        "ETH=1.25",
        "--beta",
        "SOL=1.6",
    ),
    "hedge": ("hedge", *SAMPLE, "--target", "1.4", "--leverage", "5"),
    "hedge explained": ("hedge", *SAMPLE, "--target", "1.4", "--leverage", "5", "--explain"),
    "checklist": ("checklist", *SAMPLE, "--target", "1.4", "--leverage", "3"),
    "checklist that fails": ("checklist", *SAMPLE, "--target", "1.4", "--leverage", "50"),
    "backtest": ("backtest", "betas", *SAMPLE),
    "members left out": (
        *("beta", "--config", str(CHECKOUT / "examples" / "faulty.yaml"), "--sector", "faulty"),
        *("--exchange", "sample", "--allow-missing"),
    ),
    "sectors": ("sectors",),
    "sectors show": ("sectors", "show", "l1"),
    "sectors check": ("sectors", "check"),
    "data status": ("data",),
    "data verify": ("data", "verify"),
    "doctor": ("doctor", "--offline"),
    "schema": ("schema",),
    "config": ("config", "show", "--origin"),
}
ANSWERS |= EXAMPLES
WORDS_ALONE = {"init", "help"}  # they write files and explain; there is no result to render
SCREENS = [
    Screen(width=width, colour=colour, unicode=unicode)
    for width in (40, 80, 120, 300, None)
    for colour in (False, True)
    for unicode in (True, False)
]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {}


def report_of(name: str, cli: Cli, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch) -> Report:
    """Return what a command hands to the formats, run once for all tests."""
    if name not in reports:
        caught: list[Report] = []
        monkeypatch.setattr(output, "deliver", lambda report, *_, **__: caught.append(report))
        ran = cli(*ANSWERS[name])
        assert ran.code in {0, 10}, ran.err
        (reports[name],) = caught
    return reports[name]


def cells(report: Report, *, unicode: bool) -> Iterator[str]:
    """Yield every right-aligned cell of the report's tables, as it is written."""

    def clean(value: object) -> str:
        return safe(value) if unicode else to_ascii(safe(value))

    for block in report.data.document().blocks:
        if isinstance(block, Table):
            shown = grid(block, clean)
            for row in [*shown.rows, *([shown.footer] if shown.footer else [])]:
                yield from (c.text for c, col in zip(row, shown.columns, strict=True) if col.align == "right")


def test_every_command_is_here() -> None:
    """A command that is added is rendered here, too, by the example in its help, or by a line in `ANSWERS`."""
    assert {argv[0] for argv in ANSWERS.values()} | WORDS_ALONE >= set(command_names())


@pytest.mark.parametrize("name", ANSWERS)
def test_no_number_is_cut_at_any_width(
    name: str, cli: Cli, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each cell stands whole in the table at 40, 80, 120 and 300 columns and in a pipe, coloured or not, in ASCII or not."""
    report = report_of(name, cli, reports, monkeypatch)
    plain: dict[tuple[int | None, bool], str] = {}
    for screen in SCREENS:
        text = FORMATS["table"](report, screen)
        bare = ESCAPE.sub("", text)
        assert ("\x1b" in text) == (screen.colour and bool(ESCAPE.search(text)))
        assert screen.unicode or bare.isascii()
        words = bare.split("\n")
        for cell in cells(report, unicode=screen.unicode):
            assert any(cell in line for line in words), (screen, cell)
        assert plain.setdefault((screen.width, screen.unicode), bare) == bare  # colour changes no word


@pytest.mark.parametrize("name", ANSWERS)
def test_every_line_fits_the_terminal(
    name: str, cli: Cli, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 40, 80, 120 and 300 columns no line is wider than the terminal unless one number or word is; none ends in blanks."""
    report = report_of(name, cli, reports, monkeypatch)
    for screen in SCREENS:
        lines = ESCAPE.sub("", FORMATS["table"](report, screen)).split("\n")
        assert all(line == line.rstrip() for line in lines)
        for line in lines:
            if screen.width is not None and cell_width(line) > screen.width:
                _, _, value = line.rpartition(":  " if ":  " in line else ": ")
                assert len(words(value)) == 1, (screen, line)


@pytest.mark.parametrize("name", ANSWERS)
def test_ascii_holds_no_escape(
    name: str, cli: Cli, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything betacli itself says can be read on an ASCII stream."""
    report = report_of(name, cli, reports, monkeypatch)
    for width in (80, None):
        assert not re.search(r"\\[ux][0-9a-f]", FORMATS["table"](report, Screen(width=width, unicode=False)))


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("fmt", [fmt for fmt in names.FORMATS if fmt != "table"])
def test_files_are_the_same_on_every_screen(
    name: str, fmt: str, cli: Cli, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON, CSV and Markdown do not know how wide the screen is; JSON is strict and CSV rectangular."""
    report = report_of(name, cli, reports, monkeypatch)
    texts = {FORMATS[fmt](report, screen) for screen in SCREENS}
    (text,) = texts
    assert "\x1b" not in text
    assert text.endswith("\n")
    if fmt == "json":

        def refuse(constant: str) -> None:
            raise AssertionError(constant)

        json.loads(text, parse_constant=refuse)
    if fmt == "csv":
        rows = list(csv.reader(io.StringIO(text)))
        assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("name", ["solve", "hedge", "beta"])
def test_csv_holds_the_numbers_of_the_json(
    name: str, cli: Cli, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read back, every number of a record is the same float as in the JSON."""
    report = report_of(name, cli, reports, monkeypatch)
    data = json.loads(FORMATS["json"](report, Screen()))["data"]
    records = data["assets"] if name == "beta" else data.get("legs") or data["basket"]["legs"]
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](report, Screen()))))
    for record, row in zip(records, rows, strict=False):
        for key, value in record.items():
            if isinstance(value, float):
                assert float(row[key]) == value
            elif value is None:
                assert row[key] == ""


def in_terminal(columns: int, *argv: str, **environ: str) -> str:
    """Run a command in a pseudo-terminal and return what it wrote there."""
    import fcntl
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "PYTHONPATH": str(CHECKOUT),
        "TERM": "xterm",
    }
    command = [sys.executable, "-m", "betacli", *argv, "--as-of", "2026-10-28"]
    with subprocess.Popen(command, stdout=slave, stderr=subprocess.PIPE, env=env | environ) as process:
        os.close(slave)
        written = b""
        while select.select([master], [], [], 60)[0]:
            try:
                part = os.read(master, 65_536)
            except OSError:
                break
            if not part:
                break
            written += part
        assert process.stderr is not None
        assert process.stderr.read() == b""
    os.close(master)
    assert process.returncode == 0
    return written.decode().replace("\r\n", "\n")


ENVIRONMENTS = {
    "plain": ({}, True, True),
    "dumb": ({"TERM": "dumb"}, False, True),
    "no colour": ({"NO_COLOR": "1"}, False, True),
    "forced": ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
    "no colour before forced": ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, True),
    "C locale": ({"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, True, False),
}


@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_in_a_real_terminal(case: str) -> None:
    """Colour where it is wanted, ASCII where the locale speaks no more, and no width takes a digit away."""
    environ, colour, unicode = ENVIRONMENTS[case]
    argv = ("solve", *SAMPLE, "--target", "1.4")
    weights = {}
    for columns in (40, 80, 120, 300):
        text = in_terminal(columns, *argv, **environ)
        assert ("\x1b[" in text) == colour
        assert text.isascii() != unicode
        bare = ESCAPE.sub("", text)
        weights[columns] = re.findall(r"\d+\.\d{4} %", bare)
        assert len(weights[columns]) == 11
        if columns >= 120:
            assert ("█" in bare) == unicode  # bars beside the weights, where there is room
    assert len({tuple(found) for found in weights.values()}) == 1


@pytest.mark.parametrize("fmt", names.FORMATS)
def test_stdout_holds_the_answer_alone(fmt: str, tmp_path: Path) -> None:
    """In a pipe the bytes are those of the format, whatever the environment wants of a terminal."""
    argv = [sys.executable, "-m", "betacli", "solve", *SAMPLE, "--as-of", "2026-10-28", "-O", fmt]
    texts = set()
    narrow = ({"COLUMNS": "40"}, False, True)
    for environ, _, unicode in (*ENVIRONMENTS.values(), narrow):
        if "FORCE_COLOR" in environ and fmt == "table":
            continue
        if not unicode and fmt == "table":
            continue
        env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(CHECKOUT)}
        ran = subprocess.run(argv, capture_output=True, cwd=tmp_path, env=env | environ, check=True)
        texts.add(ran.stdout)
    assert len(texts) == 1
