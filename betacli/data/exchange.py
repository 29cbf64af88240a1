"""ccxt behind one interface: one exchange, one connection, one deadline. The only home of ccxt."""

import asyncio
import importlib
import importlib.util
import random
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import cache
from types import ModuleType, TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from betacli.core.calendar import TIMEFRAMES_MS, last_closed_open
from betacli.core.candles import iso
from betacli.core.model import Book, Candles, Funding, Member, Price, Unknown
from betacli.data.answers import book_of, entry_of, funding_of, price_of
from betacli.data.bars import candles_of, opens_within, page_rows, pages
from betacli.data.candles import Listing
from betacli.data.contracts import Contracts
from betacli.data.guard import ESCAPES, Guard, place
from betacli.data.settings import proxy_of, settings_of
from betacli.data.transport import Transport, new_loop, open_session, together
from betacli.data.venues import VENUES, Venue
from betacli.errors import BadOption, ExchangeFailed, UnknownName, safe

T = TypeVar("T")

MIN_SWAPS = 50  # fewer are an outage, not a delisting
FIRST_FUTURES_MS = 1_400_000_000_000  # 2014: an exchange's time before it is not in milliseconds
LAST_TIME_MS = 4_102_444_800_000  # 2100
TICK_SIZE = 4  # ccxt's name for steps given as sizes

_PAST = "is of the present only, and the answer is for the past"


@cache
def _exchange_class(exchange_id: str) -> tuple[type[Any], type[Exception]]:
    """Return ccxt's class of one exchange and the root of ccxt's errors.

    `import ccxt` loads every exchange (0.6 s against 0.35 s). While the one class loads, two empty packages stand
    in for `ccxt` and `ccxt.async_support`; then everything of it leaves `sys.modules`, so that a later `import
    ccxt` finds nothing half loaded.
    """
    package, submodule = "ccxt", f"ccxt.async_support.{exchange_id}"
    if package not in sys.modules:
        try:
            for name in (package, "ccxt.async_support"):
                sys.modules[name] = _stand_in(name)
            module = importlib.import_module(submodule)
            return getattr(module, exchange_id), _from_base("BaseError")
        except (ImportError, AttributeError):
            pass  # this release of ccxt is laid out otherwise: load all of it below
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == package]:
                del sys.modules[name]
    module = importlib.import_module("ccxt.async_support")
    return getattr(module, exchange_id), module.BaseError


def _stand_in(package: str) -> ModuleType:
    """Return a package whose modules can be imported, without running the package itself."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ImportError(package)
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__getattr__"] = _from_base
    return module


def _from_base(name: str) -> Any:
    """Return what ccxt's inner modules import from the package itself."""
    home = "ccxt.base.exchange" if name == "Exchange" else "ccxt.base.errors"
    return getattr(importlib.import_module(home), name)


def open_exchange(exchange_id: str, **how: Any) -> "ExchangeMarket":
    """Return the source for one exchange; nothing is imported or asked yet.

    Raises:
        UnknownName: betacli has no record of that exchange.
    """
    if exchange_id not in VENUES:
        raise UnknownName(what="exchange", name=exchange_id, known=sorted(VENUES))
    return ExchangeMarket(exchange_id=exchange_id, **how)


