"""What the basket says of itself: base weights, volatility and its price, recomputed from what was printed."""

import json
import math

import numpy as np
import pytest

from betacli import names
from conftest import Cli

SAMPLE = ("--sector", "l1", "--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z", "-O", "json")


def answer(cli: Cli, *argv: str) -> dict[str, object]:
    ran = cli("solve", *SAMPLE, *argv)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)["data"]


MEASURED = [weighting for weighting in names.WEIGHTINGS if weighting != "custom"]


@pytest.mark.parametrize("weighting", MEASURED)
def test_every_weighting_reaches_the_target(cli: Cli, weighting: str) -> None:
    """Whatever the base weights, the basket sums to one and has beta 1.40."""
    data = answer(cli, "--target", "1.4", "--weighting", weighting)
    weights = [leg["weight"] for leg in data["legs"]]
    assert math.fsum(weights) == pytest.approx(1, abs=1e-10)
    assert math.fsum(leg["weight"] * leg["beta"] for leg in data["legs"]) == pytest.approx(1.4, abs=1e-10)
    assert data["weighting"] == weighting


def test_the_least_variance_is_the_least(cli: Cli) -> None:
    """No other weighting at the same target has a lower volatility than `min-variance`."""
    vols = {w: answer(cli, "--target", "1.4", "--weighting", w)["vol_annual"] for w in MEASURED}
    assert min(vols, key=vols.get) == "min-variance"  # type: ignore[arg-type]


def test_volatility_splits_by_pythagoras_and_its_price_is_the_next_tenth(cli: Cli) -> None:
    """Benchmark and residual volatility are the legs of the whole; +0.10 costs what solving at 1.50 adds."""
    data = answer(cli, "--target", "1.4")
    whole = math.hypot(data["vol_benchmark_annual"], data["vol_residual_annual"])
    assert whole == pytest.approx(data["vol_annual"])
    more = answer(cli, "--target", "1.5")
    assert data["vol_per_tenth_beta"] == pytest.approx(more["vol_annual"] - data["vol_annual"])
    top = answer(cli, "--target", str(data["attainable"]["high"] - 0.05))
    assert top["vol_per_tenth_beta"] is None


def test_effective_assets_are_recomputed_from_the_weights(cli: Cli) -> None:
    """1 / Σw² of long-only weights."""
    data = answer(cli, "--target", "1.4", "--weighting", "cap")
    assert data["effective_assets"] == pytest.approx(1 / sum(leg["weight"] ** 2 for leg in data["legs"]))


def test_the_weights_are_nearest_to_the_base_in_risk(cli: Cli) -> None:
    """Against an independent solver on the covariance of the same returns, shrunk by the tests' own formula."""
    import quadprog

    from betacli.core.model import Member
    from betacli.data.sample import SampleMarket
    from core.test_returns import single_index_shrinkage

    data = answer(cli, "--target", "1.4", "--estimator", "ols-90d")
    bases = [leg["base"] for leg in data["legs"]]
    market = SampleMarket(now_ms=1_793_170_800_000)
    found = market.find([Member(base=b) for b in ("BTC", *bases)], "USDT")
    end = 1_793_170_800_000 // 86_400_000 * 86_400_000
    bars = market.candles(list(found.values()), "1d", end - 91 * 86_400_000, end)  # type: ignore[arg-type]
    closes = np.column_stack([bars[b].close for b in ("BTC", *bases)])  # type: ignore[union-attr]
    returns = closes[1:] / closes[:-1] - 1
    sigma, _ = single_index_shrinkage(returns[:, 1:], returns[:, 0])
    betas = np.array([leg["beta"] for leg in data["legs"]])
    n = len(bases)
    constraints = np.vstack([np.ones(n), betas, np.eye(n), -np.eye(n)]).T
    limits = np.concatenate([[1, 1.4], np.zeros(n), np.full(n, -0.4)])
    scale = np.diag(sigma).mean()
    expected = quadprog.solve_qp(sigma / scale, sigma @ np.full(n, 1 / n) / scale, constraints, limits, 2)[0]
    assert [leg["weight"] for leg in data["legs"]] == pytest.approx(list(expected), abs=1e-8)


def test_a_weighting_without_what_it_needs_is_refused(cli: Cli) -> None:
    """Capitalisation weights need supplies and prices; by hand there are none."""
    argv = (
        "--sector",
        "l1",
        "--only",
        "ETH,SOL",
        "--beta",
        "ETH=1.25",
        "--beta",
        "SOL=1.6",
        "--weighting",
        "cap",
    )
    ran = cli("solve", *argv)
    assert (ran.code, ran.out) == (3, "")
    assert "`--weighting cap` needs a `supply`" in ran.err
