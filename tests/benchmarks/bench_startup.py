"""How long commands take, against `python -c pass`: run it alone on a quiet machine.

    python tests/benchmarks/bench_startup.py [RUNS]

Every command runs RUNS times (20), each time beside an empty interpreter, so that both see the same weather. Prints the
median of each and of the ratio, and the peak memory; a figure over its limit is marked, and the exit code is then 1.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]

from fake_exchange.market import FakeMarket, bars  # noqa: E402
from fake_exchange.server import FakeExchange  # noqa: E402

BAR_MS = 4 * 3_600_000
N_ASSETS, N_DAYS = 20, 400
SOLVE = ("solve", "--sector", "l1", "--target", "1.4", "--offline")
LIMITS = {
    "--version": (("--version",), {}, 2.0),
    "--help": (("--help",), {}, 16.0),
    "solve --help": (("solve", "--help"), {}, 16.0),
    "completion, bash": (
        (),
        {"_BETACLI_COMPLETE": "complete_bash", "COMP_WORDS": "betacli solve --sector ", "COMP_CWORD": "3"},
        16.0,
    ),
    "completion, zsh": (
        (),
        {"_BETACLI_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "betacli solve --sector "},
        16.0,
    ),
    "solve, 20 assets, warm": (SOLVE, {}, 25.0),
    "solve, 20 assets, warm, ols-90d": ((*SOLVE, "--estimator", "ols-90d"), {}, 25.0),
}
PEAK_MB = 60.0
PEAK = (  # the high-water mark of this program alone: `ru_maxrss` also counts the parent's, from before `exec`
    "import re, sys; from betacli.cli.process import run; code = run(sys.argv[1:]); "
    "peak = re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1]; "
    "sys.stderr.write(f'{int(peak) / 1024:.1f} {code}')"
)


def filled(folder: Path) -> None:
    """Write a sector file of 20 assets into `folder`, and fetch their bars into a store in `folder/cache`."""
    now_ms = time.time_ns() // 1_000_000
    n = N_DAYS * 6
    first_ms = now_ms // BAR_MS * BAR_MS - n * BAR_MS
    rng = np.random.default_rng(1)
    market = rng.normal(0, 0.01, n)
    names = [f"C{k:02}" for k in range(N_ASSETS)]
    served = {"BTCUSDT": bars(first_ms, 50_000 * np.cumprod(1 + market), BAR_MS)}
    for k, name in enumerate(names):
        returns = market * (0.8 + 0.06 * k) + rng.normal(0, 0.01, n)
        served[f"{name}USDT"] = bars(first_ms, 100 * np.cumprod(1 + returns), BAR_MS)
    with FakeExchange(FakeMarket(now_ms, bars=served)) as exchange:
        file = f"sectors: {{l1: {{members: [{', '.join(names)}]}}}}\n"
        (folder / "sectors.yaml").write_text(f"{file}exchange_options: {json.dumps(exchange.options)}\n")
        for more in ((), ("--estimator", "ols-90d")):
            ran = python(folder, {}, "-m", "betacli", "data", "fetch", "--sector", "l1", *more)
            assert ran.returncode == 0, ran.stderr


def python(folder: Path, environ: dict[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder`, whose store is in `cache`, with byte code kept as an installation keeps it."""
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env |= {"PYTHONPATH": str(CHECKOUT), "BETACLI_CACHE_DIR": str(folder / "cache"), **environ}
    return subprocess.run(
        [sys.executable, *argv], capture_output=True, text=True, cwd=folder, env=env, check=False
    )


def taken(folder: Path, environ: dict[str, str], *argv: str) -> tuple[float, float]:
    """Return the seconds and the processor's seconds of one run."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ran = python(folder, environ, *argv)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ran.returncode == 0, ran.stderr
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(runs: int = 20) -> int:
    over = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled(folder)
        say(f"{'':<34}{'ms':>8}{'x':>8}{'cpu x':>8}{'limit':>8}")
        for title, (argv, environ, limit) in LIMITS.items():
            pairs = [
                (taken(folder, environ, "-m", "betacli", *argv), taken(folder, {}, "-c", "pass"))
                for _ in range(runs)
            ]
            ratio = median(ours[0] for ours, _ in pairs) / median(empty[0] for _, empty in pairs)
            cpu = median(ours[1] for ours, _ in pairs) / median(empty[1] for _, empty in pairs)
            over |= ratio > limit
            mark = "  over" if ratio > limit else ""
            ms = median(ours[0] for ours, _ in pairs) * 1e3
            say(f"{title:<34}{ms:>8.0f}{ratio:>8.1f}{cpu:>8.1f}{limit:>8.0f}{mark}")
        peak, code = python(folder, {"OPENBLAS_NUM_THREADS": "1"}, "-c", PEAK, *SOLVE).stderr.split()[-2:]
        assert code == "0"
        over |= float(peak) > PEAK_MB
        say(f"peak memory of a warm solve: {peak} MB, at most {PEAK_MB:.0f} MB")
    return int(over)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
