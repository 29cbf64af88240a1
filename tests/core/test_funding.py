"""Funding histories by hand, and on six perpetuals' recorded payments."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betacli.core.funding import annual_rate, carry_of, funding_cash, history_stats, own_hours, total

HOUR = 3_600_000


def at(*hours: float) -> np.ndarray:
    return np.array([round(h * HOUR) for h in hours], dtype=np.int64)


def test_the_annual_rate_is_at_the_symbols_own_interval() -> None:
    """0.01 % every 8 h is 0.0001 × 3 × 365 = 10.95 % a year; every 4 h twice that; every hour 87.6 %."""
    assert annual_rate(0.0001, 8) == pytest.approx(0.1095)
    assert annual_rate(0.0001, 4) == pytest.approx(0.2190)
    assert annual_rate(0.0001, 1) == pytest.approx(0.8760)


def test_a_missing_payment_is_neither_zero_nor_a_longer_interval() -> None:
    """Six payments of 0.01 % every 4 h with the fourth missing: 5 × 0.0001 / (5 × 4 h) = 0.0025 % an hour.

    That is 0.219 a year. With a zero for the missing one it would be 5/6 of that, 0.1825; over the whole time of
    24 h the same; with an 8 h interval for the gap 5 × 0.0001 / 24 h.
    """
    stats = history_stats(at(0, 4, 8, 16, 20), np.full(5, 0.0001), end_ms=20 * HOUR)
    assert stats is not None
    assert (stats.n_payments, stats.missing, stats.intervals) == (5, 1, (4.0,))
    assert stats.mean_per_hour == pytest.approx(0.000025)
    assert stats.mean_annual == pytest.approx(0.219)


def test_payments_due_before_the_end_and_absent_are_missing() -> None:
    """The last payment was at 20 h; by 29 h those of 24 h and 28 h are missing."""
    stats = history_stats(at(0, 4, 8, 12, 16, 20), np.full(6, 0.0001), end_ms=29 * HOUR)
    assert stats is not None
    assert stats.missing == 2


def test_a_payment_that_is_no_number_is_missing() -> None:
    """NaN at 8 h leaves four payments of 0.02 %, and one missing."""
    rates = np.array([0.0002, 0.0002, np.nan, 0.0002, 0.0002])
    stats = history_stats(at(0, 4, 8, 12, 16), rates, end_ms=16 * HOUR)
    assert stats is not None
    assert (stats.n_payments, stats.missing) == (4, 1)
    assert stats.mean_rate == pytest.approx(0.0002)


def test_an_interval_that_changes_is_followed() -> None:
    """Four gaps of 8 h, then four of 4 h: payments for 8, 8, 8, 8, 8, 4, 4, 4, 4 hours, nothing missing.

    Nine payments of 0.01 % over 5 × 8 + 4 × 4 = 56 hours.
    """
    times = at(0, 8, 16, 24, 32, 36, 40, 44, 48)
    assert own_hours(times).tolist() == [8, 8, 8, 8, 8, 4, 4, 4, 4]
    stats = history_stats(times, np.full(9, 0.0001), end_ms=48 * HOUR)
    assert stats is not None
    assert (stats.missing, stats.intervals, stats.interval_hours) == (0, (4.0, 8.0), 4.0)
    assert stats.mean_per_hour == pytest.approx(0.0009 / 56)


def test_two_payments_missing_in_a_row() -> None:
    """One gap of 12 h among gaps of 4 h is two missing payments."""
    stats = history_stats(at(0, 4, 8, 20, 24, 28), np.full(6, 0.0001), end_ms=28 * HOUR)
    assert stats is not None
    assert (stats.missing, stats.intervals) == (2, (4.0,))


def test_order_duplicates_and_milliseconds_do_not_matter() -> None:
    """Payments booked some milliseconds late, out of order and twice are the same payments."""
    times = at(8, 0, 4, 4) + np.array([3, 6, 2, 2])
    stats = history_stats(times, np.array([0.0003, 0.0001, 0.0002, 0.0002]), end_ms=8 * HOUR + 10)
    assert stats is not None
    assert (stats.n_payments, stats.missing) == (3, 0)
    assert stats.mean_rate == pytest.approx(0.0002)


def test_one_payment_needs_to_be_told_its_interval() -> None:
    """A single payment has no gap: without an interval there is no average."""
    assert history_stats(at(0), np.array([0.0001]), end_ms=0) is None
    stats = history_stats(at(0), np.array([0.0001]), end_ms=0, told_hours=4.0)
    assert stats is not None
    assert stats.mean_annual == pytest.approx(0.219)
    assert history_stats(at(), np.array([]), end_ms=0, told_hours=8.0) is None


def test_the_sign_says_who_pays() -> None:
    """At a rate above zero a long of 100,000 pays and a short of 140,000 receives: 0.01 % per 8 h over 7 days.

    21 payments of 0.0001: the long pays 210, the short receives 294.
    """
    per_hour = 0.0001 / 8
    assert funding_cash(100_000, per_hour, 168) == pytest.approx(-210)
    assert funding_cash(-140_000, per_hour, 168) == pytest.approx(294)
    assert funding_cash(100_000, per_hour, 0) == 0


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e-3, 1e-3)), min_size=1, max_size=8),
    st.floats(-5, 5),
    st.floats(0, 1e4),
)
def test_the_funding_of_a_book_is_linear(book: list[tuple[float, float]], scale: float, hours: float) -> None:
    """Scaling every notional scales the payments, and a book pays the sum of its legs."""
    legs = [funding_cash(q, f, hours) for q, f in book]
    scaled = sum(funding_cash(scale * q, f, hours) for q, f in book)
    assert scaled == pytest.approx(scale * sum(legs), abs=1e-6, rel=1e-9)


def test_a_sum_with_something_unknown_is_unknown() -> None:
    """One leg without a rate leaves the book without a total, not with a smaller one."""
    assert total([1.0, None]) is None
    assert total([1.0, -3.0]) == -2.0
    assert total([]) == 0.0


def test_the_break_even_pays_for_funding_fees_and_entry() -> None:
    """Funding +84, fees −240, entry −60 on 100,000: net −216, so the basket must earn 0.216 % more."""
    carry = carry_of(funding=84.0, fees=-240.0, entry=-60.0, basket_notional=100_000)
    assert carry.net == pytest.approx(-216)
    assert carry.break_even == pytest.approx(0.00216)
    assert carry_of(funding=None, fees=-240.0, entry=None, basket_notional=1e5).break_even is None


def test_the_recorded_payments_average_as_numpy_says(market_data: Path) -> None:
    """AVAX paid every 8 h for three years without a gap: its annual rate is 3 × 365 × the mean of the payments."""
    with gzip.open(market_data / "binance_funding_2021_2023.csv.gz", "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["symbol"] == "AVAX/USDT:USDT"]
    times = np.array([int(row["timestamp"]) for row in rows])
    rates = np.array([float(row["funding_rate"]) for row in rows])
    stats = history_stats(times, rates, end_ms=int(times[-1]))
    assert stats is not None
    assert (stats.n_payments, stats.missing, stats.intervals) == (3285, 0, (8.0,))
    assert stats.mean_annual == pytest.approx(rates.mean() * 3 * 365, rel=1e-12)
    without = np.delete(np.arange(3285), [100, 101, 2000])
    gone = history_stats(times[without], rates[without], end_ms=int(times[-1]))
    assert gone is not None
    assert (gone.missing, gone.intervals) == (3, (8.0,))
    assert gone.mean_annual == pytest.approx(rates[without].mean() * 3 * 365, rel=1e-12)
