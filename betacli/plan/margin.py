"""What the exchange wants for a book: initial and maintenance margin, leg by leg, by its tiers where they are known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from betacli.core.margin import Ladders, ladders_of, liquidation_price, max_leverage_at
from betacli.core.model import MarginTier, Notice, Universe, Unknown
from betacli.data.candles import Listing, MarketData
from betacli.errors import CannotBeHeld
from betacli.plan.holding import Holding

Told = Literal["tiers", "exchange", "assumed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMargin:
    """Margin of one futures leg in quote currency; unknown is None.

    `initial` is at the highest leverage the exchange allows a leg of this size, `maintenance_rate` what its
    maintenance margin is over its notional. `liquidation_price` is an estimate for the leg on its own margin at
    `isolated_leverage`: that of the account, which gives each leg equity in proportion to its notional, or the leg's
    highest where that is less. No fees; exchanges' formulas differ.
    """

    base: str
    symbol: str | None
    notional: float
    initial: float | None
    maintenance: float | None
    maintenance_rate: float | None
    maintenance_source: Told | None
    max_leverage: float | None
    isolated_leverage: float | None
    liquidation_price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """Margin of every futures leg and their sums; a sum is None where one of its legs is.

    `maintenance_source` is the weakest of the legs': the exchange's tiers, its one rate, or the sector file's assumption.
    """

    initial: float | None
    maintenance: float | None
    maintenance_source: Told | None
    legs: tuple[LegMargin, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarginTerms:
    """The margin tiers by symbol, and where each came from."""

    tiers: Mapping[str, tuple[MarginTier, ...]]
    told: Mapping[str, Told]
    exchange: str | None

    def ladders(self, holdings: Sequence[Holding]) -> Ladders | None:
        """Return the maintenance margins of the holdings, None where one is unknown."""
        if any(h.key not in self.told for h in holdings):
            return None
        return ladders_of([self.tiers[h.key] for h in holdings])


def margin_terms(
    contracts: Mapping[str, Listing | None],
    universe: Universe,
    source: MarketData | None,
    notices: list[Notice],
) -> MarginTerms:
    """Return what the exchange wants: its tiers, else its own rate, else what the sector file assumes.

    `contracts` are by symbol, or by base where no contract is known; what is said is appended to `notices`.
    """
    told: dict[str, Told] = {}
    tiers: dict[str, tuple[MarginTier, ...]] = {}
    assumed = universe.maintenance_margin
    by_size = _tiers(contracts.values(), source)
    for key, listing in contracts.items():
        market = None if listing is None else listing.market
        own = None if listing is None else by_size.get(listing.symbol)
        rate = None if market is None else market.maintenance_rate
        most = None if market is None else market.max_leverage
        if own is not None:
            tiers[key], told[key] = own, "tiers"
        elif rate is not None:
            tiers[key], told[key] = _one(rate, most), "exchange"
        elif assumed is not None:
            tiers[key], told[key] = _one(assumed, most), "assumed"
        else:
            tiers[key] = _one(0.0, most)
    if assumed is not None and "assumed" in told.values():
        detail = f"the maintenance margin of {assumed * 100:.2f} % is the sector file's assumption"
        notices.append(Notice(id="maintenance-assumed", detail=detail))
    elif len(told) < len(contracts):
        detail = "maintenance margins are unknown, and so is the liquidation: set `maintenance_margin` to assume one"
        notices.append(Notice(id="margin-unknown", detail=detail, severity="note"))
    return MarginTerms(tiers=tiers, told=told, exchange=source.name if source is not None else None)


def _tiers(
    listings: Iterable[Listing | None], source: MarketData | None
) -> dict[str, tuple[MarginTier, ...]]:
    """Return the exchange's tiers by symbol, without contracts of which it does not tell them or that make no sense."""
    left = {listing.symbol: listing for listing in listings if listing is not None}
    found: dict[str, tuple[MarginTier, ...]] = {}
    while source is not None and left:
        batch = {
            listing.base: listing for listing in left.values()
        }  # an answer is by base, so each base once
        answers = source.tiers(list(batch.values()))
        for base, listing in batch.items():
            del left[listing.symbol]
            answer = answers.get(base)
            if answer is not None and not isinstance(answer, Unknown) and _rises(answer):
                found[listing.symbol] = answer
    return found


