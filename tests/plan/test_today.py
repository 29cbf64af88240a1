"""Today's trades by hand: what is held, what is planned, what is done, and what is said of it."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betacli.core.model import Market
from betacli.plan.trades import Start, Target, trade_of
from conftest import Cli

STEP = Decimal("0.001")
BTC = Market(
    base="BTC",
    symbol="BTC/USDT:USDT",
    quote="USDT",
    amount_step=STEP,
    min_amount=STEP,
    min_notional=Decimal(100),
)
SAMPLE = ("--sector", "l1", "--only", "ETH,SOL,BNB,ADA", "--target", "1.4", "--exchange", "sample")
SAMPLE += ("--as-of", "2026-10-28T07:00:00Z")


def target(contracts: str, market: Market | None = BTC, price: float = 100_000.0) -> Target:
    return Target(
        base="BTC",
        symbol="BTC/USDT:USDT",
        role="hedge",
        beta=1.0,
        price=price,
        market=market,
        notional=float(contracts) * price,
        contracts=Decimal(contracts),
    )


def held(amount: float, price: float = 100_000.0) -> Start:
    return Start(notional=amount * price, amount=amount)


@pytest.mark.parametrize(
    ("has", "wants", "order", "contracts", "reduce_only", "told"),
    [
        (-0.988, "-1.000", "sell", -0.012, False, "sell 0.012 BTC more"),
        (0.0, "-1.000", "sell", -1.0, False, "sell 1 BTC short"),
        (0.0, "1.000", "buy", 1.0, False, "buy 1 BTC"),
        (-1.0, "-0.400", "buy", 0.6, True, "buy 0.6 BTC of the 1 short back"),
        (-1.0, "0.000", "buy", 1.0, True, "buy 1 BTC back, the whole short"),
        (1.0, "0.250", "sell", -0.75, True, "sell 0.75 BTC of the 1 held"),
        (1.0, "0", "sell", -1.0, True, "sell 1 BTC, all that is held"),
        (1.0, "-0.500", "sell", -1.5, False, "sell 1.5 BTC: 1 to close and the rest to be short"),
        (-1.0, "0.500", "buy", 1.5, False, "buy 1.5 BTC: 1 to close and the rest to be long"),
        (-1.0, "-1.000", "none", 0.0, False, "nothing to do"),
    ],
)
def test_a_trade_in_words(
    has: float, wants: str, order: str, contracts: float, reduce_only: bool, told: str
) -> None:
    """From what is held to what is wanted; reducing only where the position shrinks without turning."""
    found = trade_of(target(wants), held(has), 0.0, 100_000.0)
    assert (found.order, found.contracts, found.reduce_only, found.told) == (
        order,
        contracts,
        reduce_only,
        told,
    )
    assert found.notional == contracts * 100_000
    assert found.after_notional == pytest.approx(float(wants) * 100_000)


def test_small_trades_are_left_out_and_their_beta_told() -> None:
    """1,200 less than wanted of 100,000 at beta 1, below a least trade of 2,000: left over +0.012."""
    found = trade_of(target("-1.000"), held(-0.988), 2_000.0, 100_000.0)
    assert (found.order, found.skipped) == ("none", "1,200.00 is below the least trade of 2,000.00")
    assert found.left_over_beta == pytest.approx(0.012)
    assert found.after_notional == found.held_notional == -98_800
    assert found.told.startswith("nothing: ")


def test_below_the_exchanges_smallest_order_nothing_is_sent() -> None:
    """0.001 BTC at 50,000 is 50, and the exchange takes no order below 100."""
    found = trade_of(target("-1.000", price=50_000.0), held(-0.999, 50_000.0), 0.0, 100_000.0)
    assert found.order == "none"
    assert found.skipped == "50.00 is below the exchange's smallest order of 100.00"


def test_a_position_between_two_steps_is_brought_to_the_nearest() -> None:
    """0.98765 held and 1 wanted in steps of 0.001: 0.01235 is 12 steps, so 0.012, and 0.99965 after."""
    found = trade_of(target("1.000"), held(0.98765), 0.0, 100_000.0)
    assert (found.contracts, found.after_contracts) == (0.012, 0.99965)


def test_an_inverse_contract_counts_in_quote_currency() -> None:
    """100 USD a contract: held 0.5 coins at 50,000 are 250 contracts, 400 wanted: buy 150, which are 0.3 coins."""
    inverse = Market(
        base="BTC",
        symbol="BTC/USD:BTC",
        quote="USD",
        linear=False,
        contract_size=Decimal(100),
        amount_step=Decimal(1),
    )
    wanted = Target(
        base="BTC",
        symbol="BTC/USD:BTC",
        role="hedge",
        beta=1.0,
        price=50_000.0,
        market=inverse,
        notional=40_000.0,
        contracts=Decimal(400),
    )
    found = trade_of(wanted, held(0.5, 50_000.0), 0.0, 100_000.0)
    assert (found.held_contracts, found.contracts, found.notional) == (250, 150, 15_000)
    assert found.amount == pytest.approx(0.3)


def test_a_multiplier_counts_thousands() -> None:
    """One contract of 1000PEPE is 1,000 coins: 50,000 coins held are 50 contracts; 80 wanted is 30,000 coins more."""
    pepe = Market(
        base="PEPE", symbol="1000PEPE/USDT:USDT", quote="USDT", multiplier=1000, amount_step=Decimal(1)
    )
    wanted = Target(
        base="PEPE",
        symbol="1000PEPE/USDT:USDT",
        role="basket",
        beta=1.5,
        price=0.02,
        market=pepe,
        notional=1.6,
        contracts=Decimal(80),
    )
    found = trade_of(wanted, Start(notional=1.0, amount=50_000.0), 0.0, 100.0)
    assert (found.held_contracts, found.contracts, found.amount) == (50, 30, 30_000)
    assert found.told == "buy 30,000 PEPE more"


@given(has=st.integers(-5_000, 5_000), wants=st.integers(-5_000, 5_000), least=st.floats(0, 1e5))
def test_what_is_held_and_what_is_done_add_up(has: int, wants: int, least: float) -> None:
    """Held plus traded is after; a trade reaches the plan unless it was too small; reducing never grows or turns."""
    found = trade_of(target(f"{wants / 1000}"), held(has / 1000), least, 100_000.0)
    done = 0.0 if found.order == "none" else found.notional
    assert found.after_notional == pytest.approx(found.held_notional + done, abs=1e-6)
    if not found.skipped:
        assert found.after_notional == pytest.approx(wants * 100, abs=1e-6)
    else:
        assert abs(found.notional) < max(least, 100.0)
        assert found.left_over_beta == pytest.approx((has - wants) * 100 / 100_000)
    if found.reduce_only:
        assert abs(found.after_notional) < abs(found.held_notional)
        assert found.after_notional * found.held_notional >= -1e-6


# --- through the command line ----------------------------------------------------------------------------------------


def answer(cli: Cli, folder: Path, command: str, rows: str, *argv: str) -> dict:
    (folder / "held.csv").write_text("symbol,kind,amount,notional,entry\n" + rows)
    ran = cli(command, *SAMPLE, "--positions", "held.csv", *argv, "-O", "json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_an_empty_account_buys_the_whole_plan(cli: Cli, tmp_path: Path) -> None:
    """With nothing held, the trades are the rounded legs and the hedge as without positions."""
    plain = json.loads(cli("hedge", *SAMPLE, "--leverage", "5", "-O", "json").out)["data"]
    data = answer(cli, tmp_path, "hedge", "", "--leverage", "5")["data"]
    legs = {leg["symbol"]: leg["contracts"] for leg in (*plain["basket"]["legs"], *plain["hedge"]["parts"])}
    assert {t["symbol"]: t["contracts"] for t in data["today"]["trades"]} == legs
    ours, theirs = data["rounded"], plain["rounded"]
    assert ours["margin"]["initial"] == pytest.approx(theirs["margin"]["initial"])
    for one, other in zip(ours["scenarios"], theirs["scenarios"], strict=True):
        assert one["net_pnl"] == pytest.approx(other["net_pnl"], abs=1e-6)
    assert data["rounded_aggregate_beta"] == pytest.approx(plain["rounded_aggregate_beta"])


def test_an_account_that_is_at_its_plan_has_nothing_to_do(cli: Cli, tmp_path: Path) -> None:
    """Once the trades are done, tomorrow's answer on the same prices is no trade."""
    data = answer(cli, tmp_path, "hedge", "")["data"]
    rows = "".join(f"{t['symbol']},,{t['amount']!r},,\n" for t in data["today"]["trades"])
    again = answer(cli, tmp_path, "hedge", rows)["data"]["today"]
    assert {t["order"] for t in again["trades"]} == {"none"}
    assert again["turnover"] == 0
    assert again["held_beta_notional"] == pytest.approx(again["after_beta_notional"])


