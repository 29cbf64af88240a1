"""Candles from CSV or Parquet files: long (one row a bar and symbol) or wide (one column of closes an asset)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from betacli.core.calendar import TIMEFRAMES_MS, timeframe_name
from betacli.core.candles import bars_between, clean, resample
from betacli.core.model import (
    Book,
    Candles,
    Floats,
    Funding,
    FundingHistory,
    MarginTier,
    Member,
    Notice,
    OpenInterest,
    Price,
    Ticker,
    Times,
    Unknown,
)
from betacli.data.candles import Listing, distinct, untold
from betacli.data.coins import MULTIPLIERS
from betacli.errors import BadFile, Problem, quoted, safe

PRICES = ("open", "high", "low", "close")
_OPTIONAL = ("volume", "quote_volume")
_SUFFIXES = (".csv", ".csv.gz", ".gz", ".parquet")
MAX_NAME = 255
_NO_MARKET = "candle files hold no contracts, order books or funding"
_NO_KIND = "candle files do not tell which of their series is a spot market, an index or a dated future"


class FileMarket:
    """Market data from one candle file or a folder of them.

    The files are read when they are first needed. `now_ms` is the moment the answer is for: bars that close later
    are not seen.
    """

    name = "files"
    simulated = False
    live = False
    notices: tuple[Notice, ...] = ()

    def __init__(self, path: Path, *, now_ms: int) -> None:
        self.now_ms = now_ms
        self._path = path
        self._read: tuple[str, dict[str, Candles | Unknown]] | None = None

    @property
    def finest_timeframe(self) -> str:
        """The timeframe of the files: their most common distance between bars."""
        return self._series()[0]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol of the files, as they spell it."""
        return tuple(self._series()[1])

    def find(self, members: Sequence[Member], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, the symbol the files know each member by."""
        known = self._series()[1]
        found: dict[str, Listing | Unknown] = {}
        for member in members:
            names = {member.symbol: _coins(member)} if member.symbol else _names(member.base, quote)
            symbol = next((name for name in names if name in known), None)
            found[member.base] = (
                Listing(base=member.base, symbol=symbol, market=None, multiplier=names[symbol])
                if symbol is not None
                else Unknown(reason=f"`{self._path}` has no {quoted(list(names)[:1])}")
            )
        return found

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms), made coarser where asked."""
        distinct(listings)
        _, series = self._series()
        step = TIMEFRAMES_MS[timeframe]
        answer: dict[str, Candles | Unknown] = {}
        for listing in listings:
            held = series[listing.symbol]
            if isinstance(held, Candles) and step % held.timeframe_ms:
                held = Unknown(
                    reason=f"has {self.finest_timeframe} bars in `{self._path}`, which do not make {timeframe}"
                )
            if isinstance(held, Candles):
                closed = bars_between(held, start_ms, min(end_ms, self.now_ms - held.timeframe_ms + 1))
                held = bars_between(resample(closed, step), start_ms, self.now_ms - step + 1)
            answer[listing.base] = held
        return answer

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Files hold no prices but their closes."""
        return untold(listings, _NO_MARKET)

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Files hold no order books."""
        return untold(listings, _NO_MARKET)

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Files hold no funding."""
        return untold(listings, _NO_MARKET)

    def funding_history(
        self,
        listings: Sequence[Listing],
        start_ms: int,  # noqa: ARG002  the protocol's
        end_ms: int,  # noqa: ARG002
    ) -> Mapping[str, FundingHistory | Unknown]:
        """Files hold no funding."""
        return untold(listings, _NO_MARKET)

    def open_interest(self, listings: Sequence[Listing]) -> Mapping[str, OpenInterest | Unknown]:
        """Files hold no open interest."""
        return untold(listings, _NO_MARKET)

    def tickers(self, listings: Sequence[Listing]) -> Mapping[str, Ticker | Unknown]:
        """Files hold no tickers."""
        return untold(listings, _NO_MARKET)

    def tiers(self, listings: Sequence[Listing]) -> Mapping[str, tuple[MarginTier, ...] | Unknown]:
        """Files hold no margin brackets."""
        return untold(listings, _NO_MARKET)

    def futures(
        self,
        bases: Sequence[str],
        quote: str,  # noqa: ARG002
    ) -> Mapping[str, tuple[Listing, ...] | Unknown]:
        """Files tell no future from another series."""
        return {base: Unknown(reason=_NO_KIND) for base in bases}

    def spot(
        self,
        bases: Sequence[str],
        quote: str,  # noqa: ARG002
    ) -> Mapping[str, Listing | Unknown]:
        """Files tell no spot market from another series."""
        return {base: Unknown(reason=_NO_KIND) for base in bases}

    def index_candles(
        self,
        listings: Sequence[Listing],
        timeframe: str,  # noqa: ARG002
        start_ms: int,  # noqa: ARG002
        end_ms: int,  # noqa: ARG002
    ) -> Mapping[str, Candles | Unknown]:
        """Files tell no index from another series."""
        return untold(listings, _NO_KIND)

    def _series(self) -> tuple[str, dict[str, Candles | Unknown]]:
        if self._read is None:
            self._read = _read(self._path)
        return self._read


def _names(base: str, quote: str) -> dict[str, int]:
    """Return the names a file may know an asset by, the exact contract first, with the coins one unit of it is."""
    forms = ("{}/{}:{}", "{}/{}", "{}{}", "{}-{}", "{}")
    return {
        form.format(f"{prefix}{base}", quote, quote): coins
        for prefix, coins in {"": 1, **MULTIPLIERS}.items()
        for form in forms
    }


def _coins(member: Member) -> int:
    """Return the coins one unit of a member's own symbol is, by its prefix."""
    unit = (member.symbol or "").split("/")[0]
    return next((coins for prefix, coins in MULTIPLIERS.items() if unit == f"{prefix}{member.base}"), 1)


def _paths(path: Path) -> list[Path]:
    """Return the candle files at a path: itself, or those of a folder by name."""
    if any(len(part.encode()) > MAX_NAME for part in path.parts):
        raise BadFile(path=str(path), problems=[Problem(what="has a name too long for any file")])
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.is_file() and p.name.endswith(_SUFFIXES))
        if not inside:
            raise BadFile(path=str(path), problems=[Problem(what=f"has no {', '.join(_SUFFIXES)} files")])
        return inside
    if not path.exists():
        raise BadFile(path=str(path), problems=[Problem(what="does not exist")])
    if not path.is_file():
        raise BadFile(path=str(path), problems=[Problem(what="is not a regular file")])
    return [path]


