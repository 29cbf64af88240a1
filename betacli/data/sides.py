"""An exchange's contracts and its spot markets are two sides: each is asked about its own listings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from betacli.core.model import Unknown
from betacli.data.candles import Listing, untold

T = TypeVar("T")
Answers: TypeAlias = Mapping[str, T | Unknown]
Ask: TypeAlias = Callable[[Sequence[Listing]], Answers[T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered(Unknown):
    """What is unknown because the exchange did not answer: it may be known the next time it is asked for."""


def by_side(listings: Sequence[Listing], contracts: Ask[T], spot: Ask[T]) -> Answers[T]:
    """Ask each side about its own; a side without a listing is not asked."""
    spots = [listing for listing in listings if listing.is_spot]
    if not spots:
        return contracts(listings)
    others = [listing for listing in listings if not listing.is_spot]
    answers = {**(contracts(others) if others else {}), **spot(spots)}
    return {listing.base: answers[listing.base] for listing in listings}


def contracts_only(listings: Sequence[Listing], lacks: str, contracts: Ask[T]) -> Answers[T]:
    """Ask about contracts; a spot market has no such thing: `lacks` says what it is."""
    return by_side(listings, contracts, lambda spots: untold(spots, f"is a spot market, which {lacks}"))
