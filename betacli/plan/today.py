"""Today's trades: from the positions held to the basket and the hedge that are planned."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from betacli import document as doc
from betacli.core.model import Market, Notice
from betacli.core.sizing import size_nearest
from betacli.data.candles import Listing
from betacli.document import Column, Table
from betacli.errors import NoData
from betacli.plan.positions import HeldPosition, Positions
from betacli.plan.trades import Start, Target, Trade, coins_of, trade_of


class PlannedLeg(Protocol):
    """A leg of the basket: signed notionals in quote currency, contracts where they are known."""

    @property
    def base(self) -> str: ...  # noqa: D102  the names say it
    @property
    def symbol(self) -> str | None: ...  # noqa: D102
    @property
    def beta(self) -> float: ...  # noqa: D102
    @property
    def price(self) -> float | None: ...  # noqa: D102
    @property
    def notional(self) -> float: ...  # noqa: D102
    @property
    def contracts(self) -> float | None: ...  # noqa: D102
    @property
    def rounded_notional(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What is held, and today's trades to what is planned.

    `turnover` is Σ |notional| of the trades that are made. The betas are Σ notional × beta of everything held, spot
    and positions outside the basket included, in quote currency: `held_beta_notional` before the trades and
    `after_beta_notional` after them; `after_beta` is that per unit of `basket_notional`, the basket's after the trades
    with what counts toward it, and `basket_beta` its own. `left_over_beta` is what skipped trades leave, per unit of
    basket notional. None where a position's beta is unknown.
    """

    min_trade: float
    positions: tuple[HeldPosition, ...]
    trades: tuple[Trade, ...]
    turnover: float
    basket_notional: float
    basket_beta: float | None
    held_beta_notional: float | None
    after_beta_notional: float | None
    after_beta: float | None
    left_over_beta: float

    def pairs(self) -> list[tuple[str, str]]:
        """Return the lines above the tables."""
        made = [trade for trade in self.trades if trade.order != "none"]
        skipped = sum(1 for trade in self.trades if trade.skipped)
        trades = f"{len(made)} {'trade' if len(made) == 1 else 'trades'}, {doc.money(self.turnover)} in all"
        if skipped:
            trades += f"; {skipped} left out, beta {doc.signed_beta(self.left_over_beta)}"
        return [
            ("today", trades),
            ("beta held", f"{doc.signed_money(self.held_beta_notional)} before, {self._after()}"),
        ]

    def _after(self) -> str:
        return f"{doc.signed_money(self.after_beta_notional)} after ({doc.signed_beta(self.after_beta)} of the basket)"

    def records(self) -> tuple[Trade | HeldPosition, ...]:
        """Return the rows of the CSV: every contract's trade, then what is held beside them and left as it is."""
        return (*self.trades, *(position for position in self.positions if not position.traded))

    def tables(self) -> list[Table]:
        """Return today's trades, and what is held beside them."""
        columns = (
            Column(header="contract", align="left", tone=lambda _: "strong"),
            Column(header="held", show=doc.money),
            Column(header="planned", show=doc.money),
            Column(header="trade", show=doc.signed_money),
            Column(header="contracts", show=doc.significant),
            Column(header="after", show=doc.money),
            Column(header="today", align="left", tone=lambda _: "strong"),
        )
        rows = tuple(
            (
                t.symbol or t.base, t.held_notional, t.planned_notional,
                0.0 if t.skipped else t.notional, 0.0 if t.skipped else t.contracts, t.after_notional, t.told,
            )
            for t in self.trades
        )  # fmt: skip
        sums = [sum(float(str(row[k])) for row in rows) for k in (1, 2, 3, 5)]
        footer = ("net", sums[0], sums[1], sums[2], "", sums[3], "")
        tables = [Table(title="Today's trades", columns=columns, rows=rows, footer=footer)]
        others = [p for p in self.positions if not p.traded]
        if others:
            tables.append(_others(others))
        return tables


def _others(others: Sequence[HeldPosition]) -> Table:
    columns = (
        Column(header="position", align="left", tone=lambda _: "strong"),
        Column(header="kind", align="left"),
        Column(header="counts", align="left"),
        Column(header="amount", show=doc.significant),
        Column(header="notional", show=doc.money),
        Column(header="beta", show=doc.beta),
        Column(header="notional × beta", show=doc.money),
        Column(header="gain", show=doc.signed_money),
    )
    rows = tuple(
        (
            p.written, p.kind, "to the basket" if p.role == "basket" else "to the account", p.amount, p.notional,
            p.beta, p.beta_notional, p.gain,
        )
        for p in others
    )  # fmt: skip
    notionals, betas = [p.notional for p in others], [p.beta_notional for p in others]
    footer = ("held", "", "", "", _sum(notionals), "", _sum(betas), "")
    return Table(title="Held and left as it is", columns=columns, rows=rows, footer=footer)


