"""The benchmark: one asset, an index, the universe."""

import json
from pathlib import Path

import numpy as np
import pytest

from betacli.core.model import Benchmark, Member
from betacli.errors import BadOption, GateFailure, GatesFailed
from betacli.plan.benchmark import fixed_weights, parse_benchmark, universe_weights
from conftest import Cli

BTC = np.array([100.0, 110.0, 99.0, 108.9])
ETH = np.array([10.0, 10.5, 10.5, 9.45])


def test_an_index_is_the_weighted_return() -> None:
    """0.6 × 10 % + 0.4 × 5 % = 8 %; a part without a return leaves the index without one."""
    series = fixed_weights(Benchmark(weights={"BTC": 0.6, "ETH": 0.4}), {"BTC": BTC, "ETH": ETH})
    assert series.returns == pytest.approx([0.08, -0.06, 0.02])
    holed = fixed_weights(
        Benchmark(weights={"BTC": 0.6, "ETH": 0.4}), {"BTC": BTC, "ETH": np.array([10, np.nan, 10.5, 9.45])}
    )
    assert np.isnan(holed.returns[:2]).all()
    assert holed.returns[2] == pytest.approx(0.02)


BIG, SMALL, TINY = (
    Member(base="BTC", supply=10.0, supply_as_of="2025-06-30", cap_usd=1000.0),
    Member(base="ETH", supply=5.0, supply_as_of="2025-06-30", cap_usd=50.0),
    Member(base="XYZ", supply=1.0, supply_as_of="2025-06-30", cap_usd=20.0),
)


def test_the_universe_is_supply_times_price() -> None:
    """1,000 + 50 grows to 1,100 + 52.5: 9.762 %."""
    series = universe_weights([BIG, SMALL], {"BTC": BTC, "ETH": ETH}, [], {})
    assert series.returns[0] == pytest.approx(1152.5 / 1050 - 1)
    assert series.weights["BTC"] == pytest.approx(1089 / (1089 + 47.25))


def test_a_multiplied_contract_counts_its_coins() -> None:
    """A `1000XYZ` at 10.5 with 5,000 coins is worth what 5 coins at 10.5 are."""
    many = Member(base="ETH", supply=5000.0, supply_as_of="2025-06-30")
    series = universe_weights([BIG, many], {"BTC": BTC, "ETH": ETH}, [], {"ETH": 1000})
    assert series.returns[0] == pytest.approx(1152.5 / 1050 - 1)


def failure(base: str) -> GateFailure:
    return GateFailure(base=base, gate="listed", detail="is not there")


def test_a_small_member_without_a_price_is_left_out_with_a_notice() -> None:
    """XYZ is 20 of about 1,156: 98.3 % are covered, by its stated capitalisation."""
    series = universe_weights([BIG, SMALL, TINY], {"BTC": BTC, "ETH": ETH}, [failure("XYZ")], {})
    assert "covers 98.27 %" in series.notices[0].detail
    assert [e.base for e in series.excluded] == ["XYZ"]


def test_a_large_member_or_one_of_unknown_size_refuses_the_universe() -> None:
    """Without ETH of 500 nothing is covered to 95 %; a member without price and capitalisation cannot be judged."""
    large = Member(base="ETH", supply=5.0, supply_as_of="2025-06-30", cap_usd=500.0)
    with pytest.raises(GatesFailed):
        universe_weights([BIG, large], {"BTC": BTC}, [failure("ETH")], {})
    unsized = Member(base="XYZ", supply=1.0, supply_as_of="2025-06-30")
    with pytest.raises(GatesFailed):
        universe_weights([BIG, unsized], {"BTC": BTC}, [failure("XYZ")], {})


def test_what_can_be_written() -> None:
    """`BTC`, weights that sum to one, `universe`; nothing else."""
    assert parse_benchmark("BTC") == Benchmark(weights={"BTC": 1.0})
    assert parse_benchmark("ETH=0.4, BTC=0.6").name == "0.6 BTC + 0.4 ETH"
    assert parse_benchmark("universe").is_universe
    for wrong in ("BTC=0.5", "BTC=x", "BTC=1.5,ETH=-0.5", "", ",", "BTC=nan", "BTC=0.5,BTC=0.5", "B TC"):
        with pytest.raises(BadOption):
            parse_benchmark(wrong)


@pytest.mark.parametrize("benchmark", ["BTC", "BTC=0.6,ETH=0.4", "universe", "ETH"])
def test_a_hedged_basket_is_neutral_to_any_benchmark(cli: Cli, benchmark: str) -> None:
    """Whatever the benchmark, basket and hedge together have no beta to it, and the parts of an index sum to one."""
    ran = cli("hedge", "--sector", "gaming", "--exchange", "sample", "--benchmark", benchmark, "-O", "json")
    assert ran.code == 0, ran.err
    data = json.loads(ran.out)["data"]
    parts = data["hedge"]["parts"]
    assert abs(data["aggregate_beta"]) < 1e-12
    left = sum(leg["notional"] * leg["beta"] for leg in (*data["basket"]["legs"], *parts))
    assert abs(left / data["basket"]["notional"]) < 1e-12
    assert abs(data["rounded_aggregate_beta"]) < 0.01
    assert data["hedge"]["notional"] == pytest.approx(sum(part["notional"] for part in parts))


def test_a_universe_without_supplies_is_refused(cli: Cli, tmp_path: Path) -> None:
    """A sector file without a supply has no universe to weigh."""
    (tmp_path / "sectors.yaml").write_text("sectors: {l1: {members: [ETH, SOL]}}\n")
    ran = cli("beta", "--sector", "l1", "--exchange", "sample", "--benchmark", "universe")
    assert (ran.code, ran.out) == (2, "")
    assert "supply" in ran.err
