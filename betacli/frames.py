"""The home of pandas: tables from files. Everything beyond this file sees arrays and labels."""

import csv
import gzip
import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betacli.core.model import Floats, Times
from betacli.errors import BadFile, Problem, safe

TIME_COLUMNS = ("timestamp", "open_time", "date", "datetime", "time")
TEXT_COLUMNS = ("symbol",)
_MISSING = ["", "nan", "NaN", "NAN", "null", "None", "NA"]
_MS_FROM = 1e11
_S_FROM = 1e8
_LAST_MS = 253_402_300_800_000  # the year 10000: beyond, no integer of 64 bits may hold it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawTable:
    """A file's columns: open times (T,) in milliseconds, text columns, and numbers with NaN where a cell is empty."""

    path: str
    open_ms: Times
    text: dict[str, NDArray[np.object_]]
    numbers: dict[str, Floats]
    lines: NDArray[np.int64]


def read_table(path: Path) -> RawTable:
    """Read a CSV (plain or gzip) or Parquet file of candles.

    Raises:
        BadFile: missing, unreadable, binary, ragged, without a time column or rows, or with text in a number; all
            such cells up to ten are named with line and column.
    """
    frame = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    _refuse_repeats(path, [str(name) for name in frame.columns])
    folded = {str(name).casefold(): str(name) for name in frame.columns}
    time_name = next((folded[name] for name in TIME_COLUMNS if name in folded), None)
    if time_name is None:
        wanted = " or ".join(f"`{name}`" for name in TIME_COLUMNS[:3])
        raise _bad(path, f"has no column {wanted} with the bars' open times", line=1)
    frame = frame.dropna(how="all")
    if not len(frame):
        raise _bad(path, "has no rows", hint="a header alone is not data")
    lines = np.asarray(frame.index, dtype=np.int64) + 2
    open_ms = _times(path, frame[time_name], lines, list(frame.columns).index(time_name))
    text: dict[str, NDArray[np.object_]] = {}
    numbers: dict[str, Floats] = {}
    problems: list[Problem] = []
    for position, name in enumerate(map(str, frame.columns)):
        if name == time_name:
            continue
        if name.casefold() in TEXT_COLUMNS:
            text[name.casefold()] = frame[name].fillna("").astype(str).to_numpy(dtype=object)
            continue
        numbers[name], found = _numbers(frame[name], lines, position, name)
        problems.extend(found)
    if problems:
        raise BadFile(path=str(path), problems=problems[:10])
    return RawTable(path=str(path), open_ms=open_ms, text=text, numbers=numbers, lines=lines)


def frame_of(names: Sequence[str], columns: Mapping[str, Floats]) -> pd.DataFrame:
    """Return columns (N,) by name as a DataFrame with one row a name."""
    return pd.DataFrame(dict(columns), index=pd.Index(list(names), name="asset"))


def _bad(path: Path, what: str, *, line: int | None = None, hint: str | None = None) -> BadFile:
    return BadFile(path=str(path), problems=[Problem(what=what, line=line, hint=hint)])


def _read_csv(path: Path) -> pd.DataFrame:
    """Read text cells as numbers where they are numbers, rounded correctly, and as text where they are not."""
    try:
        text = _text(path)
        header = _check_shape(path, text)
        empty = {name: _MISSING for name in header if str(name).strip().casefold() not in TEXT_COLUMNS}
        words = {name: str for name in header if str(name).strip().casefold() in TEXT_COLUMNS}
        return pd.read_csv(
            io.StringIO(text),
            dtype=words,
            na_values=empty,
            keep_default_na=False,
            skip_blank_lines=False,
            index_col=False,
            low_memory=False,
        )
    except (pd.errors.ParserError, csv.Error) as error:
        raise _bad(path, f"is not a CSV file: {safe(error, 120)}") from None
    except UnicodeDecodeError:
        raise _bad(path, "is not text in UTF-8", hint="candles are read from CSV, gzip or Parquet") from None
    except (EOFError, zlib.error, OSError) as error:
        raise _bad(path, f"cannot be read: {safe(getattr(error, 'strerror', None) or error, 120)}") from None


def _text(path: Path) -> str:
    """Return a file's text, unpacked where it is gzip."""
    raw = path.read_bytes()
    return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")


def _check_shape(path: Path, text: str) -> list[str]:
    """Return the header; raise for repeated columns, and for rows with more or fewer fields than it has."""
    lines = text.splitlines()
    header = next(csv.reader(lines[:1]), []) if lines else []
    if not header:
        raise _bad(path, "is empty")
    _refuse_repeats(path, [name.strip() for name in header])
    n = len(header)
    quoted = '"' in text
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = len(next(csv.reader([line]))) if quoted else line.count(",") + 1
        if fields != n:
            raise _bad(path, f"has {fields} fields where the header has {n}", line=number)
    return header


def _refuse_repeats(path: Path, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise _bad(path, f"the column `{safe(name, 40)}` stands twice", line=1)
        seen.add(name.casefold())


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except ImportError:
        what = "is a Parquet file, and reading those needs pyarrow"
        raise _bad(path, what, hint="install it with `pip install '.[parquet]'`") from None
    except (OSError, ValueError) as error:
        raise _bad(path, f"cannot be read: {safe(error, 120)}") from None


def _numbers(
    column: pd.Series, lines: NDArray[np.int64], position: int, name: str
) -> tuple[Floats, list[Problem]]:
    """Return a column as floats, and a problem for each cell that is not a number."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan), []
    values = np.full(len(column), np.nan)
    problems: list[Problem] = []
    for row, cell in enumerate(column):
        if pd.isna(cell):
            continue
        try:
            values[row] = _number(str(cell))
        except ValueError:
            what = f"`{safe(cell, 40)}` in column `{safe(name, 40)}` is not a number"
            problems.append(Problem(what=what, line=int(lines[row]), column=position + 1))
    return values, problems


def _number(written: str) -> float:
    """Return a number; `1_000`, which Python reads, is refused."""
    if "_" in written:
        raise ValueError(written)
    return float(written)


def _times(path: Path, column: pd.Series, lines: NDArray[np.int64], position: int) -> Times:
    """Return open times in milliseconds: numbers by their size (seconds or milliseconds), text as ISO 8601 in UTC."""
    if pd.api.types.is_datetime64_any_dtype(column):
        stamps = pd.to_datetime(column, utc=True)
    elif pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        unit = np.where(
            np.abs(numbers) >= _MS_FROM, 1.0, np.where(np.abs(numbers) >= _S_FROM, 1000.0, np.nan)
        )
        scaled = numbers * unit
        _refuse_times(path, ~(np.abs(scaled) < _LAST_MS), column, lines, position)  # NaN is refused as well
        return np.asarray(scaled, dtype=np.int64)
    else:
        stamps = pd.to_datetime(column.astype(str), utc=True, errors="coerce", format="ISO8601")
    _refuse_times(path, stamps.isna().to_numpy(), column, lines, position)
    return np.asarray(stamps.dt.tz_convert(None).to_numpy(dtype="datetime64[ms]").astype(np.int64))


def _refuse_times(
    path: Path,
    bad: NDArray[np.bool_],
    column: pd.Series,
    lines: NDArray[np.int64],
    position: int,
) -> None:
    rows = np.flatnonzero(bad)
    if len(rows):
        raise BadFile(
            path=str(path),
            problems=[
                Problem(
                    what=f"`{safe(column.iloc[row], 40)}` is not a time",
                    line=int(lines[row]),
                    column=position + 1,
                    hint="times are milliseconds or seconds since 1970, or ISO 8601 in UTC",
                )
                for row in rows[:10]
            ],
        )