def _sum(values: Sequence[float | None]) -> float | str:
    """Return a sum as the table shows it, `n/a` where a part is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else doc.UNKNOWN


def require_sizes(positions: Positions) -> None:
    """Raise where a position that today's trades start from has no size.

    Raises:
        NoData: an amount without a price.
    """
    bare = [p.written for p in positions.held if p.notional is None and (p.traded or p.role == "basket")]
    if bare:
        what = f"there is no price to value what is held of {', '.join(bare)}"
        raise NoData(what=what, way_out="give its `notional` in the positions file, or name an `--exchange`")


def leg_trades(
    legs: Sequence[PlannedLeg],
    listings: Mapping[str, Listing],
    positions: Positions,
    min_trade: float,
    per: float,
    shared: Collection[str] = (),
) -> tuple[tuple[Trade, ...], dict[str, Start]]:
    """Return the trade of every leg: what spot and other contracts hold of it counts toward its planned weight.

    A contract that is `shared` with the hedge is taken as it should be, and what is held beside that is returned by
    contract, for the hedge to trade.
    """
    found = []
    left: dict[str, Start] = {}
    for leg in legs:
        listing = listings.get(leg.base)
        standing = sum(p.notional or 0.0 for p in positions.standing(leg.base))
        planned = leg.notional if leg.rounded_notional is None else leg.rounded_notional
        left_to_hold = planned - standing
        if listing is not None and listing.is_spot:
            left_to_hold = max(
                0.0, left_to_hold
            )  # what is held as futures beyond the plan is no short of spot
        target = target_of(leg, "basket", listing.market if listing else None, left_to_hold, standing != 0)
        held = Start.of(positions.traded(target.key))
        if target.key in shared:
            left[target.key] = held.without(target)
            held = Start(notional=target.notional, amount=coins_of(target, target.contracts, target.notional))
        if held.notional or target.notional:
            found.append(trade_of(target, held, min_trade, per))
    return tuple(found), left


def target_of(
    leg: PlannedLeg,
    role: Literal["basket", "hedge"],
    market: Market | None,
    notional: float,
    resized: bool,
) -> Target:
    """Return what a contract should be; `resized` where its contracts are not those of the leg."""
    contracts = None
    if leg.contracts is not None and market is not None and leg.price is not None:
        contracts = Decimal(repr(leg.contracts))
        if resized:
            sized = size_nearest(notional, leg.price, market)
            contracts, notional = sized.contracts, sized.notional
    return Target(
        base=leg.base,
        symbol=leg.symbol,
        role=role,
        beta=leg.beta,
        price=leg.price,
        market=market,
        notional=notional,
        contracts=contracts,
    )


def basket_after(trades: Sequence[Trade], positions: Positions) -> tuple[float, float]:
    """Return notional and Σ notional × beta of the basket after the trades, with what counts toward it."""
    parts = [(t.after_notional, t.beta) for t in trades if t.role == "basket"]
    parts += [
        (p.notional, p.beta)
        for p in positions.held
        if p.role == "basket" and not p.traded and p.notional is not None and p.beta is not None
    ]
    return sum(q for q, _ in parts), sum(q * beta for q, beta in parts)


def outside_exposure(positions: Positions) -> tuple[float, list[str]]:
    """Return Σ notional × beta of what stands outside basket and hedge, and the positions of which it is unknown."""
    others = [p for p in positions.held if p.role == "outside"]
    unknown = [p.written for p in others if p.beta_notional is None and p.notional != 0]
    return sum(p.beta_notional or 0.0 for p in others), unknown


def today_of(trades: Sequence[Trade], positions: Positions, min_trade: float) -> Today:
    """Put trades and positions together with their totals."""
    notional, exposure = basket_after(trades, positions)
    standing = [p for p in positions.held if not p.traded]
    sure = all(p.beta_notional is not None or p.notional == 0 for p in standing)
    beside = sum(p.beta_notional or 0.0 for p in standing)
    before = beside + sum(t.held_notional * t.beta for t in trades)
    after = beside + sum(t.after_notional * t.beta for t in trades)
    return Today(
        min_trade=min_trade,
        positions=positions.held,
        trades=tuple(trades),
        turnover=sum(abs(t.notional) for t in trades if t.order != "none"),
        basket_notional=notional,
        basket_beta=exposure / notional if notional else None,
        held_beta_notional=before if sure else None,
        after_beta_notional=after if sure else None,
        after_beta=after / notional if sure and notional else None,
        left_over_beta=sum(t.left_over_beta or 0.0 for t in trades),
    )


def today_notices(today: Today) -> list[Notice]:
    """Say what was left out, and where the future overshoots to make up for what stands beside it."""
    notices = []
    skipped = [t for t in today.trades if t.skipped]
    if skipped:
        told = "; ".join(f"{t.symbol or t.base} {t.skipped}" for t in skipped)
        detail = f"not traded: {told}; together they leave a beta of {today.left_over_beta:+.4f}"
        notices.append(Notice(id="trade-skipped", detail=detail, severity="note"))
    over = [
        f"{t.symbol or t.base} {t.planned_notional:,.2f}"
        for t in today.trades
        if t.role == "basket" and any(_turned(t, p) for p in today.positions)
    ]
    beyond = sorted({p.base for p in today.positions if _fills(p, today.trades)})
    if beyond:
        detail = f"held in other contracts up to the plan or beyond it, so nothing more is bought: {', '.join(beyond)}"
        notices.append(Notice(id="held-beyond-plan", detail=detail))
    if over:
        detail = f"more is held as spot or in other contracts than is planned, so the future stands against it: {', '.join(over)}"
        notices.append(Notice(id="held-beyond-plan", detail=detail))
    return notices


def _fills(position: HeldPosition, trades: Sequence[Trade]) -> bool:
    """Whether a future of a coin that is planned leaves nothing to buy of it."""
    if position.role != "basket" or position.traded or position.kind != "future" or not position.notional:
        return False
    return not any(t.role == "basket" and t.base == position.base and t.planned_notional for t in trades)


def _turned(trade: Trade, position: HeldPosition) -> bool:
    """Whether the planned future is against a position of the same coin."""
    if position.traded or position.base != trade.base or position.notional is None:
        return False
    return position.notional * trade.planned_notional < 0
