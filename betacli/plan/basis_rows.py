"""How far each contract of a trade is from its index or spot, and how that behaved over the window."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from betacli.core.calendar import TIMEFRAMES_MS, bars_per_year
from betacli.core.candles import iso
from betacli.core.carry import MIN_BARS, basis_bps, basis_stats
from betacli.core.funding import annual_rate
from betacli.core.model import Candles, Floats, Funding, Notice, Ticker, Universe, Unknown
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import GATES, align
from betacli.plan.held import HeldContract, Role, distinct_batches, key_of
from betacli.plan.measure import Measured

Reference = Literal["index", "spot"]
Bars: TypeAlias = Callable[[Sequence[Listing], str, int, int], Mapping[str, Candles | Unknown]]
COVERED = 0.9  # the part of the window's returns below which a basis risk is said to rest on few


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRow:
    """A contract against its index (or spot: `reference`). Bps of the reference; None is unknown, `unknown` says why.

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
    if source is None or measured.panel is None:
        reason = "no source of market data was named"
        rows = tuple(_unknown(x, {"basis": reason}) for x in held)
        return rows, [Notice(id="basis-unknown", detail=f"basis: {reason}", severity="note")], None
    tickers: dict[str, Ticker | Unknown] = {}
    rates: dict[str, Funding | Unknown] = {}
    contracts = [x.listing for x in held if x.listing is not None and not x.spot]
    for batch in distinct_batches(sorted(contracts, key=lambda listing: listing.base)):
        perpetual = [x for x in batch if x.market is None or x.market.kind == "swap"]
        now, paid = source.tickers(batch), source.funding(perpetual) if perpetual else {}
        tickers |= {key_of(x.base, x): now[x.base] for x in batch if x.base in now}
        rates |= {key_of(x.base, x): paid[x.base] for x in perpetual if x.base in paid}
    against = references(measured, universe, source, contracts)
    rows = tuple(_row(measured, x, tickers.get(x.key), rates.get(x.key), against.get(x.key)) for x in held)
    notices = _told(rows)
    by_spot = [row.base for row in rows if row.reference == "spot"]
    if by_spot:
        detail = f"the basis of {', '.join(dict.fromkeys(by_spot))} is against spot: no index history is told"
        notices.append(Notice(id="basis-against-spot", detail=detail, severity="note"))
    risk, n_obs = _risk(measured, held, basket, against)
    wanted = len(measured.panel.open_ms) - 1
    if risk is not None and n_obs < COVERED * wanted:
        detail = f"basis risk is measured on {n_obs:,} of the window's {wanted:,} returns, which all contracts have"
        notices.append(Notice(id="basis-short", detail=detail))
    return rows, notices, risk


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Against:
    """Closes (T,) per coin of a contract and of what it stands for, on the window's bars."""

    reference: Reference
    contract: Floats
    index: Floats


def references(
    measured: Measured, universe: Universe, source: MarketData, listings: Sequence[Listing]
) -> dict[str, Against | Unknown]:
    """Return each contract beside its index by its key; beside spot where the source has no index history.

    An index that stands still while its contract moves is no index.
    """
    answer: dict[str, Against | Unknown] = {}
    if measured.panel is None:
        return answer
    flat = int({**GATES, **universe.gates}["note_flat_bars"])
    for batch in distinct_batches(sorted(listings, key=lambda listing: listing.base)):
        contracts = _closes(measured, source, batch)
        indices = _asked(measured, source.index_candles, batch)
        lacking = [x.base for x in batch if x.venue is None and not _has_bars(indices.get(x.base))]
        places = source.spot(lacking, universe.quote) if lacking else {}
        spots = [place for place in places.values() if isinstance(place, Listing)]
        prices = _asked(measured, source.candles, spots) if spots else {}
        for listing in batch:
            base = listing.base
            pair = _pair(
                measured, listing, contracts.get(base), indices.get(base), places.get(base), prices.get(base)
            )
            if isinstance(pair, Against) and (still := _still(pair, flat)):
                pair = Unknown(
                    reason=f"its {pair.reference} stood still for {still} bars while the contract moved"
                )
            answer[key_of(base, listing)] = pair
    return answer


def _asked(
    measured: Measured, question: Bars, listings: Sequence[Listing]
) -> Mapping[str, Candles | Unknown]:
    """Ask for the window's bars."""
    if measured.panel is None:
        return {}
    grid, step = measured.panel.open_ms, measured.panel.timeframe_ms
    return question(listings, measured.recipe.timeframe, int(grid[0]), int(grid[-1]) + step)


