"""How far each contract of a trade is from its index or spot, and how that behaved over the window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from betacli.core.calendar import TIMEFRAMES_MS, bars_per_year
from betacli.core.candles import iso
from betacli.core.carry import MIN_BARS, BasisStats, basis_bps, basis_stats
from betacli.core.funding import annual_rate
from betacli.core.model import Candles, Floats, Funding, Notice, Ticker, Universe, Unknown
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import align
from betacli.plan.held import HeldContract, Role
from betacli.plan.measure import Measured

Reference = Literal["index", "spot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRow:
    """A perpetual against its index (or spot: `reference`). Bps of the reference; None is unknown, `unknown` says why.

    `now_bps` is the mark over the index of this moment. `mean_bps`, `sd_bps`, `half_life_hours`, `worst_day` with
    `worst_day_bps` are of the window's closes. `mean_annual` is mean × 24 / interval × 365: what a year costs where
    funding pays the whole basis at the symbol's own interval, which venues' formulas damp. `risk_annual` is basis
    risk: the standard deviation of (contract return − reference return), a year; it is no part of beta.
    """

    base: str
    role: Role
    symbol: str | None
    notional: float
    reference: Reference | None
    now_bps: float | None
    n_obs: int | None
    mean_bps: float | None
    sd_bps: float | None
    half_life_hours: float | None
    worst_day: str | None
    worst_day_bps: float | None
    mean_annual: float | None
    risk_annual: float | None
    unknown: Mapping[str, str] = field(default_factory=dict)


def basis_rows(
    measured: Measured,
    held: Sequence[HeldContract],
    basket: float,
    universe: Universe,
    source: MarketData | None,
) -> tuple[tuple[BasisRow, ...], list[Notice], float | None]:
    """Measure the basis of every contract, and the basis risk of the whole over the basket's notional."""
    bases = sorted({x.base for x in held})
    every = [measured.listings[base] for base in bases if base in measured.listings]
    listings = [listing for listing in every if not listing.is_spot]
    if source is None or measured.panel is None:
        reason = "no source of market data was named"
        rows = tuple(_unknown(measured, x, {"basis": reason}) for x in held)
        return rows, [Notice(id="basis-unknown", detail=f"basis: {reason}", severity="note")], None
    tickers, rates = source.tickers(listings), source.funding(listings)
    against = references(measured, universe, source, listings)
    rows = tuple(_row(measured, x, tickers.get(x.base), rates.get(x.base), against.get(x.base)) for x in held)
    by_spot = [row.base for row in rows if row.reference == "spot"]
    notices = _told(rows)
    if by_spot:
        detail = f"the basis of {', '.join(dict.fromkeys(by_spot))} is against spot: no index history is told"
        notices.append(Notice(id="basis-against-spot", detail=detail, severity="note"))
    return rows, notices, _risk(measured, held, basket, against)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Against:
    """Closes (T,) per coin of a contract and of what it stands for, on the window's bars."""

    reference: Reference
    contract: Floats
    index: Floats


def references(
    measured: Measured, universe: Universe, source: MarketData, listings: Sequence[Listing]
) -> dict[str, Against | Unknown]:
    """Return each contract beside its index; beside spot where the source has no index history."""
    if measured.panel is None:
        return {}
    grid, timeframe = measured.panel.open_ms, measured.recipe.timeframe
    start_ms, end_ms = int(grid[0]), int(grid[-1]) + TIMEFRAMES_MS[timeframe]
    fetched = source.index_candles(listings, timeframe, start_ms, end_ms)
    lacking = [x for x in listings if x.venue is None and not _has_bars(fetched.get(x.base))]
    found = source.spot([x.base for x in lacking], universe.quote) if lacking else {}
    spots = [place for place in found.values() if isinstance(place, Listing)]
    prices = source.candles(spots, timeframe, start_ms, end_ms) if spots else {}
    answer: dict[str, Against | Unknown] = {}
    for listing in listings:
        own = measured.candles.get(listing.base)
        if own is None:
            answer[listing.base] = Unknown(reason="there are no bars of the contract")
            continue
        contract = align(own, grid)
        index, spot = fetched.get(listing.base), prices.get(listing.base)
        place = found.get(listing.base)
        if isinstance(index, Candles) and len(index.open_ms):
            answer[listing.base] = Against(reference="index", contract=contract, index=align(index, grid))
        elif isinstance(spot, Candles) and len(spot.open_ms) and isinstance(place, Listing):
            scale = listing.coins / place.coins
            answer[listing.base] = Against(
                reference="spot", contract=contract, index=align(spot, grid) * scale
            )
        else:
            why = index.reason if isinstance(index, Unknown) else "has no index bars"
            if isinstance(place, Unknown):
                why = f"{why}; spot: {place.reason}"
            elif isinstance(spot, Unknown):
                why = f"{why}; spot: {spot.reason}"
            answer[listing.base] = Unknown(reason=why)
    return answer


