"""What stands in for a member: whose base weight it carries, what it leaves untracked, and the coin itself elsewhere."""

import datetime as dt
import json
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import Cli
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS, FakeMarket, Instrument, bars
from marketing import ALONE, BASES, FIRST_MS, N_DAYS, a_market, answer, closes, named, sectors, serve

LIVE = ("--exchange", "binanceusdm")
WINDOW = 90  # returns of ols-90d


def gone(noise: float = 0.005, loads: tuple[float, ...] = (0.0, 0.8, 0.0)) -> np.ndarray:
    """Closes (T,) of GONE, which follows ETH, SOL and AVAX by `loads` with some noise of its own."""
    paths = closes()
    moved = sum(
        load * (paths[base][1:] / paths[base][:-1] - 1) for base, load in zip(BASES[1:], loads, strict=True)
    )
    own = np.random.default_rng(5).normal(0, noise, N_DAYS - 1)
    return 7 * np.cumprod(np.concatenate([[1.0], 1 + moved + own]))


def returns_of(path: np.ndarray) -> np.ndarray:
    """Returns of the window (90,)."""
    return (path[1:] / path[:-1] - 1)[-WINDOW:]


def history(folder: Path, path: np.ndarray, **others: np.ndarray) -> str:
    """A candle file of GONE, and of others."""
    rows = ["date,symbol,close"]
    for name, series in {"GONE": path, **others}.items():
        for day, close in enumerate(series.tolist()):
            opened = dt.datetime.fromtimestamp((FIRST_MS + day * DAY_MS) / 1000, tz=dt.UTC)
            rows.append(f"{opened:%Y-%m-%d},{name},{close!r}")
    file = folder / "gone.csv"
    file.write_text("\n".join(rows) + "\n")
    return str(file)


def with_gone(path: np.ndarray, **changes: object) -> FakeMarket:
    """The market with a contract of GONE beside the others."""
    market = a_market()
    served = {**market.bars, "GONEUSDT": bars(FIRST_MS, path, DAY_MS)}
    listed = [*market.instruments, Instrument(base="GONE", contract_size="1", step="0.1")]
    return a_market(bars=served, instruments=listed, **changes)


def warned(report: dict, notice: str) -> list[str]:
    return [x["detail"] for x in report["warnings"] if x["id"] == notice]


def base_weights(report: dict) -> dict[str, float]:
    return {leg["base"]: leg["base_weight"] for leg in report["data"]["legs"]}


# --- base weights -----------------------------------------------------------------------------------------------


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


# --- what is left untracked -----------------------------------------------------------------------------------


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


# --- the same coin elsewhere ------------------------------------------------------------------------------------


def both(stack: ExitStack, folder: Path, path: np.ndarray, members: str, **changes: object) -> None:
    """Binance without GONE, Bybit with it, both in one sector file."""
    here = stack.enter_context(serve("binanceusdm"))
    there = stack.enter_context(serve("bybit", with_gone(path, **changes)))
    sectors(folder, {**here.options, **there.options}, members=members)


def test_the_same_coin_elsewhere_is_a_candidate_once_it_is_known_to_be_that_coin(
    cli: Cli, tmp_path: Path
) -> None:
    """Bybit's GONE has the file's prices: ratio 1, R² 1, and it leaves nothing untracked."""
    path = gone()
    file = history(tmp_path, path)
    with ExitStack() as stack:
        both(stack, tmp_path, path, "ETH, SOL, AVAX, GONE")
        report = answer(
            cli, "proxies", "--sector", "l1", *LIVE, "--proxy-history", file, "--proxy-venues", "bybit"
        )
    row = report["data"]["candidates"][0]
    assert (row["candidate"], row["kind"], row["venue"], row["accepted"]) == (
        "GONE on bybit",
        "venue",
        "bybit",
        True,
    )
    assert row["price_ratio"] == pytest.approx(1.0)
    assert row["r_squared"] == pytest.approx(1.0)
    assert row["variance_added"] == pytest.approx(0.0, abs=1e-12)


