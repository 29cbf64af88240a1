"""From what is held in a contract to what is planned: one order, or the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from betacli import document as doc
from betacli.core.model import Market
from betacli.core.sizing import contract_notional, smallest_notional
from betacli.plan.positions import HeldPosition

Order = Literal["buy", "sell", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a contract should be: signed planned notional, and its contracts where they are known."""

    base: str
    symbol: str | None
    role: Literal["basket", "hedge"]
    beta: float
    price: float | None
    market: Market | None
    notional: float
    contracts: Decimal | None

    @property
    def key(self) -> str:
        """What names the contract."""
        return self.symbol or self.base

    @property
    def is_spot(self) -> bool:
        """Whether it is no contract, but the coin itself."""
        return self.market is not None and self.market.kind == "spot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One contract today. Contracts are the exchange's, amounts coins, notionals quote currency, all signed.

    `order` is what is sent: nothing where `skipped` says why. `reduce_only` is True where the trade only makes the
    position smaller. `after_notional` is what is held when it is done, `left_over_beta` what a skipped trade leaves of
    benchmark exposure per unit of basket notional. Unknown is None.
    """

    base: str
    symbol: str | None
    role: Literal["basket", "hedge"]
    beta: float
    held_amount: float | None
    held_contracts: float | None
    held_notional: float
    planned_contracts: float | None
    planned_notional: float
    order: Order
    contracts: float | None
    amount: float | None
    notional: float
    reduce_only: bool
    skipped: str | None
    left_over_beta: float | None
    after_contracts: float | None
    after_notional: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is held of a contract: signed notional, and coins where they are known."""

    notional: float
    amount: float | None

    @classmethod
    def of(cls, held: Sequence[HeldPosition]) -> "Start":
        """Add up positions, each with a known notional."""
        amounts = [p.amount for p in held if p.amount is not None]
        return cls(
            notional=sum(p.notional or 0.0 for p in held),
            amount=sum(amounts) if len(amounts) == len(held) else None,
        )

    def without(self, target: Target) -> "Start":
        """Return what is left for another plan in the same contract once a target has what it needs."""
        needed = coins_of(target, target.contracts, target.notional)
        return Start(
            notional=self.notional - target.notional,
            amount=None if self.amount is None or needed is None else self.amount - needed,
        )


def trade_of(target: Target, held: Start, min_trade: float, per: float) -> Trade:
    """Return today's trade in one contract.

    Args:
        target: what is planned.
        held: what there is of it.
        min_trade: in quote currency; what is smaller is not traded.
        per: the basket's notional, that left-over beta is a fraction of.
    """
    held_notional, held_amount = held.notional, held.amount
    contracts = held_contracts = None
    notional = target.notional - held_notional
    market, price = target.market, target.price
    if target.contracts is not None and market is not None and price is not None:
        unit = contract_notional(market, price)
        held_contracts = Decimal(repr(held_notional)) / unit
        if held_amount is not None and market.linear:
            held_contracts = Decimal(repr(held_amount)) / (market.contract_size * market.multiplier)
        step = market.amount_step or Decimal(1)
        steps = ((target.contracts - held_contracts) / step).to_integral_value(rounding=ROUND_HALF_EVEN)
        contracts = steps * step
        notional = float(contracts * unit)
    skipped = _skipped(target, contracts, notional, min_trade)
    after_notional = held_notional if skipped else held_notional + notional
    held_exactly = None if held_contracts is None else float(round(held_contracts, 12))
    after = None
    if held_contracts is not None and contracts is not None:
        after = float(round(held_contracts + (0 if skipped else contracts), 12))
        if not after:
            after_notional = 0.0  # and not the dust of a difference
    amount = coins_of(target, contracts, notional)
    order: Order = "none" if skipped or not notional else "buy" if notional > 0 else "sell"
    return Trade(
        base=target.base,
        symbol=target.symbol,
        role=target.role,
        beta=target.beta,
        held_amount=held_amount,
        held_contracts=held_exactly,
        held_notional=held_notional,
        planned_contracts=None if target.contracts is None else float(target.contracts),
        planned_notional=target.notional,
        order=order,
        contracts=None if contracts is None else float(contracts),
        amount=amount,
        notional=notional,
        reduce_only=order != "none" and not target.is_spot and _reduces(held_notional, notional),
        skipped=skipped,
        left_over_beta=-notional * target.beta / per if skipped and per else None,
        after_contracts=after,
        after_notional=after_notional,
        told=_told(target, held_amount, held_notional, amount, notional, skipped),
    )


def _skipped(target: Target, contracts: Decimal | None, notional: float, min_trade: float) -> str | None:
    """Say why a trade is not made, None where it is or there is nothing to do."""
    if not notional:
        return None
    if abs(notional) < min_trade:
        return f"{abs(notional):,.2f} is below the least trade of {min_trade:,.2f}"
    if contracts is not None and target.market is not None and target.price is not None:
        least = float(smallest_notional(target.market, target.price))
        if abs(notional) < least:
            return f"{abs(notional):,.2f} is below the exchange's smallest order of {least:,.2f}"
    return None


def coins_of(target: Target, contracts: Decimal | None, notional: float) -> float | None:
    """Return the coins of a trade, None without a price."""
    market = target.market
    if target.price is None:
        return None
    if contracts is not None and market is not None and market.linear:
        return float(contracts * market.contract_size * market.multiplier)
    return notional / target.price * (market.multiplier if market is not None else 1)


def _reduces(held: float, trade: float) -> bool:
    """Whether a trade makes a position smaller without turning it around."""
    return held * trade < 0 and abs(trade) <= abs(held) * (1 + 1e-9)


def _told(
    target: Target,
    held_amount: float | None,
    held: float,
    amount: float | None,
    notional: float,
    skipped: str | None,
) -> str:
    """Say the trade in words: `sell 0.012 BTC more`."""
    if skipped:
        return f"nothing: {skipped}"
    if not notional:
        return "nothing to do"
    if amount is not None and held_amount is not None:
        size, had = f"{_figure(amount)} {target.base}", _figure(held_amount)
    else:
        size, had = f"{abs(notional):,.2f} of {target.base}", f"{abs(held):,.2f}"
    return f"{'buy' if notional > 0 else 'sell'} {size}{_against(held, notional, had)}"


def _against(held: float, trade: float, had: str) -> str:
    """Say what a trade is to what is held."""
    word = ""
    if not held:
        word = "" if trade > 0 else " short"
    elif held * trade > 0:
        word = " more"
    elif abs(trade + held) <= 1e-9 * abs(held):
        word = ", all that is held" if held > 0 else " back, the whole short"
    elif _reduces(held, trade):
        word = f" of the {had} held" if held > 0 else f" of the {had} short back"
    else:
        word = f": {had} to close and the rest to be {'short' if held > 0 else 'long'}"
    return word


def _figure(amount: float) -> str:
    """Show an amount without sign and without the noise of floating point."""
    return doc.significant(float(f"{abs(amount):.12g}"))
