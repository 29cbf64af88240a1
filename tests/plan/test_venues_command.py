"""`betacli venues`: five fake exchanges asked at once, one that fails, and one whose ticker is another coin."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from conftest import Cli
from fake_exchange.faults import Fault
from fake_exchange.market import FakeMarket, bars
from marketing import DAY_MS, FIRST_MS, N_DAYS, VENUES, a_market, answer, closes, sectors, serve

ORDER = ("--sector", "l1", "--notional", "600")
SAMPLE = ("--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z")


@contextmanager
def served(
    folder: Path,
    markets: dict[str, FakeMarket] | None = None,
    faults: dict[str, tuple[Fault, ...]] | None = None,
) -> Iterator[None]:
    with ExitStack() as stack:
        fakes = [
            stack.enter_context(serve(venue, (markets or {}).get(venue), (faults or {}).get(venue, ())))
            for venue in VENUES
        ]
        options: dict[str, object] = {}
        for venue, fake in zip(VENUES, fakes, strict=True):
            options[venue] = fake.options[venue]
        sectors(folder, options)
        yield


def test_one_market_costs_what_its_fees_make_of_it(cli: Cli, tmp_path: Path) -> None:
    """Five exchanges serve one market: coverage, spread and funding are equal, and the fees alone set the order."""
    with served(tmp_path):
        data = answer(cli, "venues", *ORDER)["data"]
    rows = {row["venue"]: row for row in data["venues"]}
    assert set(rows) == set(VENUES)
    assert data["reference"] == "binanceusdm"
    for row in rows.values():
        assert (row["covered"], row["asked"], row["failed"]) == (3, 3, None)
        assert (row["other_coins"], row["unverified"]) == ([], [])
        assert row["spread_bps"] == pytest.approx(10.0, rel=1e-3)
        assert row["funding"] == pytest.approx(rows["binanceusdm"]["funding"])
        total = row["fees"] + row["entry"] + row["funding"]
        assert row["cost_bps"] == pytest.approx(-total / 600 * 1e4)
    ranked = sorted(rows.values(), key=lambda row: row["rank"])
    assert [row["cost_bps"] for row in ranked] == sorted(row["cost_bps"] for row in ranked)
    assert [row["rank"] for row in ranked] == [1, 2, 3, 4, 5]


def test_an_exchange_that_fails_is_a_row_with_its_reason(cli: Cli, tmp_path: Path) -> None:
    """MEXC answers 503 to everything: it has no rank and no number, and the others are ranked."""
    with served(tmp_path, faults={"mexc": (Fault("status", value=503, body=b"<html></html>"),)}):
        report = answer(cli, "venues", *ORDER)
    mexc = next(row for row in report["data"]["venues"] if row["venue"] == "mexc")
    assert (mexc["rank"], mexc["covered"], mexc["cost_bps"]) == (None, None, None)
    assert mexc["convergence"] is None
    assert {row["convergence"] for row in report["data"]["venues"] if row["failed"] is None} == {0.0}
    assert "mexc" in mexc["failed"]
    assert report["data"]["venues"][-1]["venue"] == "mexc"
    assert any(notice["id"] == "venue-failed" for notice in report["warnings"])


def test_a_ticker_at_another_price_is_another_coin(cli: Cli, tmp_path: Path) -> None:
    """SOL at 110 times the price on Bybit, moving by itself: not covered, no cost, ranked after those that hold all."""
    other = a_market()
    own = 11_000 * np.cumprod(1 + np.random.default_rng(99).normal(0, 0.03, N_DAYS))
    other.bars["SOLUSDT"] = bars(FIRST_MS, own, DAY_MS)
    with served(tmp_path, markets={"bybit": other}):
        report = answer(cli, "venues", *ORDER)
    bybit = next(row for row in report["data"]["venues"] if row["venue"] == "bybit")
    assert (bybit["other_coins"], bybit["covered"], bybit["cost_bps"], bybit["rank"]) == (
        ["SOL"],
        2,
        None,
        None,
    )
    notice = next(x for x in report["warnings"] if x["id"] == "other-coin")
    assert "SOL on bybit" in notice["detail"]
    assert "3 %" in notice["detail"]


def test_an_exchange_that_lacks_a_member_says_which(cli: Cli, tmp_path: Path) -> None:
    """BingX without AVAX covers two of three, has no rank, and names what it lacks."""
    lacking = a_market()
    del lacking.bars["AVAXUSDT"]
    lacking.instruments = [one for one in lacking.instruments if one.base != "AVAX"]
    with served(tmp_path, markets={"bingx": lacking}):
        rows = answer(cli, "venues", *ORDER)["data"]["venues"]
    bingx = next(row for row in rows if row["venue"] == "bingx")
    assert (bingx["covered"], bingx["missing"], bingx["rank"]) == (2, ["AVAX"], None)


def test_the_simulated_market_is_a_venue(cli: Cli) -> None:
    """`--exchange sample` needs no network: it covers every member, and is told neither centralised nor not."""
    data = answer(cli, "venues", "--sector", "l1", "--target", "1.4", "--exchange", "sample")["data"]
    (row,) = data["venues"]
    assert (row["venue"], row["rank"], row["covered"], row["centralised"]) == ("sample", 1, 10, None)
    assert set(row["dated_futures"]) == {"BTC", "ETH"}
    assert row["unknown"] == {}


def test_venues_need_exchanges(cli: Cli) -> None:
    """Offline there is nobody to ask: exit 2 with a way out."""
    assert cli("venues", "--sector", "l1", "--offline").code == 2
    assert cli("venues", "--sector", "l1", "--venues", "nowhere").code == 2


def test_where_every_exchange_refuses_its_data_that_is_the_answer(cli: Cli) -> None:
    """A half-life of an hour leaves no beta anywhere: data refused (3), and not a network that failed (4)."""
    ran = cli("venues", "--sector", "l1", "--exchange", "sample", "--half-life", "1h", "-O", "json")
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["exit_code"], error["retryable"]) == (3, 3, False)
    assert "no beta could be estimated" in error["message"]


def test_a_member_held_as_spot_is_counted_once(cli: Cli, tmp_path: Path) -> None:
    """OLD has no contract and is bought as spot: 4 of 4 are held themselves, none by another, and the cost is known.

    239.78 of fees and 139.86 of spreads are paid on 100,000, 391.33 of funding is received: 1.17 bps are earned.
    """
    members = "ETH, ADA, SOL, {base: OLD, proxy: spot}"
    (tmp_path / "sectors.yaml").write_text(f"sectors: {{a: {{members: [{members}]}}}}\n")
    (row,) = answer(cli, "venues", "--sector", "a", *SAMPLE)["data"]["venues"]
    assert (row["rank"], row["covered"], row["asked"], row["stood_in"]) == (1, 4, 4, [])
    assert row["cost_bps"] == pytest.approx(-1.17, abs=0.005)


# --- a dated hedge ----------------------------------------------------------------------------------------------

DATED = ("venues", "--sector", "l1", "--target", "1.4", *SAMPLE, "--hedge-with", "quarter")


def test_the_columns_of_a_dated_hedge_add_up(cli: Cli) -> None:
    """On 100,000: -239.92 - 50.33 - 154.96 + 186.80 = -258.41, which is -25.84 bps; without a date no such column."""
    shown = cli(*DATED).out
    assert "basis to expiry" in shown
    for number in ("-239.92", "-50.33", "-154.96", "+186.80", "-25.8"):
        assert number in shown
    assert "basis to expiry" not in cli(*DATED[:-2]).out


def test_the_basis_to_expiry_may_be_what_decides(cli: Cli) -> None:
    """30 days of it are 186.80 x 30 / 7 = 800.56, more than 239.92 of fees and 154.96 x 30 / 7 = 664.11 of funding."""
    (row,) = answer(cli, *DATED, "--horizon", "30d")["data"]["venues"]
    assert row["convergence"] == pytest.approx(800.56, abs=0.02)
    assert row["reasons"] == ["basis to expiry received is the largest part"]


def test_an_unknown_basis_to_expiry_is_why_the_cost_is(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an index and a price of the perpetual nobody knows it: no cost, and the reason names it."""
    monkeypatch.setattr("betacli.plan.venue_rows.converged", lambda *_: None)
    (row,) = answer(cli, *DATED)["data"]["venues"]
    assert (row["rank"], row["cost_bps"], row["convergence"]) == (None, None, None)
    assert row["reasons"] == ["cost unknown without basis to expiry"]


