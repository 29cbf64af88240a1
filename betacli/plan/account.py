"""What a book of legs pays in funding."""

from collections.abc import Sequence
from dataclasses import dataclass

from betacli.core.funding import total
from betacli.core.model import Notice
from betacli.data.candles import MarketData
from betacli.plan.funding_rows import current_rows
from betacli.plan.held import HeldContract, Role

DAY_HOURS = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingCost:
    """Funding a day at today's rates, in quote currency; above zero is received. None where rates are unknown."""

    basket_per_day: float | None
    hedge_per_day: float | None
    net_per_day: float | None


def funding_of(source: MarketData | None, held: Sequence[HeldContract], notices: list[Notice]) -> FundingCost:
    """Return today's funding of basket and hedge: −Q × rate × 24 / its own interval, a day."""
    if source is None or not source.live:
        reason = (
            "no source of funding rates was named"
            if source is None
            else "the rates of a past moment are not known"
        )
        notices.append(Notice(id="funding-unknown", detail=f"funding is unknown: {reason}", severity="note"))
        return FundingCost(basket_per_day=None, hedge_per_day=None, net_per_day=None)
    rows = current_rows(held, source, DAY_HOURS)
    lacking = dict.fromkeys(f"{row.base} {row.why_not}" for row in rows if row.why_not)
    if lacking:
        detail = f"funding is unknown: {'; '.join(lacking)}"
        notices.append(Notice(id="funding-unknown", detail=detail, severity="note"))

    def per_day(role: Role) -> float | None:
        return total([row.cash for row in rows if row.role == role])

    basket, hedge = per_day("leg"), per_day("hedge")
    return FundingCost(basket_per_day=basket, hedge_per_day=hedge, net_per_day=total([basket, hedge]))
