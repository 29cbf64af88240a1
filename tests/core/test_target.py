"""Weights for a target beta against closed forms and an independent solver."""

import numpy as np
import pytest
import quadprog
from hypothesis import given, settings
from hypothesis import strategies as st

from betacli.core.infeasible import BoundsCannotSum, TargetOutOfReach
from betacli.core.target import Bounds, attainable, solve_base, solve_target


def bounds(lower: list[float] | np.ndarray, upper: list[float] | np.ndarray) -> Bounds:
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    return Bounds(name="l1", bases=tuple(f"A{i}" for i in range(len(low))), lower=low, upper=high)


def problem(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, Bounds]:
    """A random covariance, betas, base weights and bounds, shorts allowed in half of the cases."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n + 30, n)) * rng.uniform(0.3, 1.0, n)
    sigma = x.T @ x / len(x) * 1e-3
    betas = rng.normal(1.3, 0.4, n)
    upper = np.full(n, max(0.4, 1.3 / n))
    lower = np.zeros(n) if rng.random() < 0.5 else np.full(n, -0.2)
    return sigma, betas, np.full(n, 1 / n), bounds(lower, upper)


def by_quadprog(
    sigma: np.ndarray, betas: np.ndarray, base: np.ndarray, b: Bounds, target: float
) -> np.ndarray:
    n = len(base)
    constraints = np.vstack([np.ones(n), betas, np.eye(n), -np.eye(n)]).T
    scale = np.diag(sigma).mean()
    values = np.concatenate([[1.0, target], b.lower, -b.upper])
    return quadprog.solve_qp(sigma / scale, sigma @ base / scale, constraints, values, 2)[0]


def test_the_worked_example_of_two_assets() -> None:
    """Betas 1.25 and 1.60 with target 1.40: w = (1.60 − 1.40) / 0.35 = 4/7 and 3/7."""
    found = solve_target(np.array([1.25, 1.60]), np.eye(2), np.array([0.5, 0.5]), bounds([0, 0], [1, 1]), 1.4)
    assert found.weights == pytest.approx([4 / 7, 3 / 7], abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(
    a=st.floats(-3, 3),
    gap=st.floats(0.01, 3),
    share=st.floats(1e-6, 1 - 1e-6),
    scale=st.floats(1e-6, 1e3),
    rho=st.floats(-0.9, 0.9),
)
def test_two_assets_agree_with_the_closed_form(
    a: float, gap: float, share: float, scale: float, rho: float
) -> None:
    """Two equations in two unknowns fix the weights whatever the covariance, to 1e-12."""
    betas = np.array([a, a + gap])
    target = a + share * gap
    sigma = scale * np.array([[1.0, rho], [rho, 1.0]])
    found = solve_target(betas, sigma, np.array([0.5, 0.5]), bounds([0, 0], [1, 1]), target)
    second = (target - a) / gap
    assert found.weights == pytest.approx([1 - second, second], abs=1e-12 / min(1.0, gap))


@pytest.mark.parametrize("n", [2, 3, 5, 11, 20, 40, 60])
@pytest.mark.parametrize("seed", range(12))
def test_any_basket_agrees_with_an_independent_solver(n: int, seed: int) -> None:
    """2 to 60 assets, bounds and shorts: the weights are quadprog's to 1e-9, and satisfy every constraint."""
    sigma, betas, base, b = problem(1000 * n + seed, n)
    reach = attainable(betas, b)
    target = reach.low + (0.02 + 0.96 * seed / 11) * (reach.high - reach.low)
    found = solve_target(betas, sigma, base, b, target)
    assert found.weights == pytest.approx(by_quadprog(sigma, betas, base, b, target), abs=1e-9)
    assert found.weights.sum() == pytest.approx(1, abs=1e-10)
    assert betas @ found.weights == pytest.approx(target, abs=1e-10)
    assert (found.weights >= b.lower).all()
    assert (found.weights <= b.upper).all()
    assert found.kkt_residual < 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_the_attainable_interval_is_that_of_a_linear_program(seed: int) -> None:
    """Greedy filling reaches what SciPy's linear programs reach."""
    from scipy.optimize import linprog

    _, betas, _, b = problem(seed, 3 + seed)
    reach = attainable(betas, b)
    limits = list(zip(b.lower, b.upper, strict=True))
    low = linprog(betas, A_eq=[np.ones(len(betas))], b_eq=[1], bounds=limits).fun
    high = -linprog(-betas, A_eq=[np.ones(len(betas))], b_eq=[1], bounds=limits).fun
    assert (reach.low, reach.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))


