"""ccxt behind one interface: one exchange, one connection, one deadline."""

import math
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from betacli.core.calendar import TIMEFRAMES_MS, last_closed_open
from betacli.core.candles import iso
from betacli.core.model import Book, Candles, Funding, Member, Notice, Price, Unknown
from betacli.data.answers import (
    OpenInterest,
    book_of,
    entry_of,
    funding_of,
    hours_between,
    interest_of,
    price_of,
    told_hours,
)
from betacli.data.bans import BanMemory, NoBanMemory
from betacli.data.candles import Listing
from betacli.data.connection import connect
from betacli.data.contracts import Contracts
from betacli.data.loading import ccxt_knows
from betacli.data.pager import Pager
from betacli.data.refusals import place
from betacli.data.transport import Transport, together
from betacli.data.venue import Venue
from betacli.data.venues import VENUES, unchecked_venue
from betacli.errors import ExchangeFailed, UnknownName, safe

T = TypeVar("T")

MIN_SWAPS = 50  # fewer are an outage, not a delisting
KEPT_SHARE = 0.7  # of the contracts known before; fewer are an outage as well
FIRST_FUTURES_MS = 1_400_000_000_000  # 2014: an exchange's time before it is not in milliseconds
LAST_TIME_MS = 4_102_444_800_000  # 2100
TICK_SIZE = 4  # ccxt's name for steps given as sizes
PAYMENTS = 4  # funding payments that tell an interval

