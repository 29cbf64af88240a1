"""`doctor` tells what is there, what is not, and exits with 0, 3 or 4."""

import json
from pathlib import Path

from conftest import NOW_MS, Cli
from fake_exchange.faults import Fault
from fake_exchange.market import FakeMarket
from fake_exchange.server import FakeExchange


def findings(out: str) -> dict[tuple[str, str], dict[str, str]]:
    return {(f["topic"], f["name"]): f for f in json.loads(out)["data"]["findings"]}


def configured(folder: Path, exchange: FakeExchange) -> None:
    options = json.dumps(exchange.options)
    (folder / "sectors.yaml").write_text(
        f"sectors: {{l1: {{members: [ETH]}}}}\nexchange_options: {options}\n"
    )


def test_a_reachable_exchange_is_exit_0_and_its_clock_is_told(cli: Cli, tmp_path: Path) -> None:
    """The default exchange answers; the others cannot be reached here, which is a warning each."""
    with FakeExchange(FakeMarket(NOW_MS, bars={})) as exchange:
        configured(tmp_path, exchange)
        ran = cli(
            "doctor", "--timeout", "20", "-O", "json", environ={"BETACLI_CACHE_DIR": str(tmp_path / "cache")}
        )
    found = findings(ran.out)
    assert ran.code == 0, ran.err
    assert found["exchange", "binanceusdm"]["status"] == "ok"
    assert found["exchange", "bybit"]["status"] == "warn"
    assert found["exchange", "bybit"]["detail"].startswith("unreachable")
    assert found["clock", "skew"]["status"] == "ok"
    assert found["version", "ccxt"]["detail"]
    assert found["config", "sectors"]["detail"] == "sectors.yaml"


def test_a_silent_default_exchange_is_exit_4(cli: Cli, tmp_path: Path) -> None:
    """Whatever else is fine, without the exchange there is no plan this morning."""
    with FakeExchange(FakeMarket(NOW_MS, bars={}), [Fault("html")]) as exchange:
        configured(tmp_path, exchange)
        ran = cli(
            "doctor", "--timeout", "20", "-O", "json", environ={"BETACLI_CACHE_DIR": str(tmp_path / "cache")}
        )
    assert ran.code == 4
    assert findings(ran.out)["exchange", "binanceusdm"]["status"] == "fail"


def test_offline_asks_nobody(cli: Cli, tmp_path: Path) -> None:
    """`--offline` looks at this computer alone; nothing stored yet is fine."""
    ran = cli("doctor", "--offline", "-O", "json", environ={"BETACLI_CACHE_DIR": str(tmp_path / "cache")})
    found = findings(ran.out)
    assert ran.code == 0
    assert not [key for key in found if key[0] == "exchange"]
    assert found["store", str(tmp_path / "cache")]["detail"] == "nothing is stored yet"


def test_a_store_that_is_no_store_is_exit_3(cli: Cli, tmp_path: Path) -> None:
    """A file that SQLite cannot read is told, and left where it is."""
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    broken = cache / "candles-1.sqlite3"
    broken.write_bytes(b"no store at all")
    broken.chmod(0o600)
    ran = cli("doctor", "--offline", "-O", "json", environ={"BETACLI_CACHE_DIR": str(cache)})
    assert ran.code == 3
    assert findings(ran.out)["store", str(cache)]["status"] == "fail"
    assert broken.read_bytes() == b"no store at all"
