"""The same input gives the same bytes, wherever and however the process runs."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import CHECKOUT

MEMBERS = (
    "ETH",
    "{base: SOL, max_weight: 0.35}",
    "{base: ADA, supply: 35.4e9, supply_as_of: 2025-06-30}",
    "AVAX",
    "DOT",
    "TRX",
)
SURROUNDINGS = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONUTF8": "1"},
    {
        "PYTHONHASHSEED": "random",
        "TZ": "Pacific/Kiritimati",
        "LANG": "tr_TR.UTF-8",
        "OPENBLAS_NUM_THREADS": "2",
    },
)
COMMANDS = {
    "beta": ("beta", "--sector", "mine"),
    "solve": (
        "solve",
        "--sector",
        "mine",
        "--target",
        "1.4",
        "--weighting",
        "inverse-volatility",
        "--explain",
    ),
    "hedge": ("hedge", "--sector", "mine", "--target", "1.4", "--leverage", "5"),
    "checklist": ("checklist", "--sector", "mine", "--target", "1.4", "--leverage", "3"),
}


def run(folder: Path, members: tuple[str, ...], environ: dict[str, str], *argv: str) -> bytes:
    """Run a command in a folder whose sector file has the members in this order."""
    folder.mkdir()
    text = f"plans: {{b: {{target: 1}}, a: {{target: 2}}}}\nsectors:\n  mine: {{members: [{', '.join(members)}]}}\n"
    (folder / "sectors.yaml").write_text(text)
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(CHECKOUT)}
    ran = subprocess.run(
        [sys.executable, "-m", "betacli", *argv, "--exchange", "sample", "--as-of", "2026-10-28"],
        capture_output=True,
        cwd=folder,
        env=env | environ,
        check=False,
    )
    assert ran.returncode in {0, 10}, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("fmt", ["table", "json", "csv", "md"])
@pytest.mark.parametrize("command", COMMANDS)
def test_the_same_bytes_everywhere(command: str, fmt: str, tmp_path: Path) -> None:
    """Hash seeds, time zones, locales, threads, and the order in which the file names its assets change no byte."""
    orders = itertools.cycle([MEMBERS, MEMBERS[::-1], MEMBERS[3:] + MEMBERS[:3]])
    written = {
        run(tmp_path / str(k), order, environ, *COMMANDS[command], "-O", fmt)
        for k, (order, environ) in enumerate(zip(orders, SURROUNDINGS, strict=False))
    }
    assert len(written) == 1


def test_the_inputs_are_named_by_their_hashes(tmp_path: Path) -> None:
    """Another member, limit or moment is another hash of the configuration or of the data; the same is the same."""

    def inputs(name: str, members: tuple[str, ...], *more: str) -> tuple[str, str]:
        text = run(tmp_path / name, members, {}, *COMMANDS["solve"][:3], *more, "-O", "json")
        found = json.loads(text)["inputs"]
        return found["config_sha256"], found["data_fingerprint"]

    config, data = inputs("a", MEMBERS)
    assert inputs("b", MEMBERS[::-1]) == (config, data)
    other_limit = inputs("c", (MEMBERS[0], "{base: SOL, max_weight: 0.3}", *MEMBERS[2:]))
    assert (other_limit[0] != config, other_limit[1]) == (True, data)
    fewer = inputs("d", MEMBERS[:-1])
    assert fewer[0] != config
    assert fewer[1] != data
    shorter = inputs("e", MEMBERS, "--window", "60d")
    assert (shorter[0], shorter[1] != data) == (config, True)
