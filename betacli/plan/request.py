"""What the user asked, validated: one frozen value per question, the wider ones holding the narrower."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from betacli.core.beta import Recipe
from betacli.core.model import Benchmark, GroupLimit, Member, Sector, Universe
from betacli.errors import BadOption, BadUsage, ExchangeFailed, UnknownName

if TYPE_CHECKING:  # a plain solve starts sooner without it
    from betacli.data.position_file import Row
    from betacli.plan.stand_in import Tracking


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The circumstances of one run: versions, the moment asked for, and when it was generated (None with `--as-of`)."""

    tool: Mapping[str, str]
    now_ms: int
    generated_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaRequest:
    """Which assets, against what, by which recipe.

    `recipe` is the preset's with the flags applied; `overrides` are betas given by hand; `allow_missing` leaves
    assets out that fail a gate instead of refusing. `proxies_refused` says why nothing stands in for a member, and
    `proxies_down` for which of them that is an exchange that did not answer; `beside` is a digest of the prices that
    stand-ins were chosen by.
    """

    run: Run
    sector: str
    preset: str
    recipe: Recipe
    benchmark: Benchmark
    only: tuple[str, ...] = ()
    overrides: Mapping[str, float] = field(default_factory=dict)
    allow_missing: bool = False
    proxies_refused: Mapping[str, str] = field(default_factory=dict)
    proxies_down: Mapping[str, ExchangeFailed] = field(default_factory=dict)
    beside: str = ""

    def members(self, universe: Universe) -> tuple[Sector, tuple[Member, ...]]:
        """Return the sector and the members asked for, in the order of their names.

        Raises:
            UnknownName: there is no such sector, or `only` or `overrides` name an asset outside it.
        """
        sector = find_sector(universe, self.sector)
        for option, names in (("--only", self.only), ("--beta", tuple(self.overrides))):
            for name in names:
                if name not in sector.bases:
                    where = f" in sector `{sector.name}` (`{option}`)"
                    raise UnknownName(what="member", name=name, known=sector.bases, where=where)
        chosen = [member for member in sector.members if not self.only or member.base in self.only]
        return sector, tuple(sorted(chosen, key=lambda member: member.base))

    @property
    def needs_data(self) -> bool:
        """Whether some beta must be measured."""
        return not self.only or any(base not in self.overrides for base in self.only)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketRequest:
    """A basket to solve: what it should be exposed to, how large it is, and the limits of its weights.

    `target` is the basket's beta (None keeps the base weights); any two of `notional`, `equity` and `leverage`
    fix the third, or `equity` and `risk`, the share of equity a one-in-twenty day may cost; `hedge_to` is the benchmark exposure to keep per unit of basket notional. `max_weight` is None
    where only the default of the sector file applies; `liquidity_cap` narrows every weight to what its market takes.
    `hedge_with` names the contract of the hedge: `perp` is the benchmark's own.
    `positions` is what the account holds, None where nobody said; trades below `min_trade` (quote currency) are left out.

    `target_band` asks for a beta between two; `objective` is what the weights stay near to, and `turnover_cost` what a
    turnover of 1 costs under `least-turnover`, on the way from the `positions`.
    `tracked` is what stands in for members without a contract.
    `cap_limit` limits base weights by capitalisation. `min_group` and `max_group` limit groups by name, `sector_weight`
    fixes what a sector weighs, `max_gross` limits Σ|w|, `max_assets` how many are held.
    """

    betas: BetaRequest
    target: float | None = None
    notional: float | None = None
    equity: float | None = None
    leverage: float | None = None
    risk: float | None = None
    weighting: str = "equal"
    min_weight: float | None = None
    max_weight: float | None = None
    allow_short: bool = False
    liquidity_cap: bool = False
    hedge_to: float = 0.0
    hedge_with: str = "perp"
    positions: "tuple[Row, ...] | None" = None
    min_trade: float = 0.0
    target_band: tuple[float, float] | None = None
    objective: str = "nearest"
    turnover_cost: float = 0.001
    cap_limit: float | None = None
    min_group: Mapping[str, float] = field(default_factory=dict)
    max_group: Mapping[str, float] = field(default_factory=dict)
    sector_weight: Mapping[str, float] = field(default_factory=dict)
    max_gross: float | None = None
    max_assets: int | None = None
    tracked: "tuple[Tracking, ...]" = ()

    @property
    def band(self) -> tuple[float, float] | None:
        """The least and the greatest beta wanted, the same for a target; None where any will do."""
        return (self.target, self.target) if self.target is not None else self.target_band

    def __post_init__(self) -> None:
        if self.risk is not None:
            self._check_risk(self.risk)
        if self.target is not None and self.target_band is not None:
            raise BadUsage(
                problem="`--target` and `--target-band` both say what beta is wanted", way_out="give one"
            )
        if self.max_gross is not None and not self.allow_short:
            problem = "weights that are never short have a gross of 1"
            raise BadOption(
                option="--max-gross",
                value=f"{self.max_gross:g}",
                problem=problem,
                way_out="add `--allow-short`",
            )
        if self.cap_limit is not None and self.weighting != "cap":
            raise BadOption(
                option="--cap-limit",
                value=f"{self.cap_limit:g}",
                problem=f"limits weights by capitalisation, and the weighting is `{self.weighting}`",
                way_out="add `--weighting cap`",
            )
        if self.min_weight is not None and self.min_weight < 0 and not self.allow_short:
            raise BadOption(
                option="--min-weight",
                value=f"{self.min_weight:g}",
                problem="a weight below zero is a short",
                way_out="add `--allow-short`",
            )

    def _check_risk(self, risk: float) -> None:
        """Raise `BadOption` where the notional would follow from something else as well."""
        given = {"--notional": self.notional, "--leverage": self.leverage}
        others = [name for name, value in given.items() if value is not None]
        problem = way_out = None
        if self.equity is None:
            problem, way_out = "a loss of which equity?", "give `--equity`"
        elif others:
            problem, way_out = f"`{others[0]}` sets the notional already", "give one of the two"
        elif self.objective == "least-turnover":
            problem, way_out = "what is held has weights of a notional only", "give `--notional`"
        elif self.liquidity_cap:
            problem, way_out = "`--liquidity-cap` needs the notional first", "give `--notional`"
        if problem:
            raise BadOption(option="--risk", value=f"{risk:g}", problem=problem, way_out=way_out)


