"""The eight steps of a first basket trade, each judged on its numbers: pass, warn, fail, or manual.

A check is a function from `Evidence` to a `Verdict`; it never fetches. Thresholds are one table, overridable by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["pass", "warn", "fail", "manual"]

THRESHOLDS: dict[str, float] = {
    "low_r_squared": 0.30,  # R² of one asset: below, hedging it by beta removes little risk
    "sector_r_squared_warn": 0.30,  # R² of the equal-weight sector to the benchmark
    "sector_r_squared_fail": 0.10,
    "min_members": 2,  # assets whose data can be trusted
    "effective_assets_warn": 2.5,  # 1 / Σw²
    "participation_warn": 0.01,  # a leg's notional over the asset's average daily volume
    "participation_fail": 0.05,
    "beta_half_width_warn": 0.50,  # half the 95 % interval of a leg's beta
    "beta_half_width_fail": 1.00,
    "account_leverage_warn": 10,  # gross with hedge over equity
    "account_leverage_fail": 20,
    "liquidation_days": 1.0,  # the liquidating move over the worst day of the window, at least
    "hedge_r_squared_fail": 0.30,  # R² of the basket to the benchmark: below, this is not a hedge
    "hedge_residue_warn": 0.02,  # |aggregate beta − what was asked| after rounding
    "hedge_residue_fail": 0.10,
    "drift_band": 0.20,  # |basket beta in the later half − in the earlier half| over the basket beta
    "rebalance_days": 7,  # how often the basket is measured again
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A step's status, its sentence, and the numbers it rests on."""

    status: Status
    summary: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEvidence:
    """What is known of one leg; None is unknown."""

    base: str
    notional: float
    tradable: bool | None
    why_not: str | None
    daily_volume: float | None
    half_width: float | None
    r_squared: float | None
    overridden: bool
    shortfall: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything the eight steps look at. Unknown is None; `no_basket` says why there is no basket."""

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
    worst_move: float | None
    basket_r_squared: float | None
    hedge_notional: float | None
    hedge_asked: float
    rounded_aggregate: float | None
    planned_aggregate: float | None
    drift: float | None
    next_due: str


Thresholds = Mapping[str, float]


def _graded(value: float, warn: float, fail: float, *, higher_is_worse: bool = True) -> Status:
    """Return fail, warn or pass for a value against two thresholds."""
    sign = 1 if higher_is_worse else -1
    if sign * value > sign * fail:
        return "fail"
    return "warn" if sign * value > sign * warn else "pass"


def _no_data(what: str) -> Verdict:
    return Verdict(status="manual", summary=f"{what}: every beta was given by hand and no source was named")


def check_benchmark(e: Evidence, t: Thresholds) -> Verdict:
    """The sector moves with the benchmark, and the benchmark's data passed its gates."""
    if e.members_kept == 0:
        return Verdict(
            status="manual", summary="no member can be used, so nothing can be held against the benchmark"
        )
    if e.sector_r_squared is None or e.n_returns is None:
        return _no_data(f"check the data of {e.benchmark} yourself")
    status = _graded(
        e.sector_r_squared, t["sector_r_squared_warn"], t["sector_r_squared_fail"], higher_is_worse=False
    )
    return Verdict(
        status=status,
        summary=f"{e.benchmark} explains {e.sector_r_squared:.0%} of {e.sector} over {e.n_returns} returns to {e.last_bar}",
        facts={
            "benchmark": e.benchmark,
            "sector_r_squared": e.sector_r_squared,
            "n_returns": e.n_returns,
            "last_bar": e.last_bar,
            "warn_below": t["sector_r_squared_warn"],
            "fail_below": t["sector_r_squared_fail"],
        },
    )


def check_sector(e: Evidence, t: Thresholds) -> Verdict:
    """Enough members can be trusted, and the basket is not one name in disguise."""
    facts = {
        "members_asked": e.members_asked,
        "members_kept": e.members_kept,
        "excluded": list(e.excluded),
        "effective_assets": e.effective_assets,
        "min_members": t["min_members"],
        "effective_assets_warn": t["effective_assets_warn"],
    }
    summary = f"{e.members_kept} of {e.members_asked} members of {e.sector} can be used"
    if e.excluded:
        summary += f"; refused: {', '.join(e.excluded)}"
    if e.members_kept < t["min_members"] or (e.excluded and not e.missing_allowed):
        return Verdict(status="fail", summary=summary, facts=facts)
    if e.effective_assets is not None:
        summary += f"; {e.effective_assets:.1f} effective"
        if e.effective_assets < t["effective_assets_warn"]:
            return Verdict(status="warn", summary=summary, facts=facts)
    return Verdict(status="warn" if e.excluded else "pass", summary=summary, facts=facts)