def test_a_leg_elsewhere_is_priced_and_pays_there_and_needs_no_margin_here(cli: Cli, tmp_path: Path) -> None:
    """`proxy: bybit`: Bybit's step of 0.1, Bybit's funding of 0.03 % in 8 h, and no margin on this account."""
    path = gone()
    file = history(tmp_path, path)
    members = "ETH, SOL, AVAX, {base: GONE, proxy: bybit}"
    asked = ("--sector", "l1", *LIVE, "--proxy-history", file, "--leverage", "2")
    with ExitStack() as stack:
        both(stack, tmp_path, path, members, funding={"GONEUSDT": "0.0003"})
        hedge = answer(cli, "hedge", *asked)
        funding = answer(cli, "funding", *asked)["data"]
        steps = answer(cli, "checklist", *asked, "--step", "liquidity", code=10)["data"]["steps"]
    leg = named(hedge["data"]["basket"]["legs"], "GONE")
    assert (leg["venue"], leg["kind"]) == ("bybit", "future")
    assert leg["price"] == pytest.approx(path[-1])
    assert leg["contracts"] == pytest.approx(round(leg["contracts"], 1))
    assert "GONE" not in {row["base"] for row in hedge["data"]["margin"]["legs"]}
    gross = sum(abs(x["notional"]) for x in hedge["data"]["basket"]["legs"] if x["base"] != "GONE")
    gross += abs(hedge["data"]["hedge"]["notional"])
    assert hedge["data"]["account_leverage"] == pytest.approx(gross / 50_000)
    paid = named(funding["rows"], "GONE")
    assert paid["rate"] == pytest.approx(0.0003)
    assert paid["cash_current"] == pytest.approx(-paid["notional"] * 0.0003 * 3 * 7)
    assert "GONE is held on bybit, R² 1.00" in steps[0]["summary"]
    assert "`GONE on bybit` is held in the place of `GONE`" in warned(hedge, "proxy")[0]


def test_another_coin_of_the_same_name_never_stands_in(cli: Cli, tmp_path: Path) -> None:
    """Bybit's GONE costs 110 times as much: it is another coin, however well it would be regressed."""
    path = gone()
    file = history(tmp_path, path)
    members = "ETH, SOL, AVAX, {base: GONE, proxy: bybit}"
    with ExitStack() as stack:
        both(stack, tmp_path, path * 110, members)
        asked = ("--sector", "l1", *LIVE, "--proxy-history", file)
        row = answer(cli, "proxies", *asked, "--proxy-venues", "bybit")["data"]["candidates"][0]
        refused = cli("solve", *asked, "--timeout", "60")
    assert row["accepted"] is False
    assert "another coin: price ratio 110" in row["refused"]
    assert refused.code == 3
    assert "its proxy `bybit` did not step in" in refused.err


def test_without_a_witness_nobody_knows_whether_it_is_that_coin(cli: Cli, tmp_path: Path) -> None:
    """Only Bybit has prices of GONE: there is nothing to hold them against, so it is refused."""
    with ExitStack() as stack:
        both(stack, tmp_path, gone(), "ETH, SOL, AVAX, GONE")
        report = answer(cli, "proxies", "--sector", "l1", *LIVE, "--proxy-venues", "bybit")
    row = report["data"]["candidates"][0]
    assert (row["history"], row["history_source"]) == ("venue", "bybit")
    assert row["venue"] == "bybit"
    assert "no other recent price to hold it against" in row["refused"]
    sol = next(x for x in report["data"]["candidates"] if x["candidate"] == "SOL")
    assert sol["accepted"] is True


