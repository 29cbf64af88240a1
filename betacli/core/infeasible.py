"""Why no weights are what was asked for: the limits contradict each other, or the beta is out of their reach.

Betas that can be reached are written rounded inward, so that each of them can be asked for: where 1.3760 is the most,
1.37 stands there, not 1.38.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from betacli.errors import NoAnswer


@dataclass(eq=False, kw_only=True)
class TargetOutOfReach(NoAnswer):
    """No weights within the limits have the target beta.

    `low` and `high` are what can be reached; `binding` names the limits that hold the nearer end; `ways` are what could
    be done instead, each a clause that begins with a verb.
    """

    kind = "target_out_of_reach"
    name: str
    target: float
    low: float
    high: float
    min_weight: float
    max_weight: float
    binding: Sequence[str]
    ways: Sequence[str] = ()

    @property
    def message(self) -> str:
        """What happened, with the numbers."""
        low, high = inward(self.low, self.high)
        return (
            f"no weights give `{self.name}` a beta of {exact(self.target)}; {low} to {high} can be reached with weights "
            f"between {self.min_weight:g} and {self.max_weight:g}{self._held}"
        )

    @property
    def _held(self) -> str:
        """Name up to four of the limits that hold the nearer end, those of sums first."""
        return f"; what holds it: {', '.join(self.binding[-4:])}" if self.binding else ""

    @property
    def hint(self) -> str | None:
        """What can be done."""
        return _either(self.ways or (f"{'lower' if self.target > self.high else 'raise'} `--target`",))


@dataclass(eq=False, kw_only=True)
class TargetBetweenReaches(NoAnswer):
    """The beta lies inside the attainable interval, but no choice of that few assets has it."""

    kind = "target_between_reaches"
    name: str
    target: float
    below: float | None
    above: float | None
    max_assets: int

    @property
    def message(self) -> str:
        """What happened, with the numbers."""
        near = [] if self.below is None else [down(self.below)]
        near += [] if self.above is None else [up(self.above)]
        one = self.max_assets == 1
        return (
            f"no {'single asset' if one else f'{self.max_assets} assets'} of `{self.name}` "
            f"{'has' if one else 'have'} a beta of {exact(self.target)} within the limits; "
            f"the nearest they can have: {' and '.join(near) or 'none'}"
        )

    @property
    def hint(self) -> str | None:
        """What can be done."""
        ways = ["raise `--max-assets`"]
        if self.below is not None and (
            self.above is None or self.target - self.below <= self.above - self.target
        ):
            ways.append(f"allow a band with `--target-band {down(self.below)}:{exact(self.target)}`")
        elif self.above is not None:
            ways.append(f"allow a band with `--target-band {exact(self.target)}:{up(self.above)}`")
        return _either(ways)


@dataclass(eq=False, kw_only=True)
class BoundsCannotSum(NoAnswer):
    """The lower bounds sum to more than one, or the upper bounds to less: `takes` is what liquidity allows then."""

    kind = "bounds_cannot_sum"
    name: str
    lower_sum: float
    upper_sum: float
    n_assets: int
    takes: float | None = None

    @property
    def message(self) -> str:
        """What happened, with the numbers."""
        if self.upper_sum < 1:
            return f"the {self.n_assets} upper bounds of `{self.name}` sum to {self.upper_sum:g}, less than 1"
        return f"the {self.n_assets} lower bounds of `{self.name}` sum to {self.lower_sum:g}, more than 1"

    @property
    def hint(self) -> str | None:
        """What can be done."""
        if self.takes is not None:
            return f"liquidity allows {self.takes:,.0f} in all: lower `--notional`, or raise the `cap_` limits of `checklist`"
        if self.upper_sum < 1:
            least = f"{1 / self.n_assets:.4g}"
            return f"raise `--max-weight` (and members' own `max_weight`) to at least {least}, or add assets"
        return "lower `--min-weight`, or members' own `min_weight`"


@dataclass(eq=False, kw_only=True)
class LimitsCannotBeMet(NoAnswer):
    """The bounds of assets can be met, but not together with those of groups, gross or the number of assets."""

    kind = "limits_cannot_be_met"
    name: str
    groups: Sequence[str]
    max_gross: float | None
    max_assets: int | None

    @property
    def message(self) -> str:
        """What happened, with the limits."""
        limits = []
        if self.groups:
            limits.append(f"groups {', '.join(self.groups)}")
        if self.max_gross is not None:
            limits.append(f"gross at most {self.max_gross:g}")
        if self.max_assets is not None:
            limits.append(f"at most {self.max_assets} {'asset' if self.max_assets == 1 else 'assets'}")
        return f"no weights of `{self.name}` sum to 1 within {' and '.join(limits)}"

    @property
    def hint(self) -> str | None:
        """What can be done."""
        ways = []
        if self.groups:
            ways.append("widen the groups")
        if self.max_gross is not None:
            ways.append("raise `--max-gross`")
        if self.max_assets is not None:
            ways.append("raise `--max-assets`")
        return _either((*ways, "raise `--max-weight`"))


def _either(ways: Sequence[str]) -> str:
    return f"{', '.join(ways[:-1])}, or {ways[-1]}" if len(ways) > 1 else ways[0]


# --- betas in words -----------------------------------------------------------------------------------------------


NOISE = 1e-10  # of a solver: 1.4999999999999 can be had as 1.50


def exact(beta: float) -> str:
    """Write a beta that was asked for: two decimals, or all that it takes to be that very number."""
    short = f"{beta:.2f}"
    return short if float(short) == beta else f"{beta:.12g}"


def down(beta: float, digits: int = 2) -> str:
    """Write a beta with its last decimal rounded down."""
    short = f"{beta:.{digits}f}"
    return (
        short if float(short) <= beta + NOISE else f"{math.floor(beta * 10**digits) / 10**digits:.{digits}f}"
    )


def up(beta: float, digits: int = 2) -> str:
    """Write a beta with its last decimal rounded up."""
    short = f"{beta:.{digits}f}"
    return (
        short if float(short) >= beta - NOISE else f"{math.ceil(beta * 10**digits) / 10**digits:.{digits}f}"
    )


def inward(low: float, high: float) -> tuple[str, str]:
    """Write an interval of betas with two decimals, or as many as it takes, such that both ends lie within it."""
    for digits in range(2, 13):
        ends = up(low, digits), down(high, digits)
        if float(ends[0]) <= float(ends[1]):
            return ends
    return f"{low:.12g}", f"{high:.12g}"
