"""The risk block of a plan: asked for where the source is live, unknown with the reason elsewhere."""

from collections.abc import Sequence
from dataclasses import replace

from betacli.core.model import Universe
from betacli.core.thresholds import BASIC
from betacli.data.candles import MarketData
from betacli.plan.held import HeldContract
from betacli.plan.measure import Measured
from betacli.plan.trade_risk import TradeRisk


def risk_of_plan(
    measured: Measured,
    held: Sequence[HeldContract],
    basket: float,
    universe: Universe,
    source: MarketData | None,
    proxy_basis_annual: float | None = None,
) -> TradeRisk:
    """Return the block of what is held: only a live source is asked for order books, rates and index."""
    block = _block(measured, held, basket, universe, source)
    return block if proxy_basis_annual is None else replace(block, proxy_basis_annual=proxy_basis_annual)


def _block(
    measured: Measured,
    held: Sequence[HeldContract],
    basket: float,
    universe: Universe,
    source: MarketData | None,
) -> TradeRisk:
    if source is not None and source.live and basket:
        from betacli.plan.trade_risk_asked import risk_asked  # noqa: PLC0415  an answer for the past starts sooner

        return risk_asked(measured, held, basket, universe, source)
    reason = "needs a live source" if source is None else "not asked for in an answer for the past"
    if not basket:
        reason = "nothing is held"
    return TradeRisk(
        horizon_days=universe.checklist.get("rebalance_days", BASIC["rebalance_days"]),
        liquidity_grade=None,
        liquidity_worst=None,
        funding=None,
        funding_bps=None,
        basis_risk_annual=None,
        unknown=dict.fromkeys(("liquidity_grade", "funding", "basis_risk_annual"), reason),
    )
