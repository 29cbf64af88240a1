"""The simulated market as a source: what is listed at a moment, and what it costs. `sample_paths` makes the prices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from betacli.core.calendar import DAY_MS, HOUR_MS, TIMEFRAMES_MS
from betacli.core.candles import iso, resample
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
from betacli.data.candles import Listing, distinct
from betacli.data.sample_assets import ASSETS, QUOTE, TRUE_BETAS, Asset
from betacli.data.sample_instruments import (
    QUARTERLY,
    Instrument,
    brackets,
    future_listing,
    history_of,
    instrument_of,
    interest_of,
    named_expiry_ms,
    offsets,
    quarterly_expiries,
    rate_of,
    shifted,
    spot_listing,
)
from betacli.data.sample_noise import uniforms
from betacli.data.sample_paths import (
    BLOCK_HOURS,
    DEFAULT_SEED,
    EPOCH_MS,
    HORIZON_MS,
    Paths,
    simulate_returns,
)
from betacli.errors import NoData, safe

__all__ = ["DEFAULT_SEED", "EPOCH_MS", "HORIZON_MS", "TRUE_BETAS", "SampleMarket", "simulate_returns"]

T = TypeVar("T")

_BOOK_LEVELS = 20
_BOOK_REACH = 0.01  # the book reaches this far from its middle …
_BOOK_DEPTH = 0.01  # … and holds this part of a day's volume on each side


class SampleMarket:
    """The simulated market at one moment.

    It is always live: its order books and funding are generated for whatever moment is asked for.
    """

    __slots__ = ("_paths", "now_ms")

    name = "sample"
    simulated = True
    live = True
    notices: tuple[Notice, ...] = ()
    finest_timeframe = "1h"

    def __init__(self, *, now_ms: int, seed: int = DEFAULT_SEED) -> None:
        """Raise `NoData` where the simulated market has no day before `now_ms`, or does not reach that far."""
        if now_ms < EPOCH_MS + DAY_MS:
            what = f"the simulated market begins at {iso(EPOCH_MS)} and has no day of bars by {iso(now_ms)}"
            raise NoData(what=what, way_out=f"choose an `--as-of` after {iso(EPOCH_MS + DAY_MS)}")
        if now_ms > HORIZON_MS:
            what = f"the simulated market ends at {iso(HORIZON_MS)}"
            raise NoData(what=what, way_out="choose an earlier `--as-of`")
        self.now_ms = now_ms
        self._paths = Paths(seed)

    def find(self, members: Sequence[Member], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, each member's contract."""
        return {member.base: self._find(member, quote) for member in members}

    def futures(self, bases: Sequence[str], quote: str) -> Mapping[str, tuple[Listing, ...] | Unknown]:
        """Return, by base, the two dated futures of BTC and ETH, the nearest expiry first; others have none."""
        answer: dict[str, tuple[Listing, ...] | Unknown] = {}
        for base in bases:
            found = self._find(Member(base=base), quote)
            expiries = quarterly_expiries(self.now_ms) if base in QUARTERLY else ()
            answer[base] = (
                found
                if isinstance(found, Unknown)
                else tuple(future_listing(ASSETS[base], expiry_ms, self.now_ms) for expiry_ms in expiries)
            )
        return answer

    def spot(self, bases: Sequence[str], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, its spot market."""
        found = self.find([Member(base=base) for base in bases], quote)
        return {
            base: listing if isinstance(listing, Unknown) else spot_listing(ASSETS[base], self.now_ms)
            for base, listing in found.items()
        }

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms)."""
        return self._bars(
            {one.base: self._instrument(one) for one in _each(listings)}, timeframe, start_ms, end_ms
        )

    def index_candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, closed bars of the index behind the contract; their volumes are NaN."""
        return self._bars(
            {one.base: _index(self._instrument(one)) for one in _each(listings)}, timeframe, start_ms, end_ms
        )

    def _bars(
        self, instruments: Mapping[str, Instrument], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        step = TIMEFRAMES_MS[timeframe]
        if step < HOUR_MS:
            reason = f"the simulated market has no bars finer than {self.finest_timeframe}"
            return {base: Unknown(reason=reason) for base in instruments}
        return {base: self._candles(one, step, start_ms, end_ms) for base, one in instruments.items()}

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Return, by base, the close of the last full hour, as the mark price."""
        return self._now(
            listings,
            lambda one: Price(
                value=self._last_close(one),
                kind="mark" if one.kind != "spot" else "last",
                time_ms=self._hour_ms(one),
            ),
        )

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book of the last full hour."""
        return self._now(listings, self._book)

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the rate of the next payment and its interval."""
        return self._now(listings, self._funding)

    def funding_history(
        self, listings: Sequence[Listing], start_ms: int, end_ms: int
    ) -> Mapping[str, FundingHistory | Unknown]:
        """Return, by base, the payments at times in [start_ms, end_ms), up to now."""

        def history(one: Instrument) -> FundingHistory | Unknown:
            if one.kind != "perpetual":
                return Unknown(reason="is no perpetual, and pays no funding")
            first_ms = max(start_ms, one.asset.listed_ms + 1)
            paid = history_of(
                self._paths.seed, one.asset, first_ms, min(end_ms, self._seen_until_ms(one) + 1)
            )
            between = f"{iso(start_ms)} and {iso(end_ms)}"
            return paid if len(paid.time_ms) else Unknown(reason=f"has no funding payments between {between}")

        return {one.base: history(self._instrument(one)) for one in _each(listings)}

    def open_interest(self, listings: Sequence[Listing]) -> Mapping[str, OpenInterest | Unknown]:
        """Return, by base, the open interest of the last full hour."""
        return self._now(
            listings,
            lambda one: (
                Unknown(reason="is a spot market, which has no open interest")
                if one.kind == "spot"
                else interest_of(one, self._last_close(one), self._hour_ms(one))
            ),
        )

    def tickers(self, listings: Sequence[Listing]) -> Mapping[str, Ticker | Unknown]:
        """Return, by base, prices of the last full hour and the volume of the 24 before it."""
        return self._now(listings, self._ticker)

    def tiers(self, listings: Sequence[Listing]) -> Mapping[str, tuple[MarginTier, ...] | Unknown]:
        """Return, by base, four margin brackets."""
        return self._now(
            listings,
            lambda one: (
                Unknown(reason="is a spot market, which has no margin brackets")
                if one.kind == "spot"
                else brackets(one.asset)
            ),
        )

    def _now(
        self, listings: Sequence[Listing], answer: Callable[[Instrument], T | Unknown]
    ) -> dict[str, T | Unknown]:
        """Answer for every listing whose market is still there."""
        asked = {listing.base: self._instrument(listing) for listing in _each(listings)}
        return {base: self._gone(one) or answer(one) for base, one in asked.items()}

    def _instrument(self, listing: Listing) -> Instrument:
        return instrument_of(listing, ASSETS[listing.base])

    def _find(self, member: Member, quote: str) -> Listing | Unknown:
        asset = ASSETS.get(member.base)
        if asset is None:
            return Unknown(reason=f"the simulated market has no `{safe(member.base)}`")
        if quote != QUOTE:
            return Unknown(reason=f"the simulated market is quoted in {QUOTE}, not `{safe(quote)}`")
        expiry_ms = named_expiry_ms(member.symbol or "", asset, self.now_ms)
        if expiry_ms is not None:
            return future_listing(asset, expiry_ms, self.now_ms)
        if member.symbol not in {None, asset.symbol}:
            reason = f"the simulated market has no `{safe(member.symbol)}`; its contract is `{asset.symbol}`"
            return Unknown(reason=reason)
        if asset.listed_ms + HOUR_MS > self._seen_until_ms(Instrument(asset=asset, symbol=asset.symbol)):
            return Unknown(reason=f"the simulated market lists `{asset.base}` at {iso(asset.listed_ms)}")
        return Listing(base=asset.base, symbol=asset.symbol, market=asset.market(self.now_ms))

    def _gone(self, one: Instrument) -> Unknown | None:
        """Return why an instrument is traded no more, if so."""
        if one.delisted_ms is None or self.now_ms < one.delisted_ms:
            return None
        return Unknown(reason=f"the simulated market delisted `{one.asset.base}` at {iso(one.delisted_ms)}")

    def _seen_until_ms(self, one: Instrument) -> int:
        """Return the time after which no bar of an instrument is seen."""
        seen_ms = self.now_ms - one.asset.delay_ms
        return seen_ms if one.delisted_ms is None else min(seen_ms, one.delisted_ms)

    def _hour_ms(self, one: Instrument) -> int:
        """Return the last full hour that is seen."""
        return self._seen_until_ms(one) // HOUR_MS * HOUR_MS

    def _candles(self, one: Instrument, step: int, start_ms: int, end_ms: int) -> Candles:
        first_ms = -(-max(start_ms, one.listed_ms) // step) * step
        end_ms = min(-(-end_ms // step) * step, self._seen_until_ms(one) // step * step)
        return resample(self._traded(one, first_ms, max(first_ms, end_ms)), step)

    def _traded(self, one: Instrument, start_ms: int, end_ms: int) -> Candles:
        """Return the hourly bars of an instrument that open in [start_ms, end_ms), both full hours."""
        hours = self._hours(one.asset, start_ms, end_ms)
        if one.kind == "perpetual":
            return hours
        grid = np.arange(start_ms, end_ms + HOUR_MS, HOUR_MS, dtype=np.int64)
        every = offsets(self._paths.seed, one, grid)
        at = (hours.open_ms - start_ms) // HOUR_MS
        return shifted(hours, one, every[at], every[at + 1])

    def _hours(self, asset: Asset, start_ms: int, end_ms: int) -> Candles:
        """Return the hourly bars of an asset that open in [start_ms, end_ms), both full hours."""
        first, last = (start_ms - EPOCH_MS) // HOUR_MS, (end_ms - EPOCH_MS) // HOUR_MS
        blocks = range(first // BLOCK_HOURS, -(-last // BLOCK_HOURS))
        bars = np.concatenate([np.empty((6, 0)), *(self._paths.bars(asset, b) for b in blocks)], axis=1)
        skipped = first - blocks.start * BLOCK_HOURS
        bars = bars[:, skipped : skipped + last - first]
        open_ms = np.arange(start_ms, end_ms, HOUR_MS, dtype=np.int64)
        if asset.lost_days is not None:
            every, lost = asset.lost_days
            kept = (open_ms - EPOCH_MS) // DAY_MS % every != lost
            open_ms, bars = open_ms[kept], bars[:, kept]
        opens, high, low, close, volume, quote_volume = bars
        return Candles(
            symbol=asset.symbol,
            timeframe_ms=HOUR_MS,
            open_ms=open_ms,
            open=opens,
            high=high,
            low=low,
            close=close,
            volume=volume,
            quote_volume=quote_volume,
        )

    def _last_close(self, one: Instrument, time_ms: int | None = None) -> float:
        """Return the close of the hour that ends at a full hour, the last that is seen unless told otherwise."""
        time_ms = self._hour_ms(one) if time_ms is None else time_ms
        block, hour = divmod((time_ms - EPOCH_MS) // HOUR_MS - 1, BLOCK_HOURS)
        close = float(self._paths.bars(one.asset, block)[3, hour])
        if one.kind == "perpetual":
            return close
        moved = offsets(self._paths.seed, one, np.array([time_ms], dtype=np.int64))
        return float(np.round(close * np.exp(moved[0]), one.digits))

    def _ticker(self, one: Instrument) -> Ticker:
        """Return the best of the book, the last price as the mark, the index, and what a day traded."""
        book, time_ms = self._book(one), self._hour_ms(one)
        last = self._last_close(one)
        day = self._traded(one, max(one.listed_ms, time_ms - DAY_MS), time_ms)
        return Ticker(
            symbol=one.symbol,
            time_ms=time_ms,
            bid=float(book.bids[0, 0]),
            ask=float(book.asks[0, 0]),
            last=last,
            mark=None if one.kind == "spot" else last,
            index=None if one.kind == "spot" else self._last_close(_index(one)),
            quote_volume_24h=float(day.quote_volume.sum()),
        )

    def _book(self, one: Instrument) -> Book:
        """Return a book of 20 levels a side: spread 1 to 5 bps, and 1 % of a day's volume within 1 %."""
        asset, time_ms = one.asset, self.now_ms // HOUR_MS * HOUR_MS
        middle, tick = self._last_close(one, time_ms), float(one.tick)
        rank = np.arange(_BOOK_LEVELS)
        half_spread = 1e-4 * min(2.5, max(0.5, 2 * (1e8 / asset.adv_usd) ** (1 / 3)))
        distance = half_spread * (_BOOK_REACH / half_spread) ** (rank / (_BOOK_LEVELS - 1))
        counter = (time_ms - EPOCH_MS) // HOUR_MS
        shares = (rank + 1) * (
            0.5 + uniforms(self._paths.seed, asset.base, "book", counter, 40).reshape(2, 20)
        )
        usd = _BOOK_DEPTH * asset.adv_usd * one.share * shares / shares.sum(axis=1, keepdims=True)
        sides = []
        for side, way in enumerate((-1, 1)):
            # (n,) whole ticks away from the middle, rounded outwards and at least one further at every level
            ticks = np.ceil(way * middle * (1 + way * distance) / tick)
            ticks = way * (np.maximum.accumulate(ticks - rank) + rank)
            price = np.round(ticks * tick, one.digits)
            amount = np.maximum(np.round(usd[side] / price, asset.lot_digits), float(asset.lot))
            sides.append(np.stack([price, amount], axis=1))
        return Book(symbol=one.symbol, time_ms=time_ms, bids=sides[0], asks=sides[1])

    def _funding(self, one: Instrument) -> Funding | Unknown:
        """Return the rate of the next payment."""
        if one.kind != "perpetual":
            return Unknown(reason="is no perpetual, and pays no funding")
        interval_ms = one.asset.funding_hours * HOUR_MS
        payment = self.now_ms // interval_ms + 1
        return Funding(
            symbol=one.symbol,
            rate=rate_of(self._paths.seed, one.asset, payment),
            interval_hours=float(one.asset.funding_hours),
            next_ms=payment * interval_ms,
        )


def _each(listings: Sequence[Listing]) -> Sequence[Listing]:
    """Return listings of which no two have one base."""
    distinct(listings)
    return listings


def _index(one: Instrument) -> Instrument:
    """Return the index behind an instrument."""
    return replace(one, kind="index", expiry_ms=None)
