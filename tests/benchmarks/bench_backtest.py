"""How long `backtest betas` takes, against loading the same file with pandas.

Run it with `pytest -s tests/benchmarks/bench_backtest.py`.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from betacli.core.model import Member, Sector, Universe
from betacli.data.files import FileMarket
from betacli.plan.backtest import BacktestRequest, plan_backtest
from betacli.plan.benchmark import parse_benchmark
from betacli.plan.request import Run
from betacli.plan.stopwatch import Stopwatch
from conftest import NOW_MS

N_ASSETS = 40
N_BARS = 3 * 365 * 6
RATIO = 40.0
COINS = [f"A{i:02d}" for i in range(N_ASSETS - 1)]


def candle_file(folder: Path) -> Path:
    """Write three years of 4 h closes of 40 assets, wide and compressed."""
    rng = np.random.default_rng(0)
    market = rng.normal(0, 0.01, N_BARS)
    betas = rng.uniform(0.6, 1.8, N_ASSETS - 1)
    returns = market[:, None] * betas + rng.normal(0, 0.01, (N_BARS, N_ASSETS - 1))
    closes = 100 * np.cumprod(1 + np.column_stack([market, returns]), axis=0)
    times = pd.date_range("2021-01-01", periods=N_BARS, freq="4h", name="open_time")
    path = folder / "closes.csv.gz"
    pd.DataFrame(closes.round(6), columns=["BTC", *COINS], index=times).to_csv(path)
    return path


def best_of(n: int, call: Callable[[], object]) -> float:
    """Return the shortest of n runs in seconds."""
    taken = []
    for _ in range(n):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def test_all_presets_take_at_most_forty_times_the_loading(tmp_path: Path) -> None:
    """Walking 40 assets over three years of 4 h bars with every preset takes ≤ 40 × `pandas.read_csv` of the file."""
    path = candle_file(tmp_path)
    sector = Sector(name="all", title="All", members=tuple(Member(base=base) for base in COINS))
    universe = Universe(
        benchmark=parse_benchmark("BTC"),
        exchange="binanceusdm",
        quote="USDT",
        notional=1e5,
        estimator="ols-90d",
        max_weight=0.4,
        sectors=(sector,),
    )
    request = BacktestRequest(
        run=Run(tool={}, now_ms=NOW_MS, generated_at=None), benchmark=universe.benchmark, sector="all"
    )
    watches: list[Stopwatch] = []

    def walk() -> None:
        watches.append(Stopwatch(time.perf_counter))
        plan_backtest(request, universe, FileMarket(path, now_ms=NOW_MS), watch=watches[-1])

    loading = best_of(5, lambda: pd.read_csv(path, index_col=0, parse_dates=True))
    walking = best_of(3, walk)
    print(f"\nloading {loading * 1e3:.0f} ms, walking {walking * 1e3:.0f} ms: {walking / loading:.1f} x")  # noqa: T201
    for step in watches[-1].steps:
        print(f"  {step.step:32s} {step.seconds * 1e3:8.1f} ms {step.share:6.1%}")  # noqa: T201
    assert walking <= RATIO * loading
