"""The eight steps of a first basket trade, each judged on its numbers: pass, warn, fail, or manual.

A check is a function from `Evidence` to a `Verdict`; it never fetches. A step is as good as the worst of what it found,
and says for each what to do. Thresholds are one table, overridable by name.
"""

from collections.abc import Callable, Mapping

from betacli.core.check_liquidity import check_liquidity
from betacli.core.evidence import Evidence, LegEvidence, Status, Verdict
from betacli.core.judging import (
    ORDER,
    Found,
    Thresholds,
    graded,
    limits,
    no_basket,
    overall,
    percent,
    strictly,
    verdict_of,
)
from betacli.core.liquidity import LIMITS
from betacli.core.thresholds import BASIC

__all__ = [
    "CHECKS",
    "ORDER",
    "THRESHOLDS",
    "Evidence",
    "LegEvidence",
    "Status",
    "Verdict",
    "overall",
    "strictly",
]

THRESHOLDS: dict[str, float] = {**BASIC, **LIMITS}


def check_benchmark(e: Evidence, t: Thresholds) -> Verdict:
    """The sector moves with the benchmark, and the benchmark's data passed its gates."""
    facts = {
        "benchmark": e.benchmark, "sector_r_squared": e.sector_r_squared, "n_returns": e.n_returns,
        "last_bar": e.last_bar, "warn_below": t["sector_r_squared_warn"], "fail_below": t["sector_r_squared_fail"],
    }  # fmt: skip
    if e.members_kept == 0:
        said = "no member can be used, so nothing can be held against the benchmark"
        return verdict_of([Found("manual", said, "first make step 2 pass")], facts)
    if e.sector_r_squared is None or e.n_returns is None:
        said = (
            f"check the data of {e.benchmark} yourself: every beta was given by hand and no source was named"
        )
        return verdict_of([Found("manual", said, "name a source with `--exchange` or `--candles`")], facts)
    status = graded(
        e.sector_r_squared, t["sector_r_squared_warn"], t["sector_r_squared_fail"], higher_is_worse=False
    )
    said = f"{e.benchmark} explains {percent(e.sector_r_squared)} of {e.sector} over {e.n_returns:,} returns to {e.last_bar}"
    todo = "choose a benchmark that moves the sector with `--benchmark`, or do not hedge by beta"
    limit = limits(t, "R²", "sector_r_squared", "below")
    return verdict_of([Found(status, said, todo, limit)], facts)


def check_sector(e: Evidence, t: Thresholds) -> Verdict:
    """Enough members can be trusted, and the basket is not one name in disguise."""
    facts = {
        "members_asked": e.members_asked, "members_kept": e.members_kept, "excluded": list(e.excluded),
        "effective_assets": e.effective_assets, "largest": e.largest[0] if e.largest else None,
        "largest_weight": e.largest[1] if e.largest else None, "min_members": t["min_members"],
        "effective_assets_warn": t["effective_assets_warn"],
    }  # fmt: skip
    said = f"{e.members_kept} of {e.members_asked} members of {e.sector} can be used"
    status: Status = "pass"
    if e.excluded:
        said += f"; refused: {', '.join(e.excluded)}"
        status = "warn" if e.missing_allowed else "fail"
    todo = "leave refused names out with `--allow-missing`, or name others with `--only`"
    if e.members_kept < t["min_members"]:
        status, todo = "fail", "choose a sector or a source with more usable members"
    found = [Found(status, said, todo, f"members: at least {t['min_members']:g}")]
    if e.effective_assets is not None:
        few = e.effective_assets < t["effective_assets_warn"]
        spread = f"{e.effective_assets:.1f} effective"
        if e.largest:
            spread += f", the largest {e.largest[0]} at {percent(e.largest[1])}"
        limit = f"effective: warn below {t['effective_assets_warn']:g}"
        todo = "spread it with `--max-weight` or more members"
        found.append(Found("warn" if few else "pass", spread, todo, limit))
    return verdict_of(found, facts)


