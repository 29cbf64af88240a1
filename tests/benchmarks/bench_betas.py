"""How long betas take, against loops over statsmodels, pandas and a copy of the panel.

Run it with `pytest -s tests/benchmarks/bench_betas.py`.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import statsmodels.api as sm

from betacli.core.beta import Recipe, estimate
from betacli.core.rolling import rolling_beta

N_ASSETS, N_BARS = 500, 365
ROLLING_ASSETS, ROLLING_BARS, WINDOW = 300, 26_280, 720
OLS_RATIO, HAC_RATIO, COPY_RATIO, PANDAS_RATIO = 150.0, 40.0, 16.0, 4.0

PANEL = """
import sys
import numpy as np
returns, market = np.load(sys.argv[1]), np.load(sys.argv[2])
"""
OURS = f"""
from betacli.core.rolling import rolling_beta
rolling_beta(returns, market, {WINDOW})
"""
PANDAS = f"""
import pandas as pd
panel, index = pd.DataFrame(returns), pd.Series(market)
panel.rolling({WINDOW}).cov(index).div(index.rolling({WINDOW}).var(), axis=0)
"""


def best_of(n: int, call: Callable[[], object]) -> float:
    """Return the shortest of n runs in seconds."""
    taken = []
    for _ in range(n):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def simulated(n_bars: int, n_assets: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    market = rng.normal(0, 0.03, n_bars)
    betas = rng.uniform(0.3, 2.0, n_assets)
    return market[:, None] * betas + rng.normal(0, 0.03, (n_bars, n_assets)), market


def test_betas_are_faster_than_a_loop_over_statsmodels() -> None:
    """500 assets × 365 bars: OLS with standard errors and R² ≥ 150 ×, Newey-West ≥ 40 ×."""
    returns, market = simulated(N_BARS, N_ASSETS)

    def loop_ols() -> None:
        x = sm.add_constant(market)
        for i in range(N_ASSETS):
            fit = sm.OLS(returns[:, i], x).fit()
            _ = fit.params[1], fit.bse[1], fit.rsquared

    def loop_hac() -> None:
        x = sm.add_constant(market)
        for i in range(N_ASSETS):
            fit = sm.OLS(returns[:, i], x).fit(cov_type="HAC", cov_kwds={"maxlags": 5})
            _ = fit.params[1], fit.bse[1], fit.rsquared

    for name, errors, loop, ratio in (
        ("OLS", "equal-noise", loop_ols, OLS_RATIO),
        ("Newey-West", "hac", loop_hac, HAC_RATIO),
    ):
        recipe = Recipe(errors=errors)
        ours, theirs = best_of(50, lambda r=recipe: estimate(r, returns, market, 1.0)), best_of(5, loop)
        told = f"{name}: {ours * 1e3:.2f} ms, statsmodels {theirs * 1e3:.0f} ms: {theirs / ours:.0f} x faster"
        print(f"\n{told}")  # noqa: T201
        assert theirs >= ratio * ours


def test_rolling_betas_take_a_few_copies_of_the_panel() -> None:
    """300 assets × 26,280 hourly bars, window 720: ≤ 16 × `panel.copy()` in one process."""
    returns, market = simulated(ROLLING_BARS, ROLLING_ASSETS)
    holed = np.where(np.random.default_rng(1).random(returns.shape) < 0.05, np.nan, returns)
    copying = best_of(20, returns.copy)
    ours, with_gaps = (best_of(10, lambda r=r: rolling_beta(r, market, WINDOW)) for r in (returns, holed))
    print(  # noqa: T201
        f"\ncopy {copying * 1e3:.1f} ms, rolling {ours * 1e3:.0f} ms: {ours / copying:.1f} x; "
        f"with 5 % gaps {with_gaps * 1e3:.0f} ms: {with_gaps / copying:.1f} x"
    )
    assert ours <= COPY_RATIO * copying


def test_rolling_betas_are_faster_than_pandas_as_a_process(tmp_path: Path) -> None:
    """From starting Python and loading the panel from a file to the end: ≥ 4 × faster than rolling cov over var."""
    files = [str(tmp_path / name) for name in ("returns.npy", "market.npy")]
    for file, values in zip(files, simulated(ROLLING_BARS, ROLLING_ASSETS), strict=True):
        np.save(file, values)

    def process(code: str) -> float:
        return best_of(5, lambda: subprocess.run([sys.executable, "-c", PANEL + code, *files], check=True))

    loaded, ours, theirs = process(""), process(OURS), process(PANDAS)
    told = f"loading alone {loaded:.2f} s, rolling betas {ours:.2f} s, pandas {theirs:.2f} s: {theirs / ours:.1f} x faster"
    print(f"\n{told}")  # noqa: T201
    assert theirs >= PANDAS_RATIO * ours