def test_two_other_exchanges_witness_for_each_other(cli: Cli, tmp_path: Path) -> None:
    """Bybit and MEXC agree on GONE's price: each is held against the other."""
    path = gone()
    with ExitStack() as stack:
        here = stack.enter_context(serve("binanceusdm"))
        there = [stack.enter_context(serve(venue, with_gone(path))) for venue in ("bybit", "mexc")]
        options = {**here.options, **there[0].options, **there[1].options}
        sectors(tmp_path, options, members="ETH, SOL, AVAX, GONE")
        asked = ("proxies", "--sector", "l1", *LIVE, "--proxy-venues", "bybit,mexc")
        rows = answer(cli, *asked)["data"]["candidates"]
    assert {row["venue"] for row in rows if row["kind"] == "venue" and row["accepted"]} == {"bybit", "mexc"}


def test_an_exchange_that_fails_is_named_and_the_others_are_still_asked(cli: Cli, tmp_path: Path) -> None:
    """MEXC is not there at all: it is told, and Bybit is a candidate."""
    path = gone()
    file = history(tmp_path, path)
    with ExitStack() as stack:
        both(stack, tmp_path, path, "ETH, SOL, AVAX, GONE")
        text = (tmp_path / "sectors.yaml").read_text()
        dead = '"mexc": {"urls": {"api": {"contract": {"public": "http://127.0.0.1:9/api/v1"}}}}'
        (tmp_path / "sectors.yaml").write_text(
            text.replace("exchange_options: {", f"exchange_options: {{{dead}, ")
        )
        asked = ("proxies", "--sector", "l1", *LIVE, "--proxy-history", file, "--proxy-venues", "mexc,bybit")
        report = answer(cli, *asked)
    assert report["data"]["candidates"][0]["venue"] == "bybit"
    assert "mexc" in warned(report, "not-elsewhere")[0]


DOWN = {
    "bad_response": Fault("status", value=503),
    "rate_limited": Fault("status", value=429),
    "timeout": Fault("hang"),
    "geo_blocked": Fault("status", value=451),
    "bars_bad_response": Fault("status", endpoint="/kline", value=503),
}


def without_bybit(
    stack: ExitStack, folder: Path, fault: Fault, members: str = "ETH, SOL, AVAX, {base: GONE, proxy: bybit}"
) -> None:
    """Binance without GONE, whose stand-in is to be found on a Bybit that does not answer."""
    here = stack.enter_context(serve("binanceusdm"))
    there = stack.enter_context(serve("bybit", with_gone(closes()["SOL"]), (replace(fault),)))
    sectors(folder, {**here.options, **there.options}, members=members)


@pytest.mark.parametrize("reason", DOWN)
def test_a_stand_in_on_an_exchange_that_does_not_answer_is_a_network_failure(
    reason: str, cli: Cli, tmp_path: Path
) -> None:
    """`proxy: bybit` and Bybit is down: exit 4 as where it is asked itself, and worth another try but for a block."""
    with ExitStack() as stack:
        without_bybit(stack, tmp_path, DOWN[reason])
        file = history(tmp_path, gone())
        asked = ("--sector", "l1", "--proxy-history", file, "--timeout", "6", "-O", "json")
        ran = cli("solve", *asked, *LIVE)
        itself = cli("solve", *asked, "--exchange", "bybit", "--proxies", "none")
    error, own = json.loads(ran.out)["error"], json.loads(itself.out)["error"]
    assert (ran.code, itself.code) == (4, 4)
    assert error["kind"] == reason.removeprefix("bars_")
    assert error["retryable"] is own["retryable"] is (reason != "geo_blocked")
    assert error["message"].startswith("`bybit` (asked for `GONE`) ")


def test_an_outage_is_told_where_the_answer_goes_on_without_the_member(cli: Cli, tmp_path: Path) -> None:
    """`--allow-missing` leaves GONE out with Bybit named; the checklist tells it in step 3."""
    with ExitStack() as stack:
        without_bybit(stack, tmp_path, DOWN["bad_response"])
        asked = ("--sector", "l1", *LIVE, "--proxy-history", history(tmp_path, gone()))
        solved = answer(cli, "solve", *asked, "--allow-missing")
        steps = answer(cli, "checklist", *asked, "--step", "liquidity", code=10)["data"]["steps"]
    (notice,) = warned(solved, "proxy-refused")
    assert "`bybit`" in notice
    assert "503" in notice
    assert "nothing stands in for GONE, without a contract: `bybit`" in steps[0]["summary"]
    assert "try again" in steps[0]["next_step"]


