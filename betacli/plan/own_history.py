"""The price history of a member that may have no contract: of its contract, a file, its spot market, another exchange.

A ticker is no proof of a coin. What is read from anywhere but the member's own contract is held against what is known
better: prices per coin within `same_coin_ratio`, returns that correlate above `same_coin_correlation`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np

from betacli.core.calendar import DAY_MS, TIMEFRAMES_MS
from betacli.core.checks import THRESHOLDS
from betacli.core.model import Candles, Floats, Member, Times, Universe, Unknown
from betacli.core.proxy import SameCoin, same_coin
from betacli.core.returns import simple_returns
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import align
from betacli.errors import ExchangeFailed, NoData

Kind = Literal["contract", "spot", "file", "venue"]

RECENT_MS = 7 * DAY_MS  # a price in common that is older says nothing of which coin it is now


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Span:
    """The bars of a question: open times (T,) and their timeframe."""

    open_ms: Times
    timeframe: str

    @property
    def end_ms(self) -> int:
        """The close of the last bar."""
        return int(self.open_ms[-1]) + TIMEFRAMES_MS[self.timeframe]


class Prices(Protocol):
    """Closes (T + 1,) per coin and returns (T,) of one asset, NaN where unknown."""

    @property
    def close(self) -> Floats: ...  # noqa: D102  the names say it
    @property
    def returns(self) -> Floats: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Closes (T + 1,) per coin and returns (T,) of one asset on the window's bars, NaN where missing, and its market."""

    kind: Kind
    source: str
    close: Floats
    returns: Floats
    market: MarketData
    listing: Listing

    @property
    def last_close(self) -> float:
        """The last close per coin."""
        return float(self.close[np.isfinite(self.close)][-1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sources:
    """Where prices may come from: the source itself, a file, and other exchanges by name."""

    source: MarketData
    history: MarketData | None = None
    others: Mapping[str, MarketData] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """What is known of one member's price: `own` is the best witness of it, None where there is none (`why`).

    `spot` is its spot market here and `venues` its perpetual on other exchanges, each with whether it is the same coin
    (None where there is nothing to hold it against); `lacking` says why an exchange has none, `failed` which did not answer.
    """

    own: Series | None
    why: str | None
    spot: tuple[Series, SameCoin | None] | None
    venues: Mapping[str, tuple[Series, SameCoin | None]]
    lacking: Mapping[str, str]
    failed: Mapping[str, ExchangeFailed] = field(default_factory=dict)


def histories(
    span: Span, universe: Universe, sources: Sources, member: Member, contract: Series | None
) -> Histories:
    """Look for a member's prices everywhere, and hold what is found against the best witness.

    The witness is the contract's own bars, else the file, else spot, else what other exchanges agree on. Each is compared
    with the first witness of another source.
    """
    base = member.base
    place = sources.source.spot([base], universe.quote).get(base)
    spot = fetched(span, sources.source, place, "spot")
    filed = None
    if sources.history is not None:
        found = sources.history.find([Member(base=base)], universe.quote).get(base)
        filed = fetched(span, sources.history, found, "file")
    venues, lacking, failed = _elsewhere(span, universe, sources, base)
    sure = [x for x in (contract, filed) if x is not None]
    held = None if spot is None else (spot, compared(span, spot, sure, universe))
    if held is not None and (held[1] is None or held[1].verdict is not False):
        sure.append(held[0])
    witnesses = sure or list(venues.values())
    known = {name: (x, compared(span, x, witnesses, universe)) for name, x in venues.items()}
    why = None if witnesses else "it has no price history here"
    if not sure and any(same is not None and same.verdict is False for _, same in known.values()):
        witnesses, why = (
            [],
            f"{', '.join(known)} list different coins under its name, and nothing tells which it is",
        )
    return Histories(
        own=witnesses[0] if witnesses else None,
        why=why,
        spot=held,
        venues=known,
        lacking=lacking,
        failed=failed,
    )


def compared(span: Span, series: Series, witnesses: Sequence[Series], universe: Universe) -> SameCoin | None:
    """Hold a series against the first witness of another source: prices per coin at a recent bar, and all returns."""
    witness = next((x for x in witnesses if (x.source, x.kind) != (series.source, series.kind)), None)
    if witness is None:
        return None
    return same_lately(series, witness, span.open_ms, {**THRESHOLDS, **universe.checklist})


def same_lately(theirs: Prices, ours: Prices, open_ms: Times, limits: Mapping[str, float]) -> SameCoin:
    """Hold two assets against each other: prices per coin at the last bar of both, if that is recent, and all returns."""
    both = np.flatnonzero(np.isfinite(theirs.close) & np.isfinite(ours.close))
    recent = len(both) > 0 and int(open_ms[-1] - open_ms[both[-1]]) <= RECENT_MS
    price, reference = (float(x.close[both[-1]]) if recent else None for x in (theirs, ours))
    return same_coin(
        price,
        reference,
        theirs.returns,
        ours.returns,
        ratio_limit=limits["same_coin_ratio"],
        min_correlation=limits["same_coin_correlation"],
    )


def another_coin(same: SameCoin) -> str:
    """Say by which numbers a series is another coin's."""
    ratio = "unknown" if same.price_ratio is None else f"{same.price_ratio:.4g}"
    fits = "unknown" if same.correlation is None else f"{same.correlation:.2f}"
    return f"another coin: price ratio {ratio}, correlation {fits}"


def _elsewhere(
    span: Span, universe: Universe, sources: Sources, base: str
) -> tuple[dict[str, Series], dict[str, str], dict[str, ExchangeFailed]]:
    """Return the perpetual of a coin on every other exchange that has one, why others have none, and who failed."""
    found: dict[str, Series] = {}
    lacking: dict[str, str] = {}
    down: dict[str, ExchangeFailed] = {}
    for name, market in sources.others.items():
        try:
            place = market.find([Member(base=base)], universe.quote).get(base)
            series = fetched(span, market, place, "venue")
        except (ExchangeFailed, NoData) as failed:
            lacking[name] = failed.message
            if isinstance(failed, ExchangeFailed):
                down[name] = failed
            continue
        if series is not None and series.listing.market is not None and series.listing.market.active:
            found[name] = series
        else:
            lacking[name] = place.reason if isinstance(place, Unknown) else f"`{base}` has no bars there"
    return found, lacking, down


def fetched(span: Span, market: MarketData, place: object, kind: Kind) -> Series | None:
    """Ask for the bars of one listing on the window; None where there are none."""
    if not isinstance(place, Listing):
        return None
    bars = market.candles([place], span.timeframe, int(span.open_ms[0]), span.end_ms).get(place.base)
    return series_of(span, market, place, kind, bars)


def series_of(
    span: Span, market: MarketData, listing: Listing | None, kind: Kind, candles: object
) -> Series | None:
    """Put bars on the window's grid; None where there are none of that timeframe."""
    if listing is None or not isinstance(candles, Candles) or not len(candles.open_ms):
        return None
    if candles.timeframe_ms != TIMEFRAMES_MS[span.timeframe]:
        return None
    close = align(candles, span.open_ms) / listing.coins
    returns = simple_returns(close[:, None])[:, 0]
    if not np.isfinite(returns).any():
        return None
    return Series(
        kind=kind,
        source=market.name,
        close=close,
        returns=returns,
        market=market,
        listing=replace(listing, venue=None),
    )
