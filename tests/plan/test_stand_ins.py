"""What stands in for a member: whose base weight it carries, and what it leaves untracked."""

import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from conftest import Cli
from fake_exchange.market import DAY_MS, bars
from marketing import ALONE, FIRST_MS, N_DAYS, a_market, answer, closes, named, sectors, serve
from standing import LIVE, WINDOW, base_weights, gone, history, returns_of, warned, with_gone


def test_an_asset_of_the_basket_carries_the_base_weight_of_whom_it_stands_for(
    cli: Cli, tmp_path: Path
) -> None:
    """Four members of a quarter each, GONE among them: SOL carries a half, the others keep their quarter."""
    file = history(tmp_path, gone())
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        asked = ("solve", "--sector", "l1", *LIVE, "--proxies", "auto", "--proxy-history", file)
        report = answer(cli, *asked, "--max-weight", "0.8")
    assert base_weights(report) == pytest.approx({"AVAX": 0.25, "ETH": 0.25, "SOL": 0.5})
    (stand_in,) = report["data"]["stand_ins"]
    assert (stand_in["base"], stand_in["kind"], stand_in["held"]) == ("GONE", "peer", ["SOL"])


def test_a_sub_basket_shares_it_by_its_betas(cli: Cli, tmp_path: Path) -> None:
    """GONE is 0.3 ETH + 0.3 SOL + 0.6 AVAX and next to nothing else: a quarter is split 1 : 1 : 2."""
    path = gone(1e-5, (0.3, 0.3, 0.6))
    file = history(tmp_path, path)
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        asked = ("solve", "--sector", "l1", *LIVE, "--proxies", "auto", "--proxy-history", file)
        report = answer(cli, *asked, "--max-weight", "0.8")
    (stand_in,) = report["data"]["stand_ins"]
    assert stand_in["kind"] == "peers"
    expected = {"ETH": 0.25 + 0.25 / 4, "SOL": 0.25 + 0.25 / 4, "AVAX": 0.25 + 0.25 / 2}
    assert base_weights(report) == pytest.approx(expected, abs=1e-4)
    assert "stands for `GONE`" in warned(report, "proxy")[0]


def test_an_asset_outside_the_sector_comes_in_its_place_and_under_its_bounds(
    cli: Cli, tmp_path: Path
) -> None:
    """`proxy: SOL` where SOL is no member: SOL is held with GONE's third and GONE's own limit of 0.2."""
    file = history(tmp_path, gone())
    members = "ETH, AVAX, {base: GONE, proxy: SOL, max_weight: 0.2}"
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members=members, extra="universe: [SOL]\n")
        report = answer(cli, "solve", "--sector", "l1", *LIVE, "--proxy-history", file)
    assert base_weights(report) == pytest.approx({"AVAX": 1 / 3, "ETH": 1 / 3, "SOL": 1 / 3})
    assert named(report["data"]["legs"], "SOL")["weight"] == pytest.approx(0.2)
    assert "`SOL` is held in the place of `GONE`" in warned(report, "proxy")[0]


def test_a_sub_basket_of_the_file_is_held_as_written(cli: Cli, tmp_path: Path) -> None:
    """`proxy: ETH+SOL` names its parts: R² and tracking error are those of statsmodels on both together."""
    import statsmodels.api as sm

    path = gone(0.01, (0.5, 0.5, 0.0))
    file = history(tmp_path, path)
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, {base: GONE, proxy: ETH+SOL}")
        report = answer(cli, "solve", "--sector", "l1", *LIVE, "--proxy-history", file, "--max-weight", "0.8")
    (stand_in,) = report["data"]["stand_ins"]
    returns = {base: (closes()[base][1:] / closes()[base][:-1] - 1)[-WINDOW:] for base in ("ETH", "SOL")}
    fit = sm.OLS(
        (path[1:] / path[:-1] - 1)[-WINDOW:], sm.add_constant(np.column_stack(list(returns.values())))
    ).fit()
    assert stand_in["betas"] == pytest.approx(fit.params[1:].tolist(), rel=1e-9)
    assert stand_in["r_squared"] == pytest.approx(fit.rsquared, rel=1e-9)
    assert stand_in["tracking_error"] == pytest.approx(float(np.sqrt(fit.mse_resid * 365)), rel=1e-9)


def test_what_would_be_short_does_not_stand_in(cli: Cli, tmp_path: Path) -> None:
    """GONE falls when SOL rises: R² is high, and a long of SOL would be the opposite of it."""
    file = history(tmp_path, gone(0.001, (0.0, -0.8, 0.0)))
    asked = ("--sector", "l1", *LIVE, "--proxy-history", file)
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        rows = answer(cli, "proxies", *asked, *ALONE)["data"]["candidates"]
        refused = cli("solve", *asked, "--proxies", "auto", "--timeout", "60")
    sol = next(row for row in rows if row["candidate"] == "SOL")
    assert (sol["accepted"], sol["refused"]) == (False, "a part of it would be short")
    assert refused.code == 3


