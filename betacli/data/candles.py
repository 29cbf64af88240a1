"""What every source of market data offers, and the contract its candles keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from betacli.core.model import (
    Book,
    Candles,
    Funding,
    FundingHistory,
    MarginTier,
    Market,
    Member,
    Notice,
    OpenInterest,
    Price,
    Ticker,
    Unknown,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Where a source keeps one asset: the symbol of its candles and, where the source has contracts, the market.

    `own_symbol` is the exchange's own name of it, where there is one; `venue` names the exchange where that is another
    than the source's own.
    """

    base: str
    symbol: str
    market: Market | None
    multiplier: int = 1
    own_symbol: str | None = None
    venue: str | None = None

    @property
    def is_spot(self) -> bool:
        """Whether this is a spot market."""
        return self.market is not None and self.market.kind == "spot"

    @property
    def coins(self) -> int:
        """How many coins one base unit of the candles is: 1000 for `1000PEPE`."""
        return self.market.multiplier if self.market is not None else self.multiplier


class MarketData(Protocol):
    """A source of market data at one moment: an exchange, the simulated market, or files.

    Every mapping a method returns has one entry per base asked for; two listings of one base, such as a perpetual
    and a dated future, are asked for in two questions. What the source cannot say is `Unknown` with the reason. A
    source raises `ExchangeFailed` when it cannot answer at all.
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

    def open_interest(self, listings: Sequence[Listing]) -> Mapping[str, OpenInterest | Unknown]:
        """Return, by base, the open interest now."""
        ...

    def tickers(self, listings: Sequence[Listing]) -> Mapping[str, Ticker | Unknown]:
        """Return, by base, bid, ask, last, mark and index price now, and the quote volume of 24 hours."""
        ...

    def tiers(self, listings: Sequence[Listing]) -> Mapping[str, tuple[MarginTier, ...] | Unknown]:
        """Return, by base, the margin brackets, smallest positions first."""
        ...

    def futures(self, bases: Sequence[str], quote: str) -> Mapping[str, tuple[Listing, ...] | Unknown]:
        """Return, by base, its dated futures, the nearest expiry first; none where it has none."""
        ...

    def spot(self, bases: Sequence[str], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, its spot market."""
        ...

    def funding_history(
        self, listings: Sequence[Listing], start_ms: int, end_ms: int
    ) -> Mapping[str, FundingHistory | Unknown]:
        """Return, by base, the funding payments at times in [start_ms, end_ms)."""
        ...

    def index_candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, closed bars of the index price behind the contract; their volumes are NaN."""
        ...


def distinct(listings: Sequence[Listing]) -> None:
    """Raise `ValueError` where two listings have one base: an answer by base could hold only one of them."""
    bases = [listing.base for listing in listings]
    if len(set(bases)) < len(bases):
        twice = sorted({base for base in bases if bases.count(base) > 1})
        message = f"listed twice in one question: {', '.join(twice)}"
        raise ValueError(message)


def untold(listings: Sequence[Listing], reason: str) -> dict[str, Any]:
    """Return the one reason why none of this is known."""
    return {listing.base: Unknown(reason=reason) for listing in listings}
