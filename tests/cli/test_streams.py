"""Streams that cannot be written: nothing is a bug, and a reader that leaves is no error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import CHECKOUT, Cli

SOLVE = "solve --sector l1 --exchange sample"


def shell(line: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "PYTHONPATH": str(CHECKOUT),
        "B": f"{sys.executable} -m betacli",
    }
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env=env, cwd=CHECKOUT, check=False
    )


@pytest.mark.parametrize(
    "command", [SOLVE, f"{SOLVE} -O json", "--help", "solve --help", "solve --sector nope -O json"]
)
def test_a_reader_that_left_is_no_bug(command: str) -> None:
    """The code is the command's own, and nothing is complained about but the command's own error."""
    ran = shell(f"$B {command} | true; exit ${{PIPESTATUS[0]}}")
    assert ran.returncode == (2 if "nope" in command else 0)
    assert "Traceback" not in ran.stderr
    assert "Exception" not in ran.stderr


@pytest.mark.parametrize(
    "command", [SOLVE, f"{SOLVE} -O json", "--help", "--version", "solve --sector nope -O json"]
)
@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
def test_a_full_or_missing_stdout_is_exit_2(command: str, where: str) -> None:
    """The answer could not be given: exit 2, a sentence, no traceback."""
    ran = shell(f"$B {command} {where}")
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr


def test_a_missing_stderr_changes_no_code() -> None:
    """An error nobody can read is still an error."""
    assert shell("$B solve --sector nope 2>&-").returncode == 2
    assert shell("$B solve --sector nope 2>/dev/full").returncode == 2


@pytest.mark.parametrize(
    "words", [["-qOjson"], ["-qO", "json"], ["-O", "table", "-O", "json"], ["--format=json"]]
)
def test_json_errors_however_json_was_asked_for(cli: Cli, words: list[str]) -> None:
    """Clusters, the last of several, and the long form."""
    assert cli("solve", "--sector", "nope", *words).out.startswith('{\n  "schema": "betacli/error"')


def test_a_name_too_long_is_exit_2(cli: Cli, tmp_path: Path) -> None:
    """For the output, the candles, and the sector file to write."""
    name = "a" * 300
    for argv in ([*SOLVE.split(), "-o", name], ["beta", "--sector", "l1", "--candles", name], ["init", name]):
        ran = cli(*argv)
        assert (ran.code, ran.out) == (2, "")
        assert "too long" in ran.err
    assert list(tmp_path.iterdir()) == []
