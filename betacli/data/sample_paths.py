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

import math
from collections.abc import Sequence

import numpy as np

from betacli.core.calendar import DAYS_PER_YEAR
from betacli.core.model import Floats
from betacli.data.sample_assets import ASSETS, BENCHMARK, BENCHMARK_VOL, FACTOR_VOL, Asset, midnight_ms
from betacli.data.sample_noise import normals, uniforms

DEFAULT_SEED = 2
EPOCH_MS = midnight_ms("2023-01-01")
HORIZON_MS = midnight_ms("2060-01-01")

_BLOCK_DAYS = 90
BLOCK_HOURS = 24 * _BLOCK_DAYS
_HOURS_PER_YEAR = 24 * DAYS_PER_YEAR
_CLIP = 6.0
_CLIPPED_SD = 0.9798841950973729  # of Student t with 4 degrees of freedom and variance 1, clipped to ±6
_CLUSTER_SD = 0.25
_CLUSTER_DAYS = 60
_CLUSTER_WEIGHTS = 0.94 ** np.arange(_CLUSTER_DAYS)
_CLUSTER_WEIGHTS /= math.sqrt(float(np.sum(_CLUSTER_WEIGHTS**2)))
_WICK = 0.35  # mean wick, in hourly volatilities


def _student(seed: int, series: str, block: int) -> Floats:
    """Return a block of Student t innovations (H,) of variance one, clipped."""
    u = uniforms(seed, series, "innovation", block, 2 * BLOCK_HOURS)
    draws: Floats = np.sqrt(2 * (1 / np.sqrt(u[:BLOCK_HOURS]) - 1))
    draws *= np.cos(2 * np.pi * u[BLOCK_HOURS:])
    return np.clip(draws, -_CLIP, _CLIP, out=draws) / _CLIPPED_SD


def _innovations(seed: int, series: str, annual_vol: float, block: int) -> Floats:
    """Return a block of independent returns (H,): clustered volatility, constant within a day, times Student t."""
    # the average reaches back into the block before; counter b holds the news of block b − 1
    news = [normals(seed, series, "volatility", counter, _BLOCK_DAYS) for counter in (block, block + 1)]
    recent = np.concatenate([news[0][-(_CLUSTER_DAYS - 1) :], news[1]])
    log_factor = _CLUSTER_SD * np.convolve(recent, _CLUSTER_WEIGHTS, mode="valid")
    hourly_vol = annual_vol / math.sqrt(_HOURS_PER_YEAR) * np.exp(log_factor - _CLUSTER_SD**2)
    return np.repeat(hourly_vol, 24) * _student(seed, series, block)


class Paths:
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
            self._levels[key] = sd * float(normals(self.seed, series, "level", block, 1)[0])
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
        u = uniforms(self.seed, asset.base, "bar", block, 3 * BLOCK_HOURS).reshape(3, BLOCK_HOURS)
        bars = np.empty((6, BLOCK_HOURS))
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


def simulate_returns(seed: int, bases: Sequence[str], n_hours: int, *, start_hour: int = 0) -> Floats:
    """Return hourly simple returns (T, N) of assets, before their prices are rounded to a tick.

    Args:
        seed: another seed is another market with the same true betas.
        bases: the N assets, in the order of the columns.
        n_hours: T.
        start_hour: hours from the epoch to the first return; listings are not looked at.
    """
    paths = Paths(seed)
    first, last = start_hour // BLOCK_HOURS, (start_hour + n_hours - 1) // BLOCK_HOURS
    skipped = start_hour - first * BLOCK_HOURS
    columns = [
        np.concatenate([paths.returns(ASSETS[base], block) for block in range(first, last + 1)])
        for base in bases
    ]
    return np.stack(columns, axis=1)[skipped : skipped + n_hours]
