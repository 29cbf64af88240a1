"""The store under `kill -9` and under many processes at once.

    python tests/benchmarks/store_crash.py kills 300
    python tests/benchmarks/store_crash.py contend 8 50

Bars are a fixed function of symbol and slot, so that any process can tell whether a stored one is right.
"""

import os
import random
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from betacli.core.calendar import HOUR_MS, TIMEFRAMES_MS
from betacli.core.model import Candles, Market, Member, Notice, Unknown
from betacli.data.candle_store import CandleStore
from betacli.data.candles import Listing
from betacli.data.store_series import COLUMNS, Fetched
from betacli.data.stored import StoredMarket

EXCHANGE = "synthetic"
SYMBOLS = tuple(f"C{i:02}/USDT:USDT" for i in range(20))
FIRST_SLOT = 480_000 - 40  # a chunk of 1,024 hours begins near by
NOW_MS = 490_000 * HOUR_MS


def bars_of(symbol: str, first: int, past: int, step: int = HOUR_MS, *, scale: float = 1.0) -> Candles:
    """Return the bars of the slots [first, past): awkward floats, the same wherever they are made."""
    slots = np.arange(first, past, dtype=np.int64)
    seed = sum(map(ord, symbol))
    close = scale * (100 + 10 * np.sin(slots * 0.37 + seed) + (slots % 7) / 3)
    return Candles(
        symbol=symbol,
        timeframe_ms=step,
        open_ms=slots * step,
        open=close * 0.999,
        high=close * 1.01,
        low=close * 0.99,
        close=close,
        volume=1e6 / close,
        quote_volume=np.where(slots % 11 == 0, np.nan, 1e6 + slots / 7),
    )


def same(a: Candles, b: Candles) -> bool:
    """Tell whether two candles hold the same bars to the last bit."""
    names = ("open_ms", *COLUMNS)
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in names)


