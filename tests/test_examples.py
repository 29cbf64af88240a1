"""Every file of `examples/` does what it says, against the simulated market."""

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from conftest import CHECKOUT, Cli
from test_library import panel

EXAMPLES = CHECKOUT / "examples"
AS_OF = "2026-10-28"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A home with a folder `desk` that holds the examples, and `betacli` on the path."""
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLES, folder)
    shutil.copy(EXAMPLES / "plans.yaml", folder / "sectors.yaml")
    program = tmp_path / "bin" / "betacli"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m betacli "$@"\n')
    program.chmod(0o755)
    return folder


def shell(desk: Path, line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a line as cron would: by sh, in the home, with few variables; the exchange is the simulated one."""
    env = {
        "HOME": str(desk.parent),
        "PATH": f"{desk.parent / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "BETACLI_EXCHANGE": "sample",
        "BETACLI_AS_OF": AS_OF,
    }
    argv = ["sh", "-c", line]
    return subprocess.run(argv, capture_output=True, text=True, cwd=desk.parent, env=env | more, check=False)


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


@pytest.fixture
def pings() -> Iterator[tuple[str, list[str]]]:
    """A healthcheck on this computer: its address, and the paths it was asked for."""
    asked: list[str] = []

    class Healthcheck(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Healthcheck)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/id", asked
    server.shutdown()
    thread.join()
    server.server_close()


def cron_lines() -> list[str]:
    """Return the commands of the crontab as cron hands them to the shell: an unescaped `%` would end the line."""
    found = []
    for line in (EXAMPLES / "crontab").read_text().splitlines():
        if not line.strip() or line.startswith("#") or re.match(r"[A-Z_]+=", line):
            continue
        *fields, command = line.split(None, 5)
        assert len(fields) == 5
        assert all(re.fullmatch(r"\*|\d+(-\d+)?", field) for field in fields)
        assert not re.search(r"(?<!\\)%", command)
        found.append(command.replace(r"\%", "%"))
    return found


@pytest.mark.parametrize("line", cron_lines())
def test_each_line_of_the_crontab(line: str, desk: Path, pings: tuple[str, list[str]]) -> None:
    """It exits with 0, says nothing that cron would mail, and leaves a whole report."""
    if "ping.sh" in line:
        need("curl")
    before = set(desk.iterdir())
    ran = shell(desk, line, PING_URL=pings[0])
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    (report,) = set(desk.iterdir()) - before
    text = report.read_text()
    if report.suffix == ".json":
        assert json.loads(text)["inputs"]["plan"] == "morning"
        assert pings[1] == ["/id/start", "/id/0"]
    else:
        assert text.startswith("# ")
        assert "SIMULATED" in text


def test_the_healthcheck_hears_of_a_failure(desk: Path, pings: tuple[str, list[str]]) -> None:
    """The command's exit code is passed on, and told; exit 10 is an answer."""
    need("curl")
    ran = shell(desk, f"cd desk && ./ping.sh {pings[0]} betacli solve --plan morning --target 9")
    assert ran.returncode == 5
    ran = shell(desk, f"cd desk && ./ping.sh {pings[0]} betacli checklist --plan morning --leverage 50")
    assert ran.returncode == 10
    assert pings[1] == ["/id/start", "/id/5", "/id/start", "/id/0"]
    ran = shell(desk, "cd desk && ./ping.sh http://127.0.0.1:1/id betacli sectors check")
    assert ran.returncode == 0
    assert "cannot be reached" in ran.stderr


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(EXAMPLES / name)
    return parser


def test_the_systemd_units(desk: Path) -> None:
    """They parse, the timer is of the service, and the service's command answers in its folder."""
    service, timer = unit("betacli-morning.service"), unit("betacli-morning.timer")
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["SuccessExitStatus"] == "10"
    assert service["Service"]["WorkingDirectory"] == "%h/desk"
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d:\d\d UTC", timer["Timer"]["OnCalendar"])
    ran = shell(desk, f"cd desk && {service['Service']['ExecStart']}")
    assert ran.returncode == 0, ran.stderr
    assert (desk / "checklist.md").read_text().startswith("# Checklist for l1 against BTC\n")
    if shutil.which("systemd-analyze"):
        told = subprocess.run(
            ["systemd-analyze", "calendar", timer["Timer"]["OnCalendar"]], capture_output=True, check=False
        )
        assert told.returncode == 0


def test_three_sectors_in_one_mail(desk: Path) -> None:
    """Each has its plan under one heading; one without an answer says why, and the others are there."""
    ran = shell(desk, "cd desk && ./three-sectors.sh l1 gaming nowhere infra", BETACLI_MAX_WEIGHT="0.5")
    assert ran.returncode == 2
    headings = re.findall(r"^#{1,2} .*$", ran.stdout, re.MULTILINE)
    assert headings[0].startswith("# Plans of ")
    assert headings[1:] == [
        "## Hedge of l1 with BTC",
        "## Hedge of gaming with BTC",
        "## nowhere: no answer (exit 2)",
        "## Hedge of infra with BTC",
    ]
    assert "    error: there is no sector `nowhere`" in ran.stdout


def test_the_jq_recipe(desk: Path) -> None:
    """A line an order, that the answer's contracts stand in; an error ends with its message and no orders."""
    need("jq")
    hedge = "betacli hedge --plan morning -O json"
    ran = shell(desk, f"cd desk && {hedge} | jq -r -f orders.jq")
    assert (ran.returncode, ran.stderr) == (0, "")
    data = json.loads(shell(desk, f"cd desk && {hedge}").stdout)["data"]
    expected = {leg["symbol"]: leg["contracts"] for leg in (*data["basket"]["legs"], *data["hedge"]["parts"])}
    orders = [line.split("\t") for line in ran.stdout.splitlines()]
    signed = {symbol: float(n) * (1 if side == "buy" else -1) for symbol, side, n in orders}
    assert signed == expected
    for broken in (f"{hedge} --target 9", "betacli solve --plan morning -O json"):
        ran = shell(desk, f"cd desk && {broken} 2>/dev/null | jq -r -f orders.jq")
        assert (ran.returncode, ran.stdout) == (5, "")


def test_the_script_that_uses_the_library(desk: Path) -> None:
    """Weights and short come out of a file of closes; a target out of reach is told with its interval."""
    returns, market = panel(200)
    closes = 100 * (1 + returns.assign(BTC=market)).cumprod()
    closes.to_csv(desk / "closes.csv")
    ran = shell(desk, f"cd desk && {sys.executable} hedge_closes.py closes.csv 1.2 100000")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.endswith("short 120,000.00 of BTC\n")
    ran = shell(desk, f"cd desk && {sys.executable} hedge_closes.py closes.csv 9 100000")
    assert ran.returncode == 1
    assert "no weights give `basket` a beta of 9.00" in ran.stderr


def test_the_example_plans_are_sound(cli: Cli) -> None:
    """`sectors check` finds nothing wrong with them."""
    text = (EXAMPLES / "plans.yaml").read_text()
    Path("plans.yaml").write_text(text)
    assert cli("hedge", "--config", "plans.yaml", "--plan", "defensive", "--exchange", "sample").code == 0


def test_every_example_is_tested() -> None:
    """A file that is added needs a test here."""
    source = Path(__file__).read_text()
    elsewhere = {
        "faulty.yaml",
        "positions.csv",
        "send_to_sandbox.py",
        "stand-ins.yaml",
    }  # in the README's commands, and with the tickets
    names = {path.name for path in EXAMPLES.iterdir() if path.is_file()} - elsewhere
    assert {name for name in names if name not in source} == set()