def test_spot_counts_toward_its_weight_and_is_hedged(cli: Cli, tmp_path: Path) -> None:
    """2 ETH as spot: the future buys 2 ETH less, the whole is as neutral as before, to half a step."""
    nothing = answer(cli, tmp_path, "hedge", "")["data"]
    spot = answer(cli, tmp_path, "hedge", "ETH/USDT,,2,,\n")["data"]
    eth = [next(t for t in d["today"]["trades"] if t["base"] == "ETH") for d in (nothing, spot)]
    assert eth[0]["contracts"] - eth[1]["contracts"] == pytest.approx(2.0)
    assert spot["rounded_aggregate_beta"] == pytest.approx(nothing["rounded_aggregate_beta"], abs=0.002)
    (held,) = spot["today"]["positions"]
    assert (held["role"], held["traded"], held["beta"]) == ("basket", False, eth[0]["beta"])


def test_more_spot_than_planned_is_sold_with_the_future(cli: Cli, tmp_path: Path) -> None:
    """20 ETH of spot where 6.2 are planned: the future is short 13.8, and a warning says so."""
    report = answer(cli, tmp_path, "hedge", "ETH/USDT,,20,,\n")
    eth = next(t for t in report["data"]["today"]["trades"] if t["base"] == "ETH")
    planned = next(leg for leg in report["data"]["basket"]["legs"] if leg["base"] == "ETH")
    assert eth["contracts"] == pytest.approx(planned["contracts"] - 20)
    assert eth["order"] == "sell"
    assert "held-beyond-plan" in [w["id"] for w in report["warnings"]]


