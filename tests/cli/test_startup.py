"""What each path of the tool imports, and how much memory an answer from the store takes."""

from pathlib import Path

import pytest

from benchmarks.bench_startup import PEAK, PEAK_MB, SOLVE, filled, python

MODULES = (
    "import sys; from betacli.__main__ import main\n"
    "sys.argv = ['betacli', *sys.argv[1:]]\n"
    "try:\n    main()\n"
    "except SystemExit as error:\n    code = error.code\n"
    "else:\n    code = 0\n"
    "sys.stderr.write(f'{code} ' + ' '.join(sys.modules))"
)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 20 assets in its store; the exchange they came from is gone."""
    folder = tmp_path_factory.mktemp("warm")
    filled(folder)
    return folder


def modules(folder: Path, *argv: str) -> set[str]:
    """Return the modules in memory after a command that answered."""
    code, *names = python(folder, {}, "-c", MODULES, *argv).stderr.split()
    assert code == "0"
    return set(names)


def packages(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def test_the_version_imports_nothing(tmp_path: Path) -> None:
    """Not even Typer."""
    found = packages(modules(tmp_path, "--version"))
    assert not {"typer", "rich", "numpy", "dataclasses"} & found


@pytest.mark.parametrize("argv", [("--help",), ("hedge", "--help"), ("help", "exit-codes")])
def test_help_imports_neither_arithmetic_nor_rich(argv: tuple[str, ...], tmp_path: Path) -> None:
    """Typer alone."""
    found = packages(modules(tmp_path, *argv))
    assert "typer" in found
    assert not {"numpy", "pandas", "ccxt", "rich", "yaml", "msgspec", "sqlite3"} & found


def test_a_warm_solve_imports_no_exchange_and_no_tables(warm: Path) -> None:
    """Neither ccxt, pandas and Rich, nor what numpy loads for masked arrays."""
    found = modules(warm, *SOLVE)
    assert {"numpy", "sqlite3", "daqp"} <= packages(found)
    assert not {"pandas", "ccxt", "aiohttp", "requests", "rich", "asyncio"} & packages(found)
    assert "numpy.ma" not in found


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell the peak memory")
def test_a_warm_solve_takes_little_memory(warm: Path) -> None:
    """At most 60 MB at its peak."""
    told = python(warm, {"OPENBLAS_NUM_THREADS": "1"}, "-c", PEAK, *SOLVE).stderr.split()[-2:]
    assert told[1] == "0"
    assert float(told[0]) <= PEAK_MB
