"""Basket, hedge and what is held already as one account, before and after today's trades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from betacli.core.model import Notice, Universe
from betacli.data.candles import Listing, MarketData
from betacli.plan.basket import Solved
from betacli.plan.hedge_plan import HedgePart
from betacli.plan.held import HeldContract
from betacli.plan.holding import Holding
from betacli.plan.instruments import Instruments
from betacli.plan.positions import Positions, holding_of, value_positions
from betacli.plan.request import BasketRequest
from betacli.plan.today import (
    Today,
    basket_after,
    leg_trades,
    outside_exposure,
    require_sizes,
    target_of,
    today_notices,
    today_of,
)
from betacli.plan.trades import Start, Trade, trade_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HedgedAccount:
    """The account as planned and as today's trades leave it, with the trades and what was said."""

    planned: list[Holding]
    held: list[Holding]
    today: Today
    notices: tuple[Notice, ...]

    listings: Mapping[str, Listing | None]

    @property
    def futures(self) -> list[HeldContract]:
        """The basket's futures as planned, those that were held before with their own contracts, without spot."""
        return [
            HeldContract(
                base=held.base,
                role="leg",
                notional=held.notional or 0.0,
                listing=self.listings.get(held.key),
            )
            for held in self.planned
            if held.role == "basket" and held.kind == "future"
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldAccount:
    """What is held, and the basket after today's trades of its legs, before the hedge is sized.

    `outside` is Σ notional × beta of what stands beside basket and hedge, of which `unknown` names what is not in it.
    """

    solved: Solved
    positions: Positions
    trades: tuple[Trade, ...]
    left: Mapping[str, Start]
    outside: float
    unknown: tuple[str, ...]
    basket_notional: float
    basket_beta: float

    def hedged(self, chosen: Instruments, parts: Sequence[HedgePart], min_trade: float) -> HedgedAccount:
        """Return the account once the hedge is sized: its trades are those of legs and hedge together.

        Where a leg is itself the hedge, both are one position, and the hedge's trade is that of both.
        """
        trades = list(self.trades)
        for instrument, part in zip(chosen.parts, parts, strict=True):
            market = instrument.listing.market if instrument.listing is not None else None
            planned = part.notional if part.rounded_notional is None else part.rounded_notional
            target = target_of(part, "hedge", market, planned, resized=False)
            start = self.left.get(target.key) or Start.of(self.positions.traded(target.key))
            if start.notional or target.notional:
                trades.append(trade_of(target, start, min_trade, self.solved.plan.notional))
        today = today_of(trades, self.positions, min_trade)
        return HedgedAccount(
            planned=self._planned(parts),
            held=[*_after(today, parts, self.solved), *self._beside()],
            today=today,
            notices=(*self._unhedged(), *today_notices(today)),
            listings={**self.positions.contracts, **self._listings()},
        )

    def _listings(self) -> dict[str, Listing | None]:
        """Return the contracts of the plan by what names them."""
        listings = self.solved.measured.listings
        return {held.key: listings.get(held.base) for held in planned_holdings(self.solved, ())}

    def _planned(self, parts: Sequence[HedgePart]) -> list[Holding]:
        """Return the plan: the futures take what spot and other contracts leave of each leg."""
        legs = []
        for held in planned_holdings(self.solved, parts):
            standing = self.positions.standing(held.base) if held.role == "basket" else []
            left = (held.notional or 0.0) - sum(position.notional or 0.0 for position in standing)
            legs.append(replace(held, notional=max(0.0, left) if held.kind == "spot" else left))
        return [*legs, *self._beside()]

    def _beside(self) -> list[Holding]:
        return [holding_of(position) for position in self.positions.held if not position.traded]

    def _unhedged(self) -> list[Notice]:
        if not self.unknown:
            return []
        detail = f"the hedge leaves out {', '.join(self.unknown)}, of which the beta is unknown"
        return [Notice(id="held-unhedged", detail=detail)]


def held_account(
    request: BasketRequest,
    universe: Universe,
    source: MarketData | None,
    solved: Solved,
    chosen: Instruments,
) -> HeldAccount | None:
    """Value the positions and trade the legs; None where nobody said what is held.

    Raises:
        NoData: a position that the trades start from has no price.
    """
    if request.positions is None:
        return None
    measured, legs = solved.measured, solved.plan.legs
    positions = value_positions(
        request.positions,
        measured=measured,
        universe=universe,
        source=source,
        basket={leg.base: measured.listings.get(leg.base) for leg in legs},
        hedge={part.base: part for part in chosen.parts},
        stand_ins=solved.plan.stand_ins,
    )
    require_sizes(positions)
    shared = {part.listing.symbol if part.listing else part.base for part in chosen.parts}
    trades, left = leg_trades(
        legs, measured.listings, positions, request.min_trade, solved.plan.notional, shared
    )
    notional, exposure = basket_after(trades, positions)
    outside, unknown = outside_exposure(positions)
    if not notional:
        outside += exposure
    return HeldAccount(
        solved=solved,
        positions=positions,
        trades=trades,
        left=left,
        outside=outside,
        unknown=tuple(unknown),
        basket_notional=notional,
        basket_beta=exposure / notional if notional else 0.0,
    )


def _after(today: Today, parts: Sequence[HedgePart], solved: Solved) -> list[Holding]:
    prices = {leg.symbol or leg.base: leg.price for leg in solved.plan.legs}
    prices |= {part.symbol or part.base: part.price for part in parts}
    legs = {leg.base: leg for leg in solved.plan.legs}
    return [
        Holding(
            base=t.base,
            symbol=t.symbol,
            role=t.role,
            kind=legs[t.base].kind if t.role == "basket" else "future",
            notional=t.after_notional,
            beta=t.beta,
            price=prices.get(t.symbol or t.base),
            venue=legs[t.base].venue if t.role == "basket" else None,
        )
        for t in today.trades
    ]


def planned_holdings(solved: Solved, parts: Sequence[HedgePart]) -> list[Holding]:
    """Return basket and hedge as they are planned."""
    return [
        *(
            Holding(
                base=leg.base,
                symbol=leg.symbol,
                role="basket",
                kind=leg.kind,
                notional=leg.notional,
                beta=leg.beta,
                price=leg.price,
                venue=leg.venue,
            )
            for leg in solved.plan.legs
        ),
        *(
            Holding(
                base=part.base,
                symbol=part.symbol,
                role="hedge",
                notional=part.notional,
                beta=part.beta,
                price=part.price,
            )
            for part in parts
        ),
    ]


def rounded_holdings(solved: Solved, parts: Sequence[HedgePart]) -> list[Holding] | None:
    """Return basket and hedge as their contracts make them, or None where some are unknown."""
    rounded = [
        *(leg.rounded_notional for leg in solved.plan.legs),
        *(part.rounded_notional for part in parts),
    ]
    if not solved.plan.rounded.notional or any(notional is None for notional in rounded):
        return None
    planned = planned_holdings(solved, parts)
    return [replace(held, notional=notional) for held, notional in zip(planned, rounded, strict=True)]