def test_a_position_outside_is_hedged_with_its_own_beta(cli: Cli, tmp_path: Path) -> None:
    """5,000 of DOGE at its measured beta adds 5,000 × beta to the short, and the account's beta stays where it was."""
    nothing = answer(cli, tmp_path, "hedge", "")["data"]
    doge = answer(cli, tmp_path, "hedge", "DOGE/USDT:USDT,,,5000,\n")["data"]
    (held,) = doge["today"]["positions"]
    assert held["role"] == "outside"
    assert doge["hedge"]["notional"] == pytest.approx(nothing["hedge"]["notional"] - 5_000 * held["beta"])
    assert doge["aggregate_beta"] == pytest.approx(0, abs=1e-12)
    assert abs(doge["rounded_aggregate_beta"]) < 0.002
    beta = json.loads(cli("beta", "--sector", "meme", "--exchange", "sample", "-O", "json").out)
    if "data" in beta:
        known = {asset["base"]: asset for asset in beta["data"]["assets"]}
        assert held["beta"] == pytest.approx(known["DOGE"]["beta"], abs=0.25)  # shrunk there, plain here


def test_an_unknown_position_leaves_the_totals_unknown(cli: Cli, tmp_path: Path) -> None:
    """A coin no one lists has no beta: the account's beta is null, the trades are still there, and it is warned of."""
    report = answer(cli, tmp_path, "hedge", "XYZZY/USDT,,10,,\n", "--equity", "20000")
    data = report["data"]
    assert (data["aggregate_beta"], data["rounded_aggregate_beta"], data["gross_notional"]) == (
        None,
        None,
        None,
    )
    assert data["today"]["after_beta"] is None
    assert data["today"]["positions"][0]["reason"].startswith(
        "is refused: the simulated market has no `XYZZY`"
    )
    assert {"position-unknown", "held-unhedged"} <= {w["id"] for w in report["warnings"]}
    assert len(data["today"]["trades"]) == 5


