"""Random problems of the target solver, and the same solved independently."""

from dataclasses import dataclass, replace

import numpy as np
import quadprog
from scipy.optimize import linprog

from betacli.core.target import Bounds, Group, Turnover


@dataclass(frozen=True)
class Problem:
    betas: np.ndarray
    sigma: np.ndarray
    base: np.ndarray
    bounds: Bounds
    turnover: Turnover | None
    where: float

    def cost(self, w: np.ndarray) -> float:
        away = w - self.base
        trading = (
            0.0 if self.turnover is None else self.turnover.cost * np.abs(w - self.turnover.current).sum() / 2
        )
        return float(away @ self.sigma @ away) / 2 + trading

    def violation(self, w: np.ndarray, target: float | None) -> float:
        b = self.bounds
        found = [abs(w.sum() - 1), (b.lower - w).max(), (w - b.upper).max()]
        if target is not None:
            found.append(abs(self.betas @ w - target))
        for g in b.groups:
            found += [g.lower - w[g.members].sum(), w[g.members].sum() - g.upper]
        if b.max_gross is not None:
            found.append(np.abs(w).sum() - b.max_gross)
        return float(max(found))


def random_problem(seed: int) -> Problem:
    """2 to 60 assets: single-index covariance, bounds, shorts in half, groups in half, gross and turnover in some."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 61))
    betas = rng.normal(1.3, 0.4, n)
    if rng.random() < 0.05:
        betas = 1.3 + 1e-6 * rng.integers(0, 4, n)
    if rng.random() < 0.05:
        betas[: n // 2] = betas[0]
    x = np.outer(rng.normal(0, 0.03, n + 40), betas) + rng.normal(0, 0.03, (n + 40, n)) * rng.uniform(
        0.5, 2, n
    )
    sigma = x.T @ x / len(x) * 365
    if rng.random() < 0.05 and n > 2:
        x[:, 1] = x[:, 0]
        sigma = x.T @ x / len(x) * 365
        sigma += 1e-10 * np.linalg.eigvalsh(sigma)[-1] * np.eye(n)
    shorts = rng.random() < 0.5
    upper = np.full(n, max(0.4, 1.3 / n)) if rng.random() < 0.5 else rng.uniform(1 / n, max(0.4, 3 / n), n)
    lower = -rng.uniform(0, 0.3, n) if shorts else np.where(rng.random(n) < 0.1, 0.2 / n, 0.0)
    base = rng.dirichlet(np.ones(n)) if rng.random() < 0.5 else np.full(n, 1 / n)
    if rng.random() < 0.2:
        base = np.zeros(n)
    groups = ()
    if rng.random() < 0.5:
        label = rng.integers(0, 4, n)
        groups = tuple(
            Group(
                name=f"g{k}",
                members=label == k if k < 3 else rng.random(n) < 0.3,
                lower=-np.inf if rng.random() < 0.7 else float(rng.uniform(0, 0.3)),
                upper=float(rng.uniform(0.2, 0.8)),
            )
            for k in range(int(rng.integers(1, 5)))
        )
    gross = float(rng.uniform(1.0, 2.0)) if shorts and rng.random() < 0.5 else None
    turnover = None
    if rng.random() < 0.2:
        current = rng.dirichlet(np.ones(n)) * rng.uniform(0.5, 1.2)
        turnover = Turnover(current=current, cost=float(rng.choice([0.001, 0.01, 0.1])))
    bounds = Bounds(
        name="x", bases=tuple(f"A{i}" for i in range(n)), lower=lower, upper=np.maximum(upper, lower), groups=groups,
        max_gross=gross,
    )  # fmt: skip
    return Problem(betas, sigma, base, bounds, turnover, float(rng.uniform(0.01, 0.99)))


def _rows(p: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Inequalities A x ≥ b over x = (rise, fall), w = rise − fall: groups, and gross where it is limited."""
    n = len(p.betas)
    rows, values = [], []
    for g in p.bounds.groups:
        row = np.concatenate([g.members, -g.members.astype(float)])
        if np.isfinite(g.lower):
            rows.append(row)
            values.append(g.lower)
        rows.append(-row)
        values.append(-g.upper)
    if p.bounds.max_gross is not None:
        rows.append(-np.ones(2 * n))
        values.append(-p.bounds.max_gross)
    return np.array(rows).reshape(-1, 2 * n), np.array(values)


