"""What every source of market data offers, and the contract its candles keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from betacli.core.model import Book, Candles, Funding, Market, Member, Notice, Price, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Where a source keeps one asset: the symbol of its candles and, where the source has contracts, the market."""

    base: str
    symbol: str
    market: Market | None
    multiplier: int = 1

    @property
    def coins(self) -> int:
        """How many coins one base unit of the candles is: 1000 for `1000PEPE`."""
        return self.market.multiplier if self.market is not None else self.multiplier


class MarketData(Protocol):
    """A source of market data at one moment: an exchange, the simulated market, or files.

    Every mapping a method returns has one entry per symbol asked for. What the source cannot say is `Unknown` with
    the reason. A source raises `ExchangeFailed` when it cannot answer at all.
    """

    @property
    def name(self) -> str:
        """`binanceusdm`, `sample`, or `files`."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether the prices are generated, not observed."""
        ...

    @property
    def live(self) -> bool:
        """Whether prices, books and funding are of this moment; where not, the price is the last bar's close."""
        ...

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the reader must know about how the data given so far came to be."""
        ...

    @property
    def now_ms(self) -> int:
        """The moment the answer is for, by the source's own clock."""
        ...

    @property
    def finest_timeframe(self) -> str:
        """The finest timeframe the source has."""
        ...

    def find(self, members: Sequence[Member], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, where each member is kept."""
        ...

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms)."""
        ...

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Return, by base, the mark or last price now."""
        ...

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book now."""
        ...

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the funding rate now and its interval."""
        ...