def _closes(
    measured: Measured, source: MarketData, listings: Sequence[Listing]
) -> dict[str, Candles | Unknown]:
    """Return the bars of contracts: those that betas were measured on, or asked for."""
    own = {key_of(base, x) for base, x in measured.listings.items() if base in measured.candles}
    others = [x for x in listings if key_of(x.base, x) not in own]
    known = {x.base: measured.candles[x.base] for x in listings if key_of(x.base, x) in own}
    return {**known, **(_asked(measured, source.candles, others) if others else {})}


def _pair(
    measured: Measured,
    listing: Listing,
    own: Candles | Unknown | None,
    index: Candles | Unknown | None,
    place: Listing | Unknown | None,
    spot: Candles | Unknown | None,
) -> Against | Unknown:
    """Put a contract beside its index, or beside spot; or say why neither is known."""
    if measured.panel is None or not isinstance(own, Candles) or not len(own.open_ms):
        return own if isinstance(own, Unknown) else Unknown(reason="there are no bars of the contract")
    grid = measured.panel.open_ms
    contract = align(own, grid)
    if isinstance(index, Candles) and len(index.open_ms):
        return Against(reference="index", contract=contract, index=align(index, grid))
    if isinstance(spot, Candles) and len(spot.open_ms) and isinstance(place, Listing):
        scale = listing.coins / place.coins
        return Against(reference="spot", contract=contract, index=align(spot, grid) * scale)
    why = index.reason if isinstance(index, Unknown) else "has no index bars"
    lacking = next((x.reason for x in (place, spot) if isinstance(x, Unknown)), None)
    return Unknown(reason=why if lacking is None else f"{why}; spot: {lacking}")


def _still(pair: Against, flat: int) -> int:
    """Return over how many bars in a row the index did not change though the contract did; 0 where that is below `flat`."""
    longest = run = 0
    for index, contract in zip(np.diff(pair.index), np.diff(pair.contract), strict=True):
        run = run + 1 if index == 0 and contract != 0 else 0
        longest = max(longest, run)
    return longest + 1 if longest + 1 >= flat else 0


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
    if x.spot:
        return _unknown(x, {"basis-history": "spot has no basis: it is what a future is held against"})
    if isinstance(ticker, Ticker) and ticker.mark and ticker.index:
        now_bps = basis_bps(ticker.mark, ticker.index)
    else:
        unknown["basis-now"] = ticker.reason if isinstance(ticker, Unknown) else "mark or index is not told"
    if not isinstance(against, Against):
        unknown["basis-history"] = against.reason if against else "it is not listed"
        return _unknown(x, unknown, now_bps)
    stats = basis_stats(
        measured.panel.open_ms if measured.panel is not None else np.zeros(0, dtype=np.int64),
        against.contract,
        against.index,
        TIMEFRAMES_MS[measured.recipe.timeframe],
    )
    if stats is None:
        unknown["basis-history"] = f"fewer than {MIN_BARS} bars have both"
        return _unknown(x, unknown, now_bps)
    hours = rate.interval_hours if isinstance(rate, Funding) else None
    if x.dated:
        unknown["basis-annual"] = "a dated future: see its own carry"
    elif hours is None:
        unknown["basis-annual"] = rate.reason if isinstance(rate, Unknown) else "its interval is not known"
    return BasisRow(
        base=x.base,
        role=x.role,
        symbol=x.listing.symbol if x.listing else None,
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


def _unknown(x: HeldContract, unknown: Mapping[str, str], now_bps: float | None = None) -> BasisRow:
    return BasisRow(
        base=x.base, role=x.role, symbol=x.listing.symbol if x.listing else None, notional=x.notional, reference=None,
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
) -> tuple[float | None, int]:
    """Return the standard deviation a year of Σ Q (contract return − reference return) over the basket's notional.

    The second value is on how many returns, those that every contract has; None with too few.
    """
    total: Floats | None = None
    for x in held:
        if not x.notional or x.spot:
            continue
        pair = against.get(x.key)
        if not isinstance(pair, Against):
            return None, 0
        moved = pair.contract[1:] / pair.contract[:-1] - pair.index[1:] / pair.index[:-1]
        total = x.notional * moved if total is None else total + x.notional * moved
    if total is None or measured.panel is None or not basket:
        return None, 0
    seen = total[np.isfinite(total)]
    if len(seen) < MIN_BARS - 1:
        return None, len(seen)
    yearly = np.sqrt(bars_per_year(measured.panel.timeframe_ms))
    return float(seen.std(ddof=1) / abs(basket) * yearly), len(seen)