def _read(path: Path) -> tuple[str, dict[str, Candles | Unknown]]:
    """Read every file and return the common timeframe and the validated series by symbol."""
    from betacli.frames import read_table  # noqa: PLC0415  pandas takes half a second that other sources save

    parts: dict[str, list[tuple[Times, dict[str, Floats]]]] = {}
    for file in _paths(path):
        table = read_table(file)
        columns = {name.casefold(): name for name in table.numbers}
        if "symbol" in table.text:
            numbers = _long_columns(file, table.numbers, columns)
            symbols = table.text["symbol"]
            for symbol in dict.fromkeys(symbols):
                rows = symbols == symbol
                series = {name: values[rows] for name, values in numbers.items()}
                parts.setdefault(str(symbol).strip(), []).append((table.open_ms[rows], series))
        else:
            _refuse_long_without_symbol(file, columns)
            for name, closes in table.numbers.items():
                parts.setdefault(name, []).append((table.open_ms, {"close": closes}))
    timeframe_ms = _timeframe_ms(path, parts)
    series_by_symbol: dict[str, Candles | Unknown] = {}
    for symbol, pieces in parts.items():
        times = np.concatenate([times for times, _ in pieces])
        series = {
            name: np.concatenate([numbers.get(name, np.full(len(t), np.nan)) for t, numbers in pieces])
            for name in (*PRICES, *_OPTIONAL)
        }
        series_by_symbol[symbol] = clean(symbol, timeframe_ms, times, series)
    timeframe = timeframe_name(timeframe_ms)
    if timeframe is None:
        what = f"has a bar every {timeframe_ms / 60_000:g} minutes, which is no known timeframe"
        raise BadFile(path=str(path), problems=[Problem(what=what)])
    return timeframe, series_by_symbol


def _long_columns(file: Path, numbers: dict[str, Floats], columns: dict[str, str]) -> dict[str, Floats]:
    """Return the price and volume columns of a long file by their own names."""
    if "close" not in columns:
        found = quoted(safe(name, 40) for name in numbers) or "none"
        what = f"has a column `symbol` but no column `close`; its number columns are {found}"
        raise BadFile(path=str(file), problems=[Problem(what=what, line=1)])
    return {name: numbers[columns[name]] for name in (*PRICES, *_OPTIONAL) if name in columns}


def _refuse_long_without_symbol(file: Path, columns: dict[str, str]) -> None:
    """Refuse a long file that lacks its symbols: read as wide, `open` and `volume` would be assets."""
    if not columns:
        raise BadFile(path=str(file), problems=[Problem(what="has no column of prices", line=1)])
    words = [columns[name] for name in (*PRICES, *_OPTIONAL) if name in columns]
    if words:
        what = f"has {quoted(words)} but no column `symbol`"
        raise BadFile(
            path=str(file), problems=[Problem(what=what, line=1, hint="add `symbol`, or use wide closes")]
        )


def _timeframe_ms(path: Path, parts: dict[str, list[tuple[Times, dict[str, Floats]]]]) -> int:
    """Return the most common distance between a symbol's neighbouring bars."""
    seen = {id(times): times for pieces in parts.values() for times, _ in pieces}
    gaps = [np.diff(np.unique(times)) for times in seen.values()]
    apart = np.concatenate(gaps) if gaps else np.zeros(0, dtype=np.int64)
    if not len(apart):
        raise BadFile(path=str(path), problems=[Problem(what="has no symbol with two bars")])
    distances, counts = np.unique(apart, return_counts=True)
    return int(distances[np.argmax(counts)])
