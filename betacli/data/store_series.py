"""One series of the store: its row, its spans, the checksums its bytes are held against. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

import numpy as np

from betacli.core.arrays import Words
from betacli.core.model import Candles, Floats, Times
from betacli.errors import StoreUnusable

CHUNK = 1_000
TAIL = 64
COLUMNS = ("close", "open", "high", "low", "volume", "quote_volume")
OTHERS = COLUMNS[1:]

Spans = tuple[tuple[int, int], ...]


def _weights(n: int) -> Words:
    """Return n odd numbers that look random, always the same: the steps of SplitMix64."""
    z = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) | np.uint64(1)


_WEIGHTS = _weights(CHUNK * len(OTHERS))
_CHUNK_WEIGHT = 0x9E3779B97F4A7C15


def checksum(bars: bytes, key: int, chunk: int) -> int:
    """Return Σ wordᵢ × weightᵢ + key + chunk × an odd number modulo 2⁶⁴, as SQLite's signed integer.

    The weights are odd, so that no change of a single word goes unseen; four times as fast as CRC-32.
    """
    words = np.frombuffer(bars, dtype=np.uint64)
    total = (int(words @ _WEIGHTS[: len(words)]) + key + chunk * _CHUNK_WEIGHT) % 2**64
    return total - 2**64 if total >= 2**63 else total


def merged(spans: Spans, start_ms: int, end_ms: int) -> Spans:
    """Return the spans with [start, end) among them, those that touch made one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted([*spans, (start_ms, end_ms)]):
        if last <= first:
            continue
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def missing(spans: Spans, start_ms: int, end_ms: int) -> Spans:
    """Return the parts of [start, end) that no span covers."""
    edges = [(start_ms, start_ms), *(s for s in spans if s[1] > start_ms and s[0] < end_ms), (end_ms, end_ms)]
    return tuple((a[1], b[0]) for a, b in pairwise(edges) if b[0] > a[1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """One series' row. `tail_ms` (n,) and `tail` (n, 6) are its newest bars; `chunks` (m,) number its blobs."""

    id: int | None
    exchange: str
    symbol: str
    timeframe_ms: int
    spans: Spans = ()
    chunks: Times
    tail_ms: Times
    tail: Floats

    @classmethod
    def new(cls, exchange: str, symbol: str, timeframe_ms: int) -> "Series":
        """Return a series without bars."""
        none = np.zeros(0, dtype=np.int64)
        return cls(
            id=None,
            exchange=exchange,
            symbol=symbol,
            timeframe_ms=timeframe_ms,
            chunks=none,
            tail_ms=none,
            tail=np.zeros((0, len(COLUMNS))),
        )

    @property
    def name(self) -> bytes:
        """What its checksums are made under."""
        return f"{self.exchange}\n{self.symbol}\n{self.timeframe_ms}\n".encode()

    def key(self, table: str) -> int:
        """Return what a blob's checksum is made under, so that it fits no other series and column."""
        return int.from_bytes(blake2b(self.name + table.encode(), digest_size=8).digest(), "little")

    @property
    def extent(self) -> tuple[int, int]:
        """The slots [first, past) within which all bars lie; a slot is an open time over the timeframe."""
        slots = self.tail_ms // self.timeframe_ms
        ends = [
            *((int(self.chunks[0]) * CHUNK, int(self.chunks[-1] + 1) * CHUNK) if len(self.chunks) else ()),
            *((int(slots[0]), int(slots[-1]) + 1) if len(slots) else ()),
        ]
        return (min(ends), max(ends)) if ends else (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fetched:
    """What an exchange said of one symbol: its bars, and the time [from, to) for which these are all."""

    candles: Candles
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A stored bar that the exchange now tells otherwise: its closes; `new` is None where the bar is gone."""

    symbol: str
    open_ms: int
    old: float
    new: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """(T,) open times in milliseconds and (T, k) columns, in the order they were asked for."""

    open_ms: Times
    values: Floats

    def candles(self, symbol: str, timeframe_ms: int) -> Candles:
        """Return whole bars, read in the order of `COLUMNS`, as candles."""
        columns = {name: np.ascontiguousarray(self.values[:, i]) for i, name in enumerate(COLUMNS)}
        return Candles(symbol=symbol, timeframe_ms=timeframe_ms, open_ms=self.open_ms, **columns)


def row_check(series: Series, spans: bytes, chunks: bytes, tail: bytes) -> bytes:
    """Return the checksum of a series' row."""
    made = blake2b(series.name, digest_size=8)
    for part in (spans, chunks, tail):
        made.update(len(part).to_bytes(8, "little"))
        made.update(part)
    return made.digest()


class StoredCandles(Candles):
    """Candles whose closes are in memory, and whose other columns are read when one of them is asked for.

    `_load` reads the whole bars from an open time on, all of them where it is None.
    """

    __slots__ = ("_load",)
    _load: Callable[[int | None], Candles]

    @classmethod
    def lazy(
        cls, symbol: str, timeframe_ms: int, bars: Bars, load: "Callable[[int | None], Candles]"
    ) -> "StoredCandles":
        """Return candles from their closes and a way to read the whole of them."""
        candles = object.__new__(cls)
        held = {
            "symbol": symbol,
            "timeframe_ms": timeframe_ms,
            "open_ms": bars.open_ms,
            "close": bars.values[:, 0],
        }
        for name, value in {**held, "_load": load}.items():
            object.__setattr__(candles, name, value)
        return candles

    def __getattr__(self, name: str) -> Floats:
        if name not in OTHERS:
            raise AttributeError(name)
        whole = self._load(None)
        if not (np.array_equal(whole.open_ms, self.open_ms) and np.array_equal(whole.close, self.close)):
            raise StoreUnusable(
                path=self.symbol, problem="changed in the store while it was read: run it again"
            )
        for column in OTHERS:
            object.__setattr__(self, column, getattr(whole, column))
        return np.asarray(getattr(whole, name))

    def latest(self, n: int) -> Candles:
        """Return the last n bars whole, without reading the others."""
        return self._load(int(self.open_ms[-n:][0]) if len(self.open_ms) else None)
