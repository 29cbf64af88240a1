"""`betacli data …` and the runs that live on what it stores, through the command line against the fake exchange."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.store_crash import bars_of
from betacli.data.candle_store import CandleStore
from betacli.data.store_series import Fetched
from conftest import CHECKOUT, NOW_MS, Cli, Ran
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS, FakeMarket, bars
from fake_exchange.server import FakeExchange

BASES = ("BTC", "ETH", "SOL", "AVAX")
N_DAYS = 200
FIRST_MS = NOW_MS // DAY_MS * DAY_MS - N_DAYS * DAY_MS


def closes() -> dict[str, np.ndarray]:
    """Daily closes of four coins that move with the first, one day more than has passed."""
    rng = np.random.default_rng(5)
    moves = rng.normal(0, 0.03, N_DAYS + 2)
    loads = {"BTC": 1.0, "ETH": 1.2, "SOL": 1.6, "AVAX": 1.4}
    own = {base: rng.normal(0, 0.0 if base == "BTC" else 0.02, N_DAYS + 2) for base in BASES}
    return {base: 100 * np.cumprod(1 + loads[base] * moves + own[base]) for base in BASES}


def at(now_ms: int = NOW_MS, changed: dict[str, float] | None = None) -> FakeMarket:
    """Describe the market as it is at a moment; `changed` multiplies the last closed bar of a coin."""
    n = (now_ms - FIRST_MS) // DAY_MS + 1
    made = closes()
    for base, factor in (changed or {}).items():
        made[base][N_DAYS - 1] *= factor
    served = {f"{base}USDT": bars(FIRST_MS, made[base][:n], DAY_MS) for base in BASES}
    return FakeMarket(now_ms, bars=served)


def fake(**how) -> FakeExchange:
    return FakeExchange(at(), **how)


def configure(folder: Path, exchange: FakeExchange) -> None:
    members = ", ".join(BASES[1:])
    (folder / "sectors.yaml").write_text(
        f"estimator: ols-90d\nsectors: {{l1: {{members: [{members}]}}}}\n"
        f"exchange_options: {json.dumps(exchange.options)}\n"
    )


def store_of(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def run(cli: Cli, tmp_path: Path):
    """Run a command with the store in `cache`."""

    def call(*argv: str, now_ms: int = NOW_MS) -> Ran:
        return cli(*argv, now_ms=now_ms, environ={"BETACLI_CACHE_DIR": str(store_of(tmp_path))})

    return call


BETA = ("beta", "--sector", "l1", "-O", "json")


def answered(ran: Ran) -> dict:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


# --- runs through the store ---------------------------------------------------------------------------------------


def test_the_store_changes_no_byte_of_an_answer_and_saves_every_request(run, tmp_path: Path) -> None:
    """Cold, warm, and without a store: one JSON. The warm run sends nothing."""
    with fake() as exchange:
        configure(tmp_path, exchange)
        without = run(*BETA, "--no-store")
        assert not store_of(tmp_path).exists()
        cold = run(*BETA)
        sent = len(exchange.requests)
        warm = run(*BETA)
        assert len(exchange.requests) == sent
    assert answered(without)["warnings"] == []
    assert without.out == cold.out == warm.out


def test_a_basket_is_the_same_through_the_store(run, tmp_path: Path) -> None:
    """`hedge` asks a warm store for bars and the exchange for this moment: price, books, rates; no candle again."""
    hedge = ("hedge", "--sector", "l1", "--target", "1.4", "-O", "json")
    with fake() as exchange:
        configure(tmp_path, exchange)
        without, _ = run(*hedge, "--no-store"), run(*hedge)
        exchange.requests.clear()
        warm = run(*hedge)
        assert "klines" not in exchange.paths()
        assert "premiumIndex" in exchange.paths()
        exchange.requests.clear()
        answered(run("solve", "--sector", "l1", "--target", "1.4", "-O", "json"))
        assert "klines" not in exchange.paths()
        assert "depth" in exchange.paths()  # the risk block walks the books of this moment
    assert answered(warm) == answered(without)


def test_the_next_day_one_bar_is_fetched(run, tmp_path: Path) -> None:
    """Each symbol is asked for four bars, of which one is new, and the answer is that of a run without a store."""
    with fake() as exchange:
        configure(tmp_path, exchange)
        answered(run(*BETA))
        exchange.market = at(NOW_MS + DAY_MS)
        exchange.requests.clear()
        stored = run(*BETA, now_ms=NOW_MS + DAY_MS)
        klines = [query for path, query in exchange.requests if path.endswith("klines")]
        without = run(*BETA, "--no-store", now_ms=NOW_MS + DAY_MS)
    assert len(klines) == len(BASES)
    assert {query["limit"] for query in klines} == {"4"}
    assert answered(stored)["data"] == answered(without)["data"]


def test_a_revised_bar_is_a_warning_in_the_report(run, tmp_path: Path) -> None:
    """A stored bar that the exchange changed is named with its closes, and the report's status says warning."""
    with fake() as exchange:
        configure(tmp_path, exchange)
        answered(run(*BETA))
        exchange.market = at(NOW_MS + DAY_MS, {"ETH": 1.001})
        report = answered(run(*BETA, now_ms=NOW_MS + DAY_MS))
        again = answered(run(*BETA, now_ms=NOW_MS + DAY_MS))
    (warning,) = [w for w in report["warnings"] if w["id"] == "revised"]
    assert "`ETH/USDT:USDT`" in warning["detail"]
    assert report["status"] == "warning"
    assert not [w for w in again["warnings"] if w["id"] == "revised"]
    assert again["data"] == report["data"]


