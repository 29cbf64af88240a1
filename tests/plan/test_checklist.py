"""Every step of the checklist passes on good data, and fails when only the market data or the limits change."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import NOW_MS, Cli

SAMPLE = ("--sector", "l1", "--target", "1.4", "--leverage", "3", "--exchange", "sample")
SECTORS = "estimator: ols-90d\nsectors: {l1: {members: [ETH, SOL, AVAX, ADA]}}\nmax_weight: 0.6\n"
N_DAYS = 91
LOADS = {"ETH": 1.1, "SOL": 1.6, "AVAX": 1.5, "ADA": 1.2}


def steps(cli: Cli, *argv: str) -> tuple[int, dict[str, dict[str, object]]]:
    ran = cli("checklist", *argv, "-O", "json")
    assert ran.code in {0, 10}, ran.err
    report = json.loads(ran.out)["data"]
    assert (ran.code == 10) == (report["verdict"] == "fail")
    return ran.code, {step["id"]: step for step in report["steps"]}


def test_the_simulated_market_passes_all_eight_steps(cli: Cli) -> None:
    """With an account, nothing fails and nothing is left to be judged by hand."""
    code, found = steps(cli, *SAMPLE)
    assert code == 0
    assert [step["number"] for step in found.values()] == list(range(1, 9))
    assert {step["status"] for step in found.values()} == {"pass"}


def test_without_an_account_only_its_step_is_manual(cli: Cli) -> None:
    """At most two steps are `manual` on the simulated market: here the size, which needs equity."""
    _, found = steps(cli, "--sector", "l1", "--target", "1.4", "--exchange", "sample")
    assert [name for name, step in found.items() if step["status"] == "manual"] == ["size"]


@pytest.mark.parametrize(
    ("step", "limits"),
    [
        ("benchmark", "sector_r_squared_fail: 0.99, sector_r_squared_warn: 0.999"),
        ("sector", "min_members: 11"),
        ("liquidity", "participation_fail: 1.0e-9, participation_warn: 1.0e-10"),
        ("betas", "beta_half_width_fail: 0.01, beta_half_width_warn: 0.005"),
        ("size", "account_leverage_fail: 2, account_leverage_warn: 1"),
        ("hedge", "hedge_residue_fail: 1.0e-12, hedge_residue_warn: 1.0e-13"),
        ("monitoring", "drift_band: 1.0e-6"),
    ],
)
def test_a_tighter_limit_fails_its_step_alone(cli: Cli, tmp_path: Path, step: str, limits: str) -> None:
    """The same market under another threshold of the sector file: that step fails, the others still pass."""
    (tmp_path / "sectors.yaml").write_text(f"checklist: {{{limits}}}\n")
    code, found = steps(cli, *SAMPLE)
    assert code == 10
    assert [name for name, entry in found.items() if entry["status"] != "pass"] == [step]


def test_a_tighter_bound_fails_the_strategy(cli: Cli) -> None:
    """With weights of at most 0.11 a beta of 1.60 is out of reach, and the interval is told."""
    argv = ("--sector", "l1", "--target", "1.6", "--leverage", "3", "--exchange", "sample")
    assert steps(cli, *argv)[1]["strategy"]["status"] == "pass"
    _, found = steps(cli, *argv, "--max-weight", "0.11")
    assert found["strategy"]["status"] == "fail"
    assert "can be reached" in str(found["strategy"]["summary"])


# --- market data alone ------------------------------------------------------------------------------------------


def market(change: Callable[[dict[str, np.ndarray], np.ndarray], None] | None = None) -> str:
    """A candle file of 91 days in which four coins follow BTC closely; `change` edits the returns in place."""
    rng = np.random.default_rng(3)
    btc = rng.normal(0, 0.025, N_DAYS)
    returns = {base: load * btc + rng.normal(0, 0.008, N_DAYS) for base, load in LOADS.items()}
    if change:
        change(returns, btc)
    rows = ["date,symbol,close,quote_volume"]
    first = dt.datetime.fromtimestamp(NOW_MS / 1000, tz=dt.UTC).date() - dt.timedelta(days=N_DAYS)
    for base, series in {"BTC": btc, **returns}.items():
        closes = 100 * np.cumprod(1 + series)
        rows += [
            f"{first + dt.timedelta(days=day)},{base},{close!r},1e9"
            for day, close in enumerate(closes.tolist())
            if np.isfinite(close)
        ]
    return "\n".join(rows) + "\n"


def unrelated(returns: dict[str, np.ndarray], _: np.ndarray) -> None:
    for k, base in enumerate(returns):
        returns[base] = np.random.default_rng(100 + k).normal(0, 0.03, N_DAYS)


def noisy(returns: dict[str, np.ndarray], _: np.ndarray) -> None:
    returns["SOL"] = returns["SOL"] + np.random.default_rng(50).normal(0, 0.15, N_DAYS).clip(-0.25, 0.25)


def turning(returns: dict[str, np.ndarray], btc: np.ndarray) -> None:
    for series in returns.values():
        series[:45] -= 0.9 * btc[:45]


def stopped(returns: dict[str, np.ndarray], _: np.ndarray) -> None:
    returns["ADA"][40:] = np.nan


@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("benchmark", unrelated),
        ("sector", stopped),
        ("betas", noisy),
        ("hedge", unrelated),
        ("monitoring", turning),
    ],
)
def test_market_data_alone_fails_a_step(
    cli: Cli, tmp_path: Path, step: str, change: Callable[[dict[str, np.ndarray], np.ndarray], None]
) -> None:
    """The same command on the same file but for the prices: from pass to fail (files know no rounded hedge: manual)."""
    (tmp_path / "sectors.yaml").write_text(SECTORS)
    argv = ("--sector", "l1", "--candles", "c.csv")
    (tmp_path / "c.csv").write_text(market())
    assert steps(cli, *argv)[1][step]["status"] in {"pass", "manual"}
    (tmp_path / "c.csv").write_text(market(change))
    code, found = steps(cli, *argv)
    assert (code, found[step]["status"]) == (10, "fail")


def test_thin_volume_alone_fails_liquidity(cli: Cli, tmp_path: Path) -> None:
    """A leg of 25,000 in a coin that trades 100,000 a day is a quarter of it."""
    (tmp_path / "sectors.yaml").write_text(SECTORS)
    (tmp_path / "c.csv").write_text(market().replace(",1e9", ",1e5"))
    _, found = steps(cli, "--sector", "l1", "--candles", "c.csv")
    assert found["liquidity"]["status"] == "fail"


def test_a_rising_benchmark_alone_fails_the_strategy(cli: Cli, tmp_path: Path) -> None:
    """A target of 1.4 is within reach until the coins' betas fall."""
    (tmp_path / "sectors.yaml").write_text(SECTORS)

    def tamer(returns: dict[str, np.ndarray], btc: np.ndarray) -> None:
        for base in returns:
            returns[base] -= 0.5 * btc

    argv = ("--sector", "l1", "--target", "1.4", "--candles", "c.csv")
    (tmp_path / "c.csv").write_text(market())
    assert steps(cli, *argv)[1]["strategy"]["status"] == "pass"
    (tmp_path / "c.csv").write_text(market(tamer))
    assert steps(cli, *argv)[1]["strategy"]["status"] == "fail"


