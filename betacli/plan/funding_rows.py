"""What each contract of a trade pays: its rate now, its payments in the window, and both over a horizon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from betacli.core.calendar import DAY_MS
from betacli.core.candles import iso
from betacli.core.funding import annual_rate, funding_cash, history_stats, total
from betacli.core.model import Funding, FundingHistory, Unknown
from betacli.data.candles import Listing, MarketData
from betacli.plan.held import HeldContract, Role, distinct_batches, key_of
from betacli.plan.measure import Measured

Payer = Literal["longs pay shorts", "shorts pay longs", "nobody pays"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRow:
    """One contract of basket or hedge. Rates are fractions of notional; cash is in quote currency, received above zero.

    `rate` is paid next, every `interval_hours`; `annual` is rate × 24 / interval × 365. `mean_annual` averages the
    `n_payments` of the window over the hours each was for; `missing` payments are in neither. `cash_current` and
    `cash_average` are over the horizon at either rate. `unknown` says why something is None.
    """

    base: str
    role: Role
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


def funding_rows(
    measured: Measured, held: Sequence[HeldContract], source: MarketData | None, horizon_hours: float
) -> tuple[FundingRow, ...]:
    """Ask for current rates and past payments of every contract, and project each over the horizon."""
    now: dict[str, Funding | Unknown] = {}
    past: dict[str, FundingHistory | Unknown] = {}
    start_ms = _start_ms(measured)
    for batch in _perpetuals(held):
        if source is None:
            break
        rates, paid = source.funding(batch), source.funding_history(batch, start_ms, measured.now_ms)
        now |= {key_of(x.base, x): rates[x.base] for x in batch}
        past |= {key_of(x.base, x): paid[x.base] for x in batch}
    why = "no source of funding rates was named" if source is None else "it has no contract"
    missing = Unknown(reason=why)

    def row(x: HeldContract) -> FundingRow:
        if not x.perpetual:
            return _without(x)
        return _row(measured, x, now.get(x.key, missing), past.get(x.key, missing), horizon_hours)

    return tuple(row(contract) for contract in held)


def _perpetuals(held: Sequence[HeldContract]) -> list[list[Listing]]:
    """Return the listings of what pays funding, in batches of distinct bases, sorted by name."""
    listed = [x.listing for x in held if x.perpetual and x.listing is not None]
    return distinct_batches(sorted(listed, key=lambda listing: listing.base))


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentFunding:
    """What one perpetual pays over a horizon at its current rate, in quote currency; or `why_not`."""

    base: str
    role: Role
    cash: float | None
    why_not: str | None


def current_rows(
    held: Sequence[HeldContract], source: MarketData, horizon_hours: float
) -> tuple[CurrentFunding, ...]:
    """Return of every perpetual that is held its funding over the horizon at the current rate."""
    paying = [x for x in held if x.notional and x.perpetual]
    rates: dict[str, Funding | Unknown] = {}
    for batch in _perpetuals(paying):
        answers = source.funding(batch)
        rates |= {key_of(x.base, x): answers[x.base] for x in batch if x.base in answers}

    def row(x: HeldContract) -> CurrentFunding:
        rate = rates.get(x.key)
        if isinstance(rate, Funding) and rate.interval_hours:
            cash = funding_cash(x.notional, rate.rate / rate.interval_hours, horizon_hours)
            return CurrentFunding(base=x.base, role=x.role, cash=cash, why_not=None)
        why = rate.reason if isinstance(rate, Unknown) else "has no contract"
        return CurrentFunding(base=x.base, role=x.role, cash=None, why_not=why)

    return tuple(row(x) for x in paying)


def projected(rows: Sequence[CurrentFunding], basket: float) -> tuple[float | None, float | None, str]:
    """Return the sum in quote currency and in bps of the basket, and why there is none."""
    net = total([row.cash for row in rows])
    why = "; ".join(dict.fromkeys(f"{row.base} {row.why_not}" for row in rows if row.why_not))
    return net, None if net is None or not basket else net / abs(basket) * 1e4, why


def _start_ms(measured: Measured) -> int:
    """Return the open of the window's first bar."""
    return measured.now_ms - 90 * DAY_MS if measured.panel is None else int(measured.panel.open_ms[0])


def _row(
    measured: Measured,
    x: HeldContract,
    now: Funding | Unknown,
    past: FundingHistory | Unknown,
    horizon_hours: float,
) -> FundingRow:
    listing = x.listing
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
        base=x.base,
        role=x.role,
        symbol=listing.symbol if listing else None,
        notional=x.notional,
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
        cash_current=None if per_hour is None else funding_cash(x.notional, per_hour, horizon_hours),
        cash_average=None if stats is None else funding_cash(x.notional, stats.mean_per_hour, horizon_hours),
        unknown=unknown,
    )


def _payer(rate: float) -> Payer:
    if rate == 0:
        return "nobody pays"
    return "longs pay shorts" if rate > 0 else "shorts pay longs"


def _without(x: HeldContract) -> FundingRow:
    """Return the row of a spot holding or a dated future, which pay no funding."""
    return FundingRow(
        base=x.base, role=x.role, symbol=x.listing.symbol if x.listing else None, notional=x.notional, rate=0.0, interval_hours=None, annual=0.0,
        next_payment=None, payer="nobody pays", n_payments=None, missing=None, history_since=None, mean_rate=None,
        mean_annual=0.0, positive_share=None, cash_current=0.0, cash_average=0.0,
        unknown={"funding-history": "spot and dated futures pay no funding"},
    )  # fmt: skip
