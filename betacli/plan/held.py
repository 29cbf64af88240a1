"""What a trade holds, contract by contract: what questions about carry and liquidity need of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from betacli.data.candles import Listing
from betacli.plan.measure import Measured

Role = Literal["leg", "hedge"]
T = TypeVar("T")


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
    """One contract of basket or hedge, or spot: signed notional in quote currency, and where it is listed, if known."""

    base: str
    role: Role
    notional: float
    listing: Listing | None

    @property
    def key(self) -> str:
        """What names it: the symbol, or the base where no contract is known."""
        return key_of(self.base, self.listing)

    @property
    def dated(self) -> bool:
        """Whether it is a dated future."""
        return self._kind == "future"

    @property
    def spot(self) -> bool:
        """Whether it is the coin itself."""
        return self._kind == "spot"

    @property
    def perpetual(self) -> bool:
        """Whether it pays funding; what is not known is taken for a perpetual."""
        return self._kind == "swap"

    @property
    def _kind(self) -> str:
        market = None if self.listing is None else self.listing.market
        return "swap" if market is None else market.kind


def key_of(base: str, listing: Listing | None) -> str:
    """Return what names a contract: symbol and exchange, or the base where no contract is known."""
    if listing is None:
        return base
    return listing.symbol if listing.venue is None else f"{listing.symbol} {listing.venue}"


def held_contracts(
    measured: Measured, legs: Sequence[Sized], hedge: Sequence[tuple[Sized, Listing | None]] = ()
) -> tuple[HeldContract, ...]:
    """Return basket and hedge; each part of the hedge comes with its own listing."""
    listings = measured.listings
    basket = [
        HeldContract(base=x.base, role="leg", notional=x.notional, listing=listings.get(x.base)) for x in legs
    ]
    against = [
        HeldContract(base=x.base, role="hedge", notional=x.notional, listing=listing) for x, listing in hedge
    ]
    return (*basket, *against)


def orders_of(held: Sequence[HeldContract]) -> dict[str, float]:
    """Return the signed notional in each market by its key: one that is both leg and hedge counts once."""
    found: dict[str, float] = {}
    for contract in held:
        found[contract.key] = found.get(contract.key, 0.0) + contract.notional
    return found


def distinct_batches(listings: Iterable[Listing]) -> list[list[Listing]]:
    """Return every listing once, in as few questions as may be: an answer is by base, so each base once in each."""
    batches: list[dict[str, Listing]] = []
    for listing in {key_of(x.base, x): x for x in listings}.values():
        batch = next((b for b in batches if listing.base not in b), None)
        if batch is None:
            batches.append(batch := {})
        batch[listing.base] = listing
    return [list(batch.values()) for batch in batches]
