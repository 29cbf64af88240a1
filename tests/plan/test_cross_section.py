"""What betas are shrunk toward, and what happens where the preset's window is longer than the history."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest

from conftest import NOW_MS, Cli

LOADS = {"ETH": 1.1, "SOL": 1.6, "AVAX": 1.5, "ADA": 1.2, "DOT": 0.9, "UNI": 1.8, "AAVE": 1.7}


def write(folder: Path, sectors: str, n_days: int = 200) -> None:
    """Write a sector file and daily closes of seven coins that follow BTC."""
    (folder / "sectors.yaml").write_text(sectors)
    rng = np.random.default_rng(8)
    btc = rng.normal(0, 0.03, n_days)
    series = {"BTC": btc} | {base: k * btc + rng.normal(0, 0.03, n_days) for base, k in LOADS.items()}
    first = dt.datetime.fromtimestamp(NOW_MS / 1000, tz=dt.UTC).date() - dt.timedelta(days=n_days)
    rows = ["date,symbol,close"]
    for base, moves in series.items():
        closes = (100 * np.cumprod(1 + moves)).tolist()
        rows += [f"{first + dt.timedelta(days=day)},{base},{close!r}" for day, close in enumerate(closes)]
    (folder / "c.csv").write_text("\n".join(rows) + "\n")


def told(cli: Cli, *argv: str) -> tuple[dict[str, dict[str, object]], dict[str, str], dict[str, object]]:
    ran = cli("beta", "--candles", "c.csv", *argv, "-O", "json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    betas = {asset["base"]: asset for asset in report["data"]["assets"]}
    return betas, {w["id"]: w["detail"] for w in report["warnings"]}, report["inputs"]["estimator"]


TWO_SECTORS = "sectors: {l1: {members: [ETH, SOL, AVAX, ADA, DOT]}, defi: {members: [UNI, AAVE]}}\n"


def test_a_beta_does_not_depend_on_who_else_was_asked_for(cli: Cli, tmp_path: Path) -> None:
    """`--only` chooses what is shown: the sector that betas are shrunk toward stays the same."""
    write(tmp_path, TWO_SECTORS)
    every, *_ = told(cli, "--sector", "l1")
    two, *_ = told(cli, "--sector", "l1", "--only", "ETH,SOL")
    assert set(two) == {"ETH", "SOL"}
    for base, asset in two.items():
        for name in ("beta", "std_error", "ci_low", "ci_high"):
            assert asset[name] == pytest.approx(every[base][name], rel=1e-12)


def test_a_beta_is_the_same_in_a_basket_of_several_sectors(cli: Cli, tmp_path: Path) -> None:
    """Each sector is its own cross-section, also where two make one basket."""
    write(tmp_path, TWO_SECTORS)
    both, *_ = told(cli, "--sector", "l1", "--sector", "defi")
    apart = told(cli, "--sector", "l1")[0] | told(cli, "--sector", "defi")[0]
    assert set(both) == set(apart)
    for base, asset in both.items():
        assert asset["beta"] == pytest.approx(apart[base]["beta"], rel=1e-12)


def test_a_small_sector_is_shrunk_toward_the_universe(cli: Cli, tmp_path: Path) -> None:
    """Two members are too few: the mean is that of all seven assets, by hand, and a notice says so."""
    write(tmp_path, TWO_SECTORS)
    shrunk, said, estimator = told(cli, "--sector", "defi", "--estimator", "vasicek-90d")
    assert "2 members" in said["shrunk-to-universe"]
    assert "universe's 7" in said["shrunk-to-universe"]
    assert estimator["shrink"] == "vasicek"
    raw = {}
    for sector in ("l1", "defi"):
        raw |= told(cli, "--sector", sector, "--estimator", "ols-90d")[0]
    betas = np.array([asset["beta"] for asset in raw.values()], dtype=float)
    noise = np.array([asset["std_error"] for asset in raw.values()], dtype=float) ** 2
    spread = max(0.0, betas.var(ddof=1) - noise.mean())
    for base, asset in shrunk.items():
        own, se2 = float(raw[base]["beta"]), float(raw[base]["std_error"]) ** 2  # type: ignore[arg-type]
        kappa = spread / (spread + se2)
        assert asset["beta"] == pytest.approx(kappa * own + (1 - kappa) * betas.mean(), rel=1e-9)


def test_too_few_assets_are_not_shrunk(cli: Cli, tmp_path: Path) -> None:
    """With two assets in the whole file there is nothing to learn from: the betas are those without shrinking."""
    write(tmp_path, "sectors: {l1: {members: [ETH, SOL]}}\n")
    betas, said, estimator = told(cli, "--sector", "l1", "--estimator", "vasicek-90d")
    plain, *_ = told(cli, "--sector", "l1", "--estimator", "ols-90d")
    assert "2 assets" in said["not-shrunk"]
    assert estimator["shrink"] is None
    assert {b: a["beta"] for b, a in betas.items()} == {b: a["beta"] for b, a in plain.items()}


def test_a_peer_that_is_refused_is_named(cli: Cli, tmp_path: Path) -> None:
    """A universe asset without bars is not part of the cross-section, and is said so; the answer stands."""
    write(tmp_path, "sectors: {defi: {members: [UNI, AAVE]}, l1: {members: [ETH, SOL, AVAX, XYZ]}}\n")
    betas, said, _ = told(cli, "--sector", "defi")
    assert set(betas) == {"UNI", "AAVE"}
    assert "`XYZ`" in said["cross-section"]


def test_a_presets_window_shortens_to_the_history(cli: Cli, tmp_path: Path) -> None:
    """121 daily bars make a window of 120 days instead of 180, and the notice has both numbers."""
    write(tmp_path, TWO_SECTORS, n_days=121)
    betas, said, estimator = told(cli, "--sector", "l1")
    assert "120 days instead of 180" in said["window-shortened"]
    assert estimator["window_days"] == 120
    assert {asset["n_obs"] for asset in betas.values()} == {120}


def test_a_window_asked_for_does_not_shorten(cli: Cli, tmp_path: Path) -> None:
    """`--window 150d` on 121 bars is refused: it was asked for."""
    write(tmp_path, TWO_SECTORS, n_days=121)
    ran = cli("beta", "--candles", "c.csv", "--sector", "l1", "--window", "150d")
    assert (ran.code, ran.out) == (3, "")
    assert "longer than the history" in ran.err


def test_a_history_of_a_month_is_too_short(cli: Cli, tmp_path: Path) -> None:
    """40 bars are fewer than the 60 that a member must share: refused, not shortened."""
    write(tmp_path, TWO_SECTORS, n_days=40)
    ran = cli("beta", "--candles", "c.csv", "--sector", "l1")
    assert (ran.code, ran.out) == (3, "")
