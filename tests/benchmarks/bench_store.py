"""The store's figures: 300 symbols × 26,280 hourly bars (three years).

    python tests/benchmarks/bench_store.py [SYMBOLS [BARS]]

Prints seconds and, against their limits, ratios: reading all closes against the same arrays in `.npy` files (≤ 4 ×),
the same through `StoredMarket`, appending one bar to every symbol in one transaction, and the peak memory of a
process that reads the closes into one panel (≤ 3 × the panel's float64 size + 120 MB), or fetches and stores them.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.store_crash import EXCHANGE, NOW_MS, Synthetic, bars_of
from betacli.core.calendar import HOUR_MS
from betacli.core.model import Member
from betacli.data.candle_store import CandleStore
from betacli.data.store_series import Fetched
from betacli.data.stored import StoredMarket

PAST = NOW_MS // HOUR_MS


def names(n: int) -> list[str]:
    return [f"C{i:03}" for i in range(n)]


def market(folder: Path, now_ms: int = NOW_MS) -> StoredMarket:
    return StoredMarket(
        name=EXCHANGE, key=EXCHANGE, folder=folder, exchange=lambda _: Synthetic(now_ms),
        now_ms=lambda: now_ms, timeframe="1h",
    )  # fmt: skip


def through(source: StoredMarket, n: int, bars: int) -> np.ndarray:
    """Return a panel (T, N) of closes, asked for as a command asks."""
    listings = list(source.find([Member(base=base) for base in names(n)], "USDT").values())
    answers = source.candles(listings, "1h", (PAST - bars) * HOUR_MS, PAST * HOUR_MS)
    panel = np.empty((bars, n))
    for i, base in enumerate(names(n)):
        panel[:, i] = answers[base].close
    source.close()
    return panel


def closes_of_store(folder: Path, n: int, bars: int) -> list[np.ndarray]:
    with CandleStore.open(folder) as store, store.database.reading():
        series = store.bars.series(EXCHANGE, HOUR_MS)
        return [
            store.bars.read(
                series[f"{b}/USDT:USDT"], (PAST - bars) * HOUR_MS, PAST * HOUR_MS, ("close",)
            ).values[:, 0]
            for b in names(n)
        ]


def best(work: Callable[[], object], times: int = 5) -> float:
    def once() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return min(once() for _ in range(times))


def say(what: str, figure: str, limit: str = "") -> None:
    sys.stdout.write(f"{what:<58}{figure:>12}  {limit}\n")


def peak_mb(*argv: str) -> float:
    """Return the peak memory of this script in another process, doing one thing."""
    ran = subprocess.run([sys.executable, __file__, *argv], capture_output=True, text=True, check=True)
    return float(ran.stdout)


def main(n: int = 300, bars: int = 26_280) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, arrays = Path(name) / "store", Path(name) / "npy"
        arrays.mkdir()
        limit_mb = 3 * n * bars * 8 / 1e6 + 120
        fetch_mb = peak_mb("fetch", str(folder), str(n), str(bars))
        began = time.perf_counter()
        size = sum(path.stat().st_size for path in folder.iterdir())
        say(f"store of {n} x {bars:,} bars", f"{size / 1e6:,.0f} MB")
        for i, base in enumerate(names(n)):
            np.save(arrays / f"{i}.npy", bars_of(f"{base}/USDT:USDT", PAST - bars, PAST).close)
        assert all(
            np.array_equal(a, np.load(arrays / f"{i}.npy"))
            for i, a in enumerate(closes_of_store(folder, n, bars))
        )
        npy = best(lambda: [np.load(arrays / f"{i}.npy") for i in range(n)])
        store = best(lambda: closes_of_store(folder, n, bars))
        asked = best(lambda: through(market(folder), n, bars), 3)
        say("closes from .npy files", f"{npy * 1e3:.0f} ms")
        say(
            "closes from the store, opened each time",
            f"{store * 1e3:.0f} ms",
            f"{store / npy:.2f} x, at most 4 x",
        )
        say("closes by StoredMarket into one panel", f"{asked * 1e3:.0f} ms", f"{asked / npy:.2f} x")
        append = best(lambda: append_one(folder, n), 5)
        say(f"one bar appended to {n} symbols, one transaction", f"{append * 1e3:.0f} ms")
        read_mb = peak_mb("read", str(folder), str(n), str(bars))
        say("peak memory, closes into one panel", f"{read_mb:.0f} MB", f"at most {limit_mb:.0f} MB")
        say("peak memory, fetched, stored and read", f"{fetch_mb:.0f} MB", f"at most {limit_mb:.0f} MB")
        say("all of this took", f"{time.perf_counter() - began:.0f} s")


_appended = [PAST]


def append_one(folder: Path, n: int) -> None:
    at = _appended[0]
    _appended[0] += 1
    fetched = {
        f"{base}/USDT:USDT": Fetched(
            candles=bars_of(f"{base}/USDT:USDT", at - 2, at + 1),
            from_ms=(at - 2) * HOUR_MS,
            to_ms=(at + 1) * HOUR_MS,
        )
        for base in names(n)
    }
    with CandleStore.open(folder) as store:
        new, revisions = store.bars.write(EXCHANGE, HOUR_MS, fetched, NOW_MS)
    assert set(new.values()) == {1}
    assert revisions == []


def one_thing(what: str, folder: Path, n: int, bars: int) -> None:
    """Do it, check it, and print the peak memory in MB."""
    panel = through(market(folder), n, bars)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    assert np.array_equal(panel[:, -1], bars_of(f"{names(n)[-1]}/USDT:USDT", PAST - bars, PAST).close)
    assert what in {"read", "fetch"}
    sys.stdout.write(f"{peak:.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 3:
        one_thing(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        main(*map(int, sys.argv[1:]))