def test_an_outage_that_changes_nothing_is_no_network_failure(cli: Cli, tmp_path: Path) -> None:
    """GONE moves against SOL, which the file names: whether Bybit answers does not matter to it."""
    with ExitStack() as stack:
        members = "AVAX, SOL, {base: ETH, proxy: bybit}, {base: GONE, proxy: SOL}"
        without_bybit(stack, tmp_path, DOWN["bad_response"], members)
        file = history(tmp_path, gone(0.001, (0.0, -0.8, 0.0)))
        ran = cli("solve", "--sector", "l1", *LIVE, "--proxy-history", file, "--timeout", "60")
    assert ran.code == 3
    assert "a part of it would be short" in ran.err


def test_real_exchanges_do_not_stand_in_for_simulated_ones(cli: Cli) -> None:
    """Simulated and real prices never mix in one basket."""
    ran = cli(
        "solve", "--sector", "l1", "--exchange", "sample", "--proxies", "auto", "--proxy-venues", "bybit"
    )
    assert ran.code == 2
    assert "cannot hold what `sample` lacks" in ran.err


# --- spot -------------------------------------------------------------------------------------------------------

SPOT = ("--sector", "l1", "--target", "1.4", "--leverage", "4", "--exchange", "sample", "--spot", "ADA,ETH")


def test_spot_is_hedged_and_stands_beside_the_margin_account(cli: Cli) -> None:
    """The short is 1.4 x the whole basket; margin, leverage and funding are of the futures alone."""
    data = answer(cli, "hedge", *SPOT)["data"]
    legs = {leg["base"]: leg for leg in data["basket"]["legs"]}
    assert {base for base, leg in legs.items() if leg["kind"] == "spot"} == {"ADA", "ETH"}
    assert legs["ETH"]["symbol"] == "ETH/USDT"
    assert data["hedge"]["notional"] == pytest.approx(-140_000)
    assert not {"ADA", "ETH"} & {row["base"] for row in data["margin"]["legs"]}
    futures = sum(abs(leg["notional"]) for leg in legs.values() if leg["kind"] == "future") + 140_000
    assert data["account_leverage"] == pytest.approx(futures / 25_000)
    assert data["gross_notional"] == pytest.approx(240_000)


def test_spot_pays_no_funding_and_has_no_basis(cli: Cli) -> None:
    """Its rows say so, the sums are of the others, and the basis risk is known without it."""
    funding = answer(cli, "funding", *SPOT)["data"]
    row = named(funding["rows"], "ETH")
    assert (row["cash_current"], row["payer"]) == (0.0, "nobody pays")
    assert funding["current"]["basket"] == pytest.approx(
        sum(x["cash_current"] for x in funding["rows"] if x["role"] == "leg")
    )
    hedged = answer(cli, "hedge", *SPOT)["data"]
    assert hedged["trade_risk"]["funding"] == pytest.approx(funding["current"]["net"])
    assert hedged["funding"]["net_per_day"] is not None
    assert answer(cli, "basis", *SPOT)["data"]["risk_annual"] == pytest.approx(
        hedged["trade_risk"]["basis_risk_annual"]
    )


def test_spot_is_never_short(cli: Cli) -> None:
    """With shorts allowed the futures may be short; what is held as spot stays at nothing or above."""
    argv = (
        "solve",
        "--sector",
        "l1",
        "--target",
        "0.8",
        "--exchange",
        "sample",
        "--allow-short",
        "--spot",
        "AVAX,NEAR",
    )
    legs = {leg["base"]: leg["weight"] for leg in answer(cli, *argv)["data"]["legs"]}
    assert legs["AVAX"] >= 0
    assert legs["NEAR"] >= 0
    assert min(legs.values()) < 0