def test_offline_after_a_fetch(run, tmp_path: Path) -> None:
    """`data fetch` fills the store; without the network the betas are the same, with the age of what they rest on."""
    with fake() as exchange:
        configure(tmp_path, exchange)
        live = answered(run(*BETA))
    offline = answered(run(*BETA, "--offline", now_ms=NOW_MS + 3_600_000))
    assert offline["data"] == live["data"]
    told = {warning["id"]: warning["detail"] for warning in offline["warnings"]}
    assert told["offline"] == "offline: the newest stored 1d bar closed 2026-10-28T00:00:00Z, 8 h 0 min ago"
    assert "1 h 0 min ago" in told["offline-contracts"]
    solved = answered(run("solve", "--sector", "l1", "--target", "1.4", "--offline", "-O", "json"))
    assert [leg["price"] for leg in solved["data"]["legs"]] == [
        closes()[leg["base"]][N_DAYS - 1] for leg in solved["data"]["legs"]
    ]


def test_offline_too_old_a_store_is_refused_with_its_age(run, tmp_path: Path) -> None:
    """Three days later the gate refuses, says how old the bars are, and `--as-of` answers as of then."""
    with fake() as exchange:
        configure(tmp_path, exchange)
        answered(run(*BETA))
    later = NOW_MS + 3 * DAY_MS
    stale = run(*BETA, "--offline", now_ms=later)
    assert stale.code == 3
    assert "closed 3.29 bars ago" in stale.err
    assert "--as-of" in stale.err
    as_of = answered(run(*BETA, "--offline", "--as-of", "2026-10-28T07:00:00Z", now_ms=later))
    assert as_of["data"]["assets"]
    assert run(*BETA, "--offline", "--no-store").code == 2


def test_a_read_only_place_only_costs_requests(cli: Cli, tmp_path: Path) -> None:
    """Where no store can be, the answer is the same and a warning says so; `data fetch` is exit 6."""
    nowhere = {"BETACLI_CACHE_DIR": "/dev/null/cache"}
    with fake() as exchange:
        configure(tmp_path, exchange)
        report = answered(cli(*BETA, environ=nowhere))
        refused = cli("data", "fetch", "--sector", "l1", environ=nowhere)
    assert [warning["id"] for warning in report["warnings"]] == ["store-unusable"]
    assert (refused.code, refused.out) == (6, "")
    assert "/dev/null/cache" in refused.err


# --- the commands -------------------------------------------------------------------------------------------------


def test_fetch_reports_what_is_new_and_what_was_known(run, tmp_path: Path) -> None:
    """91 daily bars make 90 returns; a second fetch finds none new, and `beta` then sends nothing."""
    fetch = ("data", "fetch", "--sector", "l1", "--window", "90d", "-O", "json")
    with fake() as exchange:
        configure(tmp_path, exchange)
        first, second = answered(run(*fetch)), answered(run(*fetch))
        exchange.requests.clear()
        answered(run(*BETA, "--window", "90d"))
        assert exchange.requests == []
    assert [(a["base"], a["known"], a["fetched"]) for a in first["data"]["assets"]] == [
        (base, 91, 91) for base in sorted(BASES)
    ]
    assert (first["data"]["fetched"], second["data"]["fetched"]) == (4 * 91, 0)
    assert first["data"]["expected"] == 91
    assert stat.S_IMODE(store_of(tmp_path).stat().st_mode) == 0o700


