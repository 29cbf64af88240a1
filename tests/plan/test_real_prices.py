"""The commands on recorded prices, against statsmodels and by adding up what was printed."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from conftest import Cli

AS_OF = "2023-12-31T00:00:00Z"
PLAIN = ("--estimator", "ols-90d")
BYBIT = "bybit_perp_1d_2021-12_2023-12.csv.gz"


def returns_of(folder: Path, bases: list[str]) -> pd.DataFrame:
    """The 90 daily returns to the end of 2023-12-30, straight from the file."""
    frame = pd.read_csv(folder / BYBIT)
    wide = frame.pivot_table(index="timestamp", columns="symbol", values="close")
    wide.columns = [name.split("/")[0] for name in wide.columns]
    wide = wide[wide.index < pd.Timestamp(AS_OF).value // 1_000_000]
    return wide[bases].pct_change(fill_method=None).tail(90)


@pytest.mark.parametrize("sector", ["l1", "gaming"])
def test_betas_of_recorded_prices_are_those_of_statsmodels(cli: Cli, market_data: Path, sector: str) -> None:
    """β, SE, interval, R² and counts of the shipped sectors agree to 1e-9 relative."""
    ran = cli(
        "beta",
        "--sector",
        sector,
        "--candles",
        str(market_data / BYBIT),
        "--as-of",
        AS_OF,
        *PLAIN,
        "-O",
        "json",
    )
    assert ran.code == 0, ran.err
    assets = json.loads(ran.out)["data"]["assets"]
    returns = returns_of(market_data, ["BTC", *(asset["base"] for asset in assets)])
    for asset in assets:
        fit = sm.OLS(returns[asset["base"]], sm.add_constant(returns["BTC"])).fit()
        assert asset["beta"] == pytest.approx(fit.params["BTC"], rel=1e-9)
        assert asset["std_error"] == pytest.approx(fit.bse["BTC"], rel=1e-9)
        low, high = fit.conf_int().loc["BTC"]
        assert (asset["ci_low"], asset["ci_high"]) == (
            pytest.approx(low, rel=1e-9),
            pytest.approx(high, rel=1e-9),
        )
        assert asset["r_squared"] == pytest.approx(fit.rsquared, rel=1e-9)
        assert asset["n_obs"] == 90
        assert asset["vol_annual"] == pytest.approx(returns[asset["base"]].std() * math.sqrt(365), rel=1e-9)
        assert asset["symbol"] == f"{asset['base']}/USDT:USDT"


def test_an_exponential_beta_is_that_of_statsmodels_wls(cli: Cli, market_data: Path) -> None:
    """`--half-life 30d` weighs by 0.5^(age/30)."""
    ran = cli(
        "beta", "--sector", "l1", "--only", "ETH,SOL", "--half-life", "30d", "--candles", str(market_data / BYBIT),
        "--as-of", AS_OF, *PLAIN, "-O", "json",
    )  # fmt: skip
    returns = returns_of(market_data, ["BTC", "ETH", "SOL"])
    weights = 0.5 ** (np.arange(89, -1, -1) / 30)
    for asset in json.loads(ran.out)["data"]["assets"]:
        fit = sm.WLS(returns[asset["base"]], sm.add_constant(returns["BTC"]), weights=weights).fit()
        assert asset["beta"] == pytest.approx(fit.params["BTC"], rel=1e-9)


def test_four_hour_closes_make_the_same_daily_betas(cli: Cli, market_data: Path) -> None:
    """Daily betas from 4 h closes are those of the closes at midnight UTC."""
    path = market_data / "binance_spot_4h_close_2021-01_2023-06.csv.gz"
    ran = cli("beta", "--sector", "l1", "--candles", str(path), "--as-of", "2023-06-01", *PLAIN, "-O", "json")
    assert ran.code == 0, ran.err
    with gzip.open(path, "rt") as file:
        frame = pd.read_csv(file, parse_dates=["open_time"], index_col="open_time")
    closes = frame[frame.index.hour == 20][:"2023-05-31 20:00"]
    returns = closes.pct_change(fill_method=None).tail(90)
    for asset in json.loads(ran.out)["data"]["assets"]:
        fit = sm.OLS(returns[asset["base"]], sm.add_constant(returns["BTC"])).fit()
        assert asset["beta"] == pytest.approx(fit.params["BTC"], rel=1e-9)


def test_a_basket_of_recorded_prices_adds_up(cli: Cli, market_data: Path) -> None:
    """Weights sum to one and to the target; the interval is that of the basket's own regression."""
    options = (
        "--sector",
        "l1",
        "--target",
        "1.1",
        "--candles",
        str(market_data / BYBIT),
        "--as-of",
        AS_OF,
        *PLAIN,
        "-O",
        "json",
    )
    ran = cli("solve", *options)
    assert ran.code == 0, ran.err
    data = json.loads(ran.out)["data"]
    legs = data["legs"]
    assert math.fsum(leg["weight"] for leg in legs) == pytest.approx(1, abs=1e-10)
    assert math.fsum(leg["weight"] * leg["beta"] for leg in legs) == pytest.approx(1.1, abs=1e-10)
    assert data["attainable"]["low"] < 1.1 < data["attainable"]["high"]
    assert all(leg["contracts"] is None and leg["price"] is not None for leg in legs)
    assert any(w["id"] == "contracts-unknown" for w in json.loads(ran.out)["warnings"])
    returns = returns_of(market_data, ["BTC", *(leg["base"] for leg in legs)])
    basket = sum(returns[leg["base"]] * leg["weight"] for leg in legs)
    fit = sm.OLS(basket, sm.add_constant(returns["BTC"])).fit()
    assert data["beta_std_error"] == pytest.approx(fit.bse["BTC"], rel=1e-9)
    half = (fit.conf_int().loc["BTC"][1] - fit.conf_int().loc["BTC"][0]) / 2
    assert (data["beta_ci_low"], data["beta_ci_high"]) == (
        pytest.approx(1.1 - half),
        pytest.approx(1.1 + half),
    )