def test_the_benchmark_held_as_spot_is_hedged_too(cli: Cli, tmp_path: Path) -> None:
    """0.1 BTC of spot has beta 1: the short grows by exactly its notional; the held future is traded from."""
    nothing = answer(cli, tmp_path, "hedge", "")["data"]
    both = answer(cli, tmp_path, "hedge", "BTC/USDT,,0.1,,\nBTC/USDT:USDT,,-0.5,,\n")["data"]
    spot = next(p for p in both["today"]["positions"] if p["kind"] == "spot")
    assert both["hedge"]["notional"] == pytest.approx(nothing["hedge"]["notional"] - spot["notional"])
    btc = next(t for t in both["today"]["trades"] if t["base"] == "BTC")
    assert btc["held_contracts"] == -0.5
    assert btc["contracts"] == pytest.approx(both["hedge"]["contracts"] + 0.5)


def test_a_least_trade_larger_than_everything_trades_nothing(cli: Cli, tmp_path: Path) -> None:
    """Nothing is done, what was held stays, and the beta that is left is told."""
    data = answer(cli, tmp_path, "hedge", "ETH/USDT:USDT,,2,,\n", "--min-trade", "1e9")["data"]
    assert {t["order"] for t in data["today"]["trades"]} == {"none"}
    eth = next(t for t in data["today"]["trades"] if t["base"] == "ETH")
    assert data["today"]["basket_notional"] == pytest.approx(eth["held_notional"])
    assert data["today"]["after_beta_notional"] == pytest.approx(eth["held_notional"] * eth["beta"])


def test_a_leg_that_is_the_hedge_is_one_position(cli: Cli, tmp_path: Path) -> None:
    """Against ETH, the ETH leg and the ETH short net out: at −20 ETH held, the two trades add up to one difference."""
    (tmp_path / "held.csv").write_text("symbol,amount\nETH/USDT:USDT,-20\n")
    argv = (
        "--sector",
        "l1",
        "--only",
        "ETH,SOL,ADA",
        "--benchmark",
        "ETH",
        "--exchange",
        "sample",
        "-O",
        "json",
    )
    ran = cli("hedge", *argv, "--positions", "held.csv")
    assert ran.code == 0, ran.err
    data = json.loads(ran.out)["data"]
    ours = [t for t in data["today"]["trades"] if t["base"] == "ETH"]
    assert sum(t["held_contracts"] for t in ours) == pytest.approx(-20)
    planned = next(leg for leg in data["basket"]["legs"] if leg["base"] == "ETH")["contracts"]
    wanted = planned + data["hedge"]["contracts"]
    assert sum(t["contracts"] for t in ours) == pytest.approx(wanted + 20)
    assert [t["order"] for t in ours if t["role"] == "basket"] == ["none"]