def test_the_proxy_basis_is_the_basket_that_was_meant_less_the_one_that_is_held(
    cli: Cli, tmp_path: Path
) -> None:
    """Half of SOL's weight is GONE's: the basket lacks w x (GONE's return - SOL's), by hand on the window's returns."""
    path = gone(0.01)
    file = history(tmp_path, path)
    asked = ("--sector", "l1", *LIVE, "--proxies", "auto", "--proxy-history", file, "--max-weight", "0.8")
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        basis = answer(cli, "basis", *asked)["data"]
        solved = answer(cli, "solve", *asked)["data"]
    weight = named(solved["legs"], "SOL")["weight"] / 2
    expected = (weight * (returns_of(path) - returns_of(closes()["SOL"]))).std(ddof=1) * np.sqrt(365)
    assert basis["proxy_basis_annual"] == pytest.approx(expected, rel=1e-9)
    assert basis["proxies"][0]["weight"] == pytest.approx(weight, rel=1e-12)
    assert basis["proxies"][0]["risk_annual"] == pytest.approx(expected, rel=1e-9)
    assert solved["trade_risk"]["proxy_basis_annual"] == pytest.approx(expected, rel=1e-9)


def test_what_two_stand_ins_leave_is_added_before_it_is_measured(cli: Cli, tmp_path: Path) -> None:
    """GONE is SOL plus noise, LOST is SOL less the same noise: together they leave nothing, each alone something."""
    noise = np.random.default_rng(5).normal(0, 0.01, N_DAYS - 1)
    sol = closes()["SOL"][1:] / closes()["SOL"][:-1] - 1
    paths = {name: 7 * np.cumprod(np.concatenate([[1.0], 1 + sol + sign * noise])) for name, sign in
             (("GONE", 1.0), ("LOST", -1.0))}  # fmt: skip
    file = history(tmp_path, paths["GONE"], LOST=paths["LOST"])
    asked = ("--sector", "l1", *LIVE, "--proxy-history", file, "--max-weight", "1")
    members = "ETH, SOL, {base: GONE, proxy: SOL}, {base: LOST, proxy: SOL}"
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members=members)
        basis = answer(cli, "basis", *asked)["data"]
    one, other = basis["proxies"]
    assert one["weight"] == pytest.approx(other["weight"])
    assert one["risk_annual"] == pytest.approx(other["risk_annual"], rel=1e-6)
    assert one["risk_annual"] > 0.03
    assert basis["proxy_basis_annual"] == pytest.approx(0.0, abs=1e-9)


def test_the_checklist_hears_of_what_stands_in(cli: Cli, tmp_path: Path) -> None:
    """With a proxy the liquidity step warns and names it with its R²; without one it fails and names the member."""
    file = history(tmp_path, gone())
    asked = ("checklist", "--sector", "l1", *LIVE, "--proxy-history", file, "--max-weight", "0.8")
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        held = answer(cli, *asked, "--proxies", "auto", "--step", "liquidity", code=10)
        refused = answer(cli, *asked, "--step", "liquidity", code=10)
    (step,) = held["data"]["steps"]
    assert "SOL stands in for GONE, R² 0.9" in step["summary"]
    (step,) = refused["data"]["steps"]
    assert step["status"] == "fail"
    assert "nothing stands in for GONE, without a contract" in step["summary"]
    assert "betacli proxies" in step["next_step"]


def test_the_parts_of_a_sub_basket_stand_in_together(cli: Cli, tmp_path: Path) -> None:
    """GONE is half ETH, half SOL: either alone explains less than both, and step 3 says both with the R² of both."""
    import statsmodels.api as sm

    path = gone(0.01, (0.5, 0.5, 0.0))
    file = history(tmp_path, path)
    asked = ("checklist", "--sector", "l1", *LIVE, "--proxy-history", file, "--max-weight", "0.8")
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, {base: GONE, proxy: ETH+SOL}")
        (step,) = answer(cli, *asked, "--step", "liquidity", code=10)["data"]["steps"]
    parts = sm.add_constant(np.column_stack([returns_of(closes()[base]) for base in ("ETH", "SOL")]))
    both_of_them = sm.OLS(returns_of(path), parts).fit().rsquared
    alone = [sm.OLS(returns_of(path), parts[:, [0, k]]).fit().rsquared for k in (1, 2)]
    assert max(alone) < both_of_them - 0.01
    assert step["summary"].count("for GONE") == 1
    assert f"ETH + SOL stand in for GONE, R² {both_of_them:.2f}" in step["summary"]
    assert step["facts"]["proxies"] == {"GONE": ["ETH", "SOL"]}


