"""`betacli venues` where an exchange lacks a member: what is held in its place, at what cost and which risk."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from conftest import Cli
from fake_exchange.market import DAY_MS, Bars, FakeMarket, Instrument, bars
from marketing import FIRST_MS, N_DAYS, a_market, answer, closes, sectors, serve

ASKED = ("venues", "--sector", "l1", "--notional", "600", "--venues", "binanceusdm,bybit")
WINDOW = 90  # returns of ols-90d


def moves(path: np.ndarray) -> np.ndarray:
    return path[1:] / path[:-1] - 1


def gone(load: float = 0.8, noise: float = 0.005) -> np.ndarray:
    """Closes (T,) of GONE, which follows SOL by `load`."""
    moved = load * moves(closes()["SOL"]) + np.random.default_rng(5).normal(0, noise, N_DAYS - 1)
    return 7 * np.cumprod(np.concatenate([[1.0], 1 + moved]))


def listing(path: np.ndarray, **how: object) -> FakeMarket:
    """The market with a contract of GONE beside the others."""
    served = {**a_market().bars, "GONEUSDT": bars(FIRST_MS, path, DAY_MS)}
    added = Instrument(base="GONE", contract_size="1", step="0.1", **how)
    return a_market(bars=served, instruments=[*a_market().instruments, added])


def spot_alone(path: np.ndarray) -> FakeMarket:
    """The market without a contract of GONE, which has a spot market there."""
    spot: dict[str, Bars] = {"GONEUSDT": bars(FIRST_MS, path, DAY_MS)}
    return a_market(spot=spot)


def asked(
    cli: Cli, folder: Path, here: FakeMarket, there: FakeMarket, proxy: str = "SOL", *argv: str
) -> tuple[dict, dict, dict]:
    """Return the rows of Binance and of Bybit, and the whole report."""
    with ExitStack() as stack:
        fakes = [
            stack.enter_context(serve(venue, market))
            for venue, market in (("binanceusdm", here), ("bybit", there))
        ]
        members = f"ETH, SOL, AVAX, {{base: GONE, proxy: {proxy}}}"
        sectors(folder, {**fakes[0].options, **fakes[1].options}, members=members)
        report = answer(cli, *ASKED, *argv)
    rows = {row["venue"]: row for row in report["data"]["venues"]}
    return rows["binanceusdm"], rows["bybit"], report


def said(report: dict, notice: str) -> list[str]:
    return [x["detail"] for x in report["warnings"] if x["id"] == notice]


def test_what_stands_in_is_named_with_its_fit(cli: Cli, tmp_path: Path) -> None:
    """Binance holds GONE by SOL: R² is the squared correlation of 90 returns; the notice names the exchange."""
    path = gone()
    here, there, report = asked(cli, tmp_path, spot_alone(path), listing(path))
    fit = np.corrcoef(moves(path)[-WINDOW:], moves(closes()["SOL"])[-WINDOW:])[0, 1] ** 2
    (one,) = here["stand_ins"]
    assert (one["base"], one["held"], one["kind"], here["stood_in"]) == ("GONE", ["SOL"], "peer", ["GONE"])
    assert one["r_squared"] == pytest.approx(fit)
    assert any(
        reason.startswith(f"holds GONE by SOL, another risk: R² {fit:.2f}, tracking error")
        for reason in here["reasons"]
    )
    (notice,) = said(report, "proxy")
    assert notice.startswith(
        "`binanceusdm`: `SOL`, in the basket already, stands for `GONE`: proxy beta 0.79"
    )
    assert (there["stand_ins"], there["stood_in"]) == ([], [])


def test_why_nothing_stands_in_there_is_told(cli: Cli, tmp_path: Path) -> None:
    """GONE moves by itself: SOL is refused on Binance for an R² next to nothing, and the row and a notice say so."""
    path = gone(load=0.0, noise=0.03)
    fit = np.corrcoef(moves(path)[-WINDOW:], moves(closes()["SOL"])[-WINDOW:])[0, 1] ** 2
    here, _, report = asked(cli, tmp_path, spot_alone(path), listing(path))
    assert (here["missing"], here["rank"]) == (["GONE"], None)
    assert here["no_stand_in"]["GONE"].startswith(f"R² {fit:.2f} on `SOL`")
    assert f"lacks GONE (nothing stands in: R² {fit:.2f} on `SOL`" in "; ".join(here["reasons"])
    (notice,) = said(report, "proxy-refused")
    assert notice.startswith("`binanceusdm`: no proxy stands in for `GONE`")


def test_what_is_held_elsewhere_is_not_held_there(cli: Cli, tmp_path: Path) -> None:
    """`proxy: bybit` holds Binance's GONE on Bybit: Binance lacks it, and the reason says where it is."""
    path = gone()
    here, _, _ = asked(cli, tmp_path, spot_alone(path), listing(path), "bybit")
    assert (here["missing"], here["covered"], here["rank"]) == (["GONE"], 3, None)
    assert "GONE is held on bybit" in here["reasons"]


@pytest.mark.parametrize(("rate", "first"), [("0.0003", "binanceusdm"), ("-0.001", "bybit")])
def test_whole_baskets_are_ranked_by_cost(cli: Cli, tmp_path: Path, rate: str, first: str) -> None:
    """GONE is a contract on Bybit, and on Binance it is held by SOL, which pays 1 bp in 8 hours.

    A quarter of the basket pays 21 times 3 bps there instead of 1 in a week: 0.25 x 21 x 2 = 10.5 bps more than Binance;
    fees and the hedge differ by 4 more. Where it receives 10 bps it is 0.25 x 21 x 11 = 57.75 bps less.
    """
    path = gone()
    there = listing(path)
    there.funding["GONEUSDT"] = rate
    here, there_row, _ = asked(cli, tmp_path, spot_alone(path), there)
    assert (here["covered"], there_row["covered"]) == (3, 4)
    ranks = {row["venue"]: row["rank"] for row in (here, there_row)}
    assert ranks == {first: 1, ({"binanceusdm", "bybit"} - {first}).pop(): 2}
    assert (here["cost_bps"] < there_row["cost_bps"]) == (first == "binanceusdm")
    why = "cheaper so than every member itself on bybit"
    assert (why in here["reasons"]) == (first == "binanceusdm")
    assert "holds GONE by SOL, another risk" in "; ".join(here["reasons"])


def test_a_contract_is_held_against_the_prices_that_its_stand_in_was_chosen_by(
    cli: Cli, tmp_path: Path
) -> None:
    """Binance has GONE as spot alone: Bybit's contract at the same prices is that coin, at 1.2 times it is another."""
    path = gone()
    _, same, _ = asked(cli, tmp_path, spot_alone(path), listing(path))
    assert (same["unverified"], same["other_coins"], same["covered"]) == ([], [], 4)
    _, other, _ = asked(cli, tmp_path, spot_alone(path), listing(1.2 * path))
    assert (other["other_coins"], other["covered"], other["rank"]) == (["GONE"], 3, None)


def test_a_stand_in_for_another_coin_stands_for_nothing(cli: Cli, tmp_path: Path) -> None:
    """Binance lists GONE; the spot market by which Bybit chose SOL is at 1.2 times its price: another coin's."""
    path = gone()
    here, there, _ = asked(cli, tmp_path, listing(path), spot_alone(1.2 * path))
    assert (here["rank"], there["other_coins"], there["rank"]) == (1, ["GONE"], None)
