"""What the eight steps of a first basket trade look at, and what one of them says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["pass", "warn", "fail", "manual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A step's status, its sentence, the numbers it rests on, what to do, and the limits it was held against."""

    status: Status
    summary: str
    facts: Mapping[str, object] = field(default_factory=dict)
    next_step: str | None = None
    threshold: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEvidence:
    """What is known of one leg, or of one part of the hedge; None is unknown.

    `notional` is everything that is held in its market, a hedge in it taken off; `participation` is that over what
    trades in a day, None too where nothing trades, which makes its grade D. `ends_in_days` is when its contract ends.

    `grade` is that of its liquidity, `grade_by` what decided it and `grade_unknown` why there is none; `held_as` says
    that it is spot, or the other exchange it is held on. `half_width` is half the 95 % interval of its beta,
    `beta_range` the spread of its betas over thirds of the window; `fallen` tells that its correlation has.
    """

    base: str
    notional: float
    tradable: bool | None
    why_not: str | None
    participation: float | None
    half_width: float | None
    r_squared: float | None
    overridden: bool
    shortfall: bool
    grade: str | None = None
    grade_by: str | None = None
    grade_unknown: str | None = None
    beta_range: float | None = None
    fallen: bool = False
    held_as: str | None = None
    ends_in_days: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodIn:
    """One member without a contract, what is held for it together, and the R² of the member on all of that."""

    base: str
    held: tuple[str, ...]
    r_squared: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything the eight steps look at. Unknown is None; `no_basket` says why there is no basket.

    `age_days` is how long ago the last bar closed; `worst_day` the benchmark's largest move of a day in the window;
    `funding_bps` what the hedged basket receives over `horizon_days` in bps of its notional, `basis_risk` the basis
    risk of the whole as a fraction a year, each with why it is unknown. `without_contract` says of members that have
    none, and that nothing stands in for, why, `unanswered` for which of them another exchange did not answer, and how; `hedges` are the parts of the hedge that are not legs as well;
    `liquidation_moves` liquidate the account on cross margin, `isolated_moves` its first side on isolated.
    """

    benchmark: str
    last_bar: str | None
    n_returns: int | None
    sector: str
    sector_r_squared: float | None
    members_asked: int
    members_kept: int
    excluded: tuple[str, ...]
    missing_allowed: bool
    legs: tuple[LegEvidence, ...]
    target: float | None
    attainable: tuple[float, float] | None
    basket_beta: float | None
    effective_assets: float | None
    max_weight: float | None
    no_basket: str | None
    equity: float | None
    account_leverage: float | None
    initial_margin: float | None
    liquidation_known: bool
    liquidation_moves: tuple[float, ...]
    worst_day: float | None
    basket_r_squared: float | None
    hedge_notional: float | None
    hedge_asked: float
    rounded_aggregate: float | None
    planned_aggregate: float | None
    drift: float | None
    next_due: str
    age_days: float | None = None
    largest: tuple[str, float] | None = None
    hedge_ratio: float | None = None
    horizon_days: float | None = None
    funding_bps: float | None = None
    funding_unknown: str | None = None
    basis_risk: float | None = None
    basis_unknown: str | None = None
    without_contract: Mapping[str, str] = field(default_factory=dict)
    stood_in: tuple[StoodIn, ...] = ()
    unanswered: Mapping[str, str] = field(default_factory=dict)
    hedges: tuple[LegEvidence, ...] = ()
    isolated_moves: tuple[float, ...] = ()
