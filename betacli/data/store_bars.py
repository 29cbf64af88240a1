"""The bars in the store: closed bars by exchange, symbol, timeframe and open time, bit for bit.

A series is one row and some chunks. Time is cut into chunks of 1,000 bars; a chunk is two blobs, the closes (8 KB)
and the five other columns (40 KB), with NaN as the close of a bar that is not there. The newest bars, up to 64 of
them, stand in the series' own row, its tail; they are read over the chunks, and put into them when the tail is full.
Why not one row a bar: 300 symbols × 26,280 bars took 3.0 s to read as rows, and take about what `.npy` files take as
blobs. Why not blobs alone: appending a bar to 300 symbols would write 14 MB, and so writes 1 MB. Why two blobs: a
beta needs closes alone, and 300 × 26,280 whole bars are 380 MB. Why 1,000: two columns of them fit a page of 16 KB,
of 1,024 one does, and the file would be a quarter larger.

Every blob carries a checksum under a key made of exchange, symbol, timeframe and chunk, and a series' row lists its
chunks: a byte that changed on the disk, or a page that went missing, is found when it is read, never computed with.

`spans` are the times for which the exchange has been asked, [from, to) in milliseconds: a bar that is missing inside
does not exist, and is not asked for again.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from betacli.core.model import Floats, Times
from betacli.data.store import Database, damaged
from betacli.data.store_series import (
    CHUNK,
    COLUMNS,
    OTHERS,
    TAIL,
    Bars,
    Fetched,
    Revision,
    Series,
    Spans,
    checksum,
    merged,
    row_check,
)

SCHEMA = """
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    exchange TEXT NOT NULL, symbol TEXT NOT NULL, timeframe_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL, -- the end of its last span
    spans BLOB NOT NULL, chunks BLOB NOT NULL, tail BLOB NOT NULL, checksum BLOB NOT NULL,
    UNIQUE (exchange, timeframe_ms, symbol)
);
CREATE TABLE closes (id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, bars BLOB NOT NULL);
CREATE TABLE others (id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, bars BLOB NOT NULL);
CREATE TABLE revisions (
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, open_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,
    old BLOB NOT NULL, new BLOB NOT NULL
);
"""

_SERIES = (
    "SELECT id, symbol, spans, chunks, tail, checksum FROM series WHERE exchange = ? AND timeframe_ms = ?"
)
_SAVE = """
INSERT INTO series (exchange, symbol, timeframe_ms, until_ms, spans, chunks, tail, checksum)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (exchange, timeframe_ms, symbol) DO UPDATE SET until_ms = excluded.until_ms, spans = excluded.spans,
    chunks = excluded.chunks, tail = excluded.tail, checksum = excluded.checksum
