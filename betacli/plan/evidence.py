"""Collect what the eight steps look at: the attempted trade, its liquidity, its carry, and how its betas behave."""

from dataclasses import replace

import numpy as np

from betacli.core.beta import estimate
from betacli.core.calendar import DAY_MS
from betacli.core.candles import iso
from betacli.core.checks import THRESHOLDS
from betacli.core.evidence import Evidence, LegEvidence, StoodIn
from betacli.core.model import Floats, Notice, Universe
from betacli.core.watch import LATE_DAYS, watch
from betacli.data.candles import Listing, MarketData
from betacli.plan.attempt import Attempt
from betacli.plan.basket import Solved
from betacli.plan.beta_table import stability
from betacli.plan.betas import AssetBeta, asset_betas, basket_beta
from betacli.plan.book import Book
from betacli.plan.hedge_plan import HedgePlan
from betacli.plan.liquidity import liquidity_of
from betacli.plan.liquidity_rows import LiquidityRow
from betacli.plan.measure import Measured
from betacli.plan.request import BasketRequest
from betacli.plan.trade_risk import TradeRisk
from betacli.plan.trade_risk_asked import trade_risk


def gather_evidence(
    request: BasketRequest, universe: Universe, source: MarketData | None, found: Attempt
) -> tuple[Evidence, list[Notice]]:
    """Return what the checks look at, and what was said on the way."""
    measured, solved = found.measured, found.solved
    asked = request.betas.members(universe)[1]
    assets = asset_betas(measured)
    rows, notices = liquidity_of(found, request, universe, source)
    risk = trade_risk(measured, found.held, found.notional, rows, universe, source)
    plan = found.hedged.plan if found.hedged else None
    held = None if plan is None else plan.rounded or plan
    equal = np.full(len(assets), 1 / max(1, len(assets)))
    evidence = Evidence(
        benchmark=measured.benchmark.name,
        last_bar=measured.inputs.window.end if measured.inputs.window else None,
        n_returns=None if measured.market is None else int(np.isfinite(measured.market).sum()),
        sector=measured.sector,
        sector_r_squared=basket_beta(measured, equal).r_squared if assets else None,
        members_asked=len(asked),
        members_kept=len(assets),
        excluded=tuple(member.base for member in asked if member.base not in measured.bases),
        missing_allowed=request.betas.allow_missing,
        legs=_legs(found, assets, {row.base: row for row in rows if row.role == "leg"}),
        hedges=tuple(_hedge(row, risk.horizon_days) for row in rows if row.role == "hedge"),
        target=request.target,
        attainable=None if solved is None else (solved.plan.attainable.low, solved.plan.attainable.high),
        basket_beta=None if solved is None else solved.plan.beta,
        effective_assets=None if solved is None else solved.plan.effective_assets,
        max_weight=request.max_weight,
        no_basket=found.why_not,
        equity=request.equity if plan is None else plan.equity,
        account_leverage=None if held is None else held.account_leverage,
        initial_margin=None if plan is None else plan.margin.initial,
        liquidation_known=held is not None and held.liquidation.known,
        liquidation_moves=_moves(held),
        isolated_moves=_isolated(held),
        worst_day=_worst_day(measured),
        basket_r_squared=None if solved is None else solved.plan.r_squared,
        hedge_notional=None if plan is None else plan.hedge.notional,
        hedge_asked=request.hedge_to,
        rounded_aggregate=None if plan is None else plan.rounded_aggregate_beta,
        planned_aggregate=None if plan is None else plan.aggregate_beta,
        without_contract={x.base: x.detail for x in measured.excluded if x.reason in {"listed", "active"}},
        stood_in=_stood_in(request),
        unanswered={base: error.message for base, error in request.betas.proxies_down.items()},
        drift=None if solved is None else _drift(solved),
        next_due=_next_due(measured, universe),
    )
    return _with_costs(evidence, found, plan, risk), notices


def _with_costs(evidence: Evidence, found: Attempt, plan: HedgePlan | None, risk: TradeRisk) -> Evidence:
    """Add the age of the data, the concentration, and what holding the trade costs."""
    measured, solved = found.measured, found.solved
    largest = None
    if solved is not None and solved.plan.legs:
        top = max(solved.plan.legs, key=lambda leg: abs(leg.weight))
        largest = (top.base, abs(top.weight))
    age = None
    if measured.panel is not None:
        closed_ms = int(measured.panel.open_ms[-1]) + measured.panel.timeframe_ms
        age = max(0.0, (measured.now_ms - closed_ms) / DAY_MS)
    return replace(
        evidence,
        age_days=age,
        largest=largest,
        hedge_ratio=None if plan is None or solved is None else plan.hedge.notional / solved.plan.notional,
        horizon_days=risk.horizon_days,
        funding_bps=risk.funding_bps,
        funding_unknown=risk.unknown.get("funding"),
        basis_risk=risk.basis_risk_annual,
        basis_unknown=risk.unknown.get("basis_risk_annual"),
    )


def _next_due(measured: Measured, universe: Universe) -> str:
    days = {**THRESHOLDS, **universe.checklist}["rebalance_days"]
    return iso(measured.now_ms + round(days * DAY_MS))


def _moves(plan: HedgePlan | Book | None) -> tuple[float, ...]:
    """Return every liquidating move, at the estimated beta and two standard errors off."""
    if plan is None:
        return ()
    found = (plan.liquidation.at_beta, plan.liquidation.at_beta_low, plan.liquidation.at_beta_high)
    return tuple(move for move in found if move is not None)


