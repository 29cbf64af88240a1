"""What an exchange says of this moment: prices, order books, funding, open interest, tickers, margin brackets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from betacli.core.model import Book, Funding, MarginTier, OpenInterest, Price, Ticker, Unknown
from betacli.data.answers import (
    book_of,
    entry_of,
    funding_of,
    hours_between,
    interest_of,
    price_of,
    told_hours,
)
from betacli.data.asker import NOT_TOLD, Asker
from betacli.data.candles import Listing, untold
from betacli.data.contracts import Contracts
from betacli.data.margin import counted_tiers, listed_tiers
from betacli.data.quotes import last_of, ticker_of
from betacli.data.transport import together
from betacli.data.venue import Venue
from betacli.errors import ExchangeFailed

PAYMENTS = 4  # funding payments that tell an interval


class Present:
    """Questions about this moment. Each has an endpoint of its own, and is unknown where that gives nothing sound."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._venue: Venue = asker.venue

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Return, by base, the mark price; the last price where there are no marks."""
        marks_of = self._venue.marks
        if marks_of is None:
            now_ms = self._asker.present_ms()
            return {base: last_of(ticker, now_ms) for base, ticker in self.tickers(listings).items()}
        marks = self._asker.run(lambda: self._asker.all_at_once("prices", marks_of))
        if isinstance(marks, Unknown):
            return {listing.base: marks for listing in listings}
        now_ms = self._asker.present_ms()
        return {
            listing.base: price_of(
                entry_of(marks, listing.symbol), now_ms=now_ms, mark_key=self._venue.mark_key
            )
            for listing in listings
        }

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book."""
        if not self._venue.book_units:
            reason = f"has an order book whose unit nobody has checked on `{self._venue.id}`"
            return untold(listings, reason)
        return self._asker.known(self._asker.each(listings, self._book))

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the funding rate and its interval."""
        rates, intervals = self._asker.run(lambda: together([self._rates(), self._intervals()]))
        if isinstance(rates, Unknown):
            return {listing.base: rates for listing in listings}
        answers = self._asker.each(listings, lambda listing: self._funding(listing, rates, intervals))
        return self._asker.known(answers)

    def open_interest(self, listings: Sequence[Listing]) -> Mapping[str, OpenInterest | Unknown]:
        """Return, by base, the open interest."""
        if not self._venue.interest:
            reason = f"has no open interest that could be asked for on `{self._venue.id}`"
            return untold(listings, reason)
        return self._asker.known(self._asker.each(listings, self._interest))

    def tickers(self, listings: Sequence[Listing]) -> Mapping[str, Ticker | Unknown]:
        """Return, by base, the latest prices and the volume of 24 hours, put together from all that tell them."""
        parts = self._venue.quotes
        if not parts:
            return untold(listings, f"has a ticker whose units nobody has checked on `{self._venue.id}`")
        wanted = dict.fromkeys(part.method for part in parts)
        asked = self._asker.run(
            lambda: together(self._asker.all_at_once("ticker", method) for method in wanted)
        )
        answers = dict(zip(wanted, asked, strict=True))
        lacking = next((answer for answer in answers.values() if isinstance(answer, Unknown)), None)
        if lacking is not None:
            return {listing.base: lacking for listing in listings}
        now_ms = self._asker.present_ms()
        return {
            listing.base: ticker_of(
                [(part, entry_of(answers[part.method], listing.symbol)) for part in parts],
                listing=listing,
                now_ms=now_ms,
                counts_contracts=self._venue.volume_in == "contracts",
            )
            for listing in listings
        }

    def tiers(
        self, listings: Sequence[Listing], contracts: Callable[[], Contracts]
    ) -> Mapping[str, tuple[MarginTier, ...] | Unknown]:
        """Return, by base, the margin brackets where the exchange tells them without a key."""
        if self._venue.tiers is None:
            return untold(listings, f"has no margin brackets: {self._venue.no_tiers}")
        listed = contracts()
        if self._venue.tiers == "contract":
            prices = self.prices(listings)
            return {
                listing.base: counted_tiers(listed.raw(listing.symbol), listing.market, prices[listing.base])
                for listing in listings
            }
        return self._asker.known(self._asker.each(listings, self._tiers))

    # --- one answer -------------------------------------------------------------------------------------------

    async def _book(self, listing: Listing) -> Book | Unknown:
        answer = await self._asker.ask("fetch_order_book", listing.symbol, self._venue.book_levels)
        return book_of(
            answer,
            symbol=listing.symbol,
            now_ms=self._asker.present_ms(),
            market=listing.market,
            coin_sides=self._venue.coin_sides,
        )

    async def _rates(self) -> Any:
        """Return the funding rates of all symbols; none where each has to be asked for."""
        one_by_one = self._venue.rates == "fetch_funding_rate"
        return {} if one_by_one else await self._asker.all_at_once("funding rates", self._venue.rates)

    async def _intervals(self) -> Any:
        """Return the funding intervals that an exchange lists where they are not the usual one."""
        listed = self._venue.funding_hours is not None
        return await self._asker.all_at_once("funding intervals", "fetch_funding_intervals") if listed else {}

    async def _funding(self, listing: Listing, rates: Any, intervals: Any) -> Funding | Unknown:
        """Put a rate and its interval together; where the interval is not told, past payments tell it."""
        if listing.market is not None and listing.market.kind == "future":
            return Unknown(reason="is a dated future, which pays no funding")
        if self._venue.rates == "fetch_funding_rate":
            rate = await self._asker.ask(self._venue.rates, listing.symbol)
        else:
            rate = entry_of(rates, listing.symbol)
        listed = not isinstance(intervals, Unknown)
        usual = self._venue.funding_hours if listed else None
        hours = told_hours(rate, entry_of(intervals, listing.symbol), usual)
        next_key, now_ms = self._venue.next_funding, self._asker.present_ms()
        if hours is None and listed and rate.get("fundingRate") is not None:
            try:
                past = await self._asker.ask("fetch_funding_rate_history", listing.symbol, None, PAYMENTS)
            except ExchangeFailed as failed:
                if failed.reason not in NOT_TOLD:
                    raise
                past = []
            hours = hours_between(past, rate, next_key=next_key, now_ms=now_ms)
        return funding_of(rate, hours, symbol=listing.symbol, now_ms=now_ms, next_key=next_key)

    async def _interest(self, listing: Listing) -> OpenInterest | Unknown:
        answer = await self._asker.ask("fetch_open_interest", listing.symbol)
        return interest_of(answer, symbol=listing.symbol, now_ms=self._asker.present_ms())

    async def _tiers(self, listing: Listing) -> tuple[MarginTier, ...] | Unknown:
        answer = await self._asker.ask("fetch_market_leverage_tiers", listing.symbol)
        return listed_tiers(answer)
