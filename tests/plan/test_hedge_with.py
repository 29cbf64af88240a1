"""Other hedges than the benchmark's perpetual: dated futures with expiry and basis, and other assets."""

import json

import numpy as np
import pytest

from conftest import NOW_MS, Cli

ARGV = ("--sector", "l1", "--only", "SOL,BNB,ADA", "--target", "1.3", "--leverage", "5")
SAMPLE = (*ARGV, "--exchange", "sample", "-O", "json")


def hedge(cli: Cli, *argv: str) -> dict:
    ran = cli("hedge", *SAMPLE, *argv)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)["data"]


@pytest.mark.parametrize(
    ("written", "symbol", "expiry", "days"),
    [
        ("quarter", "BTC/USDT:USDT-261225", "2026-12-25T08:00:00Z", 58 + 1 / 24),
        ("next-quarter", "BTC/USDT:USDT-270326", "2027-03-26T08:00:00Z", 149 + 1 / 24),
        ("BTC-2026-12-25", "BTC/USDT:USDT-261225", "2026-12-25T08:00:00Z", 58 + 1 / 24),
        ("BTC/USDT:USDT-270326", "BTC/USDT:USDT-270326", "2027-03-26T08:00:00Z", 149 + 1 / 24),
    ],
)
def test_a_dated_future_with_expiry_and_basis(
    cli: Cli, written: str, symbol: str, expiry: str, days: float
) -> None:
    """From 2026-10-28 07:00 to 12-25 08:00 are 58 days and an hour; the basis a year is F / S − 1 times 365 / days."""
    (part,) = hedge(cli, "--hedge-with", written)["hedge"]["parts"]
    dated = part["dated"]
    assert (part["symbol"], dated["expiry"]) == (symbol, expiry)
    assert dated["days_left"] == pytest.approx(days)
    assert dated["basis"] == pytest.approx(part["price"] / dated["spot_price"] - 1)
    assert dated["basis_annual"] == pytest.approx(dated["basis"] * 365 / days)
    assert dated["against"] == "index"


def test_the_hedge_is_divided_by_the_futures_own_beta(cli: Cli) -> None:
    """Notional × the future's beta is what the perpetual's short is; beta left is 0; the future pays no funding."""
    perp, dated = hedge(cli), hedge(cli, "--hedge-with", "quarter")
    own = dated["hedge"]["beta"]
    assert 0.97 < own < 1.03
    assert own != 1
    assert dated["hedge"]["notional"] * own == pytest.approx(perp["hedge"]["notional"])
    assert dated["aggregate_beta"] == pytest.approx(0, abs=1e-12)
    assert dated["funding"]["hedge_per_day"] == 0
    assert dated["funding"]["basket_per_day"] == pytest.approx(perp["funding"]["basket_per_day"])


def test_another_asset_hedges_by_its_own_beta(cli: Cli) -> None:
    """ETH's short is BTC's divided by ETH's beta, and explains less; its least-variance ratio is below beta's."""
    btc, eth = hedge(cli), hedge(cli, "--hedge-with", "ETH")
    assert eth["hedge"]["notional"] == pytest.approx(btc["hedge"]["notional"] / eth["hedge"]["beta"])
    assert eth["hedge"]["parts"][0]["dated"] is None
    ratio = eth["hedge"]["min_variance"]
    assert ratio["r_squared"] < btc["hedge"]["min_variance"]["r_squared"]
    assert ratio["ratio"] < ratio["beta_ratio"]


def test_the_least_variance_ratio_is_beta_where_beta_is_least_squares(cli: Cli) -> None:
    """Against the benchmark's own series and plain OLS, h* is the basket's beta and R² its regression's."""
    data = hedge(cli, "--estimator", "ols-90d")
    found = data["hedge"]["min_variance"]
    assert found["ratio"] == pytest.approx(1.3, abs=1e-9)
    assert found["beta_ratio"] == pytest.approx(1.3)
    assert found["r_squared"] == pytest.approx(data["basket"]["r_squared"])
    assert found["notional"] == pytest.approx(data["hedge"]["notional"])


