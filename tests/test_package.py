"""The package as it is installed: the wheel, the entry points, what is imported when."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conftest import CHECKOUT


def python(*argv: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    home = os.environ["HOME"]
    env = {"PATH": os.environ["PATH"], "HOME": home, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, *argv], capture_output=True, text=True, cwd=cwd, env=env, check=False
    )


def test_the_wheel_carries_the_sector_file(tmp_path: Path) -> None:
    """`betacli/sectors.yaml` in the wheel is the top-level file, byte for byte."""
    pytest.importorskip("hatchling")
    built = python(
        "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(CHECKOUT)
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("betacli/sectors.yaml") == (CHECKOUT / "sectors.yaml").read_bytes()
        assert "betacli/py.typed" in archive.namelist()
        assert not [name for name in archive.namelist() if name.startswith("tests")]


def test_it_runs_from_a_checkout() -> None:
    """`python -m betacli` answers the version and the main job."""
    assert python("-m", "betacli", "--version").stdout == "betacli 0.1.0\n"
    ran = python("-m", "betacli", "solve", "--sector", "l1", "--target", "1.4", "--exchange", "sample")
    assert ran.returncode == 0, ran.stderr
    assert "SIMULATED" in ran.stdout
    assert ran.stderr == ""


def test_the_same_moment_gives_the_same_bytes() -> None:
    """Whatever the hash seed and the time zone, `--as-of` gives identical output."""
    outputs = set()
    for seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo"), ("2", "America/New_York")):
        env = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONHASHSEED": seed,
            "TZ": zone,
        }
        argv = [
            sys.executable,
            "-m",
            "betacli",
            "hedge",
            "--sector",
            "l1",
            "--target",
            "1.4",
            "--exchange",
            "sample",
        ]
        ran = subprocess.run(
            [*argv, "--as-of", "2026-10-28", "-O", "json"],
            capture_output=True,
            env=env,
            cwd=CHECKOUT,
            check=True,
        )
        outputs.add(ran.stdout)
    assert len(outputs) == 1


def loaded(*argv: str) -> set[str]:
    """Return the top-level packages in memory after a command line."""
    code = f"import sys; from betacli.cli.process import run; run({list(argv)!r}); sys.stderr.write(' '.join(sys.modules))"
    return {name.split(".")[0] for name in python("-c", code).stderr.split()}


def test_heavy_libraries_are_imported_only_where_used() -> None:
    """Neither pandas nor ccxt for help, an error or the simulated market; no numpy for help."""
    assert not {"pandas", "ccxt", "numpy", "yaml"} & loaded("--help")
    assert not {"pandas", "ccxt"} & loaded("solve", "--sector", "nowhere", "--exchange", "sample")
    assert not {"pandas", "ccxt", "aiohttp"} & loaded("hedge", "--sector", "l1", "--exchange", "sample")
    assert "numpy" in loaded("hedge", "--sector", "l1", "--exchange", "sample")


def test_importing_the_package_imports_nothing_heavy() -> None:
    """`import betacli` alone loads neither numpy nor Typer."""
    ran = python("-c", "import sys, betacli; print(' '.join(sys.modules))")
    assert not {"numpy", "typer", "rich", "pandas", "ccxt"} & {
        name.split(".")[0] for name in ran.stdout.split()
    }


def test_a_closed_pipe_is_no_error() -> None:
    """`| head -1` gets its line and nobody complains."""
    command = (
        f"{sys.executable} -m betacli beta --sector l1 --exchange sample | head -1; echo ${{PIPESTATUS[0]}}"
    )
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(CHECKOUT)}
    ran = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=env, cwd=CHECKOUT, check=False
    )
    assert ran.stdout.splitlines() == ["Betas of l1 against BTC", "0"]
    assert ran.stderr == ""