def test_a_hedge_of_recorded_prices_is_neutral(cli: Cli, market_data: Path) -> None:
    """The short is β × notional, its interval from the basket's, and the totals add up."""
    ran = cli(
        "hedge", "--sector", "l1", "--target", "1.1", "--leverage", "4", "--candles", str(market_data / BYBIT),
        "--as-of", AS_OF, *PLAIN, "-O", "json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    data = json.loads(ran.out)["data"]
    basket, hedge = data["basket"], data["hedge"]
    assert hedge["notional"] == pytest.approx(-110_000)
    assert hedge["notional_ci_low"] == pytest.approx(-basket["beta_ci_high"] * 100_000)
    assert abs(data["aggregate_beta"]) < 1e-12
    assert data["equity"] == pytest.approx(25_000)
    assert data["effective_beta_exposure"] == pytest.approx(4.4)
    assert data["gross_notional"] == pytest.approx(
        sum(abs(leg["notional"]) for leg in basket["legs"]) + 110_000
    )
    assert data["net_notional"] == pytest.approx(-10_000)
    assert data["account_leverage"] == pytest.approx(8.4)
    for scenario in data["scenarios"]:
        assert scenario["basket_pnl"] == pytest.approx(110_000 * scenario["benchmark_move"])
        assert scenario["net_pnl"] == pytest.approx(0, abs=1e-6)


def test_without_its_time_an_old_file_is_stale(cli: Cli, market_data: Path) -> None:
    """Asked for today, prices of 2023 are refused and nothing is printed."""
    ran = cli("beta", "--sector", "l1", "--candles", str(market_data / BYBIT))
    assert (ran.code, ran.out) == (3, "")
    assert "gate `max_age_bars`" in ran.err
    assert "--as-of" in ran.err
