"""Can each name be traded at this size, and how much of it at most?"""

from collections.abc import Mapping
from dataclasses import dataclass

from betacli import document as doc
from betacli.core.model import Notice, Universe
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Report, Table, Tone
from betacli.plan.answer import report
from betacli.plan.attempt import Attempt, attempt
from betacli.plan.liquidity_rows import LiquidityRow, held_asked, limits_of, members_asked, rows_of
from betacli.plan.request import BasketRequest

TONES: dict[str, Tone] = {"A": "good", "B": "good", "C": "warning", "D": "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityTable:
    """Every name of the sector, and the benchmark futures that hedge it."""

    sector: str
    notional: float | None
    limits: Mapping[str, float]
    names: tuple[LiquidityRow, ...]

    def document(self) -> Document:
        """Return one row a name."""
        columns = (
            Column(header="asset", align="left", tone=lambda _: "strong"),
            Column(header="contract", align="left"),
            Column(header="age d", show=doc.count),
            Column(header="ADV 7d", show=doc.count),
            Column(header="ADV 30d", show=doc.count),
            Column(header="open interest", show=doc.count),
            Column(header="spread bps", show=doc.fixed(1)),
            Column(header="within 25 bps", show=doc.count),
            Column(header="order", show=doc.count),
            Column(header="slip in bps", show=doc.fixed(1)),
            Column(header="slip out bps", show=doc.fixed(1)),
            Column(header="of ADV", show=doc.fixed(3, suffix=" %", scale=100.0)),
            Column(header="exit days", show=doc.fixed(3)),
            Column(header="grade", align="left", tone=lambda value: TONES.get(str(value))),
            Column(header="at most", show=doc.count),
        )
        rows = tuple(_cells(row) for row in self.names)
        return Document(
            title=f"Liquidity of {self.sector}",
            blocks=(Table(columns=columns, rows=rows),),
            records=self.names,
        )


def _cells(row: LiquidityRow) -> tuple[object, ...]:
    near = next((_at_least(min(d.bid, d.ask), not d.complete) for d in row.depth if d.bps == 25), None)
    into, out = row.buy_slippage_bps, row.sell_slippage_bps
    if row.order is not None and row.order < 0:
        into, out = out, into
    name = f"{row.base} (hedge)" if row.role == "hedge" else row.base
    told = f"{row.contract} as {row.symbol}" if row.coins_per_unit not in {None, 1} else row.contract
    if row.new_name:
        told = f"renamed {row.new_name}"
    if row.contract == "dated":
        told = str(row.symbol)
    if row.venue:
        told += f" on {row.venue}"
    return (
        name, told, row.age_days, row.adv_7d, row.adv_30d, row.open_interest, row.spread_bps, near, row.order, into,
        out, row.participation, row.days_to_exit, row.grade or doc.UNKNOWN, _at_least(row.max_notional, row.max_is_at_least),
    )  # fmt: skip


def _at_least(value: float | None, ended: bool) -> float | str | None:
    """Mark what is only known to be so much: the book given ended there."""
    return f"≥ {doc.count(value)}" if ended and value is not None else value


def plan_liquidity(request: BasketRequest, universe: Universe, source: MarketData | None) -> Report:
    """Answer the `liquidity` command; a member without data or contract is a row with its reason."""
    found = attempt(request, universe, source)
    rows, notices = liquidity_of(found, request, universe, source)
    if found.why_not is not None:
        detail = f"no orders are walked through the books: {found.why_not}"
        notices = [*notices, Notice(id="no-basket", detail=detail)]
    data = LiquidityTable(
        sector=found.measured.sector,
        notional=found.solved.plan.notional if found.solved else None,
        limits=limits_of(universe),
        names=rows,
    )
    said = [*found.market_notices, *notices]
    return report("liquidity", request.betas.run, found.measured, data, said)


def liquidity_of(
    found: Attempt, request: BasketRequest, universe: Universe, source: MarketData | None
) -> tuple[tuple[LiquidityRow, ...], list[Notice]]:
    """Return a row for every member asked for and every other market of the hedge, the members first, by name."""
    members = tuple(member.base for member in request.betas.members(universe)[1])
    asked = members_asked(found.measured, members, found.orders if found.solved else {})
    own = {one.key for one in asked}
    hedge = [one for one in held_asked(found.held) if one.role == "hedge" and one.key not in own]
    return rows_of(found.measured, [*asked, *hedge], source, limits_of(universe))
