"""What does holding the basket and its hedge pay, to whom, and which return must make up for it?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from betacli import document as doc
from betacli.core.candles import iso
from betacli.core.funding import Carry, carry_of, total
from betacli.core.model import Notice, Universe
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Facts, Report, Table
from betacli.plan.answer import report
from betacli.plan.attempt import Attempt, attempt
from betacli.plan.carrying import Holding, converged, entry_both_ways, fees_both_ways
from betacli.plan.funding_rows import FundingRow, funding_rows
from betacli.plan.liquidity import liquidity_of
from betacli.plan.request import BasketRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Funding over the horizon in quote currency, received above zero, and `net_bps` of the basket's notional."""

    basket: float | None
    hedge: float | None
    net: float | None
    net_bps: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPlan:
    """Funding of a hedged basket over `horizon_days`, at the current rates and at those of the window.

    `carry` adds the fees of getting in and out, half spreads and slippage to the funding at current rates, at the
    average ones where the current are unknown; `carry_rates` tells which. `break_even` in it is the return over
    β × benchmark that the basket must earn within the horizon.
    """

    sector: str
    horizon_days: float
    basket_notional: float
    fees: str
    fee_bps: float | None
    rows: tuple[FundingRow, ...]
    current: Projection
    average: Projection
    carry: Carry
    carry_rates: Literal["current", "average"] | None

    def document(self) -> Document:
        """Return the sums, then one row a contract."""
        return Document(
            title=f"Funding of {self.sector} and its hedge",
            blocks=(self._facts(), self._table()),
            records=self.rows,
        )

    def _facts(self) -> Facts:
        pairs = [("horizon", f"{self.horizon_days:g} days"), ("basket", doc.money(self.basket_notional))]
        for name, p in (("at current rates", self.current), ("at average rates", self.average)):
            told = doc.UNKNOWN
            if p.net is not None:
                told = (
                    f"{doc.signed_money(p.net)} ({doc.fixed(2, sign=True)(p.net_bps)} bps): basket "
                    f"{doc.signed_money(p.basket)}, hedge {doc.signed_money(p.hedge)}"
                )
            pairs.append((name, told))
        fee = f"{self.fee_bps:g} bps" if self.fee_bps is not None else self.fees
        pairs += [
            (f"fees ({fee})", doc.signed_money(self.carry.fees)),
            ("spread, slippage", doc.signed_money(self.carry.entry)),
            *(
                [("basis to expiry", doc.signed_money(self.carry.convergence))]
                if self.carry.convergence != 0
                else []
            ),
            ("net carry", doc.signed_money(self.carry.net)),
            ("break-even", self._break_even()),
        ]
        return Facts(pairs=tuple(pairs))

    def _break_even(self) -> str:
        need = self.carry.break_even
        if need is None:
            return doc.UNKNOWN
        shown = doc.fixed(3, sign=True, suffix=" %", scale=100.0)(need)
        without = "" if self.carry.entry is not None else "; spread and slippage unknown, so not in it"
        return f"{shown} over beta × the benchmark within the horizon{without}"

    def _table(self) -> Table:
        rate = doc.fixed(4, sign=True, suffix=" %", scale=100.0)
        columns = (
            Column(header="contract", align="left", tone=lambda _: "strong"),
            Column(header="notional", show=doc.signed_money),
            Column(header="rate", show=rate),
            Column(header="every h", show=doc.significant),
            Column(header="a year", show=doc.signed_percent),
            Column(header="who pays", align="left", show=_payer),
            Column(header="average a year", show=doc.signed_percent),
            Column(header="payments", show=doc.count),
            Column(header="missing", show=doc.count),
            Column(header="current", show=doc.signed_money, bar=True),
            Column(header="average", show=doc.signed_money),
        )
        rows = tuple(
            (
                f"{row.base} (hedge)" if row.role == "hedge" else row.base, row.notional, row.rate, row.interval_hours,
                row.annual, row.payer, row.mean_annual, row.n_payments, row.missing, row.cash_current, row.cash_average,
            )
            for row in self.rows
        )  # fmt: skip
        footer = ("net", "", "", "", "", "", "", "", "", self.current.net, self.average.net)
        return Table(columns=columns, rows=rows, footer=footer)


def _payer(payer: object) -> str:
    """Write who pays; the others receive."""
    return doc.text(payer).partition(" pay ")[0]


