"""The target solver: 2,000 random problems, its time against quadprog and cvxpy, and other libraries asked the same.

    python tests/benchmarks/bench_target.py problems [N]     every limit against SciPy and quadprog
    python tests/benchmarks/bench_target.py speed            against quadprog, and re-solves against cvxpy
    python tests/benchmarks/bench_target.py libraries        skfolio and PyPortfolioOpt asked for a beta of 1.40

`speed` and `libraries` use what is installed of the extra `bench` and say what is not. Run by hand, with
`OPENBLAS_NUM_THREADS=1` for steady times; nothing here is needed by a test.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from betacli.core.infeasible import TargetOutOfReach
from betacli.core.target import Bounds, attainable, solve_target
from betacli.errors import NoAnswer


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def market(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Benchmark and asset returns (T,), (T, n), OLS betas (n,), and the covariance (n, n)."""
    rng = np.random.default_rng(seed)
    m = rng.normal(0, 0.03, max(120, n + 60))
    returns = np.outer(m, rng.normal(1.3, 0.4, n)) + rng.normal(0, 0.03, (len(m), n)) * rng.uniform(0.5, 2, n)
    centred = m - m.mean()
    betas = centred @ (returns - returns.mean(axis=0)) / (centred @ centred)
    return m, returns, betas, np.cov(returns.T) * 365


def best(run: Callable[[], object], repeat: int) -> float:
    """Return the shortest of `repeat` runs, in seconds."""
    found = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


# --- 2,000 problems -------------------------------------------------------------------------------------------------


def problems(count: int) -> None:
    from core.problems import by_quadprog, interval_by_scipy, random_problem

    infeasible = worst_violation = worst_cost = worst_kkt = 0.0
    beaten = wrong = 0
    for seed in range(count):
        p = random_problem(seed)
        truth = interval_by_scipy(p)
        try:
            reach = attainable(p.betas, p.bounds)
        except NoAnswer:
            infeasible += 1
            wrong += truth is not None
            continue
        wrong += truth is None or max(abs(reach.low - truth[0]), abs(reach.high - truth[1])) > 1e-7
        for target in (reach.low, reach.low + p.where * (reach.high - reach.low), reach.high):
            found = solve_target(p.betas, p.sigma, p.base, p.bounds, target, p.turnover)
            worst_violation = max(worst_violation, p.violation(found.weights, target))
            worst_kkt = max(worst_kkt, found.kkt_residual)
        target = reach.low + p.where * (reach.high - reach.low)
        found = solve_target(p.betas, p.sigma, p.base, p.bounds, target, p.turnover)
        cost = p.cost(found.weights)
        if reach.high - reach.low > 1e-12:
            other = p.cost(by_quadprog(p, target))
            worst_cost = max(worst_cost, (cost - other) / max(abs(other), 1e-6))
            beaten += _beaten(p, found.weights, reach, target, cost, seed)
        for beyond in (reach.low - 1e-9, reach.high + 1e-9):
            try:
                solve_target(p.betas, p.sigma, p.base, p.bounds, beyond, p.turnover)
                wrong += 1
            except TargetOutOfReach:
                pass
    say(f"{count} problems, {infeasible:.0f} without any weights; {wrong} judged wrongly")
    say(f"worst violation {worst_violation:.2e}, KKT residual {worst_kkt:.2e}")
    say(f"worst objective {worst_cost:+.2e} relative to quadprog's; {beaten} random feasible points better")


def _beaten(p, weights, reach, target: float, cost: float, seed: int) -> int:
    """Count random mixtures of feasible weights of this beta that cost less."""
    rng = np.random.default_rng(seed)
    share = (target - reach.low) / (reach.high - reach.low)
    corner = share * reach.high_weights + (1 - share) * reach.low_weights
    steps = rng.uniform(size=20)
    return sum(p.cost(step * corner + (1 - step) * weights) < cost * (1 - 1e-9) - 1e-12 for step in steps)


# --- time -----------------------------------------------------------------------------------------------------------


def speed() -> None:
    import quadprog

    say("n      solve_target    quadprog    ratio    (with set-up, best of many, one run)")
    for n, cap, repeat in ((20, 0.4, 2000), (100, 0.05, 200), (500, 0.02, 5)):
        _, _, betas, sigma = market(1, n)
        base, lower, upper = np.full(n, 1 / n), np.zeros(n), np.full(n, cap)
        bounds = Bounds(name="x", bases=tuple(map(str, range(n))), lower=lower, upper=upper)
        reach = attainable(betas, bounds)
        for share in (0.4, 0.8):
            target = reach.low + share * (reach.high - reach.low)

            def theirs(betas=betas, sigma=sigma, base=base, lower=lower, upper=upper, target=target, n=n):
                eye = np.eye(n)
                rows = np.vstack([np.ones(n), betas, eye, -eye]).T
                return quadprog.solve_qp(
                    sigma, sigma @ base, rows, np.concatenate([[1, target], lower, -upper]), 2
                )[0]

            def ours(betas=betas, sigma=sigma, base=base, bounds=bounds, target=target):
                return solve_target(betas, sigma, base, bounds, target).weights

            assert np.abs(ours() - theirs()).max() < 1e-8
            mine, other = best(ours, repeat), best(theirs, repeat)
            say(f"{n:4d}  {mine * 1e3:10.3f} ms {other * 1e3:10.3f} ms   {mine / other:.2f}")
    _resolves()


