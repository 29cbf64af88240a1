"""Basis and dated futures by hand, against statsmodels, and on AVAX of 2022."""

import csv
import gzip
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from betacli.core.carry import basis_bps, basis_stats, dated_carry, fitting_expiry, half_life, roll_bps

HOUR = 3_600_000
DAY = 24 * HOUR


def test_the_basis_of_a_perpetual() -> None:
    """100.05 against an index of 100 is 5 bps; below the index it is negative."""
    assert basis_bps(100.05, 100) == pytest.approx(5.0)
    assert basis_bps(99.9, 100) == pytest.approx(-10.0)


def test_a_dated_future_of_25_days() -> None:
    """101 against 100 with 25 days left: 100 bps, and 0.01 × 365 / 25 = 14.6 % a year."""
    carry = dated_carry(101.0, 100.0, now_ms=0, expiry_ms=25 * DAY)
    assert carry is not None
    assert carry.basis_bps == pytest.approx(100)
    assert carry.days == 25
    assert carry.annual == pytest.approx(0.146)


def test_an_expired_future_has_no_carry() -> None:
    """At its expiry and after it there is nothing left to annualise."""
    assert dated_carry(101.0, 100.0, now_ms=25 * DAY, expiry_ms=25 * DAY) is None
    assert dated_carry(101.0, 100.0, now_ms=26 * DAY, expiry_ms=25 * DAY) is None


def test_rolling_costs_a_long_the_difference_of_the_futures() -> None:
    """From 101 to 102.01 is 100 bps."""
    assert roll_bps(101.0, 102.01) == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("horizon_days", "place", "rolls"),
    [(0, 0, 0), (25, 0, 0), (26, 1, 0), (90, 1, 0), (180, 1, 1), (181, 1, 2)],
)
def test_the_expiry_that_fits_a_horizon(horizon_days: int, place: int, rolls: int) -> None:
    """Of expiries in 25 and 90 days the first at or after the horizon; beyond 90 days the later one, rolled."""
    assert fitting_expiry((25 * DAY, 90 * DAY), 0, horizon_days * DAY) == (place, rolls)


def test_past_expiries_fit_nothing() -> None:
    """A future that has expired is not offered."""
    assert fitting_expiry((1 * DAY,), 2 * DAY, 9 * DAY) == (None, 0)
    assert fitting_expiry((1 * DAY, 30 * DAY), 2 * DAY, 9 * DAY) == (1, 0)
    assert fitting_expiry((), 0, DAY) == (None, 0)


def test_statistics_of_a_basis_by_hand() -> None:
    """24 hourly bars, 12 at 1 bps and 12 at 3 bps: mean 2, sd √(24 / 23); the worst day holds them all."""
    index = np.full(24, 100.0)
    contract = index * (1 + 1e-4 * np.array([1.0, 3.0] * 12))
    stats = basis_stats(np.arange(24) * HOUR, contract, index, HOUR)
    assert stats is not None
    assert (stats.n_obs, stats.worst_day_ms) == (24, 0)
    assert stats.mean_bps == pytest.approx(2.0)
    assert stats.sd_bps == pytest.approx(math.sqrt(24 / 23), rel=1e-6)
    assert stats.worst_day_bps == pytest.approx(2.0)
    assert stats.half_life_hours is None  # it swings from bar to bar: φ is below zero


def test_the_worst_day_is_the_one_furthest_from_zero() -> None:
    """Days of 1, −6 and 4 bps: the second, with its sign."""
    index = np.full(72, 100.0)
    contract = index * (1 + 1e-4 * np.repeat([1.0, -6.0, 4.0], 24))
    stats = basis_stats(np.arange(72) * HOUR, contract, index, HOUR)
    assert stats is not None
    assert stats.worst_day_ms == DAY
    assert stats.worst_day_bps == pytest.approx(-6.0)


