"""`--exchange-unchecked`: an exchange that nobody has checked is refused without it, and marked in every output with it."""

import csv
import io
import json

import numpy as np
import pytest

from betacli.data import pace
from conftest import Cli, Ran
from fake_exchange.market import DAY_MS, FakeMarket, bars
from fake_exchange.server import FakeExchange

FIRST_MS = 1_704_067_200_000  # 2024-01-01
DAYS = 150
NOW_MS = FIRST_MS + DAYS * DAY_MS + 3_600_000
COMMANDS = {
    "beta": ("beta",),
    "solve": ("solve", "--target", "1.0"),
    "hedge": ("hedge", "--target", "1.0", "--equity", "50000"),
    "checklist": ("checklist", "--target", "1.0", "--equity", "50000"),
}


def a_market() -> FakeMarket:
    rng = np.random.default_rng(3)
    moves = rng.normal(0, 0.02, DAYS)
    closes = {"BTC": moves, "ETH": 0.8 * moves + rng.normal(0, 0.01, DAYS), "SOL": 1.3 * moves}
    noise = rng.normal(0, 0.01, DAYS)
    closes["SOL"] = closes["SOL"] + noise
    described = {
        f"{base}USDT": bars(FIRST_MS, 100 * np.exp(np.cumsum(steps))) for base, steps in closes.items()
    }
    return FakeMarket(NOW_MS, bars=described)


@pytest.fixture(autouse=True)
def _in_no_hurry_to_save(monkeypatch):
    monkeypatch.setattr(pace, "SHARE", 1_000.0)  # these tests are about answers, and shall not wait


@pytest.fixture
def run(cli: Cli, tmp_path):
    """Run a command against ccxt's `binance`, of which betacli has no record, on a fake futures host."""
    with FakeExchange(a_market()) as fake:
        base = {"options": {"fetchMarkets": {"types": ["linear"]}, "defaultType": "swap"}}
        options = {**fake.options["binanceusdm"], **base, "has": {"fetchCurrencies": False}}
        options["options"] |= {"fetchCurrencies": False, "fetchMargins": False}
        (tmp_path / "sectors.yaml").write_text(
            "estimator: ols-90d\nsectors: {l1: {members: [ETH, SOL]}}\nmax_weight: 1\nmaintenance_margin: 0.01\n"
            f"exchange_options: {json.dumps({'binance': options})}\n"
        )

        def call(*argv: str) -> Ran:
            environ = {"BETACLI_CACHE_DIR": str(tmp_path / "cache")}
            return cli(*argv, "--exchange", "binance", now_ms=NOW_MS, environ=environ)

        yield call


@pytest.mark.parametrize("command", [*COMMANDS, "backtest"])
def test_without_the_flag_it_is_refused_with_the_list(cli, command):
    """Exit 2, and the exchanges that betacli knows are named."""
    argv = COMMANDS.get(command, ("backtest", "betas"))
    ran = cli(*argv, "--sector", "l1", "--exchange", "binance")
    assert (ran.code, ran.out) == (2, "")
    assert all(name in ran.err for name in ("binanceusdm", "bybit", "bingx", "weex", "mexc", "sample"))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fmt", ["table", "json", "csv", "md"])
def test_every_output_is_marked(run, tmp_path, command, fmt):
    """The table and Markdown say it above the numbers, the JSON in its inputs, the CSV in every row."""
    argv = (*COMMANDS[command], "--sector", "l1", "--exchange-unchecked", "-O", fmt)
    ran = run(*argv)
    assert ran.code in {0, 10}, ran.err
    if fmt == "json":
        told = json.loads(ran.out)
        assert told["inputs"]["exchange_unchecked"] is True
        assert "unchecked_exchange" in [warning["id"] for warning in told["warnings"]]
    elif fmt == "csv":
        rows = list(csv.DictReader(io.StringIO(ran.out)))
        assert rows
        assert all(row["exchange_unchecked"] == "true" for row in rows)
    else:
        assert "UNCHECKED EXCHANGE" in ran.out
    if fmt != "json":
        assert "nobody has checked how `binance` answers" in ran.out + ran.err
    assert not list((tmp_path / "cache").glob("candles*"))  # and nothing of it is stored


def test_a_checked_exchange_is_not_marked_by_the_flag(cli: Cli):
    """The flag lets in what is unknown; it does not say that something is."""
    ran = cli("beta", "--sector", "l1", "--exchange", "sample", "--exchange-unchecked", "-O", "json")
    assert "exchange_unchecked" not in json.loads(ran.out)["inputs"]


def test_an_exchange_that_even_ccxt_does_not_have_is_refused(cli: Cli):
    """The flag is no way around a misspelt name."""
    ran = cli("beta", "--sector", "l1", "--exchange", "binanse", "--exchange-unchecked")
    assert ran.code == 2
    assert "binanceusdm" in ran.err


def test_it_is_neither_stored_nor_answered_from_the_store(run):
    """`data fetch` and `--offline` are refused: nothing of an unchecked exchange is kept."""
    assert run("data", "fetch", "--sector", "l1", "--exchange-unchecked").code == 2
    ran = run("beta", "--sector", "l1", "--exchange-unchecked", "--offline")
    assert ran.code == 2
    assert "never stored" in ran.err