def _has_bars(candles: Candles | Unknown | None) -> bool:
    return isinstance(candles, Candles) and len(candles.open_ms) > 0


def _row(
    measured: Measured,
    x: HeldContract,
    ticker: Ticker | Unknown | None,
    rate: Funding | Unknown | None,
    against: Against | Unknown | None,
) -> BasisRow:
    unknown: dict[str, str] = {}
    now_bps = None
    if x.dated:
        return _unknown(measured, x, {"basis-history": "a dated future: see its own carry"})
    if x.spot:
        return _unknown(
            measured, x, {"basis-history": "spot has no basis: it is what a future is held against"}
        )
    if isinstance(ticker, Ticker) and ticker.mark and ticker.index:
        now_bps = basis_bps(ticker.mark, ticker.index)
    else:
        unknown["basis-now"] = ticker.reason if isinstance(ticker, Unknown) else "mark or index is not told"
    if not isinstance(against, Against):
        unknown["basis-history"] = against.reason if against else "it is not listed"
        return _unknown(measured, x, unknown, now_bps)
    stats = basis_stats(
        measured.panel.open_ms if measured.panel is not None else np.zeros(0, dtype=np.int64),
        against.contract,
        against.index,
        TIMEFRAMES_MS[measured.recipe.timeframe],
    )
    if stats is None:
        unknown["basis-history"] = f"fewer than {MIN_BARS} bars have both"
        return _unknown(measured, x, unknown, now_bps)
    hours = rate.interval_hours if isinstance(rate, Funding) else None
    if hours is None:
        unknown["basis-annual"] = rate.reason if isinstance(rate, Unknown) else "its interval is not known"
    return _measured_row(measured, x, against, stats, now_bps, hours, unknown)


def _measured_row(
    measured: Measured,
    x: HeldContract,
    against: Against,
    stats: BasisStats,
    now_bps: float | None,
    hours: float | None,
    unknown: Mapping[str, str],
) -> BasisRow:
    return BasisRow(
        base=x.base,
        role=x.role,
        symbol=measured.listings[x.base].symbol,
        notional=x.notional,
        reference=against.reference,
        now_bps=now_bps,
        n_obs=stats.n_obs,
        mean_bps=stats.mean_bps,
        sd_bps=stats.sd_bps,
        half_life_hours=stats.half_life_hours,
        worst_day=iso(stats.worst_day_ms)[:10],
        worst_day_bps=stats.worst_day_bps,
        mean_annual=None if hours is None else annual_rate(stats.mean_bps / 1e4, hours),
        risk_annual=stats.risk_annual,
        unknown=unknown,
    )


def _unknown(
    measured: Measured,
    x: HeldContract,
    unknown: Mapping[str, str],
    now_bps: float | None = None,
) -> BasisRow:
    listing = measured.listings.get(x.base)
    return BasisRow(
        base=x.base, role=x.role, symbol=listing.symbol if listing else None, notional=x.notional, reference=None,
        now_bps=now_bps, n_obs=None, mean_bps=None, sd_bps=None, half_life_hours=None, worst_day=None,
        worst_day_bps=None, mean_annual=None, risk_annual=None, unknown=unknown,
    )  # fmt: skip


def _told(rows: Sequence[BasisRow]) -> list[Notice]:
    why: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for what, reason in row.unknown.items():
            why.setdefault((what, reason), []).append(row.base)
    return [
        Notice(
            id=f"{what}-unknown",
            detail=f"{what.replace('-', ' ')} of {', '.join(dict.fromkeys(bases))}: {reason}",
            severity="note",
        )
        for (what, reason), bases in why.items()
    ]


def _risk(
    measured: Measured, held: Sequence[HeldContract], basket: float, against: Mapping[str, Against | Unknown]
) -> float | None:
    """Return the standard deviation a year of Σ Q (contract return − reference return) over the basket's notional."""
    total: Floats | None = None
    for x in held:
        if not x.notional or x.spot:
            continue
        pair = against.get(x.base)
        if not isinstance(pair, Against):
            return None
        moved = pair.contract[1:] / pair.contract[:-1] - pair.index[1:] / pair.index[:-1]
        total = x.notional * moved if total is None else total + x.notional * moved
    if total is None or measured.panel is None or not basket:
        return None
    seen = total[np.isfinite(total)]
    if len(seen) < MIN_BARS - 1:
        return None
    return float(seen.std(ddof=1) / abs(basket) * np.sqrt(bars_per_year(measured.panel.timeframe_ms)))