def test_a_crash_in_the_window_alone_fails_the_size(cli: Cli, tmp_path: Path) -> None:
    """An unhedged 10x book that survives calm days is liquidated by a day like the worst of a wilder window."""
    (tmp_path / "sectors.yaml").write_text(SECTORS + "maintenance_margin: 0.02\n")
    argv = ("--sector", "l1", "--leverage", "5", "--hedge-to", "1.35", "--candles", "c.csv")
    (tmp_path / "c.csv").write_text(market())
    assert steps(cli, *argv)[1]["size"]["status"] == "pass"

    def crash(returns: dict[str, np.ndarray], btc: np.ndarray) -> None:
        btc[45] = -0.24
        for base, load in LOADS.items():
            returns[base][45] = load * btc[45]

    (tmp_path / "c.csv").write_text(market(crash))
    assert steps(cli, *argv)[1]["size"]["status"] == "fail"


def test_a_failed_benchmark_is_refused_and_not_a_failed_step(cli: Cli, tmp_path: Path) -> None:
    """Exit 3, not 10: nothing rests on a benchmark that cannot be trusted."""
    (tmp_path / "sectors.yaml").write_text(SECTORS)
    lines = [line for line in market().splitlines() if ",BTC," not in line]
    (tmp_path / "c.csv").write_text("\n".join(lines) + "\n")
    ran = cli("checklist", "--sector", "l1", "--candles", "c.csv", "-O", "json")
    assert (ran.code, json.loads(ran.out)["error"]["kind"]) == (3, "gate_failed")


def test_a_small_account_fails_the_size_and_is_told_what_it_needs(cli: Cli) -> None:
    """A basket too small for any contract fails step 6; the plan itself is still judged."""
    code, found = steps(cli, "--sector", "l1", "--target", "1.4", "--notional", "3", "--exchange", "sample")
    assert code == 10
    assert found["size"]["status"] == "fail"
    assert found["strategy"]["status"] == "pass"
