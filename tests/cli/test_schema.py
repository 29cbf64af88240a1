"""Every JSON that betacli prints is what its JSON Schema says, and every schema is one that others can read."""

import ast
import copy
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from betacli import errors
from betacli.plan.results import RESULTS
from betacli.show.schema import report_schema
from cli.examples import EXAMPLES
from conftest import CHECKOUT, Cli
from json_schema import KNOWN, problems

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").rglob("*.txt"))
GOLDEN = [path for path in TRANSCRIPTS if re.search(r"--- stdout\n\{", path.read_text(encoding="utf-8"))]
SAMPLE = ("--sector", "l1", "--exchange", "sample", "-O", "json")
COMMANDS = {
    "beta": ("beta", *SAMPLE, "--benchmark", "BTC", "--benchmark", "ETH"),
    "beta-compare": ("beta", *SAMPLE, "--compare"),
    "beta-rolling": ("beta", *SAMPLE, "--rolling"),
    "solve": ("solve", *SAMPLE, "--target", "1.4", "--equity", "20000"),
    "solve-spread": ("solve", "--long", "l1", "--short", "defi", "--exchange", "sample", "-O", "json"),
    "hedge": ("hedge", *SAMPLE, "--target", "1.4", "--leverage", "5"),
    "checklist": ("checklist", *SAMPLE, "--target", "1.4", "--leverage", "3"),
    "data-status": ("data", "-O", "json"),
    "data-verify": ("data", "verify", "-O", "json"),
    "doctor": ("doctor", "--offline", "-O", "json"),
    "schema": ("schema", "-O", "json"),
    "config-show": ("config", "show", "-O", "json"),
    "sectors": ("sectors", "-O", "json"),
    "sectors-show": ("sectors", "show", "l1", "-O", "json"),
    "sectors-check": ("sectors", "check", "-O", "json"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_the_help_prints_what_its_schema_says(name: str, cli: Cli) -> None:
    """So a command that is added is validated without work."""
    ran = cli(*EXAMPLES[name], "-O", "json")
    assert ran.code in {0, 10}, ran.err
    report = json.loads(ran.out)
    assert problems(report, schema(cli, report["schema"].removeprefix("betacli/"))) == []


def schema(cli: Cli, name: str) -> dict[str, object]:
    ran = cli("schema", name)
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def stdout_of(path: Path) -> dict[str, object]:
    text = path.read_text(encoding="utf-8")
    report: dict[str, object] = json.loads(text.partition("--- stdout\n")[2].partition("--- stderr\n")[0])
    return report


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_golden_json_is_what_its_schema_says(path: Path, cli: Cli) -> None:
    """The transcripts, which scripts may be written after, validate without a field left over."""
    report = stdout_of(path)
    name = str(report["schema"]).removeprefix("betacli/")
    told = schema(cli, name)
    if name == "error":
        # The facts of an error stand beside the fields that every error has.
        report["error"] = {key: report["error"][key] for key in told["properties"]["error"]["properties"]}
    assert problems(report, told) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_what_its_schema_says(name: str, cli: Cli) -> None:
    """Also with values that the transcripts leave null."""
    ran = cli(*COMMANDS[name])
    assert ran.code in {0, 10}, ran.err
    report = json.loads(ran.out)
    assert report["schema"] == f"betacli/{name}"
    assert problems(report, schema(cli, name)) == []


def test_a_plan_stands_in_the_inputs_that_the_schema_tells_of(cli: Cli, tmp_path: Path) -> None:
    """`inputs.plan` is there with `--plan`, and only then."""
    (tmp_path / "sectors.yaml").write_text("sectors: {l1: {members: [ETH]}}\nplans: {a: {sector: l1}}\n")
    report = json.loads(cli("beta", "--plan", "a", "--exchange", "sample", "-O", "json").out)
    assert report["inputs"]["plan"] == "a"
    assert problems(report, schema(cli, "beta")) == []


def test_every_schema_that_is_used_is_described() -> None:
    """A report whose `schema` has no line in `plan/results.py` cannot be printed by `betacli schema`: add one."""
    used: set[str] = set()
    for path in (CHECKOUT / "betacli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", "")
            given = [k.value for k in node.keywords if k.arg == "schema" and name == "Report"]
            given += node.args[:1] if name in {"report", "_report"} else []
            used |= {
                arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            }
    assert used == set(RESULTS)


@pytest.mark.parametrize("name", [*RESULTS, "error"])
def test_a_schema_uses_known_keywords_and_refers_to_what_is_there(name: str, cli: Cli) -> None:
    """Every keyword is one the tests' validator checks, and every `$ref` has its definition."""
    told = schema(cli, name)
    definitions = told.get("$defs", {})

    def look(node: object) -> None:
        if isinstance(node, list):
            for entry in node:
                look(entry)
        if isinstance(node, dict):
            assert node.keys() <= KNOWN, node
            if "$ref" in node:
                assert node["$ref"].removeprefix("#/$defs/") in definitions
            for key, entry in node.items():
                for inner in entry.values() if key in {"properties", "$defs"} else [entry]:
                    look(inner)

    look(told)
    assert told["$id"] == f"urn:betacli:{name}:1"


def test_the_schemas_can_fail(cli: Cli) -> None:
    """A missing field, a text for a number, null where it may not be, a wrong constant: each is found."""
    report, told = json.loads(cli(*COMMANDS["solve"]).out), schema(cli, "solve")
    broken = [copy.deepcopy(report) for _ in range(5)]
    del broken[0]["data"]["legs"][0]["weight"]
    broken[1]["data"]["legs"][0]["weight"] = "0.1"
    broken[2]["data"]["beta"] = None
    broken[3]["schema_version"] = 2
    broken[4]["data"]["legs"][0]["side"] = "sideways"
    assert all(problems(each, told) for each in broken)
    assert problems(report, told) == []


def test_a_field_that_is_added_keeps_the_version(cli: Cli) -> None:
    """No object is closed: readers must take fields they do not know, so adding one is no new version."""
    for name in RESULTS:
        closed = [
            n for n in re.findall(r'"additionalProperties": (\w+)', cli("schema", name).out) if n == "false"
        ]
        assert not closed


def test_types_become_what_json_holds() -> None:
    """Each form of type by hand: plain, nullable, choice, list, fixed list, mapping, nested, of its own kind."""

    @dataclass(frozen=True)
    class Inner:
        """A part. `n` counts."""

        n: int

    @dataclass(frozen=True)
    class Outer:
        """A whole."""

        a: float | None
        b: Literal["x", "y"] | None
        c: tuple[Inner, ...]
        d: tuple[int, str]
        e: dict[str, float]

    globals_of = report_schema.__globals__
    assert "Inner" not in globals_of
    Outer.__annotations__ = {
        "a": float | None,
        "b": Literal["x", "y"] | None,
        "c": tuple[Inner, ...],
        "d": tuple[int, str],
        "e": dict[str, float],
    }
    told = report_schema("x", Outer, Inner, Inner)["$defs"]
    assert told["Outer"]["properties"] == {
        "a": {"type": ["number", "null"]},
        "b": {"anyOf": [{"enum": ["x", "y"]}, {"type": "null"}]},
        "c": {"type": "array", "items": {"$ref": "#/$defs/Inner"}},
        "d": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "minItems": 2,
            "maxItems": 2,
        },
        "e": {"type": "object", "additionalProperties": {"type": "number"}},
    }
    assert told["Inner"]["properties"]["n"] == {"type": "integer", "description": "`n` counts"}
    assert told["Inner"]["description"] == "A part. `n` counts."


def test_retryable_is_true_only_where_waiting_helps() -> None:
    """A ban ends, a limit is lifted, a network comes back; a mistake, a country, a target or a full disk does not."""
    waiting = {"banned", "rate_limited", "unreachable", "timeout", "bad_response"}
    for reason in errors.ExchangeFailed.REASONS:
        error = errors.ExchangeFailed(exchange="x", reason=reason, detail="y")
        assert error.retryable == (reason in waiting)

    def every(error: type[errors.BetacliError]) -> list[type[errors.BetacliError]]:
        return [error, *(e for below in error.__subclasses__() for e in every(below))]

    others = [e for e in every(errors.BetacliError) if not issubclass(e, errors.ExchangeFailed)]
    assert {e.kind for e in others if e.retryable} <= {"store_busy"}