def find_sector(universe: Universe, name: str) -> Sector:
    """Return the sector of that name, or several joined by `+` as one.

    Raises:
        UnknownName: there is none.
    """
    parts = sector_parts(universe, name)
    if len(parts) == 1:
        return parts[0]
    members = {member.base: member for part in reversed(parts) for member in part.members}
    order = dict.fromkeys(base for part in parts for base in part.bases)
    groups: dict[str, GroupLimit] = {}
    for group in (group for part in parts for group in part.groups):
        groups[group.name] = _narrower(groups.get(group.name), group)
    return Sector(
        name=name,
        title=" + ".join(part.title for part in parts),
        members=tuple(members[base] for base in order),
        groups=tuple(groups.values()),
    )


def sector_parts(universe: Universe, name: str) -> tuple[Sector, ...]:
    """Return the sectors that `l1+defi` names, in that order, each once.

    Raises:
        UnknownName: one of them does not exist.
    """
    known = {sector.name: sector for sector in universe.sectors}
    parts = tuple(dict.fromkeys(name.split("+")))
    for part in parts:
        if part not in known:
            raise UnknownName(what="sector", name=part, known=list(known))
    return tuple(known[part] for part in parts)


def homes(universe: Universe, name: str) -> dict[str, tuple[str, ...]]:
    """Return for each member of `l1+defi` the sectors that hold it; the first is the one it is counted in."""
    found: dict[str, tuple[str, ...]] = {}
    for part in sector_parts(universe, name):
        for base in part.bases:
            found[base] = (*found.get(base, ()), part.name)
    return found


def _narrower(one: GroupLimit | None, other: GroupLimit) -> GroupLimit:
    """Return the limits that satisfy both."""
    if one is None:
        return other
    lows = [g.min_weight for g in (one, other) if g.min_weight is not None]
    highs = [g.max_weight for g in (one, other) if g.max_weight is not None]
    return GroupLimit(name=one.name, min_weight=max(lows, default=None), max_weight=min(highs, default=None))
