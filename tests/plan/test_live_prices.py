"""A live price beside the bars that the beta is measured on: of another unit of account, it sizes nothing."""

import json
from pathlib import Path

import pytest

from conftest import Cli
from marketing import VENUES, a_market, closes, sectors, serve

LAST = float(closes()["ETH"][-1])


def solved(cli: Cli, folder: Path, venue: str, times: float, extra: str = "") -> dict:
    with serve(venue, a_market(marks={"ETHUSDT": repr(LAST * times)})) as fake:
        sectors(folder, fake.options, extra=extra)
        ran = cli(
            "solve", "--sector", "l1", "--target", "1.45", "--notional", "50000", "--max-weight", "0.6",
            "--exchange", venue, "--timeout", "60", "-O", "json",
        )  # fmt: skip
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def told(report: dict, notice: str) -> list[str]:
    return [one["detail"] for one in report["warnings"] if one["id"] == notice]


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("times", [10.0, 0.001, 3.1, 0.32])
def test_a_price_beyond_belief_sizes_nothing(cli: Cli, tmp_path: Path, venue: str, times: float) -> None:
    report = solved(cli, tmp_path, venue, times)
    legs = {leg["base"]: leg for leg in report["data"]["legs"]}
    assert legs["ETH"]["price"] is None
    assert legs["ETH"]["contracts"] is None
    assert legs["ETH"]["weight"] > 0
    (detail,) = told(report, "price-refused")
    assert "`ETH`" in detail
    assert f"is {times:.4g} times its close of {LAST:.6g}" in detail


@pytest.mark.parametrize(("times", "notices"), [(1.29, 0), (1.31, 1), (1 / 1.29, 0), (1 / 1.31, 1), (2.9, 1)])
def test_a_large_move_since_the_last_close_is_told(
    cli: Cli, tmp_path: Path, times: float, notices: int
) -> None:
    report = solved(cli, tmp_path, "bybit", times)
    legs = {leg["base"]: leg for leg in report["data"]["legs"]}
    assert legs["ETH"]["price"] == pytest.approx(LAST * times)
    assert len(told(report, "price-jump")) == notices
    assert told(report, "price-refused") == []


def test_the_limits_are_those_of_the_gates(cli: Cli, tmp_path: Path) -> None:
    """`redenomination: 5` of the file lets a price of 4 times the close pass, told as a jump; 6 times is refused."""
    gates = "gates: {redenomination: 5}\n"
    report = solved(cli, tmp_path, "bybit", 4.0, gates)
    legs = {leg["base"]: leg for leg in report["data"]["legs"]}
    assert legs["ETH"]["price"] == pytest.approx(LAST * 4)
    assert len(told(report, "price-jump")) == 1
    assert "beyond 5 times" in told(solved(cli, tmp_path, "bybit", 6.0, gates), "price-refused")[0]


def test_what_is_held_beside_the_basket_is_not_valued_by_a_price_beyond_belief(
    cli: Cli, tmp_path: Path
) -> None:
    """ETH is held outside a basket of SOL and AVAX: at 10 times its close its amount has no value, and that is said."""
    with serve("bybit", a_market(marks={"ETHUSDT": repr(LAST * 10)})) as fake:
        sectors(tmp_path, fake.options)
        (tmp_path / "held.csv").write_text("symbol,kind,amount\nETH/USDT:USDT,future,2\n")
        ran = cli(
            "hedge", "--sector", "l1", "--only", "SOL,AVAX", "--notional", "50000", "--max-weight", "0.6",
            "--positions", "held.csv", "--exchange", "bybit", "--timeout", "60", "-O", "json",
        )  # fmt: skip
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    (position,) = report["data"]["today"]["positions"]
    assert (position["price"], position["notional"]) == (None, None)
    assert "`ETH`" in told(report, "price-refused")[0]