def interval_by_scipy(p: Problem) -> tuple[float, float] | None:
    """The attainable interval by HiGHS on split weights; None where there are no weights."""
    n, b = len(p.betas), p.bounds
    rows, values = _rows(p)
    box = [(max(lo, 0), max(hi, 0)) for lo, hi in zip(b.lower, b.upper, strict=True)]
    box += [(max(-hi, 0), max(-lo, 0)) for lo, hi in zip(b.lower, b.upper, strict=True)]
    ends = []
    for sign in (1, -1):
        found = linprog(
            sign * np.concatenate([p.betas, -p.betas]),
            A_eq=[np.concatenate([np.ones(n), -np.ones(n)])],
            b_eq=[1],
            A_ub=-rows if len(rows) else None,
            b_ub=-values if len(rows) else None,
            bounds=box,
        )
        if found.status == 2:
            return None
        assert found.status == 0, found.message
        ends.append(sign * found.fun)
    return ends[0], ends[1]


def by_quadprog(p: Problem, target: float | None) -> np.ndarray:
    """Weights by quadprog; with gross or turnover on split weights with a ridge of 1e-9, which moves them a little."""
    if p.bounds.max_gross is None and p.turnover is None:
        q = replace_rows(p, target)
        scale = np.diag(p.sigma).mean()
        return quadprog.solve_qp(p.sigma / scale, p.sigma @ p.base / scale, q[0].T, q[1], q[2])[0]
    return _split(p, target)


def replace_rows(p: Problem, target: float | None) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows, values and number of equations of quadprog's form, over weights."""
    n, b = len(p.betas), p.bounds
    equal, at = [np.ones(n)], [1.0]
    if target is not None:
        equal.append((p.betas - p.betas.mean()) / np.ptp(p.betas))
        at.append((target - p.betas.mean()) / np.ptp(p.betas))
    rows, values = _rows(replace(p, bounds=replace(b, max_gross=None)))
    every = np.vstack([*equal, rows[:, :n], np.eye(n), -np.eye(n)])
    return every, np.concatenate([at, values, b.lower, -b.upper]), len(equal)


def _split(p: Problem, target: float | None) -> np.ndarray:
    """X = (rise over c, fall below c, size of w): |w| ≤ size rows, so that gross and turnover are linear."""
    n, b = len(p.betas), p.bounds
    c = np.zeros(n) if p.turnover is None else p.turnover.current
    kappa = 0.0 if p.turnover is None else p.turnover.cost / 2
    scale = np.diag(p.sigma).mean()
    s = p.sigma / scale
    zero, eye = np.zeros((n, n)), np.eye(n)
    hessian = np.block([[s, -s, zero], [-s, s, zero], [zero, zero, zero]]) + 1e-9 * np.eye(3 * n)
    gradient = s @ (c - p.base)
    linear = np.concatenate([gradient + kappa / scale, -gradient + kappa / scale, np.zeros(n)])
    every, values, n_equal = replace_rows(p, target)
    shift = every @ c
    rows = [np.hstack([every, -every, np.zeros((len(every), n))])]
    at = [values - shift]
    rows.append(np.eye(3 * n))
    at.append(np.zeros(3 * n))
    rows += [np.hstack([-eye, eye, eye]), np.hstack([eye, -eye, eye])]
    at += [c, -c]
    if b.max_gross is not None:
        rows.append(np.concatenate([np.zeros(2 * n), -np.ones(n)])[None, :])
        at.append(np.array([-b.max_gross]))
    x = quadprog.solve_qp(hessian, -linear, np.vstack(rows).T, np.concatenate(at), n_equal)[0]
    return c + x[:n] - x[n : 2 * n]