@pytest.mark.parametrize("seed", range(20))
def test_both_ends_of_the_interval_can_be_solved_and_not_a_billionth_more(seed: int) -> None:
    """The ends are answered; 1e-9 beyond them is refused with the interval; 1e-11 beyond is snapped."""
    sigma, betas, base, b = problem(seed, 2 + seed)
    reach = attainable(betas, b)
    for end, outward in ((reach.low, -1), (reach.high, 1)):
        found = solve_target(betas, sigma, base, b, end)
        assert betas @ found.weights == pytest.approx(end, abs=1e-9)
        assert found.weights.sum() == pytest.approx(1, abs=1e-10)
        snapped = solve_target(betas, sigma, base, b, end + outward * 1e-11)
        assert snapped.weights == pytest.approx(found.weights, abs=1e-10)
        with pytest.raises(TargetOutOfReach) as refused:
            solve_target(betas, sigma, base, b, end + outward * 1e-9)
        assert (refused.value.low, refused.value.high) == (reach.low, reach.high)
        assert refused.value.binding


def test_equal_betas_have_one_answer() -> None:
    """Where every beta is 1.2, a target of 1.2 gives the base weights and any other is refused."""
    betas, b = np.full(4, 1.2), bounds([0] * 4, [0.4] * 4)
    found = solve_target(betas, np.diag([1.0, 2, 3, 4]), np.full(4, 0.25), b, 1.2)
    assert found.weights == pytest.approx([0.25] * 4, abs=1e-10)
    with pytest.raises(TargetOutOfReach):
        solve_target(betas, np.eye(4), np.full(4, 0.25), b, 1.21)


def test_ties_at_the_end_of_the_interval_are_shared_by_risk() -> None:
    """Betas 1, 2, 2, 2 with caps of 0.5: the highest is 2, and the three that tie share it, equally when alike."""
    betas, b = np.array([1.0, 2, 2, 2]), bounds([0] * 4, [0.5] * 4)
    found = solve_target(betas, np.eye(4), np.full(4, 0.25), b, 2.0)
    assert found.weights == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3], abs=1e-10)


def test_one_asset_and_duplicates() -> None:
    """One asset holds everything at its own beta; two copies of one asset share equally."""
    one = solve_target(np.array([1.3]), np.eye(1), np.ones(1), bounds([0], [1]), 1.3)
    assert one.weights == pytest.approx([1.0])
    sigma = np.array([[1.0 + 1e-9, 1, 0.2], [1, 1.0 + 1e-9, 0.2], [0.2, 0.2, 1.0]])
    twins = solve_target(np.array([1.5, 1.5, 1.0]), sigma, np.full(3, 1 / 3), bounds([0] * 3, [1] * 3), 1.25)
    assert twins.weights == pytest.approx([0.25, 0.25, 0.5], abs=1e-6)


def test_bounds_that_cannot_sum_to_one_are_refused() -> None:
    """Two caps of 0.4 hold 0.8 at most; three floors of 0.5 need 1.5."""
    with pytest.raises(BoundsCannotSum, match=r"sum to 0\.8, less than 1"):
        attainable(np.array([1.0, 2.0]), bounds([0, 0], [0.4, 0.4]))
    with pytest.raises(BoundsCannotSum, match=r"sum to 1\.5, more than 1"):
        solve_base(np.eye(3), np.full(3, 1 / 3), bounds([0.5] * 3, [1] * 3))


def test_base_weights_outside_the_bounds_move_to_the_nearest() -> None:
    """Equal thirds with a cap of 0.2 on the first and equal risks: 0.2, 0.4, 0.4."""
    found = solve_base(np.eye(3), np.full(3, 1 / 3), bounds([0] * 3, [0.2, 1, 1]))
    assert found.weights == pytest.approx([0.2, 0.4, 0.4], abs=1e-10)
    assert found.at_bound == ("upper", None, None)


def test_no_feasible_point_is_better() -> None:
    """Of 2,000 random feasible points none has a smaller objective."""
    sigma, betas, base, b = problem(7, 6)
    reach = attainable(betas, b)
    target = (reach.low + reach.high) / 2
    found = solve_target(betas, sigma, base, b, target).weights

    def cost(w: np.ndarray) -> float:
        return float((w - base) @ sigma @ (w - base))

    rng = np.random.default_rng(0)
    rows = np.vstack([np.ones(6), betas])
    null = np.linalg.svd(rows)[2][2:]
    for _ in range(2000):
        other = found + rng.normal(0, 0.1, 4) @ null
        if (other >= b.lower).all() and (other <= b.upper).all():
            assert cost(other) >= cost(found) - 1e-15


@pytest.mark.parametrize("spread", [1e-4, 1e-6, 1e-8])
def test_nearly_equal_betas_are_solved(spread: float) -> None:
    """Betas a millionth apart make the beta row nearly the budget row; centred and scaled it is solved all the same."""
    betas = 1.3 + spread * np.array([0.0, 1.0, 2.0, 3.0])
    target = 1.3 + 1.2 * spread
    found = solve_target(betas, np.diag([1.0, 2, 3, 4]), np.full(4, 0.25), bounds([0] * 4, [0.4] * 4), target)
    assert found.weights.sum() == pytest.approx(1, abs=1e-10)
    assert betas @ found.weights == pytest.approx(target, abs=1e-10)