def _isolated(plan: HedgePlan | Book | None) -> tuple[float, ...]:
    """Return the moves, down and up, that liquidate the first side on isolated margin at the estimated beta."""
    apart = None if plan is None else plan.liquidation.cases[0].isolated
    return () if apart is None else tuple(move for move in (apart.down, apart.up) if move is not None)


def _worst_day(measured: Measured) -> float | None:
    """Return the benchmark's largest move within a day of the window, as a positive fraction.

    Any run of bars up to a day long counts, so that a fall over two midnights is not halved.
    """
    if measured.market is None:
        return None
    moves = measured.market[np.isfinite(measured.market)]
    if not len(moves):
        return None
    level = np.concatenate([[1.0], np.cumprod(1 + moves)])
    longest = max(1, round(measured.bars_per_day))
    return max(
        float(np.abs(level[k:] / level[:-k] - 1).max()) for k in range(1, min(longest, len(moves)) + 1)
    )


def _stood_in(request: BasketRequest) -> tuple[StoodIn, ...]:
    """Return the members that something else is held for."""
    stand_ins = [one.stand_in for one in request.tracked]
    return tuple(StoodIn(base=s.base, held=s.held, r_squared=s.r_squared) for s in stand_ins)


def _held_as(listing: Listing | None) -> str | None:
    if listing is None:
        return None
    return "as spot" if listing.is_spot else f"on {listing.venue}" if listing.venue else None


def _legs(
    found: Attempt, assets: tuple[AssetBeta, ...], rows: dict[str, LiquidityRow]
) -> tuple[LegEvidence, ...]:
    """Return what is known of each asset's contract, liquidity and beta; without a basket, its notional is 0."""
    measured = found.measured
    legs = {leg.base: leg for leg in found.solved.plan.legs} if found.solved else {}
    ranges, fallen = _behaviour(measured)

    def evidence(k: int, asset: AssetBeta) -> LegEvidence:
        listing, leg, row = measured.listings.get(asset.base), legs.get(asset.base), rows.get(asset.base)
        market = listing.market if listing else None
        width = None if asset.ci_high is None or asset.beta is None else asset.ci_high - asset.beta
        notional = leg.notional if leg else 0.0
        if row is not None and row.order is not None:
            notional = row.order
        return LegEvidence(
            base=asset.base,
            held_as=_held_as(listing),
            notional=notional,
            tradable=market.active if market else None,
            why_not="not active" if market and not market.active else None,
            participation=row.participation if row else None,
            ends_in_days=row.ends_in_days if row else None,
            half_width=width,
            r_squared=asset.r_squared,
            overridden=asset.overridden,
            shortfall=leg is not None
            and bool(leg.notional)
            and (found.too_small or (leg is not None and leg.rounded_notional == 0)),
            grade=row.grade if row else None,
            grade_by=row.grade_by if row else None,
            grade_unknown=_ungraded(row),
            beta_range=float(ranges[k]) if np.isfinite(ranges[k]) else None,
            fallen=fallen[k],
        )

    return tuple(evidence(k, asset) for k, asset in enumerate(assets))


def _ungraded(row: LiquidityRow | None) -> str | None:
    """Say why what is held has no grade."""
    if row is None or not row.order or row.grade is not None:
        return None
    return row.unknown.get("order-book") or row.unknown.get("grade")


def _soon(row: LiquidityRow, rebalance_days: float) -> float | None:
    """Return when a contract ends that should not, or a dated hedge before the next rebalance."""
    if row.contract == "dated" and row.ends_in_days is not None and row.ends_in_days >= rebalance_days:
        return None
    return row.ends_in_days


def _hedge(row: LiquidityRow, rebalance_days: float) -> LegEvidence:
    """Return what is known of one part of the hedge, the largest order of most trades."""
    return LegEvidence(
        base=row.base,
        notional=row.order or 0.0,
        tradable=None if row.contract == "unknown" else row.contract in {"active", "dated", "delisting"},
        why_not=row.unknown.get("contract"),
        participation=row.participation,
        half_width=None,
        r_squared=None,
        overridden=False,
        shortfall=False,
        grade=row.grade,
        grade_by=row.grade_by,
        grade_unknown=_ungraded(row),
        ends_in_days=_soon(row, rebalance_days),
    )


def _behaviour(measured: Measured) -> tuple[Floats, tuple[bool, ...]]:
    """Return how far each beta moved over thirds of the window (N,), and whose correlation has fallen."""
    n = len(measured.members)
    if measured.returns is None or measured.market is None or not n:
        return np.full(n, np.nan), (False,) * n
    low, high = stability(measured.returns, measured.market)
    seen = watch(measured.returns, measured.market, round(LATE_DAYS * measured.bars_per_day))
    return high - low, seen.fallen


def _drift(solved: Solved) -> float | None:
    """Return how far the basket's beta moved from the window's earlier half to its later, over the whole's beta."""
    measured = solved.measured
    if measured.returns is None or measured.market is None:
        return None
    held = solved.weights != 0
    basket = (measured.returns[:, held] @ solved.weights[held])[:, None]
    half = len(basket) // 2
    early = estimate(measured.basket_recipe, basket[:half], measured.market[:half], measured.bars_per_day)
    late = estimate(measured.basket_recipe, basket[half:], measured.market[half:], measured.bars_per_day)
    if not solved.plan.beta:
        return None
    drift = float(late.beta[0] - early.beta[0]) / abs(solved.plan.beta)
    return drift if np.isfinite(drift) else None