def test_basis_risk_is_the_deviation_of_the_difference_of_returns() -> None:
    """The returns of contract and index differ by ±10 bps in turn: sd 0.001 · √(n / (n − 1)), × √(8760) a year."""
    index = 100 * np.cumprod(np.full(101, 1.001))
    wedge = np.where(np.arange(101) % 2 == 0, 0.001, -0.001)
    contract = index.copy()
    for t in range(1, 101):
        contract[t] = contract[t - 1] * (index[t] / index[t - 1] + wedge[t])
    stats = basis_stats(np.arange(101) * HOUR, contract, index, HOUR)
    assert stats is not None
    assert stats.risk_bar == pytest.approx(0.001 * math.sqrt(100 / 99), rel=1e-9)
    assert stats.risk_annual == pytest.approx(stats.risk_bar * math.sqrt(8760), rel=1e-12)


def test_a_contract_that_is_its_index_has_no_basis_and_no_risk() -> None:
    """Zero mean, zero deviation, zero risk; there is nothing to revert."""
    index = 100 * np.cumprod(1 + np.random.default_rng(1).normal(0, 0.01, 60))
    stats = basis_stats(np.arange(60) * HOUR, index, index, HOUR)
    assert stats is not None
    assert (stats.mean_bps, stats.sd_bps, stats.risk_bar, stats.half_life_hours) == (0, 0, 0, None)


def test_too_few_bars_give_nothing() -> None:
    """Nineteen bars are no window; NaN bars do not count."""
    assert basis_stats(np.arange(19) * HOUR, np.full(19, 1.0), np.full(19, 1.0), HOUR) is None
    gaps = np.full(40, 1.0)
    gaps[::2] = np.nan
    assert basis_stats(np.arange(40) * HOUR, gaps, np.full(40, 1.0), HOUR) is None


def test_the_half_life_is_that_of_the_ar1_of_statsmodels() -> None:
    """−ln 2 / ln φ with φ from an ordinary regression on the bar before."""
    import statsmodels.api as sm

    rng = np.random.default_rng(5)
    x = np.zeros(500)
    for t in range(1, 500):
        x[t] = 0.9 * x[t - 1] + rng.normal()
    phi = sm.OLS(x[1:], sm.add_constant(x[:-1])).fit().params[1]
    assert half_life(x) == pytest.approx(-math.log(2) / math.log(phi), rel=1e-9)
    assert half_life(np.arange(50.0)) is None  # a line does not revert


def test_the_basis_of_avax_in_2022(market_data: Path) -> None:
    """Hourly perpetual and spot: mean, deviation and risk as NumPy takes them; the worst day is that of the FTX collapse."""
    with gzip.open(market_data / "binance_AVAX_perp_spot_1h_2022.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    times = np.array(
        [
            round(datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC).timestamp() * 1000)
            for row in rows
        ]
    )
    perp = np.array([float(row["close_perp_binance"] or "nan") for row in rows])
    spot = np.array([float(row["close_spot_binance"] or "nan") for row in rows])
    stats = basis_stats(times, perp, spot, HOUR)
    assert stats is not None
    bps = (perp / spot - 1) * 1e4
    assert stats.mean_bps == pytest.approx(np.nanmean(bps), rel=1e-12)
    assert stats.sd_bps == pytest.approx(np.nanstd(bps, ddof=1), rel=1e-12)
    daily = {}
    for time, value in zip(times, bps, strict=True):
        daily.setdefault(time // DAY, []).append(value)
    worst = max(daily, key=lambda day: abs(np.mean(daily[day])))
    assert stats.worst_day_ms == worst * DAY
    assert datetime.fromtimestamp(stats.worst_day_ms / 1000, tz=UTC).strftime("%Y-%m") == "2022-11"
    difference = perp[1:] / perp[:-1] - spot[1:] / spot[:-1]
    assert stats.risk_annual == pytest.approx(np.std(difference, ddof=1) * math.sqrt(8760), rel=1e-9)
    assert stats.half_life_hours is not None
    assert 0 < stats.half_life_hours < 48


def test_a_constant_basis_has_no_half_life() -> None:
    """What rounding leaves of a basis that never moves is no reversion."""
    index = 100 * np.cumprod(1 + np.random.default_rng(1).normal(0, 0.01, 60))
    stats = basis_stats(np.arange(60) * HOUR, index * 1.001, index, HOUR)
    assert stats is not None
    assert stats.half_life_hours is None
    assert stats.risk_bar == pytest.approx(0, abs=1e-12)
