"""What a book of legs pays in funding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from betacli.core.model import Funding, Notice, Unknown
from betacli.data.candles import MarketData
from betacli.plan.measure import Measured


class Held(Protocol):
    """A leg with a signed notional in quote currency."""

    @property
    def base(self) -> str:
        """The asset."""
        ...

    @property
    def notional(self) -> float:
        """Long positive."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingCost:
    """Funding a day at today's rates, in quote currency; above zero is received. None where rates are unknown."""

    basket_per_day: float | None
    hedge_per_day: float | None
    net_per_day: float | None


def funding_of(
    source: MarketData | None,
    measured: Measured,
    basket: Sequence[Held],
    hedge: Sequence[Held],
    notices: list[Notice],
) -> FundingCost:
    """Return today's funding of every leg: −Q × rate × 24 / its own interval, a day."""
    rates: dict[str, float] = {}
    reason = "no source of funding rates was named"
    if source is not None and not source.live:
        reason = "the rates of a past moment are not known"
    elif source is not None:
        names = sorted({leg.base for leg in (*basket, *hedge)})
        answers = source.funding([measured.listings[name] for name in names if name in measured.listings])
        rates = {
            name: answer.rate * 24 / answer.interval_hours
            for name, answer in answers.items()
            if isinstance(answer, Funding)
        }
        reason = next((answer.reason for answer in answers.values() if isinstance(answer, Unknown)), "")
        reason = reason or f"no rate of {', '.join(name for name in names if name not in rates)} was read"

    def per_day(legs: Sequence[Held]) -> float | None:
        held = [leg for leg in legs if leg.notional]
        if any(leg.base not in rates for leg in held):
            return None
        return sum(-leg.notional * rates[leg.base] for leg in held) + 0.0

    paid_by_basket, paid_by_hedge = per_day(basket), per_day(hedge)
    if paid_by_basket is None or paid_by_hedge is None:
        notices.append(Notice(id="funding-unknown", detail=f"funding is unknown: {reason}", severity="note"))
        return FundingCost(basket_per_day=paid_by_basket, hedge_per_day=paid_by_hedge, net_per_day=None)
    return FundingCost(
        basket_per_day=paid_by_basket,
        hedge_per_day=paid_by_hedge,
        net_per_day=paid_by_basket + paid_by_hedge,
    )