def test_spot_held_already_is_traded_and_a_future_of_it_counts(cli: Cli, tmp_path: Path) -> None:
    """1 ETH of spot is what the plan starts from; it is sold or bought as spot, and never reduce-only."""
    (tmp_path / "held.csv").write_text("base,kind,amount\nETH,spot,10\n")
    argv = (*SPOT, "--positions", "held.csv", "--tickets", "orders.json")
    data = answer(cli, "hedge", *argv)["data"]
    trade = named(data["today"]["trades"], "ETH", "basket")
    leg = named(data["basket"]["legs"], "ETH")
    assert trade["symbol"] == "ETH/USDT"
    assert trade["held_amount"] == pytest.approx(10)
    assert trade["amount"] == pytest.approx(leg["amount"] - 10, abs=0.001)
    assert trade["reduce_only"] is False
    tickets = json.loads((tmp_path / "orders.json").read_text())
    assert {order["symbol"] for order in tickets["spot_orders"]} == {"ADA/USDT", "ETH/USDT"}
    assert not {"ADA/USDT", "ETH/USDT"} & {order["symbol"] for order in tickets["orders"]}
    assert all(order["params"] == {} for order in tickets["spot_orders"])


def test_a_member_of_the_file_is_held_as_spot_wherever_it_is_asked_about(cli: Cli, tmp_path: Path) -> None:
    """`hold: spot` needs no flag, in every command of the basket."""
    (tmp_path / "sectors.yaml").write_text("sectors: {l1: {members: [ETH, SOL, {base: ADA, hold: spot}]}}\n")
    asked = ("--sector", "l1", "--exchange", "sample")
    assert named(answer(cli, "solve", *asked)["data"]["legs"], "ADA")["kind"] == "spot"
    assert named(answer(cli, "liquidity", *asked)["data"]["names"], "ADA")["contract"] == "spot"
    report = answer(cli, "venues", *asked)
    assert report["data"]["venues"][0]["covered"] == 3


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("--spot", "XYZ"), 2, "did you mean"),
        (("--spot", "XYZ"), 2, "--spot"),
        (("--spot", "ETH", "--benchmark", "ETH"), 2, "is the benchmark"),
        (("--spot", "ETH", "--beta", "ETH=1.2", "--beta", "SOL=1.6"), 2, "no source of spot markets"),
    ],
)
def test_what_cannot_be_spot_is_said(cli: Cli, argv: tuple[str, ...], code: int, said: str) -> None:
    """A name that is no member, the benchmark itself, and no source at all are each refused in a sentence."""
    where = () if "--beta" in argv else ("--exchange", "sample")
    ran = cli("solve", "--sector", "l1", "--only", "ETH,SOL", *argv, *where)
    assert ran.code == code
    assert said in ran.err or said == "did you mean"


def test_the_simulated_market_has_a_coin_that_lost_its_contract(cli: Cli) -> None:
    """The example of stand-ins: OLD is regressed on its own spot prices, and stood in for as the file says."""
    config = str(Path(__file__).parents[2] / "examples" / "stand-ins.yaml")
    asked = ("--config", config, "--sector", "veterans", "--exchange", "sample")
    rows = answer(cli, "proxies", *asked)["data"]["candidates"]
    assert {row["history"] for row in rows} == {"spot"}
    spot = next(row for row in rows if row["kind"] == "spot")
    assert (spot["r_squared"], spot["variance_added"]) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-12))
    report = answer(cli, "solve", *asked, "--max-weight", "0.6")
    (stand_in,) = report["data"]["stand_ins"]
    assert stand_in["held"] == ["ETH", "ADA"]
    as_spot = Path(config).read_text().replace("proxy: ETH+ADA", "proxy: spot")
    Path("spot.yaml").write_text(as_spot)
    report = answer(cli, "solve", *("--config", "spot.yaml"), *asked[2:], "--max-weight", "0.6")
    assert named(report["data"]["legs"], "OLD")["kind"] == "spot"


