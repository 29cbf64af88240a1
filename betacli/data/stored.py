"""An exchange through the store: what is there is not asked for again, and what is fetched is kept.

A bar counts as closed `GRACE_MS` after its end by this computer's clock, unless the store has it already. Where all
bars wanted are known, nothing is sent; the exchange behind, and ccxt with it, is not even made. Whenever bars are
fetched, the last two stored ones are fetched with them and compared.

An exchange may publish its last bar late. One that was missing when asked for is asked for again until `LATE_MS`
after its end; from then on it does not exist, until the next bar is fetched with those before it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from betacli.core.calendar import TIMEFRAMES_MS, last_closed_open
from betacli.core.candles import bars_between, iso
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
from betacli.data.candle_store import CandleStore, MendingStore
from betacli.data.candles import Listing, MarketData, distinct, untold
from betacli.data.lacking import Wanted, known_until, span
from betacli.data.store_listings import KnownListing
from betacli.data.store_series import Fetched, StoredCandles
from betacli.data.stored_spot import StoredSpot
from betacli.data.telling import by_symbol, length, revised
from betacli.errors import NoData

T = TypeVar("T")

GRACE_MS = 10_000
MAX_ROWS = 200_000  # fetched at once: some 60 MB before they are stored

OFFLINE = "needs the network, and `--offline` forbids it"


class LiveMarket(MarketData, Protocol):
    """An exchange as the store needs it."""

    @property
    def server_ms(self) -> int:
        """The exchange's time at the first question."""
        ...

    @property
    def market_count(self) -> int:
        """How many contracts it lists."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class StoredMarket:
    """Market data of one exchange, from the store where it has it; see `MarketData`."""

    simulated = False
    finest_timeframe = "1m"

    def __init__(
        self,
        *,
        name: str,
        key: str,
        folder: Path,
        exchange: Callable[[int | None], LiveMarket],
        now_ms: Callable[[], int],
        timeframe: str = "1m",
        as_of_ms: int | None = None,
        offline: bool = False,
        keeping: bool = False,
    ) -> None:
        """Remember where and how; nothing is opened, imported or asked before the first question.

        Args:
            name: of the exchange.
            key: what its bars and contracts are stored under.
            folder: of the store.
            exchange: makes the exchange behind, from the number of contracts it had a while ago; called when
                something must be fetched.
            now_ms: this computer's clock, UTC milliseconds.
            timeframe: of the bars that will be asked for: decides whether the store is up to date.
            as_of_ms: the moment of the answer; None for now.
            offline: never ask the exchange.
            keeping: storing is what the run is for; a store that cannot be used is raised.
        """
        self.name = name
        self._key = key
        self.fetched: dict[str, int] = {}  # new bars by symbol
        self._store = MendingStore(folder, required=keeping, only=offline)
        self._make = exchange
        self._exchange: LiveMarket | None = None
        self._wall_ms = now_ms
        self._timeframe = timeframe
        self._as_of_ms = as_of_ms
        self._offline = offline
        self._moment_ms: int | None = as_of_ms
        self._notices: list[Notice] = []
        self._remarks: dict[str, tuple[Notice, ...]] = {}
        self._caveats: tuple[Notice, ...] | None = None
        self._spot = StoredSpot(self._store, key, behind=self._behind, now_ms=now_ms)

    @property
    def live(self) -> bool:
        """Whether prices, books and funding are of this moment."""
        return self._as_of_ms is None and not self._offline

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What happened to the store, what of it the answer rests on, and what the exchange remarks."""
        kept = (*self._remarks.values(), *self._spot.remarks.values())
        remarks = [remark for remarks in kept for remark in remarks]
        behind = self._exchange.notices if self._exchange is not None else ()
        return tuple(dict.fromkeys((*self._store.notices, *self._notices, *remarks, *behind)))

    @property
    def now_ms(self) -> int:
        """The moment the answer is for.

        As asked; by this computer's clock where the store is up to date by it; else by the exchange's.
        """
        if self._moment_ms is None:
            self._moment_ms = self._moment()
        return self._moment_ms

    def close(self) -> None:
        """Let go of the connection and of the store."""
        if self._exchange is not None:
            self._exchange.close()
        self._store.close()

    def _moment(self) -> int:
        local_ms, step = self._wall_ms(), TIMEFRAMES_MS[self._timeframe]
        reached_ms = self._store.ask(lambda store: store.bars.reaches(self._key, step)) or 0
        if reached_ms >= last_closed_open(local_ms, step) + step:
            return local_ms
        due_ms = last_closed_open(local_ms, step, grace_ms=GRACE_MS) + step
        if self._offline or reached_ms >= due_ms:
            return min(local_ms, due_ms + step - 1)
        return self._behind().now_ms

    def _behind(self) -> LiveMarket:
        """Return the exchange, made when it is first needed."""
        if self._exchange is None:
            local_ms = self._wall_ms()
            before = self._store.ask(lambda store: store.listings.contracts_before(self._key, local_ms))
            self._exchange = self._make(before)
        return self._exchange

    # --- contracts --------------------------------------------------------------------------------------------

    def find(self, members: Sequence[Member], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, the contract of each member, as the exchange told it within the last day."""
        local_ms = self._wall_ms()
        known = self._store.ask(lambda store: store.listings.read(self._key, quote, members)) or {}
        if self._offline:
            return self._found_offline(members, known)
        fresh = {base: kept for base, kept in known.items() if kept.fresh(local_ms)}
        if any(member.base not in fresh for member in members):
            fresh = self._ask_listings(members, quote, local_ms)
        self._remarks |= {base: known.remarks for base, known in fresh.items()}
        return {member.base: fresh[member.base].answer for member in members}

    def _ask_listings(self, members: Sequence[Member], quote: str, local_ms: int) -> dict[str, KnownListing]:
        """Ask the exchange where the members are kept, and keep what it says with what it remarks on each."""
        exchange = self._behind()
        contracts = exchange.market_count
        if self._caveats is None:
            self._caveats = exchange.notices
        told = {}
        for member in members:
            before = exchange.notices
            answer = exchange.find([member], quote)[member.base]
            own = tuple(notice for notice in exchange.notices if notice not in before)
            remarks = self._remarks.get(member.base) or (*self._caveats, *own)
            told[member.base] = KnownListing(answer=answer, fetched_ms=local_ms, remarks=remarks)
        self._store.ask(lambda store: store.listings.write(self._key, quote, members, told, contracts))
        return told

    def _found_offline(
        self, members: Sequence[Member], known: Mapping[str, KnownListing]
    ) -> dict[str, Listing | Unknown]:
        """Return what was last told, however long ago, and tell how long."""
        if not known:
            raise self._nothing("nothing of it is stored")
        self._remarks |= {base: kept.remarks for base, kept in known.items()}
        oldest_ms = min(kept.fetched_ms for kept in known.values())
        self._notices.append(
            Notice(
                id="offline-contracts",
                detail=f"contracts are those of {self._since(oldest_ms)}",
                severity="note",
            )
        )
        absent = Unknown(reason=f"is not among the stored contracts of `{self.name}`")
        return {
            member.base: known[member.base].answer if member.base in known else absent for member in members
        }

    # --- candles ----------------------------------------------------------------------------------------------

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms)."""
        distinct(listings)
        step = TIMEFRAMES_MS[timeframe]
        want = Wanted(
            timeframe=timeframe,
            first_ms=-(-start_ms // step) * step,
            past_ms=min(-(-end_ms // step) * step, last_closed_open(self.now_ms, step) + step),
        )
        if want.past_ms <= want.first_ms:
            return {listing.base: want.nothing() for listing in listings}
        while not self._store.gone:
            before = self._store.mended
            refused = {} if self._offline else self._fetch_missing(listings, want)
            answers = self._store.ask(lambda store: self._read(store, listings, want))
            if answers is not None and before == self._store.mended:
                if self._offline:
                    return self._told_offline(listings, answers, want)
                return {**answers, **refused}
        return self._behind().candles(listings, timeframe, start_ms, end_ms)

    def _read(
        self, store: CandleStore, listings: Sequence[Listing], want: Wanted
    ) -> dict[str, Candles | Unknown]:
        """Return what the store holds: the closes now, the other columns when they are asked for."""
        answers: dict[str, Candles | Unknown] = {}
        with store.database.reading():
            known = store.bars.series(self._key, want.step_ms, [listing.symbol for listing in listings])
            for listing in listings:
                series = known.get(listing.symbol)
                bars = store.bars.read(series, want.first_ms, want.past_ms, ("close",)) if series else None
                answers[listing.base] = (
                    StoredCandles.lazy(
                        listing.symbol, want.step_ms, bars, partial(self._whole, listing, want)
                    )
                    if bars is not None and len(bars.open_ms)
                    else want.nothing()
                )
        return answers

    def _whole(self, listing: Listing, want: Wanted, since_ms: int | None = None) -> Candles:
        """Return every column of one symbol's candles, from an open time on."""
        want = want if since_ms is None else replace(want, first_ms=since_ms)

        def read(store: CandleStore) -> Candles | None:
            with store.database.reading():
                known = store.bars.series(self._key, want.step_ms, [listing.symbol])
                series = known.get(listing.symbol)
                bars = store.bars.read(series, want.first_ms, want.past_ms) if series else None
            return bars.candles(listing.symbol, want.step_ms) if bars is not None else None

        found: Candles | Unknown | None = self._store.ask(read)
        if found is None:
            asked = self._behind().candles([listing], want.timeframe, want.first_ms, want.past_ms)
            found = asked[listing.base]
        if isinstance(found, Unknown):
            raise NoData(what=f"`{listing.base}` {found.reason}")
        return found

    def _told_offline(
        self, listings: Sequence[Listing], answers: dict[str, Candles | Unknown], want: Wanted
    ) -> dict[str, Candles | Unknown]:
        """Tell how old the newest stored bar is; without spot bars an answer goes on, without any others none does."""
        ends = [int(c.open_ms[-1]) + c.timeframe_ms for c in answers.values() if isinstance(c, Candles)]
        spots = [one.base for one in listings if one.is_spot and isinstance(answers[one.base], Unknown)]
        if not ends and len(spots) < len(listings):
            raise self._nothing(f"no {want.timeframe} bars of it are stored for that time")
        answers = {**answers, **dict.fromkeys(spots, Unknown(reason=OFFLINE))}
        if not ends:
            return answers
        detail = f"offline: the newest stored {want.timeframe} bar closed {self._since(max(ends))}"
        self._notices.append(Notice(id="offline", detail=detail, severity="note"))
        return answers

    def _nothing(self, problem: str) -> NoData:
        way_out = (
            "fill the store with `betacli data fetch`, or name files with `--candles`, "
            "or the simulated market with `--exchange sample`"
        )
        return NoData(what=f"`--offline` forbids asking `{self.name}`, and {problem}", way_out=way_out)

    def _since(self, time_ms: int) -> str:
        """Say when something was, and how long ago unless the answer is for a past moment."""
        if self._as_of_ms is not None:
            return iso(time_ms)
        return f"{iso(time_ms)}, {length(self._wall_ms() - time_ms)} ago"

    # --- fetching ---------------------------------------------------------------------------------------------

    def _fetch_missing(self, listings: Sequence[Listing], want: Wanted) -> dict[str, Unknown]:
        """Fetch and store what is not known yet; return the symbols whose bars are refused, by base."""
        spans = self._store.ask(lambda store: self._lacking(store, listings, want)) or {}
        alike: dict[tuple[int, int], list[Listing]] = {}
        for listing in listings:
            if listing.symbol in spans:
                alike.setdefault(spans[listing.symbol], []).append(listing)
        refused: dict[str, Unknown] = {}
        for (from_ms, to_ms), group in alike.items():
            at_once = max(1, MAX_ROWS * want.step_ms // (to_ms - from_ms))
            for some in (group[i : i + at_once] for i in range(0, len(group), at_once)):
                if not self._store.gone:
                    refused |= self._fetch(some, want, from_ms, to_ms)
        return refused

    def _lacking(
        self, store: CandleStore, listings: Sequence[Listing], want: Wanted
    ) -> dict[str, tuple[int, int]]:
        """Return, by symbol, the time [from, to) that must be fetched."""
        with store.database.reading():
            known = store.bars.series(self._key, want.step_ms, [listing.symbol for listing in listings])
            spans = {listing.symbol: span(store, known.get(listing.symbol), want) for listing in listings}
        return {symbol: span for symbol, span in spans.items() if span is not None}

    def _fetch(
        self, listings: Sequence[Listing], want: Wanted, from_ms: int, to_ms: int
    ) -> dict[str, Unknown]:
        """Ask the exchange for some symbols' bars of one span, and store what is sound."""
        exchange, step = self._behind(), want.step_ms
        answers = exchange.candles(listings, want.timeframe, from_ms, to_ms)
        server_ms = exchange.server_ms
        closed_ms = last_closed_open(min(server_ms, exchange.now_ms), step) + step
        fetched = {}
        for listing in listings:
            answer = answers[listing.base]
            if isinstance(answer, Candles):
                bars = bars_between(answer, from_ms, min(to_ms, closed_ms))
                known_ms = known_until(bars, from_ms, min(to_ms, closed_ms), server_ms)
                fetched[listing.symbol] = Fetched(candles=bars, from_ms=from_ms, to_ms=known_ms)
        wrote = self._store.ask(lambda store: store.bars.write(self._key, step, fetched, server_ms))
        if wrote is not None:
            new, revisions = wrote
            for symbol, n in new.items():
                self.fetched[symbol] = self.fetched.get(symbol, 0) + n
            self._notices += [revised(self.name, of) for of in by_symbol(revisions)]
        return {base: answer for base, answer in answers.items() if isinstance(answer, Unknown)}

    # --- what is of the moment --------------------------------------------------------------------------------

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Return, by base, the mark price now."""
        return self._now(listings, "prices")

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book now."""
        return self._now(listings, "books")

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the funding rate now and its interval."""
        return self._now(listings, "funding")

    def open_interest(self, listings: Sequence[Listing]) -> Mapping[str, OpenInterest | Unknown]:
        """Return, by base, the open interest now."""
        return self._now(listings, "open_interest")

    def tickers(self, listings: Sequence[Listing]) -> Mapping[str, Ticker | Unknown]:
        """Return, by base, the latest prices now and the volume of 24 hours."""
        return self._now(listings, "tickers")

    def tiers(self, listings: Sequence[Listing]) -> Mapping[str, tuple[MarginTier, ...] | Unknown]:
        """Return, by base, the margin brackets now."""
        return self._now(listings, "tiers")

    def _now(self, listings: Sequence[Listing], question: str) -> Mapping[str, T | Unknown]:
        if self._offline:
            return untold(listings, OFFLINE)
        answers: Mapping[str, T | Unknown] = getattr(self._behind(), question)(listings)
        return answers

    # --- what is not stored -----------------------------------------------------------------------------------

    def futures(self, bases: Sequence[str], quote: str) -> Mapping[str, tuple[Listing, ...] | Unknown]:
        """Return, by base, its dated futures, the nearest expiry first."""
        if self._offline:
            return {base: Unknown(reason=OFFLINE) for base in bases}
        return self._behind().futures(bases, quote)

    def spot(self, bases: Sequence[str], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, its spot market, as the exchange told it within the last day; offline, however long ago."""
        if not self._offline:
            return self._spot.find(bases, quote)
        answers, oldest_ms = self._spot.offline(bases, quote, Unknown(reason=OFFLINE))
        if oldest_ms is not None:
            detail = f"spot markets are those of {self._since(oldest_ms)}"
            self._notices.append(Notice(id="offline-spot", detail=detail, severity="note"))
        return answers

    def funding_history(
        self, listings: Sequence[Listing], start_ms: int, end_ms: int
    ) -> Mapping[str, FundingHistory | Unknown]:
        """Return, by base, the funding payments at times in [start_ms, end_ms)."""
        if self._offline:
            return untold(listings, OFFLINE)
        return self._behind().funding_history(listings, start_ms, end_ms)

    def index_candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, closed bars of the index price behind the contract."""
        if self._offline:
            return untold(listings, OFFLINE)
        return self._behind().index_candles(listings, timeframe, start_ms, end_ms)