class ExchangeMarket:
    """Market data of one exchange; see `MarketData`. Nothing is imported or asked before the first question."""

    simulated = False
    finest_timeframe = "1m"

    def __init__(
        self,
        *,
        exchange_id: str,
        options: Mapping[str, object],
        timeout_s: float,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
        as_of_ms: int | None = None,
        quote: str = "USDT",
        environ: Mapping[str, str] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Remember what to ask and how.

        Args:
            exchange_id: a key of `VENUES`.
            options: ccxt constructor arguments of the user, laid over the venue's.
            timeout_s: seconds from now in which everything must have been answered.
            now_ms: this computer's clock, UTC milliseconds.
            monotonic: seconds that never step back.
            as_of_ms: the moment of the answer; None for now, by the exchange's clock.
            quote: the currency contracts are quoted and settled in.
            environ: environment variables, for the proxy.
            jitter: numbers in [0, 1) that spread the retries.
        """
        self.name = exchange_id
        self.quote = quote
        self.as_of_ms = as_of_ms
        self.venue: Venue = VENUES[exchange_id]
        self._options = options
        self._timeout_s = timeout_s
        self._deadline = monotonic() + timeout_s
        self._wall_ms = now_ms
        self._monotonic = monotonic
        self._environ = environ or {}
        self._jitter = jitter
        self._transport: Transport | None = None
        self._contracts: Contracts | None = None
        self._server_ms = 0
        self._clock_skew_ms = 0

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
        """The exchange's time at the first question."""
        self._open()
        return self._server_ms

    @property
    def clock_skew_ms(self) -> int:
        """How far the exchange's clock is ahead of this computer's."""
        self._open()
        return self._clock_skew_ms

    @property
    def _closed_ms(self) -> int:
        """A bar that ends by this time has closed, whatever moment was asked for."""
        return min(self.now_ms, self.server_ms)

    # --- the questions ----------------------------------------------------------------------------------------

    def find(self, members: Sequence[Member], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, the linear perpetual of each member."""
        contracts = self._open()
        return {member.base: contracts.find(member, quote) for member in members}

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms)."""
        self._open()
        if timeframe in self.venue.missing_timeframes:
            return {
                listing.base: Unknown(reason=f"has no {timeframe} bars on `{self.name}`")
                for listing in listings
            }
        timeframe_ms = TIMEFRAMES_MS[timeframe]
        first_ms = -(-start_ms // timeframe_ms) * timeframe_ms
        past_ms = min(
            -(-end_ms // timeframe_ms) * timeframe_ms,
            last_closed_open(self._closed_ms, timeframe_ms) + timeframe_ms,
        )
        if past_ms <= first_ms:
            reason = f"has no closed {timeframe} bars between {iso(start_ms)} and {iso(end_ms)}"
            return {listing.base: Unknown(reason=reason) for listing in listings}
        return self._each(listings, lambda listing: self._history(listing, timeframe, first_ms, past_ms))

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Return, by base, the mark price now."""
        if not self.live:
            return {
                listing.base: Unknown(reason="prices of the past come from the closes")
                for listing in listings
            }
        self._open()
        marks = self._run(lambda: self._ask("fetch_mark_prices"))
        return {
            listing.base: price_of(entry_of(marks, listing.symbol), now_ms=self._server_ms)
            for listing in listings
        }

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book now."""
        if not self.live:
            return {listing.base: Unknown(reason=f"the order book {_PAST}") for listing in listings}
        self._open()
        return self._each(listings, self._book)

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the funding rate now and its interval."""
        if not self.live:
            return {listing.base: Unknown(reason=f"the funding rate {_PAST}") for listing in listings}
        self._open()
        rates, intervals = self._run(
            lambda: together([self._ask("fetch_funding_rates"), self._ask("fetch_funding_intervals")])
        )
        return {
            listing.base: funding_of(
                entry_of(rates, listing.symbol),
                entry_of(intervals, listing.symbol),
                symbol=listing.symbol,
                now_ms=self._server_ms,
                usual_hours=self.venue.funding_hours,
            )
            for listing in listings
        }

    # --- asking -----------------------------------------------------------------------------------------------

    def _open(self) -> Contracts:
        """Load contracts and the exchange's time, once."""
        if self._contracts is None:
            markets, _ = self._run(lambda: together([self._ask("load_markets"), self._read_clock()]))
            exchange = self._connected().exchange
            contracts = Contracts(
                markets, venue=self.venue.id, step_is_size=exchange.precisionMode == TICK_SIZE
            )
            if contracts.swaps < MIN_SWAPS:
                detail = (
                    f"lists {contracts.swaps} perpetuals where at least {MIN_SWAPS} are expected: an outage"
                )
                raise self._failed("bad_response", detail)
            self._contracts = contracts
        return self._contracts

    async def _read_clock(self) -> None:
        before_ms = self._wall_ms()
        server_ms = await self._ask("fetch_time")
        if not isinstance(server_ms, int) or not FIRST_FUTURES_MS < server_ms < LAST_TIME_MS:
            raise self._failed("bad_response", f"gives `{safe(server_ms, 40)}` as its time")
        self._server_ms = server_ms
        self._clock_skew_ms = server_ms - (before_ms + self._wall_ms()) // 2

    async def _history(
        self, listing: Listing, timeframe: str, start_ms: int, end_ms: int
    ) -> Candles | Unknown:
        """Fetch one symbol's bars that open in [start, end), all pages at once."""
        timeframe_ms = TIMEFRAMES_MS[timeframe]
        rows_a_page = page_rows((end_ms - start_ms) // timeframe_ms, self.venue.page_costs)
        found = await together(
            self._span(listing, timeframe, first_ms, past_ms)
            for first_ms, past_ms in pages(start_ms, end_ms, timeframe_ms, rows_a_page)
        )
        return candles_of(
            [row for rows in found for row in rows],
            symbol=listing.symbol,
            timeframe_ms=timeframe_ms,
            start_ms=start_ms,
            end_ms=end_ms,
            now_ms=self._server_ms,
        )

    async def _span(self, listing: Listing, timeframe: str, start_ms: int, end_ms: int) -> list[list[Any]]:
        """Fetch one page, and once more what it lacks at either end.

        A short page proves nothing: the exchange may cut pages shorter than asked, or the bars may not exist. Only
        an empty answer for what is missing ends the search; bars missing in between stay missing.
        """
        timeframe_ms = TIMEFRAMES_MS[timeframe]
        wanted = (end_ms - start_ms) // timeframe_ms
        until = {**self.venue.candle_params, "until": end_ms - 1}
        rows: list[list[Any]] = await self._ask(
            "fetch_ohlcv", listing.symbol, timeframe, start_ms, wanted, until
        )
        opens = opens_within(rows, start_ms, end_ms)
        if not opens or len(set(opens)) >= wanted:
            return rows
        first_ms, next_ms = min(opens), max(opens) + timeframe_ms
        listed_ms = listing.market.listed_ms if listing.market else None
        starts_when_listed = listed_ms is not None and first_ms <= listed_ms + timeframe_ms
        lacking = [
            *([] if starts_when_listed else [(start_ms, first_ms)]),
            (next_ms, end_ms),
        ]
        more = await together(
            self._span(listing, timeframe, lack_ms, past_ms)
            for lack_ms, past_ms in lacking
            if past_ms - lack_ms >= timeframe_ms
        )
        return rows + [row for part in more for row in part]

    async def _book(self, listing: Listing) -> Book | Unknown:
        answer = await self._ask("fetch_order_book", listing.symbol, self.venue.book_levels)
        size = float(listing.market.contract_size) if listing.market else 1.0
        return book_of(answer, symbol=listing.symbol, now_ms=self._server_ms, contract_size=size)

    def _each(
        self, listings: Sequence[Listing], ask: Callable[[Listing], Coroutine[Any, Any, T | Unknown]]
    ) -> dict[str, T | Unknown]:
        """Ask for every listing at once; a symbol the exchange does not know is unknown, and no failure."""

        async def one(listing: Listing) -> T | Unknown:
            try:
                return await ask(listing)
            except ExchangeFailed as failed:
                if failed.reason != "bad_symbol":
                    raise
                return Unknown(reason=f"is `{listing.symbol}`, which `{self.name}` does not know")

        answers = self._run(lambda: together(one(listing) for listing in listings))
        return {listing.base: answer for listing, answer in zip(listings, answers, strict=True)}

    async def _ask(self, method: str, *what: object) -> Any:
        """Call one of ccxt's methods, guarded and with retries."""
        transport = self._connected()
        return await transport.call(lambda: getattr(transport.exchange, method)(*what))

    def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return self._connected().run(work)

    # --- the connection ---------------------------------------------------------------------------------------

    def _connected(self) -> Transport:
        if self._transport is None:
            exchange_class, complaints = _exchange_class(self.name)
            loop = new_loop()
            try:
                exchange = self._instance(exchange_class, complaints, loop)
            except BaseException:
                loop.close()
                raise
            self._transport = Transport(
                exchange,
                loop=loop,
                timeout_s=self._timeout_s,
                deadline=self._deadline,
                monotonic=self._monotonic,
                jitter=self._jitter,
                complaints=complaints,
            )
        return self._transport

    def _instance(
        self, exchange_class: type[Any], complaints: type[Exception], loop: asyncio.AbstractEventLoop
    ) -> Any:
        """Build the guarded exchange: the venue's settings, the user's over them, and ours that always hold."""
        wall_ms = self._wall_ms
        guarded = type(
            f"guarded_{self.name}",
            (Guard, exchange_class),
            {"venue": self.venue, "wall_ms": lambda _: wall_ms()},
        )
        try:
            exchange = guarded({**settings_of(self.venue, self._options), "asyncio_loop": loop})
            url = exchange.urls
            for key in self.venue.host:
                url = url[key]
            target = urlsplit(url)
            if not target.hostname or target.port == 0 or exchange.timeout <= 0:
                url = None
        except (*ESCAPES, complaints):
            url = None
        if url is None:
            option, given = f"exchange_options.{self.name}", ", ".join(map(str, self._options))
            raise BadOption(option=option, value=given, problem="ccxt cannot be set up with these")
        for key, value in proxy_of(url, self._options, self._environ).items():
            setattr(exchange, key, value)
        exchange.pending = {}
        exchange.home_url = url
        exchange.own_session = False
        exchange.timeout_on_exit = 0
        exchange.session = loop.run_until_complete(open_session(exchange))
        return exchange

    def _failed(self, reason: str, detail: str) -> ExchangeFailed:
        exchange = self._connected().exchange
        return ExchangeFailed(
            exchange=self.name, reason=reason, detail=detail, tried=place(exchange.home_url)
        )
