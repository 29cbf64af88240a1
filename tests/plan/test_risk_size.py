"""`--risk`: the notional follows from the loss of a one-in-twenty day, recomputed from the bars."""

import json

import numpy as np
import pytest

from betacli.core.model import Candles, Member
from betacli.data.sample import SampleMarket
from conftest import NOW_MS, Cli

DAY_MS = 86_400_000
ARGV = ("--sector", "l1", "--only", "ETH,SOL,ADA", "--target", "1.4", "--exchange", "sample")
DAILY = (*ARGV, "--estimator", "ols-90d", "-O", "json")


def test_the_notional_recomputed_from_the_bars(cli: Cli) -> None:
    """On daily bars: basket less 1.4 × BTC, day by day; its 5 % quantile times the notional is 2 % of 20,000."""
    ran = cli("hedge", *DAILY, "--equity", "20000", "--risk", "2%")
    assert ran.code == 0, ran.err
    data = json.loads(ran.out)["data"]
    weights = {leg["base"]: leg["weight"] for leg in data["basket"]["legs"]}
    market = SampleMarket(now_ms=NOW_MS)
    found = market.find([Member(base=base) for base in ("BTC", *weights)], "USDT")
    end = NOW_MS // DAY_MS * DAY_MS
    bars = market.candles(list(found.values()), "1d", end - 91 * DAY_MS, end)  # type: ignore[arg-type]
    moves = {}
    for base, own in bars.items():
        assert isinstance(own, Candles)
        moves[base] = own.close[1:] / own.close[:-1] - 1
    hedged = sum(w * moves[base] for base, w in weights.items()) - 1.4 * moves["BTC"]
    loss = -np.percentile(hedged, 5)
    assert data["basket"]["notional"] == pytest.approx(0.02 * 20_000 / loss)
    risk = data["basket"]["risk"]
    assert risk["one_in_twenty"] == pytest.approx(0.02)
    assert risk["n_days"] == 90
    leverage = data["basket"]["notional"] / 20_000
    normal = (1.6448536269514722 * hedged.std(ddof=1) - hedged.mean()) * leverage
    assert risk["one_in_twenty_normal"] == pytest.approx(normal)
    assert risk["benchmark_down_ten"] == pytest.approx(0, abs=1e-12)
    assert risk["benchmark_down_ten_unhedged"] == pytest.approx(0.14 * leverage)
    assert data["basket_leverage"] == pytest.approx(leverage)


def test_twice_the_risk_is_twice_the_notional(cli: Cli) -> None:
    """The loss is linear in the size; `solve` and `hedge` mean the same by it; `0.04` is `4%`."""
    one = json.loads(cli("hedge", *DAILY, "--equity", "20000", "--risk", "2%").out)["data"]["basket"]
    two = json.loads(cli("solve", *DAILY, "--equity", "20000", "--risk", "0.04").out)["data"]
    assert two["notional"] == pytest.approx(2 * one["notional"])


def test_exposure_that_is_kept_counts(cli: Cli) -> None:
    """Hedged to 0.3, BTC −10 % costs 3 % of the notional, and the size is smaller than when neutral."""
    kept = json.loads(cli("hedge", *DAILY, "--equity", "20000", "--risk", "2%", "--hedge-to", "0.3").out)[
        "data"
    ]
    neutral = json.loads(cli("hedge", *DAILY, "--equity", "20000", "--risk", "2%").out)["data"]
    assert kept["basket"]["risk"]["benchmark_down_ten"] == pytest.approx(0.03 * kept["basket_leverage"])
    assert kept["basket"]["risk"]["hedge_ratio"] == pytest.approx(1.1)
    assert neutral["basket"]["risk"]["hedge_ratio"] == pytest.approx(1.4)


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (("--risk", "2%"), 2, "give `--equity`"),
        (("--risk", "2%", "--equity", "1e4", "--leverage", "3"), 2, "`--leverage` sets the notional already"),
        (("--risk", "2%", "--equity", "1e4", "--notional", "3"), 2, "`--notional` sets the notional already"),
        (("--risk", "2%", "--equity", "1e4", "--liquidity-cap"), 2, "needs the notional first"),
        (("--risk", "0", "--equity", "1e4"), 2, "a share above 0"),
        (("--risk", "nan", "--equity", "1e4"), 2, "a share above 0"),
        (("--risk", "100%", "--equity", "1e4"), 2, "a share above 0"),
        (("--risk", "two", "--equity", "1e4"), 2, "a share above 0"),
        (("--risk", "2%", "--equity", "0"), 2, "must be above 0"),
        (
            ("--risk", "2%", "--equity", "1e4", "--estimator", "ols-90d-4h", "--window", "35d"),
            3,
            "needs 40 whole",
        ),
    ],
)
def test_what_no_size_follows_from(cli: Cli, argv: tuple[str, ...], code: int, told: str) -> None:
    """Risk without equity, beside another size, out of range, or from too few days is refused with the reason."""
    ran = cli("hedge", *ARGV, "--estimator", "ols-90d", *argv)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err


def test_betas_by_hand_have_no_days(cli: Cli) -> None:
    """Without market data there is no loss to measure."""
    argv = ("--sector", "l1", "--only", "ETH,SOL", "--beta", "ETH=1.25", "--beta", "SOL=1.6")
    ran = cli("solve", *argv, "--risk", "2%", "--equity", "20000")
    assert (ran.code, ran.out) == (3, "")
    assert "needs returns" in ran.err


def test_more_leverage_than_the_exchange_allows_is_refused(cli: Cli) -> None:
    """At 50x the initial margins at the highest leverage are more than the equity: exit 5 with both numbers."""
    ran = cli("hedge", *ARGV, "--leverage", "70")
    assert (ran.code, ran.out) == (5, "")
    assert "of initial margin at the highest leverage allowed; the equity is 1,428.57" in ran.err
    assert cli("solve", *ARGV, "--leverage", "200").code == 5