def check_betas(e: Evidence, t: Thresholds) -> Verdict:
    """Each beta is measured, recently and narrowly enough to plan with, holds still, and goes with the benchmark."""
    widths = {leg.base: leg.half_width for leg in e.legs if leg.half_width is not None}
    ranges = {leg.base: leg.beta_range for leg in e.legs if leg.beta_range is not None}
    by_hand = [leg.base for leg in e.legs if leg.overridden]
    facts = {
        "half_width": widths, "by_hand": by_hand, "warn_above": t["beta_half_width_warn"],
        "fail_above": t["beta_half_width_fail"], "age_days": e.age_days, "range": ranges,
        "range_warn_above": t["beta_range_warn"], "r_squared": {leg.base: leg.r_squared for leg in e.legs},
        "low_r_squared": t["low_r_squared"], "correlation_fallen": [leg.base for leg in e.legs if leg.fallen],
    }  # fmt: skip
    if len(by_hand) == len(e.legs) or not any(leg.r_squared is not None for leg in e.legs):
        said = "every beta was given by hand: nothing to judge" if by_hand else "no beta could be estimated"
        return verdict_of(
            [Found("manual" if by_hand else "fail", said, "measure betas from a source")], facts
        )
    found = []
    if widths:
        worst = max(widths, key=lambda base: widths[base])
        status = graded(widths[worst], t["beta_half_width_warn"], t["beta_half_width_fail"])
        todo = "lengthen `--window`, use finer bars, or a shrunk preset: see `beta --compare`"
        limit = limits(t, "half width", "beta_half_width")
        found.append(
            Found(status, f"the widest 95 % interval is ±{widths[worst]:.2f} ({worst})", todo, limit)
        )
    else:
        todo = "use a preset with an interval, such as `--estimator ols-90d`"
        found.append(Found("manual", "the preset prints no interval", todo))
    if e.age_days is not None:
        status = graded(e.age_days, t["beta_age_days_warn"], t["beta_age_days_fail"])
        said, limit = f"measured to {e.age_days:.1f} days ago", limits(t, "days", "beta_age_days")
        found.append(Found(status, said, "measure again on newer bars", limit))
    found += _steadiness(e, ranges, t)
    if by_hand:
        found.append(
            Found("warn", f"by hand: {', '.join(by_hand)}", "measure them, or note where they come from")
        )
    return verdict_of(found, facts)


def _steadiness(e: Evidence, ranges: Mapping[str, float], t: Thresholds) -> list[Found]:
    """Judge how much the betas moved within the window and how well the legs go with the benchmark."""
    found = []
    if ranges:
        worst = max(ranges, key=lambda base: ranges[base])
        status: Status = "warn" if ranges[worst] > t["beta_range_warn"] else "pass"
        todo = "look at its path with `beta --rolling`, and hold less of it"
        limit = f"range: warn above {t['beta_range_warn']:g}"
        found.append(Found(status, f"betas moved by at most {ranges[worst]:.2f} ({worst})", todo, limit))
    weak = [leg.base for leg in e.legs if leg.r_squared is not None and leg.r_squared < t["low_r_squared"]]
    if weak:
        said = f"R² below {t['low_r_squared']:g}: {', '.join(weak)}"
        found.append(Found("warn", said, "a hedge by beta removes little of their risk: hold less of them"))
    fallen = [leg.base for leg in e.legs if leg.fallen]
    if fallen:
        said = f"the correlation has fallen: {', '.join(fallen)}"
        found.append(Found("warn", said, "their hedge may not be one: see the watch in `betacli beta`"))
    return found


def check_strategy(e: Evidence, _: Thresholds) -> Verdict:
    """The target beta can be reached with the bounds given."""
    low, high = e.attainable or (None, None)
    facts = {
        "target": e.target, "beta": e.basket_beta, "attainable_low": low, "attainable_high": high,
        "max_weight": e.max_weight, "hedge_to": e.hedge_asked,
    }  # fmt: skip
    if e.no_basket is not None:
        todo = "choose a `--target` within reach, or widen the bounds"
        return Verdict(status="fail", summary=e.no_basket, facts=facts, next_step=todo)
    goal = "neutral" if e.hedge_asked == 0 else f"hedged to {e.hedge_asked:+.2f}"
    if e.target is None:
        said = f"no `--target`: base weights with beta {e.basket_beta:.2f}, {goal}"
        return verdict_of([Found("warn", said, "say which beta the trade is for with `--target`")], facts)
    return verdict_of([Found("pass", f"target {e.target:.2f} within {low:.2f} to {high:.2f}, {goal}")], facts)