def test_by_default_every_other_exchange_is_asked_about_a_member_without_a_contract(
    cli: Cli, tmp_path: Path
) -> None:
    """`betacli proxies` alone: Bybit has GONE, the three others do not, and each is told; nothing is asked otherwise."""
    path = gone()
    file = history(tmp_path, path)
    with ExitStack() as stack:
        here = stack.enter_context(serve("binanceusdm"))
        there = [stack.enter_context(serve("bybit", with_gone(path)))]
        there += [stack.enter_context(serve(venue)) for venue in ("bingx", "weex", "mexc")]
        options = {key: value for fake in (here, *there) for key, value in fake.options.items()}
        sectors(tmp_path, options, members="ETH, SOL, AVAX, GONE")
        report = answer(cli, "proxies", "--sector", "l1", *LIVE, "--proxy-history", file)
        asked = [len(fake.requests) for fake in there]
        answer(cli, "proxies", "--sector", "l1", "--only", "ETH,SOL", *LIVE)
        after = [len(fake.requests) for fake in there]
    assert report["data"]["candidates"][0]["venue"] == "bybit"
    (said,) = warned(report, "not-elsewhere")
    assert all(venue in said for venue in ("bingx", "weex", "mexc"))
    assert all(asked)
    assert after == asked


# --- what an attacker found -------------------------------------------------------------------------------------


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


def test_a_spot_market_of_another_coin_is_not_held_for_the_contract(cli: Cli, tmp_path: Path) -> None:
    """`SOL/USDT` at 110 times the perpetual's price is no SOL: `--spot SOL` refuses it by name, with the ratio."""
    other = {"SOLUSDT": bars(FIRST_MS, closes()["SOL"] * 110, DAY_MS)}
    with serve("binanceusdm", a_market(spot=other)) as fake:
        sectors(tmp_path, fake.options)
        ran = cli("solve", "--sector", "l1", *LIVE, "--spot", "SOL", "--timeout", "60")
    assert ran.code == 3
    assert "`SOL/USDT` beside `SOL/USDT:USDT` is another coin: price ratio 110" in ran.err


def test_exchanges_that_disagree_are_no_history(cli: Cli, tmp_path: Path) -> None:
    """Bybit and MEXC list two coins as GONE, and nothing else tells which: there is no candidate, in either order."""
    with ExitStack() as stack:
        here = stack.enter_context(serve("binanceusdm"))
        there = [
            stack.enter_context(serve("bybit", with_gone(gone()))),
            stack.enter_context(serve("mexc", with_gone(gone() * 50))),
        ]
        options = {**here.options, **there[0].options, **there[1].options}
        sectors(tmp_path, options, members="ETH, SOL, AVAX, GONE")
        for order in ("bybit,mexc", "mexc,bybit"):
            report = answer(cli, "proxies", "--sector", "l1", *LIVE, "--proxy-venues", order)
            assert report["data"]["candidates"] == []
            assert "list different coins under its name" in warned(report, "no-history")[0]


def test_a_witness_that_ended_long_ago_vouches_for_nothing(cli: Cli, tmp_path: Path) -> None:
    """The file ends 50 days ago: no price in common is recent, so nobody knows whether Bybit's GONE is that coin now."""
    path = gone()
    file = history(tmp_path, path[:-50])
    with ExitStack() as stack:
        both(stack, tmp_path, path, "ETH, SOL, AVAX, GONE")
        asked = ("proxies", "--sector", "l1", *LIVE, "--proxy-history", file, "--proxy-venues", "bybit")
        row = next(x for x in answer(cli, *asked)["data"]["candidates"] if x["kind"] == "venue")
    assert (row["accepted"], row["price_ratio"]) == (False, None)
    assert "no other recent price" in row["refused"]


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


