"""The best choice of at most K assets, by branch and bound over which are held.

A node knows assets that are in, out, and free. It bounds every choice below it by its perspective relaxation: with a
diagonal D ⪯ Σ and shares 0 ≤ z_i ≤ 1, Σz ≤ K of each asset's place in the basket,

    ½ (w − w₀)'Σ(w − w₀)  =  G(w, z) = ½ (w − w₀)'Σ(w − w₀) + ½ Σ D_i w_i² (1/z_i − 1)   where every z_i is 0 or 1,

and G is convex in both. At fixed z its minimiser w̄ is a quadratic program, and convexity bounds G everywhere by its
tangent there: G(w̄, z) − ½ max_z' Σ D_i (w̄_i/z_i)² (z'_i − z_i). Nodes are taken from the lowest bound on.

Source: Frangioni and Gentile (2006), Perspective cuts for a class of convex 0-1 mixed integer programs, Math. Program.
106; Zheng, Sun and Li (2014), Improving the performance of MIQP solvers for quadratic programs with cardinality and
minimum threshold constraints, INFORMS J. Computing 26, on the choice of D.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from betacli.core.arrays import Flags, Floats
from betacli.core.bounds import Bounds
from betacli.core.convex import Point, Task
from betacli.core.convex import solve as solve_convex
from betacli.core.space import SizeRow, Space, least, space_of
from betacli.errors import SolverFailed

NOT_HELD = 1e-11
MAX_NODES = 1_000
BETTER = 1e-9
ROUNDS = 3
LEAST_SHARE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """Weights (N,) of at most K assets; `gap` is the share of the objective by which better ones may exist."""

    weights: Floats
    kkt_residual: float = 0.0
    gap: float = 0.0

    @property
    def proven(self) -> bool:
        """Whether no other choice is better."""
        return self.gap == 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """A partial choice: assets in and out (N,), its relaxed weights, each asset's share of a place, and the bound."""

    inside: Flags
    outside: Flags
    weights: Floats
    shares: Floats
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """A choice and what it costs."""

    weights: Floats
    cost: float
    residual: float = 0.0


Relax = Callable[[Flags, Flags, Floats], Node | None]
Settle = Callable[[Flags], Found | None]


def best(task: Task, bounds: Bounds) -> Choice | None:
    """Return the weights of at most `bounds.max_assets` assets that cost least; None where none meet the limits."""
    whole, curvature = space_of(bounds), _curvature(task.sigma)
    pull = task.sigma @ task.base
    k = bounds.max_assets or len(bounds.bases)

    def relax(inside: Flags, outside: Flags, shares: Floats) -> Node | None:
        space = _narrowed(whole, bounds, inside, outside)
        bound, weights = -np.inf, np.zeros(len(pull))
        places = float(k - inside.sum())
        free = ~inside & ~outside
        for _ in range(ROUNDS):
            spread = np.where(outside, 1.0, shares)
            hessian = task.sigma + np.diag(curvature * (1 / spread - 1))
            point = solve_convex(
                replace(task, sigma=hessian, base=np.asarray(np.linalg.solve(hessian, pull))), space
            )
            if point is None:
                return None
            weights = point.weights
            slope = curvature * (weights / spread) ** 2
            cost = task.cost(weights) + float(curvature @ (weights**2 * (1 / spread - 1))) / 2
            most = np.sort(slope[free])[::-1][: round(places)].sum()
            bound = max(bound, cost + float((slope * spread)[free].sum() - most) / 2)
            shares = _shares(np.sqrt(curvature) * np.abs(weights), free, places)
        return Node(inside=inside, outside=outside, weights=weights, shares=shares, bound=bound)

    def settle(held: Flags) -> Found | None:
        point: Point | None = solve_convex(task, _narrowed(whole, bounds, held, ~held))
        if point is None:
            return None
        weights = np.where(np.abs(point.weights) < NOT_HELD, 0.0, point.weights)
        return Found(weights=weights, cost=task.cost(weights), residual=point.kkt_residual)

    return _search(len(pull), k, relax, settle)


def end(cost: Floats, bounds: Bounds, at_least: float = -np.inf) -> Choice | None:
    """Return weights of at most `bounds.max_assets` assets with the least c'w that is not below `at_least`, or None."""
    k = bounds.max_assets or len(bounds.bases)
    whole = space_of(bounds)
    if at_least > -np.inf:
        whole = whole.with_row(cost, at_least, float(np.abs(cost).sum()) + abs(at_least) + 1.0)

    def relax(inside: Flags, outside: Flags, _: Floats) -> Node | None:
        space = _narrowed(whole, bounds, inside, outside)
        free = ~inside & ~outside
        with np.errstate(divide="ignore"):
            up = np.where(free & (space.upper > 0), 1 / space.upper, 0.0)
            down = np.where(free & (space.lower < 0), -1 / space.lower, 0.0)
        count = SizeRow(up=up, down=down, lower=0.0, upper=float(k - inside.sum()))
        found = least(cost, replace(space, sizes=(*space.sizes, count)))
        if found is None:
            return None
        shares = np.where(
            inside, 1.0, up * np.maximum(found.weights, 0) - down * np.minimum(found.weights, 0)
        )
        return Node(inside=inside, outside=outside, weights=found.weights, shares=shares, bound=found.value)

    def settle(held: Flags) -> Found | None:
        found = least(cost, _narrowed(whole, bounds, held, ~held))
        if found is None:
            return None
        weights = np.where(np.abs(found.weights) < NOT_HELD, 0.0, found.weights)
        return Found(weights=weights, cost=float(cost @ weights))

    return _search(len(cost), k, relax, settle)


