"""What `beta` tells beside the beta: sides, stability, the plain beta, and flags with their numbers."""

import datetime as dt
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from conftest import NOW_MS, Cli

N_DAYS = 91
SECTORS = "estimator: ols-90d\nsectors: {l1: {members: [ETH, SOL, AVAX, ADA]}}\n"


def market(
    change: Callable[[dict[str, np.ndarray], np.ndarray, np.random.Generator], None] | None = None,
) -> pd.DataFrame:
    """Returns of BTC and four coins that follow it and one another; `change` edits them in place."""
    rng = np.random.default_rng(5)
    btc, sector = rng.normal(0, 0.025, N_DAYS), rng.normal(0, 0.02, N_DAYS)
    returns = {
        b: k * btc + sector + rng.normal(0, 0.008, N_DAYS)
        for b, k in (("ETH", 1.1), ("SOL", 1.6), ("AVAX", 1.5), ("ADA", 1.2))
    }
    if change:
        change(returns, btc, rng)
    return pd.DataFrame({"BTC": btc, **returns})


def answer(
    cli: Cli, folder: Path, returns: pd.DataFrame, *argv: str, limits: str = ""
) -> dict[str, dict[str, object]]:
    (folder / "sectors.yaml").write_text(SECTORS + limits)
    closes = 100 * (1 + returns).cumprod()
    first = dt.datetime.fromtimestamp(NOW_MS / 1000, tz=dt.UTC).date() - dt.timedelta(days=N_DAYS)
    closes.insert(0, "date", [first + dt.timedelta(days=k) for k in range(N_DAYS)])
    closes.to_csv(folder / "c.csv", index=False)
    ran = cli("beta", "--sector", "l1", "--candles", "c.csv", *argv, "-O", "json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    rows = {asset["base"]: asset for asset in report["data"]["assets"]}
    rows["warnings"] = {w["id"]: w["detail"] for w in report["warnings"]}
    return rows


def test_the_sides_are_regressions_of_their_own(cli: Cli, tmp_path: Path) -> None:
    """Downside and upside beta are OLS with an intercept on the bars where BTC fell or rose, as in statsmodels."""
    returns = market()
    rows = answer(cli, tmp_path, returns)
    used = returns.iloc[1:]
    for side, count, seen in (
        ("downside_beta", "n_down", used["BTC"] < 0),
        ("upside_beta", "n_up", used["BTC"] > 0),
    ):
        for base in ("ETH", "SOL"):
            fit = sm.OLS(used[base][seen], sm.add_constant(used["BTC"][seen])).fit()
            assert rows[base][side] == pytest.approx(fit.params["BTC"], rel=1e-9)
            assert rows[base][count] == int(seen.sum())


def test_stability_is_the_range_over_thirds(cli: Cli, tmp_path: Path) -> None:
    """The lowest and highest OLS beta over 30 of 90 bars, at each of the 61 places along the window."""
    returns = market()
    rows = answer(cli, tmp_path, returns)
    used = returns.iloc[1:].to_numpy()
    betas = [np.polyfit(used[s : s + 30, 0], used[s : s + 30, 2], 1)[0] for s in range(61)]
    assert rows["SOL"]["stability_low"] == pytest.approx(min(betas), rel=1e-9)
    assert rows["SOL"]["stability_high"] == pytest.approx(max(betas), rel=1e-9)


def test_the_plain_beta_stands_beside_any_other(cli: Cli, tmp_path: Path) -> None:
    """Whatever the recipe, `plain_beta` is that of `ols-90d`."""
    plain = answer(cli, tmp_path, market())
    aged = answer(cli, tmp_path, market(), "--half-life", "20d")
    for base in ("ETH", "SOL", "AVAX", "ADA"):
        assert plain[base]["plain_beta"] == plain[base]["beta"]
        assert aged[base]["plain_beta"] == plain[base]["beta"]
        assert aged[base]["beta"] != plain[base]["beta"]


def test_good_data_raises_no_flag(cli: Cli, tmp_path: Path) -> None:
    """Four coins that follow BTC and one another are not warned about."""
    rows = answer(cli, tmp_path, market())
    assert rows.pop("warnings") == {}
    assert all(row["flags"] == [] for row in rows.values())


def test_a_coin_that_leaves_btc_is_flagged_with_its_numbers(cli: Cli, tmp_path: Path) -> None:
    """SOL goes its own way for the last 14 days: its correlation drops, and the sentence says from what to what."""

    def leaves(returns: dict[str, np.ndarray], _: np.ndarray, rng: np.random.Generator) -> None:
        returns["SOL"][-14:] = rng.normal(0, 0.03, 14)

    rows = answer(cli, tmp_path, market(leaves))
    assert "correlation-drop" in rows["SOL"]["flags"]
    assert f"{rows['SOL']['correlation_14d']:.2f}" in rows["warnings"]["correlation-drop"]
    assert rows["ETH"]["flags"] == []


def test_a_coin_that_leaves_its_sector_is_flagged(cli: Cli, tmp_path: Path) -> None:
    """ADA keeps its beta and loses its peers: decoupled, though its correlation with BTC may hold."""

    def leaves(returns: dict[str, np.ndarray], btc: np.ndarray, rng: np.random.Generator) -> None:
        returns["ADA"][-14:] = 1.2 * btc[-14:] + rng.normal(0, 0.02, 14)

    rows = answer(cli, tmp_path, market(leaves))
    assert "decoupled" in rows["ADA"]["flags"]
    assert "ADA" in rows["warnings"]["decoupled"]


def test_low_r_squared_has_a_settable_threshold(cli: Cli, tmp_path: Path) -> None:
    """R² of some 0.6 passes 0.30 and fails 0.95."""
    rows = answer(cli, tmp_path, market(), limits="checklist: {low_r_squared: 0.95}\n")
    assert all("low-r-squared" in row["flags"] for base, row in rows.items() if base != "warnings")


def test_betas_by_hand_have_flags_and_nothing_measured(cli: Cli) -> None:
    """Without data every side, range and correlation is unknown, not zero."""
    ran = cli("beta", "--sector", "l1", "--only", "ETH", "--beta", "ETH=1.25", "-O", "json")
    (row,) = json.loads(ran.out)["data"]["assets"]
    assert row["flags"] == ["by-hand"]
    unknown = set(row) - {"base", "beta", "overridden", "flags"}
    assert all(row[name] is None for name in unknown)


# --- the path and the comparison ----------------------------------------------------------------------------------

SAMPLE = ("--sector", "l1", "--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z", "-O", "json")


@pytest.mark.parametrize("preset", ["ols-90d", "welch-vasicek-4h", "kalman-180d"])
def test_the_path_ends_at_the_beta_of_the_answer(cli: Cli, preset: str) -> None:
    """The last of the rolling betas is what `beta` says, with its interval; the points lie a day apart."""
    now = json.loads(cli("beta", *SAMPLE, "--estimator", preset).out)["data"]["assets"]
    ran = cli("beta", *SAMPLE, "--estimator", preset, "--rolling")
    points = json.loads(ran.out)["data"]["points"]
    for asset in now:
        path = [point for point in points if point["base"] == asset["base"]]
        for name in ("beta", "ci_low", "ci_high"):
            assert path[-1][name] == pytest.approx(asset[name], rel=1e-9)
        times = [dt.datetime.fromisoformat(point["as_of"]) for point in path]
        assert {b - a for a, b in itertools.pairwise(times)} == {dt.timedelta(days=1)}
        assert len(path) >= 90


def test_the_path_is_least_squares_on_each_window(cli: Cli, tmp_path: Path) -> None:
    """Of 181 bars, `ols-90d` makes a path of 91 windows of 90 returns each, as numpy fits them."""
    rng = np.random.default_rng(6)
    btc = rng.normal(0, 0.03, 181)
    returns = pd.DataFrame({"BTC": btc, "ETH": 1.2 * btc + rng.normal(0, 0.02, 181)})
    closes = 100 * (1 + returns).cumprod()
    first = dt.datetime.fromtimestamp(NOW_MS / 1000, tz=dt.UTC).date() - dt.timedelta(days=181)
    closes.insert(0, "date", [first + dt.timedelta(days=k) for k in range(181)])
    closes.to_csv(tmp_path / "c.csv", index=False)
    (tmp_path / "sectors.yaml").write_text("estimator: ols-90d\nsectors: {l1: {members: [ETH]}}\n")
    ran = cli("beta", "--sector", "l1", "--candles", "c.csv", "--rolling", "-O", "json")
    path = [point["beta"] for point in json.loads(ran.out)["data"]["points"]]
    used = returns.iloc[1:].to_numpy()
    expected = [np.polyfit(used[s : s + 90, 0], used[s : s + 90, 1], 1)[0] for s in range(91)]
    assert path == pytest.approx(expected, rel=1e-9)


def test_a_short_history_has_a_path_of_one_point(cli: Cli, tmp_path: Path) -> None:
    """91 bars hold one window of 90 returns: one point, and a notice."""
    (tmp_path / "sectors.yaml").write_text(SECTORS)
    answer(cli, tmp_path, market())
    ran = cli("beta", "--sector", "l1", "--candles", "c.csv", "--rolling", "-O", "json")
    report = json.loads(ran.out)
    assert len(report["data"]["points"]) == 4
    assert "one-point" in {w["id"] for w in report["warnings"]}


def test_the_comparison_says_what_each_preset_is_worth(cli: Cli) -> None:
    """Every preset has its facts; one whose interval misses the truth has none, and null betas have a reason."""
    data = json.loads(cli("beta", *SAMPLE, "--compare").out)["data"]
    facts = {entry["preset"]: entry for entry in data["presets"]}
    assert [name for name, entry in facts.items() if entry["default"]] == ["welch-vasicek-4h"]
    assert facts["blume-90d"]["interval"] is False
    assert facts["blume-90d"]["coverage"] < 0.93
    for entry in data["betas"]:
        assert (entry["beta"] is None) == (entry["reason"] is not None)
        if entry["beta"] is not None:
            assert (entry["ci_low"] is None) == (not facts[entry["preset"]]["interval"])


def test_a_preset_without_an_interval_says_why(cli: Cli) -> None:
    """Blume's pull to 1 has no interval that holds the truth: null, with the measured share."""
    report = json.loads(cli("beta", *SAMPLE, "--estimator", "blume-90d").out)
    said = {w["id"]: w["detail"] for w in report["warnings"]}
    assert "63.8 %" in said["no-interval"]
    assert report["inputs"]["estimator"]["interval"] is None
    for asset in report["data"]["assets"]:
        assert asset["beta"] is not None
        assert (asset["std_error"], asset["ci_low"], asset["ci_high"]) == (None, None, None)
