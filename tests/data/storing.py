"""How the tests of the store fill it."""

from pathlib import Path

import numpy as np

from benchmarks.store_crash import (
    EXCHANGE,
)
from betacli.core.calendar import HOUR_MS
from betacli.core.model import Candles
from betacli.data.candle_store import CandleStore
from betacli.data.store_series import (
    COLUMNS,
    Fetched,
)

NOBODY = 65_534
ODD = np.array([np.nan, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1.0])


def told(candles: Candles, from_slot: int, to_slot: int) -> dict[str, Fetched]:
    step = candles.timeframe_ms
    return {candles.symbol: Fetched(candles=candles, from_ms=from_slot * step, to_ms=to_slot * step)}


def everything(store: CandleStore, symbol: str, step: int = HOUR_MS) -> Candles:
    series = store.bars.series(EXCHANGE, step, [symbol])[symbol]
    return store.bars.read(series, 0, 10**15).candles(symbol, step)


def candles(symbol: str, slots: list[int], rows: np.ndarray, step: int = HOUR_MS) -> Candles:
    columns = {name: rows[:, i].copy() for i, name in enumerate(COLUMNS)}
    return Candles(
        symbol=symbol, timeframe_ms=step, open_ms=np.array(slots, dtype=np.int64) * step, **columns
    )


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("candles-*.sqlite3")
    return path
