"""ccxt behind one interface: one exchange, one connection, one deadline."""

import random
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from betacli.core.candles import iso
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
from betacli.data.asker import Asker
from betacli.data.bans import BanMemory, NoBanMemory
from betacli.data.candles import Listing, distinct, untold
from betacli.data.contracts import Contracts
from betacli.data.loading import ccxt_knows
from betacli.data.payments import Payments
from betacli.data.side import Side
from betacli.data.sides import by_side, contracts_only
from betacli.data.venue import Venue
from betacli.data.venues import VENUES, unchecked_venue
from betacli.errors import UnknownName, quoted, safe

if TYPE_CHECKING:
    from betacli.data.spot_side import SpotSide

_PAST = "is of the present only, and the answer is for the past"


def open_exchange(exchange_id: str, *, unchecked: bool = False, **how: Any) -> "ExchangeMarket":
    """Return the source for one exchange; nothing is imported or asked yet.

    With `unchecked`, any exchange of ccxt will do: its `unchecked` is True, and what betacli would have to know
    about it stays unknown.

    Raises:
        UnknownName: betacli has no record of that exchange, or not even ccxt knows it.
    """
    if exchange_id in VENUES:
        return ExchangeMarket(venue=VENUES[exchange_id], **how)
    if unchecked and ccxt_knows(exchange_id):
        return ExchangeMarket(venue=unchecked_venue(exchange_id), unchecked=True, **how)
    raise UnknownName(what="exchange", name=exchange_id, known=sorted(VENUES))