def _resolves() -> None:
    """10,000 re-solves of 20 assets on changing betas; cvxpy with the betas as parameters, on a sample of 300."""
    n, count, sample = 20, 10_000, 300
    _, _, betas, sigma = market(2, n)
    rng = np.random.default_rng(3)
    moved = betas + rng.normal(0, 0.05, (count, n))
    base = np.full(n, 1 / n)
    bounds = Bounds(name="x", bases=tuple(map(str, range(n))), lower=np.zeros(n), upper=np.full(n, 0.4))
    start = time.perf_counter()
    for row in moved:
        solve_target(row, sigma, base, bounds, 1.4)
    mine = (time.perf_counter() - start) / count
    say(f"{count} re-solves of {n} assets: {mine * count:.2f} s, {mine * 1e6:.0f} µs each")
    try:
        import cvxpy as cp
    except ImportError:
        say("cvxpy is not installed: `pip install '.[bench]'`")
        return
    root = np.linalg.cholesky(sigma).T
    w, b = cp.Variable(n), cp.Parameter(n)
    problem = cp.Problem(
        cp.Minimize(cp.sum_squares(root @ (w - base))), [cp.sum(w) == 1, b @ w == 1.4, w >= 0, w <= 0.4]
    )
    b.value = moved[0]
    problem.solve()
    start = time.perf_counter()
    for row in moved[:sample]:
        b.value = row
        problem.solve()
    other = (time.perf_counter() - start) / sample
    say(f"cvxpy, parametrised, default solver: {other * 1e6:.0f} µs each: {other / mine:.0f} times as long")


# --- other libraries ------------------------------------------------------------------------------------------------


def libraries() -> None:
    """Ask each for long-only weights up to 0.4 with an OLS beta of 1.40, and for 3.00, which no weights have."""
    m, returns, betas, sigma = market(4, 10)
    base, n = np.full(10, 0.1), 10
    bounds = Bounds(name="x", bases=tuple("ABCDEFGHIJ"), lower=np.zeros(n), upper=np.full(n, 0.4))
    say(
        "asked for beta 1.40 on the same returns: time, OLS beta of the weights' own returns, and 3.00, which none have"
    )

    def achieved(w: np.ndarray) -> float:
        basket, centred = returns @ w, m - m.mean()
        return float(centred @ basket / (centred @ centred))

    def row(name: str, solve: Callable[[float], np.ndarray]) -> None:
        try:
            solve(1.4)
            took = best(lambda: solve(1.4), 5)
            line = f"{name:16s} {took * 1e3:9.3f} ms   beta {achieved(solve(1.4)):.9f}"
        except Exception as error:  # noqa: BLE001  whatever a library raises is what is reported
            say(f"{name:16s} {type(error).__name__}: {str(error)[:100]}")
            return
        try:
            line += f"   3.00: weights with beta {achieved(solve(3.0)):.4f}, no error"
        except Exception as error:  # noqa: BLE001
            line += f"   3.00: {type(error).__name__}: {' '.join(str(error).split())[:110]}"
        say(line)

    row("betacli", lambda target: solve_target(betas, sigma, base, bounds, target).weights)
    for name, make in (("PyPortfolioOpt", _pypfopt), ("skfolio", _skfolio)):
        try:
            solve = make(m, returns, betas, sigma)
        except ImportError:
            say(f"{name:16s} is not installed: `pip install '.[bench]'`")
            continue
        row(name, solve)


def _pypfopt(m, returns, betas, sigma) -> Callable[[float], np.ndarray]:  # noqa: ARG001
    from pypfopt import EfficientFrontier

    def solve(target: float) -> np.ndarray:
        frontier = EfficientFrontier(None, sigma, weight_bounds=(0, 0.4))
        frontier.add_constraint(lambda w: betas @ w == target)
        return np.array(list(frontier.min_volatility().values()))

    return solve


def _skfolio(m, returns, betas, sigma) -> Callable[[float], np.ndarray]:  # noqa: ARG001
    from skfolio.optimization import MeanRisk

    def solve(target: float) -> np.ndarray:
        model = MeanRisk(
            min_weights=0.0,
            max_weights=0.4,
            left_inequality=np.vstack([betas, -betas]),
            right_inequality=np.array([target, -target]),
        )
        model.fit(returns)
        return np.asarray(model.weights_)

    return solve


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "problems"
    if what == "problems":
        problems(int(sys.argv[2]) if len(sys.argv) > 2 else 2000)
    else:
        {"speed": speed, "libraries": libraries}[what]()
