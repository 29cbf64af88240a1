"""Correlation watch: assets whose hedge is not a hedge, told by a stated test.

A correlation over the last days is held against the correlation over the rest of the window, which shares no return
with it. Fisher's transform makes the two comparable: z = (artanh ρ_late − artanh ρ_early) / √(1/(n_late − 3) +
1/(n_early − 3)) is standard normal when nothing changed. Below −2.326 (one-sided, 1 %) the correlation has fallen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.blocks import blocks

LATE_DAYS = 14
Z_FALLEN = -2.326
MIN_RETURNS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watch:
    """Correlations (N,) early and late, and Fisher's z (N,); NaN where either side has fewer than 6 returns."""

    early: Floats
    late: Floats
    z: Floats

    @property
    def fallen(self) -> tuple[bool, ...]:
        """Whether each correlation has fallen, at one per cent."""
        return tuple(bool(z < Z_FALLEN) for z in self.z)


def correlation(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return each column's correlation with y and the count of shared rows, both (N,); NaN below 6 or where flat.

    Args:
        x: (T, N), NaN where missing.
        y: (T,) or (T, N), NaN where missing.
    """
    other = np.broadcast_to(y[:, None] if y.ndim == 1 else y, x.shape)
    both = np.isfinite(x) & np.isfinite(other)
    n = both.sum(axis=0).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        a = np.where(both, x - np.where(both, x, 0).sum(axis=0) / n, 0.0)
        b = np.where(both, other - np.where(both, other, 0).sum(axis=0) / n, 0.0)
        rho = (a * b).sum(axis=0) / np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    return np.where(n >= MIN_RETURNS, np.clip(rho, -1.0, 1.0), np.nan), n


def watch(x: Floats, y: Floats, n_late: int) -> Watch:
    """Compare the correlation of x (T, N) with y over the last `n_late` rows with that over the rows before."""
    found = [_watch(x[:, block], y if y.ndim == 1 else y[:, block], n_late) for block in blocks(*x.shape)]
    return _joined(found) if found else _watch(x, y, n_late)


def _watch(x: Floats, y: Floats, n_late: int) -> Watch:
    early, n_early = correlation(x[:-n_late], y[:-n_late])
    late, n_after = correlation(x[-n_late:], y[-n_late:])
    with np.errstate(invalid="ignore", divide="ignore"):
        bounded = [np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12)) for rho in (early, late)]
        z = (bounded[1] - bounded[0]) / np.sqrt(1 / (n_after - 3) + 1 / (n_early - 3))
    return Watch(early=early, late=late, z=z)


def _joined(found: Sequence[Watch]) -> Watch:
    return Watch(
        early=np.concatenate([one.early for one in found]),
        late=np.concatenate([one.late for one in found]),
        z=np.concatenate([one.z for one in found]),
    )


def watch_peers(returns: Floats, beta: Floats, market: Floats, n_late: int) -> Watch:
    """Watch each asset's own return, what beta leaves of it, against the mean of the others' own returns.

    Args:
        returns: (T, N), NaN where missing.
        beta: (N,).
        market: (T,), NaN where missing.
        n_late: the rows that count as late.
    """

    def own(block: slice) -> Floats:
        return np.asarray(returns[:, block] - beta[block] * market[:, None])

    every = list(blocks(*returns.shape))
    total, count = np.zeros((len(market), 1)), np.zeros((len(market), 1))
    for block in every:
        some = own(block)
        seen = np.isfinite(some)
        total += np.where(seen, some, 0.0).sum(axis=1, keepdims=True)
        count += seen.sum(axis=1, keepdims=True)
    found = [_watch(some := own(block), others(some, total, count), n_late) for block in every]
    return _joined(found) if found else _watch(returns, returns, n_late)


def others(returns: Floats, total: Floats, count: Floats) -> Floats:
    """Return, for each asset, the mean return (T, n) of the others; NaN where no other has one.

    Args:
        returns: (T, n) of some assets, NaN where missing.
        total: (T, 1) sum of all assets' returns.
        count: (T, 1) how many have one.
    """
    seen = np.isfinite(returns)
    left = count - seen
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(left > 0, (total - np.where(seen, returns, 0.0)) / left, np.nan)
