"""What the weights of a basket may be: bounds of each asset and group, gross exposure, number of assets."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from betacli.core.arrays import Flags, Floats
from betacli.core.infeasible import BoundsCannotSum

SNAP = 1e-10
AT_BOUND = 1e-9

Side = Literal["lower", "upper"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Assets (N,) whose weights together lie between `lower` and `upper`."""

    name: str
    members: Flags
    lower: float
    upper: float

    def __str__(self) -> str:
        """Return `evm` 0.1 to 0.5, with the side that is limited alone where one is."""
        if self.lower == self.upper:
            return f"`{self.name}` {self.upper:g}"
        if self.lower == -np.inf:
            return f"`{self.name}` at most {self.upper:g}"
        return (
            f"`{self.name}` at least {self.lower:g}"
            if self.upper == np.inf
            else (f"`{self.name}` {self.lower:g} to {self.upper:g}")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A limit that holds the weights where they are: whose it is, which side, and its value."""

    kind: Literal["asset", "group", "gross", "max-assets"]
    name: str
    side: Literal["lower", "upper", "equal"]
    bound: float

    @property
    def sign(self) -> str:
        """How the weights stand to the bound."""
        return {"lower": "≥", "upper": "≤", "equal": "="}[self.side]

    def __str__(self) -> str:
        """Return `ADA ≤ 0.4`."""
        return f"{self.name} {self.sign} {self.bound:.6g}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounds:
    """The limits of a basket's weights; `name` is the basket's, for messages.

    `lower` and `upper` are (N,) fractions with lower ≤ upper. `max_gross` limits Σ|w|, `max_assets` how many weights
    differ from zero; with it a lower bound above zero holds for the assets that are held, and the others weigh 0.
    """

    name: str
    bases: tuple[str, ...]
    lower: Floats
    upper: Floats
    groups: tuple[Group, ...] = ()
    max_gross: float | None = None
    max_assets: int | None = None

    @property
    def is_box(self) -> bool:
        """Whether only the bounds of each asset limit the weights."""
        return not self.groups and self.max_gross is None and self.max_assets is None

    def check(self) -> None:
        """Raise `BoundsCannotSum` unless some weights within the bounds of each asset sum to one."""
        lower = self.lower if self.max_assets is None else np.minimum(self.lower, 0.0)
        low, high = float(lower.sum()), float(self.upper.sum())
        if low > 1 + SNAP or high < 1 - SNAP:
            raise BoundsCannotSum(name=self.name, lower_sum=low, upper_sum=high, n_assets=len(self.bases))

    def lower_of(self, weights: Floats) -> Floats:
        """Return the lower bounds (N,) that hold at weights: none above zero for what is not held, where that may be."""
        if self.max_assets is None:
            return self.lower
        return np.where(weights == 0, np.minimum(self.lower, 0.0), self.lower)

    def binding(self, weights: Floats) -> tuple[Binding, ...]:
        """Return the limits that weights (N,) lie at, to 1e-9; an asset that is held at neither side is not named."""
        lower = self.lower_of(weights)
        sides = at_bound(weights, lower, self.upper)
        found = [
            Binding(kind="asset", name=base, side=side, bound=float(high if side == "upper" else low))
            for base, side, low, high in zip(self.bases, sides, lower, self.upper, strict=True)
            if side is not None
        ]
        for group in self.groups:
            total = float(weights[group.members].sum())
            if group.lower == group.upper:
                found.append(Binding(kind="group", name=group.name, side="equal", bound=group.upper))
            elif total >= group.upper - AT_BOUND:
                found.append(Binding(kind="group", name=group.name, side="upper", bound=group.upper))
            elif total <= group.lower + AT_BOUND:
                found.append(Binding(kind="group", name=group.name, side="lower", bound=group.lower))
        if self.max_gross is not None and np.abs(weights).sum() >= self.max_gross - AT_BOUND:
            found.append(Binding(kind="gross", name="gross", side="upper", bound=self.max_gross))
        if self.max_assets is not None and (weights != 0).sum() >= self.max_assets < len(weights):
            found.append(Binding(kind="max-assets", name="assets", side="upper", bound=self.max_assets))
        return tuple(found)


def at_bound(weights: Floats, lower: Floats, upper: Floats) -> tuple[Side | None, ...]:
    """Return for each weight (N,) the side it is held at, to 1e-9; the upper one where both are the same."""
    sides: list[Side | None] = []
    for weight, low, high in zip(weights, lower, upper, strict=True):
        at_high, at_low = weight >= high - AT_BOUND, weight <= low + AT_BOUND
        sides.append("upper" if at_high else "lower" if at_low else None)
    return tuple(sides)