def test_a_contract_whose_data_is_refused_has_no_proxy(cli: Cli, tmp_path: Path) -> None:
    """AVAX has a contract; its bars end five days early: it is refused as ever, and SOL does not take its money."""
    market = a_market()
    market.bars["AVAXUSDT"] = bars(FIRST_MS, closes()["AVAX"][:-5], DAY_MS)
    with serve("binanceusdm", market) as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, {base: AVAX, proxy: SOL}")
        ran = cli("solve", "--sector", "l1", *LIVE, "--max-weight", "1", "--timeout", "60")
        lenient = answer(cli, "solve", "--sector", "l1", *LIVE, "--max-weight", "1", "--allow-missing")
    assert ran.code == 3
    assert "max_age_bars" in ran.err
    assert [x["base"] for x in lenient["excluded"]] == ["AVAX"]
    assert lenient["data"]["stand_ins"] == []


def test_the_file_of_the_user_outranks_a_ticker(cli: Cli, tmp_path: Path) -> None:
    """The spot market called GONE here costs a hundred times as much: it is another coin, and Bybit's is the file's."""
    path = gone()
    file = history(tmp_path, path)
    other = {"GONEUSDT": bars(FIRST_MS, path * 100, DAY_MS)}
    with ExitStack() as stack:
        here = stack.enter_context(serve("binanceusdm", a_market(spot=other)))
        there = stack.enter_context(serve("bybit", with_gone(path)))
        sectors(
            tmp_path, {**here.options, **there.options}, members="ETH, SOL, AVAX, {base: GONE, proxy: spot}"
        )
        asked = ("--sector", "l1", *LIVE, "--proxy-history", file)
        rows = answer(cli, "proxies", *asked, "--proxy-venues", "bybit")["data"]["candidates"]
        refused = cli("solve", *asked, "--timeout", "60")
    spot = next(row for row in rows if row["kind"] == "spot")
    venue = next(row for row in rows if row["kind"] == "venue")
    assert (spot["accepted"], spot["history"]) == (False, "file")
    assert "another coin: price ratio 100" in spot["refused"]
    assert venue["accepted"] is True
    assert refused.code == 3
    assert "another coin" in refused.err


def test_under_only_a_stand_in_has_no_weight_of_its_own(cli: Cli, tmp_path: Path) -> None:
    """`--only ETH,GONE` with SOL in the sector: SOL carries GONE's half and nothing else, under GONE's limit."""
    file = history(tmp_path, gone())
    members = "ETH, SOL, AVAX, {base: GONE, proxy: SOL, max_weight: 0.45}"
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members=members)
        asked = ("solve", "--sector", "l1", *LIVE, "--proxy-history", file, "--only", "ETH,GONE")
        report = answer(cli, *asked)
    assert base_weights(report) == pytest.approx({"ETH": 0.5, "SOL": 0.5})
    assert named(report["data"]["legs"], "SOL")["weight"] == pytest.approx(0.45)


def test_two_parts_share_the_bounds_of_the_member_they_stand_in_for(cli: Cli, tmp_path: Path) -> None:
    """GONE may weigh 0.2 at most: its two parts, both outside the sector, may weigh 0.2 together."""
    file = history(tmp_path, gone(0.005, (0.4, 0.4, 0.0)))
    members = "AVAX, {base: GONE, proxy: ETH+SOL, max_weight: 0.2}"
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members=members, extra="universe: [ETH, SOL]\n")
        asked = ("solve", "--sector", "l1", *LIVE, "--proxy-history", file, "--max-weight", "0.9")
        legs = answer(cli, *asked)["data"]["legs"]
    weights = {leg["base"]: leg["weight"] for leg in legs}
    assert weights["ETH"] + weights["SOL"] == pytest.approx(0.2)
    assert weights["AVAX"] == pytest.approx(0.8)


def test_a_stand_in_carries_the_capitalisation_of_its_member(cli: Cli, tmp_path: Path) -> None:
    """SOL carries GONE's supply x GONE's own price, not its own price twice: by hand from the last closes."""
    path = gone()
    file = history(tmp_path, path)
    facts = "supply_as_of: 2026-01-01"
    members = ", ".join(
        [*(f"{{base: {b}, supply: 100, {facts}}}" for b in ("ETH", "SOL", "AVAX")),
         f"{{base: GONE, proxy: SOL, supply: 5000, {facts}}}"]
    )  # fmt: skip
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members=members)
        asked = ("solve", "--sector", "l1", *LIVE, "--proxy-history", file, "--weighting", "cap")
        report = answer(cli, *asked, "--max-weight", "1")
    last = N_DAYS - 1
    caps = {base: 100 * closes()[base][last] for base in ("ETH", "SOL", "AVAX")}
    own = 5000 * path[last]
    total = sum(caps.values()) + own
    expected = {"ETH": caps["ETH"] / total, "SOL": (caps["SOL"] + own) / total, "AVAX": caps["AVAX"] / total}
    assert base_weights(report) == pytest.approx(expected, rel=1e-9)


