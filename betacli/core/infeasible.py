"""Why no weights are what was asked for: the limits contradict each other, or the beta is out of their reach."""

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
        return (
            f"no weights give `{self.name}` a beta of {_beta(self.target, self.low, self.high)}; "
            f"{_beta(self.low, self.target)} to {_beta(self.high, self.target)} can be reached with weights "
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
        near = [_beta(b, self.target) for b in (self.below, self.above) if b is not None]
        one = self.max_assets == 1
        return (
            f"no {'single asset' if one else f'{self.max_assets} assets'} of `{self.name}` {'has' if one else 'have'} a beta of {_beta(self.target)} within the limits; "
            f"the nearest they can have: {' and '.join(near) or 'none'}"
        )

    @property
    def hint(self) -> str | None:
        """What can be done."""
        return "raise `--max-assets`, allow a band such as `--target 1.3:1.5`, or choose one of those betas"


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


def _beta(value: float, *others: float) -> str:
    """Write a beta with two decimals, or with as many as it takes to tell it from `others`."""
    digits = next(
        (d for d in range(2, 17) if all(f"{value:.{d}f}" != f"{o:.{d}f}" for o in others if o != value)), 17
    )
    return f"{value:.{digits}f}"