def _rises(tiers: tuple[MarginTier, ...]) -> bool:
    try:
        ladders_of([tiers])
    except ValueError:
        return False
    return True


def _one(rate: float, most: float | None) -> tuple[MarginTier, ...]:
    return (MarginTier(floor_notional=0.0, cap_notional=None, maintenance_rate=rate, max_leverage=most),)


def margin_of(holdings: Sequence[Holding], terms: MarginTerms, equity: float | None) -> Margin:
    """Return the margin of a book's futures."""
    futures = [h for h in holdings if h.margined and h.notional]
    gross = sum(abs(h.notional) for h in futures if h.notional is not None)
    unsized = any(h.margined and h.notional is None for h in holdings)
    leverage = None if equity is None or unsized else gross / equity
    legs = tuple(_leg(h, terms, leverage) for h in futures)
    initial = [leg.initial for leg in legs if leg.initial is not None]
    maintenance = [leg.maintenance for leg in legs if leg.maintenance is not None]
    sources = {leg.maintenance_source for leg in legs}
    weakest: Told | None = next(
        (told for told in (None, "assumed", "exchange", "tiers") if told in sources), None
    )
    complete = not unsized
    return Margin(
        initial=sum(initial) if len(initial) == len(legs) and complete else None,
        maintenance=sum(maintenance) if len(maintenance) == len(legs) and complete else None,
        maintenance_source=weakest,
        legs=legs,
    )


def _leg(held: Holding, terms: MarginTerms, leverage: float | None) -> LegMargin:
    tiers, told = terms.tiers.get(held.key), terms.told.get(held.key)
    notional = held.notional or 0.0
    size = abs(notional)
    most = max_leverage_at(size, tiers) if tiers else None
    own = None if leverage is None else min(leverage, most) if most else leverage
    maintenance = price = None
    if tiers and told:
        ladders = ladders_of([tiers])
        maintenance = float(ladders.margin(np.array([size]))[0])
        if own and held.price is not None:
            price = liquidation_price(notional, held.price, own, ladders)
    return LegMargin(
        base=held.base,
        symbol=held.symbol,
        notional=notional,
        initial=size / most if most else None,
        maintenance=maintenance,
        maintenance_rate=maintenance / size if maintenance is not None else None,
        maintenance_source=told,
        max_leverage=most,
        isolated_leverage=own,
        liquidation_price=price,
    )


def require_holdable(margin: Margin, terms: MarginTerms, equity: float | None) -> None:
    """Raise where the exchange would not let the account hold these legs.

    Raises:
        CannotBeHeld: a leg is larger than the exchange's last tier, or the initial margins at the highest leverage
            allowed are together more than the equity.
    """
    if terms.exchange is None:
        return
    too_large = _too_large(margin, terms)
    if too_large or (equity is not None and margin.initial is not None and margin.initial > equity):
        raise CannotBeHeld(
            exchange=terms.exchange, equity=equity, initial_margin=margin.initial, too_large=too_large
        )


def beyond_tiers(margin: Margin, terms: MarginTerms) -> list[Notice]:
    """Warn of legs larger than the exchange's last tier, whose margin is unknown."""
    too_large = _too_large(margin, terms)
    if not too_large:
        return []
    detail = f"larger than any position the exchange's margin tiers allow: {', '.join(too_large)}"
    return [Notice(id="beyond-last-tier", detail=detail)]


def _too_large(margin: Margin, terms: MarginTerms) -> list[str]:
    return [
        f"{leg.base} {abs(leg.notional):,.2f} of at most {terms.tiers[leg.symbol or leg.base][-1].cap_notional:,.2f}"
        for leg in margin.legs
        if leg.max_leverage == 0
    ]
