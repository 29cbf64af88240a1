"""How far are the contracts from what they stand for, how does that behave, and what do dated futures pay?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from betacli import document as doc
from betacli.core.calendar import TIMEFRAMES_MS, bars_per_year
from betacli.core.candles import iso
from betacli.core.carry import MIN_BARS, BasisStats, basis_bps, basis_stats
from betacli.core.funding import annual_rate
from betacli.core.model import Candles, Floats, Funding, Notice, Ticker, Universe, Unknown
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import align
from betacli.document import Column, Document, Facts, Report, Table
from betacli.plan.answer import report
from betacli.plan.attempt import Attempt, attempt
from betacli.plan.carrying import Holding
from betacli.plan.dated import DatedRow, dated_rows, dated_table
from betacli.plan.measure import Measured
from betacli.plan.request import BasketRequest

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
    role: Literal["leg", "hedge"]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisPlan:
    """Basis of every contract of basket and hedge.

    `risk_annual` is the basis risk of the whole: the standard deviation a year of Σ Q (contract return − reference
    return) over the basket's notional; `risk_currency` that times the notional. `proxy_basis_annual` is the tracking
    error of what stands in for members without a contract, None where no member is held by a proxy.
    """

    sector: str
    timeframe: str | None
    horizon_days: float
    basket_notional: float
    rows: tuple[BasisRow, ...]
    dated: tuple[DatedRow, ...]
    risk_annual: float | None
    risk_currency: float | None
    proxy_basis_annual: float | None

    def document(self) -> Document:
        """Return the basis risk as its own lines, the perpetuals, and the dated futures where there are any."""
        blocks: list[Table | Facts] = [self._facts(), self._table()]
        if self.dated:
            blocks.append(dated_table(self.dated, self.horizon_days))
        return Document(
            title=f"Basis of {self.sector} and its hedge", blocks=tuple(blocks), records=self.rows
        )

    def _facts(self) -> Facts:
        risk = doc.UNKNOWN
        if self.risk_annual is not None:
            risk = f"{doc.percent(self.risk_annual)} of the basket a year ({doc.money(self.risk_currency)})"
        pairs = [("basis risk", risk), ("horizon", f"{self.horizon_days:g} days")]
        if self.proxy_basis_annual is not None:
            pairs.append(("proxy basis", f"{doc.percent(self.proxy_basis_annual)} of the basket a year"))
        return Facts(pairs=tuple(pairs))

    def _table(self) -> Table:
        bps = doc.fixed(2, sign=True)
        columns = (
            Column(header="contract", align="left", tone=lambda _: "strong"),
            Column(header="against", align="left", show=doc.text),
            Column(header="now bps", show=bps),
            Column(header="mean bps", show=bps),
            Column(header="sd bps", show=doc.fixed(2)),
            Column(header="half-life h", show=doc.fixed(1)),
            Column(header="worst day", align="left", show=doc.text),
            Column(header="its bps", show=bps),
            Column(header="mean a year", show=doc.signed_percent),
            Column(header="risk a year", show=doc.percent),
        )
        rows = tuple(
            (
                f"{row.base} (hedge)" if row.role == "hedge" else row.base, row.reference, row.now_bps, row.mean_bps,
                row.sd_bps, row.half_life_hours, row.worst_day, row.worst_day_bps, row.mean_annual, row.risk_annual,
            )
            for row in self.rows
        )  # fmt: skip
        return Table(columns=columns, rows=rows)


def plan_basis(
    request: BasketRequest, universe: Universe, source: MarketData | None, holding: Holding
) -> Report:
    """Answer the `basis` command."""
    found = attempt(request, universe, source)
    rows, notices, risk = basis_rows(found, universe, source)
    days = holding.days(universe)
    basket = found.solved.plan.notional if found.solved else 0.0
    bases = tuple(dict.fromkeys(base for base, _, _ in _held(found)))
    dated, dated_notices = dated_rows(found.measured, bases, universe, source, days)
    plan = BasisPlan(
        sector=found.measured.sector,
        timeframe=found.measured.inputs.timeframe,
        horizon_days=days,
        basket_notional=basket,
        rows=rows,
        dated=dated,
        risk_annual=risk,
        risk_currency=None if risk is None else risk * abs(basket),
        proxy_basis_annual=None,
    )
    said = (*found.market_notices, *notices, *dated_notices)
    return report("basis", request.betas.run, found.measured, plan, said)


def _held(found: Attempt) -> list[tuple[str, Literal["leg", "hedge"], float]]:
    """Return every contract of basket and hedge with its notional."""
    if found.solved is None:
        return [(base, "leg", 0.0) for base in found.measured.bases]
    held: list[tuple[str, Literal["leg", "hedge"], float]] = [
        (leg.base, "leg", leg.notional) for leg in found.solved.plan.legs
    ]
    parts = found.hedged.plan.hedge.parts if found.hedged else ()
    return held + [(part.base, "hedge", part.notional) for part in parts]


def basis_rows(
    found: Attempt, universe: Universe, source: MarketData | None
) -> tuple[tuple[BasisRow, ...], list[Notice], float | None]:
    """Measure the basis of every contract of basket and hedge, and the basis risk of the whole."""
    measured, held = found.measured, _held(found)
    bases = sorted({base for base, _, _ in held})
    listings = [measured.listings[base] for base in bases if base in measured.listings]
    if source is None or measured.panel is None:
        reason = "no source of market data was named"
        rows = tuple(_unknown(measured, base, role, q, {"basis": reason}) for base, role, q in held)
        return rows, [Notice(id="basis-unknown", detail=f"basis: {reason}", severity="note")], None
    tickers, rates = source.tickers(listings), source.funding(listings)
    against = references(measured, universe, source, listings)
    rows = tuple(
        _row(measured, base, role, q, tickers.get(base), rates.get(base), against.get(base))
        for base, role, q in held
    )
    by_spot = [row.base for row in rows if row.reference == "spot"]
    notices = _told(rows)
    if by_spot:
        detail = f"the basis of {', '.join(dict.fromkeys(by_spot))} is against spot: no index history is told"
        notices.append(Notice(id="basis-against-spot", detail=detail, severity="note"))
    return rows, notices, _risk(found, held, against)


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
    lacking = [x for x in listings if not _has_bars(fetched.get(x.base))]
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
    base: str,
    role: Literal["leg", "hedge"],
    notional: float,
    ticker: Ticker | Unknown | None,
    rate: Funding | Unknown | None,
    against: Against | Unknown | None,
) -> BasisRow:
    unknown: dict[str, str] = {}
    now_bps = None
    if isinstance(ticker, Ticker) and ticker.mark and ticker.index:
        now_bps = basis_bps(ticker.mark, ticker.index)
    else:
        unknown["basis-now"] = ticker.reason if isinstance(ticker, Unknown) else "mark or index is not told"
    if not isinstance(against, Against):
        unknown["basis-history"] = against.reason if against else "it is not listed"
        return _unknown(measured, base, role, notional, unknown, now_bps)
    stats = basis_stats(
        measured.panel.open_ms if measured.panel is not None else np.zeros(0, dtype=np.int64),
        against.contract,
        against.index,
        TIMEFRAMES_MS[measured.recipe.timeframe],
    )
    if stats is None:
        unknown["basis-history"] = f"fewer than {MIN_BARS} bars have both"
        return _unknown(measured, base, role, notional, unknown, now_bps)
    hours = rate.interval_hours if isinstance(rate, Funding) else None
    if hours is None:
        unknown["basis-annual"] = rate.reason if isinstance(rate, Unknown) else "its interval is not known"
    return _measured_row(measured, base, role, notional, against, stats, now_bps, hours, unknown)


def _measured_row(
    measured: Measured,
    base: str,
    role: Literal["leg", "hedge"],
    notional: float,
    against: Against,
    stats: BasisStats,
    now_bps: float | None,
    hours: float | None,
    unknown: Mapping[str, str],
) -> BasisRow:
    return BasisRow(
        base=base,
        role=role,
        symbol=measured.listings[base].symbol,
        notional=notional,
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
    base: str,
    role: Literal["leg", "hedge"],
    notional: float,
    unknown: Mapping[str, str],
    now_bps: float | None = None,
) -> BasisRow:
    listing = measured.listings.get(base)
    return BasisRow(
        base=base, role=role, symbol=listing.symbol if listing else None, notional=notional, reference=None,
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
    found: Attempt,
    held: Sequence[tuple[str, str, float]],
    against: Mapping[str, Against | Unknown],
) -> float | None:
    """Return the standard deviation a year of Σ Q (contract return − reference return) over the basket's notional."""
    if found.solved is None or found.measured.panel is None:
        return None
    total: Floats | None = None
    for base, _, notional in held:
        if not notional:
            continue
        pair = against.get(base)
        if not isinstance(pair, Against):
            return None
        moved = pair.contract[1:] / pair.contract[:-1] - pair.index[1:] / pair.index[:-1]
        total = notional * moved if total is None else total + notional * moved
    if total is None:
        return None
    seen = total[np.isfinite(total)]
    if len(seen) < MIN_BARS - 1:
        return None
    bars = bars_per_year(found.measured.panel.timeframe_ms)
    return float(seen.std(ddof=1) / abs(found.solved.plan.notional) * np.sqrt(bars))
