"""What does holding the basket and its hedge pay, to whom, and which return must make up for it?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from betacli import document as doc
from betacli.core.calendar import DAY_MS
from betacli.core.candles import iso
from betacli.core.funding import Carry, annual_rate, carry_of, funding_cash, history_stats, total
from betacli.core.model import Funding, FundingHistory, Notice, Universe, Unknown
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Facts, Report, Table
from betacli.plan.answer import report
from betacli.plan.attempt import Attempt, attempt
from betacli.plan.carrying import Holding, entry_both_ways, fees_both_ways
from betacli.plan.liquidity import liquidity_of
from betacli.plan.measure import Measured
from betacli.plan.request import BasketRequest

Payer = Literal["longs pay shorts", "shorts pay longs", "nobody pays"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRow:
    """One contract of basket or hedge. Rates are fractions of notional; cash is in quote currency, received above zero.

    `rate` is paid next, every `interval_hours`; `annual` is rate × 24 / interval × 365. `mean_annual` averages the
    `n_payments` of the window over the hours each was for; `missing` payments are in neither. `cash_current` and
    `cash_average` are over the horizon at either rate. `unknown` says why something is None.
    """

    base: str
    role: Literal["leg", "hedge"]
    symbol: str | None
    notional: float
    rate: float | None
    interval_hours: float | None
    annual: float | None
    next_payment: str | None
    payer: Payer | None
    n_payments: int | None
    missing: int | None
    history_since: str | None
    mean_rate: float | None
    mean_annual: float | None
    positive_share: float | None
    cash_current: float | None
    cash_average: float | None
    unknown: Mapping[str, str] = field(default_factory=dict)


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
            Column(header="who pays", align="left", show=doc.text),
            Column(header="average a year", show=doc.signed_percent),
            Column(header="payments", show=doc.count),
            Column(header="missing", show=doc.count),
            Column(header="current", show=doc.signed_money),
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
    rows = funding_rows(found, source, days * 24)
    notices = _told(rows, found)
    liquid, _ = liquidity_of(found, request, universe, source)
    basket = found.solved.plan.notional if found.solved else 0.0
    current, average = (_projection(rows, which, basket) for which in ("cash_current", "cash_average"))
    which: Literal["current", "average"] | None = (
        "current" if current.net is not None else "average" if average.net is not None else None
    )
    if which == "average":
        detail = "the net carry is at the average rates of the window: the current ones are not known"
        notices.append(Notice(id="carry-at-average", detail=detail))
    if not found.solved and found.why_not:
        notices.append(Notice(id="no-basket", detail=f"nothing is held: {found.why_not}"))
    entry = entry_both_ways({row.base: row for row in liquid}, found.orders)
    if entry is None:
        detail = "spread and slippage are not known from an order book and are not in the net carry"
        notices.append(Notice(id="entry-unknown", detail=detail, severity="note"))
    carry = carry_of(
        funding=current.net if which == "current" else average.net,
        fees=fees_both_ways(holding, found, notices),
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


def _told(rows: tuple[FundingRow, ...], found: Attempt) -> list[Notice]:
    why: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for what, reason in row.unknown.items():
            why.setdefault((what, reason), []).append(row.base)
    notices = [
        Notice(
            id=f"{what}-unknown",
            detail=f"{what.replace('-', ' ')} of {', '.join(bases)}: {reason}",
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
    both = {row.base for row in rows if row.role == "leg" and row.notional} & {
        row.base for row in rows if row.role == "hedge"
    }
    if both and found.solved:
        detail = f"{', '.join(sorted(both))} is leg and hedge: its two rows are one position, which pays on its net"
        notices.append(Notice(id="leg-is-hedge", detail=detail, severity="note"))
    return notices


def funding_rows(found: Attempt, source: MarketData | None, horizon_hours: float) -> tuple[FundingRow, ...]:
    """Ask for current rates and past payments of every contract of basket and hedge, and project each."""
    measured, held = found.measured, positions(found)
    bases = sorted({base for base, _, _, pays in held if pays})
    listings = [measured.listings[base] for base in bases if base in measured.listings]
    now: Mapping[str, Funding | Unknown] = {}
    past: Mapping[str, FundingHistory | Unknown] = {}
    if source is not None and listings:
        now = source.funding(listings)
        past = source.funding_history(listings, _start_ms(measured), measured.now_ms)
    why = "no source of funding rates was named" if source is None else "it has no contract"
    missing = Unknown(reason=why)

    def row(base: str, role: Literal["leg", "hedge"], notional: float, pays: bool) -> FundingRow:
        if not pays:
            return _without(base, role, notional)
        rate, payments = now.get(base, missing), past.get(base, missing)
        return _row(measured, base, role, notional, rate, payments, horizon_hours)

    return tuple(row(*position) for position in held)


def positions(found: Attempt) -> list[tuple[str, Literal["leg", "hedge"], float, bool]]:
    """Return every contract of basket and hedge with its notional, and whether it pays funding: perpetuals do."""
    listings = found.measured.listings

    def pays(base: str) -> bool:
        market = listings[base].market if base in listings else None
        return market is None or market.kind == "swap"

    if found.solved is None:
        return [(base, "leg", 0.0, pays(base)) for base in found.measured.bases]
    held: list[tuple[str, Literal["leg", "hedge"], float, bool]] = [
        (leg.base, "leg", leg.notional, pays(leg.base)) for leg in found.solved.plan.legs
    ]
    parts = found.hedged.plan.hedge.parts if found.hedged else ()
    return held + [(x.base, "hedge", x.notional, x.dated is None and pays(x.base)) for x in parts]


def current_rows(
    found: Attempt, source: MarketData, horizon_hours: float
) -> list[tuple[str, float | None, str | None]]:
    """Return of every perpetual held its funding over the horizon at the current rate, or why it is unknown."""
    held = [(base, notional) for base, _, notional, pays in positions(found) if notional and pays]
    listings = found.measured.listings
    rates = source.funding([listings[base] for base in sorted({b for b, _ in held}) if base in listings])
    rows: list[tuple[str, float | None, str | None]] = []
    for base, notional in held:
        rate = rates.get(base)
        if isinstance(rate, Funding) and rate.interval_hours:
            cash = funding_cash(notional, rate.rate / rate.interval_hours, horizon_hours)
            rows.append((base, cash, None))
        else:
            rows.append((base, None, rate.reason if isinstance(rate, Unknown) else "it has no contract"))
    return rows


def projected(
    rows: list[tuple[str, float | None, str | None]], basket: float
) -> tuple[float | None, float | None, str]:
    """Return the sum in quote currency and in bps of the basket, and why there is none."""
    net = total([cash for _, cash, _ in rows])
    why = "; ".join(dict.fromkeys(f"{base} {reason}" for base, _, reason in rows if reason))
    return net, None if net is None or not basket else net / abs(basket) * 1e4, why


def _start_ms(measured: Measured) -> int:
    """Return the open of the window's first bar."""
    return measured.now_ms - 90 * DAY_MS if measured.panel is None else int(measured.panel.open_ms[0])