class Synthetic:
    """An exchange in memory whose bars begin at `listed`; it counts what it is asked."""

    name = EXCHANGE
    simulated = False
    live = True
    finest_timeframe = "1m"

    def __init__(self, now_ms: int = NOW_MS, listed: Mapping[str, int] | None = None) -> None:
        self.now_ms = self.server_ms = now_ms
        self.listed = listed or {}
        self.delisted: dict[str, int] = {}
        self.holes: dict[str, set[int]] = {}
        self.scaled: dict[tuple[str, int], float] = {}
        self.asked: list[tuple[tuple[str, ...], int, int]] = []
        self.found = 0
        self.market_count = 300
        self.notices: tuple[Notice, ...] = ()
        self.closed = False

    def find(self, members: Sequence[Member], quote: str) -> dict[str, Listing | Unknown]:
        self.found += 1
        self.notices += tuple(Notice(id="remapped", detail=m.base) for m in members if m.base[:2] == "RE")
        return {m.base: self.listing(m.base, quote) for m in members}

    def listing(self, base: str, quote: str = "USDT") -> Listing | Unknown:
        if base.startswith("NO"):
            return Unknown(reason="has no perpetual")
        symbol = f"{base}/{quote}:{quote}"
        return Listing(base=base, symbol=symbol, market=Market(base=base, symbol=symbol, quote=quote))

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> dict[str, Candles | Unknown]:
        self.asked.append((tuple(listing.symbol for listing in listings), start_ms, end_ms))
        step = TIMEFRAMES_MS[timeframe]
        return {listing.base: self._history(listing.symbol, step, start_ms, end_ms) for listing in listings}

    def _history(self, symbol: str, step: int, start_ms: int, end_ms: int) -> Candles | Unknown:
        first = max(-(-start_ms // step), -(-self.listed.get(symbol, 0) // step))
        past = min(-(-end_ms // step), min(self.now_ms, self.server_ms) // step)
        past = min(past, self.delisted.get(symbol, past * step) // step)
        made = bars_of(symbol, first, max(first, past), step)
        keep = np.array(
            [t // step not in self.holes.get(symbol, ()) for t in made.open_ms.tolist()], dtype=bool
        )
        factors = np.array([self.scaled.get((symbol, t // step), 1.0) for t in made.open_ms.tolist()])
        columns = {name: getattr(made, name)[keep] for name in COLUMNS}
        columns["close"] = columns["close"] * factors[keep]
        if not keep.any():
            return Unknown(reason="has no closed bars")
        return Candles(symbol=symbol, timeframe_ms=step, open_ms=made.open_ms[keep], **columns)

    def prices(self, listings: Sequence[Listing]) -> dict[str, Unknown]:
        return {listing.base: Unknown(reason="not here") for listing in listings}

    books = funding = prices

    def close(self) -> None:
        self.closed = True


def append(store: CandleStore, first: int, past: int) -> None:
    """Store the bars of the slots [first, past) of every symbol, in one transaction."""
    fetched = {
        symbol: Fetched(candles=bars_of(symbol, first, past), from_ms=first * HOUR_MS, to_ms=past * HOUR_MS)
        for symbol in SYMBOLS
    }
    store.bars.write(EXCHANGE, HOUR_MS, fetched, NOW_MS)


def reached(store: CandleStore) -> int:
    """Return the slot after the last bar; every symbol must have the same bars, and each of them must be right."""
    known = store.bars.series(EXCHANGE, HOUR_MS, SYMBOLS)
    if not known:
        return FIRST_SLOT
    assert set(known) == set(SYMBOLS), "a transaction was torn"
    ends = {int(series.spans[-1][1]) // HOUR_MS for series in known.values()}
    assert len(ends) == 1, "a transaction was torn"
    past = ends.pop()
    for symbol, series in known.items():
        bars = store.bars.read(series, 0, 10**15)
        assert same(bars.candles(symbol, HOUR_MS), bars_of(symbol, FIRST_SLOT, past)), symbol
    return past


def keep_writing(folder: Path, seed: int) -> None:
    """Append until killed, and say after each commit how far the store reaches."""
    rng = random.Random(seed)
    with CandleStore.open(folder) as store:
        at = reached(store)
        while True:
            n = rng.choice((1, 1, 1, 3, 40, 200))
            append(store, at, at + n)
            at += n
            os.write(1, f"{at}\n".encode())


def kill_one(folder: Path, seed: int) -> tuple[int, int]:
    """Kill a writer at a random moment; return how far it said it had come, and how far the store reaches."""
    rng = random.Random(seed)
    writer = subprocess.Popen(
        [sys.executable, __file__, "write", str(folder), str(seed)], stdout=subprocess.PIPE, bufsize=0
    )
    assert writer.stdout is not None
    said = b""
    for _ in range(rng.randrange(12)):
        said += writer.stdout.read(64) or b""
    until = time.monotonic() + rng.random() * 0.03
    while (left := until - time.monotonic()) > 0:
        if select.select([writer.stdout], [], [], left)[0]:
            said += writer.stdout.read(64) or b""
    writer.kill()
    said += writer.stdout.read()
    writer.wait()
    writer.stdout.close()
    whole = said[: said.rfind(b"\n") + 1].split()
    committed = int(whole[-1]) if whole else FIRST_SLOT
    with CandleStore.open(folder) as store:
        assert store.database.check() == []
        return committed, reached(store)


def kills(folder: Path, n: int, seed: int = 0) -> int:
    """Kill n writers of one store in turn; return how many bars it has at the end."""
    before = FIRST_SLOT
    for trial in range(n):
        committed, stored = kill_one(folder, seed * 1_000_003 + trial)
        assert stored >= max(committed, before), f"trial {trial}: {committed} committed, {stored} stored"
        before = stored
    assert not list(folder.glob("damaged-*"))
    return (before - FIRST_SLOT) * len(SYMBOLS)


def some_runs(folder: Path, n: int, seed: int) -> None:
    """Answer n questions as so many runs would, each with a store of its own; fail on any notice or wrong bar."""
    rng = random.Random(seed)
    bases = [symbol.partition("/")[0] for symbol in SYMBOLS]
    for _ in range(n):
        exchange = Synthetic(NOW_MS + rng.randrange(400) * HOUR_MS + HOUR_MS // 3)  # past the grace
        source = StoredMarket(
            name=EXCHANGE, key=EXCHANGE, folder=folder, exchange=lambda _, e=exchange: e,
            now_ms=lambda e=exchange: e.now_ms, timeframe="1h",
        )  # fmt: skip
        chosen = rng.sample(bases, 8)
        listings = list(source.find([Member(base=base) for base in chosen], "USDT").values())
        end = exchange.now_ms // HOUR_MS
        first = end - rng.choice((60, 300, 1500))
        answers = source.candles(listings, "1h", first * HOUR_MS, end * HOUR_MS)
        for listing in listings:
            answer, true = answers[listing.base], bars_of(listing.symbol, first, end)
            assert isinstance(answer, Candles), answer
            assert same(answer, true), f"{len(answer.open_ms)} bars of {len(true.open_ms)}, or a wrong one"
        assert source.notices == (), source.notices
        source.close()


def contend(folder: Path, processes: int, runs: int) -> int:
    """Let processes run at once on one store that is not there yet; return the runs that were answered."""
    started = [
        subprocess.Popen(
            [sys.executable, __file__, "runs", str(folder), str(runs), str(seed)], stderr=subprocess.PIPE
        )
        for seed in range(processes)
    ]
    told = [process.communicate()[1].decode() for process in started]
    failed = [text for process, text in zip(started, told, strict=True) if process.returncode]
    assert not failed, failed[0]
    with CandleStore.open(folder) as store:
        assert store.database.check() == []
    return processes * runs


def main(what: str, *rest: str) -> None:
    if what == "write":
        keep_writing(Path(rest[0]), int(rest[1]))
    elif what == "runs":
        some_runs(Path(rest[0]), int(rest[1]), int(rest[2]))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        if what == "kills":
            bars = kills(Path(folder) / "store", int(rest[0]))
            sys.stdout.write(f"{rest[0]} kills, {bars:,} bars, 0 lost, 0 corrupt stores")
        elif what == "contend":
            answered = contend(Path(folder) / "store", int(rest[0]), int(rest[1]))
            sys.stdout.write(f"{answered} runs of {rest[0]} processes, 0 lock errors, 0 wrong bars")
        if what in {"kills", "contend"}:
            sys.stdout.write(f" ({time.perf_counter() - began:.0f} s)\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
