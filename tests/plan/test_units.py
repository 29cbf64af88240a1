"""What price, contracts and amount of a row are of: one relation for every venue, kind of market and multiplier."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from conftest import Cli
from fake_exchange.market import DAY_MS, FakeMarket, Instrument, bars
from marketing import BASES, FIRST_MS, N_DAYS, VENUES, a_market, answer, named, sectors, serve

PRICE = 0.0125  # of a thousand PEPE


def pepe_market(venue: str) -> FakeMarket:
    """Serve PEPE by contracts of 10,000,000 coins on MEXC and as `1000PEPE` elsewhere, each beside its spot market."""
    coins = venue == "mexc"
    path = np.cumprod(1 + np.random.default_rng(3).normal(0, 0.03, N_DAYS))
    close = PRICE / (1000 if coins else 1) * path / path[-1]
    close[-1] = PRICE / (1000 if coins else 1)
    listed = Instrument(
        base="PEPE" if coins else "1000PEPE",
        tick="0.00000001",
        contract_size="10000000",
        step="1",
        min_amount="1",
    )
    market = a_market()
    market.bars[listed.symbol] = bars(FIRST_MS, close, DAY_MS)
    market.instruments = [
        *(Instrument(base=base, contract_size="0.01", step="0.001") for base in BASES),
        listed,
    ]
    market.spot = {"SOLUSDT": market.bars["SOLUSDT"]}
    return market


@pytest.mark.parametrize("venue", VENUES)
def test_price_contracts_and_amount_come_to_the_notional(cli: Cli, tmp_path: Path, venue: str) -> None:
    """Contracts × size × price is the notional, × multiplier the coins: of 1000PEPE, MEXC's PEPE, spot, and BTC short."""
    with serve(venue, pepe_market(venue)) as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, PEPE")
        asked = ("hedge", "--sector", "l1", "--notional", "60000", "--exchange", venue, "--spot", "SOL")
        data = answer(cli, *asked)["data"]
        told = cli(*asked, "--timeout", "60", "-O", "csv").out
    legs = data["basket"]["legs"]
    for row in (*legs, *data["hedge"]["parts"]):
        assert row["rounded_notional"], row
        worth = row["contracts"] * row["contract_size"] * row["price"]
        assert row["rounded_notional"] == pytest.approx(worth, rel=1e-12)
        assert row["amount"] == pytest.approx(row["contracts"] * row["contract_size"] * row["multiplier"])
    pepe = named(legs, "PEPE")
    assert (pepe["multiplier"], pepe["contract_size"]) == ((1, 1e7) if venue == "mexc" else (1000, 1))
    assert pepe["amount"] * PRICE / 1000 == pytest.approx(pepe["rounded_notional"])
    sol = named(legs, "SOL")
    assert (sol["kind"], sol["multiplier"], sol["contract_size"]) == ("spot", 1, 1)
    rows = {row["base"]: row for row in csv.DictReader(io.StringIO(told))}
    for row in (*legs, *data["hedge"]["parts"]):
        cells = rows[row["base"]]
        assert float(cells["multiplier"]) == row["multiplier"]
        assert float(cells["contract_size"]) == row["contract_size"]


def test_without_a_market_the_units_are_unknown(cli: Cli) -> None:
    """Betas by hand and no source: no contract, no size of it."""
    asked = ("solve", "--sector", "l1", "--only", "ETH,SOL", "--beta", "ETH=1.25", "--beta", "SOL=1.60")
    for leg in answer(cli, *asked)["data"]["legs"]:
        assert (leg["price"], leg["multiplier"], leg["contract_size"]) == (None, None, None)


def test_a_held_position_by_the_thousand(cli: Cli, tmp_path: Path) -> None:
    """2,000,000 PEPE held as 2,000 of `1000PEPE` at 0.0125 are 25.00: 2,000,000 × 0.0125 / 1,000."""
    (tmp_path / "held.csv").write_text("symbol,amount\n1000PEPE/USDT:USDT,2000\n")
    with serve("binanceusdm", pepe_market("binanceusdm")) as fake:
        sectors(tmp_path, fake.options)
        asked = ("hedge", "--sector", "l1", "--exchange", "binanceusdm", "--positions", "held.csv")
        (held,) = answer(cli, *asked)["data"]["today"]["positions"]
    assert (held["amount"], held["price"], held["multiplier"]) == (2_000_000, pytest.approx(PRICE), 1000)
    assert held["notional"] == pytest.approx(held["amount"] * held["price"] / held["multiplier"])
    assert held["notional"] == pytest.approx(25.0)


@pytest.mark.parametrize(
    ("venue", "times", "unit"), [("mexc", 10_000_000, ""), ("bybit", 1_000, "units of 1,000 ")]
)
def test_explain_says_what_contracts_are_of(
    cli: Cli, tmp_path: Path, venue: str, times: int, unit: str
) -> None:
    """10,000,000 coins at 0.0000125 are 125.00 a contract on MEXC; a thousand of them are 0.0125 elsewhere."""
    with serve(venue, pepe_market(venue)) as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, PEPE")
        asked = ("solve", "--sector", "l1", "--notional", "60600", "--exchange", venue, "--explain")
        report = answer(cli, *asked)
    contracts = named(report["data"]["legs"], "PEPE")["contracts"]
    told = "\n".join(line for step in report["explanation"] for line in step["lines"])
    worth = contracts * times * PRICE / 1000
    assert (
        f" {unit}PEPE -> {contracts:,.0f} contracts x {times:,} = {contracts * times:,.0f} PEPE, worth {worth:,.2f}"
        in told
    )
    wanted = "1.25e-05 = 1,616,000,000.00 " if venue == "mexc" else "0.0125 = 1,616,000.00 "
    assert f"PEPE: 0.33333333 x 60,600.00 = 20,200.00; 20,200.00 / {wanted}{unit}PEPE -> " in told
    assert "ETH: 0.33333333 x 60,600.00 = 20,200.00; 20,200.00 / 100 = 202 ETH -> " in told
