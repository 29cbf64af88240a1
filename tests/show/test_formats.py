"""JSON, CSV and Markdown: for files and scripts, so the same bytes whatever the screen."""

import csv
import io
import json
import math
import re
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from betacli import document as d
from betacli.core.infeasible import TargetOutOfReach
from betacli.errors import BadFile, BadOption, Problem, safe
from betacli.show.formats import FORMATS, Screen, error_envelope, render, stderr_notices, walk

PLAIN = Screen(width=None, colour=False, unicode=True)
SCREENS = [
    Screen(width=width, colour=colour, unicode=unicode)
    for width in (None, 40, 60, 80, 120, 300)
    for colour in (False, True)
    for unicode in (True, False)
]
LIVE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
FIXTURES_ARE_FROZEN = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A result that is nothing but its records."""

    rows: Sequence[object]

    def document(self) -> d.Document:
        columns = (d.Column(header="text", align="left"), d.Column(header="number", show=d.significant))
        table = d.Table(columns=columns, rows=tuple((str(row), 1.5) for row in self.rows))
        return d.Document(title="rows", blocks=(table,), records=self.rows)


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def live_characters(text: str) -> set[str]:
    return {char for char in text if char != "\n" and unicodedata.category(char) in LIVE}


# --- every format -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_format_ends_in_one_newline(fmt, report, hostile):
    """A format's text is whole lines, without a blank one at the end."""
    for each in (report, hostile):
        for screen in SCREENS:
            text = render(each, fmt, screen)
            assert text.endswith("\n")
            assert not text.endswith("\n\n")


@pytest.mark.parametrize("fmt", ["json", "csv", "md"])
def test_files_do_not_depend_on_the_screen(fmt, report, hostile):
    """What is written for files and scripts is the same bytes at every width, with colour and without."""
    for each in (report, hostile):
        assert {render(each, fmt, screen) for screen in SCREENS} == {render(each, fmt, PLAIN)}


@pytest.mark.parametrize("fmt", FORMATS)
def test_foreign_text_is_inert_in_every_format(fmt, hostile):
    """No control, escape, bidi, zero-width or line-separating character from outside reaches the answer."""
    for screen in SCREENS:
        assert live_characters(render(hostile, fmt, replace(screen, colour=False))) == set()


@pytest.mark.parametrize("fmt", FORMATS)
def test_simulated_is_said_in_every_format(fmt, report):
    """Nobody can take simulated numbers for real ones, whatever the format."""
    assert "simulated" in render(report, fmt, PLAIN).lower()
    real = replace(
        report, simulated=False, inputs=replace(report.inputs, simulated=False, exchange="binanceusdm")
    )
    assert "SIMULATED" not in render(real, fmt, PLAIN)


def test_scripts_do_not_pay_for_rich_or_numpy():
    """No format without colour imports Rich, and none imports numpy or pandas."""
    code = """if True:
        import sys
        from betacli.document import Document, Report
        from betacli.show.formats import FORMATS, Screen
        class Data(dict):
            def document(self): return Document(title="x", blocks=(), records=())
        report = Report(schema="x", tool={}, as_of="", generated_at=None, inputs={}, warnings=(), excluded=(), data=Data())
        for fmt in FORMATS:
            FORMATS[fmt](report, Screen(width=80, colour=False, unicode=True))
        print([name for name in ("rich", "numpy", "pandas", "ccxt", "typer") if name in sys.modules])
    """
    root = Path(__file__).parents[2]
    shown = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


# --- walk ---------------------------------------------------------------------------------------------------------


class Side(Enum):
    LONG = "long"


@dataclass(frozen=True)
class Pair:
    b: object
    a: object


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (0.1 + 0.2, 0.30000000000000004),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (Decimal("1000.000"), 1000),
        (Decimal("0.001"), 0.001),
        (Decimal("NaN"), None),
        (Decimal("sNaN"), None),
        (Decimal("Infinity"), None),
        (Decimal("1E+400"), None),
        (Decimal(10) ** 30, 10**30),
        (Side.LONG, "long"),
        (Pair(b=1, a=(2, [3.5])), {"b": 1, "a": [2, [3.5]]}),
        ({"x": {"y": None}}, {"x": {"y": None}}),
        (datetime(2026, 7, 1, tzinfo=UTC), "2026-07-01T00:00:00Z"),
        (
            datetime(2026, 7, 1, 2, 0, 0, 500000, tzinfo=timezone(timedelta(hours=2))),
            "2026-07-01T00:00:00.500000Z",
        ),
        (date(2026, 7, 1), "2026-07-01"),
        ("a\x1b[0m\u202eb", "a [0m b"),
        (np.float64(0.1), 0.1),
        (np.float64("nan"), None),
        (np.int64(2**62), 2**62),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array([[1.5, np.nan], [-0.0, np.inf]]), [[1.5, None], [0.0, None]]),
        (np.array([1, 2]), [1, 2]),
        (np.array(["a", None, 1.5], dtype=object), ["a", None, 1.5]),
    ],
)
def test_walk(value, expected):
    """A value becomes Python's own kind, with every digit; what is not finite is unknown."""
    found = walk(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("zero", [-0.0, Decimal("-0"), Decimal("-0.00"), np.float64(-0.0)])
def test_walk_has_one_zero(zero):
    """A negative zero is a zero."""
    assert json.dumps(walk(zero)).startswith("0")


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        b"bytes",
        object(),
        Pair,
        Path("x"),
        1j,
        timedelta(1),
        {1: "x"},
        datetime(2026, 7, 1),  # noqa: DTZ001
        np.datetime64("2026-07-01", "ns"),
        np.array([1], dtype="timedelta64[s]"),
        np.longdouble(1),
        np.complex128(1),
        np.zeros(2, dtype=[("a", float), ("b", int)]),
    ],
)
def test_walk_refuses_what_json_has_no_certain_form_for(value):
    """A set has no order, a naive time no moment: better a bug report than a guess in the answer."""
    with pytest.raises(TypeError):
        walk(value)


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals()
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(tree=trees)
@FIXTURES_ARE_FROZEN
def test_any_tree_is_valid_json_and_comes_back_the_same(tree):
    """Whatever a result holds, JSON can write it without NaN, and reading it gives the same values."""
    walked = walk(tree)
    assert json.loads(json.dumps(walked, ensure_ascii=False, allow_nan=False)) == walked