def check_liquidity(e: Evidence, t: Thresholds) -> Verdict:
    """Each leg has a contract that trades, and is small beside what trades in a day."""
    held = [leg for leg in e.legs if leg.notional or e.no_basket]
    shares = {leg.base: abs(leg.notional) / leg.daily_volume for leg in held if leg.daily_volume}
    if not held:
        return Verdict(status="fail", summary="no leg is held")
    facts: dict[str, object] = {
        "participation": shares,
        "warn_above": t["participation_warn"],
        "fail_above": t["participation_fail"],
    }
    dead = [f"{leg.base} ({leg.why_not})" for leg in held if leg.tradable is False]
    if dead:
        return Verdict(status="fail", summary=f"no contract that trades: {', '.join(dead)}", facts=facts)
    unknown = [leg.base for leg in held if leg.tradable is None or leg.base not in shares]
    worst = max(shares, key=lambda base: shares[base], default=None)
    status: Status = "manual" if unknown else "pass"
    summary = (
        f"contract or volume unknown: {', '.join(unknown)}" if unknown else "every leg has an active contract"
    )
    if worst is not None:
        graded = _graded(shares[worst], t["participation_warn"], t["participation_fail"])
        if graded == "fail" or not unknown:
            status = graded
        summary += f"; the largest share of a day's volume is {shares[worst]:.2%} ({worst})"
    return Verdict(status=status, summary=summary, facts=facts)


def check_betas(e: Evidence, t: Thresholds) -> Verdict:
    """Each beta is measured, recently and narrowly enough to plan with."""
    widths = {leg.base: leg.half_width for leg in e.legs if leg.half_width is not None}
    by_hand = [leg.base for leg in e.legs if leg.overridden]
    facts = {
        "half_width": widths,
        "by_hand": by_hand,
        "warn_above": t["beta_half_width_warn"],
        "fail_above": t["beta_half_width_fail"],
    }
    if not widths:
        summary = (
            "every beta was given by hand: nothing to judge" if by_hand else "no beta could be estimated"
        )
        return Verdict(status="manual" if by_hand else "fail", summary=summary, facts=facts)
    worst = max(widths, key=lambda base: widths[base])
    status = _graded(widths[worst], t["beta_half_width_warn"], t["beta_half_width_fail"])
    summary = f"the widest 95 % interval is ±{widths[worst]:.2f} ({worst})"
    if by_hand:
        summary += f"; by hand: {', '.join(by_hand)}"
        status = "warn" if status == "pass" else status
    return Verdict(status=status, summary=summary, facts=facts)


def check_strategy(e: Evidence, _: Thresholds) -> Verdict:
    """The target beta can be reached with the bounds given."""
    low, high = e.attainable or (None, None)
    facts = {
        "target": e.target, "beta": e.basket_beta, "attainable_low": low, "attainable_high": high,
        "max_weight": e.max_weight, "hedge_to": e.hedge_asked,
    }  # fmt: skip
    if e.no_basket is not None:
        return Verdict(status="fail", summary=e.no_basket, facts=facts)
    goal = "neutral" if e.hedge_asked == 0 else f"hedged to {e.hedge_asked:+.2f}"
    if e.target is None:
        summary = f"no `--target`: base weights with beta {e.basket_beta:.2f}, {goal}"
        return Verdict(status="warn", summary=summary, facts=facts)
    summary = f"target {e.target:.2f} within {low:.2f} to {high:.2f}, {goal}"
    return Verdict(status="pass", summary=summary, facts=facts)