def test_without_a_source_notionals_are_enough(cli: Cli, tmp_path: Path) -> None:
    """Betas by hand: 50,000 ETH held of 57,142.86 planned: buy 7,142.86 more; short 140,000 less 100,000 there."""
    (tmp_path / "held.csv").write_text("base,kind,notional\nETH,future,50000\nBTC,future,-100000\n")
    argv = (
        "--sector",
        "l1",
        "--only",
        "ETH,SOL",
        "--beta",
        "ETH=1.25",
        "--beta",
        "SOL=1.60",
        "--target",
        "1.4",
    )
    ran = cli("hedge", *argv, "--positions", "held.csv", "-O", "json")
    assert ran.code == 0, ran.err
    trades = {t["base"]: t for t in json.loads(ran.out)["data"]["today"]["trades"]}
    assert trades["ETH"]["notional"] == pytest.approx(7_142.857143)
    assert trades["SOL"]["notional"] == pytest.approx(42_857.142857)
    assert trades["BTC"]["notional"] == pytest.approx(-40_000)
    assert trades["BTC"]["told"] == "sell 40,000.00 of BTC more"
    (tmp_path / "held.csv").write_text("base,kind,amount\nETH,future,2\n")
    ran = cli("hedge", *argv, "--positions", "held.csv")
    assert (ran.code, ran.out) == (3, "")
    assert "no price to value what is held of ETH" in ran.err


def test_solve_trades_the_legs_and_leaves_the_benchmark(cli: Cli, tmp_path: Path) -> None:
    """`solve` knows no hedge: BTC held counts into the account's beta and is not traded."""
    data = answer(cli, tmp_path, "solve", "BTC/USDT:USDT,,-1,,110000\nETH/USDT:USDT,,1,,\n")["data"]["today"]
    assert {t["base"] for t in data["trades"]} == {"ETH", "SOL", "BNB", "ADA"}
    btc = next(p for p in data["positions"] if p["base"] == "BTC")
    assert (btc["role"], btc["beta"]) == ("outside", 1.0)
    assert btc["gain"] == pytest.approx(-(btc["price"] - 110_000))
    legs = sum(t["after_notional"] * t["beta"] for t in data["trades"])
    assert data["after_beta_notional"] == pytest.approx(legs + btc["notional"])


def test_a_least_trade_needs_positions(cli: Cli) -> None:
    """`--min-trade` without `--positions` means nothing and is refused."""
    ran = cli("solve", *SAMPLE, "--min-trade", "100")
    assert (ran.code, ran.out) == (2, "")


def test_nothing_to_hedge_is_no_hedge_too_small(cli: Cli, tmp_path: Path) -> None:
    """Where every leg was too small to trade there is no basket, and no warning about the hedge's size."""
    report = answer(cli, tmp_path, "hedge", "", "--min-trade", "1e9")
    assert "hedge-not-held" not in [w["id"] for w in report["warnings"]]
    assert report["data"]["today"]["basket_notional"] == 0


def test_an_inverse_contract_counts_as_its_coins(cli: Cli, tmp_path: Path) -> None:
    """−0.5 BTC in the coin-margined contract: the linear short is smaller by half a coin's notional."""
    nothing = answer(cli, tmp_path, "hedge", "")["data"]
    inverse = answer(cli, tmp_path, "hedge", "BTC/USD:BTC,,-0.5,,\n")["data"]
    (held,) = inverse["today"]["positions"]
    assert (held["role"], held["traded"], held["beta"]) == ("outside", False, 1.0)
    assert inverse["hedge"]["notional"] == pytest.approx(nothing["hedge"]["notional"] - held["notional"])


def test_a_huge_position_is_brought_to_its_plan(cli: Cli, tmp_path: Path) -> None:
    """A trillion coins held where one is planned: sell what is too much, without overflow or nonsense."""
    data = answer(cli, tmp_path, "solve", "ETH/USDT:USDT,,1e12,,\n")["data"]
    eth = next(t for t in data["today"]["trades"] if t["base"] == "ETH")
    assert eth["after_contracts"] == pytest.approx(eth["planned_contracts"], abs=1e-3)
    assert (eth["order"], eth["reduce_only"]) == ("sell", True)
