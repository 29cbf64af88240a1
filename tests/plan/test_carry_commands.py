"""`betacli funding` and `betacli basis`: hand-worked payments and indices on five exchanges, and the simulated market."""

from pathlib import Path

import pytest

from conftest import Cli
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS, Instrument
from marketing import NOW_MS, VENUES, a_market, answer, named, sectors, serve

ORDER = ("--sector", "l1", "--notional", "6006")
NO_INTEREST = "2026-10-20T07:00:00Z"


@pytest.mark.parametrize("venue", VENUES)
def test_funding_is_at_each_symbols_own_interval(cli: Cli, tmp_path: Path, venue: str) -> None:
    """ETH pays 0.02 % every 4 h, SOL 0.01 % every 8 h, on 2,002 each over 7 days.

    ETH: 42 payments of 0.4004 are 16.8168; SOL: 21 of 0.2002 are 4.2042. A year is 0.0002 × 6 × 365 = 43.8 % and
    0.0001 × 3 × 365 = 10.95 %.
    """
    with serve(venue) as fake:
        sectors(tmp_path, fake.options)
        data = answer(cli, "funding", *ORDER, "--exchange", venue)["data"]
    eth, sol = named(data["rows"], "ETH"), named(data["rows"], "SOL")
    assert (eth["interval_hours"], sol["interval_hours"]) == (4, 8)
    assert (eth["annual"], sol["annual"]) == (pytest.approx(0.438), pytest.approx(0.1095))
    assert (eth["cash_current"], sol["cash_current"]) == (pytest.approx(-16.8168), pytest.approx(-4.2042))
    assert eth["payer"] == "longs pay shorts"
    hedge = named(data["rows"], "BTC", "hedge")
    assert hedge["cash_current"] == pytest.approx(-hedge["notional"] * 0.0001 * 21)
    net = sum(row["cash_current"] for row in data["rows"])
    assert data["current"]["net"] == pytest.approx(net)
    assert data["current"]["net_bps"] == pytest.approx(net / 6006 * 1e4)


@pytest.mark.parametrize("venue", VENUES)
def test_a_missing_payment_is_in_no_average(cli: Cli, tmp_path: Path, venue: str) -> None:
    """59 of 60 payments of 0.01 % every 4 h are there: 21.9 % a year all the same, and one is told missing."""
    with serve(venue) as fake:
        sectors(tmp_path, fake.options)
        report = answer(cli, "funding", *ORDER, "--exchange", venue)
    eth = named(report["data"]["rows"], "ETH")
    assert (eth["n_payments"], eth["missing"]) == (59, 1)
    assert eth["mean_annual"] == pytest.approx(0.219)
    assert any(x["id"] == "funding-missing" and "ETH 1 of 60" in x["detail"] for x in report["warnings"])


def test_the_break_even_adds_fees_and_the_book(cli: Cli, tmp_path: Path) -> None:
    """With 5 bps a fill, fees are 10 bps of the gross in and out, and what must be earned is the negative of the sum over 6,006."""
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options)
        asked = ("funding", *ORDER, "--exchange", "binanceusdm", "--fee-bps", "5")
        data = answer(cli, *asked)["data"]
        maker = answer(cli, *asked[:-2], "--fees", "maker")["data"]
    gross = sum(abs(row["notional"]) for row in data["rows"])
    assert data["carry"]["fees"] == pytest.approx(-2 * 0.0005 * gross)
    net = data["current"]["net"] + data["carry"]["fees"] + data["carry"]["entry"]
    assert data["carry"]["net"] == pytest.approx(net)
    assert data["carry"]["break_even"] == pytest.approx(-net / 6006)
    assert data["carry"]["entry"] < 0
    assert maker["carry"]["fees"] != data["carry"]["fees"]


def test_funding_of_twice_the_basket_is_twice_the_funding(cli: Cli) -> None:
    """Funding of a book is linear: notionals and payments double together, in bps nothing changes."""
    asked = ("funding", "--sector", "l1", "--target", "1.4", "--exchange", "sample", "--notional")
    one, two = (answer(cli, *asked, size)["data"]["current"] for size in ("100000", "200000"))
    assert two["net"] == pytest.approx(2 * one["net"], rel=1e-9)
    assert two["net_bps"] == pytest.approx(one["net_bps"], rel=1e-9)


def test_the_horizon_scales_the_projection(cli: Cli) -> None:
    """Two weeks pay twice one week; the default is the rebalance interval of 7 days; `rebalance_days` changes it."""
    asked = ("funding", "--sector", "l1", "--exchange", "sample")
    default, fortnight = answer(cli, *asked)["data"], answer(cli, *asked, "--horizon", "14d")["data"]
    assert (default["horizon_days"], fortnight["horizon_days"]) == (7, 14)
    assert fortnight["current"]["net"] == pytest.approx(2 * default["current"]["net"])
    Path("sectors.yaml").write_text("checklist: {rebalance_days: 3}\n")
    assert answer(cli, *asked)["data"]["horizon_days"] == 3


def test_a_past_moment_has_past_payments_alone(cli: Cli, tmp_path: Path) -> None:
    """Under `--as-of` the current rate is null with the reason, and the carry is at the average, which is told."""
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options)
        report = answer(
            cli, "funding", *ORDER, "--exchange", "binanceusdm", "--as-of", "2026-10-27T07:00:00Z"
        )
    eth = named(report["data"]["rows"], "ETH")
    assert (eth["rate"], eth["cash_current"], report["data"]["current"]["net"]) == (None, None, None)
    assert "past" in eth["unknown"]["funding-rate"]
    assert eth["mean_annual"] == pytest.approx(0.219)
    assert report["data"]["carry_rates"] == "average"
    assert any(x["id"] == "carry-at-average" for x in report["warnings"])


