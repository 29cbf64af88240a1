"""The market that a test describes, and that a fake exchange serves in its own dialect."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
INDEX = 0.999  # of the contract's price
DAY_VOLUME = 1_000.0  # units traded in 24 hours
PERPETUAL_ENDS_MS = 4_133_404_800_000  # what Binance writes for "never"


def text(value: float) -> str:
    """Write a number so that reading it gives the same float."""
    return repr(float(value))


@dataclass(frozen=True)
class Instrument:
    """One contract; steps and minima as the exchange writes them.

    `contract_size` is in base units and matters where an exchange counts contracts (MEXC).
    """

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
    contract_size: str = "0.01"
    barred: bool = False  # from trading, of a spot market with the state of one that is traded

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
    rate as text, 0.0001 unless given; `funding_hours` holds the contracts not paid every 8 hours; `payments` are
    (time, rate) of what was paid, made up for 60 days where not given, and no page of them is longer than
    `payment_cap`; `indices` default to 0.1 % below the mark. `fillers` more
    contracts stand in for the rest of the exchange; the first is paid every 4 hours. No page of candles is longer
    than `page_cap`, whatever was asked for; it holds the latest bars with `page_tail`. `spot`, `spot_instruments`
    and `spot_books` describe the spot markets, whose last trade was `idle_ms` ago.
    """

    now_ms: int
    bars: dict[str, Bars] = field(default_factory=dict)
    instruments: list[Instrument] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    books: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = field(default_factory=dict)
    book_coins: tuple[list[list[str]], list[list[str]]] | None = None
    interest: str = "10659.509"
    funding: dict[str, str] = field(default_factory=dict)
    funding_hours: dict[str, int] = field(default_factory=dict)
    indices: dict[str, str] = field(default_factory=dict)
    payments: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    payment_cap: int = 5_000
    margin_unit: float = 1.0  # 100 where rates of margin are written in percent
    fillers: int = 60
    page_cap: int = 5_000
    page_tail: bool = False
    spot: dict[str, Bars] = field(default_factory=dict)
    spot_instruments: list[Instrument] = field(default_factory=list)
    spot_books: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = field(default_factory=dict)
    idle_ms: int = 0
    _rows: dict[tuple[str, int, int, bool], list[list[object]]] = field(default_factory=dict, repr=False)

    @cached_property
    def _by_symbol(self) -> dict[str, Instrument]:
        return {instrument.symbol: instrument for instrument in self.listed}

    @cached_property
    def _spot_market(self) -> "FakeMarket":
        return FakeMarket(
            now_ms=self.now_ms,
            bars=self.spot,
            instruments=self.spot_instruments,
            books=self.spot_books,
            idle_ms=self.idle_ms,
        )

    @property
    def on_spot(self) -> "FakeMarket":
        """The spot markets, as a market of their own."""
        market = self._spot_market
        market.now_ms, market.fillers = self.now_ms, self.fillers
        market.page_cap, market.page_tail = self.page_cap, self.page_tail
        return market

    @property
    def traded_ms(self) -> int:
        """When the last trade was."""
        return self.now_ms - self.idle_ms

    @property
    def listed(self) -> list[Instrument]:
        """The described contracts, one for every symbol with bars, and the fillers."""
        known = {instrument.symbol for instrument in self.instruments}
        implied = [
            Instrument(base=symbol.removesuffix("USDT")) for symbol in self.bars if symbol not in known
        ]
        filled = [Instrument(base=f"FILLER{n}") for n in range(self.fillers)]
        return [*self.instruments, *implied, *filled]

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the contract of a symbol."""
        return self._by_symbol.get(symbol)

    def hours(self, symbol: str) -> int:
        """Return how many hours lie between two payments of funding."""
        return self.adjusted_hours.get(symbol, 8)

    def next_payment_ms(self, symbol: str) -> int:
        """Return when funding is paid next."""
        length = (self.hours(symbol) or 8) * HOUR_MS
        return (self.now_ms // length + 1) * length

    def paid(
        self,
        symbol: str,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int,
        latest: bool,
    ) -> list[tuple[int, str]]:
        """Return (time, rate) of the payments at times in [start, end], ascending; of too many one end alone."""
        known = self.payments.get(symbol)
        if known is None:
            length = (self.hours(symbol) or 8) * HOUR_MS
            numbers = range((self.now_ms - 60 * DAY_MS) // length + 1, self.now_ms // length + 1)
            known = [(n * length, text(round(0.0001 + n % 7 * 1e-5, 8))) for n in numbers]
        first = 0 if start_ms is None else start_ms
        past = self.now_ms if end_ms is None else min(end_ms, self.now_ms)
        inside = [(time, rate) for time, rate in known if first <= time <= past]
        limit = min(limit, self.payment_cap)
        return inside[-limit:] if latest else inside[:limit]

    def index(self, symbol: str) -> str:
        """Return the index price, as the exchange writes it."""
        return self.indices.get(symbol, text(self.last_close(symbol) * INDEX))

    def best(self, symbol: str) -> tuple[str, str]:
        """Return the best bid and ask, as the exchange writes them."""
        bids, asks = self.book(symbol, 1)
        return (bids[0][0] if bids else "0"), (asks[0][0] if asks else "0")

    def last(self, symbol: str) -> str:
        """Return the last price, as the exchange writes it."""
        return text(self.last_close(symbol))

    @property
    def trading(self) -> list[Instrument]:
        """The contracts that are traded."""
        return [instrument for instrument in self.listed if instrument.status == "TRADING"]

    def mark(self, symbol: str) -> str:
        """Return the mark price, as the exchange writes it."""
        return self.marks.get(symbol, text(self.last_close(symbol)))

    def rate(self, symbol: str) -> str:
        """Return the funding rate, as the exchange writes it."""
        return self.funding.get(symbol, "0.00010000")

    def book(self, symbol: str, limit: int) -> tuple[list[list[str]], list[list[str]]]:
        """Return bids and asks, best first; made up around the last close where none are described."""
        price = self.last_close(symbol)
        made = tuple(
            [(text(price * (1 + side * 0.0005 * (n + 1))), "10.5") for n in range(20)] for side in (-1, 1)
        )
        bids, asks = self.books.get(symbol, made)
        return [list(level) for level in bids[:limit]], [list(level) for level in asks[:limit]]

    def rows(
        self,
        symbol: str,
        timeframe_ms: int,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int,
        latest: bool,
        index: bool = False,
    ) -> list[list[object]]:
        """Return bars that open in [start, end] as `[time, open, high, low, close, volume, quote volume]` in text.

        Of more than `limit` the latest are served, or the earliest; with `index`, of the index price.
        """
        if symbol not in self.bars:
            return []
        known = self._written(symbol, timeframe_ms, index=index)
        times = [row[0] for row in known]
        first = 0 if start_ms is None else bisect_left(times, start_ms)
        past = len(times) if end_ms is None else bisect_right(times, end_ms)
        limit = min(limit, self.page_cap)
        inside = known[first:past]
        return inside[-limit:] if latest or self.page_tail else inside[:limit]

    def _written(self, symbol: str, timeframe_ms: int, *, index: bool = False) -> list[list[object]]:
        """Return all rows of a symbol, written once."""
        key = (symbol, timeframe_ms, id(self.bars[symbol]), index)
        if key not in self._rows:
            served = self.served(symbol, timeframe_ms)
            names = ("open", "high", "low", "close", "volume", "quote_volume")
            scale = {**dict.fromkeys(names, INDEX), "volume": 0.0, "quote_volume": 0.0} if index else {}
            columns = [[text(v * scale.get(name, 1.0)) for v in getattr(served, name)] for name in names]
            times = served.open_ms.tolist()
            self._rows[key] = [list(row) for row in zip(times, *columns, strict=True)]
        return self._rows[key]

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
