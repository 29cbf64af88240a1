"""At most K assets: against the enumeration of every choice."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import quadprog

from betacli.core.infeasible import LimitsCannotBeMet, TargetBetweenReaches, TargetOutOfReach
from betacli.core.target import Bounds, attainable, solve_band, solve_base, solve_target
from core.problems import Problem, interval_by_scipy, random_problem


def small(seed: int) -> Problem:
    """A problem of 3 to 8 assets without gross or turnover, with betas well apart."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    betas = rng.normal(1.3, 0.4, n)
    x = np.outer(rng.normal(0, 0.03, 60), betas) + rng.normal(0, 0.03, (60, n)) * rng.uniform(0.5, 2, n)
    lower = np.zeros(n) if seed % 3 else -rng.uniform(0.1, 0.3, n)
    if seed % 3 == 1:
        lower = np.full(n, 0.08)
    bounds = Bounds(
        name="x", bases=tuple("ABCDEFGH"[:n]), lower=lower, upper=rng.uniform(0.35, 0.8, n),
        max_assets=int(rng.integers(1, n)),
    )  # fmt: skip
    return Problem(betas, x.T @ x / 60 * 365, rng.dirichlet(np.ones(n)), bounds, None, float(rng.uniform()))


def choices(p: Problem) -> list[np.ndarray]:
    n, k = len(p.betas), p.bounds.max_assets
    every = itertools.chain.from_iterable(itertools.combinations(range(n), m) for m in range(1, k + 1))
    return [np.isin(np.arange(n), chosen) for chosen in every]


def enumerated(p: Problem, low: float, high: float) -> float:
    """The least cost over every choice, each solved by quadprog with the held assets within their own bounds."""
    costs = [np.inf]
    for held in choices(p):
        s, scale = p.sigma[np.ix_(held, held)], np.diag(p.sigma).mean()
        m = held.sum()
        band = (low, high) if high > low else None
        equal = [np.ones(m)] if band else [np.ones(m), p.betas[held]]
        rows = np.vstack([*equal, *([p.betas[held], -p.betas[held]] if band else []), np.eye(m), -np.eye(m)])
        values = np.concatenate(
            [[1.0], [low, -high] if band else [low], p.bounds.lower[held], -p.bounds.upper[held]]
        )
        pull = (p.sigma @ p.base)[held]
        try:
            w = quadprog.solve_qp(s / scale, pull / scale, rows.T, values, len(equal))[0]
        except ValueError:
            continue
        whole = np.zeros(len(held))
        whole[held] = w
        costs.append(p.cost(whole))
    return min(costs)


@pytest.mark.parametrize("seed", range(60))
def test_the_choice_is_the_best_of_all(seed: int) -> None:
    """Long-only, with a least weight for what is held, and with shorts: equal to enumeration, or refused like it."""
    p = small(seed)
    try:
        reach = attainable(p.betas, p.bounds)
    except LimitsCannotBeMet:
        assert enumerated(p, -9, 9) == np.inf
        return
    target = reach.low + p.where * (reach.high - reach.low)
    half = 0.0 if seed % 2 else 0.05
    best = enumerated(p, target - half, target + half)
    try:
        found = solve_band(p.betas, p.sigma, p.base, p.bounds, target - half, target + half)
    except TargetBetweenReaches as error:
        refused = error
        found = None
    if found is None:
        assert best == np.inf
        assert refused.below is None or reach.low - 1e-9 <= refused.below < target
        assert refused.above is None or target < refused.above <= reach.high + 1e-9
        return
    w = found.weights
    held = w != 0
    assert held.sum() <= p.bounds.max_assets
    assert w.sum() == pytest.approx(1, abs=1e-10)
    assert abs(p.betas @ w - target) <= half + 1e-10
    assert (w[held] >= p.bounds.lower[held] - 1e-10).all()
    assert (w <= p.bounds.upper + 1e-10).all()
    assert p.cost(w) == pytest.approx(best, rel=1e-6, abs=1e-12)
    assert found.gap == 0