@given(number=st.floats(allow_nan=False, allow_infinity=False))
@FIXTURES_ARE_FROZEN
def test_floats_keep_every_bit(number):
    """A finite float survives the walk and JSON exactly."""
    assert json.loads(json.dumps(walk(number))) == number
    assert json.loads(json.dumps(walk(np.float64(number)))) == number


# --- JSON ---------------------------------------------------------------------------------------------------------

ENVELOPE = [
    "schema",
    "schema_version",
    "tool",
    "generated_at",
    "as_of",
    "inputs",
    "status",
    "warnings",
    "excluded",
    "data",
]


def test_json_envelope(report):
    """The envelope has the keys of the contract in their order, and the data are the result's own fields."""
    found = json.loads(render(report, "json", PLAIN))
    assert list(found) == ENVELOPE
    assert found["schema"] == "betacli/solve"
    assert found["schema_version"] == 1
    assert found["tool"] == {"name": "betacli", "version": "0.1.0", "ccxt": "4.5.80"}
    assert found["inputs"] == {"exchange": "sample", "simulated": True, "config_sha256": "ab12"}
    assert found["status"] == "warning"
    assert [w["id"] for w in found["warnings"]] == ["overridden", "max_weight"]
    assert found["excluded"] == [
        {"base": "AVAX", "reason": "too_few_bars", "detail": "has 12 bars, 90 are needed"}
    ]
    assert list(found["data"]) == ["title", "target_beta", "legs"]
    assert [leg["weight"] for leg in found["data"]["legs"]] == [4 / 7, -3 / 7, 0.0]
    assert [leg["rounded"] for leg in found["data"]["legs"]] == [
        {"beta": 1.2500000000000002, "contracts": 21.43},
        {"beta": None, "contracts": 1234567.00000001},
        None,
    ]


def test_json_leaves_generated_at_out(report):
    """Under `--as-of` there is no `generated_at`, not even a null one, so that the bytes repeat."""
    found = json.loads(render(replace(report, generated_at=None), "json", PLAIN))
    assert list(found) == [key for key in ENVELOPE if key != "generated_at"]


def test_error_envelope():
    """An error in JSON has its sentence, its way out, its exit code, and the facts they were built from."""
    error = TargetOutOfReach(
        name="l1", target=3.0, low=0.61, high=math.inf, min_weight=0.0, max_weight=0.4, binding=("ETH",)
    )
    found = json.loads(error_envelope(error))
    assert list(found) == ["schema", "schema_version", "status", "error"]
    assert (found["schema"], found["schema_version"], found["status"]) == ("betacli/error", 1, "refused")
    assert list(found["error"])[:5] == ["kind", "message", "hint", "retryable", "exit_code"]
    assert found["error"]["kind"] == "target_out_of_reach"
    assert found["error"]["exit_code"] == 5
    assert found["error"]["retryable"] is False
    assert found["error"]["target"] == 3.0
    assert found["error"]["high"] is None
    assert found["error"]["binding"] == ["ETH"]


def test_error_envelope_keeps_the_lines_of_a_message():
    """Each problem of a file stays on its line, and each is a fact too; foreign text in them is inert."""
    problems = (Problem(what="no \x1b[31msector", line=1, column=2), Problem(what="no\nmember"))
    found = json.loads(error_envelope(BadFile(path="s.yaml", problems=problems)))["error"]
    assert found["message"] == "s.yaml:1:2: no [31msector\ns.yaml: no\nmember"
    assert found["problems"][1] == {"what": "no member", "line": None, "column": None, "hint": None}


def test_facts_do_not_override_the_contract():
    """A fact that is called like one of the five fixed keys gives way."""

    class Odd(BadOption):
        def facts(self):
            return {
                "kind": "x",
                "exit_code": 0,
                "hint": "y",
                "retryable": True,
                "message": "z",
                "option": "-o",
            }

    found = json.loads(error_envelope(Odd(option="--target", value="nan", problem="no number")))["error"]
    assert found == {
        "kind": "bad_option",
        "message": "`--target` is `nan`: no number",
        "hint": None,
        "retryable": False,
        "exit_code": 2,
        "option": "-o",
    }


