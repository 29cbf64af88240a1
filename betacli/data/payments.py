"""Funding payments over any span, page by page, and how far apart they are. The interval is each symbol's own."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import numpy as np

from betacli.core.calendar import DAY_MS, HOUR_MS, MINUTE_MS
from betacli.core.candles import iso
from betacli.core.model import FundingHistory, Unknown
from betacli.data.answers import HOURS, number
from betacli.data.candles import Listing
from betacli.data.transport import together
from betacli.data.venue import Venue

Ask = Callable[..., Awaitable[Any]]

LATEST = 6  # gaps between payments that tell the interval of now
MOST_PAGES = 200
FIRST_MS = 1_400_000_000_000  # 2014: a time before is not in milliseconds
ROUND_MS = 5 * MINUTE_MS  # a payment is listed within so much of its hour


class _NotListeningError(Exception):
    """An exchange that gives the same payments whatever it is asked for: what it leaves out cannot be had."""


class Payments:
    """Fetches one exchange's funding payments. `ask` calls one of ccxt's methods."""

    def __init__(self, venue: Venue, *, ask: Ask) -> None:
        self._venue = venue
        self._ask = ask

    async def between(self, listing: Listing, start_ms: int, end_ms: int) -> FundingHistory | Unknown:
        """Return the payments of one symbol at times in [start, end), which are all past."""
        if listing.market is not None and listing.market.kind != "swap":
            return Unknown(reason="is no perpetual, and pays no funding")
        try:
            if self._venue.payment_pages:
                rows = await self._numbered(listing, start_ms)
            else:
                rows = await self._span(listing, start_ms, end_ms)
        except _NotListeningError:
            return Unknown(reason="has a funding history that stays the same whatever time is asked for")
        return payments_of(rows, symbol=listing.symbol, start_ms=start_ms, end_ms=end_ms)

    async def _span(self, listing: Listing, start_ms: int, end_ms: int) -> list[Any]:
        """Ask for a span, and again for what the page lacks at either end.

        The exchange may serve the first or the last of what is asked for, or fewer than asked: only an answer that
        reaches both ends within one interval, or an empty one, ends the search.
        """
        until = {"until": end_ms - 1}
        rows = _list(
            await self._ask(
                "fetch_funding_rate_history", listing.symbol, start_ms, self._venue.payment_rows, until
            )
        )
        times = sorted({t for t in map(_time, rows) if t is not None and start_ms <= t < end_ms})
        if not times:
            if rows:
                raise _NotListeningError
            return rows
        gaps = np.diff(times)
        usual_ms = (int(np.median(gaps)) if len(gaps) else HOUR_MS) + ROUND_MS
        lacking = [(start_ms, times[0]), (times[-1] + 1, end_ms)]
        more = await together(
            self._span(listing, from_ms, to_ms) for from_ms, to_ms in lacking if to_ms - from_ms > usual_ms
        )
        return [*rows, *(row for part in more for row in part)]

    async def _numbered(self, listing: Listing, start_ms: int) -> list[Any]:
        """Ask for pages by number, the latest first, until one reaches back far enough or is empty."""
        rows: list[Any] = []
        before_ms: int | None = None
        for page in range(1, MOST_PAGES + 1):
            told = _list(
                await self._ask(
                    "fetch_funding_rate_history",
                    listing.symbol,
                    None,
                    self._venue.payment_rows,
                    {"page_num": page},
                )
            )
            earliest_ms = min((t for t in map(_time, told) if t is not None), default=None)
            if earliest_ms is not None and before_ms is not None and earliest_ms >= before_ms:
                if len(told) >= self._venue.payment_rows:
                    raise _NotListeningError
                return rows
            rows += told
            if earliest_ms is None or earliest_ms < start_ms:
                return rows
            before_ms = earliest_ms
        raise _NotListeningError


def payments_of(rows: Iterable[Any], *, symbol: str, start_ms: int, end_ms: int) -> FundingHistory | Unknown:
    """Return the payments in [start, end), or the defect that makes all of them suspect.

    Args:
        rows: ccxt's entries in any order and number.
        symbol: of the contract.
        start_ms: the first time that counts.
        end_ms: past the last.
    """
    rate_at: dict[int, float] = {}
    for row in rows:
        told = row if isinstance(row, Mapping) else {}
        time_ms, rate = _time(told), number(told.get("fundingRate"))
        if time_ms is None or not FIRST_MS < time_ms < FIRST_MS * 3:
            return Unknown(reason="has a funding payment without a time")
        if rate is None or abs(rate) >= 1:
            return Unknown(reason=f"has a funding payment without a rate at {iso(time_ms)}")
        if told.get("symbol") not in {None, symbol}:
            return Unknown(reason="has funding payments of another symbol in its answer")
        if rate_at.setdefault(time_ms, rate) != rate:
            return Unknown(
                reason=f"has two funding payments at {iso(time_ms)}, of {rate:g} and {rate_at[time_ms]:g}"
            )
    times = np.array(sorted(t for t in rate_at if start_ms <= t < end_ms), dtype=np.int64)
    if not len(times):
        return Unknown(reason=f"has no funding payments between {iso(start_ms)} and {iso(end_ms)}")
    return FundingHistory(
        symbol=symbol,
        time_ms=times,
        rate=np.array([rate_at[int(t)] for t in times]),
        interval_hours=interval_of(times),
    )


def interval_of(times: np.ndarray[Any, np.dtype[np.int64]]) -> float | None:
    """Return how many hours apart the latest payments (T,) are, ascending; None where that is not clear.

    A payment that is not listed makes one distance longer, and is no new interval: only the commonest of the latest
    distances counts, or a shorter one that has just begun. A single distance could be either, and counts for nothing.
    """
    gaps = np.round(np.diff(times[-LATEST - 1 :]) / HOUR_MS, 1)
    if len(gaps) < 2:
        return None
    counts = Counter(gaps.tolist())
    most = max(counts.values())
    usual = min(gap for gap, count in counts.items() if count == most)
    latest = float(gaps[-1])
    hours = latest if latest <= usual else None
    return hours if hours in HOURS else None


def reach_ms(start_ms: int, now_ms: int) -> int:
    """Return a start no longer ago than an exchange can have payments."""
    return max(start_ms, FIRST_MS, now_ms - 20 * 365 * DAY_MS)


def _list(answer: object) -> list[Any]:
    if not isinstance(answer, list):
        raise TypeError
    return answer


def _time(row: object) -> int | None:
    time_ms = row.get("timestamp") if isinstance(row, Mapping) else None
    return time_ms if isinstance(time_ms, int) and not isinstance(time_ms, bool) else None