def _narrowed(space: Space, bounds: Bounds, inside: Flags, outside: Flags) -> Space:
    """Return a node's space: what is out weighs nothing, and what is free may."""
    lower = np.where(outside, 0.0, np.where(inside, bounds.lower, np.minimum(bounds.lower, 0.0)))
    upper = np.where(outside, 0.0, np.where(inside, bounds.upper, np.maximum(bounds.upper, 0.0)))
    return replace(space, lower=lower, upper=upper)


def _curvature(sigma: Floats) -> Floats:
    """Return the diagonal (N,) of a D ⪯ Σ: the variances given all others, scaled down until Σ − D is semidefinite."""
    conditional = 1 / np.diag(np.linalg.inv(sigma))
    root = 1 / np.sqrt(conditional)
    share = float(np.linalg.eigvalsh(sigma * np.outer(root, root))[0])
    return np.asarray(conditional * max(0.0, share * (1 - 1e-9)))


def _shares(size: Floats, free: Flags, places: float) -> Floats:
    """Return the z (N,) that minimise Σ size²/z over Σz ≤ places, z ≤ 1 among the free: min(1, size / τ)."""
    shares = np.ones(len(size))
    order = np.sort(size[free])[::-1]
    if places <= 0 or len(order) <= places:
        return shares
    full = np.arange(round(places))
    tail = order[::-1].cumsum()[::-1][: len(full)]
    tau = tail / (places - full)
    fits = np.flatnonzero(order[: len(full)] <= tau * (1 + 1e-12))
    level = float(tau[fits[0]]) if len(fits) else float(tau[-1])
    share = size / level if level > 0 else np.full(len(size), places / len(order))
    shares[free] = np.clip(share[free], LEAST_SHARE, 1.0)
    return shares


def _search(n: int, k: int, relax: Relax, settle: Settle) -> Choice | None:
    """Take nodes from the lowest bound on until none can beat the best choice found."""
    nobody = np.zeros(n, dtype=bool)
    root = relax(nobody, nobody, np.full(n, min(1.0, k / n)))
    if root is None:
        return None
    queue: list[tuple[float, int, Node]] = [(root.bound, 0, root)]
    champion: Found | None = None
    tried: set[bytes] = set()
    made = 0
    while queue:
        bound, _, node = heapq.heappop(queue)
        if champion is not None and bound >= champion.cost - BETTER * abs(champion.cost) - 1e-15:
            break
        if made >= MAX_NODES:
            return _cut_short(champion, bound)
        champion = _better(champion, _largest(node, k), settle, tried)
        for inside, outside in _branches(node, k):
            if (inside | outside).all():
                champion = _better(champion, inside, settle, tried)
                continue
            made += 1
            child = relax(inside, outside, np.where(inside, 1.0, node.shares))
            if child is not None:
                heapq.heappush(queue, (max(bound, child.bound), made, child))
    if champion is None:
        return None
    return Choice(weights=champion.weights, kkt_residual=champion.residual)


def _cut_short(champion: Found | None, bound: float) -> Choice:
    if champion is None:
        raise SolverFailed(exit_flag=-200, residual=float("nan"))
    gap = (champion.cost - bound) / max(abs(champion.cost), 1e-300)
    return Choice(weights=champion.weights, kkt_residual=champion.residual, gap=max(gap, 0.0))


def _better(champion: Found | None, held: Flags, settle: Settle, tried: set[bytes]) -> Found | None:
    """Return the better of the champion and the choice of exactly these assets."""
    key = held.tobytes()
    if key in tried:
        return champion
    tried.add(key)
    found = settle(held)
    return found if found is not None and (champion is None or found.cost < champion.cost) else champion


def _largest(node: Node, k: int) -> Flags:
    """Return the K assets with the largest shares, what is in first."""
    rank = np.where(node.inside, 2.0, np.where(node.outside, -1.0, node.shares)) + 1e-6 * np.abs(node.weights)
    held = np.zeros(len(rank), dtype=bool)
    held[np.argsort(-rank, kind="stable")[:k]] = True
    return np.asarray(held & ~node.outside)


def _branches(node: Node, k: int) -> list[tuple[Flags, Flags]]:
    """Return the node with one free asset in, and with it out: the one whose share is least clear."""
    free = ~node.inside & ~node.outside
    unclear = np.where(free, np.minimum(node.shares, 1 - node.shares) + 1e-6 * np.abs(node.weights), -1.0)
    chosen = int(np.argmax(unclear))
    inside, outside = node.inside.copy(), node.outside.copy()
    inside[chosen], outside[chosen] = True, True
    full = int(inside.sum()) >= k
    return [(inside, ~inside if full else node.outside), (node.inside, outside)]
