"""Members held as spot: hedged, outside the margin account, never short."""

import json
from pathlib import Path

import pytest

from conftest import Cli
from fake_exchange.market import DAY_MS, bars
from marketing import FIRST_MS, a_market, answer, closes, named, sectors, serve
from standing import LIVE, warned

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


def test_a_spot_market_of_another_coin_is_not_held_for_the_contract(cli: Cli, tmp_path: Path) -> None:
    """`SOL/USDT` at 110 times the perpetual's price is no SOL: `--spot SOL` refuses it by name, with the ratio."""
    other = {"SOLUSDT": bars(FIRST_MS, closes()["SOL"] * 110, DAY_MS)}
    with serve("binanceusdm", a_market(spot=other)) as fake:
        sectors(tmp_path, fake.options)
        ran = cli("solve", "--sector", "l1", *LIVE, "--spot", "SOL", "--timeout", "60")
    assert ran.code == 3
    assert "`SOL/USDT` beside `SOL/USDT:USDT` is another coin: price ratio 110" in ran.err


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