def plan_funding(
    request: BasketRequest, universe: Universe, source: MarketData | None, holding: Holding
) -> Report:
    """Answer the `funding` command.

    Raises:
        NoAnswer: there is no such basket.
    """
    found = attempt(request, universe, source)
    plan, notices = funding_of_plan(found, request, universe, source, holding)
    return report("funding", request.betas.run, found.measured, plan, (*found.market_notices, *notices))


def funding_of_plan(
    found: Attempt, request: BasketRequest, universe: Universe, source: MarketData | None, holding: Holding
) -> tuple[FundingPlan, list[Notice]]:
    """Project the funding of an attempted trade; without a basket every contract is listed with a notional of 0."""
    days = holding.days(universe)
    rows = funding_rows(found.measured, found.held, source, days * 24)
    notices = _told(rows, found)
    liquid, _ = liquidity_of(found, request, universe, source)
    basket = found.notional
    current, average = (_projection(rows, which, basket) for which in ("cash_current", "cash_average"))
    which: Literal["current", "average"] | None = (
        "current" if current.net is not None else "average" if average.net is not None else None
    )
    if which == "average":
        detail = "the net carry is at the average rates of the window: the current ones are not known"
        notices.append(Notice(id="carry-at-average", detail=detail))
    if not found.solved and found.why_not:
        notices.append(Notice(id="no-basket", detail=f"nothing is held: {found.why_not}"))
    entry = entry_both_ways(liquid, found.held)
    if entry is None:
        detail = "spread and slippage are not known from an order book and are not in the net carry"
        notices.append(Notice(id="entry-unknown", detail=detail, severity="note"))
    carry = carry_of(
        convergence=converged(found.hedge_parts, days, notices),
        funding=current.net if which == "current" else average.net,
        fees=fees_both_ways(holding, found.held, notices),
        entry=entry,
        basket_notional=basket,
    )
    plan = FundingPlan(
        sector=found.measured.sector,
        horizon_days=days,
        basket_notional=basket,
        fees=holding.fees,
        fee_bps=holding.fee_bps,
        rows=rows,
        current=current,
        average=average,
        carry=carry,
        carry_rates=which,
    )
    return plan, notices


def _projection(rows: tuple[FundingRow, ...], which: str, basket: float) -> Projection:
    """Add up legs and hedge; a part with something unknown is unknown."""
    parts = {
        role: total([getattr(row, which) for row in rows if row.role == role and row.notional])
        for role in ("leg", "hedge")
    }
    net = total([parts["leg"], parts["hedge"]]) if rows else None
    return Projection(
        basket=parts["leg"],
        hedge=parts["hedge"],
        net=net,
        net_bps=None if net is None or not basket else net / abs(basket) * 1e4,
    )


def _short(rows: tuple[FundingRow, ...], found: Attempt) -> list[str]:
    """Name the contracts whose payments begin well after the window does, or after the contract was listed."""
    window = found.measured.inputs.window
    if window is None:
        return []
    told = []
    for row in rows:
        listing = found.measured.listings.get(row.base)
        listed_ms = listing.market.listed_ms if listing is not None and listing.market is not None else None
        since = window.start if listed_ms is None else max(window.start, iso(listed_ms))
        if row.history_since is not None and _days_between(since, row.history_since) > 1:
            told.append(f"{row.base} since {row.history_since}")
    return list(dict.fromkeys(told))


def _days_between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 86_400


def _told(rows: tuple[FundingRow, ...], found: Attempt) -> list[Notice]:
    why: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for what, reason in row.unknown.items():
            why.setdefault((what, reason), []).append(row.base)
    notices = [
        Notice(
            id=f"{what}-unknown",
            detail=f"{what.replace('-', ' ')} of {', '.join(dict.fromkeys(bases))}: {reason}",
            severity="note",
        )
        for (what, reason), bases in why.items()
    ]
    gaps = [
        f"{row.base} {row.missing} of {row.missing + (row.n_payments or 0)}" for row in rows if row.missing
    ]
    if gaps:
        detail = f"payments are missing from the history, and in no average: {', '.join(gaps)}"
        notices.append(Notice(id="funding-missing", detail=detail))
    short = _short(rows, found)
    if short:
        detail = (
            f"payments are told for a part of the window alone, and averaged over that: {', '.join(short)}"
        )
        notices.append(Notice(id="funding-short", detail=detail))
    both = {row.base for row in rows if row.role == "leg" and row.notional} & {
        row.base for row in rows if row.role == "hedge"
    }
    if both and found.solved:
        detail = f"{', '.join(sorted(both))} is leg and hedge: its two rows are one position, which pays on its net"
        notices.append(Notice(id="leg-is-hedge", detail=detail, severity="note"))
    return notices