def test_an_index_hedged_by_its_parts_has_a_ratio_too(cli: Cli) -> None:
    """The parts at their weights are the index: with OLS the ratio is beta again."""
    data = hedge(cli, "--estimator", "ols-90d", "--benchmark", "BTC=0.6,ETH=0.4", "--target", "1.2")
    assert len(data["hedge"]["parts"]) == 2
    assert data["hedge"]["min_variance"]["ratio"] == pytest.approx(1.2, abs=1e-9)


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (("--hedge-with", "BTC-2026-12-26"), 2, "there is no dated future `BTC-2026-12-26`"),
        (("--hedge-with", "SOL-2026-12-25"), 2, "there is no dated future `SOL-2026-12-25`"),
        (("--hedge-with", "XYZZY"), 3, "cannot hedge"),
        (("--hedge-with", "quarter", "--benchmark", "SOL"), 3, "has no `quarter` future of SOL"),
        (("--hedge-with", "quarter", "--benchmark", "BTC=0.6,ETH=0.4"), 2, "has no one future"),
    ],
)
def test_hedges_that_are_none(cli: Cli, argv: tuple[str, ...], code: int, told: str) -> None:
    """What does not exist, or is not one contract, is refused with what there is."""
    ran = cli("hedge", *ARGV[:4], "--exchange", "sample", *argv)
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert told in ran.err


def test_without_market_data_there_is_only_the_perpetual(cli: Cli) -> None:
    """Betas by hand know no dated future."""
    argv = ("--sector", "l1", "--only", "ETH,SOL", "--beta", "ETH=1.25", "--beta", "SOL=1.6")
    ran = cli("hedge", *argv, "--hedge-with", "quarter")
    assert (ran.code, ran.out) == (2, "")
    assert "name an `--exchange`" in ran.err


def test_a_weak_hedge_is_called_none(cli: Cli) -> None:
    """Files in which the basket has nothing to do with the benchmark: R² near 0, and `not-a-hedge` says so."""
    rng = np.random.default_rng(8)
    day = 86_400_000
    first = NOW_MS // day * day - 120 * day
    prices = {b: 100 * np.cumprod(1 + rng.normal(0, 0.03, 120)) for b in ("BTC", "ETH", "SOL")}
    rows = "".join(
        f"{first + k * day},{','.join(repr(float(prices[b][k])) for b in prices)}\n" for k in range(120)
    )
    with open("weak.csv", "w") as file:  # noqa: PTH123  the fixture's own empty folder
        file.write("timestamp,BTC,ETH,SOL\n" + rows)
    argv = (
        "--sector",
        "l1",
        "--only",
        "ETH,SOL",
        "--candles",
        "weak.csv",
        "-O",
        "json",
        "--estimator",
        "ols-90d",
    )
    ran = cli("hedge", *argv)
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert report["data"]["hedge"]["min_variance"]["r_squared"] < 0.3
    weak = [w["detail"] for w in report["warnings"] if w["id"] == "not-a-hedge"]
    assert len(weak) == 1
    assert "this is not a hedge" in weak[0]


def test_a_held_dated_future_is_traded_from(cli: Cli) -> None:
    """−0.5 of the December future held: the trade is the rest; a perpetual beside it counts and is left."""
    with open("held.csv", "w") as file:  # noqa: PTH123
        file.write("symbol,amount\nBTC-2026-12-25,-0.5\nBTC/USDT:USDT,-0.2\n")
    data = hedge(cli, "--hedge-with", "quarter", "--positions", "held.csv")
    trade = next(t for t in data["today"]["trades"] if t["role"] == "hedge")
    assert trade["held_contracts"] == -0.5
    assert trade["contracts"] == pytest.approx(data["hedge"]["contracts"] + 0.5)
    perp = next(p for p in data["today"]["positions"] if not p["traded"])
    assert (perp["symbol"], perp["role"], perp["beta"]) == ("BTC/USDT:USDT", "outside", 1.0)
    plain = hedge(cli, "--hedge-with", "quarter")["hedge"]
    assert data["hedge"]["notional"] == pytest.approx(plain["notional"] - perp["notional"] / plain["beta"])
