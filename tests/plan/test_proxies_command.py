"""`betacli proxies` and `--proxies`: a member with a history and no contract, on the fake exchange, with a file."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from conftest import Cli
from fake_exchange.market import FakeMarket, Instrument, bars
from marketing import ALONE, DAY_MS, FIRST_MS, N_DAYS, a_market, answer, closes, sectors, serve

LIVE = ("--exchange", "binanceusdm")


def own_history(folder: Path, noise: float) -> tuple[str, np.ndarray]:
    """A candle file of GONE, which follows SOL by 0.8 with some noise of its own; with the returns (T,) in it."""
    sol = closes()["SOL"]
    moved = 0.8 * (sol[1:] / sol[:-1] - 1) + np.random.default_rng(5).normal(0, noise, N_DAYS - 1)
    path = 7 * np.cumprod(np.concatenate([[1.0], 1 + moved]))
    rows = ["date,symbol,close"]
    for day, close in enumerate(path.tolist()):
        opened = dt.datetime.fromtimestamp((FIRST_MS + day * DAY_MS) / 1000, tz=dt.UTC)
        rows.append(f"{opened:%Y-%m-%d},GONE,{close!r}")
    file = folder / "gone.csv"
    file.write_text("\n".join(rows) + "\n")
    return str(file), moved


def with_gone(path: np.ndarray) -> FakeMarket:
    """The market with a contract of GONE beside the others."""
    market = a_market()
    listed = [*market.instruments, Instrument(base="GONE", contract_size="1", step="0.1")]
    return a_market(bars={**market.bars, "GONEUSDT": bars(FIRST_MS, path, DAY_MS)}, instruments=listed)


def test_a_member_without_a_contract_is_regressed_on_its_candidates(cli: Cli, tmp_path: Path) -> None:
    """GONE on SOL by statsmodels on the window's 90 returns; the implied beta is 0.8-odd times SOL's own."""
    import statsmodels.api as sm

    file, moved = own_history(tmp_path, 0.005)
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        data = answer(cli, "proxies", "--sector", "l1", *LIVE, "--proxy-history", file, *ALONE)["data"]
    assert data["without_contract"] == ["GONE"]
    row = next(x for x in data["candidates"] if x["candidate"] == "SOL")
    sol = closes()["SOL"]
    x = (sol[1:] / sol[:-1] - 1)[-90:]
    fit = sm.OLS(moved[-90:], sm.add_constant(x)).fit()
    assert row["betas"][0] == pytest.approx(fit.params[1], rel=1e-9)
    assert row["r_squared"] == pytest.approx(fit.rsquared, rel=1e-9)
    assert row["tracking_error"] == pytest.approx(np.sqrt(fit.mse_resid * 365), rel=1e-9)
    assert (row["history"], row["accepted"], row["n_obs"]) == ("file", True, 90)
    kinds = {x["kind"] for x in data["candidates"]}
    assert kinds == {"peer", "peers", "benchmark"}
    assert [x["r_squared"] for x in data["candidates"]] == sorted(
        (x["r_squared"] for x in data["candidates"]), reverse=True
    )


def test_a_proxy_steps_in_only_when_asked_and_is_named(cli: Cli, tmp_path: Path) -> None:
    """Without `--proxies auto` GONE is refused; with it SOL stands for it, named with its R² in a notice."""
    file, _ = own_history(tmp_path, 0.005)
    asked = ("solve", "--sector", "l1", *LIVE, "--proxy-history", file)
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        assert cli(*asked, "--timeout", "60").code == 3
        report = answer(cli, *asked, "--proxies", "auto")
    assert [leg["base"] for leg in report["data"]["legs"]] == ["AVAX", "ETH", "SOL"]
    (notice,) = [x for x in report["warnings"] if x["id"] == "proxy"]
    assert "`SOL`, in the basket already, stands for `GONE`" in notice["detail"]
    assert "R²" in notice["detail"]


def test_a_proxy_of_the_sector_file_is_held_in_its_place(cli: Cli, tmp_path: Path) -> None:
    """`proxy: SOL` where SOL is no member: SOL is held under its own name; `--proxies none` refuses as before."""
    file, _ = own_history(tmp_path, 0.005)
    asked = ("solve", "--sector", "l1", *LIVE, "--proxy-history", file)
    extra = "universe: [SOL]\n"
    with serve("binanceusdm") as fake:
        members = "ETH, AVAX, {base: GONE, proxy: AVAX}"
        sectors(tmp_path, fake.options, members=members, extra=extra)
        report = answer(cli, *asked, "--max-weight", "0.7")
        refused = cli(*asked, "--proxies", "none", "--timeout", "60")
    assert [leg["base"] for leg in report["data"]["legs"]] == ["AVAX", "ETH"]
    assert refused.code == 3


def test_a_proxy_below_the_threshold_is_refused(cli: Cli, tmp_path: Path) -> None:
    """With noise of 20 % a day nothing explains half of GONE: it stays refused; a lower threshold accepts."""
    file, _ = own_history(tmp_path, 0.2)
    asked = ("--sector", "l1", *LIVE, "--proxy-history", file)
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        rows = answer(cli, "proxies", *asked, *ALONE)["data"]["candidates"]
        refused = cli("solve", *asked, "--proxies", "auto", "--timeout", "60")
        sectors(
            tmp_path,
            fake.options,
            members="ETH, SOL, AVAX, GONE",
            extra="checklist: {proxy_r_squared: 0.000001}\n",
        )
        lenient = answer(cli, "solve", *asked, "--proxies", "auto")
    assert not any(row["accepted"] for row in rows)
    assert refused.code == 3
    assert any(x["id"] == "proxy" for x in lenient["warnings"])


def test_the_simulated_market_shows_what_would_stand_in(cli: Cli) -> None:
    """Where nothing lacks a contract, every member is shown with its candidates, and that is told."""
    report = answer(cli, "proxies", "--sector", "l1", "--only", "ETH,SOL,AVAX", "--exchange", "sample")
    assert report["data"]["without_contract"] == []
    assert {row["base"] for row in report["data"]["candidates"]} == {"ETH", "SOL", "AVAX"}
    assert any(x["id"] == "nothing-lacking" for x in report["warnings"])


@pytest.mark.parametrize("command", ["proxies", "solve"])
def test_a_history_of_coarser_bars_is_refused(command: str, cli: Cli, tmp_path: Path) -> None:
    """Daily closes make no four-hour bars; with a preset of daily bars they are read."""
    file, _ = own_history(tmp_path, 0.005)
    (tmp_path / "sectors.yaml").write_text("sectors: {l1: {members: [ETH, SOL, GONE]}}\n")
    argv = (command, "--sector", "l1", "--exchange", "sample", "--proxy-history", file)
    argv += ("--proxies", "auto") if command == "solve" else ()
    ran = cli(*argv)
    assert ran.code == 2
    assert "has 1d bars, which do not make the 4h bars that betas are measured on" in ran.err
    assert "has 1d bars" not in cli(*argv, "--estimator", "ols-90d").err


SAMPLE = ("--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z")


def veterans(folder: Path, proxy: str) -> tuple[str, ...]:
    """Four members of the simulated market, of which OLD lost its contract."""
    file = folder / "veterans.yaml"
    members = f"ETH, ADA, SOL, {{base: OLD, proxy: {proxy}}}"
    file.write_text(f"sectors: {{veterans: {{members: [{members}]}}}}\nuniverse: [NEAR]\n")
    return ("--config", str(file), "--sector", "veterans", *SAMPLE)


@pytest.mark.parametrize(
    ("proxy", "candidate"),
    [
        ("ETH+ADA", "ETH + ADA"),
        ("ETH+NEAR", "ETH + NEAR"),
        ("NEAR", "NEAR"),
        ("BTC", "BTC"),
        ("spot", "OLD spot"),
    ],
)
def test_what_the_file_names_is_a_row_with_the_numbers_of_the_basket(
    proxy: str, candidate: str, cli: Cli, tmp_path: Path
) -> None:
    """The one row marked as named has the fit that `solve` holds it by, whether its parts are members or not."""
    asked = veterans(tmp_path, proxy)
    report = answer(cli, "proxies", *asked)
    (stand_in,) = answer(cli, "solve", *asked, "--max-weight", "1")["data"]["stand_ins"]
    rows = [row for row in report["data"]["candidates"] if row["named"]]
    assert [(row["base"], row["candidate"], row["accepted"]) for row in rows] == [("OLD", candidate, True)]
    assert sum(row["candidate"] == candidate for row in report["data"]["candidates"]) == 1
    assert {
        key: rows[0][key] for key in ("held", "betas", "r_squared", "tracking_error", "implied_beta")
    } == {key: stand_in[key] for key in ("held", "betas", "r_squared", "tracking_error", "implied_beta")}
    assert report["data"]["without_contract"] == ["OLD"]
    assert "did not step in" not in str(report["warnings"])


def test_an_exchange_that_the_file_names_is_asked_and_marked(cli: Cli, tmp_path: Path) -> None:
    """`proxy: bybit` is asked even with `--proxy-venues none`, as `solve` asks it."""
    sol = closes()["SOL"]
    file, _ = own_history(tmp_path, 0.0)
    path = 7 * np.cumprod(np.concatenate([[1.0], 1 + 0.8 * (sol[1:] / sol[:-1] - 1)]))
    with serve("binanceusdm") as here, serve("bybit", with_gone(path)) as there:
        members = "ETH, SOL, AVAX, {base: GONE, proxy: bybit}"
        sectors(tmp_path, {**here.options, **there.options}, members=members)
        report = answer(cli, "proxies", "--sector", "l1", *LIVE, "--proxy-history", file, *ALONE)
    (row,) = [row for row in report["data"]["candidates"] if row["named"]]
    assert (row["candidate"], row["accepted"]) == ("GONE on bybit", True)


def test_a_proxy_without_a_row_is_told_with_its_reason(cli: Cli, tmp_path: Path) -> None:
    """NEAR is no member of this exchange's market, so ETH + NEAR has no fit: the reason names NEAR."""
    file, _ = own_history(tmp_path, 0.005)
    with serve("binanceusdm") as fake:
        members = "ETH, SOL, AVAX, {base: GONE, proxy: ETH+NEAR}"
        sectors(tmp_path, fake.options, members=members, extra="universe: [NEAR]\n")
        report = answer(cli, "proxies", "--sector", "l1", *LIVE, "--proxy-history", file, *ALONE)
    (notice,) = [x["detail"] for x in report["warnings"] if x["id"] == "proxy-refused"]
    assert "`GONE` has no row of its proxy `ETH+NEAR`" in notice
    assert "`NEAR` is refused" in notice
    assert not any(row["named"] for row in report["data"]["candidates"])