# --- the same coin ----------------------------------------------------------------------------------------------


def strayed(base: str) -> FakeMarket:
    """The market with one coin at 110 times its price, moving by itself."""
    market = a_market()
    own = 11_000 * np.cumprod(1 + np.random.default_rng(99).normal(0, 0.03, N_DAYS))
    market.bars[f"{base}USDT"] = bars(FIRST_MS, own, DAY_MS)
    return market


def test_a_benchmark_that_is_another_coin_leaves_no_rank(cli: Cli, tmp_path: Path) -> None:
    """BTC at 110 times the price on Bybit: its three members are covered, and hedged with another coin: no cost."""
    with served(tmp_path, markets={"bybit": strayed("BTC")}):
        report = answer(cli, "venues", *ORDER)
    bybit = next(row for row in report["data"]["venues"] if row["venue"] == "bybit")
    assert (bybit["other_coins"], bybit["covered"]) == (["BTC"], 3)
    assert (bybit["rank"], bybit["cost_bps"]) == (None, None)
    assert "another coin than on binanceusdm: BTC (benchmark)" in bybit["reasons"]
    assert "BTC on bybit" in next(x["detail"] for x in report["warnings"] if x["id"] == "other-coin")
    others = [row for row in report["data"]["venues"] if row["venue"] != "bybit"]
    assert [(row["rank"], row["other_coins"], row["unverified"]) for row in others] == [
        (rank, [], []) for rank in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize("only", ["ETH,SOL", "ETH,SOL,AVAX"])
def test_a_hedge_that_is_another_coin_leaves_no_rank(cli: Cli, tmp_path: Path, only: str) -> None:
    """`--hedge-with AVAX`, a member or none, that follows BTC by 1.5 and costs 1.2 times as much on Bybit."""
    dear = a_market()
    dear.bars["AVAXUSDT"] = bars(FIRST_MS, 1.2 * closes()["AVAX"], DAY_MS)
    asked = (*ORDER, "--only", only, "--hedge-with", "AVAX", "--venues", "binanceusdm,bybit,mexc")
    with served(tmp_path, markets={"bybit": dear}):
        rows = {row["venue"]: row for row in answer(cli, "venues", *asked)["data"]["venues"]}
    assert (rows["bybit"]["other_coins"], rows["bybit"]["rank"]) == (["AVAX"], None)
    assert "another coin than on binanceusdm: AVAX (hedge)" in rows["bybit"]["reasons"]
    assert (rows["mexc"]["other_coins"], rows["mexc"]["unverified"]) == ([], [])
    assert rows["mexc"]["cost_bps"] is not None
