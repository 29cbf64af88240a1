"""Every exit code of the contract, from the command line of a real process, and what a signal leaves behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from betacli import names
from betacli.cli import output
from betacli.errors import BetacliError
from conftest import CHECKOUT, Cli

SAMPLE = ("--sector", "l1", "--exchange", "sample")
DEAD = "exchange_options: {binanceusdm: {urls: {api: {fapiPublic: 'http://127.0.0.1:1/fapi/v1'}}}}\n"


def environ(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "PYTHONPATH": str(CHECKOUT),
        "BETACLI_CACHE_DIR": str(folder / "cache"),
    }


def run(folder: Path, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "betacli", *argv],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environ(folder) | more,
        check=False,
    )


CASES: dict[int, tuple[str, ...]] = {
    0: ("solve", *SAMPLE, "--target", "1.4"),
    2: ("solve", "--sector", "nowhere", "--exchange", "sample"),
    3: (
        "beta",
        "--config",
        str(CHECKOUT / "examples" / "faulty.yaml"),
        "--sector",
        "faulty",
        "--exchange",
        "sample",
    ),
    4: ("solve", "--sector", "l1", "--exchange", "binanceusdm", "--no-store", "--timeout", "2"),
    5: ("solve", *SAMPLE, "--target", "3"),
    6: ("data", "status"),
    10: ("checklist", *SAMPLE, "--target", "1.4", "--leverage", "50"),
}


@pytest.mark.parametrize("code", CASES)
@pytest.mark.parametrize("fmt", ["table", "json"])
def test_each_exit_code_end_to_end(code: int, fmt: str, tmp_path: Path) -> None:
    """With JSON, stdout is one document: an answer with 0 and 10, else the error with the code it tells."""
    (tmp_path / "sectors.yaml").write_text("sectors: {l1: {members: [ETH, SOL, ADA, DOT]}}\n" + DEAD)
    more = {}
    if code == 6:
        (tmp_path / "file").write_text("no folder")
        more["BETACLI_CACHE_DIR"] = str(tmp_path / "file")
    ran = run(tmp_path, *CASES[code], "-O", fmt, **more)
    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr
    if code in {0, 10}:
        assert ran.stdout
    else:
        assert ran.stderr.startswith("error: ")
        assert fmt == "json" or ran.stdout == ""
    if fmt == "json":
        report = json.loads(ran.stdout)
        assert report.get("error", {"exit_code": code})["exit_code"] == code
        assert ("data" in report) == (code in {0, 10})


def test_a_bug_is_1_with_a_log_file(tmp_path: Path) -> None:
    """The traceback goes to a file that the hint names, and none to the terminal."""
    broken = "import betacli.cli.app as app\napp.commands = None\nfrom betacli.__main__ import main\nmain()"
    ran = subprocess.run(
        [sys.executable, "-c", broken, "solve", "-O", "json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environ(tmp_path),
        check=False,
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert json.loads(ran.stdout)["error"]["kind"] == "bug"
    place = ran.stderr.split("please report it with ")[1].strip()
    assert "Traceback" in Path(place).read_text()


def test_every_code_of_the_table_is_tested_here() -> None:
    """Those of the tree of exceptions are in the table, and each has a case."""

    def every(error: type[BetacliError]) -> set[int]:
        return {error.exit_code}.union(*(every(below) for below in error.__subclasses__()))

    assert every(BetacliError) | {0, 10} == set(names.EXIT_CODES)
    assert set(CASES) | {1, 130} == set(names.EXIT_CODES)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("fmt", ["table", "json"])
def test_a_signal_ends_with_130_and_leaves_nothing(number: signal.Signals, fmt: str, tmp_path: Path) -> None:
    """A command that waits for an exchange that never answers stops at once; yesterday's report is untouched."""
    report = tmp_path / "report"
    report.write_text("yesterday")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        file = DEAD.replace(":1/", f":{silent.getsockname()[1]}/")
        (tmp_path / "sectors.yaml").write_text("sectors: {l1: {members: [ETH, SOL, ADA, DOT]}}\n" + file)
        argv = (*CASES[4][:-1], "60", "-o", str(report), "-O", fmt)
        with subprocess.Popen(
            [sys.executable, "-m", "betacli", *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environ(tmp_path),
        ) as process:
            asked, _ = silent.accept()
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            asked.close()
    assert process.returncode == 130, err
    assert err == "error: interrupted\n"
    assert (json.loads(out)["error"]["kind"] == "interrupted") if fmt == "json" else out == ""
    assert report.read_text() == "yesterday"
    assert {path.name for path in tmp_path.iterdir()} <= {"sectors.yaml", "report", "cache"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_write_leaves_the_old_file(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    """In the middle of writing, on a full disk or at a signal: what was there stays, and no part of the new is."""
    report = tmp_path / "report.md"
    report.write_text("yesterday")

    def stop(_: int) -> None:
        raise error

    monkeypatch.setattr(output.os, "fsync", stop)
    ran = cli("solve", *SAMPLE, "-O", "md", "-o", str(report))
    assert ran.code == (130 if error is KeyboardInterrupt else 2)
    assert report.read_text() == "yesterday"
    assert list(tmp_path.iterdir()) == [report]


def test_two_runs_at_once_leave_one_whole_report(tmp_path: Path) -> None:
    """Eight commands write one file at the same time: it is the whole answer of one of them."""
    argv = [sys.executable, "-m", "betacli", "solve", *SAMPLE, "--as-of", "2026-10-28", "-O", "json"]
    expected = {}
    for target in ("1.3", "1.4"):
        expected[target] = run(tmp_path, *argv[3:], "--target", target).stdout
    running = [
        subprocess.Popen(
            [*argv, "--target", target, "-o", "report.json"], cwd=tmp_path, env=environ(tmp_path)
        )
        for target in ("1.3", "1.4") * 4
    ]
    assert [process.wait(timeout=60) for process in running] == [0] * 8
    assert (tmp_path / "report.json").read_text() in expected.values()
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