def check_size(e: Evidence, t: Thresholds) -> Verdict:
    """The account carries the book: leverage, margin, contracts, and the move that would liquidate it."""
    facts: dict[str, object] = {
        "equity": e.equity, "account_leverage": e.account_leverage, "initial_margin": e.initial_margin,
        "liquidation_moves": list(e.liquidation_moves), "worst_move": e.worst_move,
        "warn_above": t["account_leverage_warn"], "fail_above": t["account_leverage_fail"],
    }  # fmt: skip
    if e.no_basket is not None:
        return Verdict(status="fail", summary="there is no basket to size (step 5)", facts=facts)
    small = [leg.base for leg in e.legs if leg.shortfall]
    if small:
        return Verdict(status="fail", summary=f"too small for a contract: {', '.join(small)}", facts=facts)
    if e.equity is None or e.account_leverage is None:
        summary = "the account is unknown: give `--equity` or `--leverage`"
        return Verdict(status="manual", summary=summary, facts=facts)
    summary = f"account leverage {e.account_leverage:.2f}x on {e.equity:,.0f}"
    status = _graded(e.account_leverage, t["account_leverage_warn"], t["account_leverage_fail"])
    if e.initial_margin is not None and e.initial_margin > e.equity:
        summary += f"; initial margin {e.initial_margin:,.0f} is more than the equity"
        status = "fail"
    if not e.liquidation_known or e.worst_move is None:
        return Verdict(
            status="manual" if status == "pass" else status,
            summary=summary + "; liquidation unknown",
            facts=facts,
        )
    nearest = min((abs(move) for move in e.liquidation_moves), default=None)
    if nearest is None:
        return Verdict(status=status, summary=summary + "; no move within ±60 % liquidates", facts=facts)
    summary += f"; liquidated at {e.benchmark} ±{nearest:.1%}, the worst bar was {e.worst_move:.1%}"
    if nearest < t["liquidation_days"] * e.worst_move:
        status = "fail"
    return Verdict(status=status, summary=summary, facts=facts)


def check_hedge(e: Evidence, t: Thresholds) -> Verdict:
    """The benchmark explains the basket, and rounding leaves no exposure worth naming."""
    residue = None if e.rounded_aggregate is None else abs(e.rounded_aggregate - e.hedge_asked)
    facts: dict[str, object] = {
        "hedge_notional": e.hedge_notional, "basket_r_squared": e.basket_r_squared,
        "aggregate_beta": e.planned_aggregate, "rounded_aggregate_beta": e.rounded_aggregate, "residue": residue,
        "warn_above": t["hedge_residue_warn"], "fail_above": t["hedge_residue_fail"],
        "r_squared_fail_below": t["hedge_r_squared_fail"],
    }  # fmt: skip
    if e.no_basket is not None:
        return Verdict(status="fail", summary="there is no basket to hedge (step 5)", facts=facts)
    if e.basket_r_squared is not None and e.basket_r_squared < t["hedge_r_squared_fail"]:
        summary = f"{e.benchmark} explains {e.basket_r_squared:.0%} of the basket: this is not a hedge"
        return Verdict(status="fail", summary=summary, facts=facts)
    if residue is None or e.basket_r_squared is None:
        missing = "the fit" if e.basket_r_squared is None else "the rounded hedge"
        return Verdict(
            status="manual", summary=f"{missing} is unknown: contracts or data are missing", facts=facts
        )
    summary = f"beta {round(e.rounded_aggregate or 0.0, 4) + 0.0:+.4f} is left after rounding; R² {e.basket_r_squared:.2f}"
    status = _graded(residue, t["hedge_residue_warn"], t["hedge_residue_fail"])
    return Verdict(status=status, summary=summary, facts=facts)


def check_monitoring(e: Evidence, t: Thresholds) -> Verdict:
    """The basket's beta stays put for long enough to be worth a schedule."""
    facts: dict[str, object] = {
        "drift": e.drift, "band": t["drift_band"], "rebalance_days": t["rebalance_days"], "next_due": e.next_due,
    }  # fmt: skip
    if e.no_basket is not None:
        return Verdict(status="fail", summary="there is no basket to monitor (step 5)", facts=facts)
    due = f"next due {e.next_due}"
    if e.drift is None:
        return Verdict(
            status="manual", summary=f"{due}; how the beta drifts is unknown without data", facts=facts
        )
    status: Status = _graded(abs(e.drift), t["drift_band"], 2 * t["drift_band"])
    summary = f"{due}; the basket's beta moved {e.drift:+.0%} between the halves of the window"
    return Verdict(status=status, summary=summary, facts=facts)


Check = Callable[[Evidence, Thresholds], Verdict]
CHECKS: dict[str, tuple[str, Check]] = {
    "benchmark": ("Benchmark", check_benchmark),
    "sector": ("Sector", check_sector),
    "liquidity": ("Liquidity and contracts", check_liquidity),
    "betas": ("Betas", check_betas),
    "strategy": ("Strategy", check_strategy),
    "size": ("Size and leverage", check_size),
    "hedge": ("Hedge", check_hedge),
    "monitoring": ("Monitoring", check_monitoring),
}


def overall(statuses: list[Status]) -> Status:
    """Return the verdict of all steps: fail before warn before manual before pass."""
    order: tuple[Status, ...] = ("fail", "warn", "manual", "pass")
    return next((status for status in order if status in statuses), "pass")
