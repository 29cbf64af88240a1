"""Every preset can run on its own window, and the gates of the others stay what they were."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from betacli import names
from betacli.data.gates import GATES, thresholds_for
from conftest import Cli

NOW = datetime(2026, 10, 28, tzinfo=UTC)


def candles(folder: Path, young: int) -> None:
    """Write 400 daily closes of BTC and ETH, and only the last `young` of SOL."""
    rng = np.random.default_rng(7)
    market = rng.normal(0, 0.03, 400)
    closes = {
        "BTC": market,
        "ETH": 1.2 * market + rng.normal(0, 0.02, 400),
        "SOL": 1.5 * market + rng.normal(0, 0.03, 400),
    }
    rows = ["date,BTC,ETH,SOL"]
    paths = {name: 100 * np.exp(np.cumsum(moves)) for name, moves in closes.items()}
    for k in range(400):
        day = NOW - timedelta(days=400 - k)
        sol = f"{paths['SOL'][k]:.6f}" if k >= 400 - young else ""
        rows.append(f"{day:%Y-%m-%d},{paths['BTC'][k]:.6f},{paths['ETH'][k]:.6f},{sol}")
    (folder / "closes.csv").write_text("\n".join(rows) + "\n")


ARGV = ("--sector", "l1", "--only", "ETH,SOL", "--candles", "closes.csv", "--as-of", "2026-10-28T00:00:00Z")


@pytest.mark.parametrize("preset", names.PRESETS)
def test_every_preset_answers_on_the_simulated_market(preset: str, cli: Cli) -> None:
    """A preset that no data could satisfy would be no choice."""
    ran = cli("beta", "--sector", "l1", "--exchange", "sample", "--estimator", preset)
    assert ran.code == 0, ran.err


def test_a_window_of_thirty_days_asks_for_what_it_holds() -> None:
    """31 closes at 95 % are 29; a window of 91 or 541 still asks for 60; what a sector file asks for stands."""
    assert thresholds_for({}, 31)["min_common_bars"] == 29
    assert thresholds_for({}, 91)["min_common_bars"] == GATES["min_common_bars"] == 60
    assert thresholds_for({}, 541) == GATES
    assert thresholds_for({"min_common_bars": 60}, 31)["min_common_bars"] == 60


def test_too_few_bars_in_a_longer_window_are_still_refused(cli: Cli, tmp_path: Path) -> None:
    """40 bars are enough for `ols-30d`, which looks at 31, and too few for `ols-90d`, which looks at 91."""
    candles(tmp_path, young=40)
    assert cli("beta", *ARGV, "--estimator", "ols-30d").code == 0
    ran = cli("beta", *ARGV, "--estimator", "ols-90d")
    assert ran.code == 3
    assert (
        "`SOL` shares 40 bars with the benchmark; at least 60 is accepted (gate `min_common_bars`)" in ran.err
    )
    candles(tmp_path, young=20)
    assert cli("beta", *ARGV, "--estimator", "ols-30d").code == 3


def test_the_comparison_shows_the_short_preset(cli: Cli, tmp_path: Path) -> None:
    """`--compare` has a beta of `ols-30d` beside the others."""
    candles(tmp_path, young=400)
    ran = cli("beta", *ARGV, "--estimator", "ols-90d", "--compare", "-O", "json")
    assert ran.code == 0, ran.err
    found = {row["base"]: row for row in json.loads(ran.out)["data"]["betas"] if row["preset"] == "ols-30d"}
    assert found.keys() == {"ETH", "SOL"}
    assert all(row["beta"] is not None and row["n_obs"] == 30 for row in found.values())
