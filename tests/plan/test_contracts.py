"""What a basket becomes in contracts: whole steps, never over the plan, the beta kept, nothing dropped silently."""

import json
import math

import pytest

from conftest import Cli


def solved(cli: Cli, notional: float, *more: str) -> dict[str, object]:
    ran = cli(
        "solve", "--sector", "l1", "--target", "1.4", "--exchange", "sample", "--notional", str(notional), *more, "-O", "json"
    )  # fmt: skip
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.parametrize("notional", [300, 500, 900, 2_000, 5_000, 20_000, 100_000, 1_000_000])
def test_an_account_of_any_size_is_deployed_and_keeps_its_beta(cli: Cli, notional: float) -> None:
    """At least 98 % of the notional, never more than all of it, and a beta within one step's effect of 1.40."""
    data = solved(cli, notional)["data"]
    legs = data["legs"]
    held = math.fsum(leg["rounded_notional"] for leg in legs)
    assert 0.98 * notional <= held <= notional
    assert data["rounded"]["notional"] == pytest.approx(held)
    assert data["rounded"]["deployed"] == pytest.approx(held / notional)
    beta = math.fsum(leg["rounded_notional"] * leg["beta"] for leg in legs) / held
    assert data["rounded"]["beta"] == pytest.approx(beta)
    assert data["rounded"]["beta_error"] == pytest.approx(beta - 1.4, abs=1e-9)
    assert abs(beta - 1.4) <= data["rounded"]["step_effect"] + 1e-9
    largest_step = max(abs(leg["rounded_notional"] / leg["contracts"]) for leg in legs if leg["contracts"])
    assert abs(beta - 1.4) <= max(largest_step / notional, 1e-9)
    for leg in legs:
        assert leg["rounded_notional"] == pytest.approx(leg["contracts"] * leg["price"])


def test_a_leg_that_cannot_be_held_is_named_with_what_it_needs(cli: Cli) -> None:
    """With 150 some leg is too small: its plan and its need are told, and its contracts are 0, not missing."""
    report = solved(cli, 150)
    empty = [leg for leg in report["data"]["legs"] if leg["contracts"] == 0]
    told = [w["detail"] for w in report["warnings"] if w["id"] == "leg-not-held"]
    assert len(empty) == len(told) > 0
    for leg, sentence in zip(empty, told, strict=True):
        assert f": {leg['base']} needs at least " in sentence
        assert "not held" in sentence
    assert report["status"] == "warning"


def test_weights_stay_the_solution_and_contracts_follow(cli: Cli) -> None:
    """The weights have exactly the target beta whatever the account; rounding changes contracts alone."""
    small, large = solved(cli, 150)["data"]["legs"], solved(cli, 1_000_000)["data"]["legs"]
    assert [leg["weight"] for leg in small] == [leg["weight"] for leg in large]
    assert math.fsum(leg["weight"] * leg["beta"] for leg in small) == pytest.approx(1.4, abs=1e-10)


def test_shorts_round_within_the_plan(cli: Cli) -> None:
    """A basket with shorts keeps its beta and its net notional within a step."""
    data = solved(cli, 50_000, "--allow-short", "--target", "2.2")["data"]
    assert any(leg["side"] == "short" for leg in data["legs"])
    assert data["rounded"]["notional"] <= 50_000 + 1e-6
    assert data["rounded"]["beta"] == pytest.approx(2.2, abs=0.01)


@pytest.mark.parametrize("notional", [50, 150, 1_000, 5_000, 50_000])
@pytest.mark.parametrize("sector", ["l1", "defi"])
def test_no_leg_changes_its_side(cli: Cli, sector: str, notional: float) -> None:
    """A short rounds to a short or to nothing, and a moved beta is told."""
    argv = (
        "--sector",
        sector,
        "--exchange",
        "sample",
        "--allow-short",
        "--target",
        "1.1",
        "--notional",
        str(notional),
    )
    report = json.loads(cli("solve", *argv, "-O", "json").out)
    data = report["data"]
    for leg in data["legs"]:
        assert leg["contracts"] * leg["notional"] >= 0
    if data["rounded"]["beta"] is not None and abs(data["rounded"]["beta"] - 1.1) > 0.02:
        assert any(w["id"] == "beta-moved" for w in report["warnings"])


