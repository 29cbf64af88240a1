"""The limits and objectives of a basket, from the command line to the printed weights."""

import json
import math

import pytest

from conftest import Cli

SAMPLE = ("--sector", "l1", "--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z", "-O", "json")
FILE = """
sectors:
  a:
    groups: {evm: {max: 0.5}}
    members:
      - {base: ETH, weight: 3, group: evm, supply: 120e6, supply_as_of: 2025-06-30}
      - {base: AVAX, weight: 2, group: evm, supply: 422e6, supply_as_of: 2025-06-30}
      - {base: SOL, weight: 1, supply: 535e6, supply_as_of: 2025-06-30}
      - {base: ADA, weight: 2, supply: 35e9, supply_as_of: 2025-06-30}
  b: {members: [UNI, AAVE]}
max_weight: 0.8
"""


def solve(cli: Cli, *argv: str) -> dict[str, object]:
    ran = cli("solve", *argv)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def weights(data: dict[str, object]) -> dict[str, float]:
    return {leg["base"]: leg["weight"] for leg in data["legs"]}


@pytest.fixture
def own(tmp_path) -> tuple[str, ...]:
    """A file with weights and groups, and the options that read it."""
    (tmp_path / "sectors.yaml").write_text(FILE, encoding="utf-8")
    return ("--sector", "a", "--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z", "-O", "json")


def test_custom_weights_are_the_files(cli: Cli, own) -> None:
    """3, 2, 1, 2 are 3/8, 1/4, 1/8, 1/4: with the group's cap lifted they are the basket."""
    data = solve(cli, *own, "--weighting", "custom", "--max-group", "evm=1")["data"]
    assert weights(data) == pytest.approx({"ADA": 0.25, "AVAX": 0.25, "ETH": 0.375, "SOL": 0.125})


def test_a_group_of_the_file_binds_and_is_named(cli: Cli, own) -> None:
    """ETH and AVAX together weigh at most half, and the answer says that this holds the basket."""
    data = solve(cli, *own, "--weighting", "custom")["data"]
    assert weights(data)["ETH"] + weights(data)["AVAX"] == pytest.approx(0.5, abs=1e-9)
    assert {"kind": "group", "name": "evm", "side": "upper", "bound": 0.5} in data["binding"]
    assert "evm ≤ 50 %" in cli("solve", *own[:-2], "--weighting", "custom").out


def test_a_capitalisation_limit_hands_the_excess_on_in_proportion(cli: Cli, own) -> None:
    """No base weight above 30 %; those below keep their proportions to one another."""
    free = solve(cli, *own, "--weighting", "cap", "--max-group", "evm=1")["data"]
    cut = solve(cli, *own, "--weighting", "cap", "--cap-limit", "0.3", "--max-group", "evm=1")["data"]
    before = {leg["base"]: leg["base_weight"] for leg in free["legs"]}
    after = {leg["base"]: leg["base_weight"] for leg in cut["legs"]}
    assert max(before.values()) > 0.3
    assert max(after.values()) == pytest.approx(0.3)
    assert math.fsum(after.values()) == pytest.approx(1)
    below = [base for base, weight in after.items() if weight < 0.3 - 1e-12]
    assert len({round(after[base] / before[base], 9) for base in below}) <= 1


def test_sectors_weigh_what_was_asked(cli: Cli, own) -> None:
    """`--sector-weight a=0.6` fixes that share of a basket of two sectors, base weights too."""
    argv = ("--sector", "b", "--sector-weight", "a=0.6", "--target", "1.4", *own)
    data = solve(cli, *argv)["data"]
    of_a = [leg for leg in data["legs"] if leg["sector"] == "a"]
    assert math.fsum(leg["weight"] for leg in of_a) == pytest.approx(0.6, abs=1e-9)
    assert math.fsum(leg["base_weight"] for leg in of_a) == pytest.approx(0.6)
    assert math.fsum(leg["weight"] * leg["beta"] for leg in data["legs"]) == pytest.approx(1.4, abs=1e-9)


def test_a_number_of_assets_and_their_least_weight(cli: Cli) -> None:
    """Four assets at most, each at least 10 %: the others weigh nothing, and the target is met."""
    data = solve(cli, *SAMPLE, "--target", "1.4", "--max-assets", "4", "--min-weight", "0.1")["data"]
    held = [w for w in weights(data).values() if w]
    assert len(held) <= 4
    assert min(held) >= 0.1 - 1e-9
    assert math.fsum(leg["weight"] * leg["beta"] for leg in data["legs"]) == pytest.approx(1.4, abs=1e-9)
    assert data["optimality_gap"] == 0
    idle = [leg for leg in data["legs"] if not leg["weight"]]
    assert all(leg["contracts"] == 0 and leg["side"] == "none" for leg in idle)


def test_a_gross_limit_holds_shorts(cli: Cli) -> None:
    """With shorts and a gross of 1.2 the sizes sum to 1.2 at most, and that is what holds a high beta."""
    data = solve(cli, *SAMPLE, "--target", "1.75", "--allow-short", "--max-gross", "1.2")["data"]
    assert math.fsum(map(abs, weights(data).values())) <= 1.2 + 1e-9
    assert any(b["kind"] == "gross" for b in data["binding"])


