"""A sector long against another short."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from conftest import Cli

SAMPLE = ("--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z")
BY_HAND = "sectors: {a: {members: [ETH, SOL]}, b: {members: [UNI, AAVE]}}\n"
BETAS = ("--beta", "ETH=1.2", "--beta", "SOL=1.6", "--beta", "UNI=1.0", "--beta", "AAVE=0.75")


def spread(cli: Cli, *argv: str) -> dict[str, object]:
    ran = cli("solve", *argv, "-O", "json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert report["schema"] == "betacli/solve-spread"
    return report["data"]


def test_worked_by_hand(cli: Cli, tmp_path) -> None:
    """Long at (1.2 + 1.6)/2 = 1.4, short at (1.0 + 0.75)/2 = 0.875: dollar 1.4 − 0.875 = 0.525; beta 1.4/0.875 = 1.6."""
    (tmp_path / "sectors.yaml").write_text(BY_HAND, encoding="utf-8")
    sides = ("--long", "a", "--short", "b", "--notional", "100000", "--equity", "50000")
    dollar = spread(cli, *sides, *BETAS)
    assert (dollar["ratio"], dollar["beta"]) == (1.0, pytest.approx(0.525))
    assert (dollar["gross_notional"], dollar["net_notional"]) == (pytest.approx(200_000), pytest.approx(0))
    assert dollar["account_leverage"] == pytest.approx(4.0)
    assert dollar["beta_std_error"] is None
    neutral = spread(cli, *sides, *BETAS, "--neutral", "beta")
    assert neutral["ratio"] == pytest.approx(1.6)
    assert neutral["beta"] == pytest.approx(0, abs=1e-12)
    assert neutral["short"]["notional"] == pytest.approx(-160_000)
    assert [leg["notional"] for leg in neutral["short"]["legs"]] == pytest.approx([-80_000, -80_000])
    assert {leg["side"] for leg in neutral["short"]["legs"]} == {"short"}


@pytest.mark.parametrize("neutral", ["dollar", "beta"])
def test_totals_are_those_of_the_legs(cli: Cli, neutral: str) -> None:
    """Betas, gross, net and contracts recomputed from the printed legs; the interval is centred on the pair's beta."""
    data = spread(cli, "--long", "l1", "--short", "defi", "--neutral", neutral, *SAMPLE)
    legs = [*data["long"]["legs"], *data["short"]["legs"]]
    long = math.fsum(leg["notional"] for leg in data["long"]["legs"])
    assert data["net_notional"] == pytest.approx(math.fsum(leg["notional"] for leg in legs), abs=1e-6)
    assert data["gross_notional"] == pytest.approx(math.fsum(abs(leg["notional"]) for leg in legs))
    assert data["beta"] == pytest.approx(
        math.fsum(leg["notional"] * leg["beta"] for leg in legs) / long, abs=1e-9
    )
    assert (data["beta_ci_low"] + data["beta_ci_high"]) / 2 == pytest.approx(data["beta"], abs=1e-9)
    held = math.fsum(leg["rounded_notional"] for leg in data["long"]["legs"])
    rounded = math.fsum(leg["rounded_notional"] * leg["beta"] for leg in legs) / held
    assert data["rounded"]["beta"] == pytest.approx(rounded, abs=1e-9)
    for leg in data["short"]["legs"]:
        assert leg["contracts"] * leg["price"] == pytest.approx(leg["rounded_notional"])
        assert leg["contracts"] <= 0
    if neutral == "beta":
        assert data["beta"] == pytest.approx(0, abs=1e-12)


