"""A source in which some assets are kept elsewhere: in their own spot market, or on another exchange."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from betacli.core.model import (
    Book,
    Candles,
    Funding,
    FundingHistory,
    MarginTier,
    Member,
    Notice,
    OpenInterest,
    Price,
    Ticker,
    Unknown,
)
from betacli.data.candles import Listing, MarketData

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """Where one asset is kept: a market of the source itself, or of another one."""

    market: MarketData
    listing: Listing


class Beside:
    """A source whose `find` answers with other places for members that are to be held there; see `MarketData`.

    A member with `hold` is looked up among the places, which may say why there is none; any other, its contract too, is
    the source's.
    Listings of another exchange carry its name as `venue`, and every question about them goes there.
    """

    def __init__(self, market: MarketData, places: Mapping[str, Place | Unknown]) -> None:
        self._market = market
        self._found: dict[str, Listing | Unknown] = {}
        self._others: dict[str, MarketData] = {}
        for base, place in places.items():
            if isinstance(place, Unknown):
                self._found[base] = place
                continue
            away = place.market is not market
            self._found[base] = replace(place.listing, venue=place.market.name) if away else place.listing
            if away:
                self._others[place.market.name] = place.market

    @property
    def name(self) -> str:
        """The source's own."""
        return self._market.name

    @property
    def simulated(self) -> bool:
        """Whether any of the prices are generated."""
        return self._market.simulated or any(other.simulated for other in self._others.values())

    @property
    def live(self) -> bool:
        """Whether everything is of this moment."""
        return self._market.live

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the reader must know, of every exchange that was asked."""
        return tuple(notice for market in self._every for notice in market.notices)

    @property
    def now_ms(self) -> int:
        """The moment of the answer, by the source's own clock."""
        return self._market.now_ms

    @property
    def finest_timeframe(self) -> str:
        """The finest timeframe of the source itself."""
        return self._market.finest_timeframe

    def find(self, members: Sequence[Member], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, where each member is kept."""
        placed = {
            m.base: self._found[m.base] for m in members if m.hold is not None and m.base in self._found
        }
        own = [member for member in members if member.base not in placed]
        return {**(self._market.find(own, quote) if own else {}), **placed}

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms)."""
        return self._asked("candles", listings, timeframe, start_ms, end_ms)

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Return, by base, the mark or last price now."""
        return self._asked("prices", listings)

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book now."""
        return self._asked("books", listings)

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the funding rate now and its interval."""
        return self._asked("funding", listings)

    def open_interest(self, listings: Sequence[Listing]) -> Mapping[str, OpenInterest | Unknown]:
        """Return, by base, the open interest now."""
        return self._asked("open_interest", listings)

    def tickers(self, listings: Sequence[Listing]) -> Mapping[str, Ticker | Unknown]:
        """Return, by base, the latest prices now."""
        return self._asked("tickers", listings)

    def tiers(self, listings: Sequence[Listing]) -> Mapping[str, tuple[MarginTier, ...] | Unknown]:
        """Return, by base, the margin brackets."""
        return self._asked("tiers", listings)

    def futures(self, bases: Sequence[str], quote: str) -> Mapping[str, tuple[Listing, ...] | Unknown]:
        """Return, by base, the dated futures of the source itself."""
        return self._market.futures(bases, quote)

    def spot(self, bases: Sequence[str], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, the spot market of the source itself."""
        return self._market.spot(bases, quote)

    def funding_history(
        self, listings: Sequence[Listing], start_ms: int, end_ms: int
    ) -> Mapping[str, FundingHistory | Unknown]:
        """Return, by base, the funding payments at times in [start_ms, end_ms)."""
        return self._asked("funding_history", listings, start_ms, end_ms)

    def index_candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, closed bars of the index price behind the contract."""
        return self._asked("index_candles", listings, timeframe, start_ms, end_ms)

    @property
    def _every(self) -> tuple[MarketData, ...]:
        return (self._market, *self._others.values())

    def _asked(self, question: str, listings: Sequence[Listing], *what: Any) -> Mapping[str, Any]:
        """Ask each exchange about its own listings."""
        answers: dict[str, Any] = {}
        for venue, market in ((None, self._market), *self._others.items()):
            own = [listing for listing in listings if listing.venue == venue]
            if own:
                answers |= getattr(market, question)(own, *what)
        return answers
