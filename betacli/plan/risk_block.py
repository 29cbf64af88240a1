"""The risk block of a plan: asked for where the source is live, unknown with the reason elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from betacli.core.model import Universe
from betacli.core.thresholds import BASIC
from betacli.data.candles import MarketData
from betacli.plan.held import HeldContract
from betacli.plan.measure import Measured
from betacli.plan.trade_risk import TradeRisk

if TYPE_CHECKING:
    from betacli.plan.stand_in import Tracking


def risk_of_plan(
    measured: Measured,
    held: Sequence[HeldContract],
    basket: float,
    universe: Universe,
    source: MarketData | None,
    tracked: "tuple[Tracking, ...]" = (),
    weights: Mapping[str, float] | None = None,
) -> TradeRisk:
    """Return the block of what is held: only a live source is asked for order books, rates and index.

    `tracked` is what stands in for members without a contract, in a basket of `weights`.
    """
    block = _block(measured, held, basket, universe, source)
    if not tracked or weights is None:
        return block
    from betacli.plan.proxy_basis import proxy_basis  # noqa: PLC0415

    return replace(block, proxy_basis_annual=proxy_basis(tracked, weights, measured)[1])


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
