"""Text from outside, typed or read or answered by an exchange: inert in every format and in every message."""

import csv
import io
import json
import unicodedata
from pathlib import Path

import pytest

from betacli import names
from conftest import NOW_MS, Cli, Ran
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS, FakeMarket
from fake_exchange.server import FakeExchange

TEXTS = {
    "markup": "[red]BIG[/red] [link=http://evil.example]x[/link]",
    "emoji codes": ":warning: :skull:",
    "escape": "\x1b[31mred\x1b]8;;http://evil.example\x07x",
    "csi": "\x9b2Jgone",
    "bidi": "abc\u202edcba\u2066x",
    "zero width": "ze\u200bro\u2060wid\ufeffth\u200d",
    "html": "<script>alert(1)</script><img src=x onerror=y>",
    "formula": "=cmd|'/C calc'!A0",
    "plus": "+HYPERLINK(1)",
    "at": "@SUM(A1)",
    "lines": "one\r\ntwo\nerror: three\x85four\u2028five",
    "table": "a|b\\|c `x` *y* ~~z~~ ![i](http://evil.example)",
    "path": "../../../etc/passwd",
    "percent": "%s %(x)s {0} {x.__class__} $(reboot) `reboot`",
    "long": "A" * 5_000,
}
FORMULAS = tuple("=+-@\t\r")


def assert_inert(ran: Ran, fmt: str = "table") -> None:
    """Nothing that a terminal, a spreadsheet, a browser or a parser acts on is left of what came from outside."""
    for stream in (ran.out, ran.err):
        bad = {c for c in stream if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} and c != "\n"}
        assert not bad, bad
        assert "\u2028" not in stream
        assert "Traceback" not in stream
    assert all(line.startswith(("error: ", "hint: ", "       ", "note: ", "warning: ", "excluded: "))
               for line in ran.err.splitlines())  # fmt: skip
    assert not any(line.startswith("error: three") for line in ran.err.splitlines())
    if fmt == "json" and ran.out:
        json.loads(ran.out)
    if fmt == "md":
        assert "<script" not in ran.out
        assert "<img" not in ran.out
        assert "![" not in ran.out.replace("\\[", "")
    if fmt == "csv":
        for row in csv.reader(io.StringIO(ran.out)):
            for cell in row:
                number = cell.lstrip("+-").replace(".", "").replace("e", "").replace("-", "").isdigit()
                assert number or not cell.startswith(FORMULAS), cell


@pytest.mark.parametrize("fmt", ["table", "json"])
@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize(
    "argv",
    [
        ("solve", "--exchange", "sample", "--sector"),
        ("solve", "--exchange", "sample", "--sector", "l1", "--only"),
        ("solve", "--exchange", "sample", "--sector", "l1", "--beta"),
        ("solve", "--exchange", "sample", "--sector", "l1", "--benchmark"),
        ("solve", "--sector", "l1", "--exchange"),
        ("beta", "--exchange", "sample", "--sector", "l1", "--estimator"),
        ("beta", "--exchange", "sample", "--sector", "l1", "--as-of"),
        ("beta", "--sector", "l1", "--candles"),
        ("beta", "--sector", "l1", "--config"),
        ("beta", "--sector", "l1", "--plan"),
        ("beta", "--sector", "l1", "--window"),
        ("sectors", "show"),
        ("sectors", "check"),
        ("help",),
        ("schema",),
        (),
    ],
)
def test_hostile_words_on_the_command_line(argv: tuple[str, ...], case: str, fmt: str, cli: Cli) -> None:
    """Refused with 2, in one sentence and a hint that do nothing."""
    words = [*argv, TEXTS[case]]
    ran = cli(*words, *(("-O", fmt) if argv and argv != ("help",) else ()))
    assert ran.code == 2, ran.err
    assert_inert(ran, fmt)
    assert ran.err.startswith("error: ")


@pytest.mark.parametrize("fmt", names.FORMATS)
@pytest.mark.parametrize("case", TEXTS)
def test_hostile_titles_in_a_sector_file(case: str, fmt: str, cli: Cli, tmp_path: Path) -> None:
    """A title may be any text up to 100 printable characters: shown inert, or refused."""
    file = {"sectors": {"l1": {"title": TEXTS[case], "members": ["ETH", "SOL"]}}}
    (tmp_path / "sectors.yaml").write_text(json.dumps(file))
    for argv in (("sectors",), ("sectors", "show", "l1"), ("beta", "--sector", "l1", "--exchange", "sample")):
        ran = cli(*argv, "-O", fmt)
        assert ran.code in {0, 2}
        assert_inert(ran, fmt)


@pytest.mark.parametrize("fmt", names.FORMATS)
@pytest.mark.parametrize("case", [case for case in TEXTS if case != "long"])
def test_hostile_symbols_in_a_candle_file(case: str, fmt: str, cli: Cli, tmp_path: Path) -> None:
    """A symbol of a file is matched or not; a header and a cell are named inertly where they are refused."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["date", "symbol", "close", TEXTS[case]])
    writer.writerows([[f"2026-10-{day:02}", TEXTS[case], 1 + day, "x"] for day in range(1, 28)])
    (tmp_path / "hostile.csv").write_text(out.getvalue(), newline="")
    ran = cli("beta", "--sector", "l1", "--candles", "hostile.csv", "-O", fmt)
    assert ran.code in {2, 3}
    assert_inert(ran, fmt)


@pytest.mark.parametrize("fmt", ["table", "json"])
@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("status", [400, 403, 418, 451, 500])
def test_hostile_texts_of_an_exchange(case: str, status: int, fmt: str, cli: Cli, tmp_path: Path) -> None:
    """Its message is quoted inertly, and never so long that it hides the rest; exit 4."""
    body = json.dumps({"code": -1121, "msg": TEXTS[case]}).encode()
    with FakeExchange(FakeMarket(NOW_MS), faults=[Fault("status", value=status, body=body)]) as exchange:
        (tmp_path / "sectors.yaml").write_text(
            f"sectors: {{l1: {{members: [ETH]}}}}\nexchange_options: {json.dumps(exchange.options)}\n"
        )
        ran = cli("beta", "--sector", "l1", "--no-store", "--timeout", "5", "-O", fmt)
    assert ran.code == 4, ran.err
    assert_inert(ran, fmt)
    assert len(ran.err) < 2_000


def test_an_output_name_is_a_name_and_nothing_else(cli: Cli, tmp_path: Path) -> None:
    """Formulas, markup and blanks make odd names of files, and a folder that is not there is refused inertly."""
    solve = ("solve", "--sector", "l1", "--exchange", "sample", "-O", "md", "-o")
    for name in ("=cmd.md", "[red]x.md", "a b.md", "-x.md"):
        ran = cli(*solve, f"./{name}")
        assert (ran.code, ran.out) == (0, "")
        assert (tmp_path / name).read_text().startswith("# Basket l1")
    ran = cli(*solve, "nowhere/\x1b[31m\u202e.md")
    assert ran.code == 2
    assert_inert(ran)


def test_days_are_days() -> None:
    """The fake market of these tests stands at a known day."""
    assert NOW_MS % DAY_MS == 7 * 3_600_000
