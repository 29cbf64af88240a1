"""Golden transcripts: a command, its exit code, its stdout and its stderr, together.

A transcript is a text file:

    $ betacli solve --sector l1 …        the command, run in an empty folder at a fixed moment
    --- file NAME                        optional: a file that is there
    --- exit 0
    --- stdout
    --- stderr

Text is compared as it is; numbers of JSON and CSV to 1e-9, since the last bits of a sum are the processor's own.
`UPDATE_TRANSCRIPTS=1 pytest tests/cli` writes them anew: read the difference before you commit it.
"""

import csv
import io
import json
import math
import os
import re
import shlex
from pathlib import Path

import pytest

from conftest import Cli, Ran

FOLDER = Path(__file__).parent / "transcripts"
CASES = sorted(FOLDER.rglob("*.txt"))
MARK = re.compile(r"^--- (file \S+|exit \d+|stdout|stderr)\n", re.MULTILINE)


def parse(text: str) -> tuple[str, dict[str, str]]:
    """Return the command and the sections by their headings."""
    command, *rest = MARK.split(text)
    return command.strip().removeprefix("$ "), dict(zip(rest[::2], rest[1::2], strict=True))


def assert_same(found: object, expected: object, where: str = "") -> None:
    """Compare JSON values, numbers to 1e-9."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), where
        assert list(found) == list(expected), where
        for key in expected:
            assert_same(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert isinstance(found, list), where
        assert len(found) == len(expected), where
        for place, (a, b) in enumerate(zip(found, expected, strict=True)):
            assert_same(a, b, f"{where}[{place}]")
    elif isinstance(expected, float) and isinstance(found, int | float):
        assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9), f"{where}: {found} != {expected}"
    else:
        assert found == expected, where


def without_versions(text: str) -> object:
    """Return the JSON without the versions that made it, which are not this transcript's business."""
    report = json.loads(text)
    report.pop("tool", None)
    return report


def cells(text: str) -> list[list[object]]:
    def value(cell: str) -> object:
        try:
            return float(cell)
        except ValueError:
            return cell

    return [[value(cell) for cell in row] for row in csv.reader(io.StringIO(text))]


def written(command: str, files: dict[str, str], ran: Ran) -> str:
    parts = [f"$ {command}\n", *(f"--- {name}\n{text}" for name, text in files.items())]
    return "".join([*parts, f"--- exit {ran.code}\n--- stdout\n{ran.out}--- stderr\n{ran.err}"])


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(FOLDER).with_suffix("")))
def test_a_command_says_what_its_transcript_says(path: Path, cli: Cli, tmp_path: Path) -> None:
    """Exit code, stdout and stderr are those recorded, and nothing else is written."""
    command, sections = parse(path.read_text(encoding="utf-8"))
    files = {name: text for name, text in sections.items() if name.startswith("file ")}
    for name, text in files.items():
        (tmp_path / name.removeprefix("file ")).write_text(text, encoding="utf-8")
    ran = cli(*shlex.split(command)[1:])
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        path.write_text(written(command, files, ran), encoding="utf-8")
        return
    expected = parse(written(command, files, ran))[1]
    assert ran.err == sections["stderr"]
    assert f"exit {ran.code}" in sections
    if "json" in command:
        assert_same(without_versions(ran.out), without_versions(sections["stdout"]))
    elif "csv" in command:
        assert_same(cells(ran.out), cells(sections["stdout"]))
    else:
        assert ran.out == sections["stdout"]
    assert expected.keys() == sections.keys()
    if path.parent.name == "answers":
        assert ran.code == 0
    else:
        assert path.stem.startswith(f"{ran.code}-")


def test_there_is_a_transcript_of_every_command_in_every_format() -> None:
    """No command and no format goes without one."""
    from betacli import names

    commands = {parse(path.read_text(encoding="utf-8"))[0] for path in CASES}
    for command in (
        "beta",
        "solve",
        "hedge",
        "checklist",
        "liquidity",
        "funding",
        "basis",
        "sectors",
        "sectors show",
        "sectors check",
    ):
        for fmt in names.FORMATS:
            assert any(c.startswith(f"betacli {command} ") and f"-O {fmt}" in c for c in commands), (
                command,
                fmt,
            )
