"""Groups, shorts, gross limits, turnover: random problems against independent solvers, and small ones by hand.

The whole 2,000 are run by `tests/benchmarks/bench_target.py`; here is a seeded sample.
"""

import numpy as np
import pytest

from betacli.core.infeasible import BoundsCannotSum, LimitsCannotBeMet, TargetOutOfReach
from betacli.core.target import Bounds, Group, Turnover, attainable, solve_band, solve_base, solve_target
from core.problems import by_quadprog, interval_by_scipy, random_problem

NAMES = ("A", "B", "C", "D")


def limits(n: int, **more) -> Bounds:
    chosen = {"lower": np.zeros(n), "upper": np.ones(n)} | more
    return Bounds(name="x", bases=NAMES[:n], **chosen)


@pytest.mark.parametrize("seed", range(0, 2000, 17))
def test_any_limits_agree_with_an_independent_solver(seed: int) -> None:
    """Feasible to 1e-9, as cheap as quadprog's to 1e-6, ends of the interval solved, and a billionth beyond refused."""
    p = random_problem(seed)
    truth = interval_by_scipy(p)
    if truth is None:
        with pytest.raises((LimitsCannotBeMet, BoundsCannotSum)):
            attainable(p.betas, p.bounds)
        return
    reach = attainable(p.betas, p.bounds)
    assert (reach.low, reach.high) == pytest.approx(truth, abs=1e-7)
    target = reach.low + p.where * (reach.high - reach.low)
    found = solve_target(p.betas, p.sigma, p.base, p.bounds, target, p.turnover)
    assert p.violation(found.weights, target) <= 1e-9
    cost = p.cost(found.weights)
    assert cost <= p.cost(by_quadprog(p, target)) * (1 + 1e-6) + 1e-12
    rng = np.random.default_rng(seed)
    for _ in range(50):
        share = (target - reach.low) / (reach.high - reach.low) if reach.high > reach.low else 0.0
        mixed = share * reach.high_weights + (1 - share) * reach.low_weights
        step = rng.uniform()
        other = step * mixed + (1 - step) * found.weights
        assert p.cost(other) >= cost - 1e-12
    for end in (reach.low, reach.high):
        held = solve_target(p.betas, p.sigma, p.base, p.bounds, end, p.turnover)
        assert p.violation(held.weights, end) <= 1e-9
    for beyond in (reach.low - 1e-9, reach.high + 1e-9):
        with pytest.raises(TargetOutOfReach):
            solve_target(p.betas, p.sigma, p.base, p.bounds, beyond, p.turnover)


@pytest.mark.parametrize("inside", [3e-10, 1e-9, 1e-8, 1e-7, 1e-5])
@pytest.mark.parametrize("seed", [48, 52, 94, 415, 489, 669, 1268])
def test_a_sliver_inside_an_end_is_solved(seed: int, inside: float) -> None:
    """Targets a billionth inside the interval, where the feasible set is a sliver, singular covariances included."""
    p = random_problem(seed)
    reach = attainable(p.betas, p.bounds)
    for target in (reach.low + inside, reach.high - inside):
        found = solve_target(p.betas, p.sigma, p.base, p.bounds, target, p.turnover)
        assert p.violation(found.weights, target) <= 1e-9


def test_a_group_worked_by_hand() -> None:
    """Three alike assets, A and B together at most 0.5: C takes the other half, A and B share theirs."""
    group = Group(name="ab", members=np.array([True, True, False]), lower=-np.inf, upper=0.5)
    found = solve_base(np.eye(3), np.full(3, 1 / 3), limits(3, groups=(group,)))
    assert found.weights == pytest.approx([0.25, 0.25, 0.5], abs=1e-12)
    assert [str(b) for b in found.binding] == ["ab ≤ 0.5"]


def test_groups_that_cannot_be_met_are_refused() -> None:
    """A alone may be 0.4 and the others together 0.5: 0.9 is not 1."""
    groups = (
        Group(name="a", members=np.array([True, False, False]), lower=-np.inf, upper=0.4),
        Group(name="bc", members=np.array([False, True, True]), lower=-np.inf, upper=0.5),
    )
    with pytest.raises(LimitsCannotBeMet, match="`bc` at most"):
        solve_base(np.eye(3), np.full(3, 1 / 3), limits(3, groups=groups))


def test_gross_worked_by_hand() -> None:
    """Betas 1 and 2 with weights of ±1 and gross 1.5: long 1.25, short 0.25; the top beta is 2 × 1.25 − 0.25 = 2.25."""
    b = limits(2, lower=np.full(2, -1.0), upper=np.full(2, 1.5), max_gross=1.5)
    reach = attainable(np.array([1.0, 2.0]), b)
    assert (reach.low, reach.high) == (pytest.approx(0.75), pytest.approx(2.25))
    found = solve_target(np.array([1.0, 2.0]), np.eye(2), np.full(2, 0.5), b, 2.25)
    assert found.weights == pytest.approx([-0.25, 1.25], abs=1e-10)
    assert [str(x) for x in found.binding] == ["gross ≤ 1.5"]