@pytest.mark.parametrize("seed", range(30))
def test_both_ends_are_those_of_every_choice(seed: int) -> None:
    """The interval is the widest of the linear programs of all choices, by HiGHS."""
    p = small(seed)
    b, ends = p.bounds, []
    for held in choices(p):
        lower, upper = np.where(held, b.lower, 0.0), np.where(held, b.upper, 0.0)
        found = interval_by_scipy(replace(p, bounds=replace(b, lower=lower, upper=upper, max_assets=None)))
        if found is not None:
            ends.append(found)
    if not ends:
        with pytest.raises(LimitsCannotBeMet):
            attainable(p.betas, b)
        return
    reach = attainable(p.betas, b)
    assert reach.low == pytest.approx(min(e[0] for e in ends), abs=1e-9)
    assert reach.high == pytest.approx(max(e[1] for e in ends), abs=1e-9)
    assert reach.proven
    for end, outward in ((reach.low, -1), (reach.high, 1)):
        held = solve_target(p.betas, p.sigma, p.base, b, end).weights
        assert p.betas @ held == pytest.approx(end, abs=1e-9)
        assert (held != 0).sum() <= b.max_assets
        with pytest.raises(TargetOutOfReach):
            solve_target(p.betas, p.sigma, p.base, b, end + outward * 1e-9)


def test_one_asset_has_its_own_beta_and_no_other() -> None:
    """At most one of betas 1.0, 1.5 and 2.0: 1.5 is the second asset; 1.6 lies between 1.5 and 2.0."""
    betas = np.array([1.0, 1.5, 2.0])
    b = Bounds(name="x", bases=("A", "B", "C"), lower=np.zeros(3), upper=np.ones(3), max_assets=1)
    assert solve_target(betas, np.eye(3), np.full(3, 1 / 3), b, 1.5).weights == pytest.approx([0, 1, 0])
    with pytest.raises(TargetBetweenReaches) as refused:
        solve_target(betas, np.eye(3), np.full(3, 1 / 3), b, 1.6)
    assert (refused.value.below, refused.value.above) == (pytest.approx(1.5), pytest.approx(2.0))
    assert "1.50 and 2.00" in refused.value.message


def test_too_few_assets_for_the_caps() -> None:
    """Two assets of at most 0.4 hold 0.8: there is no basket."""
    b = Bounds(name="x", bases=tuple("ABC"), lower=np.zeros(3), upper=np.full(3, 0.4), max_assets=2)
    with pytest.raises(LimitsCannotBeMet, match="at most 2 asset"):
        solve_base(np.eye(3), np.full(3, 1 / 3), b)


def test_groups_gross_and_turnover_go_with_a_number_of_assets() -> None:
    """Every limit at once is met by every solution of 20 problems of up to 12 assets."""
    solved = 0
    for seed in range(40):
        p = random_problem(seed)
        n = min(len(p.betas), 12)
        groups = tuple(replace(g, members=g.members[:n], lower=-np.inf) for g in p.bounds.groups)
        b = Bounds(
            name="x", bases=p.bounds.bases[:n], lower=np.minimum(p.bounds.lower[:n], 0), upper=p.bounds.upper[:n],
            groups=groups, max_gross=p.bounds.max_gross, max_assets=max(1, n // 2),
        )  # fmt: skip
        q = replace(p, betas=p.betas[:n], sigma=p.sigma[:n, :n], base=p.base[:n], bounds=b, turnover=None)
        try:
            reach = attainable(q.betas, b)
            target = reach.low + 0.5 * (reach.high - reach.low)
            found = solve_band(q.betas, q.sigma, q.base, b, target - 0.05, target + 0.05)
        except (LimitsCannotBeMet, TargetBetweenReaches):
            continue
        solved += 1
        assert q.violation(found.weights, None) <= 1e-9
        assert (found.weights != 0).sum() <= b.max_assets
    assert solved > 10
