"""What is in the candle store, is it sound, and what was put into it or taken out?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from betacli import document as doc
from betacli.core.calendar import HOUR_MS, TIMEFRAMES_MS, timeframe_name
from betacli.core.candles import clean, iso
from betacli.core.model import Candles, Member, Notice, Universe, Unknown
from betacli.data.candle_store import CandleStore
from betacli.data.candles import Listing, MarketData
from betacli.data.store import StoreDamaged
from betacli.document import Column, Describable, Document, Facts, Report, Table
from betacli.errors import BadUsage, GateFailure, GatesFailed, quoted
from betacli.plan.benchmark import benchmark_members
from betacli.plan.request import BetaRequest, Run
from betacli.plan.windows import window_grid

_FIELDS = ("open", "high", "low", "close", "volume", "quote_volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreInputs:
    """Which store: its folder, and its file where there is one."""

    folder: str
    file: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRow:
    """One stored series: its bars, the opens of the first and last (ISO 8601), and hours since the last closed."""

    exchange: str
    symbol: str
    timeframe: str
    bars: int
    first: str | None
    last: str | None
    age_hours: float | None
    problem: str | None = None


_SERIES_COLUMNS = (
    Column(header="exchange", align="left"),
    Column(header="symbol", align="left", tone=lambda _: "strong"),
    Column(header="timeframe", align="left"),
    Column(header="bars", show=doc.count),
    Column(header="first", align="left"),
    Column(header="last", align="left"),
)


def _cells(row: SeriesRow) -> tuple[object, ...]:
    return (row.exchange, row.symbol, row.timeframe, row.bars, row.first, row.last)


# --- status -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """What the store holds. `size_bytes` counts its files with those set aside; `bans` are hosts to stay away from."""

    series: tuple[SeriesRow, ...]
    bars: int
    contracts: int
    revisions: int
    size_bytes: int
    files: Mapping[str, int]
    bans: Mapping[str, str]

    def document(self) -> Document:
        """Return the totals and one row a series."""
        pairs = (
            ("series", f"{len(self.series):,}"),
            ("bars", f"{self.bars:,}"),
            ("contracts", f"{self.contracts:,}"),
            ("revisions", f"{self.revisions:,}"),
            ("size", f"{self.size_bytes / 1e6:,.2f} MB in {len(self.files)} files"),
            *((f"stay away from {host}", f"until {until}") for host, until in self.bans.items()),
        )
        columns = (*_SERIES_COLUMNS, Column(header="age, hours", show=doc.fixed(1)))
        rows = tuple((*_cells(row), row.age_hours) for row in self.series)
        return Document(
            title="Candle store",
            blocks=(Facts(pairs=pairs), Table(columns=columns, rows=rows, keys=2)),
            records=self.series,
        )


def store_status(
    store: CandleStore | None,
    run: Run,
    inputs: StoreInputs,
    files: Mapping[str, int],
    bans: Mapping[str, int],
) -> Report:
    """Answer `data status`; a store that is not there yet is an empty one."""
    series = () if store is None else tuple(_row(store, key, run.now_ms) for key in store.bars.every_key())
    status = StoreStatus(
        series=series,
        bars=sum(row.bars for row in series),
        contracts=store.listings.count() if store else 0,
        revisions=store.bars.revision_count() if store else 0,
        size_bytes=sum(files.values()),
        files=files,
        bans={host: iso(until_ms) for host, until_ms in bans.items()},
    )
    return _report("data-status", run, inputs, status)


def _row(store: CandleStore, key: tuple[str, int, str], now_ms: int, problem: str | None = None) -> SeriesRow:
    """Describe one series by its closes; with a problem, only by its name."""
    exchange, timeframe_ms, symbol = key
    opens: list[int] = []
    if problem is None:
        candles = read_series(store, key)
        opens = [int(t) for t in candles.open_ms]
    return SeriesRow(
        exchange=exchange,
        symbol=symbol,
        timeframe=timeframe_name(timeframe_ms) or f"{timeframe_ms} ms",
        bars=len(opens),
        first=iso(opens[0]) if opens else None,
        last=iso(opens[-1]) if opens else None,
        age_hours=(now_ms - opens[-1] - timeframe_ms) / HOUR_MS if opens else None,
        problem=problem,
    )


def read_series(store: CandleStore, key: tuple[str, int, str]) -> Candles:
    """Return every bar of a series.

    Raises:
        StoreDamaged: a byte of it is not what was written.
    """
    exchange, timeframe_ms, symbol = key
    with store.database.reading():
        series = store.bars.series(exchange, timeframe_ms, [symbol])[symbol]
        bars = store.bars.read(series, 0, series.extent[1] * timeframe_ms)
    return bars.candles(symbol, timeframe_ms)


# --- verify -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreVerdict:
    """Every series held against its checksums and the candle contract; `damage` is what SQLite finds in the file."""

    sound: bool
    damage: tuple[str, ...]
    series: tuple[SeriesRow, ...]

    def document(self) -> Document:
        """Return the verdict and one row a series."""
        bad = sum(1 for row in self.series if row.problem)
        pairs = [
            ("verdict", "sound" if self.sound else "damaged"),
            ("series", f"{len(self.series):,}, {bad:,} of them with a problem"),
            *(("file", problem) for problem in self.damage),
        ]
        problem = Column(header="problem", align="left", tone=lambda value: "bad" if value else None)
        rows = tuple((*_cells(row), row.problem or "") for row in self.series)
        table = Table(columns=(*_SERIES_COLUMNS, problem), rows=rows)
        return Document(title="Candle store", blocks=(Facts(pairs=tuple(pairs)), table), records=self.series)


def verify_store(store: CandleStore | None, run: Run, inputs: StoreInputs) -> tuple[Report, bool]:
    """Answer `data verify`, and tell whether everything is sound."""
    damage = tuple(store.database.check()) if store else ()
    rows = () if store is None else tuple(_verified(store, key, run.now_ms) for key in store.bars.every_key())
    bad = [f"{row.exchange} {row.symbol} {row.timeframe}" for row in rows if row.problem]
    verdict = StoreVerdict(sound=not damage and not bad, damage=damage, series=rows)
    notices = []
    if not verdict.sound:
        what = quoted(bad) if bad else "the file itself"
        detail = f"damaged: {what}; the next run that reads it sets the file aside, and so does `betacli data clear`"
        notices.append(Notice(id="store-damaged", detail=detail))
    return _report("data-verify", run, inputs, verdict, notices), verdict.sound


def _verified(store: CandleStore, key: tuple[str, int, str], now_ms: int) -> SeriesRow:
    """Read one series whole and hold it against the contract."""
    try:
        candles = read_series(store, key)
        columns = {name: getattr(candles, name) for name in _FIELDS}
        judged = clean(candles.symbol, candles.timeframe_ms, candles.open_ms, columns)
        if isinstance(judged, Unknown):
            return _row(store, key, now_ms, judged.reason)
        return _row(store, key, now_ms)
    except StoreDamaged as error:
        return _row(store, key, now_ms, error.problem)


# --- fetch ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedRow:
    """One asset: the bars of the window that are stored now, how many of its series are new, first and last open."""

    base: str
    symbol: str
    known: int
    fetched: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSummary:
    """What a fetch left in the store. `expected` is how many bars the window has."""

    timeframe: str
    start: str
    end: str
    expected: int
    fetched: int
    assets: tuple[FetchedRow, ...]

    def document(self) -> Document:
        """Return the window and one row an asset."""
        pairs = (
            ("window", f"{self.start} to {self.end}"),
            ("bars", f"{self.expected:,} of {self.timeframe} for each asset"),
            ("new bars", f"{self.fetched:,}"),
        )
        columns = (
            Column(header="asset", align="left", tone=lambda _: "strong"),
            Column(header="symbol", align="left"),
            Column(header="known", show=doc.count),
            Column(header="new", show=doc.count),
            Column(header="first", align="left"),
            Column(header="last", align="left"),
        )
        rows = tuple((r.base, r.symbol, r.known, r.fetched, r.first, r.last) for r in self.assets)
        return Document(
            title="Fetched",
            blocks=(Facts(pairs=pairs), Table(columns=columns, rows=rows, keys=2)),
            records=self.assets,
        )


def fetch_bars(
    request: BetaRequest,
    universe: Universe,
    source: MarketData,
    fetched: Mapping[str, int],
    inputs: StoreInputs,
) -> Report:
    """Answer `data fetch`: ask a stored source for every bar that measuring the betas would need.

    Args:
        request: which sector, benchmark, recipe.
        universe: the sectors.
        source: a market that keeps what it fetches.
        fetched: how many bars of each symbol it fetched so far; it grows.
        inputs: which store.

    Raises:
        GatesFailed: an asset has no bars, and `allow_missing` is off; those of the others are stored.
    """
    _, members = request.members(universe)
    parts = benchmark_members(request.benchmark, universe)
    unique = {member.base: member for member in (*parts, *members)}
    recipe, step = request.recipe, TIMEFRAMES_MS[request.recipe.timeframe]
    grid = window_grid(recipe, source.now_ms)
    start_ms, end_ms = int(grid[0]), int(grid[-1]) + step
    found = source.find([unique[base] for base in sorted(unique)], universe.quote)
    listings = [place for place in found.values() if isinstance(place, Listing)]
    answers = source.candles(listings, recipe.timeframe, start_ms, end_ms)
    absent = [
        GateFailure(base=base, gate=gate, detail=f"is refused: {answer.reason}")
        for gate, told in (("listed", found), ("bars", answers))
        for base, answer in told.items()
        if isinstance(answer, Unknown)
    ]
    if absent and not request.allow_missing:
        raise GatesFailed(failures=absent, benchmark=_concerns(absent, parts))
    rows = tuple(
        FetchedRow(
            base=listing.base,
            symbol=listing.symbol,
            known=len(candles.open_ms),
            fetched=fetched.get(listing.symbol, 0),
            first=iso(int(candles.open_ms[0])),
            last=iso(int(candles.open_ms[-1])),
        )
        for listing in listings
        if isinstance(candles := answers[listing.base], Candles)
    )
    summary = FetchSummary(
        timeframe=recipe.timeframe,
        start=iso(start_ms),
        end=iso(end_ms),
        expected=len(grid),
        fetched=sum(row.fetched for row in rows),
        assets=rows,
    )
    left_out = [Notice(id="not-fetched", detail=f"`{a.base}` {a.detail}") for a in absent]
    return _report("data-fetch", request.run, inputs, summary, [*source.notices, *left_out])


def _concerns(absent: Sequence[GateFailure], parts: Sequence[Member]) -> bool:
    """Whether a part of the benchmark is among those refused."""
    return bool({failure.base for failure in absent} & {part.base for part in parts})


# --- export and clear -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A candle file and what is in it."""

    path: str
    exchange: str
    timeframe: str
    symbols: int
    bars: int

    def document(self) -> Document:
        """Return the counts."""
        pairs = (
            ("file", self.path),
            ("exchange", self.exchange),
            ("timeframe", self.timeframe),
            ("symbols", f"{self.symbols:,}"),
            ("bars", f"{self.bars:,}"),
        )
        return Document(title="Exported", blocks=(Facts(pairs=pairs),), records=(self,))