def test_what_did_not_step_in_is_said_only_of_a_proxy_that_was_tried(cli: Cli, tmp_path: Path) -> None:
    """Sector `a` has OLD with `spot`, `b` with SOL, which steps in: nothing of `a`'s entry is said in `b`'s answer."""
    file = tmp_path / "two.yaml"
    others = "ADA, DOT, NEAR, AVAX, LINK, UNI"
    file.write_text(
        f"sectors:\n  a: {{members: [{others}, {{base: OLD, proxy: spot}}]}}\n"
        "  b: {members: [ETH, SOL, {base: OLD, proxy: SOL}]}\n"
    )
    report = answer(cli, "solve", "--config", str(file), "--sector", "b", *SAMPLE, "--max-weight", "1")
    assert [x["base"] for x in report["data"]["stand_ins"]] == ["OLD"]
    assert "did not step in" not in str(report["warnings"])


def test_candle_files_tell_of_no_contract(cli: Cli, tmp_path: Path) -> None:
    """A file has prices and no contracts: that every member had a usable one would be a guess."""
    rows = ["date,symbol,close"]
    for base, path in closes().items():
        for day, close in enumerate(path.tolist()):
            opened = dt.datetime.fromtimestamp((FIRST_MS + day * DAY_MS) / 1000, tz=dt.UTC)
            rows.append(f"{opened:%Y-%m-%d},{base},{close!r}")
    (tmp_path / "all.csv").write_text("\n".join(rows) + "\n")
    sectors(tmp_path, {})
    report = answer(cli, "proxies", "--sector", "l1", "--candles", str(tmp_path / "all.csv"))
    told = {x["id"]: x["detail"] for x in report["warnings"]}
    assert "nothing-lacking" not in told
    assert "contract is unknown" in told["contracts-unknown"]
    assert {row["base"] for row in report["data"]["candidates"]} == {"ETH", "SOL", "AVAX"}