def test_a_band_is_met_at_its_nearer_edge(cli: Cli) -> None:
    """Base weights of beta 1.34 stay within 1.3 to 1.4, and move to 1.45 and no further for 1.45 to 1.6."""
    stays = solve(cli, *SAMPLE, "--target-band", "1.3:1.4")["data"]
    assert list(weights(stays).values()) == pytest.approx([0.1] * 10, abs=1e-9)
    moves = solve(cli, *SAMPLE, "--target-band", "1.45:1.6")["data"]
    assert moves["beta"] == pytest.approx(1.45, abs=1e-9)
    assert (moves["target_beta"], moves["target_band"]) == (None, {"low": 1.45, "high": 1.6})


def test_the_objective_of_least_variance_is_the_weighting_of_that_name(cli: Cli) -> None:
    """Both minimise w'Σw; the objective keeps the base weights in sight."""
    one = solve(cli, *SAMPLE, "--target", "1.4", "--objective", "min-variance")["data"]
    other = solve(cli, *SAMPLE, "--target", "1.4", "--weighting", "min-variance")["data"]
    assert weights(one) == pytest.approx(weights(other), abs=1e-9)
    assert one["legs"][0]["base_weight"] == pytest.approx(0.1)


def test_least_turnover_trades_less_the_dearer_it_is(cli: Cli, tmp_path) -> None:
    """From three holdings the turnover falls with its cost, and is recomputed from what was held."""
    (tmp_path / "held.csv").write_text(
        "symbol,notional\nSOL/USDT:USDT,50000\nETH/USDT:USDT,30000\nADA/USDT:USDT,20000\n", encoding="utf-8"
    )
    argv = (
        *SAMPLE,
        "--target",
        "1.3",
        "--objective",
        "least-turnover",
        "--positions",
        "held.csv",
        "--notional",
        "100000",
    )
    found = [
        solve(cli, *argv, "--turnover-cost", cost, "--max-weight", "0.6")["data"]
        for cost in ("0", "0.01", "10")
    ]
    turnovers = [data["turnover"] for data in found]
    assert turnovers[0] >= turnovers[1] >= turnovers[2]
    for data in found:
        moved = math.fsum(abs(leg["weight"] - leg["current_weight"]) for leg in data["legs"]) / 2
        assert data["turnover"] == pytest.approx(moved, abs=1e-9)
    held = {leg["base"]: leg["current_weight"] for leg in found[0]["legs"] if leg["current_weight"]}
    assert held == pytest.approx({"SOL": 0.5, "ETH": 0.3, "ADA": 0.2})


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (("--target-band", "1.5:1.3"), 2, "the first number is above the second"),
        (("--target-band", "nan:1.3"), 2, "two finite numbers"),
        (("--target-band", "1.3"), 2, "two finite numbers"),
        (("--target-band", "1:2", "--target", "1"), 2, "both say what beta is wanted"),
        (("--max-assets", "0"), 2, "must be at least 1"),
        (("--max-gross", "1.5"), 2, "add `--allow-short`"),
        (("--max-gross", "inf", "--allow-short"), 2, "a finite number is needed"),
        (("--max-gross", "0.5", "--allow-short"), 2, "must be at least 1"),
        (("--turnover-cost", "nan"), 2, "a finite number is needed"),
        (("--turnover-cost", "-1"), 2, "must be at least 0"),
        (("--cap-limit", "0.3"), 2, "add `--weighting cap`"),
        (("--cap-limit", "0.05", "--weighting", "cap"), 2, "10 assets of at most 0.05 hold 0.5, less than 1"),
        (("--max-group", "evm=0.5"), 2, "there is no group `evm`"),
        (("--max-group", "evm"), 2, "a name, `=` and a number are needed"),
        (("--max-group", "evm=nan"), 2, "a finite number is needed"),
        (("--sector-weight", "defi=0.5"), 2, "there is no sector `defi` in the basket"),
        (("--sector-weight", "l1=0.5"), 2, "sum to 0.5, not to 1"),
        (("--objective", "best"), 2, "there is no objective `best`"),
        (("--objective", "least-turnover"), 2, "give a file of positions with `--positions`"),
        (
            ("--max-assets", "2", "--max-weight", "0.4"),
            5,
            "no weights of `l1` sum to 1 within at most 2 assets",
        ),
        (("--max-assets", "1", "--target", "1.5"), 5, "no single asset of `l1` has a beta of 1.50"),
    ],
)
def test_what_cannot_be_is_said(cli: Cli, argv: tuple[str, ...], code: int, told: str) -> None:
    """Options that mean nothing are exit 2, limits that leave nothing exit 5; no number is printed."""
    ran = cli("solve", *SAMPLE[:-2], *argv)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err


def test_out_of_reach_names_what_holds_it_and_what_helps(cli: Cli) -> None:
    """The cap the hint names brings the target within reach, and one percent less does not."""
    ran = cli("solve", *SAMPLE, "--target", "1.6", "--max-weight", "0.15")
    error = json.loads(ran.out)["error"]
    assert ran.code == 5
    assert error["low"] < error["high"] < 1.6
    assert error["binding"]
    (way,) = [way for way in error["ways"] if "--max-weight" in way]
    cap = float(way.rsplit(" ", 1)[1])
    assert cli("solve", *SAMPLE, "--target", "1.6", "--max-weight", f"{cap:g}").code == 0
    assert cli("solve", *SAMPLE, "--target", "1.6", "--max-weight", f"{cap - 0.01:g}").code == 5
    short = cli("solve", *SAMPLE, "--target", "1.6", "--max-weight", "0.15", "--allow-short").code == 0
    assert any("--allow-short" in way for way in error["ways"]) == short
    assert any(f"{1.6 - error['high']:.2f}x the notional in BTC" in way for way in error["ways"])
