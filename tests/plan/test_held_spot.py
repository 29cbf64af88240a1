"""A coin held as spot without a usable contract: priced and measured on its own spot market, and hedged."""

from pathlib import Path

import numpy as np
import pytest

from conftest import Cli
from fake_exchange.faults import Fault
from fake_exchange.market import Bars, Instrument, bars
from fake_exchange.spot import SPOT
from marketing import BASES, DAY_MS, FIRST_MS, N_DAYS, VENUES, a_market, answer, closes, sectors, serve

HEDGE = ("hedge", "--sector", "l1", "--notional", "60000", "--positions", "held.csv", "--exchange")
LEAST_SQUARES_DAYS = 90


def gone(n_days: int = N_DAYS) -> tuple[dict[str, Bars], float]:
    """Return the last spot bars of GONE, which end at 1.35, and its least-squares beta to BTC on 90 returns."""
    btc = closes()["BTC"]
    market = btc[1:] / btc[:-1] - 1
    moved = 0.7 * market + np.random.default_rng(8).normal(0, 0.01, len(market))
    path = np.cumprod(np.concatenate([[1.0], 1 + moved]))
    path = 1.35 * path / path[-1]
    path[-1] = 1.35
    slope, _ = np.polyfit(market[-LEAST_SQUARES_DAYS:], moved[-LEAST_SQUARES_DAYS:], 1)
    first_ms = FIRST_MS + (N_DAYS - n_days) * DAY_MS
    return {"GONEUSDT": bars(first_ms, path[-n_days:], DAY_MS)}, float(slope)


def held(folder: Path, *rows: str) -> None:
    (folder / "held.csv").write_text("symbol,kind,notional,amount\n" + "\n".join(rows) + "\n")


def told(report: dict, notice: str) -> list[str]:
    return [one["detail"] for one in report["warnings"] if one["id"] == notice]


@pytest.mark.parametrize("venue", VENUES)
def test_it_is_priced_measured_and_hedged(cli: Cli, tmp_path: Path, venue: str) -> None:
    """5,000 of GONE at 1.35 are 3,703.7 coins; the short covers beta × 5,000 more than the basket's."""
    spot, beta = gone()
    held(tmp_path, "GONE/USDT,spot,5000,")
    with serve(venue, a_market(spot=spot)) as fake:
        sectors(tmp_path, fake.options)
        report = answer(cli, *HEDGE, venue)
    data = report["data"]
    (position,) = data["today"]["positions"]
    assert position["price"] == pytest.approx(1.35)
    assert position["amount"] == pytest.approx(5000 / 1.35)
    assert position["beta"] == pytest.approx(beta, rel=1e-9)
    assert (position["symbol"], position["role"], position["reason"]) == ("GONE/USDT", "outside", None)
    basket = sum(leg["notional"] * leg["beta"] for leg in data["basket"]["legs"])
    assert data["hedge"]["notional"] == pytest.approx(-(basket + 5000 * beta))
    (said,) = told(report, "position-on-spot")
    assert said.startswith(
        "without a usable contract, so priced and measured on the spot market: `GONE/USDT`"
    )
    assert "has no perpetual" in said
    assert told(report, "position-unknown") == told(report, "held-unhedged") == []


def test_the_simulated_market_prices_what_it_delisted(cli: Cli, tmp_path: Path) -> None:
    """OLD's contract ended in 2024 and its spot market did not: 1,000 of it are worth what a basket of it pays."""
    held(tmp_path, "OLD/USDT,spot,,1000")
    report = answer(cli, *HEDGE, "sample")
    (position,) = report["data"]["today"]["positions"]
    assert position["notional"] == pytest.approx(1000 * position["price"])
    assert position["beta_notional"] == pytest.approx(position["notional"] * position["beta"])
    assert report["data"]["aggregate_beta"] == pytest.approx(0, abs=1e-12)
    (tmp_path / "sectors.yaml").write_text("sectors: {old: {members: [ETH, {base: OLD, proxy: spot}]}}\n")
    legs = answer(cli, "solve", "--sector", "old", "--spot", "OLD", "--exchange", "sample")["data"]["legs"]
    (price,) = [leg["price"] for leg in legs if leg["base"] == "OLD"]
    assert position["price"] == price
    assert not [
        one
        for one in report["warnings"]
        if "delisted `OLD`" in one["detail"] and one["id"] == "price-unknown"
    ]


