"""One market, served by the fake exchange through ccxt and read from files, gives one answer."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest

from conftest import NOW_MS, Cli
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS, FakeMarket, bars
from fake_exchange.server import FakeExchange

BASES = ("BTC", "ETH", "SOL", "AVAX")
N_DAYS = 120
FIRST_MS = NOW_MS // DAY_MS * DAY_MS - N_DAYS * DAY_MS
MAY_DIFFER = {
    "price",
    "contracts",
    "contract_size",
    "amount",
    "rounded",
    "rounded_notional",
    "rounded_aggregate_beta",
    "margin",
    "funding",
    "trade_risk",
}


def described() -> dict[str, np.ndarray]:
    """Daily closes of four coins that move with the first."""
    rng = np.random.default_rng(11)
    market = rng.normal(0, 0.025, N_DAYS)
    loads = {"BTC": 1.0, "ETH": 1.2, "SOL": 1.6, "AVAX": 1.5}
    noise = {base: rng.normal(0, 0.0 if base == "BTC" else 0.02, N_DAYS) for base in BASES}
    return {base: 1000 * np.cumprod(1 + loads[base] * market + noise[base]) for base in BASES}


def fake(faults: list[Fault] | None = None) -> FakeExchange:
    served = {f"{base}USDT": bars(FIRST_MS, closes, DAY_MS) for base, closes in described().items()}
    return FakeExchange(FakeMarket(NOW_MS, bars=served), faults=faults or [])


def sector_file(folder: Path, options: object) -> None:
    exchange = json.dumps(options)
    members = ", ".join(BASES[1:])
    (folder / "sectors.yaml").write_text(
        f"estimator: ols-90d\nsectors: {{l1: {{members: [{members}]}}}}\nexchange_options: {exchange}\n"
    )


def candle_file(folder: Path) -> str:
    closes = described()
    rows = ["date,symbol,close"]
    for base in BASES:
        for day, close in enumerate(closes[base].tolist()):
            opened = dt.datetime.fromtimestamp((FIRST_MS + day * DAY_MS) / 1000, tz=dt.UTC)
            rows.append(f"{opened:%Y-%m-%d},{base}/USDT:USDT,{close!r}")
    path = folder / "candles.csv"
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def without(value: object, keys: set[str]) -> object:
    if isinstance(value, dict):
        return {key: without(inner, keys) for key, inner in value.items() if key not in keys}
    return [without(inner, keys) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("command", ["beta", "solve", "hedge"])
def test_the_exchange_and_the_files_give_the_same_answer(cli: Cli, tmp_path: Path, command: str) -> None:
    """Betas are equal to the last bit; baskets differ only in price, contracts, amount, rounding and margin."""
    options = [] if command == "beta" else ["--target", "1.46", "--leverage", "5"]
    with fake() as exchange:
        sector_file(tmp_path, exchange.options)
        live = cli(command, "--sector", "l1", *options, "--exchange", "binanceusdm", "-O", "json")
    assert live.code == 0, live.err
    filed = cli(command, "--sector", "l1", *options, "--candles", candle_file(tmp_path), "-O", "json")
    assert filed.code == 0, filed.err
    ours, theirs = json.loads(live.out), json.loads(filed.out)
    differ = set() if command == "beta" else MAY_DIFFER
    assert without(ours["data"], differ) == without(theirs["data"], differ)
    assert ours["inputs"]["data_fingerprint"] == theirs["inputs"]["data_fingerprint"]
    assert (ours["inputs"]["exchange"], theirs["inputs"]["exchange"]) == ("binanceusdm", "files")


def test_live_prices_and_contracts_are_the_exchanges(cli: Cli, tmp_path: Path) -> None:
    """At its own mark price each leg is a whole number of steps, worth what it says."""
    with fake() as exchange:
        sector_file(tmp_path, exchange.options)
        ran = cli("hedge", "--sector", "l1", "--target", "1.46", "--exchange", "binanceusdm", "-O", "json")
    data = json.loads(ran.out)["data"]
    for leg in (*data["basket"]["legs"], *data["hedge"]["parts"]):
        assert leg["contracts"] == pytest.approx(round(leg["contracts"] / 0.001) * 0.001)
        assert leg["rounded_notional"] == pytest.approx(leg["contracts"] * leg["price"])


def test_a_past_moment_is_priced_with_its_closes(cli: Cli, tmp_path: Path) -> None:
    """Under `--as-of` the price is the close of the last closed bar, and the output says so."""
    as_of = dt.datetime.fromtimestamp(NOW_MS / 1000 - 10 * 86_400, tz=dt.UTC).isoformat()
    with fake() as exchange:
        sector_file(tmp_path, exchange.options)
        ran = cli("solve", "--sector", "l1", "--exchange", "binanceusdm", "--as-of", as_of, "-O", "json")
    report = json.loads(ran.out)
    closes = described()
    for leg in report["data"]["legs"]:
        assert leg["price"] == closes[leg["base"]][N_DAYS - 11]
    assert any("prices are the close" in warning["detail"] for warning in report["warnings"])
    assert "generated_at" not in report


def test_a_member_the_exchange_garbles_is_refused_by_name(cli: Cli, tmp_path: Path) -> None:
    """A negative close refuses that member; the others are answered under `--allow-missing`, and it is named."""
    with fake([Fault("candle:negative", endpoint="klines", symbol="SOLUSDT")]) as exchange:
        sector_file(tmp_path, exchange.options)
        ran = cli("beta", "--sector", "l1", "--exchange", "binanceusdm")
        assert (ran.code, ran.out) == (3, "")
        assert "`SOL`" in ran.err
        lenient = cli("beta", "--sector", "l1", "--exchange", "binanceusdm", "--allow-missing", "-O", "json")
    report = json.loads(lenient.out)
    assert [asset["base"] for asset in report["data"]["assets"]] == ["AVAX", "ETH"]
    assert [asset["base"] for asset in report["excluded"]] == ["SOL"]


def test_without_a_network_it_fails_in_time_and_says_what_helps(cli: Cli) -> None:
    """Exit 4, what was tried, and the simulated market as a way out; the default exchange is asked."""
    ran = cli("solve", "--sector", "l1", "--target", "1.4", "--timeout", "5", "-O", "json")
    assert ran.code == 4
    error = json.loads(ran.out)["error"]
    assert error["exit_code"] == 4
    assert error["retryable"] is True
    assert "binance" in error["tried"]
    assert "--exchange sample" in ran.err


def test_no_answer_within_the_deadline_is_exit_4(cli: Cli, tmp_path: Path) -> None:
    """An exchange that hangs is given up on at `--timeout`."""
    with fake([Fault("hang")]) as exchange:
        sector_file(tmp_path, exchange.options)
        ran = cli("beta", "--sector", "l1", "--exchange", "binanceusdm", "--timeout", "0.5")
    assert (ran.code, ran.out) == (4, "")
    assert "hint: raise `--timeout`" in ran.err


def test_the_moment_of_the_answer_is_the_exchanges(cli: Cli, tmp_path: Path) -> None:
    """Where the exchange's clock is days behind ours, window, gates and `as_of` go by its clock, in every run."""
    with fake() as exchange:
        sector_file(tmp_path, exchange.options)
        for _ in range(2):
            ran = cli(
                "beta",
                "--sector",
                "l1",
                "--exchange",
                "binanceusdm",
                "-O",
                "json",
                now_ms=NOW_MS + 40 * DAY_MS,
            )
            assert ran.code == 0, ran.err
            report = json.loads(ran.out)
            assert report["as_of"] == "2026-10-28T07:00:00Z"
            assert report["inputs"]["window"]["end"] == "2026-10-28T00:00:00Z"


def test_a_daily_sibling_keeps_what_was_asked_for(cli: Cli, tmp_path: Path) -> None:
    """On daily bars a 4 h preset becomes its sibling, by name, with the window of the flag; a 4 h flag is refused."""
    with fake() as exchange:
        sector_file(tmp_path, exchange.options)
    options = ("beta", "--sector", "l1", "--candles", candle_file(tmp_path), "-O", "json")
    ran = cli(*options, "--estimator", "ewma-60d-4h", "--window", "70d", "--half-life", "20d")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    used = report["inputs"]["estimator"]
    assert (used["preset"], used["timeframe"], used["window_days"], used["half_life_days"]) == (
        "ewma-60d",
        "1d",
        70,
        20,
    )
    assert [w["id"] for w in report["warnings"] if w["severity"] == "warning"] == ["daily-sibling"]
    refused = cli(*options, "--estimator", "ewma-60d-4h", "--timeframe", "1h")
    assert refused.code == 2
    aged = cli(*options, "--estimator", "kalman-180d", "--half-life", "20d")
    assert (aged.code, json.loads(aged.out)["error"]["option"]) == (2, "--half-life")
