"""The median is NumPy's."""

import numpy as np
import pytest

from betacli.core.robust import median


@pytest.mark.parametrize("n", [1, 2, 3, 10, 101])
def test_the_median_is_numpys(n: int) -> None:
    """Of odd and even numbers of values, in any order."""
    values = np.random.default_rng(n).normal(size=n)
    assert median(values) == pytest.approx(np.median(values), rel=1e-15)


def test_nothing_has_no_median() -> None:
    """Unknown is NaN, never 0."""
    assert np.isnan(median(np.zeros(0)))
