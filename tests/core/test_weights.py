"""Base weights by hand."""

import numpy as np
import pytest

from betacli.core.weights import NEEDS, WEIGHTINGS, WeightInputs, effective_assets

INPUTS = WeightInputs(
    cap=np.array([300.0, 100.0]),
    vol_annual=np.array([0.5, 1.0]),
    daily_volume=np.array([9.0, 1.0]),
    custom=np.array([3.0, 5.0]),
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("equal", [0.5, 0.5]),
        ("cap", [0.75, 0.25]),
        ("inverse-volatility", [2 / 3, 1 / 3]),
        ("liquidity", [0.9, 0.1]),
        ("custom", [0.375, 0.625]),
        ("min-variance", [0.0, 0.0]),
    ],
)
def test_two_assets_by_hand(name: str, expected: list[float]) -> None:
    """Caps 300 and 100; volatilities 50 and 100 %; volumes 9 and 1."""
    assert WEIGHTINGS[name](INPUTS) == pytest.approx(expected)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_weights_sum_to_one_or_are_unknown(name: str) -> None:
    """An unknown input makes the weights unknown, never something made up."""
    nan = np.array([np.nan, 1.0])
    made = WEIGHTINGS[name](WeightInputs(cap=nan, vol_annual=nan, daily_volume=nan, custom=nan))
    assert np.isnan(made).any() == (name in NEEDS)
    if name != "min-variance":
        assert WEIGHTINGS[name](INPUTS).sum() == pytest.approx(1.0)


def test_effective_assets() -> None:
    """Two equal positions count two, 90/10 counts 1.2195; signs do not matter."""
    assert effective_assets(np.array([0.5, 0.5])) == pytest.approx(2.0)
    assert effective_assets(np.array([0.9, -0.1])) == pytest.approx(1 / 0.82)