def test_fetch_refuses_a_garbled_member_by_name_and_keeps_the_rest(run, tmp_path: Path) -> None:
    """Exit 3 names it; under `--allow-missing` it is a warning; the others are stored either way."""
    fetch = ("data", "fetch", "--sector", "l1", "-O", "json")
    with fake(faults=[Fault("candle:negative", endpoint="klines", symbol="SOLUSDT")]) as exchange:
        configure(tmp_path, exchange)
        refused = run(*fetch)
        lenient = answered(run(*fetch, "--allow-missing"))
    assert refused.code == 3
    assert "`SOL`" in refused.err
    assert [a["base"] for a in lenient["data"]["assets"]] == ["AVAX", "BTC", "ETH"]
    assert lenient["data"]["fetched"] == 0
    assert [w["id"] for w in lenient["warnings"]] == ["not-fetched"]


@pytest.mark.parametrize(
    "option", [("--offline",), ("--no-store",), ("--candles", "x.csv"), ("--exchange", "sample")]
)
def test_fetch_needs_an_exchange_and_a_store(run, option: tuple[str, ...]) -> None:
    """What contradicts it is a mistake of the command line."""
    assert run("data", "fetch", "--sector", "l1", *option).code == 2


@pytest.fixture
def filled(run, tmp_path: Path):
    """A store with four daily series and one hourly one less."""
    with fake() as exchange:
        configure(tmp_path, exchange)
        return answered(run(*BETA))


@pytest.mark.usefixtures("filled")
def test_status_lists_every_series_with_its_age(run, tmp_path: Path) -> None:
    """Series, bars, first and last open, age in hours, size; an absent store is an empty one."""
    report = answered(run("data", "status", "-O", "json"))
    assert report["schema"] == "betacli/data-status"
    rows = {row["symbol"]: row for row in report["data"]["series"]}
    assert set(rows) == {f"{base}/USDT:USDT" for base in BASES}
    row = rows["ETH/USDT:USDT"]
    assert row["exchange"].startswith("binanceusdm@127.0.0.1:")
    assert (row["timeframe"], row["age_hours"]) == ("1d", 7.0)
    assert row["last"] == "2026-10-27T00:00:00Z"
    assert report["data"]["bars"] == sum(r["bars"] for r in rows.values())
    assert report["data"]["size_bytes"] >= (store_of(tmp_path) / "candles-1.sqlite3").stat().st_size
    assert report["inputs"]["file"] == "candles-1.sqlite3"


@pytest.mark.parametrize("fmt", ["table", "json", "csv", "md"])
@pytest.mark.usefixtures("filled")
def test_every_format_shows_the_store(run, fmt: str) -> None:
    """Each format names a stored contract."""
    ran = run("data", "status", "-O", fmt)
    assert ran.code == 0
    assert "ETH/USDT:USDT" in ran.out.replace("\\", "")


def test_without_a_store_there_is_nothing_to_show_and_nothing_is_made(run, tmp_path: Path) -> None:
    """`status` and `verify` of no store answer with 0 and make none; `export` has nothing to write."""
    for action in ("status", "verify"):
        assert answered(run("data", action, "-O", "json"))["data"]["series"] == []
    assert run("data", "export", "x.csv").code == 2
    assert not store_of(tmp_path).exists()


@pytest.mark.usefixtures("filled")
def test_verify_tells_a_sound_store_from_a_damaged_one(run, tmp_path: Path) -> None:
    """Exit 0 when every byte is what was written; exit 6 with the series named; exit 6 when it is no store at all."""
    sound = run("data", "verify", "-O", "json")
    assert (sound.code, answered(sound)["data"]["sound"]) == (0, True)
    path = store_of(tmp_path) / "candles-1.sqlite3"
    body = path.read_bytes()
    at = body.index(closes()["SOL"][150:152].tobytes())
    path.write_bytes(body[:at] + b"\0" + body[at + 1 :])
    damaged = run("data", "verify", "-O", "json")
    assert damaged.code == 6
    problems = {row["symbol"]: row["problem"] for row in json.loads(damaged.out)["data"]["series"]}
    assert "checksum" in problems["SOL/USDT:USDT"]
    assert problems["ETH/USDT:USDT"] is None
    path.write_bytes(b"no store")
    assert run("data", "verify").code == 6
    assert run("data", "status").code == 6


@pytest.mark.parametrize("name", ["candles.csv", "candles.csv.gz"])
def test_an_export_read_back_gives_the_same_betas(run, filled, name: str) -> None:
    """To the last bit: the floats are written so that reading them gives the same floats."""
    exported = answered(run("data", "export", name, "-O", "json"))
    assert exported["data"]["symbols"] == len(BASES)
    read = answered(run(*BETA, "--candles", name))
    assert read["data"] == filled["data"]
    assert read["inputs"]["data_fingerprint"] == filled["inputs"]["data_fingerprint"]


