"""What a trade holds, contract by contract: what questions about carry and liquidity need of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from betacli.plan.measure import Measured

Role = Literal["leg", "hedge"]


class Sized(Protocol):
    """A leg with a signed notional."""

    @property
    def base(self) -> str:
        """The asset."""
        ...

    @property
    def notional(self) -> float:
        """In quote currency, long positive."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldContract:
    """One contract of basket or hedge, or spot: signed notional in quote currency, and whether it pays funding.

    A `dated` future is another market than the one listed under its base.
    """

    base: str
    role: Role
    notional: float
    perpetual: bool
    dated: bool = False
    spot: bool = False


def held_contracts(
    measured: Measured, legs: Sequence[Sized], hedge: Sequence[Sized] = (), dated: Sequence[str] = ()
) -> tuple[HeldContract, ...]:
    """Return basket and hedge; `dated` names the parts of the hedge that are dated futures."""

    def perpetual(base: str) -> bool:
        market = measured.listings[base].market if base in measured.listings else None
        return market is None or market.kind == "swap"

    def spot(base: str) -> bool:
        return base in measured.listings and measured.listings[base].is_spot

    basket = [
        HeldContract(
            base=x.base, role="leg", notional=x.notional, perpetual=perpetual(x.base), spot=spot(x.base)
        )
        for x in legs
    ]
    against = [
        HeldContract(
            base=x.base,
            role="hedge",
            notional=x.notional,
            perpetual=x.base not in dated and perpetual(x.base),
            dated=x.base in dated,
        )
        for x in hedge
    ]
    return (*basket, *against)


def orders_of(held: Sequence[HeldContract]) -> dict[str, float]:
    """Return the signed notional in each asset's listed market: one that is both leg and hedge counts once.

    Dated futures are left out: they have markets of their own.
    """
    found: dict[str, float] = {}
    for contract in (x for x in held if not x.dated):
        found[contract.base] = found.get(contract.base, 0.0) + contract.notional
    return found