def test_the_pairs_interval_is_that_of_its_own_regression(cli: Cli) -> None:
    """The standard error is that of least squares on the pair's return, not the root of the sides' sums."""
    import statsmodels.api as sm

    from betacli.core.model import Member
    from betacli.data.sample import SampleMarket

    data = spread(cli, "--long", "l1", "--short", "defi", "--estimator", "ols-90d", *SAMPLE)
    bases = [[leg["base"] for leg in data[side]["legs"]] for side in ("long", "short")]
    market = SampleMarket(now_ms=1_793_170_800_000)
    found = market.find([Member(base=b) for b in ("BTC", *bases[0], *bases[1])], "USDT")
    end = 1_793_170_800_000 // 86_400_000 * 86_400_000
    bars = market.candles(list(found.values()), "1d", end - 91 * 86_400_000, end)

    def returns(names: list[str]) -> np.ndarray:
        closes = np.column_stack([bars[b].close for b in names])
        return (closes[1:] / closes[:-1] - 1).mean(axis=1)

    fit = sm.OLS(returns(bases[0]) - returns(bases[1]), sm.add_constant(returns(["BTC"]))).fit()
    assert data["beta"] == pytest.approx(fit.params[1], abs=1e-9)
    assert data["beta_std_error"] == pytest.approx(fit.bse[1], rel=1e-9)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("--long", "l1"), "a spread has two sides"),
        (("--long", "l1", "--short", "l1"), "against itself is nothing"),
        (("--long", "l1", "--short", "defi", "--target", "1"), "follows from `--neutral`"),
        (("--long", "l1", "--short", "defi", "--sector", "l1"), "`--sector` is about one basket"),
        (("--long", "l1", "--short", "defi", "--only", "ETH"), "`--only` is about one basket"),
        (("--long", "l1", "--short", "defi", "--neutral", "gamma"), "there is no neutral `gamma`"),
        (("--long", "l1", "--short", "nope"), "there is no sector `nope`"),
        (("--long", "l1", "--short", "defi", "--beta", "AXS=1"), "`AXS`"),
    ],
)
def test_what_a_spread_is_not(cli: Cli, argv: tuple[str, ...], told: str) -> None:
    """Each misuse is exit 2 with its reason."""
    ran = cli("solve", *argv, *SAMPLE)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_a_short_side_that_cannot_neutralise_is_refused(cli: Cli, tmp_path) -> None:
    """Against a sector of beta −0.5 a short adds beta: there is no beta-neutral pair."""
    (tmp_path / "sectors.yaml").write_text(BY_HAND, encoding="utf-8")
    betas = ("--beta", "ETH=1.2", "--beta", "SOL=1.6", "--beta", "UNI=-0.5", "--beta", "AAVE=-0.5")
    ran = cli("solve", "--long", "a", "--short", "b", "--neutral", "beta", *betas)
    assert ran.code == 3
    assert "cannot neutralise" in ran.err


@pytest.mark.parametrize(
    ("members", "flags", "named"),
    [
        ("[ADA, {base: DOT, hold: spot}]", (), "DOT"),
        ("[ADA, {base: OLD, proxy: spot}]", (), "OLD"),
        ("[ADA, DOT]", ("--spot", "ADA"), "ADA"),
    ],
)
def test_spot_is_never_sold(
    cli: Cli, tmp_path: Path, members: str, flags: tuple[str, ...], named: str
) -> None:
    """A short side that holds spot is refused by name; the same sector held long is answered, and marked."""
    (tmp_path / "sectors.yaml").write_text(
        f"sectors: {{l: {{members: [ETH, SOL]}}, s: {{members: {members}}}}}\n", encoding="utf-8"
    )
    ran = cli("solve", "--long", "l", "--short", "s", *SAMPLE, *flags)
    assert ran.code == 2
    assert f"would sell {named}, held as spot" in ran.err
    turned = spread(cli, "--long", "s", "--short", "l", *SAMPLE, *flags)
    assert {leg["base"] for leg in turned["long"]["legs"] if leg["kind"] == "spot"} == {named}
    table = cli("solve", "--long", "s", "--short", "l", *SAMPLE, *flags).out
    (row,) = [line for line in table.splitlines() if line.split()[:2] == ["long", named]]
    assert "spot" in row