def check_size(e: Evidence, t: Thresholds) -> Verdict:
    """The account carries the book: leverage, margin, contracts, and the benchmark move that would liquidate it."""
    facts: dict[str, object] = {
        "equity": e.equity, "account_leverage": e.account_leverage, "initial_margin": e.initial_margin,
        "liquidation_moves": list(e.liquidation_moves), "isolated_moves": list(e.isolated_moves), "worst_day": e.worst_day,
        "liquidation_days_least": t["liquidation_days"],
        "warn_above": t["account_leverage_warn"], "fail_above": t["account_leverage_fail"],
    }  # fmt: skip
    if e.no_basket is not None:
        return no_basket("size", facts)
    small = [leg.base for leg in e.legs if leg.shortfall]
    if small:
        said = f"too small for a contract: {', '.join(small)}"
        return verdict_of(
            [Found("fail", said, "raise `--notional`, or hold fewer names with `--only`")], facts
        )
    if e.equity is None or e.account_leverage is None:
        said = "the account is unknown: give `--equity` or `--leverage`"
        return verdict_of([Found("manual", said, "give `--equity` or `--leverage`")], facts)
    status = graded(e.account_leverage, t["account_leverage_warn"], t["account_leverage_fail"])
    said = f"account leverage {e.account_leverage:.2f}x on {e.equity:,.0f}"
    limit = limits(t, "leverage", "account_leverage")
    found = [Found(status, said, "lower `--leverage`, or add equity", limit)]
    if e.initial_margin is not None and e.initial_margin > e.equity:
        said = f"initial margin {e.initial_margin:,.0f} is more than the equity"
        found.append(Found("fail", said, "lower `--leverage`, or add equity"))
    if not e.liquidation_known or e.worst_day is None:
        todo = "set `maintenance_margin` in the sector file, and look at the exchange's own calculator"
        found.append(Found("manual", "liquidation unknown", todo))
        return verdict_of(found, facts)
    nearest = min((abs(move) for move in e.liquidation_moves), default=None)
    limit = f"liquidation: at least {t['liquidation_days']:g} worst days away"
    if nearest is None:
        said = f"no move within ±60 % liquidates on cross margin{_apart(e)}"
        found.append(Found("pass", said, None, limit))
        return verdict_of(found, facts)
    near = nearest < t["liquidation_days"] * e.worst_day
    said = f"liquidated at {e.benchmark} ±{percent(nearest, 1)}, the worst day was {percent(e.worst_day, 1)}{_apart(e)}"
    todo = "lower `--leverage`: the worst day would liquidate it"
    found.append(Found("fail" if near else "pass", said, todo, limit))
    return verdict_of(found, facts)


def _apart(e: Evidence) -> str:
    """Say what isolated margin would make of it: basket and hedge each on their own share of the equity."""
    if not e.isolated_moves:
        return ""
    return f" (isolated: {' or '.join(f'{move * 100:+.1f} %' for move in e.isolated_moves)})"