@pytest.mark.parametrize("named_as", ["ETH", "ETH/USDT:USDT"])
def test_a_hedge_is_a_contract_though_the_coin_is_held_as_spot(cli: Cli, named_as: str) -> None:
    """ETH as spot and ETH's perpetual as the hedge: a short of the perpetual, margined and paying funding."""
    data = answer(cli, "hedge", *SPOT, "--hedge-with", named_as, "--tickets", "orders.json")["data"]
    (part,) = data["hedge"]["parts"]
    assert (part["symbol"], part["side"]) == ("ETH/USDT:USDT", "short")
    assert "ETH/USDT:USDT" in {row["symbol"] for row in data["margin"]["legs"]}
    assert data["funding"]["hedge_per_day"] != 0
    tickets = json.loads(Path("orders.json").read_text())
    assert all(order["side"] == "buy" for order in tickets["spot_orders"])


def test_the_largest_part_of_the_universe_cannot_hedge_as_spot(cli: Cli, tmp_path: Path) -> None:
    """ETH is the universe's largest part and held as spot: the short is refused, with a way out."""
    facts = "supply_as_of: 2026-01-01"
    (tmp_path / "sectors.yaml").write_text(
        f"benchmark: universe\nsectors: {{l1: {{members: [{{base: ETH, supply: 1.0e+9, {facts}}}, "
        f"{{base: SOL, supply: 1.0e+6, {facts}}}]}}}}\n"
    )
    ran = cli("hedge", "--sector", "l1", "--exchange", "sample", "--spot", "ETH")
    assert ran.code == 3
    assert "cannot be sold short there for this account" in ran.err


def test_a_future_of_a_coin_planned_as_spot_is_no_short_of_spot(cli: Cli, tmp_path: Path) -> None:
    """5 ETH of futures are more than the plan: nothing is bought or sold as spot, the future keeps margin and funding."""
    (tmp_path / "p.csv").write_text("base,kind,amount\nETH,future,5\n")
    asked = (*SPOT, "--positions", "p.csv", "--tickets", "orders.json")
    data = answer(cli, "hedge", *asked)
    plain = answer(cli, "hedge", *SPOT)["data"]
    tickets = json.loads(Path("orders.json").read_text())
    assert {order["side"] for order in tickets["spot_orders"]} == {"buy"}
    assert "ETH/USDT" not in {order["symbol"] for order in tickets["spot_orders"]}
    assert any("nothing more is bought: ETH" in x for x in warned(data, "held-beyond-plan"))
    assert data["data"]["liquidation"]["known"] is True
    held = next(p for p in data["data"]["today"]["positions"] if p["base"] == "ETH")
    assert held["symbol"] == "ETH/USDT:USDT"
    assert data["data"]["funding"]["basket_per_day"] != pytest.approx(plain["funding"]["basket_per_day"])


def test_what_is_held_of_a_coin_elsewhere_is_of_that_account(cli: Cli, tmp_path: Path) -> None:
    """GONE is planned on Bybit and held there already: the trade starts from it, and no margin of this account is taken."""
    path = gone()
    file = history(tmp_path, path)
    members = "ETH, SOL, AVAX, {base: GONE, proxy: bybit}"
    (tmp_path / "p.csv").write_text("base,kind,amount\nGONE,future,300\n")
    with ExitStack() as stack:
        both(stack, tmp_path, path, members)
        asked = (
            "hedge",
            "--sector",
            "l1",
            *LIVE,
            "--proxy-history",
            file,
            "--leverage",
            "2",
            "--positions",
            "p.csv",
        )
        data = answer(cli, *asked)["data"]
        alone = answer(cli, *asked[:-2])["data"]
    trade = named(data["today"]["trades"], "GONE", "basket")
    assert trade["held_amount"] == pytest.approx(300)
    assert data["account_leverage"] == pytest.approx(alone["account_leverage"])
    assert "GONE" not in {row["base"] for row in data["margin"]["legs"]}


# --- the betas of what is held ----------------------------------------------------------------------------------

VETERANS = ("--sector", "veterans", "--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z")


