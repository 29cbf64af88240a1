"""Betas in messages: what is named as within reach can be asked for."""

from hypothesis import given
from hypothesis import strategies as st

from betacli.core.infeasible import TargetBetweenReaches, TargetOutOfReach, down, exact, inward, up

BETAS = st.floats(-50, 50, allow_nan=False)


def out_of_reach(target: float, low: float, high: float) -> TargetOutOfReach:
    return TargetOutOfReach(
        name="l1", target=target, low=low, high=high, min_weight=0, max_weight=1, binding=()
    )


def test_a_range_is_rounded_inward() -> None:
    """1.3760 is the most, so 1.38 is not; 0.9396 is the least, so 0.93 is not."""
    assert "0.94 to 1.37 can be reached" in out_of_reach(1.376001, 0.9396, 1.3760).message
    assert "a beta of 1.376001;" in out_of_reach(1.376001, 0.9396, 1.3760).message
    assert "0.94 to 1.38 can be reached" in out_of_reach(3.0, 0.9396, 1.38).message
    assert "a beta of 3.00;" in out_of_reach(3.0, 0.9396, 1.38).message


@given(a=BETAS, b=BETAS)
def test_both_ends_of_a_shown_range_lie_in_it(a: float, b: float) -> None:
    """However narrow: as many decimals as it takes."""
    low, high = min(a, b), max(a, b)
    ends = [float(end) for end in inward(low, high)]
    slack = 1e-10 * max(1, abs(low), abs(high))
    assert low - slack <= ends[0] <= ends[1] <= high + slack


@given(beta=BETAS)
def test_one_beta_is_rounded_the_way_that_is_asked_for(beta: float) -> None:
    """Down is at most the number, up at least, and both within a hundredth; what was asked for is that very number."""
    assert beta - 0.0100001 <= float(down(beta)) <= beta + 1e-10
    assert beta - 1e-10 <= float(up(beta)) <= beta + 0.0100001
    assert abs(float(exact(beta)) - beta) <= 1e-11 * max(1, abs(beta))


def test_between_reaches_proposes_a_band_that_holds_the_nearest() -> None:
    """1.3874 is nearer to 1.40 than 1.50 is; a band is an option of its own, which `--target` is not."""
    error = TargetBetweenReaches(name="l1", target=1.4, below=1.3874, above=1.5, max_assets=2)
    assert error.hint == "raise `--max-assets`, or allow a band with `--target-band 1.38:1.40`"
    error = TargetBetweenReaches(name="l1", target=1.4, below=None, above=1.5012, max_assets=2)
    assert error.hint == "raise `--max-assets`, or allow a band with `--target-band 1.40:1.51`"
    error = TargetBetweenReaches(name="l1", target=1.4, below=None, above=None, max_assets=2)
    assert error.hint == "raise `--max-assets`"