def _row(
    measured: Measured,
    base: str,
    role: Literal["leg", "hedge"],
    notional: float,
    now: Funding | Unknown,
    past: FundingHistory | Unknown,
    horizon_hours: float,
) -> FundingRow:
    listing = measured.listings.get(base)
    unknown: dict[str, str] = {}
    if isinstance(now, Unknown):
        unknown["funding-rate"] = now.reason
    stats = None
    if isinstance(past, Unknown):
        unknown["funding-history"] = past.reason
    else:
        told = past.interval_hours or (None if isinstance(now, Unknown) else now.interval_hours)
        stats = history_stats(past.time_ms, past.rate, end_ms=measured.now_ms, told_hours=told)
        if stats is None:
            unknown["funding-history"] = "there is no payment whose interval is known"
    rate = None if isinstance(now, Unknown) else now.rate
    hours = None if isinstance(now, Unknown) else now.interval_hours
    per_hour = None if rate is None or not hours else rate / hours
    return FundingRow(
        base=base,
        role=role,
        symbol=listing.symbol if listing else None,
        notional=notional,
        rate=rate,
        interval_hours=hours or (stats.interval_hours if stats else None),
        annual=None if rate is None or not hours else annual_rate(rate, hours),
        next_payment=None if isinstance(now, Unknown) or now.next_ms is None else iso(now.next_ms),
        payer=None if rate is None else _payer(rate),
        n_payments=stats.n_payments if stats else None,
        missing=stats.missing if stats else None,
        history_since=iso(stats.first_ms) if stats else None,
        mean_rate=stats.mean_rate if stats else None,
        mean_annual=stats.mean_annual if stats else None,
        positive_share=stats.positive_share if stats else None,
        cash_current=None if per_hour is None else funding_cash(notional, per_hour, horizon_hours),
        cash_average=None if stats is None else funding_cash(notional, stats.mean_per_hour, horizon_hours),
        unknown=unknown,
    )


def _payer(rate: float) -> Payer:
    if rate == 0:
        return "nobody pays"
    return "longs pay shorts" if rate > 0 else "shorts pay longs"


def _without(base: str, role: Literal["leg", "hedge"], notional: float) -> FundingRow:
    """Return the row of a spot holding or a dated future, which pay no funding."""
    return FundingRow(
        base=base, role=role, symbol=None, notional=notional, rate=0.0, interval_hours=None, annual=0.0,
        next_payment=None, payer="nobody pays", n_payments=None, missing=None, history_since=None, mean_rate=None,
        mean_annual=0.0, positive_share=None, cash_current=0.0, cash_average=0.0,
        unknown={"funding-history": "spot and dated futures pay no funding"},
    )  # fmt: skip
