"""A one-in-twenty day by hand."""

import numpy as np
import pytest
from scipy import stats

from betacli.core.loss import daily_returns, one_in_twenty

DAY_MS = 86_400_000


def test_the_fifth_percentile_by_hand() -> None:
    """Returns −20 % to +20 % in steps of 1 % (41 days): the 5 % quantile is at place 0.05 · 40 = 2, so −18 %."""
    found = one_in_twenty(np.arange(-20, 21) / 100)
    assert found is not None
    assert (found.historical, found.n_days) == (pytest.approx(0.18), 41)
    sd = np.sqrt(sum(k**2 for k in range(-20, 21)) / 40) / 100
    assert found.normal == pytest.approx(1.6448536 * sd, rel=1e-6)


def test_the_normal_against_scipy() -> None:
    """The normal estimate is the 5 % point of a normal with the sample's mean and standard deviation."""
    returns = np.random.default_rng(3).standard_t(4, 200) * 0.02 + 0.001
    found = one_in_twenty(np.append(returns, np.nan))
    assert found is not None
    assert found.normal == pytest.approx(-stats.norm.ppf(0.05, returns.mean(), returns.std(ddof=1)), rel=1e-9)
    assert found.historical == pytest.approx(-np.percentile(returns, 5))


def test_below_forty_days_there_is_none() -> None:
    """39 days tell nothing of one in twenty."""
    assert one_in_twenty(np.zeros(39)) is None
    assert one_in_twenty(np.full(100, np.nan)) is None


def test_days_are_compounded_whole() -> None:
    """Four bars of 6 h a day, the first day cut: +10 % four times is 1.1⁴ − 1; a missing bar makes its day missing."""
    open_ms = DAY_MS * 100 + np.arange(-2, 8) * DAY_MS // 4
    returns = np.full((10, 2), 0.10)
    returns[7, 1] = np.nan
    found = daily_returns(returns, open_ms, DAY_MS // 4)
    assert found.shape == (2, 2)
    assert found[:, 0] == pytest.approx(1.1**4 - 1)
    assert found[0, 1] == pytest.approx(1.1**4 - 1)
    assert np.isnan(found[1, 1])


def test_daily_bars_are_their_own_days() -> None:
    """Nothing changes on daily bars."""
    returns = np.array([0.01, -0.02, 0.03])
    assert daily_returns(returns, np.arange(3) * DAY_MS, DAY_MS) == pytest.approx(returns)