"""


class BarStore:
    """The bars in one file of the store."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._grids: dict[tuple[int, int, int], Times] = {}

    # --- reading ----------------------------------------------------------------------------------------------

    def series(
        self, exchange: str, timeframe_ms: int, symbols: Sequence[str] | None = None
    ) -> dict[str, Series]:
        """Return the series that are there, by symbol."""
        if symbols is not None and len(symbols) <= 8:
            found = [
                row
                for symbol in symbols
                for row in self._db.rows(f"{_SERIES} AND symbol = ?", exchange, timeframe_ms, symbol)
            ]
        else:
            found = self._db.rows(_SERIES, exchange, timeframe_ms)
        wanted = None if symbols is None else set(symbols)
        return {
            row[1]: self._parsed(exchange, timeframe_ms, row)
            for row in found
            if wanted is None or row[1] in wanted
        }

    def every_key(self) -> list[tuple[str, int, str]]:
        """Return exchange, timeframe and symbol of every series."""
        sql = "SELECT exchange, timeframe_ms, symbol FROM series ORDER BY exchange, timeframe_ms, symbol"
        return [(str(row[0]), int(row[1]), str(row[2])) for row in self._db.rows(sql)]

    def reaches(self, exchange: str, timeframe_ms: int) -> int | None:
        """Return the end of the last bar that any series of the exchange is known to have or not to have."""
        sql = "SELECT max(until_ms) FROM series WHERE exchange = ? AND timeframe_ms = ?"
        latest = self._db.rows(sql, exchange, timeframe_ms)[0][0]
        return None if latest is None else int(latest)

    def read(self, series: Series, start_ms: int, end_ms: int, columns: Sequence[str] = COLUMNS) -> Bars:
        """Return the bars that open in [start, end).

        Raises:
            StoreDamaged: a blob is missing or does not match its checksum.
        """
        step = series.timeframe_ms
        first, past = series.extent
        first, past = max(first, -(-start_ms // step)), min(past, -(-end_ms // step))
        values = self._dense(series, first, max(first, past), columns)
        close = values[columns.index("close")]
        held = np.isfinite(close)
        if held.all():
            return Bars(open_ms=self._grid(first, first + len(close), step), values=values.T)
        return Bars(open_ms=(np.flatnonzero(held) + first) * step, values=values[:, held].T)

    def last_opens(self, series: Series, start_ms: int, end_ms: int, n: int) -> list[int]:
        """Return the open times of the last n bars in [start, end)."""
        step, reach = series.timeframe_ms, n
        while True:
            from_ms = max(start_ms, end_ms - reach * step)
            opens = self.read(series, from_ms, end_ms, ("close",)).open_ms
            if len(opens) >= n or from_ms <= start_ms:
                return [int(t) for t in opens[-n:]]
            reach *= 16

    def first_opens(self, series: Series, start_ms: int, end_ms: int, n: int) -> list[int]:
        """Return the open times of the first n bars in [start, end)."""
        step, reach = series.timeframe_ms, n
        while True:
            to_ms = min(end_ms, start_ms + reach * step)
            opens = self.read(series, start_ms, to_ms, ("close",)).open_ms
            if len(opens) >= n or to_ms >= end_ms:
                return [int(t) for t in opens[:n]]
            reach *= 16

    def _grid(self, first: int, past: int, step: int) -> Times:
        """Return the open times of the slots [first, past), shared by all who ask for the same."""
        grid = self._grids.get((first, past, step))
        if grid is None:
            grid = np.arange(first * step, past * step, step, dtype=np.int64)
            grid.flags.writeable = False
            self._grids[first, past, step] = grid
        return grid

    def _parsed(self, exchange: str, timeframe_ms: int, row: tuple[object, ...]) -> Series:
        ident, symbol, spans, chunks, tail, check = row
        series = Series.new(exchange, str(symbol), timeframe_ms)
        parts = [part for part in (spans, chunks, tail) if isinstance(part, bytes)]
        if len(parts) != 3 or check != row_check(series, *parts):
            raise damaged(self._db.path, f"the row of `{exchange}` `{symbol}` does not match its checksum")
        times = np.frombuffer(parts[0], dtype=np.int64).reshape(-1, 2)
        bars = np.frombuffer(parts[2], dtype=np.float64).reshape(-1, 1 + len(COLUMNS))
        return Series(
            id=int(str(ident)),
            exchange=exchange,
            symbol=series.symbol,
            timeframe_ms=timeframe_ms,
            spans=tuple((int(a), int(b)) for a, b in times),
            chunks=np.frombuffer(parts[1], dtype=np.int64),
            tail_ms=np.ascontiguousarray(bars[:, 0]).view(np.int64),
            tail=bars[:, 1:],
        )

    def _dense(self, series: Series, first: int, past: int, columns: Sequence[str]) -> Floats:
        """Return (k, past − first) values by slot, NaN where there is no bar."""
        values = np.full((len(columns), past - first), np.nan)
        wanted = series.chunks[(series.chunks >= first // CHUNK) & (series.chunks * CHUNK < past)]
        for table in ("closes", "others"):
            rows = [
                (OTHERS if table == "others" else COLUMNS[:1]).index(c)
                for c in columns
                if (c == "close") == (table == "closes")
            ]
            into = [i for i, c in enumerate(columns) if (c == "close") == (table == "closes")]
            if not rows:
                continue
            for chunk, blob in self._blobs(series, table, wanted):
                low, high = max(first, chunk * CHUNK), min(past, (chunk + 1) * CHUNK)
                part = blob.reshape(-1, CHUNK)[:, low - chunk * CHUNK : high - chunk * CHUNK]
                for row, place in zip(rows, into, strict=True):
                    values[place, low - first : high - first] = part[row]
        slots = series.tail_ms // series.timeframe_ms
        inside = (slots >= first) & (slots < past)
        order = [COLUMNS.index(column) for column in columns]
        values[:, slots[inside] - first] = series.tail[inside][:, order].T
        return values

    def _blobs(self, series: Series, table: str, chunks: Times) -> Iterator[tuple[int, Floats]]:
        """Yield the wanted chunks of a table, each held against its checksum."""
        if not len(chunks) or series.id is None:
            return
        base = series.id << 32
        sql = f"SELECT id, checksum, bars FROM {table} WHERE id BETWEEN ? AND ?"  # noqa: S608  one of two names
        size = CHUNK * 8 * (len(OTHERS) if table == "others" else 1)
        key = series.key(table)
        lacking = {int(chunk) for chunk in chunks}
        for ident, check, bars in self._db.rows(sql, base | int(chunks[0]), base | int(chunks[-1])):
            chunk = ident - base
            if not isinstance(bars, bytes) or len(bars) != size or check != checksum(bars, key, chunk):
                what = f"bars of `{series.exchange}` `{series.symbol}` do not match their checksum"
                raise damaged(self._db.path, what)
            lacking.discard(chunk)
            yield chunk, np.frombuffer(bars)
        if lacking:
            raise damaged(self._db.path, f"bars of `{series.exchange}` `{series.symbol}` are gone")

    # --- writing ----------------------------------------------------------------------------------------------

    def write(
        self, exchange: str, timeframe_ms: int, fetched: Mapping[str, Fetched], seen_ms: int
    ) -> tuple[dict[str, int], list[Revision]]:
        """Store what was fetched, all of it in one transaction.

        Returns:
            How many bars are new, by symbol, and the stored bars that are told otherwise now.

        Raises:
            StoreUnusable: it cannot be written; nothing of it was.
        """
        with self._db.writing():
            known = self.series(exchange, timeframe_ms, list(fetched))
            new: dict[str, int] = {}
            revisions: list[Revision] = []
            for symbol, told in fetched.items():
                series = known.get(symbol) or self._begun(exchange, symbol, timeframe_ms)
                new[symbol], revised = self._merge(series, told, seen_ms)
                revisions.extend(revised)
        return new, revisions

    def _begun(self, exchange: str, symbol: str, timeframe_ms: int) -> Series:
        self._save(Series.new(exchange, symbol, timeframe_ms))
        return self.series(exchange, timeframe_ms, [symbol])[symbol]

    def _merge(self, series: Series, told: Fetched, seen_ms: int) -> tuple[int, list[Revision]]:
        """Put new and changed bars into one series."""
        candles, step = told.candles, series.timeframe_ms
        rows = np.stack([getattr(candles, column) for column in COLUMNS], axis=1)  # (T, 6)
        slots = candles.open_ms // step
        first = told.from_ms // step
        held = self._dense(series, first, max(first, -(-told.to_ms // step)), COLUMNS).T  # (span, 6)
        if len(slots) and (slots[0] < first or slots[-1] >= first + len(held)):
            raise ValueError("bars outside the time that was asked for")
        before = held[slots - first]
        known = np.isfinite(before[:, 0])
        same = (before == rows) | (np.isnan(before) & np.isnan(rows))
        changed = known & ~same.all(axis=1)
        revisions = [
            Revision(
                symbol=series.symbol,
                open_ms=int(candles.open_ms[i]),
                old=float(before[i, 0]),
                new=float(rows[i, 0]),
            )
            for i in np.flatnonzero(changed)
        ]
        sql = "INSERT INTO revisions (series, open_ms, seen_ms, old, new) VALUES (?, ?, ?, ?, ?)"
        self._db.put(
            sql,
            [
                (series.id, int(candles.open_ms[i]), seen_ms, before[i].tobytes(), rows[i].tobytes())
                for i in np.flatnonzero(changed)
            ],
        )
        held[slots - first] = np.nan
        revisions += [
            Revision(symbol=series.symbol, open_ms=int(first + i) * step, old=float(held[i, 0]), new=None)
            for i in np.flatnonzero(np.isfinite(held[:, 0]))
        ]
        put = changed | ~known
        self._put(series, candles.open_ms[put], rows[put], merged(series.spans, told.from_ms, told.to_ms))
        return int((~known).sum()), revisions

    def _put(self, series: Series, open_ms: Times, rows: Floats, spans: Spans) -> None:
        """Lay bars over those of a series: into its tail, or with the tail into the chunks when it is full."""
        times = np.concatenate([series.tail_ms, open_ms])
        values = np.concatenate([series.tail, rows])
        _, last = np.unique(times[::-1], return_index=True)  # of a time that stands twice, the later row
        keep = len(times) - 1 - last
        times, values, chunks = times[keep], values[keep], series.chunks
        if len(times) > TAIL:
            chunks = self._fold(series, times // series.timeframe_ms, values)
            times, values = times[:0], values[:0]
        saved = Series(
            id=series.id,
            exchange=series.exchange,
            symbol=series.symbol,
            timeframe_ms=series.timeframe_ms,
            spans=spans,
            chunks=chunks,
            tail_ms=times,
            tail=values,
        )
        self._save(saved)

    def _fold(self, series: Series, slots: Times, rows: Floats) -> Times:
        """Write bars into their chunks and return the numbers of all chunks."""
        numbers = slots // CHUNK
        base = (series.id or 0) << 32
        blobs: dict[str, list[tuple[object, ...]]] = {"closes": [], "others": []}
        for chunk in np.unique(numbers):
            inside = numbers == chunk
            first = int(chunk) * CHUNK
            values = np.full((len(COLUMNS), CHUNK), np.nan)
            if chunk in series.chunks:
                for table, place in (("closes", slice(0, 1)), ("others", slice(1, None))):
                    for _, blob in self._blobs(series, table, np.array([chunk])):
                        values[place] = blob.reshape(-1, CHUNK)
            values[:, slots[inside] - first] = rows[inside].T
            for table, part in (("closes", values[:1]), ("others", values[1:])):
                bars = part.tobytes()
                blobs[table].append((base | int(chunk), checksum(bars, series.key(table), int(chunk)), bars))
        for table, written in blobs.items():
            self._db.put(f"INSERT OR REPLACE INTO {table} (id, checksum, bars) VALUES (?, ?, ?)", written)  # noqa: S608
        return np.union1d(series.chunks, numbers)

    def _save(self, series: Series) -> None:
        """Write one series' row."""
        spans = np.array(series.spans, dtype=np.int64).tobytes()
        chunks = series.chunks.astype(np.int64).tobytes()
        tail = np.column_stack([series.tail_ms.astype(np.int64).view(np.float64), series.tail]).tobytes()
        until_ms = series.spans[-1][1] if series.spans else 0
        key = (series.exchange, series.symbol, series.timeframe_ms)
        check = row_check(series, spans, chunks, tail)
        self._db.put(_SAVE, [(*key, until_ms, spans, chunks, tail, check)])

    # --- keeping house ----------------------------------------------------------------------------------------

    def delete(self, exchange: str | None, symbol: str | None) -> list[tuple[str, int, str]]:
        """Forget the series of an exchange, of a symbol, or all; return which."""
        gone = [k for k in self.every_key() if exchange in {None, k[0]} and symbol in {None, k[2]}]
        with self._db.writing():
            for name, timeframe_ms, of_symbol in gone:
                sql = "SELECT id FROM series WHERE exchange = ? AND timeframe_ms = ? AND symbol = ?"
                for (ident,) in self._db.rows(sql, name, timeframe_ms, of_symbol):
                    for table in ("closes", "others"):
                        sql = f"DELETE FROM {table} WHERE id BETWEEN ? AND ?"  # noqa: S608  one of two names
                        self._db.rows(sql, ident << 32, (ident << 32) | 0xFFFFFFFF)
                    self._db.rows("DELETE FROM revisions WHERE series = ?", ident)
                    self._db.rows("DELETE FROM series WHERE id = ?", ident)
        return gone

    def revision_count(self) -> int:
        """Return how many revisions have been recorded."""
        return int(self._db.rows("SELECT count(*) FROM revisions")[0][0])
