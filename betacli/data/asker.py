"""One exchange being asked: its connection, its clock, many questions at once, and what a failure costs."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from betacli.core.model import Unknown
from betacli.data.candles import Listing
from betacli.data.connection import connect
from betacli.data.transport import Transport, together
from betacli.data.venue import Venue
from betacli.errors import ExchangeFailed

T = TypeVar("T")

FIRST_FUTURES_MS = 1_400_000_000_000  # 2014: an exchange's time before it is not in milliseconds
LAST_TIME_MS = 4_102_444_800_000  # 2100

# An answer that lacks, and no reason to stop.
NOT_TOLD = frozenset({"bad_response", "bad_symbol", "auth"})


def lent(listing: Listing) -> dict[str, Any]:
    """Return a market as ccxt describes it, from what is known of it."""
    market = listing.market
    if market is None or listing.own_symbol is None:
        raise ValueError(listing.symbol)
    kind = market.kind
    contract = kind != "spot"
    return {
        "id": listing.own_symbol,
        "symbol": listing.symbol,
        "base": listing.symbol.partition("/")[0],
        "quote": market.quote,
        "settle": market.settle,
        "baseId": listing.symbol.partition("/")[0],
        "quoteId": market.quote,
        "settleId": market.settle,
        "type": kind,
        "spot": kind == "spot",
        "margin": False,
        "swap": kind == "swap",
        "future": kind == "future",
        "option": False,
        "contract": contract,
        "active": True,
        "linear": True if contract else None,
        "inverse": False if contract else None,
        "contractSize": float(market.contract_size) if contract else None,
        "expiry": market.expiry_ms if kind == "future" else None,
        "precision": {"amount": None, "price": None},
        "limits": {},
        "info": {},
    }


class Asker:
    """Asks one exchange. Nothing is imported or sent before the first question.

    `options` are ccxt constructor arguments of the user, `wall_ms` is this computer's clock; `progress` is called
    with how many of how many symbols are answered; `clock` has told or will tell the exchange's time, where it is
    not this one's to ask for; `how` is what `connect` takes besides.
    """

    def __init__(
        self,
        venue: Venue,
        options: Mapping[str, object],
        *,
        wall_ms: Callable[[], int],
        progress: Callable[[int, int], None] = lambda _done, _of: None,
        clock: "Asker | None" = None,
        **how: Any,
    ) -> None:
        self.venue = venue
        self._progress = progress
        self._options = options
        self._wall_ms = wall_ms
        self._clock = clock
        self._how = how
        self._transport: Transport | None = None
        self._server_ms: int | None = None
        self._skew_ms: int | None = None

    @property
    def name(self) -> str:
        """The exchange's."""
        return self.venue.id

    def close(self) -> None:
        """Let go of the connection; asking again opens a new one."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    # --- the clock --------------------------------------------------------------------------------------------

    @property
    def server_ms(self) -> int:
        """The exchange's time at the first question; this computer's where the exchange tells none."""
        if self._clock is not None:
            return self._clock.server_ms
        if self._server_ms is None:
            self.run(self._read_clock)
        return self._server_ms or 0

    @property
    def clock_skew_ms(self) -> int | None:
        """How far the exchange's clock is ahead of this computer's, as far as it was told."""
        return self._skew_ms if self._clock is None else self._clock.clock_skew_ms

    def present_ms(self) -> int:
        """Return the exchange's time of this moment, as far as it was told."""
        return self._wall_ms() + (self.clock_skew_ms or 0)

    async def _read_clock(self) -> None:
        before_ms = self._wall_ms()
        try:
            server_ms = await self.ask("fetch_time")
        except ExchangeFailed as failed:
            if failed.reason not in NOT_TOLD:
                raise
            server_ms = None
        after_ms = self._wall_ms()
        if isinstance(server_ms, int) and FIRST_FUTURES_MS < server_ms < LAST_TIME_MS:
            self._server_ms = server_ms
            self._skew_ms = server_ms - (before_ms + after_ms) // 2
        else:
            self._server_ms, self._skew_ms = after_ms, None

    # --- contracts --------------------------------------------------------------------------------------------

    def lend(self, listings: Sequence[Listing]) -> None:
        """Let ccxt know contracts that were listed within the last day, so that it need not ask for all."""
        self.connected().exchange.set_markets([lent(listing) for listing in listings])

    async def load_markets(self) -> Any:
        """Return every contract the exchange lists now; what was lent is forgotten."""
        exchange = self.connected().exchange
        exchange.markets = exchange.markets_by_id = exchange.symbols = exchange.ids = None
        return await self.ask("load_markets")

    # --- asking -----------------------------------------------------------------------------------------------

    async def ask(self, method: str, *what: object) -> Any:
        """Call one of ccxt's methods, guarded and with retries."""
        transport = self.connected()
        return await transport.call(lambda: getattr(transport.exchange, method)(*what))

    async def all_at_once(self, what: str, method: str) -> Any:
        """Ask for something about all symbols; unknown where the exchange gives nothing sound."""
        try:
            return await self.ask(method)
        except ExchangeFailed as failed:
            if failed.reason not in NOT_TOLD:
                raise
            return Unknown(reason=f"has no {what}: `{self.name}` {failed.detail}")

    def each(
        self, listings: Sequence[Listing], ask: Callable[[Listing], Coroutine[Any, Any, T | Unknown]]
    ) -> dict[str, T | Unknown | ExchangeFailed]:
        """Ask for every listing at once; a failure that concerns one symbol alone is its answer."""
        done = 0

        async def one(listing: Listing) -> T | Unknown | ExchangeFailed:
            nonlocal done
            try:
                answer: T | Unknown | ExchangeFailed = await ask(listing)
            except ExchangeFailed as failed:
                if failed.reason not in NOT_TOLD:
                    raise
                not_known = Unknown(reason=f"is `{listing.symbol}`, which `{self.name}` does not know")
                answer = not_known if failed.reason == "bad_symbol" else failed
            done += 1
            self._progress(done, len(listings))
            return answer

        try:
            self._progress(0, len(listings))
            answers = self.run(lambda: together(one(listing) for listing in listings))
        finally:
            self._progress(len(listings), len(listings))
        return {listing.base: answer for listing, answer in zip(listings, answers, strict=True)}

    def known(self, answers: Mapping[str, T | Unknown | ExchangeFailed]) -> dict[str, T | Unknown]:
        """Return answers in which a failure is one more thing that is not known."""
        return {
            base: Unknown(reason=f"is not told: `{self.name}` {answer.detail}")
            if isinstance(answer, ExchangeFailed)
            else answer
            for base, answer in answers.items()
        }

    def told(self, answers: Mapping[str, T | Unknown | ExchangeFailed]) -> dict[str, T | Unknown]:
        """Return answers of which at least one is no failure.

        Raises:
            ExchangeFailed: there are only failures, which is not about a symbol.
        """
        failures = [answer for answer in answers.values() if isinstance(answer, ExchangeFailed)]
        if failures and len(failures) == len(answers):
            raise failures[0]
        return self.known(answers)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a batch of questions to its end, or to the deadline."""
        return self.connected().run(work)

    def connected(self) -> Transport:
        """Return the connection, made when it is first needed."""
        if self._transport is None:
            self._transport = connect(self.venue, self._options, wall_ms=self._wall_ms, **self._how)
        return self._transport
