"""How long a position is held and at which fees: what a question about carry adds to one about a basket."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from betacli.core.carry import convergence
from betacli.core.checks import THRESHOLDS
from betacli.core.model import Notice, Universe
from betacli.data.candles import Listing
from betacli.plan.hedge_plan import HedgePart, expiring
from betacli.plan.held import HeldContract, orders_of
from betacli.plan.liquidity_rows import LiquidityRow

Role = Literal["maker", "taker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """`horizon_days` is None for the rebalance interval; `fee_bps` stands in for every market's own fee."""

    horizon_days: float | None = None
    fees: Role = "taker"
    fee_bps: float | None = None

    def days(self, universe: Universe) -> float:
        """Return the horizon in days: as asked, or the sector file's rebalance interval."""
        default = universe.checklist.get("rebalance_days", THRESHOLDS["rebalance_days"])
        return default if self.horizon_days is None else self.horizon_days

    def fee_of(self, listing: Listing | None) -> float | None:
        """Return the fee of one fill as a fraction of its notional; None where the market does not tell."""
        if self.fee_bps is not None:
            return self.fee_bps / 1e4
        if listing is None or listing.market is None:
            return None
        return listing.market.taker_fee if self.fees == "taker" else listing.market.maker_fee


def fees_both_ways(holding: Holding, held: Sequence[HeldContract], notices: list[Notice]) -> float | None:
    """Return what the fees of getting into every leg and the hedge and out again come to, below zero."""
    paid, lacking = 0.0, []
    orders = orders_of(held)
    for key, contract in {x.key: x for x in held}.items():
        fee = holding.fee_of(contract.listing)
        if fee is None:
            lacking.extend([contract.base] if orders[key] else [])
        else:
            paid -= 2 * fee * abs(orders[key])
    if lacking:
        detail = f"no {holding.fees} fee is told for {', '.join(sorted(lacking))}: state one with `--fee-bps`"
        notices.append(Notice(id="fees-unknown", detail=detail, severity="note"))
        return None
    return paid + 0.0


def converged(parts: Sequence[HedgePart], days: float, notices: list[Notice]) -> float | None:
    """Return what the dated futures of a hedge gain or lose toward the index within the horizon; None where unknown."""
    notices += expiring(parts, days)
    total = 0.0
    for part in parts:
        dated = part.dated
        if dated is None or not part.notional:
            continue
        if dated.basis is None or dated.days_left <= 0:
            return None
        total += convergence(part.notional, dated.basis, dated.days_left, days)
    return total


def entry_both_ways(rows: Sequence[LiquidityRow], held: Sequence[HeldContract]) -> float | None:
    """Return what half spreads and slippage in and out come to, below zero; None where a book does not tell."""
    paid = 0.0
    orders = orders_of(held)
    found = {(row.symbol, row.venue): row for row in rows if row.symbol is not None}
    for key, contract in {x.key: x for x in held}.items():
        if not orders[key]:
            continue
        listing = contract.listing
        row = None if listing is None else found.get((listing.symbol, listing.venue))
        if row is None or row.entry_cost_bps is None or row.exit_cost_bps is None:
            return None
        paid -= abs(orders[key]) * (row.entry_cost_bps + row.exit_cost_bps) / 1e4
    return paid + 0.0