def check_hedge(e: Evidence, t: Thresholds) -> Verdict:
    """The benchmark explains the basket, rounding leaves no exposure worth naming, and holding it does not cost it."""
    residue = None if e.rounded_aggregate is None else abs(e.rounded_aggregate - e.hedge_asked)
    facts: dict[str, object] = {
        "hedge_notional": e.hedge_notional, "hedge_ratio": e.hedge_ratio, "basket_r_squared": e.basket_r_squared,
        "aggregate_beta": e.planned_aggregate, "rounded_aggregate_beta": e.rounded_aggregate, "residue": residue,
        "warn_above": t["hedge_residue_warn"], "fail_above": t["hedge_residue_fail"],
        "r_squared_fail_below": t["hedge_r_squared_fail"], "horizon_days": e.horizon_days,
        "funding_bps": e.funding_bps, "funding_unknown": e.funding_unknown,
        "funding_warn_below": -t["funding_bps_warn"], "funding_fail_below": -t["funding_bps_fail"],
        "basis_risk": e.basis_risk, "basis_risk_unknown": e.basis_unknown, "basis_risk_warn_above": t["basis_risk_warn"],
    }  # fmt: skip
    if e.no_basket is not None:
        return no_basket("hedge", facts)
    if e.basket_r_squared is not None and e.basket_r_squared < t["hedge_r_squared_fail"]:
        said = f"{e.benchmark} explains {percent(e.basket_r_squared)} of the basket: this is not a hedge"
        return verdict_of([Found("fail", said, "choose another `--benchmark`, or other members")], facts)
    if residue is None or e.basket_r_squared is None:
        missing = "the fit" if e.basket_r_squared is None else "the rounded hedge"
        said = f"{missing} is unknown: contracts or data are missing"
        found = [
            Found(
                "manual",
                said,
                "name an `--exchange` that states prices and order steps; the notices tell what is missing",
            )
        ]
    else:
        status = graded(residue, t["hedge_residue_warn"], t["hedge_residue_fail"])
        said = f"beta {round(e.rounded_aggregate or 0.0, 4) + 0.0:+.4f} is left after rounding; R² {e.basket_r_squared:.2f}"
        limit = limits(t, "residue", "hedge_residue") + f"; R²: fail below {t['hedge_r_squared_fail']:g}"
        found = [Found(status, said, "raise `--notional`: the contracts are too coarse for it", limit)]
    if e.hedge_ratio is not None:
        found.append(Found("pass", f"the hedge is {abs(e.hedge_ratio):.2f}x the basket"))
    return verdict_of([*found, *_holding(e, t)], facts)


def _holding(e: Evidence, t: Thresholds) -> list[Found]:
    """Judge funding over the horizon, and the basis."""
    found = []
    if e.funding_bps is not None and e.horizon_days is not None:
        status = graded(-e.funding_bps, t["funding_bps_warn"], t["funding_bps_fail"])
        said = f"funding {e.funding_bps:+.1f} bps in {e.horizon_days:g} days"
        limit = limits(t, "bps paid", "funding_bps")
        todo = "see `betacli funding`: hold it for less time, or on another venue"
        found.append(Found(status, said, todo, limit))
    elif e.funding_unknown:
        said = f"funding unknown: {e.funding_unknown}"
        found.append(Found("manual", said, "look up the funding rates before trading"))
    if e.basis_risk is not None:
        status = "warn" if e.basis_risk > t["basis_risk_warn"] else "pass"
        said = f"basis risk {percent(e.basis_risk, 1)} a year"
        limit = f"basis risk: warn above {t['basis_risk_warn']:g}"
        found.append(Found(status, said, "see `betacli basis`", limit))
    elif e.basis_unknown:
        said = f"basis risk unknown: {e.basis_unknown}"
        found.append(Found("manual", said, "look at contract and index yourself: see `betacli basis`"))
    return found


def check_monitoring(e: Evidence, t: Thresholds) -> Verdict:
    """The basket's beta stays put for long enough to be worth a schedule."""
    facts: dict[str, object] = {
        "drift": e.drift, "band": t["drift_band"], "rebalance_days": t["rebalance_days"], "next_due": e.next_due,
    }  # fmt: skip
    if e.no_basket is not None:
        return no_basket("monitor", facts)
    due = Found("pass", f"every {t['rebalance_days']:g} days, next due {e.next_due}")
    if e.drift is None:
        said = "how the beta drifts is unknown without data"
        return verdict_of([due, Found("manual", said, "name a source")], facts)
    status = graded(abs(e.drift), t["drift_band"], 2 * t["drift_band"])
    said = f"the basket's beta moved {percent(e.drift, sign='+')} between the halves of the window"
    limit = f"drift: warn above {t['drift_band']:g}, fail above {2 * t['drift_band']:g}"
    todo = "measure more often (`rebalance_days`), or widen `drift_band` knowingly"
    return verdict_of([due, Found(status, said, todo, limit)], facts)


Check = Callable[[Evidence, Thresholds], Verdict]
CHECKS: dict[str, tuple[str, Check]] = {
    "benchmark": ("Benchmark", check_benchmark),
    "sector": ("Sector", check_sector),
    "liquidity": ("Liquidity and proxies", check_liquidity),
    "betas": ("Betas", check_betas),
    "strategy": ("Strategy", check_strategy),
    "size": ("Size and leverage", check_size),
    "hedge": ("Hedge", check_hedge),
    "monitoring": ("Monitoring", check_monitoring),
}
