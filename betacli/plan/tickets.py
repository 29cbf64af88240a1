"""`--tickets`: the orders of a plan as entries for ccxt's `create_orders`. Nothing is sent from here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from betacli.document import Report
from betacli.errors import NoData
from betacli.plan.basket_plan import BasketPlan, Leg
from betacli.plan.hedge_plan import HedgePart, HedgePlan
from betacli.plan.today import Today

SCHEMA_VERSION = 1
NOTE = (
    "betacli sends nothing. These are market orders from its plan: read them, then send them yourself with ccxt's "
    "create_orders, first to a sandbox. Amounts are in the exchange's contracts."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One order as ccxt takes it: a positive `amount` in the exchange's contracts; `price` is None at market."""

    symbol: str
    type: Literal["market"]
    side: Literal["buy", "sell"]
    amount: float
    price: None
    params: dict[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """What a ticket file holds. `trades_from` tells whether the orders start from positions or from nothing held.

    `simulated` orders are at invented prices; `past` ones were priced with closes that are over. Neither should be sent.
    `orders` are of the exchange's contracts; `spot_orders` of its spot markets, in coins; `elsewhere` those of other
    exchanges by their id.
    """

    schema: str
    schema_version: int
    as_of: str
    exchange: str | None
    simulated: bool
    past: bool
    trades_from: Literal["positions", "nothing held"]
    note: str
    orders: tuple[Ticket, ...]
    spot_orders: tuple[Ticket, ...] = ()
    elsewhere: Mapping[str, tuple[Ticket, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Order:
    """Signed contracts of one symbol, and what is held of it before."""

    symbol: str
    contracts: Decimal
    held: Decimal


def tickets_of(report: Report, exchange: str | None, *, past: bool) -> Tickets:
    """Return the orders of a basket or a hedge: of its trades where positions are known, else of all its contracts.

    Orders of one symbol are added up, so that a leg that is itself the hedge is one order.

    Raises:
        NoData: contracts are unknown, or the answer is about none.
    """
    plan = report.data
    today = plan.today if isinstance(plan, BasketPlan | HedgePlan) else None
    orders = list(_of_trades(today) if today is not None else _of_plan(plan))
    added: dict[str, _Order] = {}
    for order in orders:
        before = added.get(order.symbol, _Order(order.symbol, Decimal(0), Decimal(0)))
        added[order.symbol] = _Order(
            order.symbol, before.contracts + order.contracts, before.held + order.held
        )
    basket = plan.basket if isinstance(plan, HedgePlan) else plan
    legs = basket.legs if isinstance(basket, BasketPlan) else ()
    spot = {leg.symbol for leg in legs if leg.kind == "spot"}
    away = {leg.symbol: leg.venue for leg in legs if leg.venue is not None}
    written = {
        symbol: _ticket(order, spot=symbol in spot) for symbol, order in added.items() if order.contracts
    }
    return Tickets(
        schema="betacli/tickets",
        schema_version=SCHEMA_VERSION,
        as_of=report.as_of,
        exchange=exchange,
        simulated=report.simulated,
        past=past,
        trades_from="nothing held" if today is None else "positions",
        note=NOTE,
        orders=tuple(
            ticket for symbol, ticket in written.items() if symbol not in spot and symbol not in away
        ),
        spot_orders=tuple(ticket for symbol, ticket in written.items() if symbol in spot),
        elsewhere={
            venue: tuple(written[symbol] for symbol, at in away.items() if at == venue and symbol in written)
            for venue in sorted(set(away.values()))
        },
    )


def _of_trades(today: Today) -> Iterable[_Order]:
    for trade in today.trades:
        contracts = 0.0 if trade.order == "none" else trade.contracts
        if trade.symbol is None or contracts is None or trade.held_contracts is None:
            raise _unknown(trade.base)
        yield _Order(trade.symbol, Decimal(repr(contracts)), Decimal(repr(trade.held_contracts)))


def _of_plan(plan: object) -> Iterable[_Order]:
    basket = plan.basket if isinstance(plan, HedgePlan) else plan
    if not isinstance(basket, BasketPlan):
        raise NoData(what="only a basket and its hedge have orders", way_out="use `solve` or `hedge`")
    parts = plan.hedge.parts if isinstance(plan, HedgePlan) else ()
    legs: list[Leg | HedgePart] = [*basket.legs, *parts]
    for leg in legs:
        if not leg.notional:
            continue
        if leg.symbol is None or leg.contracts is None:
            raise _unknown(leg.base)
        yield _Order(leg.symbol, Decimal(repr(leg.contracts)), Decimal(0))


def _unknown(base: str) -> NoData:
    return NoData(
        what=f"`--tickets` needs contracts, and those of {base} are unknown",
        way_out="name an `--exchange` that states its contracts' steps",
    )


def _ticket(order: _Order, *, spot: bool) -> Ticket:
    """Return one order; of a contract it is reduce-only where it only makes a position smaller."""
    reduces = not spot and order.held * order.contracts < 0 and abs(order.contracts) <= abs(order.held)
    return Ticket(
        symbol=order.symbol,
        type="market",
        side="buy" if order.contracts > 0 else "sell",
        amount=float(abs(order.contracts)),
        price=None,
        params={"reduceOnly": True} if reduces else {},
    )
