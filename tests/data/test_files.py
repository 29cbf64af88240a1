"""Candle files: what is read, and how what cannot be is refused, with line and column."""

import gzip
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from betacli.core.calendar import DAY_MS
from betacli.core.model import Candles, Member, Unknown
from betacli.data.files import FileMarket
from betacli.errors import BadFile
from betacli.frames import read_table

NOW = 20_000 * DAY_MS
LONG = "timestamp,symbol,open,high,low,close,volume\n"


def write(folder: Path, text: str | bytes, name: str = "candles.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def closes(path: Path, base: str = "ETH", now_ms: int = NOW) -> list[float]:
    market = FileMarket(path, now_ms=now_ms)
    listing = market.find([Member(base=base)], "USDT")[base]
    assert not isinstance(listing, Unknown), listing.reason
    found = market.candles([listing], market.finest_timeframe, 0, now_ms)[base]
    assert isinstance(found, Candles), found
    return list(found.close)


def test_long_wide_gzip_and_folder_hold_the_same_closes(tmp_path: Path) -> None:
    """The layout of a file does not change what is in it."""
    long = LONG + "".join(
        f"{(18_000 + day) * DAY_MS},ETH/USDT:USDT,1,9,1,{day + 0.1},5\n" for day in range(1, 5)
    )
    wide = "date,ETH,BTC\n" + "".join(f"2019-04-{day + 14},{day + 0.1},7\n" for day in range(1, 5))
    expected = [1.1, 2.1, 3.1, 4.1]
    assert closes(write(tmp_path, long)) == expected
    assert closes(write(tmp_path, wide, "wide.csv")) == expected
    assert closes(write(tmp_path, gzip.compress(wide.encode()), "wide.csv.gz")) == expected
    folder = tmp_path / "folder"
    folder.mkdir()
    head, *lines = long.splitlines(keepends=True)
    write(folder, head + "".join(lines[:2]), "a.csv")
    write(folder, head + "".join(lines[2:]), "b.csv")
    assert closes(folder) == expected


@pytest.mark.parametrize(
    "times",
    [
        ["1970-01-02", "1970-01-03"],
        ["1970-01-02T00:00:00Z", "1970-01-03T00:00:00+00:00"],
        ["1970-01-02 00:00:00", "1970-01-03 00:00:00"],
    ],
)
def test_times_are_read_as_utc(tmp_path: Path, times: list[str]) -> None:
    """Dates, ISO 8601 with and without an offset: the same bars."""
    path = write(tmp_path, "open_time,ETH\n" + "".join(f"{t},2\n" for t in times))
    assert closes(path) == [2.0, 2.0]


def test_seconds_and_milliseconds_are_told_apart(tmp_path: Path) -> None:
    """1,600,000,000 is 2020 in seconds; the same instant in milliseconds gives the same bar."""
    day = 18_519 * 86_400
    for unit in (1, 1000):
        path = write(tmp_path, f"timestamp,ETH\n{day * unit},1\n{(day + 86_400) * unit},2\n")
        assert closes(path) == [1.0, 2.0]


def test_numbers_are_read_to_the_last_bit(tmp_path: Path) -> None:
    """A close written with 17 digits comes back as that float."""
    numbers = [0.1 + 0.2, 1 / 3, 29374.150000000001, 5e-8]
    text = "date,ETH\n" + "".join(f"1970-01-0{i + 2},{x!r}\n" for i, x in enumerate(numbers))
    assert closes(write(tmp_path, text)) == numbers


def test_a_bar_that_has_not_closed_is_not_seen(tmp_path: Path) -> None:
    """At 06:00 of the third day two bars have closed."""
    path = write(tmp_path, "date,ETH\n1970-01-01,1\n1970-01-02,2\n1970-01-03,3\n")
    assert closes(path, now_ms=2 * DAY_MS + DAY_MS // 4) == [1.0, 2.0]
    assert closes(path, now_ms=3 * DAY_MS) == [1.0, 2.0, 3.0]


def test_empty_cells_are_gaps(tmp_path: Path) -> None:
    """An empty cell of a wide file is a missing bar."""
    assert closes(write(tmp_path, "date,ETH,BTC\n1970-01-01,1,1\n1970-01-02,,1\n1970-01-03,3,1\n")) == [
        1.0,
        3.0,
    ]


def test_a_coin_named_like_nothing_is_still_a_coin(tmp_path: Path) -> None:
    """`NA`, `null` and `4` are symbols in a long file, not missing values or numbers."""
    text = LONG + "".join(
        f"{(18_000 + day) * DAY_MS},{name},1,1,1,1,1\n" for name in ("NA", "null", "4") for day in (1, 2)
    )
    for name in ("NA", "null", "4"):
        assert closes(write(tmp_path, text), name) == [1.0, 1.0]


def test_conflicting_duplicates_are_the_symbols_own_defect(tmp_path: Path) -> None:
    """Two closes at one time refuse that symbol and no other."""
    text = LONG + "".join(
        f"{(18_000 + day) * DAY_MS},{s},1,9,1,2,5\n" for s in ("ETH", "SOL") for day in range(1, 4)
    )
    market = FileMarket(write(tmp_path, f"{text}{18_001 * DAY_MS},ETH,1,9,1,3,5\n"), now_ms=NOW)
    found = market.find([Member(base="ETH"), Member(base="SOL")], "USDT")
    bars = market.candles([found["ETH"], found["SOL"]], "1d", 0, NOW)  # type: ignore[list-item]
    assert isinstance(bars["ETH"], Unknown)
    assert "two bars at 2019-04-15T00:00:00Z" in bars["ETH"].reason
    assert isinstance(bars["SOL"], Candles)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "{path}: is empty"),
        ("date,ETH\n", "{path}: has no rows"),
        ("when,ETH\n1,2\n", "{path}:1: has no column `timestamp` or `open_time` or `date` with the bars' open times"),
        ("date,open,close\n1970-01-01,1,2\n", "{path}:1: has `open` and `close` but no column `symbol`"),
        ("date,symbol,open\n1970-01-01,ETH,2\n", "{path}:1: has a column `symbol` but no column `close`; its number columns are `open`"),
        ("date,ETH\n1970-01-01,1\n1970-01-02,abc\n", "{path}:3:2: `abc` in column `ETH` is not a number"),
        ("date,ETH,BTC\n1970-01-01,x,1\n1970-01-02,1,y\n", "{path}:2:2: `x` in column `ETH` is not a number\n       {path}:3:3: `y` in column `BTC` is not a number"),
        ("date,ETH\nbanana,1\n", "{path}:2:1: `banana` is not a time"),
        ("timestamp,ETH\n17,1\n18,2\n", "{path}:2:1: `17` is not a time\n       {path}:3:1: `18` is not a time"),
        ("date,ETH\n1970-01-01,1\n1970-01-02,2,3,4\n", "{path}:3: has 4 fields where the header has 2"),
        ("date,ETH,ETH \n1970-01-01,1,2\n", "{path}:1: the column `ETH` stands twice"),
        ("date,symbol,close,Close\n1970-01-01,ETH,1,2\n", "{path}:1: the column `Close` stands twice"),
        ("date,ETH\n1970-01-01,46,836.8\n", "{path}:2: has 3 fields where the header has 2"),
        ("date,ETH,BTC\n1970-01-01,1,2\n1970-01-02,1\n", "{path}:3: has 2 fields where the header has 3"),
        ("date,ETH\n1970-01-01,31_224.60\n", "{path}:2:2: `31_224.60` in column `ETH` is not a number"),
        ("date,ETH\n1970-01-01,1\n", "{path}: has no symbol with two bars"),
        ("date,ETH\n1970-01-01,1\n1970-01-06,1\n", "{path}: has a bar every 7200 minutes, which is no known timeframe"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "{path}: is not text in UTF-8"),
        (b"\x1f\x8b\x08\x00broken", "{path}: cannot be read: "),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why_and_where(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    """Every problem is named with its line and column, and nothing is guessed."""
    path = write(tmp_path, content)
    with pytest.raises(BadFile) as refused:
        closes(path)
    assert refused.value.message.startswith(message.format(path=path))


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    """Missing, an empty folder, a pipe."""
    import os

    for path, message in (
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path, "has no .csv, .csv.gz, .gz, .parquet files"),
    ):
        with pytest.raises(BadFile, match=message):
            closes(path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(BadFile, match="not a regular file"):
        closes(pipe)


def test_parquet_without_its_extra_is_a_hint(tmp_path: Path) -> None:
    """Without pyarrow a Parquet file is exit 2 with the command that installs it."""
    if importlib.util.find_spec("pyarrow") is None:
        with pytest.raises(BadFile) as refused:
            closes(write(tmp_path, b"PAR1", "x.parquet"))
        assert refused.value.hint == "install it with `pip install '.[parquet]'`"
        return
    path = tmp_path / "x.parquet"
    pd.DataFrame({"timestamp": [DAY_MS * 18_000, DAY_MS * 18_001], "ETH": [1.0, 2.0]}).to_parquet(path)
    assert closes(path) == [1.0, 2.0]


def test_the_recorded_files_are_read_whole(market_data: Path) -> None:
    """38 perpetuals of daily bars; 44 coins of 4 h closes with gaps kept as gaps."""
    market = FileMarket(market_data / "bybit_perp_1d_2021-12_2023-12.csv.gz", now_ms=NOW)
    assert market.finest_timeframe == "1d"
    wide = FileMarket(market_data / "binance_spot_4h_close_2021-01_2023-06.csv.gz", now_ms=NOW)
    assert wide.finest_timeframe == "4h"
    listing = wide.find([Member(base="BTC")], "USDT")["BTC"]
    bars = wide.candles([listing], "4h", 0, NOW)["BTC"]  # type: ignore[list-item]
    assert isinstance(bars, Candles)
    assert len(bars.close) == 5462  # 5,466 rows, four of them empty
    assert np.diff(bars.open_ms).max() > 4 * 3_600_000


def test_a_thousandfold_contract_is_told_by_its_name(tmp_path: Path) -> None:
    """`1000PEPE` is found for PEPE, and one unit of it is a thousand coins."""
    path = write(tmp_path, "date,1000PEPE/USDT:USDT,BTC\n1970-01-01,1,2\n1970-01-02,1,2\n")
    market = FileMarket(path, now_ms=NOW)
    found = market.find([Member(base="PEPE"), Member(base="BTC"), Member(base="X", symbol="BTC")], "USDT")
    assert [listing.coins for listing in found.values()] == [1000, 1, 1]  # type: ignore[union-attr]


def test_a_time_beyond_any_calendar_is_refused(tmp_path):
    """Two numbers run together are a time that no integer of 64 bits holds: named by line and column, never wrapped."""
    path = tmp_path / "candles.csv"
    path.write_text("date,symbol,close\n1784505600000,BTC,1\n17848511784851200000,BTC,2\n")
    with pytest.raises(BadFile) as caught:
        read_table(path)
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(3, 1)]