_PAST = "is of the present only, and the answer is for the past"
_NOT_TOLD = frozenset({"bad_response", "bad_symbol", "auth"})  # an answer that lacks, and no reason to stop


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
    endpoint gives nothing sound; without contracts or candles the exchange has failed.
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
    ) -> None:
        """Remember what to ask and how.

        Args:
            venue: the record of the exchange.
            options: ccxt constructor arguments of the user, laid over the venue's.
            timeout_s: seconds from now in which everything must have been answered.
            now_ms: this computer's clock, UTC milliseconds.
            monotonic: seconds that never step back.
            as_of_ms: the moment of the answer; None for now, by the exchange's clock.
            quote: the currency contracts are quoted and settled in.
            environ: environment variables, for the proxy.
            jitter: numbers in [0, 1) that spread the retries.
            bans: what is remembered of hosts that told us to stay away.
            known_markets: how many perpetuals the exchange had when last asked.
            unchecked: nobody has looked at how this exchange answers.
        """
        self.name = venue.id
        self.venue = venue
        self.quote = quote
        self.as_of_ms = as_of_ms
        self.unchecked = unchecked
        self._known_markets = known_markets
        self._wall_ms = now_ms
        self._how: dict[str, Any] = {
            "environ": environ or {},
            "bans": NoBanMemory() if bans is None else bans,
            "wall_ms": now_ms,
            "monotonic": monotonic,
            "jitter": jitter,
            "timeout_s": timeout_s,
            "deadline": monotonic() + timeout_s,
        }
        self._options = options
        self._transport: Transport | None = None
        self._contracts: Contracts | None = None
        self._remapped: dict[str, Notice] = {}
        self._server_ms = 0
        self._clock_skew_ms: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; asking again opens a new one."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

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
        return self._server_ms

    @property
    def clock_skew_ms(self) -> int | None:
        """How far the exchange's clock is ahead of this computer's; None where the exchange tells no time."""
        self._open()
        return self._clock_skew_ms

    @property
    def market_count(self) -> int:
        """How many perpetuals the exchange lists: `known_markets` of the next run."""
        return self._open().swaps

    @property
    def _closed_ms(self) -> int:
        """A bar that ends by this time has closed, whatever moment was asked for."""
        return min(self.now_ms, self.server_ms)

    def _present_ms(self) -> int:
        """Return the exchange's time of this moment."""
        return self._wall_ms() + (self._clock_skew_ms or 0)

    # --- the questions ----------------------------------------------------------------------------------------

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the reader must know about this exchange and the contracts found so far."""
        return (*self._caveats(), *self._remapped.values())

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
        by_own_clock = self._contracts is not None and self._clock_skew_ms is None
        return (*([unchecked] if self.unchecked else []), *([local_clock] if by_own_clock else []))

    def find(self, members: Sequence[Member], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, the linear perpetual of each member."""
        contracts = self._open()
        found = {member.base: contracts.find(member, quote) for member in members}
        for base, listing in found.items():
            own = contracts.remap(listing) if isinstance(listing, Listing) else None
            if own is not None and isinstance(listing, Listing):
                detail = (
                    f"`{base}` is `{listing.symbol}`, which `{self.name}` itself calls `{safe(own, 40)}`: "
                    f"what it calls `{base}` is another coin"
                )
                self._remapped[base] = Notice(id="remapped", detail=detail)
        return found

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms)."""
        self._open()
        timeframe_ms = TIMEFRAMES_MS[timeframe]
        first_ms = -(-start_ms // timeframe_ms) * timeframe_ms
        past_ms = min(
            -(-end_ms // timeframe_ms) * timeframe_ms,
            last_closed_open(self._closed_ms, timeframe_ms) + timeframe_ms,
        )
        if past_ms <= first_ms:
            reason = f"has no closed {timeframe} bars between {iso(start_ms)} and {iso(end_ms)}"
            return {listing.base: Unknown(reason=reason) for listing in listings}
        pager = Pager(self.venue, ask=self._ask, now_ms=self._server_ms)
        found = self._each(listings, lambda listing: pager.bars(listing, timeframe, first_ms, past_ms))
        return self._told(found)

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Return, by base, the mark price now; the last price where the exchange has no mark."""
        if not self.live:
            return {
                listing.base: Unknown(reason="prices of the past come from the closes")
                for listing in listings
            }
        self._open()
        marks = self._run(lambda: self._all("prices", self.venue.marks))
        if isinstance(marks, Unknown):
            return {listing.base: marks for listing in listings}
        now_ms = self._present_ms()
        return {
            listing.base: price_of(
                entry_of(marks, listing.symbol), now_ms=now_ms, mark_key=self.venue.mark_key
            )
            for listing in listings
        }

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book now."""
        if not self.live:
            return {listing.base: Unknown(reason=f"the order book {_PAST}") for listing in listings}
        if not self.venue.book_units:
            return self._untold(listings, "an order book whose unit nobody has checked")
        self._open()
        return self._known(self._each(listings, self._book))

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the funding rate now and its interval."""
        if not self.live:
            return {listing.base: Unknown(reason=f"the funding rate {_PAST}") for listing in listings}
        self._open()
        rates, intervals = self._run(lambda: together([self._rates(), self._intervals()]))
        if isinstance(rates, Unknown):
            return {listing.base: rates for listing in listings}
        return self._known(self._each(listings, lambda listing: self._funding(listing, rates, intervals)))

    def open_interest(self, listings: Sequence[Listing]) -> Mapping[str, OpenInterest | Unknown]:
        """Return, by base, the open interest now."""
        if not self.live:
            return {listing.base: Unknown(reason=f"open interest {_PAST}") for listing in listings}
        if not self.venue.interest:
            return self._untold(listings, "no open interest that could be asked for")
        self._open()
        return self._known(self._each(listings, self._interest))

    # --- one answer -------------------------------------------------------------------------------------------

    async def _book(self, listing: Listing) -> Book | Unknown:
        answer = await self._ask("fetch_order_book", listing.symbol, self.venue.book_levels)
        return book_of(
            answer,
            symbol=listing.symbol,
            now_ms=self._present_ms(),
            market=listing.market,
            coin_sides=self.venue.coin_sides,
        )

    async def _rates(self) -> Any:
        """Return the funding rates of all symbols; none where each has to be asked for."""
        one_by_one = self.venue.rates == "fetch_funding_rate"
        return {} if one_by_one else await self._all("funding rates", self.venue.rates)

    async def _intervals(self) -> Any:
        """Return the funding intervals that an exchange lists where they are not the usual one."""
        listed = self.venue.funding_hours is not None
        return await self._all("funding intervals", "fetch_funding_intervals") if listed else {}

    async def _funding(self, listing: Listing, rates: Any, intervals: Any) -> Funding | Unknown:
        """Put a rate and its interval together; where the interval is not told, past payments tell it."""
        if self.venue.rates == "fetch_funding_rate":
            rate = await self._ask(self.venue.rates, listing.symbol)
        else:
            rate = entry_of(rates, listing.symbol)
        listed = not isinstance(intervals, Unknown)
        usual = self.venue.funding_hours if listed else None
        hours = told_hours(rate, entry_of(intervals, listing.symbol), usual)
        next_key, now_ms = self.venue.next_funding, self._present_ms()
        if hours is None and listed and rate.get("fundingRate") is not None:
            try:
                past = await self._ask("fetch_funding_rate_history", listing.symbol, None, PAYMENTS)
            except ExchangeFailed as failed:
                if failed.reason not in _NOT_TOLD:
                    raise
                past = []
            hours = hours_between(past, rate, next_key=next_key, now_ms=now_ms)
        return funding_of(rate, hours, symbol=listing.symbol, now_ms=now_ms, next_key=next_key)

    async def _interest(self, listing: Listing) -> OpenInterest | Unknown:
        answer = await self._ask("fetch_open_interest", listing.symbol)
        return interest_of(answer, symbol=listing.symbol, now_ms=self._present_ms())

    # --- asking -----------------------------------------------------------------------------------------------

    def _open(self) -> Contracts:
        """Load the exchange's time and contracts, once: one request first, alone."""
        if self._contracts is None:
            self._run(self._read_clock)
            markets = self._run(lambda: self._ask("load_markets"))
            contracts = Contracts(
                markets,
                venue=self.venue.id,
                step_is_size=self._connected().exchange.precisionMode == TICK_SIZE,
                orders_in_base=self.venue.orders_in_base,
            )
            least = max(MIN_SWAPS, math.ceil(KEPT_SHARE * (self._known_markets or 0)))
            if contracts.swaps < least:
                detail = f"lists {contracts.swaps} perpetuals where at least {least} are expected: an outage"
                tried = place(self._connected().exchange.home_url)
                raise ExchangeFailed(exchange=self.name, reason="bad_response", detail=detail, tried=tried)
            self._contracts = contracts
        return self._contracts

    async def _read_clock(self) -> None:
        before_ms = self._wall_ms()
        try:
            server_ms = await self._ask("fetch_time")
        except ExchangeFailed as failed:
            if failed.reason not in _NOT_TOLD:
                raise
            server_ms = None
        after_ms = self._wall_ms()
        if isinstance(server_ms, int) and FIRST_FUTURES_MS < server_ms < LAST_TIME_MS:
            self._server_ms = server_ms
            self._clock_skew_ms = server_ms - (before_ms + after_ms) // 2
        else:
            self._server_ms, self._clock_skew_ms = after_ms, None

    async def _all(self, what: str, method: str) -> Any:
        """Ask for something about all symbols at once; unknown where the exchange gives nothing sound."""
        try:
            return await self._ask(method)
        except ExchangeFailed as failed:
            if failed.reason not in _NOT_TOLD:
                raise
            return Unknown(reason=f"has no {what}: `{self.name}` {failed.detail}")

    def _each(
        self, listings: Sequence[Listing], ask: Callable[[Listing], Coroutine[Any, Any, T | Unknown]]
    ) -> dict[str, T | Unknown | ExchangeFailed]:
        """Ask for every listing at once; a failure that concerns one symbol alone is its answer."""

        async def one(listing: Listing) -> T | Unknown | ExchangeFailed:
            try:
                return await ask(listing)
            except ExchangeFailed as failed:
                if failed.reason == "bad_symbol":
                    return Unknown(reason=f"is `{listing.symbol}`, which `{self.name}` does not know")
                if failed.reason not in _NOT_TOLD:
                    raise
                return failed

        answers = self._run(lambda: together(one(listing) for listing in listings))
        return {listing.base: answer for listing, answer in zip(listings, answers, strict=True)}

    def _known(self, answers: Mapping[str, T | Unknown | ExchangeFailed]) -> dict[str, T | Unknown]:
        """Return answers in which a failure is one more thing that is not known."""
        return {
            base: Unknown(reason=f"is not told: `{self.name}` {answer.detail}")
            if isinstance(answer, ExchangeFailed)
            else answer
            for base, answer in answers.items()
        }

    def _told(self, answers: Mapping[str, T | Unknown | ExchangeFailed]) -> dict[str, T | Unknown]:
        """Return answers of which at least one is no failure.

        Raises:
            ExchangeFailed: there are only failures, which is not about a symbol.
        """
        failures = [answer for answer in answers.values() if isinstance(answer, ExchangeFailed)]
        if failures and len(failures) == len(answers):
            raise failures[0]
        return self._known(answers)

    def _untold(self, listings: Sequence[Listing], what: str) -> dict[str, Any]:
        return {listing.base: Unknown(reason=f"has {what} on `{self.name}`") for listing in listings}

    async def _ask(self, method: str, *what: object) -> Any:
        """Call one of ccxt's methods, guarded and with retries."""
        transport = self._connected()
        return await transport.call(lambda: getattr(transport.exchange, method)(*what))

    def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return self._connected().run(work)

    def _connected(self) -> Transport:
        if self._transport is None:
            self._transport = connect(self.venue, self._options, **self._how)
        return self._transport
