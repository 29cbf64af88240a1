"""Base weights: what the basket would hold if beta did not matter."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightInputs:
    """What base weights are made of, each (N,) in one order of assets; NaN where unknown.

    `cap` is circulating supply × price, in quote currency; `vol_annual` a fraction a year; `daily_volume` the
    average quote volume a day; `custom` what the sector file gives each, in any unit.
    """

    cap: Floats
    vol_annual: Floats
    daily_volume: Floats
    custom: Floats


def equal(inputs: WeightInputs) -> Floats:
    """Return 1/N for each of N assets."""
    n = len(inputs.cap)
    return np.full(n, 1.0 / n)


def capitalisation(inputs: WeightInputs) -> Floats:
    """Return weights proportional to capitalisation; NaN where one is unknown."""
    return np.asarray(inputs.cap / inputs.cap.sum())


def inverse_volatility(inputs: WeightInputs) -> Floats:
    """Return weights proportional to 1/σ; NaN where one is unknown."""
    with np.errstate(divide="ignore"):
        inverse = 1.0 / np.where(inputs.vol_annual > 0, inputs.vol_annual, np.nan)
    return np.asarray(inverse / inverse.sum())


def liquidity(inputs: WeightInputs) -> Floats:
    """Return weights proportional to average daily quote volume; NaN where one is unknown."""
    return np.asarray(inputs.daily_volume / inputs.daily_volume.sum())


def custom(inputs: WeightInputs) -> Floats:
    """Return weights proportional to what the sector file says; NaN where it says nothing of one."""
    return np.asarray(inputs.custom / inputs.custom.sum())


def limited(weights: Floats, limit: float) -> Floats:
    """Return weights (N,) that sum to one with none above the limit: the excess goes to the others in proportion.

    Every weight becomes min(limit, λ·w) with the one λ ≥ 1 that makes them sum to one, which is where repeating
    "cut to the limit, hand the excess on in proportion" ends.

    Raises:
        ValueError: N × limit is below one.
    """
    if len(weights) * limit < 1:
        message = f"{len(weights)} assets of at most {limit:g} hold {len(weights) * limit:g}, less than 1"
        raise ValueError(message)
    order = np.argsort(-weights, kind="stable")
    sorted_weights = weights[order]
    rest = sorted_weights[::-1].cumsum()[::-1]
    for full in range(len(weights)):
        scale = (1 - full * limit) / rest[full] if rest[full] > 0 else np.inf
        if scale * sorted_weights[full] <= limit * (1 + 1e-12):
            return np.minimum(weights * scale, limit)
    return np.full(len(weights), limit)


def min_variance(inputs: WeightInputs) -> Floats:
    """Return zeros: the weights nearest to nothing in risk terms are those of least variance."""
    return np.zeros(len(inputs.cap))


Weighting = Callable[[WeightInputs], Floats]
WEIGHTINGS: dict[str, Weighting] = {
    "equal": equal,
    "cap": capitalisation,
    "inverse-volatility": inverse_volatility,
    "liquidity": liquidity,
    "custom": custom,
    "min-variance": min_variance,
}
NEEDS: dict[str, str] = {
    "cap": "cap",
    "inverse-volatility": "vol_annual",
    "liquidity": "daily_volume",
    "custom": "custom",
}


def effective_assets(weights: Floats) -> float:
    """Return 1 / Σ(|w|/Σ|w|)²: how many equal positions are as concentrated as these."""
    share = np.abs(weights) / np.abs(weights).sum()
    return float(1.0 / (share**2).sum())