def chosen_series(
    store: CandleStore, exchange: str | None, timeframe: str | None, symbol: str | None
) -> list[tuple[str, int, str]]:
    """Return the series that one candle file can hold: those of one exchange and one timeframe.

    Raises:
        BadUsage: nothing is stored that was asked for, or it is of several exchanges or timeframes.
    """
    wanted_ms = None if timeframe is None else TIMEFRAMES_MS[timeframe]
    keys = [
        key
        for key in store.bars.every_key()
        if exchange in {None, key[0]} and wanted_ms in {None, key[1]} and symbol in {None, key[2]}
    ]
    if not keys:
        raise BadUsage(
            problem="nothing is stored that was asked for", way_out="`betacli data status` lists it"
        )
    exchanges = sorted({key[0] for key in keys})
    timeframes = [name for name, ms in TIMEFRAMES_MS.items() if any(key[1] == ms for key in keys)]
    for option, names in (("--exchange", exchanges), ("--timeframe", timeframes)):
        if len(names) > 1:
            problem = (
                f"a candle file holds one {option.removeprefix('--')}, and the store has {quoted(names)}"
            )
            raise BadUsage(problem=problem, way_out=f"choose one with `{option}`")
    return keys


def exported(
    path: str, keys: Sequence[tuple[str, int, str]], bars: int, run: Run, inputs: StoreInputs
) -> Report:
    """Answer `data export` once the file is there."""
    exchange, timeframe_ms, _ = keys[0]
    timeframe = timeframe_name(timeframe_ms) or f"{timeframe_ms} ms"
    data = Exported(path=path, exchange=exchange, timeframe=timeframe, symbols=len(keys), bars=bars)
    return _report("data-export", run, inputs, data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What was deleted, and the bytes the disk has back."""

    series: int
    freed_bytes: int

    def document(self) -> Document:
        """Return the counts."""
        pairs = (("series", f"{self.series:,}"), ("freed", f"{self.freed_bytes / 1e6:,.2f} MB"))
        return Document(title="Cleared", blocks=(Facts(pairs=pairs),), records=(self,))


def cleared(series: int, freed_bytes: int, run: Run, inputs: StoreInputs) -> Report:
    """Answer `data clear` once it is done."""
    return _report("data-clear", run, inputs, Cleared(series=series, freed_bytes=freed_bytes))


def _report(
    schema: str, run: Run, inputs: StoreInputs, data: Describable, notices: Sequence[Notice] = ()
) -> Report:
    return Report(
        schema=schema,
        tool=run.tool,
        as_of=iso(run.now_ms),
        generated_at=run.generated_at,
        inputs=inputs,
        warnings=tuple(dict.fromkeys(notices)),
        excluded=(),
        data=data,
    )
