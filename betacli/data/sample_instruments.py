"""What the simulated market trades beside its perpetuals: an index, spot markets, dated futures; and what they pay.

Every price follows from the perpetual's. With b(t) the basis of the perpetual over its index,

    index(t)  = perpetual(t) · exp(−b(t))            b = s Σ_j w_j ε(hour − j), w_j ∝ 0.95^j for j < 72, Σ w² = 1,
                                                     s = 4 bps: it returns to zero within days
    spot(t)   = index(t) / coins in one base unit
    future(t) = index(t) · exp(c · years to expiry)  c = 7 % for BTC, 6 % for ETH: what a quarter's carry is worth

Dated futures expire at 08:00 UTC on the last Friday of March, June, September and December; two are listed.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

import numpy as np

from betacli.core.calendar import DAY_MS, DAYS_PER_YEAR, HOUR_MS
from betacli.core.model import Candles, Floats, FundingHistory, MarginTier, OpenInterest, Times
from betacli.data.candles import Listing
from betacli.data.sample_assets import QUOTE, Asset
from betacli.data.sample_noise import normals

Kind = Literal["perpetual", "index", "spot", "future"]

QUARTERLY: Mapping[str, float] = MappingProxyType({"BTC": 0.07, "ETH": 0.06})
"""The assets with dated futures, and their carry a year."""

KINDS: Mapping[Kind, float] = MappingProxyType({"perpetual": 1.0, "index": 0.0, "spot": 0.4, "future": 0.05})
"""What each kind trades, as a share of what the perpetual trades."""

_BASIS_SD = 0.0004
_BASIS_HOURS = 72
_BASIS_WEIGHTS = 0.95 ** np.arange(_BASIS_HOURS)
_BASIS_WEIGHTS /= float(np.sqrt(np.sum(_BASIS_WEIGHTS**2)))
_NOISE_HOURS = 2_160  # noise is drawn in blocks of so many
_EXPIRY_HOUR = 8
_LISTED_BEFORE_MS = 189 * DAY_MS  # two quarters and a week
_TIER_SIZES = (1.0, 5.0, 20.0, 100.0)
_MAX_FUNDING = 0.0003
_INTEREST_DAYS = 0.25  # open interest in days of volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One thing that is traded or quoted on an asset; `expiry_ms` of a dated future alone."""

    asset: Asset
    symbol: str
    kind: Kind = "perpetual"
    expiry_ms: int | None = None

    @property
    def listed_ms(self) -> int:
        """When its first bar opens."""
        asked_ms = 0 if self.expiry_ms is None else self.expiry_ms - _LISTED_BEFORE_MS
        return max(self.asset.listed_ms, asked_ms // HOUR_MS * HOUR_MS)

    @property
    def delisted_ms(self) -> int | None:
        """When it stops trading: a coin that lost its contract goes on as spot."""
        return None if self.kind == "spot" else self.asset.delisted_ms

    @property
    def share(self) -> float:
        """What it trades, as a share of what the perpetual trades."""
        return KINDS[self.kind]

    @property
    def coins(self) -> int:
        """Coins in one base unit of its prices."""
        return 1 if self.kind == "spot" else self.asset.multiplier

    @property
    def tick(self) -> Decimal:
        """The step of its prices."""
        return Decimal(1).scaleb(-self.digits)

    @property
    def digits(self) -> int:
        """Decimals of its prices."""
        more = {"index": 2, "spot": len(str(self.asset.multiplier)) - 1}
        return self.asset.tick_digits + more.get(self.kind, 0)


def instrument_of(listing: Listing, asset: Asset) -> Instrument:
    """Return what a listing of an asset means."""
    kind: Kind = "perpetual"
    expiry_ms = None
    if listing.market is not None and listing.market.kind == "spot":
        kind = "spot"
    elif listing.market is not None and listing.market.kind == "future":
        kind, expiry_ms = "future", listing.market.expiry_ms
    return Instrument(asset=asset, symbol=listing.symbol, kind=kind, expiry_ms=expiry_ms)


def quarterly_expiries(now_ms: int, n: int = 2) -> tuple[int, ...]:
    """Return the next n quarterly expiries after a moment, the nearest first."""
    year = datetime.fromtimestamp(now_ms / 1000, tz=UTC).year
    every = [_last_friday_ms(year + later, month) for later in (0, 1) for month in (3, 6, 9, 12)]
    return tuple(expiry_ms for expiry_ms in every if expiry_ms > now_ms)[:n]


def _last_friday_ms(year: int, month: int) -> int:
    last = datetime(year, month, calendar.monthrange(year, month)[1], _EXPIRY_HOUR, tzinfo=UTC)
    return round((last - timedelta(days=(last.weekday() - 4) % 7)).timestamp() * 1000)


def future_listing(asset: Asset, expiry_ms: int, now_ms: int) -> Listing:
    """Return the listing of a dated future."""
    day = datetime.fromtimestamp(expiry_ms / 1000, tz=UTC).strftime("%y%m%d")
    market = replace(
        asset.market(now_ms),
        symbol=f"{asset.symbol}-{day}",
        kind="future",
        expiry_ms=expiry_ms,
        listed_ms=Instrument(asset=asset, symbol="", expiry_ms=expiry_ms).listed_ms,
    )
    return Listing(base=asset.base, symbol=market.symbol, market=market)


def named_expiry_ms(symbol: str, asset: Asset, now_ms: int) -> int | None:
    """Return the expiry of a future that is listed now under a symbol, or None."""
    written = re.fullmatch(rf"{re.escape(asset.symbol)}-(\d{{6}})", symbol)
    if written is None or asset.base not in QUARTERLY:
        return None
    listed = {future_listing(asset, ms, now_ms).symbol: ms for ms in quarterly_expiries(now_ms)}
    return listed.get(symbol)


def spot_listing(asset: Asset, now_ms: int) -> Listing:
    """Return the listing of a spot market, on single coins."""
    coins = asset.multiplier
    market = replace(
        asset.market(now_ms),
        symbol=f"{asset.base}/{QUOTE}",
        settle=None,
        kind="spot",
        active=True,
        multiplier=1,
        amount_step=asset.lot * coins,
        min_amount=asset.lot * coins,
        price_tick=asset.tick / Decimal(coins),
        max_leverage=None,
        maintenance_rate=None,
    )
    return Listing(base=asset.base, symbol=market.symbol, market=market)


def offsets(seed: int, instrument: Instrument, ends_ms: Times) -> Floats:
    """Return the log of an instrument's price over its perpetual's at times (T,), each a full hour."""
    if instrument.kind == "perpetual" or not len(ends_ms):
        return np.zeros(len(ends_ms))
    hours = ends_ms // HOUR_MS
    offset: Floats = -_basis(seed, instrument.asset.base, int(hours[0]), int(hours[-1]) + 1)[hours - hours[0]]
    if instrument.kind == "spot":
        offset -= float(np.log(instrument.asset.multiplier))
    if instrument.expiry_ms is not None:
        years = (instrument.expiry_ms - ends_ms) / (DAYS_PER_YEAR * DAY_MS)
        offset += QUARTERLY[instrument.asset.base] * years
    return offset


def _basis(seed: int, base: str, first: int, past: int) -> Floats:
    """Return the basis (H,) of the hours [first, past) since the epoch of Unix."""
    start = first - _BASIS_HOURS + 1
    blocks = range(start // _NOISE_HOURS, -(-past // _NOISE_HOURS))
    news = np.concatenate([normals(seed, base, "basis", block, _NOISE_HOURS) for block in blocks])
    skipped = start - blocks.start * _NOISE_HOURS
    basis: Floats = np.convolve(news[skipped : skipped + past - start], _BASIS_WEIGHTS, mode="valid")
    return _BASIS_SD * basis


def shifted(hours: Candles, instrument: Instrument, before: Floats, after: Floats) -> Candles:
    """Return hourly bars of an instrument from those of its perpetual; offsets (T,) are of each open and close."""
    close = np.round(hours.close * np.exp(after), instrument.digits)
    opens = np.round(hours.open * np.exp(before), instrument.digits)
    high = np.maximum(np.round(hours.high * np.exp(after), instrument.digits), np.maximum(opens, close))
    low = np.minimum(np.round(hours.low * np.exp(after), instrument.digits), np.minimum(opens, close))
    traded = np.nan if instrument.kind == "index" else instrument.share
    volume = hours.volume * traded * (instrument.asset.multiplier / instrument.coins)
    return replace(
        hours,
        symbol=instrument.symbol,
        open=opens,
        high=high,
        low=low,
        close=close,
        volume=volume,
        quote_volume=volume * (high + low + close) / 3,
    )


def rate_of(seed: int, asset: Asset, payment: int) -> float:
    """Return the funding rate of one payment: around 0.01 % for 8 hours, within ±0.03 %.

    `payment` counts the asset's own intervals since the epoch of Unix.
    """
    surprise = float(normals(seed, asset.base, "funding", payment, 1)[0])
    rate = 1e-4 * (asset.funding_hours / 8) * (1 + surprise)
    return round(min(_MAX_FUNDING, max(-_MAX_FUNDING, rate)), 8)


def history_of(seed: int, asset: Asset, start_ms: int, end_ms: int) -> FundingHistory:
    """Return the payments of an asset at times in [start, end)."""
    interval_ms = asset.funding_hours * HOUR_MS
    payments = range(-(-start_ms // interval_ms), -(-end_ms // interval_ms))
    return FundingHistory(
        symbol=asset.symbol,
        time_ms=np.array([payment * interval_ms for payment in payments], dtype=np.int64),
        rate=np.array([rate_of(seed, asset, payment) for payment in payments], dtype=np.float64),
        interval_hours=float(asset.funding_hours),
    )


def interest_of(instrument: Instrument, price: float, time_ms: int) -> OpenInterest:
    """Return an open interest of a quarter of a day's volume."""
    notional = instrument.asset.adv_usd * instrument.share * _INTEREST_DAYS
    amount = round(notional / price, instrument.asset.lot_digits)
    return OpenInterest(symbol=instrument.symbol, amount=amount, notional=amount * price, time_ms=time_ms)


def brackets(asset: Asset) -> tuple[MarginTier, ...]:
    """Return four margin brackets: at five times the size, or so, half the leverage and twice the margin."""
    sizes = [asset.adv_usd * 1e-4 * size for size in _TIER_SIZES]
    return tuple(
        MarginTier(
            floor_notional=floor,
            cap_notional=cap,
            maintenance_rate=min(asset.maintenance_rate * 2**k, 0.5),
            max_leverage=max(1.0, asset.max_leverage / 2**k),
        )
        for k, (floor, cap) in enumerate(zip([0.0, *sizes], sizes, strict=False))
    )