@pytest.mark.parametrize("notional", [50, 100, 300, 2_000])
def test_no_leg_exceeds_its_cap(cli: Cli, notional: float) -> None:
    """Rounding never takes a leg past 40 % of the notional, and a leg far from its plan is named."""
    report = solved(cli, notional)
    for leg in report["data"]["legs"]:
        assert abs(leg["rounded_notional"]) <= 0.4 * notional + 1e-9


def test_the_account_shown_is_the_one_held(cli: Cli) -> None:
    """With 60 the short rounds to nothing: the first screen shows an unhedged account, and says so."""
    argv = (
        "--sector",
        "l1",
        "--only",
        "ETH,SOL",
        "--notional",
        "60",
        "--leverage",
        "5",
        "--exchange",
        "sample",
        "--as-of",
        "2026-06-30T12:00:00Z",
    )
    report = json.loads(cli("hedge", *argv, "-O", "json").out)
    rounded = report["data"]["rounded"]
    assert report["data"]["hedge"]["rounded_notional"] == 0
    (down,) = (s for s in rounded["scenarios"] if s["benchmark_move"] == -0.10)
    legs = report["data"]["basket"]["legs"]
    assert down["net_pnl"] == pytest.approx(-0.1 * sum(leg["rounded_notional"] * leg["beta"] for leg in legs))
    assert {"hedge-not-held", "hedge-residue"} <= {w["id"] for w in report["warnings"]}
    shown = cli("hedge", *argv).out
    assert "BTC -10 %:" in shown
    assert "account +0.00" not in shown


def test_a_small_account_holds_the_most_there_is_and_says_what_it_lost(cli: Cli) -> None:
    """2,000 in ten names at 40 % or less: no leg above its cap, 98 % deployed, and any leg left out is told."""
    report = solved(cli, 2_000)
    data = report["data"]
    assert data["rounded"]["deployed"] >= 0.98
    empty = {leg["base"] for leg in data["legs"] if leg["weight"] and not leg["contracts"]}
    told = {w["detail"].split(": ")[1].split()[0] for w in report["warnings"] if w["id"] == "leg-not-held"}
    assert empty == told


def test_assets_that_were_not_chosen_are_not_bought_by_rounding(cli: Cli) -> None:
    """With four assets at most, contracts stand on those four alone, whatever the size of the account."""
    for notional in (500, 5_000, 100_000):
        data = solved(cli, notional, "--max-assets", "4")["data"]
        chosen = {leg["base"] for leg in data["legs"] if leg["weight"]}
        held = {leg["base"] for leg in data["legs"] if leg["contracts"]}
        assert held <= chosen
        assert len(held) <= 4


def test_inverse_contracts_round_to_whole_quote_units() -> None:
    """A contract of 100 USD of SOL: 1,234 is 12 contracts, 1,200; at 200 that is 6 SOL; a short mirrors it."""
    from decimal import Decimal

    from betacli.core.model import Market
    from betacli.core.sizing import size_down, smallest_notional

    market = Market(
        base="SOL", symbol="SOL/USD:SOL", quote="USD", linear=False, contract_size=Decimal(100), amount_step=Decimal(1)
    )  # fmt: skip
    long, short = size_down(1_234, 200.0, market), size_down(-1_234, 200.0, market)
    assert (long.contracts, long.notional, long.amount) == (Decimal(12), 1200.0, Decimal(6))
    assert (short.contracts, short.notional, short.amount) == (Decimal(-12), -1200.0, Decimal(-6))
    assert smallest_notional(market, 200.0) == 100
    assert "needs at least 100.00" in (size_down(99, 200.0, market).shortfall or "")


def test_contracts_of_a_thousand_coins_are_counted_in_coins() -> None:
    """`1000PEPE` at 0.01 by steps of 1: 250.5 is 25,050 contracts, and 25,050,000 coins."""
    from decimal import Decimal

    from betacli.core.model import Market
    from betacli.core.sizing import size_down

    market = Market(
        base="1000PEPE", symbol="1000PEPE/USDT:USDT", quote="USDT", multiplier=1000, amount_step=Decimal(1)
    )
    held = size_down(250.505, 0.01, market)
    assert (held.contracts, held.amount) == (Decimal(25_050), Decimal(25_050_000))
    assert held.notional == pytest.approx(250.5)