def test_the_weight_of_a_custom_member_is_handed_on_and_known_again(cli: Cli, tmp_path: Path) -> None:
    """Weights 1, 2, 3 and GONE 4 on SOL: SOL carries (2 + 4) / 10, of which 4 / 6 is GONE's in the proxy basis."""
    file = history(tmp_path, gone())
    members = "{base: ETH, weight: 1}, {base: SOL, weight: 2}, {base: AVAX, weight: 3}, {base: GONE, weight: 4, proxy: SOL}"
    asked = ("--sector", "l1", *LIVE, "--proxy-history", file, "--weighting", "custom", "--max-weight", "1")
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members=members)
        solved = answer(cli, "solve", *asked)
        basis = answer(cli, "basis", *asked)["data"]
    assert base_weights(solved) == pytest.approx({"ETH": 0.1, "SOL": 0.6, "AVAX": 0.3})
    weight = named(solved["data"]["legs"], "SOL")["weight"]
    assert basis["proxies"][0]["weight"] == pytest.approx(weight * 4 / 6)


def test_an_index_is_no_asset_that_could_be_held(cli: Cli, tmp_path: Path) -> None:
    """Against 0.6 BTC + 0.4 ETH the index itself explains GONE best, and cannot be bought as one leg."""
    file = history(tmp_path, gone(0.02, (0.6, 0.0, 0.0)))
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="SOL, AVAX, GONE", extra="benchmark: {BTC: 0.6, ETH: 0.4}\n")
        asked = ("--sector", "l1", *LIVE, "--proxy-history", file)
        rows = answer(cli, "proxies", *asked, *ALONE)["data"]["candidates"]
        report = answer(cli, "solve", *asked, "--proxies", "auto", "--allow-missing", "--max-weight", "1")
    index = next(row for row in rows if row["kind"] == "benchmark")
    assert index["refused"] == "an index is not one asset to hold"
    assert [s["held"] for s in report["data"]["stand_ins"] if s["kind"] == "benchmark"] == []
    assert named(report["data"]["legs"], "SOL")["weight"] > 0


def test_sector_weights_refuse_a_stand_in_of_another_sector(cli: Cli, tmp_path: Path) -> None:
    """GONE of l1 would be carried by SOL of defi: its weight would count toward defi, so that is refused."""
    file = history(tmp_path, gone())
    with serve("binanceusdm") as fake:
        text = "estimator: ols-90d\nsectors:\n  l1: {members: [ETH, {base: GONE, proxy: SOL}]}\n"
        text += "  defi: {members: [SOL, AVAX]}\n"
        (tmp_path / "sectors.yaml").write_text(text + f"exchange_options: {json.dumps(fake.options)}\n")
        asked = (
            "solve",
            "--sector",
            "l1",
            "--sector",
            "defi",
            *LIVE,
            "--proxy-history",
            file,
            "--timeout",
            "60",
        )
        ran = cli(*asked, "--sector-weight", "l1=0.5", "--sector-weight", "defi=0.5", "--max-weight", "1")
        free = cli(*asked, "--max-weight", "1")
    assert (ran.code, free.code) == (2, 0), ran.err
    assert "its weight would count toward the wrong sector" in ran.err


def test_what_stand_ins_were_chosen_by_is_in_the_fingerprint(cli: Cli, tmp_path: Path) -> None:
    """Two histories of GONE give two fingerprints, the same one the same."""
    found = []
    for noise in (0.005, 0.006, 0.005):
        file = history(tmp_path, gone(noise))
        with serve("binanceusdm") as fake:
            sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, {base: GONE, proxy: SOL}")
            report = answer(
                cli, "solve", "--sector", "l1", *LIVE, "--proxy-history", file, "--max-weight", "1"
            )
        found.append(report["inputs"]["data_fingerprint"])
    assert found[0] == found[2] != found[1]


def test_a_beta_of_a_member_that_something_stands_in_for_is_told_to_be_unused(
    cli: Cli, tmp_path: Path
) -> None:
    """`--beta GONE=9` cannot apply to what is not held."""
    file = history(tmp_path, gone())
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, {base: GONE, proxy: SOL}")
        asked = (
            "solve",
            "--sector",
            "l1",
            *LIVE,
            "--proxy-history",
            file,
            "--beta",
            "GONE=9",
            "--max-weight",
            "1",
        )
        report = answer(cli, *asked)
    assert any(
        "`--beta GONE` is not used: `SOL` stands in for it" in x for x in warned(report, "beta-unused")
    )
