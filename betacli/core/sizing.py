"""Notional to contracts an exchange accepts. Rounding is done in Decimal, by the market's own steps."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from betacli.core.model import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """A leg as the exchange would hold it, long positive.

    `contracts` is signed, `amount` is in coins, `notional` in quote currency. `shortfall` says why nothing can be
    held (None when something is).
    """

    contracts: Decimal
    amount: Decimal
    notional: float
    shortfall: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """The account's triple: any two of basket notional, equity and basket leverage fix the third.

    `equity` (quote currency) and `leverage` (basket notional / equity) are None together, when neither was given.
    """

    notional: float
    equity: float | None
    leverage: float | None


def size_account(
    notional: float | None, equity: float | None, leverage: float | None, default: float
) -> Sizing:
    """Complete the triple; a missing notional that the other two do not fix is the default.

    Raises:
        ValueError: all three are given and notional differs from equity × leverage by more than 1e-9.
    """
    if notional is None:
        notional = equity * leverage if equity is not None and leverage is not None else default
    elif equity is not None and leverage is not None and abs(notional - equity * leverage) > 1e-9 * notional:
        message = (
            f"{notional:,.2f} is not equity {equity:,.2f} × leverage {leverage:g} = {equity * leverage:,.2f}"
        )
        raise ValueError(message)
    if equity is None and leverage is not None:
        equity = notional / leverage
    if equity is not None:
        leverage = notional / equity
    return Sizing(notional=notional, equity=equity, leverage=leverage)


def contract_notional(market: Market, price: float) -> Decimal:
    """Return what one contract is worth in quote currency: size × price, or the size itself when inverse."""
    return market.contract_size * Decimal(repr(price)) if market.linear else market.contract_size


def smallest_notional(market: Market, price: float) -> Decimal:
    """Return the smallest notional the market accepts: the minimum notional rounded up to a step, or one step."""
    unit = contract_notional(market, price)
    step = market.amount_step or Decimal(1)
    least = max(market.min_amount or step, step)
    if market.min_notional:
        steps = (market.min_notional / unit / step).to_integral_value(rounding="ROUND_CEILING")
        least = max(least, steps * step)
    return least * unit


def size_down(notional: float, price: float, market: Market) -> Sized:
    """Round a leg down in magnitude to the market's step; nothing where that is below the market's minimum."""
    return _sized(notional, price, market, ROUND_DOWN)


def size_up(notional: float, price: float, market: Market) -> Sized:
    """Round a leg up in magnitude: one step more than down, or the market's smallest order where down is nothing."""
    down = size_down(notional, price, market)
    unit = contract_notional(market, price)
    sign = Decimal(-1) if notional < 0 else Decimal(1)
    if down.shortfall:
        contracts = sign * smallest_notional(market, price) / unit
    else:
        contracts = down.contracts + sign * (market.amount_step or Decimal(1))
    return _held(contracts, price, market)


def size_nearest(notional: float, price: float, market: Market) -> Sized:
    """Round a hedge to the nearest step; nothing where that is below the market's minimum."""
    return _sized(notional, price, market, ROUND_HALF_EVEN)


def _sized(notional: float, price: float, market: Market, rounding: str) -> Sized:
    unit = contract_notional(market, price)
    step = market.amount_step or Decimal(1)
    steps = (Decimal(repr(notional)) / unit / step).to_integral_value(rounding=rounding)
    contracts = steps * step
    held = abs(contracts) * unit
    least = smallest_notional(market, price)
    if notional and held < least:
        need = f"needs at least {least:,.2f} of notional, {abs(notional):,.2f} was planned"
        return Sized(contracts=Decimal(0), amount=Decimal(0), notional=0.0, shortfall=need)
    return _held(contracts, price, market)


def _held(contracts: Decimal, price: float, market: Market) -> Sized:
    """Return signed contracts with the coins and the notional they are worth."""
    notional = contracts * contract_notional(market, price)
    coins = contracts * market.contract_size * market.multiplier
    amount = coins if market.linear else notional / Decimal(repr(price))
    return Sized(contracts=contracts, amount=amount, notional=float(notional))