@pytest.mark.usefixtures("filled")
def test_an_export_holds_one_exchange_and_timeframe(run, tmp_path: Path) -> None:
    """With two timeframes stored, one must be named; a file that cannot be written leaves none behind."""
    key = answered(run("data", "status", "-O", "json"))["data"]["series"][0]["exchange"]
    half = bars_of("ETH/USDT:USDT", 40_000, 40_010, DAY_MS // 2)
    with CandleStore.open(store_of(tmp_path)) as store:
        told = Fetched(candles=half, from_ms=40_000 * DAY_MS // 2, to_ms=40_010 * DAY_MS // 2)
        store.bars.write(key, DAY_MS // 2, {half.symbol: told}, NOW_MS)
    many = run("data", "export", "x.csv")
    assert (many.code, "`--timeframe`" in many.err) == (2, True)
    assert run("data", "export", "x.csv", "--timeframe", "1d").code == 0
    assert run("data", "export", "no/such/folder.csv", "--timeframe", "1d").code == 2
    assert run("data", "export", "y.csv", "--symbol", "XRP/USDT:USDT").code == 2
    assert run("data", "export").code == 2
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.usefixtures("filled")
def test_clear_needs_yes_and_deletes_what_was_named(run) -> None:
    """Without `--yes` nothing happens; one contract, one exchange, or everything goes."""
    assert run("data", "clear").code == 2
    one = answered(run("data", "clear", "--symbol", "ETH/USDT:USDT", "--yes", "-O", "json"))
    assert one["data"]["series"] == 1
    assert len(answered(run("data", "status", "-O", "json"))["data"]["series"]) == 3
    assert answered(run("data", "clear", "--exchange", "bybit", "--yes", "-O", "json"))["data"]["series"] == 0
    rest = answered(run("data", "clear", "--yes", "-O", "json"))
    assert rest["data"]["series"] == 3
    status = answered(run("data", "status", "-O", "json"))["data"]
    assert (status["series"], status["contracts"]) == ([], 0)


@pytest.mark.usefixtures("filled")
def test_clear_makes_a_ruined_store_new(run, tmp_path: Path) -> None:
    """What cannot be read is set aside and emptied; the next run begins a new file without a notice."""
    path = store_of(tmp_path) / "candles-1.sqlite3"
    path.write_bytes(b"no store" * 1000)
    answered(run("data", "clear", "--yes", "-O", "json"))
    with fake() as exchange:
        configure(tmp_path, exchange)
        assert run(*BETA).out == run(*BETA).out
    assert answered(run("data", "status", "-O", "json"))["inputs"]["file"] == "candles-2.sqlite3"


def test_an_unknown_action_is_named_with_the_nearest(run) -> None:
    """`data verfy` is exit 2 and means `verify`; a file goes with `export` only."""
    ran = run("data", "verfy")
    assert ran.code == 2
    assert "did you mean `verify`?" in ran.err
    assert run("data", "verify", "x.csv").code == 2


def test_a_test_system_is_kept_apart() -> None:
    """Prices from a sandbox or a testnet are stored under another name than the exchange's own."""
    from betacli.cli.sources import _stored_as
    from betacli.core.model import Benchmark, Universe

    def stored_as(options: dict[str, object]) -> str:
        universe = Universe(
            benchmark=Benchmark(weights={"BTC": 1.0}), exchange="bybit", quote="USDT", notional=1.0,
            estimator="ols-90d", max_weight=0.4, sectors=(), exchange_options={"bybit": options},
        )  # fmt: skip
        return _stored_as("bybit", universe)

    assert stored_as({"timeout": 5, "httpsProxy": "http://proxy.example:3128"}) == "bybit"
    assert stored_as({"hostname": "api-testnet.bybit.com"}) == "bybit-test"


@pytest.mark.usefixtures("filled")
def test_a_warm_command_imports_neither_ccxt_nor_pandas(tmp_path: Path) -> None:
    """In a process of its own, `betacli beta` on a warm store imports no ccxt, aiohttp or pandas."""
    code = f"""
import io, sys
from pathlib import Path
from betacli.cli.process import run
from betacli.cli.world import World
here = World(stdout=io.StringIO(), stderr=sys.stderr, now_ms=lambda: {NOW_MS}, monotonic=lambda: 0.0,
             environ={{"BETACLI_CACHE_DIR": {str(store_of(tmp_path))!r}}}, project_dir=Path({str(tmp_path)!r}))
code = run(["beta", "--sector", "l1"], here)
print(code, sorted({{"ccxt", "pandas", "aiohttp"}} & set(sys.modules)))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert ran.stdout == "0 []\n", ran.stdout + ran.stderr
