"""Candles over any span, page by page, until nothing is lacking that the exchange has."""

from collections.abc import Awaitable, Callable
from typing import Any

from betacli.core.calendar import TIMEFRAMES_MS
from betacli.core.candles import bars_between, iso, resample
from betacli.core.model import Candles, Unknown
from betacli.data.bars import candles_of, in_base_units, opens_within, page_rows, pages
from betacli.data.candles import Listing
from betacli.data.transport import together
from betacli.data.venue import Venue
from betacli.errors import ExchangeFailed

Ask = Callable[..., Awaitable[Any]]


class Pager:
    """Fetches bars of one exchange. `ask` calls one of ccxt's methods; `now_ms` is the exchange's time."""

    def __init__(self, venue: Venue, *, ask: Ask, now_ms: int, index: bool = False) -> None:
        """Remember what to ask; with `index`, for the index price, which has no volume."""
        self._venue = venue
        self._ask = ask
        self._now_ms = now_ms
        self._index = index
        self._which: dict[str, object] = {"price": "index"} if index else {}

    async def bars(self, listing: Listing, timeframe: str, start_ms: int, end_ms: int) -> Candles | Unknown:
        """Return one symbol's bars that open in [start, end), which all have closed.

        A timeframe the exchange does not have is put together from a finer one.
        """
        finer = self._venue.built.get(timeframe, timeframe)
        found = await self._history(listing, finer, start_ms, end_ms)
        if finer == timeframe or isinstance(found, Unknown):
            return found
        return bars_between(resample(found, TIMEFRAMES_MS[timeframe]), start_ms, end_ms)

    async def _history(
        self, listing: Listing, timeframe: str, start_ms: int, end_ms: int
    ) -> Candles | Unknown:
        """Fetch all pages at once."""
        timeframe_ms = TIMEFRAMES_MS[timeframe]
        if self._venue.reach_rows:
            found = await self._latest(listing, timeframe, start_ms)
            if isinstance(found, Unknown):
                return found
            return self._candles(found, listing, timeframe_ms, start_ms, end_ms)
        rows = await self._recent(listing, timeframe, start_ms, end_ms)
        opens = opens_within(rows, start_ms, end_ms)
        older = self._pages(start_ms, min(opens) if opens else end_ms, timeframe_ms)
        pages_of = await together(self._span(listing, timeframe, *page) for page in older)
        rows = [*rows, *(row for page in pages_of for row in page)]
        return self._candles(rows, listing, timeframe_ms, start_ms, end_ms)

    def _candles(
        self, rows: list[list[Any]], listing: Listing, timeframe_ms: int, start_ms: int, end_ms: int
    ) -> Candles | Unknown:
        """Return what the rows hold, with volumes in base units."""
        candles = candles_of(
            rows,
            symbol=listing.symbol,
            timeframe_ms=timeframe_ms,
            start_ms=start_ms,
            end_ms=end_ms,
            now_ms=self._now_ms,
            traded=not self._index,
        )
        if self._index or isinstance(candles, Unknown):
            return candles
        return in_base_units(candles, self._unit(listing))

    def _pages(self, start_ms: int, end_ms: int, timeframe_ms: int) -> list[tuple[int, int]]:
        bars = (end_ms - start_ms) // timeframe_ms
        if bars <= 0:
            return []
        return pages(start_ms, end_ms, timeframe_ms, page_rows(bars, self._venue.page_costs))

    async def _latest(self, listing: Listing, timeframe: str, start_ms: int) -> list[list[Any]] | Unknown:
        """Fetch the latest bars, of an exchange that has none before.

        Fewer of them than are ever cut short are all that the coin has; of more, the first must reach the start.
        """
        most = self._venue.recent_rows
        rows: list[list[Any]] = await self._ask(
            "fetch_ohlcv", listing.symbol, timeframe, None, most, dict(self._venue.recent_params)
        )
        opens = [row[0] for row in rows if isinstance(row[0], int)]
        if len(rows) < self._venue.reach_rows or not opens or min(opens) <= start_ms:
            return rows
        return Unknown(
            reason=f"has {timeframe} bars only since {iso(min(opens))}: `{self._venue.id}` gives the latest "
            f"{len(rows)} of a spot market, and none before"
        )

    async def _recent(self, listing: Listing, timeframe: str, start_ms: int, end_ms: int) -> list[list[Any]]:
        """Fetch the latest bars in the one cheap request that gives them, where the exchange has one."""
        timeframe_ms = TIMEFRAMES_MS[timeframe]
        most = self._venue.recent_rows
        ago = -(-(self._now_ms - start_ms) // timeframe_ms)  # bars, the unfinished one included
        latest = end_ms > self._now_ms - most * timeframe_ms
        if not most or not latest:
            return []
        try:
            rows: list[list[Any]] = await self._ask(
                "fetch_ohlcv",
                listing.symbol,
                timeframe,
                None,
                min(most, ago + 1),
                {**self._venue.recent_params, **self._which},
            )
        except ExchangeFailed as failed:
            if failed.reason != "bad_response":
                raise
            return []  # the pages may still be there
        opens = opens_within(rows, start_ms, end_ms)
        # nothing is missing behind what was found, or the pages shall find it
        return rows if opens and max(opens) == end_ms - timeframe_ms else []

    async def _span(self, listing: Listing, timeframe: str, start_ms: int, end_ms: int) -> list[list[Any]]:
        """Fetch one page, and once more what it lacks at either end.

        A short page proves nothing: the exchange may cut pages shorter than asked, or the bars may not exist. Only
        an empty answer for what is missing ends the search; bars missing in between stay missing.
        """
        timeframe_ms = TIMEFRAMES_MS[timeframe]
        wanted = (end_ms - start_ms) // timeframe_ms
        until = {**self._venue.candle_params, **self._which, "until": end_ms - 1}
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

    def _unit(self, listing: Listing) -> float | None:
        """Return what one unit of a candle's volume is in base units."""
        if self._venue.volume_in == "contracts":
            return float(listing.market.contract_size) if listing.market else None
        return 1.0 if self._venue.volume_in == "base" else None
