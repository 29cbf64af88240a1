"""What commands do with an exchange's own spot markets: a basis against them, and the history of a coin without a contract."""

from pathlib import Path

import numpy as np
import pytest

from conftest import Cli
from fake_exchange.faults import Fault
from fake_exchange.market import Bars, bars
from fake_exchange.spot import SPOT
from marketing import ALONE, DAY_MS, FIRST_MS, VENUES, a_market, answer, closes, named, sectors, serve


def scaled(described: Bars, by: float) -> Bars:
    """Return the bars with other prices."""
    names = ("open", "high", "low", "close")
    columns = {name: getattr(described, name) for name in Bars.__dataclass_fields__}
    return Bars(**{name: column * by if name in names else column for name, column in columns.items()})


def test_bingx_has_its_basis_against_its_own_spot_market(cli: Cli, tmp_path: Path) -> None:
    """No index history is told there. With spot at 1/1.002 of the contract on every bar the basis is 20 bps, always."""
    market = a_market()
    market.spot |= {symbol: scaled(one, 1 / 1.002) for symbol, one in market.bars.items()}
    with serve("bingx", market) as fake:
        sectors(tmp_path, fake.options)
        report = answer(cli, "basis", "--sector", "l1", "--notional", "6006", "--exchange", "bingx")
    eth = named(report["data"]["rows"], "ETH")
    assert eth["reference"] == "spot"
    assert eth["mean_bps"] == pytest.approx(20.0)
    assert any(x["id"] == "basis-against-spot" and "ETH" in x["detail"] for x in report["warnings"])


def gone(noise: float = 0.005) -> tuple[dict[str, Bars], np.ndarray]:
    """Return spot bars of GONE, which follows SOL by 0.8, and its returns (T,)."""
    sol = closes()["SOL"]
    moved = 0.8 * (sol[1:] / sol[:-1] - 1) + np.random.default_rng(5).normal(0, noise, len(sol) - 1)
    path = 7 * np.cumprod(np.concatenate([[1.0], 1 + moved]))
    return {"GONEUSDT": bars(FIRST_MS, path, DAY_MS)}, moved


@pytest.mark.parametrize("venue", VENUES)
def test_a_coin_with_a_spot_market_alone_needs_no_file(cli: Cli, tmp_path: Path, venue: str) -> None:
    """GONE has no perpetual: its spot history is regressed on SOL, by least squares on the window's 90 returns."""
    spot, moved = gone()
    with serve(venue, a_market(spot=spot)) as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        data = answer(cli, "proxies", "--sector", "l1", "--exchange", venue, *ALONE)["data"]
    row = next(one for one in data["candidates"] if one["candidate"] == "SOL")
    sol = closes()["SOL"]
    slope, _ = np.polyfit((sol[1:] / sol[:-1] - 1)[-90:], moved[-90:], 1)
    assert (row["history"], row["accepted"], row["n_obs"]) == ("spot", True, 90)
    assert row["betas"][0] == pytest.approx(slope, rel=1e-9)
    assert "spot" in {one["kind"] for one in data["candidates"]}


@pytest.mark.parametrize("venue", VENUES)
def test_a_spot_host_that_fails_costs_its_own_rows_alone(cli: Cli, tmp_path: Path, venue: str) -> None:
    """Without spot, GONE has no history and is left; contracts are measured as ever."""
    spot, _ = gone()
    fault = Fault("status", endpoint=SPOT[venue].KINDS["instruments"], value=451, body=b"{}")
    with serve(venue, a_market(spot=spot), faults=(fault,)) as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, GONE")
        data = answer(cli, "proxies", "--sector", "l1", "--exchange", venue, *ALONE)["data"]
        asked = ("solve", "--sector", "l1", "--only", "ETH,SOL,AVAX", "--exchange", venue)
        legs = answer(cli, *asked)["data"]["legs"]
    assert data["without_contract"] == ["GONE"]
    assert not [one for one in data["candidates"] if one["history"] == "spot"]
    assert [leg["base"] for leg in legs] == ["AVAX", "ETH", "SOL"]


@pytest.mark.parametrize("venue", VENUES)
def test_a_coin_without_a_contract_is_held_as_spot_and_hedged(cli: Cli, tmp_path: Path, venue: str) -> None:
    """GONE is bought on the venue's own spot market at its price; the BTC short is beta x the whole basket."""
    spot, _ = gone()
    with serve(venue, a_market(spot=spot)) as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, {base: GONE, proxy: spot}")
        asked = ("--sector", "l1", "--notional", "60000", "--leverage", "3", "--exchange", venue)
        data = answer(cli, "hedge", *asked)["data"]
        names = answer(cli, "liquidity", *asked)["data"]["names"]
        refused = cli("hedge", *asked, "--proxies", "none", "--timeout", "60")
    leg = named(data["basket"]["legs"], "GONE")
    assert (leg["kind"], leg["symbol"], leg["weight"]) == ("spot", "GONE/USDT", pytest.approx(0.25))
    assert leg["price"] == pytest.approx(float(spot["GONEUSDT"].close[-1]))
    assert leg["rounded_notional"] == pytest.approx(leg["amount"] * leg["price"])
    exposure = sum(x["notional"] * x["beta"] for x in data["basket"]["legs"])
    assert data["hedge"]["notional"] == pytest.approx(-exposure)
    assert "GONE" not in {row["base"] for row in data["margin"]["legs"]}
    row = named(names, "GONE")
    assert (row["contract"], row["open_interest"]) == ("spot", None)
    assert row["spread_bps"] is not None
    assert refused.code == 3


@pytest.mark.parametrize("venue", VENUES)
def test_a_thin_contract_is_left_for_the_coin_itself(cli: Cli, tmp_path: Path, venue: str) -> None:
    """`--spot SOL` buys SOL on the spot market though it has a contract, and without one it is refused by name."""
    with serve(venue, a_market(spot={"SOLUSDT": a_market().bars["SOLUSDT"]})) as fake:
        sectors(tmp_path, fake.options)
        asked = ("solve", "--sector", "l1", "--notional", "60000", "--exchange", venue)
        data = answer(cli, *asked, "--spot", "SOL")["data"]
        refused = cli(*asked, "--spot", "ETH", "--timeout", "60")
    assert named(data["legs"], "SOL")["symbol"] == "SOL/USDT"
    assert named(data["legs"], "ETH")["symbol"] == "ETH/USDT:USDT"
    assert refused.code == 3
    assert "is to be held as spot, and has no spot market" in refused.err


@pytest.mark.parametrize("entry", ["hold: spot", "proxy: spot"])
def test_beta_measures_a_coin_that_has_a_spot_market_alone(entry: str, cli: Cli, tmp_path: Path) -> None:
    """The slope of GONE's own returns on BTC's, by least squares on the window's 90."""
    spot, moved = gone()
    with serve("binanceusdm", a_market(spot=spot)) as fake:
        sectors(tmp_path, fake.options, members=f"ETH, SOL, AVAX, {{base: GONE, {entry}}}")
        asked = ("--sector", "l1", "--exchange", "binanceusdm")
        rows = answer(cli, "beta", *asked)["data"]["assets"]
    btc = closes()["BTC"]
    slope, _ = np.polyfit((btc[1:] / btc[:-1] - 1)[-90:], moved[-90:], 1)
    row = named(rows, "GONE")
    assert row["symbol"] == "GONE/USDT"
    assert row["beta"] == pytest.approx(slope, rel=1e-9)