def test_a_usable_contract_stays_what_it_is_measured_on(cli: Cli, tmp_path: Path) -> None:
    """GONE has a perpetual at 100 beside its spot market: as ever, that is its price and its beta."""
    spot, _ = gone()
    market = a_market(spot=spot)
    market.bars["GONEUSDT"] = market.bars["AVAXUSDT"]
    market.instruments.append(Instrument(base="GONE"))
    held(tmp_path, "GONE/USDT,spot,5000,")
    with serve("binanceusdm", market) as fake:
        sectors(tmp_path, fake.options)
        report = answer(cli, *HEDGE, "binanceusdm")
    (position,) = report["data"]["today"]["positions"]
    assert position["price"] == pytest.approx(100.0)
    assert told(report, "position-on-spot") == []


def test_too_few_bars_on_spot_leave_it_unknown(cli: Cli, tmp_path: Path) -> None:
    """10 days of spot pass no gate: no price and no beta, and the reason tells of both markets."""
    spot, _ = gone(n_days=10)
    held(tmp_path, "GONE/USDT,spot,,1000")
    with serve("binanceusdm", a_market(spot=spot)) as fake:
        sectors(tmp_path, fake.options)
        report = answer(cli, *HEDGE, "binanceusdm")
    (position,) = report["data"]["today"]["positions"]
    assert (position["price"], position["notional"], position["beta"]) == (None, None, None)
    assert "has no perpetual" in position["reason"]
    assert "its spot market" in position["reason"]
    assert told(report, "held-unhedged")


@pytest.mark.parametrize("why", ["none", "refused"])
def test_without_a_spot_market_it_is_unknown(cli: Cli, tmp_path: Path, why: str) -> None:
    """Not listed as spot either, or the spot host refuses: unknown, with the reason, and the answer stands."""
    faults = ()
    if why == "refused":
        faults = (Fault("status", endpoint=SPOT["binanceusdm"].KINDS["instruments"], value=451, body=b"{}"),)
    held(tmp_path, "GONE/USDT,spot,5000,")
    with serve("binanceusdm", a_market(), faults=faults) as fake:
        sectors(tmp_path, fake.options)
        report = answer(cli, *HEDGE, "binanceusdm")
    (position,) = report["data"]["today"]["positions"]
    assert (position["price"], position["beta"]) == (None, None)
    assert position["reason"].startswith("is refused: has no perpetual in USDT on `binanceusdm`")
    assert ("has no spot market" if why == "none" else "is not told as spot") in position["reason"]
    assert told(report, "held-unhedged")


def test_a_future_of_it_stays_unknown_beside_the_spot(cli: Cli, tmp_path: Path) -> None:
    """A spot market prices no future: of two positions of GONE the spot is known alone."""
    spot, beta = gone()
    held(tmp_path, "GONE/USDT,spot,5000,", "GONE/USDT:USDT,future,700,")
    with serve("binanceusdm", a_market(spot=spot)) as fake:
        sectors(tmp_path, fake.options)
        report = answer(cli, *HEDGE, "binanceusdm")
    first, second = report["data"]["today"]["positions"]
    assert first["beta"] == pytest.approx(beta)
    assert (second["beta"], second["price"]) == (None, None)
    assert "has no perpetual" in second["reason"]


@pytest.mark.parametrize("command", ["solve", "hedge"])
def test_what_stand_ins_carry_does_not_count_what_is_held(cli: Cli, tmp_path: Path, command: str) -> None:
    """GONE's weight is bought as SOL + ETH in full; the GONE held is covered by its beta, and a warning says so."""
    market = a_market()
    close = {base: market.bars[f"{base}USDT"].close for base in BASES}
    own = 0.5 * (close["SOL"][1:] / close["SOL"][:-1] - 1) + 0.5 * (close["ETH"][1:] / close["ETH"][:-1] - 1)
    own += np.random.default_rng(4).normal(0, 0.003, len(own))
    market.spot = {"GONEUSDT": bars(FIRST_MS, 7 * np.cumprod(np.concatenate([[1.0], 1 + own])), DAY_MS)}
    held(tmp_path, "GONE/USDT,spot,5000,")
    with serve("binanceusdm", market) as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, {base: GONE, proxy: SOL+ETH}")
        report = answer(cli, command, *HEDGE[1:], "binanceusdm")
    (said,) = told(report, "held-not-counted")
    assert said == (
        "`GONE/USDT` is held, and a hedge covers it by its own beta, but it does not count toward the weight of GONE, "
        "all of which is bought as SOL + ETH"
    )
