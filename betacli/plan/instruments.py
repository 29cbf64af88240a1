"""What a basket is hedged with: the benchmark's perpetual, or those of its parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from betacli.core.beta import estimate
from betacli.core.model import Floats, Notice, Price
from betacli.core.returns import simple_returns
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import align
from betacli.errors import NoData
from betacli.plan.measure import Measured
from betacli.plan.prices import prices_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A dated future: when it expires, and its price over the spot's less one, also times 365 / days.

    `against` tells which spot price: the exchange's index, or the benchmark's perpetual. Unknown is None.
    """

    expiry: str
    days_left: float
    basis: float | None
    basis_annual: float | None
    against: str | None
    spot_price: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instrument:
    """One contract of the hedge: its share of the whole, its beta to the benchmark, and its returns (T,) if known."""

    base: str
    share: float
    beta: float
    listing: Listing | None
    price: Price | None
    returns: Floats | None
    dated: Dated | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instruments:
    """What the hedge is made of. `beta` is that of the whole; `notices` what was said on the way."""

    parts: tuple[Instrument, ...]
    beta: float
    notices: tuple[Notice, ...]

    @property
    def returns(self) -> Floats | None:
        """The returns (T,) of the hedge as one position; None where a part's are unknown."""
        known = [part.share * part.returns for part in self.parts if part.returns is not None]
        return np.asarray(sum(known)) if len(known) == len(self.parts) else None


def perpetuals(measured: Measured, source: MarketData | None) -> Instruments:
    """Return the benchmark's own perpetuals with each one's share of the hedge and its beta to the benchmark.

    One asset hedges itself. An index is hedged by its parts: their betas to it, weighted, sum to one, because
    least squares is linear. The universe is hedged in its largest part, whose own beta is measured.
    """
    benchmark, weights = measured.benchmark, measured.benchmark.weights
    notices: list[Notice] = []
    if benchmark.is_universe:
        base, beta, notice = largest_part(measured)
        shares, betas, total = {base: 1.0}, {base: beta}, beta
        notices.append(notice)
    else:
        shares, total = dict(sorted(weights.items())), 1.0
        own = betas_of(measured, sorted(weights)) if len(weights) > 1 else None
        betas = own or dict.fromkeys(weights, 1.0)
    _require_contracts(measured, shares)
    prices, said = prices_of(measured, tuple(shares), source)
    alone = len(shares) == 1 and not benchmark.is_universe
    parts = tuple(
        Instrument(
            base=base,
            share=share,
            beta=betas[base],
            listing=measured.listings.get(base),
            price=prices.get(base),
            returns=measured.market if alone else _returns_of(measured, base),
        )
        for base, share in shares.items()
    )
    return Instruments(parts=parts, beta=total, notices=(*notices, *said))


def _require_contracts(measured: Measured, bases: Iterable[str]) -> None:
    """Raise where a part of the hedge is held otherwise than in a contract here.

    Raises:
        NoData: it is held as spot, or on another exchange, and neither can be sold short from this account.
    """
    for base in bases:
        listing = measured.listings.get(base)
        if listing is not None and (listing.is_spot or listing.venue is not None):
            how = "as spot" if listing.is_spot else f"on `{listing.venue}`"
            what = f"`{base}` would hedge, and is held {how}: it cannot be sold short there for this account"
            raise NoData(what=what, way_out="hold its contract, or hedge with another by `--hedge-with`")


def largest_part(measured: Measured) -> tuple[str, float, Notice]:
    """Return the universe's largest part, its beta to the universe, and what to say of it.

    Raises:
        NoData: there is no market data, or that beta is not above zero.
    """
    if not measured.benchmark_weights:
        raise NoData(
            what="the universe benchmark needs market data to be hedged", way_out="name an `--exchange`"
        )
    base = max(measured.benchmark_weights, key=lambda name: (measured.benchmark_weights[name], name))
    beta = (betas_of(measured, [base]) or {base: float("nan")})[base]
    if not beta > 0:
        raise NoData(what=f"`{base}` has a beta of {beta:.2f} to the universe and cannot hedge it")
    detail = (
        f"the universe is hedged with {base}, its largest part at {measured.benchmark_weights[base] * 100:.1f} %: "
        f"the hedge is divided by its beta of {beta:.4f} to the universe"
    )
    return base, beta, Notice(id="hedged-by-largest-part", detail=detail)


def _returns_of(measured: Measured, base: str) -> Floats | None:
    if measured.panel is None or base not in measured.candles:
        return None
    return simple_returns(align(measured.candles[base], measured.panel.open_ms))


def betas_of(measured: Measured, bases: Sequence[str]) -> dict[str, float] | None:
    """Measure parts of the benchmark against the whole; None without market data.

    By least squares with the recipe's weights and nothing else: it is linear, so that weighted they sum to one.
    """
    if measured.panel is None or measured.market is None:
        return None
    linear = replace(measured.basket_recipe, estimator="ols", band=None)
    closes = np.column_stack([align(measured.candles[base], measured.panel.open_ms) for base in bases])
    fit = estimate(linear, simple_returns(closes), measured.market, measured.bars_per_day)
    return dict(zip(bases, map(float, fit.beta), strict=True))
