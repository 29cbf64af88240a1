"""The simulated market: prices with known betas, from a fixed seed, without a network.

Nothing here is an observed price. The hourly simple return of asset i in hour t of block k is

    r_i(t) = β_i m(t) + λ_i f_s(t) + e_i(t) + c_i(k)                  β_i, λ_i, volatilities: `sample_assets`

with m the return of BTC, f_s the factor of the asset's sector and e_i its own. m, f_s and e_i are independent of
each other, so β_i is the true beta to BTC and the classical interval of a regression covers it. Each is

    x(t) = σ / √8760 · v(day) · z(t)
    z    = √(2 (1/√U − 1)) cos 2πV                Student t with 4 degrees of freedom, of variance 1 (Bailey 1994)
           clipped to ±6 and scaled back to variance 1; U and V uniform on (0, 1)
    v    = exp(h − s²), h(day) = s Σ_j w_j ε(day − j), ε normal, w_j ∝ 0.94^j for j < 60, Σ w² = 1, s = 0.25
           volatility clusters over weeks, with mean v² = 1

Time is cut into blocks of 90 days from the epoch, 2023-01-01T00:00Z. At the start of block k the log price is fixed:

    L_i(k) = ln price_i + β_i u_m(k) + λ_i u_s(k) + u_i(k),    u(k) normal, sd σ √(90/365) / √2

and the constant c_i(k) makes the block's returns add up to L_i(k+1) − L_i(k). Within a block, and from one to the next,
a price wanders as a random walk would; over years it stays around the table's price. Any block can be generated
without those before it. A constant added to all of a block leaves a regression of its hourly returns unchanged.

Closes are rounded to the price tick. A bar opens at the close before; wicks are exponential with mean 0.35 hourly
volatilities; volume varies uniformly by half around the average daily volume and rises with the size of the move.
Coarser bars are aggregated from the hourly ones. Mark prices, order books and funding are of the last full hour.

All random numbers are raw 64-bit words of Philox keyed by BLAKE2b of (seed, series, purpose) with the block in the
counter: they do not depend on what else is asked for, in which order, or on the version of NumPy's distributions.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np

from betacli.core.calendar import DAY_MS, DAYS_PER_YEAR, HOUR_MS, TIMEFRAMES_MS
from betacli.core.candles import iso, resample
from betacli.core.model import Book, Candles, Floats, Funding, Member, Notice, Price, Unknown
from betacli.data.candles import Listing
from betacli.data.sample_assets import (
    ASSETS,
    BENCHMARK,
    BENCHMARK_VOL,
    FACTOR_VOL,
    QUOTE,
    TRUE_BETAS,
    Asset,
    midnight_ms,
)
from betacli.errors import NoData, safe

__all__ = ["DEFAULT_SEED", "EPOCH_MS", "HORIZON_MS", "TRUE_BETAS", "SampleMarket", "simulate_returns"]

DEFAULT_SEED = 2
EPOCH_MS = midnight_ms("2023-01-01")
HORIZON_MS = midnight_ms("2060-01-01")

_BLOCK_DAYS = 90
_BLOCK_HOURS = 24 * _BLOCK_DAYS
_HOURS_PER_YEAR = 24 * DAYS_PER_YEAR
_CLIP = 6.0
_CLIPPED_SD = 0.9798841950973729  # of Student t with 4 degrees of freedom and variance 1, clipped to ±6
_CLUSTER_SD = 0.25
_CLUSTER_DAYS = 60
_CLUSTER_WEIGHTS = 0.94 ** np.arange(_CLUSTER_DAYS)
_CLUSTER_WEIGHTS /= math.sqrt(float(np.sum(_CLUSTER_WEIGHTS**2)))
_WICK = 0.35  # mean wick, in hourly volatilities
_BOOK_LEVELS = 20
_BOOK_REACH = 0.01  # the book reaches this far from its middle …
_BOOK_DEPTH = 0.01  # … and holds this part of a day's volume on each side
_MAX_FUNDING = 0.0003


def _uniforms(seed: int, series: str, purpose: str, counter: int, n: int) -> Floats:
    """Return n numbers uniform on (0, 1), a fixed function of the arguments."""
    text = f"betacli sample 3|{seed}|{series}|{purpose}"
    key = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")
    words = np.random.Philox(key=key, counter=counter << 192).random_raw(n)
    uniforms: Floats = (words >> np.uint64(11)).astype(np.float64)
    return (uniforms + 0.5) * 2.0**-53


def _normals(seed: int, series: str, purpose: str, counter: int, n: int) -> Floats:
    """Return n standard normal numbers (Box and Muller)."""
    u = _uniforms(seed, series, purpose, counter, 2 * n)
    normals: Floats = np.sqrt(-2 * np.log(u[:n]))
    normals *= np.cos(2 * np.pi * u[n:])
    return normals


def _student(seed: int, series: str, block: int) -> Floats:
    """Return a block of Student t innovations (H,) of variance one, clipped."""
    u = _uniforms(seed, series, "innovation", block, 2 * _BLOCK_HOURS)
    draws: Floats = np.sqrt(2 * (1 / np.sqrt(u[:_BLOCK_HOURS]) - 1))
    draws *= np.cos(2 * np.pi * u[_BLOCK_HOURS:])
    return np.clip(draws, -_CLIP, _CLIP, out=draws) / _CLIPPED_SD


def _innovations(seed: int, series: str, annual_vol: float, block: int) -> Floats:
    """Return a block of independent returns (H,): clustered volatility, constant within a day, times Student t."""
    # the average reaches back into the block before; counter b holds the news of block b − 1
    news = [_normals(seed, series, "volatility", counter, _BLOCK_DAYS) for counter in (block, block + 1)]
    recent = np.concatenate([news[0][-(_CLUSTER_DAYS - 1) :], news[1]])
    log_factor = _CLUSTER_SD * np.convolve(recent, _CLUSTER_WEIGHTS, mode="valid")
    hourly_vol = annual_vol / math.sqrt(_HOURS_PER_YEAR) * np.exp(log_factor - _CLUSTER_SD**2)
    return np.repeat(hourly_vol, 24) * _student(seed, series, block)


class _Paths:
    """Blocks of one simulated market, generated when first needed and kept."""

    __slots__ = ("_bars", "_levels", "_shared", "seed")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._bars: dict[tuple[str, int], Floats] = {}
        self._levels: dict[tuple[str, int], float] = {}
        self._shared: dict[tuple[str, int], Floats] = {}  # returns of the benchmark and of the factors

    def returns(self, asset: Asset, block: int) -> Floats:
        """Return an asset's hourly simple returns (H,) in a block."""
        if asset.base == BENCHMARK:
            return self._benchmark(block)
        moved = asset.beta * self._benchmark(block)
        moved += _innovations(self.seed, asset.base, asset.own_vol, block)
        if asset.factor is not None:
            moved += asset.loading * self._factor(asset.factor, block)
        return self._bridged(asset, block, moved)

    def log_level(self, asset: Asset, block: int) -> float:
        """Return the log of the asset's price at the start of a block, relative to the table's price."""
        level = asset.beta * self._level(BENCHMARK, BENCHMARK_VOL, block)
        if asset.factor is not None:
            level += asset.loading * self._level(f"factor {asset.factor}", FACTOR_VOL[asset.factor], block)
        return level if asset.base == BENCHMARK else level + self._level(asset.base, asset.own_vol, block)

    def bars(self, asset: Asset, block: int) -> Floats:
        """Return an asset's hourly bars (6, H) in a block: open, high, low, close, volume, quote volume."""
        key = (asset.base, block)
        if key not in self._bars:
            self._bars[key] = self._make_bars(asset, block)
        return self._bars[key]

    def _benchmark(self, block: int) -> Floats:
        key = (BENCHMARK, block)
        if key not in self._shared:
            moved = _innovations(self.seed, BENCHMARK, BENCHMARK_VOL, block)
            self._shared[key] = self._bridged(ASSETS[BENCHMARK], block, moved)
        return self._shared[key]

    def _factor(self, factor: str, block: int) -> Floats:
        key = (f"factor {factor}", block)
        if key not in self._shared:
            self._shared[key] = _innovations(self.seed, key[0], FACTOR_VOL[factor], block)
        return self._shared[key]

    def _level(self, series: str, annual_vol: float, block: int) -> float:
        """Return what one series adds to the log level at the start of a block."""
        key = (series, block)
        if key not in self._levels:
            sd = annual_vol * math.sqrt(_BLOCK_DAYS / DAYS_PER_YEAR / 2)
            self._levels[key] = sd * float(_normals(self.seed, series, "level", block, 1)[0])
        return self._levels[key]

    def _bridged(self, asset: Asset, block: int, moved: Floats) -> Floats:
        """Add the constant to simple returns (H,) that leads the price from this block's level to the next one's."""
        log_change = self.log_level(asset, block + 1) - self.log_level(asset, block)
        constant = 0.0
        for _ in range(3):  # Newton's method: the error squares at every step, 1e-4, 1e-8, 1e-16
            growth = 1 + moved + constant
            constant += (log_change - float(np.sum(np.log(growth)))) / float(np.sum(1 / growth))
        return moved + constant

    def _make_bars(self, asset: Asset, block: int) -> Floats:
        moved = self.returns(asset, block)
        hourly_vol = asset.annual_vol / math.sqrt(_HOURS_PER_YEAR)
        start, end = (asset.price * math.exp(self.log_level(asset, b)) for b in (block, block + 1))
        u = _uniforms(self.seed, asset.base, "bar", block, 3 * _BLOCK_HOURS).reshape(3, _BLOCK_HOURS)
        bars = np.empty((6, _BLOCK_HOURS))
        opens, high, low, close, volume, quote_volume = bars
        path = start * np.cumprod(1 + moved)
        path[-1] = end  # where the next block starts, to the last bit
        np.round(path, asset.tick_digits, out=close)
        opens[0], opens[1:] = round(start, asset.tick_digits), close[:-1]
        wick = np.minimum(-_WICK * hourly_vol * np.log(u[:2]), 0.1)
        np.round(np.maximum(opens, close) * (1 + wick[0]), asset.tick_digits, out=high)
        np.round(np.minimum(opens, close) * (1 - wick[1]), asset.tick_digits, out=low)
        traded = asset.adv_usd / 24 * (0.5 + u[2]) * (0.5 + 0.7 * np.abs(moved) / hourly_vol)
        np.maximum(np.round(traded / close, asset.lot_digits), float(asset.lot), out=volume)
        np.multiply(volume, (high + low + close) / 3, out=quote_volume)
        return bars


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
        self._paths = _Paths(seed)

    def find(self, members: Sequence[Member], quote: str) -> Mapping[str, Listing | Unknown]:
        """Return, by base, each member's contract."""
        return {member.base: self._find(member, quote) for member in members}

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int
    ) -> Mapping[str, Candles | Unknown]:
        """Return, by base, the closed bars that open in [start_ms, end_ms)."""
        step = TIMEFRAMES_MS[timeframe]
        if step < HOUR_MS:
            reason = f"the simulated market has no bars finer than {self.finest_timeframe}"
            return {listing.base: Unknown(reason=reason) for listing in listings}
        return {
            listing.base: self._candles(ASSETS[listing.base], step, start_ms, end_ms) for listing in listings
        }

    def prices(self, listings: Sequence[Listing]) -> Mapping[str, Price | Unknown]:
        """Return, by base, the close of the last full hour, as the mark price."""
        answer: dict[str, Price | Unknown] = {}
        for asset in (ASSETS[listing.base] for listing in listings):
            time_ms = self._seen_until_ms(asset) // HOUR_MS * HOUR_MS
            answer[asset.base] = self._gone(asset) or Price(
                value=self._last_close(asset, time_ms), kind="mark", time_ms=time_ms
            )
        return answer

    def books(self, listings: Sequence[Listing]) -> Mapping[str, Book | Unknown]:
        """Return, by base, the order book of the last full hour."""
        assets = [ASSETS[listing.base] for listing in listings]
        return {asset.base: self._gone(asset) or self._book(asset) for asset in assets}

    def funding(self, listings: Sequence[Listing]) -> Mapping[str, Funding | Unknown]:
        """Return, by base, the rate of the next payment and its interval."""
        assets = [ASSETS[listing.base] for listing in listings]
        return {asset.base: self._gone(asset) or self._funding(asset) for asset in assets}

    def _find(self, member: Member, quote: str) -> Listing | Unknown:
        asset = ASSETS.get(member.base)
        if asset is None:
            return Unknown(reason=f"the simulated market has no `{safe(member.base)}`")
        if quote != QUOTE:
            return Unknown(reason=f"the simulated market is quoted in {QUOTE}, not `{safe(quote)}`")
        if member.symbol not in {None, asset.symbol}:
            reason = f"the simulated market has no `{safe(member.symbol)}`; its contract is `{asset.symbol}`"
            return Unknown(reason=reason)
        if asset.listed_ms + HOUR_MS > self._seen_until_ms(asset):
            return Unknown(reason=f"the simulated market lists `{asset.base}` at {iso(asset.listed_ms)}")
        return Listing(base=asset.base, symbol=asset.symbol, market=asset.market(self.now_ms))

    def _gone(self, asset: Asset) -> Unknown | None:
        """Return why an asset has no market any more, if so."""
        if asset.delisted_ms is None or self.now_ms < asset.delisted_ms:
            return None
        return Unknown(reason=f"the simulated market delisted `{asset.base}` at {iso(asset.delisted_ms)}")

    def _seen_until_ms(self, asset: Asset) -> int:
        """Return the time after which no bar of the asset is seen."""
        seen_ms = self.now_ms - asset.delay_ms
        return seen_ms if asset.delisted_ms is None else min(seen_ms, asset.delisted_ms)

    def _candles(self, asset: Asset, step: int, start_ms: int, end_ms: int) -> Candles:
        first_ms = -(-max(start_ms, asset.listed_ms) // step) * step
        end_ms = min(-(-end_ms // step) * step, self._seen_until_ms(asset) // step * step)
        hours = self._hours(asset, first_ms, max(first_ms, end_ms))
        return resample(hours, step)

    def _hours(self, asset: Asset, start_ms: int, end_ms: int) -> Candles:
        """Return the hourly bars of an asset that open in [start_ms, end_ms), both full hours."""
        first, last = (start_ms - EPOCH_MS) // HOUR_MS, (end_ms - EPOCH_MS) // HOUR_MS
        blocks = range(first // _BLOCK_HOURS, -(-last // _BLOCK_HOURS))
        bars = np.concatenate([np.empty((6, 0)), *(self._paths.bars(asset, b) for b in blocks)], axis=1)
        skipped = first - blocks.start * _BLOCK_HOURS
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

    def _last_close(self, asset: Asset, time_ms: int) -> float:
        """Return the close of the hour that ends at a full hour."""
        block, hour = divmod((time_ms - EPOCH_MS) // HOUR_MS - 1, _BLOCK_HOURS)
        return float(self._paths.bars(asset, block)[3, hour])

    def _book(self, asset: Asset) -> Book:
        """Return a book of 20 levels a side: spread 1 to 5 bps, and 1 % of a day's volume within 1 %."""
        time_ms = self.now_ms // HOUR_MS * HOUR_MS
        middle, tick = self._last_close(asset, time_ms), float(asset.tick)
        rank = np.arange(_BOOK_LEVELS)
        half_spread = 1e-4 * min(2.5, max(0.5, 2 * (1e8 / asset.adv_usd) ** (1 / 3)))
        distance = half_spread * (_BOOK_REACH / half_spread) ** (rank / (_BOOK_LEVELS - 1))
        counter = (time_ms - EPOCH_MS) // HOUR_MS
        shares = (rank + 1) * (
            0.5 + _uniforms(self._paths.seed, asset.base, "book", counter, 40).reshape(2, 20)
        )
        usd = _BOOK_DEPTH * asset.adv_usd * shares / shares.sum(axis=1, keepdims=True)
        sides = []
        for side, way in enumerate((-1, 1)):
            # (n,) whole ticks away from the middle, rounded outwards and at least one further at every level
            ticks = np.ceil(way * middle * (1 + way * distance) / tick)
            ticks = way * (np.maximum.accumulate(ticks - rank) + rank)
            price = np.round(ticks * tick, asset.tick_digits)
            amount = np.maximum(np.round(usd[side] / price, asset.lot_digits), float(asset.lot))
            sides.append(np.stack([price, amount], axis=1))
        return Book(symbol=asset.symbol, time_ms=time_ms, bids=sides[0], asks=sides[1])

    def _funding(self, asset: Asset) -> Funding:
        """Return a rate around 0.01 % for 8 hours, within ±0.03 %."""
        interval_ms = asset.funding_hours * HOUR_MS
        payment = self.now_ms // interval_ms + 1
        surprise = float(_normals(self._paths.seed, asset.base, "funding", payment, 1)[0])
        rate = 1e-4 * (asset.funding_hours / 8) * (1 + surprise)
        return Funding(
            symbol=asset.symbol,
            rate=round(min(_MAX_FUNDING, max(-_MAX_FUNDING, rate)), 8),
            interval_hours=float(asset.funding_hours),
            next_ms=payment * interval_ms,
        )


def simulate_returns(seed: int, bases: Sequence[str], n_hours: int, *, start_hour: int = 0) -> Floats:
    """Return hourly simple returns (T, N) of assets, before their prices are rounded to a tick.

    Args:
        seed: another seed is another market with the same true betas.
        bases: the N assets, in the order of the columns.
        n_hours: T.
        start_hour: hours from the epoch to the first return; listings are not looked at.
    """
    paths = _Paths(seed)
    first, last = start_hour // _BLOCK_HOURS, (start_hour + n_hours - 1) // _BLOCK_HOURS
    skipped = start_hour - first * _BLOCK_HOURS
    columns = [
        np.concatenate([paths.returns(ASSETS[base], block) for block in range(first, last + 1)])
        for base in bases
    ]
    return np.stack(columns, axis=1)[skipped : skipped + n_hours]