@pytest.mark.parametrize("venue", VENUES)
def test_the_basis_now_is_mark_over_index(cli: Cli, tmp_path: Path, venue: str) -> None:
    """A mark of 100.10 over an index of 100 is 10 bps; the history has its own mean; the reference is named."""
    market = a_market(marks={"ETHUSDT": "100.1"}, indices={"ETHUSDT": "100"})
    with serve(venue, market) as fake:
        sectors(tmp_path, fake.options)
        data = answer(cli, "basis", *ORDER, "--exchange", venue)["data"]
    eth = named(data["rows"], "ETH")
    assert eth["now_bps"] == pytest.approx(10.0)
    if venue == "bingx":  # it lists no past index, and there is no spot market
        assert (eth["reference"], eth["risk_annual"]) == (None, None)
        assert eth["unknown"]["basis-history"]
        return
    assert eth["reference"] == "index"
    assert eth["n_obs"] == 91
    assert eth["mean_annual"] == pytest.approx(eth["mean_bps"] / 1e4 * 6 * 365)


def test_a_dated_future_of_25_days(cli: Cli, tmp_path: Path) -> None:
    """101 against an index of 100, expiring in 25 days: 100 bps, 0.01 × 365 / 25 = 14.6 % a year.

    The next one, at 102.01 in 116 days, costs a long 100 bps to roll into; a horizon of 20 days fits the first, one of
    60 the second.
    """
    soon, later = NOW_MS + 25 * DAY_MS, NOW_MS + 116 * DAY_MS
    dated = [
        Instrument(
            base="ETH", contract_type="CURRENT_QUARTER", delivery_ms=soon, suffix="_261122", contract_size="1"
        ),
        Instrument(
            base="ETH", contract_type="NEXT_QUARTER", delivery_ms=later, suffix="_270221", contract_size="1"
        ),
    ]
    market = a_market(
        marks={"ETHUSDT": "100", "ETHUSDT_261122": "101", "ETHUSDT_270221": "102.01"},
        indices={"ETHUSDT": "100", "ETHUSDT_261122": "100", "ETHUSDT_270221": "100"},
    )
    for one in dated:
        market.instruments.append(one)
        market.bars[one.symbol] = market.bars["ETHUSDT"]
    with serve("binanceusdm", market) as fake:
        sectors(tmp_path, fake.options)
        asked = ("basis", *ORDER, "--exchange", "binanceusdm", "--horizon")
        near, far = (answer(cli, *asked, horizon)["data"]["dated"] for horizon in ("20d", "60d"))
    first, second = near
    assert first["days"] == pytest.approx(25)
    assert first["basis_bps"] == pytest.approx(100)
    assert first["annual"] == pytest.approx(0.146)
    assert first["roll_bps"] == pytest.approx(100)
    assert (first["fits"], second["fits"]) == (True, False)
    assert [row["fits"] for row in far] == [False, True]
    assert second["roll_bps"] is None


def test_the_simulated_market_answers_everything(cli: Cli) -> None:
    """A new user sees every number: no null in any row of the three commands, and dated futures of BTC and ETH."""
    asked = ("--sector", "l1", "--target", "1.4", "--exchange", "sample")
    for command, rows in (("liquidity", "names"), ("funding", "rows"), ("basis", "rows")):
        data = answer(cli, command, *asked)["data"]
        for row in data[rows]:
            allowed = {"new_name", "venue", "ends_in_days"}
            assert [name for name, value in row.items() if value is None and name not in allowed] == [], (
                command
            )
            assert not row["unknown"]
    assert {row["base"] for row in data["dated"]} == {"BTC", "ETH"}
    assert data["risk_annual"] > 0


def test_solve_and_hedge_carry_the_risk_block(cli: Cli, tmp_path: Path) -> None:
    """Live, `hedge` tells the funding of `funding` and the basis risk of `basis`; of the past it is null with reasons."""
    asked = ("--sector", "l1", "--target", "1.4", "--exchange", "sample")
    risk = answer(cli, "hedge", *asked)["data"]["trade_risk"]
    assert risk["funding"] == pytest.approx(answer(cli, "funding", *asked)["data"]["current"]["net"])
    assert risk["basis_risk_annual"] == pytest.approx(answer(cli, "basis", *asked)["data"]["risk_annual"])
    grades = [row["grade"] for row in answer(cli, "liquidity", *asked)["data"]["names"]]
    assert risk["liquidity_grade"] == max(grades)
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options)
        past = answer(cli, "solve", *ORDER, "--exchange", "binanceusdm", "--as-of", NO_INTEREST)["data"][
            "trade_risk"
        ]
    assert (past["liquidity_grade"], past["funding"], past["basis_risk_annual"]) == (None, None, None)
    assert set(past["unknown"]) == {"liquidity_grade", "funding", "basis_risk_annual"}


def test_an_exchange_that_stops_answering_leaves_the_plan(cli: Cli, tmp_path: Path) -> None:
    """Where the order books are down, the weights stand, and the grade is null with what the exchange said."""
    faults = (Fault("status", endpoint="depth", value=503, body=b"<html></html>"),)
    with serve("binanceusdm", faults=faults) as fake:
        sectors(tmp_path, fake.options)
        data = answer(cli, "solve", *ORDER, "--exchange", "binanceusdm")["data"]
    assert sum(leg["weight"] for leg in data["legs"]) == pytest.approx(1)
    assert data["trade_risk"]["liquidity_grade"] is None
    assert "binanceusdm" in data["trade_risk"]["unknown"]["liquidity_grade"]
    assert data["trade_risk"]["funding"] == pytest.approx(-(16.8168 + 2 * 4.2042))
