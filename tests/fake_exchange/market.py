"""The market that a test describes, and that a fake exchange serves in its own dialect."""

from dataclasses import dataclass, field

import numpy as np

DAY_MS = 86_400_000
PERPETUAL_ENDS_MS = 4_133_404_800_000  # what Binance writes for "never"


@dataclass(frozen=True)
class Instrument:
    """One contract; steps and minima as the exchange writes them."""

    base: str
    quote: str = "USDT"
    tick: str = "0.0001"
    step: str = "0.001"
    min_amount: str = "0.001"
    min_notional: str = "5"
    status: str = "TRADING"
    listed_ms: int = 1_569_398_400_000
    contract_type: str = "PERPETUAL"
    delivery_ms: int = PERPETUAL_ENDS_MS
    suffix: str = ""  # `_260327` of a dated future

    @property
    def symbol(self) -> str:
        return f"{self.base}{self.quote}{self.suffix}"


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of one symbol at one timeframe: arrays (T,), the last of which may be unfinished."""

    open_ms: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    quote_volume: np.ndarray

    def to_timeframe(self, timeframe_ms: int) -> "Bars":
        """Aggregate to coarser bars, by hand: one dictionary of bars, filled in order."""
        rows: dict[int, list[float]] = {}
        for time, o, h, l, c, v, q in zip(  # noqa: E741 - the letters of OHLC
            self.open_ms,
            self.open,
            self.high,
            self.low,
            self.close,
            self.volume,
            self.quote_volume,
            strict=True,
        ):
            start = int(time) // timeframe_ms * timeframe_ms
            row = rows.get(start)
            if row is None:
                rows[start] = [o, h, l, c, v, q]
            else:
                rows[start] = [row[0], max(row[1], h), min(row[2], l), c, row[4] + v, row[5] + q]
        values = np.array(list(rows.values()), dtype=float).reshape(-1, 6)
        return Bars(np.array(list(rows), dtype=np.int64), *values.T)


def bars(first_ms: int, close: np.ndarray, timeframe_ms: int = DAY_MS) -> Bars:
    """Return bars with the given closes (T,): each opens at the close before it, and trades 1,000 units."""
    close = np.asarray(close, dtype=float)
    opens = np.concatenate([close[:1], close[:-1]])
    volume = np.full(len(close), 1_000.0)
    return Bars(
        open_ms=first_ms + timeframe_ms * np.arange(len(close), dtype=np.int64),
        open=opens,
        high=np.maximum(opens, close) * 1.01,
        low=np.minimum(opens, close) * 0.99,
        close=close,
        volume=volume,
        quote_volume=volume * (opens + close) / 2,
    )


@dataclass
class FakeMarket:
    """Everything a fake exchange knows. Keys of the mappings are raw symbols such as `ETHUSDT`.

    `marks` default to the last close; `books` are (bids, asks) of (price, amount) as text; `funding` is the current
    rate as text, 0.0001 unless given; `funding_hours` holds the contracts not paid every 8 hours. `fillers` more
    contracts stand in for the rest of the exchange; the first is paid every 4 hours. No page of candles is longer
    than `page_cap`, whatever was asked for; it holds the latest bars with `page_tail`.
    """

    now_ms: int
    bars: dict[str, Bars] = field(default_factory=dict)
    instruments: list[Instrument] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    books: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = field(default_factory=dict)
    funding: dict[str, str] = field(default_factory=dict)
    funding_hours: dict[str, int] = field(default_factory=dict)
    fillers: int = 60
    page_cap: int = 1_500
    page_tail: bool = False

    @property
    def listed(self) -> list[Instrument]:
        """The described contracts, one for every symbol with bars, and the fillers."""
        known = {instrument.symbol for instrument in self.instruments}
        implied = [
            Instrument(base=symbol.removesuffix("USDT")) for symbol in self.bars if symbol not in known
        ]
        filled = [Instrument(base=f"FILLER{n}") for n in range(self.fillers)]
        return [*self.instruments, *implied, *filled]

    @property
    def adjusted_hours(self) -> dict[str, int]:
        """The funding intervals that the exchange lists."""
        return {"FILLER0USDT": 4, **self.funding_hours}

    def last_close(self, symbol: str) -> float:
        """Return the close of the last bar that has begun; 1 where there are none."""
        if symbol not in self.bars:
            return 1.0
        begun = self.bars[symbol].open_ms <= self.now_ms
        return float(self.bars[symbol].close[begun][-1])

    def served(self, symbol: str, timeframe_ms: int) -> Bars:
        """Return what the exchange has of a symbol by now, the unfinished bar included."""
        described = self.bars[symbol]
        begun = described.open_ms <= self.now_ms
        known = Bars(*(getattr(described, name)[begun] for name in Bars.__dataclass_fields__))
        step = int(np.diff(known.open_ms).min()) if len(known.open_ms) > 1 else timeframe_ms
        return known if step >= timeframe_ms else known.to_timeframe(timeframe_ms)