def veterans(folder: Path, more: str = "") -> tuple[str, ...]:
    """DOT is held as spot; ETH and ADA stand in for OLD."""
    file = folder / "veterans.yaml"
    members = "ETH, ADA, SOL, {base: DOT, hold: spot}, {base: OLD, proxy: ETH+ADA}"
    file.write_text(f"sectors: {{veterans: {{members: [{members}]}}}}\n{more}")
    return ("--config", str(file))


def test_beta_shows_the_betas_of_what_solve_holds(cli: Cli, tmp_path: Path) -> None:
    """Each beta is that of the leg, DOT's of its spot market; equal weights are a fifth each, OLD's with ETH and ADA."""
    asked = (*veterans(tmp_path), *VETERANS)
    measured, solved = answer(cli, "beta", *asked), answer(cli, "solve", *asked)
    rows = {row["base"]: (row["beta"], row["symbol"]) for row in measured["data"]["assets"]}
    assert rows == {leg["base"]: (leg["beta"], leg["symbol"]) for leg in solved["data"]["legs"]}
    assert rows["DOT"][1] == "DOT/USDT"
    (stand_in,) = solved["data"]["stand_ins"]
    of_old = dict(zip(stand_in["held"], stand_in["shares"], strict=True))
    by_hand = sum(0.2 * (1 + of_old.get(base, 0.0)) * beta for base, (beta, _) in rows.items())
    assert measured["data"]["equal_weight"]["beta"] == pytest.approx(by_hand)
    for notice in ("proxy", "spot-legs"):
        assert warned(measured, notice) == warned(solved, notice) != []


@pytest.mark.parametrize("view", ["--compare", "--rolling"])
def test_every_view_of_beta_is_of_what_is_held(view: str, cli: Cli, tmp_path: Path) -> None:
    """OLD is stood in for there too."""
    report = answer(cli, "beta", *veterans(tmp_path), *VETERANS, view)
    assert "stands for `OLD`" in warned(report, "proxy")[0]


def test_beta_takes_the_options_of_a_plan_about_placing(cli: Cli, tmp_path: Path) -> None:
    """A plan with `spot` and `proxies` means the same in `beta` as in `solve`."""
    plan = "plans: {mine: {sector: veterans, exchange: sample, spot: ADA, proxies: auto}}\n"
    asked = (*veterans(tmp_path, plan), "--plan", "mine", "--as-of", "2026-10-28T07:00:00Z")
    measured, solved = answer(cli, "beta", *asked), answer(cli, "solve", *asked)
    rows = {row["base"]: row["symbol"] for row in measured["data"]["assets"]}
    assert rows == {leg["base"]: leg["symbol"] for leg in solved["data"]["legs"]}
    assert rows["ADA"] == "ADA/USDT"


def test_beta_without_its_proxies_refuses_as_before(cli: Cli, tmp_path: Path) -> None:
    """`--proxies none` refuses OLD by name."""
    ran = cli("beta", *veterans(tmp_path), *VETERANS, "--proxies", "none")
    assert ran.code == 3
    assert "`OLD`" in ran.err


@pytest.mark.parametrize("benchmarks", [("DOT",), ("BTC", "DOT")])
def test_a_member_held_as_spot_is_no_benchmark_of_beta(
    benchmarks: tuple[str, ...], cli: Cli, tmp_path: Path
) -> None:
    """A benchmark is a contract; the second of several as the first."""
    asked = [word for name in benchmarks for word in ("--benchmark", name)]
    ran = cli("beta", *veterans(tmp_path), *VETERANS, *asked)
    assert ran.code == 2
    assert "`DOT` is the benchmark" in ran.err


def test_betas_by_hand_need_no_spot_market(cli: Cli, tmp_path: Path) -> None:
    """Without a source nothing is placed: the betas are shown as given."""
    given = [word for base in ("ETH", "ADA", "SOL", "DOT") for word in ("--beta", f"{base}=1.5")]
    sector = ("--sector", "veterans", "--only", "ETH,ADA,SOL,DOT")
    rows = answer(cli, "beta", *veterans(tmp_path), *sector, *given)["data"]["assets"]
    assert [row["beta"] for row in rows] == [1.5] * 4
