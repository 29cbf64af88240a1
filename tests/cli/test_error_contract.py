"""An error is a contract too: every kind is in the schema, and every hint that names an option works."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from betacli.data.candle_store import STEM, VERSION
from conftest import CHECKOUT, Cli
from json_schema import problems

SAMPLE = ("--sector", "l1", "--exchange", "sample")
KINDS = {
    "target_out_of_reach": ("solve", *SAMPLE, "--target", "3"),
    "target_between_reaches": ("solve", *SAMPLE, "--target", "1.2", "--max-assets", "1", "--max-weight", "1"),
    "bounds_cannot_sum": ("solve", *SAMPLE, "--max-weight", "0.01"),
    "limits_cannot_be_met": (*("solve", *SAMPLE, "--max-assets", "2", "--max-weight", "0.4"),),
    "rounds_to_nothing": ("solve", *SAMPLE, "--notional", "0.01"),
    "cannot_be_held": ("hedge", *SAMPLE, "--leverage", "900"),
    "gate_failed": (
        *("beta", "--config", str(CHECKOUT / "examples" / "faulty.yaml"), "--sector", "faulty"),
        *("--exchange", "sample"),
    ),
    "no_data": ("beta", *SAMPLE, "--as-of", "2031-01-01"),
    "unknown_name": ("solve", "--sector", "l2", "--exchange", "sample"),
    "bad_option": ("solve", *SAMPLE, "--notional", "-1"),
    "bad_usage": ("solve", *SAMPLE, "--targets", "1"),
    "bad_file": ("solve", *SAMPLE, "--config", "missing.yaml"),
    "store_damaged": ("data", "verify"),
}


@pytest.fixture(scope="module")
def schema() -> dict:
    """What a process of its own prints: it has imported nothing that a test did."""
    argv = [sys.executable, "-m", "betacli", "schema", "error"]
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True, cwd=CHECKOUT).stdout)


def kinds_in_the_source() -> dict[str, str]:
    """Return the kind of every class that descends from `BetacliError`, by reading the package."""
    classes = {
        node.name: node
        for path in (CHECKOUT / "betacli").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }

    def descends(name: str) -> bool:
        bases = (
            [base.id for base in classes[name].bases if isinstance(base, ast.Name)] if name in classes else []
        )
        return name == "BetacliError" or any(map(descends, bases))

    found = {}
    for name in filter(descends, classes):
        for line in classes[name].body:
            match = re.search(r"\bkind\b.*= ['\"](\w+)['\"]", ast.unparse(line).split("\n")[0])
            if match:
                found[name] = match[1]
    return found


def test_every_kind_of_the_source_is_in_the_schema(schema: dict) -> None:
    """Also those of modules that a command line which only prints the schema has no other need of."""
    known = schema["properties"]["error"]["properties"]["kind"]["enum"]
    found = kinds_in_the_source()
    assert len(found) > 15
    assert {name: kind for name, kind in found.items() if kind not in known} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_what_the_schema_says(kind: str, schema: dict, cli: Cli, tmp_path: Path) -> None:
    """Provoked on the command line, with its kind and the code of the process."""
    if kind == "store_damaged":
        (tmp_path / "cache").mkdir(mode=0o700)
        (tmp_path / "cache" / f"{STEM}-{VERSION}.sqlite3").write_bytes(b"no database" * 1000)
    ran = cli(*KINDS[kind], "-O", "json", environ={"BETACLI_CACHE_DIR": str(tmp_path / "cache")})
    told = json.loads(ran.out)
    assert (told["error"]["kind"], told["error"]["exit_code"]) == (kind, ran.code)
    told["error"] = {key: told["error"][key] for key in schema["properties"]["error"]["properties"]}
    assert problems(told, schema) == []


@pytest.mark.parametrize(
    "argv",
    [
        ("--target", "3"),
        ("--target", "0.2"),
        ("--target", "1.675"),
        ("--target-band", "3:4"),
        ("--target-band", "0.1:0.2"),
        ("--target", "1.2", "--max-assets", "1", "--max-weight", "1"),
        ("--target", "2.2", "--max-assets", "1", "--max-weight", "1"),
    ],
)
def test_the_beta_that_a_hint_proposes_can_be_had(argv: tuple[str, ...], cli: Cli) -> None:
    """Taken at its word, the hint answers; nothing is held at 1.00x, and no leg is 0.00x."""
    ran = cli("solve", *SAMPLE, *argv)
    assert ran.code == 5
    assert "1.00x the notional" not in ran.err
    assert " 0.00x" not in ran.err
    found = re.search(
        r"`(--target(?:-band)?)(?:` to| )\s*([-\d.]+(?::[-\d.]+)?)", ran.err.partition("hint:")[2]
    )
    assert found is not None, ran.err
    assert (":" in found[2]) == (found[1] == "--target-band")
    again = cli("solve", *SAMPLE, found[1], found[2], *argv[2:])
    assert again.code == 0, (ran.err, again.err)
