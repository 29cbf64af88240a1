"""The library: lazy, typed, documented with examples that run, and the same arithmetic as the command line."""

import doctest
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import betacli
from betacli import estimate_betas, hedge_basket, library, load_universe, solve_target_beta
from betacli.core.infeasible import BoundsCannotSum, TargetOutOfReach
from betacli.errors import BadFile, UnknownName
from conftest import CHECKOUT, Cli


def panel(n: int = 120) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(5)
    days = pd.date_range("2026-01-01", periods=n, tz="UTC")
    market = pd.Series(rng.normal(0, 0.02, n), index=days, name="BTC")
    columns = {
        name: beta * market + rng.normal(0, 0.01, n)
        for name, beta in (("ETH", 1.2), ("SOL", 1.6), ("ADA", 0.9))
    }
    return pd.DataFrame(columns, index=days), market


def test_the_examples_of_the_documentation_run() -> None:
    """Every `>>>` of the library's docstrings prints what stands under it."""
    results = doctest.testmod(library)
    assert results.attempted >= 9
    assert results.failed == 0


def test_importing_betacli_imports_nothing_heavy_and_its_functions_only_what_they_need() -> None:
    """`import betacli` loads no library at all; pandas comes with `.to_frame()`, not before."""
    code = (
        "import sys, betacli\n"
        "heavy = {'numpy', 'pandas', 'ccxt', 'typer', 'rich', 'yaml', 'msgspec', 'daqp', 'dataclasses'}\n"
        "assert not heavy & set(sys.modules)\n"
        "basket = betacli.solve_target_beta({'ETH': 1.25, 'SOL': 1.6}, 1.4)\n"
        "assert not {'pandas', 'ccxt', 'typer', 'rich'} & set(sys.modules)\n"
        "basket.to_frame()\n"
        "assert 'pandas' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=CHECKOUT)


def test_the_package_says_what_it_has() -> None:
    """The four functions are in `dir` and `__all__`; anything else is an AttributeError; and it is typed."""
    assert {"load_universe", "estimate_betas", "solve_target_beta", "hedge_basket"} <= set(dir(betacli))
    with pytest.raises(AttributeError, match="no attribute `nothing`"):
        betacli.nothing  # noqa: B018
    assert (CHECKOUT / "betacli" / "py.typed").exists()


def test_betas_of_frames_arrays_and_mappings_are_those_of_statsmodels() -> None:
    """Least squares with an intercept, standard errors and interval, whatever holds the numbers."""
    returns, market = panel()
    found = estimate_betas(returns, market)
    for k, name in enumerate(returns):
        fit = sm.OLS(returns[name].to_numpy(), sm.add_constant(market.to_numpy())).fit()
        assert found.beta[k] == pytest.approx(fit.params[1], rel=1e-12)
        assert found.std_error[k] == pytest.approx(fit.bse[1], rel=1e-12)
        assert (found.ci_low[k], found.ci_high[k]) == pytest.approx(tuple(fit.conf_int()[1]), rel=1e-9)
    for other in (
        estimate_betas(returns.to_numpy(), market.to_numpy()),
        estimate_betas({name: returns[name] for name in returns}, market),
        estimate_betas(returns.assign(BTC=market), "BTC"),
        estimate_betas(returns.to_numpy().tolist(), market.tolist()),
    ):
        assert np.array_equal(other.beta, found.beta)
    assert estimate_betas(returns.to_numpy(), market.to_numpy()).names == ("0", "1", "2")
    frame = found.to_frame()
    assert list(frame.index) == ["ETH", "SOL", "ADA"]
    assert frame["beta"].tolist() == found.beta.tolist()


def test_a_gap_is_a_gap() -> None:
    """A missing return leaves its row out for that asset alone."""
    returns, market = panel()
    returns.iloc[7, 0] = np.nan
    found = estimate_betas(returns, market)
    assert found.n_obs.tolist() == [119, 120, 120]


def test_the_command_line_and_the_library_give_the_same_weights(cli: Cli) -> None:
    """With betas by hand both solve the same program, to the last bit."""
    betas = {"ADA": 0.9, "ETH": 1.25, "SOL": 1.6}
    flags = [word for name, beta in betas.items() for word in ("--beta", f"{name}={beta}")]
    ran = cli("solve", "--sector", "l1", "--only", "ADA,ETH,SOL", *flags, "--target", "1.3", "-O", "json")
    data = json.loads(ran.out)["data"]
    basket = solve_target_beta(betas, 1.3, max_weight=0.4)
    assert [leg["weight"] for leg in data["legs"]] == basket.weights.tolist()
    assert (basket.low, basket.high) == (data["attainable"]["low"], data["attainable"]["high"])
    assert basket.to_frame()["weight"].sum() == pytest.approx(1, abs=1e-12)


def test_covariance_and_base_weights_are_taken_by_name() -> None:
    """A frame in another order is put into the betas' order; without names the order counts."""
    returns, market = panel()
    betas, sigma = estimate_betas(returns, market), returns.cov()
    plain = solve_target_beta(
        betas, 1.25, covariance=sigma, base_weights={"SOL": 0.5, "ADA": 0.3, "ETH": 0.2}
    )
    turned = sigma.loc[["ADA", "SOL", "ETH"], ["ADA", "SOL", "ETH"]]
    other = solve_target_beta(betas, 1.25, covariance=turned, base_weights=[0.2, 0.5, 0.3])
    assert plain.weights == pytest.approx(other.weights, abs=1e-12)
    assert plain.beta == pytest.approx(1.25, abs=1e-12)
    assert solve_target_beta({"A": 1.0, "B": 2.0}, None).weights.tolist() == [0.5, 0.5]


def test_the_hedge_by_hand() -> None:
    """-(1.4 - 0.4) x 100,000 / 0.8 = -125,000; the aggregate is (1.4 x 100,000 - 0.8 x 125,000) / 100,000 = 0.4."""
    hedge = hedge_basket(100_000, 1.4, hedge_to=0.4, instrument_beta=0.8, interval=(1.2, 1.6))
    assert hedge.notional == pytest.approx(-125_000)
    assert hedge.aggregate_beta == pytest.approx(0.4)
    assert (hedge.notional_low, hedge.notional_high) == pytest.approx((-150_000, -100_000))


BAD = {
    "text": lambda: estimate_betas([["x"]], [1.0]),
    "infinite": lambda: estimate_betas([[float("inf")]] * 5, [0.1] * 5),
    "lengths": lambda: estimate_betas(np.zeros((5, 2)), np.zeros(4)),
    "ragged": lambda: estimate_betas({"A": [1.0, 2.0], "B": [1.0]}, [1.0, 2.0]),
    "one dimension": lambda: estimate_betas(np.zeros(5), np.zeros(5)),
    "no column": lambda: estimate_betas({"A": [1.0, 2.0]}, "BTC"),
    "bars per day": lambda: estimate_betas({"A": [1.0, 2.0]}, [1.0, 2.0], bars_per_day=0),
    "index": lambda: estimate_betas(panel()[0], panel()[1].shift(1, freq="D")),
    "no beta": lambda: solve_target_beta({"A": float("nan")}, 1.0),
    "no assets": lambda: solve_target_beta({}, 1.0),
    "target": lambda: solve_target_beta({"A": 1.0}, float("nan")),
    "bounds": lambda: solve_target_beta({"A": 1.0}, 1.0, min_weight=1, max_weight=0),
    "covariance": lambda: solve_target_beta({"A": 1.0, "B": 2.0}, 1.5, covariance=[[1.0, 2.0], [2.0, 1.0]]),
    "shape": lambda: solve_target_beta({"A": 1.0, "B": 2.0}, 1.5, covariance=[[1.0]]),
    "base names": lambda: solve_target_beta({"A": 1.0, "B": 2.0}, 1.5, base_weights={"A": 0.5, "C": 0.5}),
    "hedge": lambda: hedge_basket(1.0, float("inf")),
    "instrument": lambda: hedge_basket(1.0, 1.0, instrument_beta=0.0),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_meant_is_a_value_error(case: str) -> None:
    """Never a silent choice, and never a traceback from inside numpy."""
    with pytest.raises(ValueError, match=r"\w"):
        BAD[case]()


def test_questions_without_an_answer_are_betaclis_errors() -> None:
    """With the numbers as attributes."""
    with pytest.raises(TargetOutOfReach) as caught:
        solve_target_beta({"ETH": 1.25, "SOL": 1.6}, 3.0)
    assert (caught.value.low, caught.value.high) == (1.25, 1.6)
    with pytest.raises(BoundsCannotSum):
        solve_target_beta({"ETH": 1.25, "SOL": 1.6}, 1.4, max_weight=0.4)
    with pytest.raises(UnknownName):
        estimate_betas({"A": [1.0, 2.0]}, [1.0, 2.0], preset="olx")
    with pytest.raises(BadFile):
        load_universe("nowhere.yaml")
    assert load_universe(CHECKOUT / "sectors.yaml").benchmark.name == "BTC"
