"""What a book of legs asks of the account: margin, the benchmark move that liquidates it, and funding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from betacli.core.hedge import SEARCHED_MOVE, Scenario, aggregate_beta, liquidation_move, scenarios
from betacli.core.model import Floats, Funding, Notice, Universe, Unknown
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
class Margin:
    """Margin of basket and hedge in quote currency: initial at each market's maximum leverage, and maintenance."""

    initial: float | None
    maintenance: float | None
    maintenance_source: Literal["exchange", "assumed"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidation:
    """The benchmark move (a fraction) that takes the account to its maintenance margin.

    At the estimated beta, and with every beta two standard errors of the basket's lower and higher; None within
    `searched` either way, or where it cannot be known. Venues' formulas differ: an estimate.
    """

    known: bool
    at_beta: float | None
    at_beta_low: float | None
    at_beta_high: float | None
    searched: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingCost:
    """Funding a day at today's rates, in quote currency; above zero is received. None where rates are unknown."""

    basket_per_day: float | None
    hedge_per_day: float | None
    net_per_day: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Basket and hedge as one account: beta left per unit of basket notional, sizes, and what moves do to it.

    Notionals in quote currency; `account_leverage` is gross over equity (None without equity).
    """

    aggregate_beta: float
    gross_notional: float
    net_notional: float
    account_leverage: float | None
    liquidation: Liquidation
    scenarios: tuple[Scenario, ...]


def book_of(
    notionals: Floats,
    betas: Floats,
    *,
    n_legs: int,
    equity: float | None,
    rates: Floats | None,
    std_error: float | None,
    half_width: float | None,
) -> Book:
    """Return the account of a book whose first `n_legs` entries are the basket and the others its hedge.

    Args:
        notionals: (N,) signed, in quote currency.
        betas: (N,) to the benchmark.
        n_legs: how many of them are the basket.
        equity: of the account, None where it is unknown.
        rates: (N,) maintenance margin rates, None where unknown.
        std_error: of the basket's beta, None where unknown.
        half_width: half the 95 % interval of the basket's beta, None where unknown.
    """
    gross = float(np.abs(notionals).sum())
    basket_notional = float(notionals[:n_legs].sum())
    basket = float(notionals[:n_legs] @ betas[:n_legs])
    interval = None
    if half_width is not None:
        interval = (basket - half_width * basket_notional, basket + half_width * basket_notional)
    return Book(
        aggregate_beta=aggregate_beta(notionals, betas, basket_notional),
        gross_notional=gross,
        net_notional=float(notionals.sum()),
        account_leverage=None if equity is None else gross / equity,
        liquidation=liquidation_of(equity, notionals, betas, rates, n_legs, std_error),
        scenarios=scenarios(
            basket_exposure=basket,
            hedge_exposure=float(notionals[n_legs:] @ betas[n_legs:]),
            exposure_interval=interval,
            equity=equity,
        ),
    )


def margin_of(
    measured: Measured,
    universe: Universe,
    legs: Sequence[Held],
    notices: list[Notice],
) -> tuple[Margin, Floats | None]:
    """Return the margin and each leg's maintenance rate: the market's own, else the sector file's assumption."""
    names = [leg.base for leg in legs]
    notionals = np.array([leg.notional for leg in legs])
    markets = [measured.listings[name].market if name in measured.listings else None for name in names]
    leverages = [market.max_leverage if market else None for market in markets]
    initial = None
    if all(leverages):
        initial = sum(abs(q) / leverage for q, leverage in zip(notionals, leverages, strict=True) if leverage)
    own = [market.maintenance_rate if market else None for market in markets]
    rates = None
    told: Literal["exchange", "assumed"] | None = None
    if all(rate is not None for rate in own):
        rates, told = np.array(own, dtype=np.float64), "exchange"
    elif universe.maintenance_margin is not None:
        rates, told = np.full(len(names), universe.maintenance_margin), "assumed"
        detail = (
            f"the maintenance margin of {universe.maintenance_margin:.2%} is the sector file's assumption"
        )
        notices.append(Notice(id="maintenance-assumed", detail=detail))
    else:
        detail = "maintenance margins are unknown, and so is the liquidation: set `maintenance_margin` to assume one"
        notices.append(Notice(id="margin-unknown", detail=detail, severity="note"))
    maintenance = None if rates is None else float(np.abs(notionals) @ rates)
    return Margin(initial=initial, maintenance=maintenance, maintenance_source=told), rates


def liquidation_of(
    equity: float | None,
    notionals: Floats,
    betas: Floats,
    rates: Floats | None,
    n_legs: int,
    std_error: float | None,
) -> Liquidation:
    """Solve for the benchmark move at the estimated betas and with the basket two standard errors off."""
    if equity is None or rates is None:
        return Liquidation(
            known=False, at_beta=None, at_beta_low=None, at_beta_high=None, searched=SEARCHED_MOVE
        )

    def shifted(by: float) -> float | None:
        moved = betas + np.where(np.arange(len(betas)) < n_legs, by, 0.0)
        return liquidation_move(equity, notionals, moved, rates)

    return Liquidation(
        known=True,
        at_beta=shifted(0.0),
        at_beta_low=None if std_error is None else shifted(-2 * std_error),
        at_beta_high=None if std_error is None else shifted(2 * std_error),
        searched=SEARCHED_MOVE,
    )


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
    elif source is not None and not source.simulated:
        reason = "an exchange's rates are not read yet"
    elif source is not None:
        names = sorted({leg.base for leg in (*basket, *hedge)})
        answers = source.funding([measured.listings[name] for name in names])
        rates = {
            name: answer.rate * 24 / answer.interval_hours
            for name, answer in answers.items()
            if isinstance(answer, Funding)
        }
        reason = next((answer.reason for answer in answers.values() if isinstance(answer, Unknown)), "")

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