# --- CSV ----------------------------------------------------------------------------------------------------------


def test_csv_of_a_basket(report):
    """Nested fields are `parent_child`, unknown is an empty cell, and each row says where it comes from."""
    header, *rows = csv.reader(io.StringIO(render(report, "csv", PLAIN)))
    assert header == [
        "base",
        "symbol",
        "beta",
        "weight",
        "notional",
        "overridden",
        "note",
        "rounded_beta",
        "rounded_contracts",
        "as_of",
        "exchange",
        "simulated",
        "exchange_unchecked",
    ]
    around = ["2026-07-01T00:00:00Z", "sample", "true", "false"]
    assert rows[0] == [
        *("ETH", "ETH/USDT:USDT", "1.25", "0.5714285714285714", "57142.857142857145", "true", "by hand"),
        *("1.2500000000000002", "21.43", *around),
    ]
    assert rows[1][6:9] == ["", "", "1234567.00000001"]
    assert rows[2][3:9] == ["0.0", "1e-09", "false", "", "", ""]


def test_csv_without_rows(report):
    """With no records there is still a header, of the context alone."""
    assert (
        render(replace(report, data=Rows(rows=())), "csv", PLAIN)
        == "as_of,exchange,simulated,exchange_unchecked\n"
    )


def test_csv_rows_of_different_keys(report):
    """Every row has every column, in the order they were first seen; a row's own exchange is not overwritten."""
    rows = (
        {"a": 1, "exchange": "okx"},
        {"b": [1, None, "x"], "a": None, "price": None},
        {"price_kind": "mark"},
    )
    found = read_csv(render(replace(report, data=Rows(rows=rows)), "csv", PLAIN))
    assert [list(row) for row in found] == [
        ["a", "exchange", "b", "price", "price_kind", "as_of", "simulated", "exchange_unchecked"]
    ] * 3
    assert found[0] | {"as_of": "", "simulated": "", "exchange_unchecked": ""} == {
        "a": "1",
        "exchange": "okx",
        "b": "",
        "price": "",
        "price_kind": "",
        "as_of": "",
        "simulated": "",
        "exchange_unchecked": "",
    }
    assert found[1]["b"] == '[1, null, "x"]'
    assert found[1]["exchange"] == "sample"


def test_csv_refuses_two_fields_of_one_name(report):
    """A column never holds two different things."""

    @dataclass(frozen=True)
    class Below:
        beta: float = 1.0

    @dataclass(frozen=True)
    class Above:
        rounded_beta: float = 2.0
        rounded: Below | None = None

    rows = (Above(),)
    Above.__annotations__["rounded"] = Below | None
    with pytest.raises(ValueError, match="`rounded_beta`"):
        render(replace(report, data=Rows(rows=rows)), "csv", PLAIN)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", "'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("-1.5", "-1.5"),
        ("+1e-9", "+1e-9"),
        ("-", "'-"),
        ("a=b", "a=b"),
        ('say "hi", you', 'say "hi", you'),
    ],
)
def test_csv_cells_are_never_formulas(report, text, cell):
    """A spreadsheet computes nothing from foreign text, and numbers stay numbers."""
    rows = ({"x": text, "=h": 1},)
    found = read_csv(render(replace(report, data=Rows(rows=rows)), "csv", PLAIN))
    assert found[0]["x"] == cell
    assert "'=h" in found[0]


records = st.lists(
    st.fixed_dictionaries({"number": st.floats(allow_nan=False, allow_infinity=False), "text": st.text()}),
    min_size=1,
)


@given(rows=records)
@FIXTURES_ARE_FROZEN
def test_csv_comes_back_the_same(report, rows):
    """Read back by Python's reader, every float has its exact value and every text is its inert self."""
    found = read_csv(render(replace(report, data=Rows(rows=rows)), "csv", PLAIN))
    assert [float(row["number"]) for row in found] == [row["number"] for row in rows]
    for cell, row in zip(found, rows, strict=True):
        assert cell["text"] in {safe(row["text"]), f"'{safe(row['text'])}"}
        assert not re.match(r"[=@\t\r]|[+-](?![\d.])", cell["text"])


def test_only_csv_needs_stderr(report):
    """The notices a CSV has no room for go to stderr; the other formats hold them."""
    assert [line for fmt in ("table", "json", "md") for line in stderr_notices(report, fmt)] == []
    assert stderr_notices(report, "csv") == [
        "warning: the beta of `ETH` was given by hand, so it carries no standard error",
        "note: with 2 assets `max_weight` is 1, which is 100 % of it",
        "excluded: AVAX (too_few_bars) has 12 bars, 90 are needed",
    ]


def test_stderr_notices_are_inert(hostile):
    """A notice is one line, without a character that a terminal would act on."""
    assert live_characters("".join(stderr_notices(hostile, "csv"))) == set()
