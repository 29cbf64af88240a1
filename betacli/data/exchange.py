"""ccxt behind one interface: one exchange, one connection, one deadline."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

from betacli.core.calendar import TIMEFRAMES_MS, last_closed_open
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
from betacli.data.pager import Pager
from betacli.data.payments import Payments
from betacli.data.present import Present
from betacli.data.refusals import place
from betacli.data.venue import Venue
from betacli.data.venues import VENUES, unchecked_venue
from betacli.errors import ExchangeFailed, UnknownName, quoted, safe

T = TypeVar("T")
Ask: TypeAlias = Callable[[Sequence[Listing]], Mapping[str, T | Unknown]]

MIN_SWAPS = 50  # fewer are an outage, not a delisting
KEPT_SHARE = 0.7  # of the contracts known before; fewer are an outage as well
APART_MS = 60_000  # clocks further apart than this judge differently what is of this moment
TICK_SIZE = 4  # ccxt's name for steps given as sizes

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
        self._known_markets = known_markets
        self._asker = Asker(
            venue,
            options,
            wall_ms=now_ms,
            progress=progress,
            environ=environ or {},
            bans=NoBanMemory() if bans is None else bans,
            monotonic=monotonic,
            jitter=jitter,
            timeout_s=timeout_s,
            deadline=monotonic() + timeout_s - spent_s,
        )
        self._present = Present(self._asker)
        self._contracts: Contracts | None = None
        self._remarks: dict[str, Notice] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; asking again opens a new one."""
        self._asker.close()

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
        return self._open().swaps

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
        by_own_clock = self._contracts is not None and self._asker.clock_skew_ms is None
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
                self._remarks[f"remapped {base}"] = Notice(id="remapped", detail=detail)
            market = listing.market if isinstance(listing, Listing) else None
            if market is not None and market.kind == "swap" and market.expiry_ms is not None:
                detail = f"`{base}` is being delisted: `{self.name}` ends `{market.symbol}` at {iso(market.expiry_ms)}"
                self._remarks[f"delisted {base}"] = Notice(id="delisting", detail=detail)
        return found

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
        """Return, by base, why it has no spot market here: only contracts are asked for."""
        reason = (
            f"has no spot market in {safe(quote, 20)} on `{self.name}`, of which betacli reads contracts alone: "
            "the index price stands for spot, and `--exchange sample` has simulated spot markets"
        )
        return {base: Unknown(reason=reason) for base in bases}

    # --- what is past -----------------------------------------------------------------------------------------

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms)."""
        return self._bars(listings, timeframe, start_ms, end_ms, index=False)

    def index_candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, closed bars of the index price behind the contract; their volumes are NaN."""
        if not self.venue.index:
            others = quoted(venue.id for venue in VENUES.values() if venue.index)
            return untold(listings, f"has no index candles on `{self.name}`; {others} have them")
        return self._bars(listings, timeframe, start_ms, end_ms, index=True)

    def _bars(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int, *, index: bool
    ) -> Mapping[str, Candles | Unknown]:
        distinct(listings)
        self._open()
        timeframe_ms = TIMEFRAMES_MS[timeframe]
        first_ms = -(-start_ms // timeframe_ms) * timeframe_ms
        past_ms = min(
            -(-end_ms // timeframe_ms) * timeframe_ms,
            last_closed_open(self._closed_ms, timeframe_ms) + timeframe_ms,
        )
        if past_ms <= first_ms:
            return untold(
                listings, f"has no closed {timeframe} bars between {iso(start_ms)} and {iso(end_ms)}"
            )
        pager = Pager(self.venue, ask=self._asker.ask, now_ms=self._asker.server_ms, index=index)
        found = self._asker.each(listings, lambda listing: pager.bars(listing, timeframe, first_ms, past_ms))
        return self._asker.known(found) if index else self._asker.told(found)

    def funding_history(
        self, listings: Sequence[Listing], start_ms: int, end_ms: int
    ) -> Mapping[str, FundingHistory | Unknown]:
        """Return, by base, the funding payments at times in [start_ms, end_ms)."""
        distinct(listings)
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
        """Return, by base, the mark price now; the last price where the exchange has no mark."""
        if not self.live:
            return untold(listings, "prices of the past come from the closes")
        return self._now(listings, self._present.prices)

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book now."""
        if not self.live:
            return untold(listings, f"the order book {_PAST}")
        return self._now(listings, self._present.books)

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the funding rate now and its interval."""
        if not self.live:
            return untold(listings, f"the funding rate {_PAST}")
        return self._now(listings, self._present.funding)

    def open_interest(self, listings: Sequence[Listing]) -> Mapping[str, OpenInterest | Unknown]:
        """Return, by base, the open interest now."""
        if not self.live:
            return untold(listings, f"open interest {_PAST}")
        return self._now(listings, self._present.open_interest)

    def tickers(self, listings: Sequence[Listing]) -> Mapping[str, Ticker | Unknown]:
        """Return, by base, the latest prices and the volume of 24 hours."""
        if not self.live:
            return untold(listings, f"the ticker {_PAST}")
        return self._now(listings, self._present.tickers)

    def tiers(self, listings: Sequence[Listing]) -> Mapping[str, tuple[MarginTier, ...] | Unknown]:
        """Return, by base, the margin brackets of now."""
        if not self.live:
            return untold(listings, f"the list of margin brackets {_PAST}")
        distinct(listings)
        return self._present.tiers(listings, self._open)

    def _now(self, listings: Sequence[Listing], ask: Ask[T]) -> Mapping[str, T | Unknown]:
        """Ask about this moment; of contracts known from an earlier run without asking for all of them.

        Until the exchange has told its time this computer's stands for it. Where it may have made an answer look
        too old, the exchange's is asked for.
        """
        distinct(listings)
        known = all(listing.own_symbol and listing.market for listing in listings)
        if self._contracts is not None or self.unchecked or not known:
            self._open()
            return ask(listings)
        self._asker.lend(listings)
        answers = ask(listings)
        if not any(isinstance(answer, Unknown) for answer in answers.values()):
            return answers
        _ = self._asker.server_ms
        apart_ms = abs(self._asker.clock_skew_ms or 0)
        return ask(listings) if apart_ms > APART_MS else answers

    # --- opening ----------------------------------------------------------------------------------------------

    def _open(self) -> Contracts:
        """Load the exchange's time and contracts, once: one request first, alone."""
        if self._contracts is None:
            _ = self._asker.server_ms
            markets = self._asker.run(self._asker.load_markets)
            exchange = self._asker.connected().exchange
            contracts = Contracts(
                markets,
                venue=self.venue.id,
                step_is_size=exchange.precisionMode == TICK_SIZE,
                orders_in_base=self.venue.orders_in_base,
            )
            least = max(MIN_SWAPS, math.ceil(KEPT_SHARE * (self._known_markets or 0)))
            if contracts.swaps < least:
                detail = f"lists {contracts.swaps} perpetuals where at least {least} are expected: an outage"
                raise ExchangeFailed(
                    exchange=self.name, reason="bad_response", detail=detail, tried=place(exchange.home_url)
                )
            self._contracts = contracts
        return self._contracts
