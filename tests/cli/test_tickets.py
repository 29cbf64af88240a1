"""Order tickets: what ccxt's create_orders takes, of what the plan holds, and a script that asks before it sends."""

import importlib.util
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from betacli.core.model import Market
from betacli.data.sample_assets import Asset
from conftest import CHECKOUT, Cli
from plan.test_one_market import fake, sector_file

ARGV = ("--sector", "l1", "--only", "ETH,SOL,ADA", "--target", "1.4")
SAMPLE = (*ARGV, "--exchange", "sample", "-O", "json")


def tickets(cli: Cli, command: str, *argv: str) -> tuple[dict, dict]:
    ran = cli(command, *argv, "--tickets", "orders.json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)["data"], json.loads(Path("orders.json").read_text())


def signed(orders: list[dict]) -> dict[str, float]:
    return {o["symbol"]: o["amount"] * (1 if o["side"] == "buy" else -1) for o in orders}


def test_a_plan_from_nothing_is_all_of_its_contracts(cli: Cli) -> None:
    """One market order per leg and one for the hedge, amounts positive, in contracts, not reduce-only."""
    data, file = tickets(cli, "hedge", *SAMPLE)
    legs = {leg["symbol"]: leg["contracts"] for leg in (*data["basket"]["legs"], *data["hedge"]["parts"])}
    assert signed(file["orders"]) == legs
    for order in file["orders"]:
        assert list(order) == ["symbol", "type", "side", "amount", "price", "params"]
        assert (order["type"], order["price"], order["params"]) == ("market", None, {})
        assert order["amount"] > 0
    assert (file["schema"], file["trades_from"], file["simulated"]) == (
        "betacli/tickets",
        "nothing held",
        True,
    )
    assert (file["exchange"], file["as_of"]) == ("sample", "2026-10-28T07:00:00Z")
    assert "sends nothing" in file["note"]


def test_solve_writes_the_legs_alone(cli: Cli) -> None:
    """`solve` has no hedge to order."""
    data, file = tickets(cli, "solve", *SAMPLE)
    assert signed(file["orders"]) == {leg["symbol"]: leg["contracts"] for leg in data["legs"]}


def test_with_positions_the_trades_are_written(cli: Cli) -> None:
    """Only today's trades, those that only reduce marked so, and what is left out is not there."""
    Path("held.csv").write_text("symbol,amount\nETH/USDT:USDT,50\nBTC/USDT:USDT,-0.9\nSOL/USDT:USDT,-5\n")
    data, file = tickets(cli, "hedge", *SAMPLE, "--positions", "held.csv", "--min-trade", "1000")
    made = {t["symbol"]: t for t in data["today"]["trades"] if t["order"] != "none"}
    assert signed(file["orders"]) == {symbol: t["contracts"] for symbol, t in made.items()}
    by_symbol = {o["symbol"]: o for o in file["orders"]}
    assert by_symbol["ETH/USDT:USDT"]["params"] == {"reduceOnly": True}
    assert by_symbol["ETH/USDT:USDT"]["side"] == "sell"
    assert by_symbol["SOL/USDT:USDT"]["params"] == {}  # turns from short to long
    assert file["trades_from"] == "positions"


def test_a_leg_that_is_the_hedge_is_one_order(cli: Cli) -> None:
    """Against ETH, the ETH leg and the ETH short add up to one order of the difference."""
    data, file = tickets(
        cli, "hedge", *SAMPLE[:4], "--benchmark", "ETH", "--exchange", "sample", "-O", "json"
    )
    leg = next(leg for leg in data["basket"]["legs"] if leg["base"] == "ETH")
    assert [o["symbol"] for o in file["orders"]].count("ETH/USDT:USDT") == 1
    assert signed(file["orders"])["ETH/USDT:USDT"] == pytest.approx(
        leg["contracts"] + data["hedge"]["contracts"]
    )


def test_a_past_moment_is_marked(cli: Cli) -> None:
    """Orders priced as of a past moment say so."""
    _, file = tickets(cli, "solve", *SAMPLE, "--as-of", "2026-10-01")
    assert file["past"] is True
    _, file = tickets(cli, "solve", *SAMPLE)
    assert file["past"] is False


def test_without_contracts_there_are_no_tickets(cli: Cli) -> None:
    """Betas by hand know no contracts: exit 3, and no file appears."""
    argv = ("--sector", "l1", "--only", "ETH,SOL", "--beta", "ETH=1.25", "--beta", "SOL=1.6")
    ran = cli("hedge", *argv, "--tickets", "orders.json")
    assert (ran.code, ran.out) == (3, "")
    assert "`--tickets` needs contracts" in ran.err
    assert not Path("orders.json").exists()


def test_a_file_that_cannot_be_written_is_refused(cli: Cli) -> None:
    """A missing folder is exit 2 and nothing is printed; one file cannot be both answer and tickets."""
    ran = cli("solve", *SAMPLE, "--tickets", "no/such/orders.json")
    assert (ran.code, json.loads(ran.out)["status"]) == (2, "refused")
    assert cli("solve", *SAMPLE, "--tickets", "a.json", "-o", "a.json").code == 2


def test_amounts_are_contracts_of_the_exchanges_own_size(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a contract is a hundredth of a coin, 2.5 coins are an amount of 250: amount × size × price is the notional."""
    own = Asset.market

    def in_hundredths(asset: Asset, now_ms: int) -> Market:
        one = Decimal(1)
        return replace(own(asset, now_ms), contract_size=Decimal("0.01"), amount_step=one, min_amount=one)

    monkeypatch.setattr(Asset, "market", in_hundredths)
    data, file = tickets(cli, "hedge", *SAMPLE)
    legs = {leg["symbol"]: leg for leg in (*data["basket"]["legs"], *data["hedge"]["parts"])}
    assert len(file["orders"]) == 4
    for order in file["orders"]:
        leg = legs[order["symbol"]]
        assert order["amount"] == int(order["amount"])
        assert order["amount"] * 0.01 * leg["price"] == pytest.approx(abs(leg["rounded_notional"]))


def test_orders_of_a_real_exchange_are_not_simulated(cli: Cli, tmp_path: Path) -> None:
    """Binance's contracts are coins; the file names the exchange as ccxt does and marks nothing."""
    with fake() as exchange:
        sector_file(tmp_path, exchange.options)
        data, file = tickets(cli, "solve", "--sector", "l1", "--exchange", "binanceusdm", "-O", "json")
    assert (file["simulated"], file["past"], file["exchange"]) == (False, False, "binanceusdm")
    assert signed(file["orders"]) == {leg["symbol"]: leg["contracts"] for leg in data["legs"]}


def test_a_spread_has_no_tickets_and_no_size_by_risk(cli: Cli) -> None:
    """What is about one basket is refused with `--long` and `--short`, never left aside in silence."""
    spread = ("--long", "l1", "--short", "defi", "--exchange", "sample")
    for argv in (("--tickets", "orders.json"), ("--risk", "2%", "--equity", "1000")):
        ran = cli("solve", *spread, *argv)
        assert (ran.code, ran.out) == (2, "")
        assert f"`{argv[0]}` is about one basket" in ran.err


# --- the script ------------------------------------------------------------------------------------------------------


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "send_to_sandbox", CHECKOUT / "examples" / "send_to_sandbox.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Sandbox:
    """An exchange that remembers what it was sent."""

    def __init__(self, *, many: bool = True) -> None:
        self.has = {"createOrders": many}
        self.sent: list[dict[str, Any]] = []

    def create_orders(self, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.sent += orders
        return [{"id": str(k), "status": "open"} for k, _ in enumerate(orders)]

    def create_order(self, **order: Any) -> dict[str, Any]:
        return self.create_orders([order])[0]


def file_of(folder: Path, **changes: Any) -> str:
    order = {
        "symbol": "ETH/USDT:USDT",
        "type": "market",
        "side": "buy",
        "amount": 2.5,
        "price": None,
        "params": {},
    }
    told = {
        "schema": "betacli/tickets",
        "exchange": "binanceusdm",
        "simulated": False,
        "past": False,
        "orders": [
            order,
            {**order, "symbol": "BTC/USDT:USDT", "side": "sell", "params": {"reduceOnly": True}},
        ],
    }
    path = folder / "orders.json"
    path.write_text(json.dumps({**told, **changes}))
    return str(path)


@pytest.mark.parametrize("many", [True, False])
def test_after_a_typed_yes_the_orders_are_sent(tmp_path: Path, many: bool) -> None:
    """Every order goes out as it stands in the file, together or one by one."""
    sandbox, said = Sandbox(many=many), []
    code = script().main([file_of(tmp_path)], lambda _: sandbox, lambda _: "yes", said.append)
    assert code == 0
    assert [(o["symbol"], o["side"], o["amount"]) for o in sandbox.sent] == [
        ("ETH/USDT:USDT", "buy", 2.5),
        ("BTC/USDT:USDT", "sell", 2.5),
    ]
    assert "sell 2.5 BTC/USDT:USDT at market, reduce-only" in said


@pytest.mark.parametrize("typed", ["", "y", "Yes", "no", "yes please"])
def test_without_it_nothing_is_opened(tmp_path: Path, typed: str) -> None:
    """Anything but `yes` sends nothing; the exchange is not even made."""

    def opened(_: str) -> Any:
        raise AssertionError

    said: list[str] = []
    assert script().main([file_of(tmp_path)], opened, lambda _: typed, said.append) == 1
    assert said[-1] == "nothing sent"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"simulated": True}, "simulated market"),
        ({"past": True}, "closes of the past"),
        ({"orders": []}, "no orders"),
        ({"exchange": "weex"}, "production"),
        ({"exchange": "mexc"}, "no sandbox"),
        ({"schema": "other"}, "no ticket file"),
    ],
)
def test_what_must_not_be_sent_is_not_even_asked(tmp_path: Path, changes: dict, told: str) -> None:
    """Simulated or past prices, no sandbox, another file: refused before the question."""

    def asked(_: str) -> str:
        raise AssertionError

    said: list[str] = []
    assert script().main([file_of(tmp_path, **changes)], lambda _: None, asked, said.append) == 1
    assert told in said[-1]
