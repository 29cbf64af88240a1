"""The convex set that weights live in: bounds, linear rows, and rows on the sizes of weights.

A row on sizes, Σ up·max(w, 0) + down·max(−w, 0), is convex and has a kink at zero. It becomes linear when each weight
is written as its lower bound plus segments between the kinks, filled in order (see `segments`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from betacli.core.arrays import Floats, Indices
from betacli.core.bounds import SNAP, Bounds
from betacli.core.simplex import minimise

ON_FACE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SizeRow:
    """`lower` ≤ Σ up·max(w, 0) + down·max(−w, 0) ≤ `upper`; `up` and `down` (N,) are not negative."""

    up: Floats
    down: Floats
    lower: float
    upper: float

    def of(self, weights: Floats) -> float:
        """Return the row's value at weights (N,)."""
        return float(self.up @ np.maximum(weights, 0.0) + self.down @ np.maximum(-weights, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Space:
    """Weights (N,) with lower ≤ w ≤ upper, row_lower ≤ rows·w ≤ row_upper, and rows on their sizes."""

    lower: Floats
    upper: Floats
    rows: Floats
    row_lower: Floats
    row_upper: Floats
    sizes: tuple[SizeRow, ...] = ()

    def with_row(self, row: Floats, lower: float, upper: float) -> "Space":
        """Return the space with one more row (N,)."""
        return Space(
            lower=self.lower,
            upper=self.upper,
            rows=np.concatenate((self.rows, row[None, :])),
            row_lower=np.array([*self.row_lower, lower]),
            row_upper=np.array([*self.row_upper, upper]),
            sizes=self.sizes,
        )

    def violation(self, weights: Floats) -> float:
        """Return by how much weights (N,) leave the space at most."""
        values = self.rows @ weights
        parts = [
            (self.lower - weights).max(),
            (weights - self.upper).max(),
            (self.row_lower - values).max(),
            (values - self.row_upper).max(),
            *(max(row.of(weights) - row.upper, row.lower - row.of(weights)) for row in self.sizes),
        ]
        return max(0.0, *map(float, parts))


def space_of(bounds: Bounds) -> Space:
    """Return the weights that sum to one within the bounds, however many assets they hold; every row is finite."""
    n = len(bounds.bases)
    groups = bounds.groups
    low = [max(group.lower, float(bounds.lower[group.members].sum()) - 1) for group in groups]
    high = [min(group.upper, float(bounds.upper[group.members].sum()) + 1) for group in groups]
    gross = () if bounds.max_gross is None else (_gross(n, bounds.max_gross),)
    return Space(
        lower=bounds.lower,
        upper=bounds.upper,
        rows=np.array([np.ones(n), *(group.members for group in groups)], dtype=np.float64),
        row_lower=np.array([1.0, *low]),
        row_upper=np.array([1.0, *high]),
        sizes=gross,
    )


def _gross(n: int, limit: float) -> SizeRow:
    return SizeRow(up=np.ones(n), down=np.ones(n), lower=0.0, upper=limit)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """Weights as pieces: w = lower + E·s with 0 ≤ s ≤ length; `owner` (S,) is the asset of each piece.

    `start` (S,) is the weight at which a piece begins. The pieces of one asset are in order and next to each other.
    """

    owner: Indices
    start: Floats
    length: Floats
    matrix: Floats

    def slopes(self, left: Floats, right: Floats, kink: Floats) -> Floats:
        """Return for each piece the slope of a function that turns from `left` to `right` at `kink`, each (N,)."""
        return np.where(self.start >= kink[self.owner], right[self.owner], left[self.owner])


def segments(space: Space, *kinks: Floats) -> Segments:
    """Cut each asset's range at the kinks (N,) that lie inside it; a range of no width is one piece of length 0."""
    points = np.vstack([space.lower, *kinks, space.upper])
    points = np.sort(np.clip(points, space.lower, space.upper), axis=0)
    lengths = np.diff(points, axis=0)
    keep = lengths > 0
    keep[0] |= ~keep.any(axis=0)
    owner, piece = np.nonzero(keep.T)
    matrix = np.zeros((len(space.lower), len(owner)))
    matrix[owner, np.arange(len(owner))] = 1.0
    return Segments(owner=owner, start=points[piece, owner], length=lengths[piece, owner], matrix=matrix)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linear:
    """A space in the pieces of its weights, where every row is linear; `value` of a row starts at `offset`."""

    pieces: Segments
    rows: Floats
    row_lower: Floats
    row_upper: Floats


def linear(space: Space, pieces: Segments) -> Linear:
    """Return the rows of a space over pieces that are cut at zero."""
    zero = np.zeros(len(space.lower))
    sizes = [(pieces.slopes(-row.down, row.up, zero), row.of(space.lower)) for row in space.sizes]
    start = np.concatenate([space.rows @ space.lower, [at for _, at in sizes]])
    lower = np.concatenate([space.row_lower, [row.lower for row in space.sizes]])
    upper = np.concatenate([space.row_upper, [row.upper for row in space.sizes]])
    rows = np.vstack([space.rows @ pieces.matrix, *(slopes for slopes, _ in sizes)])
    return Linear(pieces=pieces, rows=rows, row_lower=lower - start, row_upper=upper - start)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class End:
    """The least value of c'w over a space, weights (N,) that have it, and the face of all weights that have it."""

    value: float
    weights: Floats
    face: Callable[[], Space]


def least(cost: Floats, space: Space) -> End | None:
    """Return the least of c'w over the space; None where the space is empty.

    By filling from the lower bounds in the order of `cost` (N,) where Σw = 1 is the only row, O(N log N), else by a
    linear program. `cost` is centred and scaled inside, which Σw = 1 allows: nearly equal costs are told apart.
    """
    if len(space.rows) == 1 and not space.sizes:
        return _filled(cost, space)
    return _by_simplex(cost, space)


def fill(order: Indices, lower: Floats, upper: Floats) -> Floats:
    """Raise each weight from its lower to its upper bound, in order, until they sum to one."""
    room = (upper - lower)[order]
    left = 1.0 - float(lower.sum()) - room.cumsum() + room
    weights = lower.copy()
    weights[order] += np.minimum(np.maximum(left, 0.0), room)
    return weights


def _filled(cost: Floats, space: Space) -> End | None:
    lower, upper = space.lower, space.upper
    if lower.sum() > 1 + SNAP or upper.sum() < 1 - SNAP or bool((lower > upper).any()):
        return None
    weights = fill(cost.argsort(kind="stable"), lower, upper)

    def face() -> Space:
        """Free the assets that tie with the last one raised: they alone can change places at no cost."""
        raised = weights > lower
        spread = float(np.abs(cost - cost.mean()).max()) or 1.0
        last = float(cost[raised].max()) if raised.any() else -np.inf
        ties = np.abs(cost - last) <= ON_FACE * spread
        return replace(space, lower=np.where(ties, lower, weights), upper=np.where(ties, upper, weights))

    return End(value=float(cost @ weights), weights=weights, face=face)


def _by_simplex(cost: Floats, space: Space) -> End | None:
    middle = float(cost.mean())
    spread = float(np.abs(cost - middle).max()) or 1.0
    scaled = (cost - middle) / spread
    pieces = segments(space, np.zeros(len(cost)))
    lin = linear(space, pieces)
    found = minimise(
        scaled[pieces.owner],
        lin.rows,
        lin.row_lower,
        lin.row_upper,
        np.zeros(len(pieces.owner)),
        pieces.length,
    )
    if found is None:
        return None
    weights = np.clip(space.lower + pieces.matrix @ found.x, space.lower, space.upper)
    return End(
        value=float(cost @ weights),
        weights=weights,
        face=lambda: _face(space, pieces, found.reduced, found.row_reduced),
    )


def _face(space: Space, pieces: Segments, reduced: Floats, row_reduced: Floats) -> Space:
    """Fix what every optimal vertex holds at a bound: pieces and rows with a reduced cost."""
    low = np.where(reduced < -ON_FACE, pieces.length, 0.0)
    high = np.where(reduced > ON_FACE, 0.0, pieces.length)
    n_rows = len(space.row_lower)
    at_low, at_high = row_reduced > ON_FACE, row_reduced < -ON_FACE
    sizes = tuple(
        replace(row, lower=row.upper if at_high[n_rows + k] else row.lower)
        for k, row in enumerate(space.sizes)
    )
    return Space(
        lower=space.lower + pieces.matrix @ low,
        upper=space.lower + pieces.matrix @ high,
        rows=space.rows,
        row_lower=np.where(at_high[:n_rows], space.row_upper, space.row_lower),
        row_upper=np.where(at_low[:n_rows], space.row_lower, space.row_upper),
        sizes=sizes,
    )


def within(value: float, low: float, high: float) -> bool:
    """Whether a value lies in an interval, or no more than 1e-10 beyond."""
    return low - SNAP <= value <= high + SNAP
