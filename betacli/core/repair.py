"""Beta after rounding: which legs round up and which down, so that the rounded basket keeps its beta.

Each leg can be held at one of two notionals, the multiples of its step next to the plan. Of all choices that do not
exceed the plan, those that deploy at least 98 % of it are compared by

    (Σ Q_i (β_i − β*) / N)² + ε ((N − ΣQ_i) / N)²

the error of beta and, lightly, the notional left undeployed. Where no choice deploys 98 % (a small account and large
minima), the most that can be deployed comes first and the error of beta second. Up to 14 free legs every choice is
tried; beyond that single flips and pairs are tried until none helps, from two starts.
"""

from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Flags, Floats, Indices

ENOUGH = 0.98
EPSILON = 1e-4
ENUMERATED = 14
_ROOM = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """Which legs take their upper notional (N,), and what that deploys (fraction of the plan) and errs in beta."""

    take_upper: Flags
    deployed: float
    beta_error: float


def choose(lower: Floats, upper: Floats, betas: Floats, beta: float, notional: float) -> Choice:
    """Choose for each leg its lower or its upper notional.

    Args:
        lower: (N,) signed notional, the smaller in magnitude of the two.
        upper: (N,) signed notional, the larger; equal to `lower` where the leg has no choice.
        betas: (N,) of the legs.
        beta: the beta that the basket should keep.
        notional: ΣQ of the plan, above zero; the net of a basket with shorts.

    Returns:
        The choice; where even the lower notionals exceed the plan (their net, with shorts), all stay lower.
    """
    free = np.flatnonzero(upper != lower)
    tries = (
        _every(len(free)) if len(free) <= ENUMERATED else _searched(lower, upper, betas, beta, notional, free)
    )
    step = (upper - lower)[free] / notional
    deployed = float(lower.sum()) / notional + tries @ step
    drift = float((lower * (betas - beta)).sum()) / notional + tries @ (step * (betas[free] - beta))
    rank = _rank(deployed, drift)
    best = int(np.lexsort((np.arange(len(tries)), rank[1], rank[0]))[0])
    take_upper = np.zeros(len(lower), dtype=bool)
    take_upper[free] = tries[best] > 0
    return Choice(take_upper=take_upper, deployed=float(deployed[best]), beta_error=float(drift[best]))


def _every(n: int) -> Floats:
    """Return all 2ⁿ choices (2ⁿ, n) as 0 and 1, the first all zero."""
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)


def _rank(deployed: Floats, drift: Floats) -> tuple[Floats, Floats]:
    """Return two keys to sort by, smaller first: what is not feasible or deploys too little, then the cost."""
    over = deployed > 1 + _ROOM
    most = float(deployed[~over].max(initial=-np.inf))
    enough = ENOUGH if most >= ENOUGH else most - _ROOM
    tier = np.where(over, 2.0, np.where(deployed >= enough, 0.0, 1.0))
    if bool(over.all()):
        return np.zeros(len(deployed)), np.arange(len(deployed), dtype=np.float64)
    return tier, drift**2 + EPSILON * (1 - deployed) ** 2


def _searched(
    lower: Floats, upper: Floats, betas: Floats, beta: float, notional: float, free: Indices
) -> Floats:
    """Return the local optima reached from all-lower and from a greedy fill by flipping one or two legs at a time."""
    step = (upper - lower)[free] / notional
    pull = step * (betas[free] - beta)
    base = float(lower.sum()) / notional
    drift = float((lower * (betas - beta)).sum()) / notional
    n = len(free)
    pairs = np.triu_indices(n, k=1)
    moves = np.zeros((n + len(pairs[0]), n))
    moves[np.arange(n), np.arange(n)] = 1
    moves[n + np.arange(len(pairs[0])), pairs[0]] = 1
    moves[n + np.arange(len(pairs[0])), pairs[1]] = 1
    greedy = np.zeros(n)
    room = 1 - base
    for k in np.argsort(-np.abs(step), kind="stable"):
        if step[k] <= room:
            greedy[k], room = 1.0, room - step[k]
    found = []
    for start in (np.zeros(n), greedy):
        now = start
        while True:
            tries = np.vstack([now, np.abs(now - moves)])
            tier, cost = _rank(base + tries @ step, drift + tries @ pull)
            best = int(np.lexsort((np.arange(len(tries)), cost, tier))[0])
            if best == 0:
                break
            now = tries[best]
        found.append(now)
    return np.array(found)