class ExchangeMarket:
    """Market data of one exchange; see `MarketData`. Nothing is imported or asked before the first question.

    What depends on an endpoint of its own (order books, funding, open interest, mark prices) is unknown where that
    endpoint gives nothing sound; without contracts or candles the exchange has failed. Spot markets are a side of
    their own (`SpotSide`): whatever becomes of it, contracts are answered as if there were none.
    """

    simulated = False
    finest_timeframe = "1m"

    def __init__(
        self,
        *,
        venue: Venue,
        options: Mapping[str, object],
        timeout_s: float,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
        as_of_ms: int | None = None,
        quote: str = "USDT",
        environ: Mapping[str, str] | None = None,
        jitter: Callable[[], float] = random.random,
        bans: BanMemory | None = None,
        known_markets: int | None = None,
        unchecked: bool = False,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
        spent_s: float = 0.0,
    ) -> None:
        """Remember what to ask and how.

        Args:
            venue: the record of the exchange.
            options: ccxt constructor arguments of the user, laid over the venue's.
            timeout_s: seconds in which everything must have been answered.
            spent_s: how many of them have passed.
            now_ms: this computer's clock, UTC milliseconds.
            monotonic: seconds that never step back.
            as_of_ms: the moment of the answer; None for now, by the exchange's clock.
            quote: the currency contracts are quoted and settled in.
            environ: environment variables, for the proxy.
            jitter: numbers in [0, 1) that spread the retries.
            bans: what is remembered of hosts that told us to stay away.
            known_markets: how many perpetuals the exchange had when last asked.
            unchecked: nobody has looked at how this exchange answers.
            progress: called with how many of how many symbols are answered.
        """
        self.name = venue.id
        self.venue = venue
        self.quote = quote
        self.as_of_ms = as_of_ms
        self.unchecked = unchecked
        deadline_s = monotonic() + timeout_s - spent_s
        self._options = options
        self._how: dict[str, Any] = {
            "wall_ms": now_ms,
            "progress": progress,
            "environ": environ or {},
            "bans": NoBanMemory() if bans is None else bans,
            "jitter": jitter,
            "timeout_s": timeout_s,
            "remaining_s": lambda: deadline_s - monotonic(),
        }
        self._asker = Asker(venue, options, **self._how)
        self._side = Side(self._asker, known_markets=known_markets, unchecked=unchecked)
        self._spot_side: SpotSide | None = None
        self._remarks: dict[str, Notice] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections; asking again opens new ones."""
        self._asker.close()
        if self._spot_side is not None:
            self._spot_side.close()

    # --- the clock --------------------------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        """The moment the answer is for: as asked, or the exchange's time at the first question."""
        return self.server_ms if self.as_of_ms is None else self.as_of_ms

    @property
    def live(self) -> bool:
        """Whether prices, books and funding are of this moment; under `as_of` the price is the last bar's close."""
        return self.as_of_ms is None

    @property
    def server_ms(self) -> int:
        """The exchange's time at the first question; this computer's where the exchange tells none."""
        self._open()
        return self._asker.server_ms

    @property
    def clock_skew_ms(self) -> int | None:
        """How far the exchange's clock is ahead of this computer's; None where the exchange tells no time."""
        self._open()
        return self._asker.clock_skew_ms

    @property
    def market_count(self) -> int:
        """How many perpetuals the exchange lists: `known_markets` of the next run."""
        return self._open().count

    @property
    def _closed_ms(self) -> int:
        """What ends by this time is past, whatever moment was asked for."""
        return min(self.now_ms, self.server_ms)

    # --- contracts --------------------------------------------------------------------------------------------

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the reader must know about this exchange and the contracts found so far."""
        return (*self._caveats(), *self._remarks.values())

    def _caveats(self) -> tuple[Notice, ...]:
        unchecked = Notice(
            id="unchecked_exchange",
            detail=f"nobody has checked how `{self.name}` answers: its volumes, order books and open interest are "
            "left out, and what is given may be wrong",
        )
        local_clock = Notice(
            id="local_clock",
            detail=f"`{self.name}` tells no time: which bars have closed is judged by this computer's clock",
        )
        by_own_clock = self._side.contracts is not None and self._asker.clock_skew_ms is None
        return (*([unchecked] if self.unchecked else []), *([local_clock] if by_own_clock else []))

    def find(self, members: Sequence[Member], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, the linear perpetual of each member."""
        contracts = self._open()
        found = {member.base: contracts.find(member, quote) for member in members}
        for base, listing in found.items():
            self._remark(base, listing, contracts)
            market = listing.market if isinstance(listing, Listing) else None
            if market is not None and market.kind == "swap" and market.expiry_ms is not None:
                detail = f"`{base}` is being delisted: `{self.name}` ends `{market.symbol}` at {iso(market.expiry_ms)}"
                self._remarks[f"delisted {base}"] = Notice(id="delisting", detail=detail)
        return found

    def _remark(self, base: str, listing: Listing | Unknown, listed: Contracts) -> None:
        """Keep in mind to say that an exchange calls something by the name of another coin."""
        own = listed.remap(listing) if isinstance(listing, Listing) else None
        if own is not None and isinstance(listing, Listing):
            detail = (
                f"`{base}` is `{listing.symbol}`, which `{self.name}` itself calls `{safe(own, 40)}`: "
                f"what it calls `{base}` is another coin"
            )
            self._remarks[f"remapped {listing.symbol}"] = Notice(id="remapped", detail=detail)

    def futures(self, bases: Sequence[str], quote: str) -> Mapping[str, tuple[Listing, ...] | Unknown]:
        """Return, by base, its dated futures, the nearest expiry first."""
        if not self.live:
            return {base: Unknown(reason=f"the list of dated futures {_PAST}") for base in bases}
        if not self.venue.dated:
            others = quoted(venue.id for venue in VENUES.values() if venue.dated)
            reason = f"has no dated futures on `{self.name}`; {others} list some"
            return {base: Unknown(reason=reason) for base in bases}
        contracts = self._open()
        return {base: contracts.futures(base, quote, self._closed_ms) for base in bases}

    def spot(self, bases: Sequence[str], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, its spot market; unknown, too, where the spot host does not answer."""
        if self.unchecked:
            reason = f"may have a spot market on `{self.name}`, which nobody has checked"
            return {base: Unknown(reason=reason) for base in bases}
        spot = self._spot()
        found = spot.find(bases, quote)
        if spot.listed is not None:
            for base, listing in found.items():
                self._remark(base, listing, spot.listed)
        return found

    def _spot(self) -> "SpotSide":
        """Return the spot side, made when it is first asked for."""
        if self._spot_side is None:
            from betacli.data.spot_side import SpotSide  # noqa: PLC0415 - most runs ask for none

            self._spot_side = SpotSide(self.name, self._options, clock=self._asker, **self._how)
        return self._spot_side

    # --- what is past -----------------------------------------------------------------------------------------

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms)."""
        distinct(listings)
        return by_side(
            listings,
            lambda some: self._bars(some, timeframe, start_ms, end_ms, index=False),
            lambda spots: self._spot().candles(spots, timeframe, start_ms, end_ms, self.as_of_ms),
        )

    def index_candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, closed bars of the index price behind the contract; their volumes are NaN."""
        distinct(listings)
        return contracts_only(
            listings,
            "has no index behind it",
            lambda some: self._bars(some, timeframe, start_ms, end_ms, index=True),
        )

    def _bars(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int, *, index: bool
    ) -> Mapping[str, Candles | Unknown]:
        if index and not self.venue.index:
            others = quoted(venue.id for venue in VENUES.values() if venue.index)
            return untold(listings, f"has no index candles on `{self.name}`; {others} have them")
        self._open()
        return self._side.bars(listings, timeframe, start_ms, end_ms, closed_ms=self._closed_ms, index=index)

    def funding_history(
        self, listings: Sequence[Listing], start_ms: int, end_ms: int
    ) -> Mapping[str, FundingHistory | Unknown]:
        """Return, by base, the funding payments at times in [start_ms, end_ms)."""
        distinct(listings)
        return contracts_only(
            listings, "pays no funding", lambda some: self._payments(some, start_ms, end_ms)
        )

    def _payments(
        self, listings: Sequence[Listing], start_ms: int, end_ms: int
    ) -> Mapping[str, FundingHistory | Unknown]:
        if not self.venue.payment_rows:
            return untold(listings, f"has funding payments that nobody has checked on `{self.name}`")
        self._open()
        past_ms = min(end_ms, self._closed_ms + 1)
        if past_ms <= start_ms:
            reason = f"has no funding payments between {iso(start_ms)} and {iso(end_ms)}"
            return untold(listings, reason)
        payments = Payments(self.venue, ask=self._asker.ask)
        found = self._asker.each(listings, lambda listing: payments.between(listing, start_ms, past_ms))
        return self._asker.known(found)

    # --- what is of the moment --------------------------------------------------------------------------------

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Return, by base, the mark price now; the last price where there is no mark."""
        distinct(listings)
        if not self.live:
            return untold(listings, "prices of the past come from the closes")
        side = self._side
        return by_side(
            listings,
            lambda some: side.now(some, side.present.prices),
            lambda spots: self._spot().prices(spots),
        )

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book now."""
        distinct(listings)
        if not self.live:
            return untold(listings, f"the order book {_PAST}")
        side = self._side
        return by_side(
            listings,
            lambda some: side.now(some, side.present.books),
            lambda spots: self._spot().books(spots),
        )

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the funding rate now and its interval."""
        distinct(listings)
        if not self.live:
            return untold(listings, f"the funding rate {_PAST}")
        side = self._side
        return contracts_only(listings, "pays no funding", lambda some: side.now(some, side.present.funding))

    def open_interest(self, listings: Sequence[Listing]) -> Mapping[str, OpenInterest | Unknown]:
        """Return, by base, the open interest now."""
        distinct(listings)
        if not self.live:
            return untold(listings, f"open interest {_PAST}")
        side = self._side
        return contracts_only(
            listings, "has no open interest", lambda some: side.now(some, side.present.open_interest)
        )

    def tickers(self, listings: Sequence[Listing]) -> Mapping[str, Ticker | Unknown]:
        """Return, by base, the latest prices and the volume of 24 hours."""
        distinct(listings)
        if not self.live:
            return untold(listings, f"the ticker {_PAST}")
        side = self._side
        return by_side(
            listings,
            lambda some: side.now(some, side.present.tickers),
            lambda spots: self._spot().tickers(spots),
        )

    def tiers(self, listings: Sequence[Listing]) -> Mapping[str, tuple[MarginTier, ...] | Unknown]:
        """Return, by base, the margin brackets of now."""
        distinct(listings)
        if not self.live:
            return untold(listings, f"the list of margin brackets {_PAST}")
        return contracts_only(
            listings, "has no margin brackets", lambda some: self._side.present.tiers(some, self._open)
        )

    def _open(self) -> Contracts:
        """Load the exchange's time and contracts, once."""
        return self._side.open()
