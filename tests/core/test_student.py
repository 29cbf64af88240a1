"""Student's t against SciPy."""

import math

import pytest
from scipy import stats

from betacli.core.student import t_cdf, t_quantile


@pytest.mark.parametrize("df", [1, 1.5, 2, 3, 10, 28.3, 88, 363])
@pytest.mark.parametrize("p", [0.6, 0.9, 0.975, 0.995, 0.9999])
def test_quantiles_are_those_of_scipy(df: float, p: float) -> None:
    """The quantile agrees to 1e-12 relative, below the median by symmetry."""
    assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-12)
    assert t_quantile(1 - p, df) == pytest.approx(-t_quantile(p, df), rel=1e-9)


@pytest.mark.parametrize("df", [1e4, 1e6, 1e9])
def test_many_degrees_of_freedom_approach_the_normal(df: float) -> None:
    """Large samples agree with SciPy to 1e-8, and in the limit with 1.96."""
    assert t_quantile(0.975, df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-8)
    assert t_quantile(0.975, 1e9) == pytest.approx(1.959963984540054, rel=1e-8)


@pytest.mark.parametrize("t", [-40.0, -2.0, -0.1, 0.0, 0.7, 5.0])
def test_the_distribution_function_is_that_of_scipy(t: float) -> None:
    """P(X ≤ t) agrees to 1e-13 absolute."""
    for df in (1, 4, 30):
        assert t_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), abs=1e-13)


def test_what_has_no_quantile_is_nan() -> None:
    """Probabilities of 0 and 1 and no degrees of freedom give NaN, not a number."""
    for p, df in ((0, 5), (1, 5), (0.975, 0), (0.975, -1), (math.nan, 3), (0.9, math.nan)):
        assert math.isnan(t_quantile(p, df))