def test_a_gross_of_one_is_long_only() -> None:
    """Weights that sum to one with Σ|w| ≤ 1 cannot be short."""
    betas = np.array([0.8, 1.2, 1.9])
    b = limits(3, lower=np.full(3, -0.5), upper=np.full(3, 0.6), max_gross=1.0)
    long_only = limits(3, upper=np.full(3, 0.6))
    sigma = np.diag([1.0, 2.0, 3.0])
    for target in (1.0, 1.3, 1.6):
        one = solve_target(betas, sigma, np.full(3, 1 / 3), b, target).weights
        other = solve_target(betas, sigma, np.full(3, 1 / 3), long_only, target).weights
        assert one == pytest.approx(other, abs=1e-9)


def test_turnover_worked_by_hand() -> None:
    """Two alike assets held 0.6/0.4, base 0.5/0.5, Σ = 1: leaving by d costs 2·(0.1 − d)²/2 + cost·d.

    The derivative −2(0.1 − d) + cost is zero at d = 0.1 − cost/2: a cost of 0.1 moves half the way, 0.3 not at all.
    """
    base, b = np.array([0.5, 0.5]), limits(2)
    for cost, first in ((0.0, 0.5), (0.1, 0.55), (0.2, 0.6), (0.3, 0.6)):
        held = Turnover(current=np.array([0.6, 0.4]), cost=cost)
        assert solve_base(np.eye(2), base, b, held).weights == pytest.approx([first, 1 - first], abs=1e-12)


def test_a_dear_turnover_trades_the_least_there_is() -> None:
    """From 0.5/0.3/0.2 at betas 1, 1.5, 2 (beta 1.35) to 1.45: 0.1 from the first to the last moves 0.1, the least."""
    held = Turnover(current=np.array([0.5, 0.3, 0.2]), cost=1e3)
    found = solve_target(np.array([1.0, 1.5, 2.0]), np.eye(3), np.full(3, 1 / 3), limits(3), 1.45, held)
    assert found.weights == pytest.approx([0.4, 0.3, 0.3], abs=1e-9)
    assert held.of(found.weights) == pytest.approx(0.1)


def test_a_band_keeps_the_base_inside_and_its_nearer_edge_outside() -> None:
    """Base weights with beta 1.5: inside 1.4 to 1.6 they stay; 1.7 to 1.8 is met at 1.7, and 1.0 to 1.2 at 1.2."""
    betas, base = np.array([1.0, 1.5, 2.0]), np.full(3, 1 / 3)
    solve = {
        band: solve_band(betas, np.eye(3), base, limits(3), *band)
        for band in ((1.4, 1.6), (1.7, 1.8), (1.0, 1.2))
    }
    assert solve[1.4, 1.6].weights == pytest.approx(base, abs=1e-10)
    assert betas @ solve[1.7, 1.8].weights == pytest.approx(1.7, abs=1e-10)
    assert betas @ solve[1.0, 1.2].weights == pytest.approx(1.2, abs=1e-10)
    assert betas @ solve_band(betas, np.eye(3), base, limits(3), 1.95, 3.0).weights == pytest.approx(
        1.95, abs=1e-10
    )
    with pytest.raises(TargetOutOfReach):
        solve_band(betas, np.eye(3), base, limits(3), 2.1, 3.0)


def test_five_hundred_assets() -> None:
    """500 assets with caps, groups and gross: solved, feasible to 1e-9, with a KKT residual below 1e-9."""
    rng = np.random.default_rng(5)
    n = 500
    betas = rng.normal(1.3, 0.4, n)
    x = np.outer(rng.normal(0, 0.03, 600), betas) + rng.normal(0, 0.04, (600, n))
    sigma = x.T @ x / 600 * 365
    group = Group(name="g", members=rng.random(n) < 0.3, lower=-np.inf, upper=0.2)
    b = Bounds(
        name="x", bases=tuple(map(str, range(n))), lower=np.full(n, -0.01), upper=np.full(n, 0.05), groups=(group,),
        max_gross=1.2,
    )  # fmt: skip
    found = solve_target(betas, sigma, np.full(n, 1 / n), b, 1.9)
    w = found.weights
    assert w.sum() == pytest.approx(1, abs=1e-9)
    assert betas @ w == pytest.approx(1.9, abs=1e-9)
    assert np.abs(w).sum() <= 1.2 + 1e-9
    assert w[group.members].sum() <= 0.2 + 1e-9
    assert found.kkt_residual < 1e-9
