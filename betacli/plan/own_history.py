"""The price history of a member that may have no contract: of its contract, its spot market, a file, another exchange."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from betacli.core.calendar import TIMEFRAMES_MS
from betacli.core.checks import THRESHOLDS
from betacli.core.model import Candles, Floats, Member, Universe, Unknown
from betacli.core.proxy import SameCoin, same_coin
from betacli.core.returns import simple_returns
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import align
from betacli.errors import ExchangeFailed, NoData
from betacli.plan.measure import Measured

Kind = Literal["contract", "spot", "file", "venue"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Closes (T + 1,) per coin and returns (T,) of one asset on the window's bars, NaN where missing, and its market."""

    kind: Kind
    source: str
    close: Floats
    returns: Floats
    market: MarketData
    listing: Listing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sources:
    """Where prices may come from: the source itself, a file, and other exchanges by name."""

    source: MarketData
    history: MarketData | None = None
    others: Mapping[str, MarketData] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """What is known of one member's price: `own` is the best witness of it, None where there is none.

    `spot` is its spot market here, `venues` its perpetual on other exchanges with whether each is the same coin;
    `lacking` says why an exchange has none.
    """

    own: Series | None
    spot: Series | None
    venues: Mapping[str, tuple[Series, SameCoin | None]]
    lacking: Mapping[str, str]


def histories(measured: Measured, universe: Universe, sources: Sources, member: Member) -> Histories:
    """Look for a member's prices everywhere, and hold other exchanges' against the best witness.

    The witness is the contract's own bars, else spot, else the file, else the first other exchange that has some. An
    exchange is compared with a witness of another source; where there is none, nobody knows whether it is that coin.
    """
    base = member.base
    own = _read(measured, sources.source, measured.listings.get(base), "contract", measured.candles.get(base))
    place = sources.source.spot([base], universe.quote).get(base)
    spot = _fetched(measured, sources.source, place, "spot")
    filed = None
    if sources.history is not None:
        found = sources.history.find([Member(base=base)], universe.quote).get(base)
        filed = _fetched(measured, sources.history, found, "file")
    venues, lacking = _elsewhere(measured, universe, sources, base)
    witnesses = [x for x in (own, spot, filed, *venues.values()) if x is not None]
    limits = {**THRESHOLDS, **universe.checklist}
    compared = {}
    for name, series in venues.items():
        witness = next((x for x in witnesses if x.source != name), None)
        compared[name] = (series, None if witness is None else _same(series, witness, limits))
    return Histories(own=witnesses[0] if witnesses else None, spot=spot, venues=compared, lacking=lacking)


def _elsewhere(
    measured: Measured, universe: Universe, sources: Sources, base: str
) -> tuple[dict[str, Series], dict[str, str]]:
    """Return the perpetual of a coin on every other exchange that has one."""
    found: dict[str, Series] = {}
    lacking: dict[str, str] = {}
    for name, market in sources.others.items():
        try:
            place = market.find([Member(base=base)], universe.quote).get(base)
            series = _fetched(measured, market, place, "venue")
        except (ExchangeFailed, NoData) as failed:
            lacking[name] = failed.message
            continue
        if series is not None and series.listing.market is not None and series.listing.market.active:
            found[name] = series
        else:
            lacking[name] = place.reason if isinstance(place, Unknown) else f"`{base}` has no bars there"
    return found, lacking


def _same(series: Series, witness: Series, limits: Mapping[str, float]) -> SameCoin:
    """Compare prices per coin at the last bar both have, and the returns of all."""
    both = np.flatnonzero(np.isfinite(series.close) & np.isfinite(witness.close))
    theirs, ours = (float(x.close[both[-1]]) if len(both) else None for x in (series, witness))
    return same_coin(
        theirs,
        ours,
        series.returns,
        witness.returns,
        ratio_limit=limits["same_coin_ratio"],
        min_correlation=limits["same_coin_correlation"],
    )


def _fetched(measured: Measured, market: MarketData, place: object, kind: Kind) -> Series | None:
    """Ask for the bars of one listing on the window."""
    if measured.panel is None or not isinstance(place, Listing):
        return None
    grid, timeframe = measured.panel.open_ms, measured.recipe.timeframe
    end_ms = int(grid[-1]) + TIMEFRAMES_MS[timeframe]
    bars = market.candles([place], timeframe, int(grid[0]), end_ms).get(place.base)
    return _read(measured, market, place, kind, bars)


def _read(
    measured: Measured, market: MarketData, listing: Listing | None, kind: Kind, candles: object
) -> Series | None:
    """Put bars on the window's grid; None where there are none of that timeframe."""
    panel = measured.panel
    if panel is None or listing is None or not isinstance(candles, Candles) or not len(candles.open_ms):
        return None
    if candles.timeframe_ms != panel.timeframe_ms:
        return None
    close = align(candles, panel.open_ms) / listing.coins
    returns = simple_returns(close[:, None])[:, 0]
    if not np.isfinite(returns).any():
        return None
    listing = replace(listing, venue=None)
    return Series(kind=kind, source=market.name, close=close, returns=returns, market=market, listing=listing)
