"""Funding at each symbol's own interval: payments seen and missing, annual rates, and what a book pays.

A rate f is what a long pays a short per interval of h hours, a fraction of notional: a year costs f · (24 / h) · 365.
The interval is the symbol's own and changes; a payment that is missing from a history is neither a rate of zero nor a
longer interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from betacli.core.calendar import DAYS_PER_YEAR, HOUR_MS
from betacli.core.model import Floats, Times

BPS = 1e4
LATE_MS = 60_000  # a payment due within a minute of the end may not be written down yet
_NEIGHBOURS = 2  # gaps looked at on either side of one, to tell a missing payment from another interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingHistoryStats:
    """What past payments say. `mean_per_hour` is Σ rates / Σ their own hours, `mean_annual` that × 24 × 365.

    `interval_hours` is that of the last payment, `intervals` all that were seen; `missing` counts the payments that lie
    between the first and `end_ms` by the interval of their time and are not there. `mean_rate` is the plain mean of
    the payments; `positive_share` the part of them in which longs paid.
    """

    n_payments: int
    missing: int
    first_ms: int
    last_ms: int
    interval_hours: float
    intervals: tuple[float, ...]
    mean_rate: float
    mean_per_hour: float
    mean_annual: float
    positive_share: float


def annual_rate(rate: float, interval_hours: float) -> float:
    """Return f · (24 / h) · 365."""
    return rate * (24.0 / interval_hours) * DAYS_PER_YEAR


def own_hours(time_ms: Times, told_hours: float | None = None) -> Floats:
    """Return the hours (T,) each payment is for, from the gaps between payments rounded to full hours.

    A gap belongs to the interval that is the median of the five gaps around it (the lower one of an even number): one
    long gap among short ones is a payment missing, a run of long ones is a longer interval. The first payment has
    that of the second. `told_hours` is used where there are not two payments; NaN where it is not told either.

    Args:
        time_ms: (T,) increasing.
        told_hours: the interval by the exchange.
    """
    gaps = np.round(np.diff(time_ms) / HOUR_MS)
    if not len(gaps):
        return np.full(len(time_ms), np.nan if told_hours is None else told_hours)
    hours = np.empty(len(gaps))
    for k in range(len(gaps)):
        around = np.sort(gaps[max(0, k - _NEIGHBOURS) : k + _NEIGHBOURS + 1])
        hours[k] = around[(len(around) - 1) // 2]
    if told_hours is not None and len(gaps) < _NEIGHBOURS:
        hours = np.minimum(hours, told_hours)
    return np.concatenate([hours[:1], np.maximum(hours, 1.0)])


def history_stats(
    time_ms: Times, rate: Floats, *, end_ms: int, told_hours: float | None = None
) -> FundingHistoryStats | None:
    """Average past payments over the hours they were for; None without a payment whose interval is known.

    Args:
        time_ms: (T,) when each was paid, in any order; of one time the first is taken.
        rate: (T,) fractions of notional; a payment that is not finite is one that is missing.
        end_ms: payments later than this are not looked at, those due before it and absent are missing.
        told_hours: the interval by the exchange, for a history too short to tell it.
    """
    seen = np.isfinite(rate) & (time_ms <= end_ms)
    times, first = np.unique(time_ms[seen], return_index=True)
    rates = rate[seen][first]
    hours = own_hours(times, told_hours)
    if not len(times) or not np.isfinite(hours).all():
        return None
    between = np.maximum(np.round(np.diff(times) / HOUR_MS / hours[1:]) - 1, 0).sum()
    after = max(0, int((end_ms - LATE_MS - int(times[-1])) // (hours[-1] * HOUR_MS)))
    per_hour = float(rates.sum() / hours.sum())
    return FundingHistoryStats(
        n_payments=len(times),
        missing=int(between) + after,
        first_ms=int(times[0]),
        last_ms=int(times[-1]),
        interval_hours=float(hours[-1]),
        intervals=tuple(float(h) for h in np.unique(hours)),
        mean_rate=float(rates.mean()),
        mean_per_hour=per_hour,
        mean_annual=per_hour * 24 * DAYS_PER_YEAR,
        positive_share=float((rates > 0).mean()),
    )


def funding_cash(notional: float, per_hour: float, horizon_hours: float) -> float:
    """Return −Q · f/h · H in quote currency: what a holder of Q receives over H hours, below zero where it pays.

    It is linear in Q: the funding of a book is the sum of its legs'.
    """
    return -notional * per_hour * horizon_hours + 0.0


def total(parts: Sequence[float | None]) -> float | None:
    """Return the sum, None where a part is unknown."""
    known = [part for part in parts if part is not None]
    return sum(known) + 0.0 if len(known) == len(parts) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What holding basket and hedge brings over a horizon, in quote currency: received above zero.

    `fees` and `entry` are paid, below zero: fees of getting in and out, and half spreads with slippage both ways
    (None where unknown, and then not in the sums). `convergence` is what dated futures gain or lose on their way to the
    index, 0 without one. `net` is funding, convergence, fees and entry together; `break_even` the return the basket must
    earn over β × the benchmark within the horizon for the position to end at zero, −net / basket.
    """

    funding: float | None
    fees: float | None
    entry: float | None
    net: float | None
    break_even: float | None
    convergence: float | None = 0.0


def carry_of(
    *,
    funding: float | None,
    fees: float | None,
    entry: float | None,
    basket_notional: float,
    convergence: float | None = 0.0,
) -> Carry:
    """Add up funding, convergence, fees and entry cost; unknown without one of the first three."""
    parts = [part for part in (funding, convergence, fees) if part is not None]
    net = sum(parts) + (entry or 0.0) if len(parts) == 3 else None
    return Carry(
        funding=funding,
        fees=fees,
        entry=entry,
        net=net,
        break_even=None if net is None or not basket_notional else -net / abs(basket_notional) + 0.0,
        convergence=convergence,
    )
