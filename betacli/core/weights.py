"""Base weights: what the basket would hold if beta did not matter."""

from collections.abc import Callable

import numpy as np

from betacli.core.model import Floats


def equal(n_assets: int) -> Floats:
    """Return 1/N for each of N assets."""
    return np.full(n_assets, 1.0 / n_assets)


Weighting = Callable[[int], Floats]
WEIGHTINGS: dict[str, Weighting] = {"equal": equal}


def effective_assets(weights: Floats) -> float:
    """Return 1 / Σ(|w|/Σ|w|)²: how many equal positions are as concentrated as these."""
    share = np.abs(weights) / np.abs(weights).sum()
    return float(1.0 / (share**2).sum())
