"""The eight steps of a first basket trade, each judged on its numbers: pass, warn, fail, or manual.

A check is a function from `Evidence` to a `Verdict`; it never fetches. A step is as good as the worst of what it found,
and says for each what to do. Thresholds are one table, overridable by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from betacli.core.evidence import Evidence, LegEvidence, Status, Verdict
from betacli.core.liquidity import LIMITS
from betacli.core.thresholds import BASIC

__all__ = ["CHECKS", "THRESHOLDS", "Evidence", "LegEvidence", "Status", "Verdict", "overall", "strictly"]

THRESHOLDS: dict[str, float] = {**BASIC, **LIMITS}
Thresholds = Mapping[str, float]
ORDER: tuple[Status, ...] = ("fail", "warn", "manual", "pass")


@dataclass(frozen=True, slots=True)
class _Found:
    """One thing a step found, what to do about it, and the limit it was held against."""

    status: Status
    said: str
    todo: str | None = None
    limit: str | None = None


def overall(statuses: Sequence[Status]) -> Status:
    """Return the verdict of several: fail before warn before manual before pass."""
    return next((status for status in ORDER if status in statuses), "pass")


def strictly(verdict: Verdict) -> Verdict:
    """Return a verdict in which a warning has failed."""
    if verdict.status != "warn":
        return verdict
    return replace(verdict, status="fail")


def _verdict(found: Sequence[_Found], facts: Mapping[str, object]) -> Verdict:
    """Put findings together: the worst status, every sentence, and what to do about those that do not pass."""
    todo = dict.fromkeys(x.todo for x in found if x.todo and x.status != "pass")
    return Verdict(
        status=overall([x.status for x in found]),
        summary="; ".join(x.said for x in found),
        facts=facts,
        next_step="; ".join(str(text) for text in todo) or None,
        threshold="; ".join(dict.fromkeys(x.limit for x in found if x.limit)) or None,
    )


def _percent(share: float, digits: int = 0, *, sign: str = "") -> str:
    """Write a fraction in percent; what rounds to zero has no sign."""
    number = round(share * 100, digits)
    return f"{number:{sign if number else ''},.{digits}f} %" if number else f"{0:.{digits}f} %"


def _graded(value: float, warn: float, fail: float, *, higher_is_worse: bool = True) -> Status:
    """Return fail, warn or pass for a value against two thresholds."""
    sign = 1 if higher_is_worse else -1
    if sign * value > sign * fail:
        return "fail"
    return "warn" if sign * value > sign * warn else "pass"


def _limits(t: Thresholds, what: str, name: str, way: str = "above") -> str:
    """Write the two thresholds of one name: `share: warn above 0.01, fail above 0.05`."""
    return f"{what}: warn {way} {t[f'{name}_warn']:g}, fail {way} {t[f'{name}_fail']:g}"


def _no_basket(what: str, facts: Mapping[str, object]) -> Verdict:
    said = f"there is no basket to {what} (step 5)"
    return Verdict(status="fail", summary=said, facts=facts, next_step="first make step 5 pass")


def check_benchmark(e: Evidence, t: Thresholds) -> Verdict:
    """The sector moves with the benchmark, and the benchmark's data passed its gates."""
    facts = {
        "benchmark": e.benchmark, "sector_r_squared": e.sector_r_squared, "n_returns": e.n_returns,
        "last_bar": e.last_bar, "warn_below": t["sector_r_squared_warn"], "fail_below": t["sector_r_squared_fail"],
    }  # fmt: skip
    if e.members_kept == 0:
        said = "no member can be used, so nothing can be held against the benchmark"
        return _verdict([_Found("manual", said, "first make step 2 pass")], facts)
    if e.sector_r_squared is None or e.n_returns is None:
        said = (
            f"check the data of {e.benchmark} yourself: every beta was given by hand and no source was named"
        )
        return _verdict([_Found("manual", said, "name a source with `--exchange` or `--candles`")], facts)
    status = _graded(
        e.sector_r_squared, t["sector_r_squared_warn"], t["sector_r_squared_fail"], higher_is_worse=False
    )
    said = f"{e.benchmark} explains {_percent(e.sector_r_squared)} of {e.sector} over {e.n_returns:,} returns to {e.last_bar}"
    todo = "choose a benchmark that moves the sector with `--benchmark`, or do not hedge by beta"
    limit = _limits(t, "R²", "sector_r_squared", "below")
    return _verdict([_Found(status, said, todo, limit)], facts)


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
    found = [_Found(status, said, todo, f"members: at least {t['min_members']:g}")]
    if e.effective_assets is not None:
        few = e.effective_assets < t["effective_assets_warn"]
        spread = f"{e.effective_assets:.1f} effective"
        if e.largest:
            spread += f", the largest {e.largest[0]} at {_percent(e.largest[1])}"
        limit = f"effective: warn below {t['effective_assets_warn']:g}"
        todo = "spread it with `--max-weight` or more members"
        found.append(_Found("warn" if few else "pass", spread, todo, limit))
    return _verdict(found, facts)


def check_liquidity(e: Evidence, t: Thresholds) -> Verdict:
    """Each leg and the hedge has a contract that trades, is small beside what trades in a day, and is no proxy."""
    held = [leg for leg in e.legs if leg.notional or e.no_basket]
    traded = [*held, *(part for part in e.hedges if part.notional)]
    shares = {_called(e, leg): leg.participation for leg in traded if leg.participation is not None}
    facts: dict[str, object] = {
        "participation": shares, "warn_above": t["participation_warn"], "fail_above": t["participation_fail"],
        "grades": {_called(e, leg): leg.grade for leg in traded},
        "proxies": {leg.base: leg.proxy for leg in held if leg.proxy}, "proxy_r_squared_least": t["proxy_r_squared"],
        "without_contract": dict(e.without_contract),
        "held_as": {leg.base: leg.held_as for leg in held if leg.held_as},
        "ends_in_days": {_called(e, leg): leg.ends_in_days for leg in traded if leg.ends_in_days is not None},
    }  # fmt: skip
    if not held:
        return _verdict([_Found("fail", "no leg is held", "raise `--notional`")], facts)
    dead = [f"{_called(e, leg)} ({leg.why_not})" for leg in traded if leg.tradable is False]
    if dead:
        todo = "leave them out with `--only`, or give them a `proxy`: see `betacli proxies`"
        return _verdict([_Found("fail", f"no contract that trades: {', '.join(dead)}", todo)], facts)
    unknown = [
        _called(e, leg)
        for leg in traded
        if leg.tradable is None or (leg.notional and leg.participation is None and leg.grade != "D")
    ]
    told = "every leg has an active contract"
    spot = [leg.base for leg in held if leg.held_as == "as spot"]
    if spot:
        told = f"every leg has an active contract, or is spot: {', '.join(spot)}"
    found = [_Found("pass", told)]
    if unknown:
        said = f"contract or volume unknown: {', '.join(unknown)}"
        found = [_Found("manual", said, "look at the contracts and volumes yourself, or name an exchange")]
    found += _ending(e, traded, t)
    if shares:
        worst = max(shares, key=lambda name: shares[name])
        status = _graded(shares[worst], t["participation_warn"], t["participation_fail"])
        said = f"the largest share of a day's volume is {_percent(shares[worst], 2)} ({worst})"
        limit = _limits(t, "share", "participation")
        found.append(_Found(status, said, "hold less: `--liquidity-cap`, or a smaller `--notional`", limit))
    found += _grades(e, traded)
    found += [*_uncovered(e), *_proxies(held, t)]
    return _verdict(found, facts)


def _called(e: Evidence, leg: LegEvidence) -> str:
    """Name a leg, or a part of the hedge as that."""
    return f"{leg.base} (hedge)" if leg in e.hedges else leg.base


def _ending(e: Evidence, traded: Sequence[LegEvidence], t: Thresholds) -> list[_Found]:
    """Judge contracts that are being delisted: one that ends before the next rebalance fails."""
    ends = {_called(e, leg): leg.ends_in_days for leg in traded if leg.ends_in_days is not None}
    if not ends:
        return []
    days = t["rebalance_days"]
    status: Status = "fail" if min(ends.values()) < days else "warn"
    said = "contracts that end: " + ", ".join(f"{name} in {left:.1f} days" for name, left in ends.items())
    return [
        _Found(status, said, "leave it out, or close it before it ends", f"end: fail within {days:g} days")
    ]


def _uncovered(e: Evidence) -> list[_Found]:
    """Judge members without a contract that nothing stands in for: left out knowingly they warn, else they fail."""
    if not e.without_contract:
        return []
    said = f"nothing stands in for {', '.join(sorted(e.without_contract))}, without a contract"
    todo = "see `betacli proxies`: give a `proxy:`, hold it with `--spot`, or leave it out"
    return [_Found("warn" if e.missing_allowed else "fail", said, todo)]


def _grades(e: Evidence, held: Sequence[LegEvidence]) -> list[_Found]:
    """Judge the liquidity grades: D fails, C warns, none is left to judge."""
    found: list[_Found] = []
    todo = "see `betacli liquidity`; hold less, or leave the name out"
    limit = "grade: C warns, D fails"
    marks: tuple[tuple[str, Status], ...] = (("D", "fail"), ("C", "warn"))
    for grade, status in marks:
        named = [
            f"{_called(e, x)} by {(x.grade_by or '').removesuffix('_bps').replace('_', ' ')}"
            for x in held
            if x.grade == grade
        ]
        if named:
            found.append(_Found(status, f"grade {grade}: {', '.join(named)}", todo, limit))
    without = [leg for leg in held if leg.grade is None and leg.grade_unknown]
    if without:
        why = "; ".join(dict.fromkeys(leg.grade_unknown or "" for leg in without))
        said = f"no liquidity grade for {', '.join(_called(e, leg) for leg in without)}: {why}"
        found.append(_Found("manual", said, "look at the order books yourself before trading"))
    elif held and not found and all(leg.grade for leg in held):
        worst = max(str(leg.grade) for leg in held)
        found.append(_Found("pass", f"liquidity grade {worst} or better", None, limit))
    return found


def _proxies(held: Sequence[LegEvidence], t: Thresholds) -> list[_Found]:
    found = []
    for leg in held:
        if leg.proxy is None:
            continue
        fit = "unknown" if leg.proxy_r_squared is None else f"{leg.proxy_r_squared:.2f}"
        bad = leg.proxy_r_squared is None or leg.proxy_r_squared < t["proxy_r_squared"]
        said = f"{leg.base} stands in for {leg.proxy}, R² {fit}"
        if leg.proxy == leg.base:
            said = f"{leg.base} is held {leg.held_as or 'elsewhere'}, R² {fit}"
        limit = f"proxy R²: fail below {t['proxy_r_squared']:g}"
        todo = "accept the tracking error or leave the name out"
        found.append(_Found("fail" if bad else "warn", said, todo, limit))
    return found


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
        return _verdict([_Found("manual" if by_hand else "fail", said, "measure betas from a source")], facts)
    found = []
    if widths:
        worst = max(widths, key=lambda base: widths[base])
        status = _graded(widths[worst], t["beta_half_width_warn"], t["beta_half_width_fail"])
        todo = "lengthen `--window`, use finer bars, or a shrunk preset: see `beta --compare`"
        limit = _limits(t, "half width", "beta_half_width")
        found.append(
            _Found(status, f"the widest 95 % interval is ±{widths[worst]:.2f} ({worst})", todo, limit)
        )
    else:
        todo = "use a preset with an interval, such as `--estimator ols-90d`"
        found.append(_Found("manual", "the preset prints no interval", todo))
    if e.age_days is not None:
        status = _graded(e.age_days, t["beta_age_days_warn"], t["beta_age_days_fail"])
        said, limit = f"measured to {e.age_days:.1f} days ago", _limits(t, "days", "beta_age_days")
        found.append(_Found(status, said, "measure again on newer bars", limit))
    found += _steadiness(e, ranges, t)
    if by_hand:
        found.append(
            _Found("warn", f"by hand: {', '.join(by_hand)}", "measure them, or note where they come from")
        )
    return _verdict(found, facts)


def _steadiness(e: Evidence, ranges: Mapping[str, float], t: Thresholds) -> list[_Found]:
    """Judge how much the betas moved within the window and how well the legs go with the benchmark."""
    found = []
    if ranges:
        worst = max(ranges, key=lambda base: ranges[base])
        status: Status = "warn" if ranges[worst] > t["beta_range_warn"] else "pass"
        todo = "look at its path with `beta --rolling`, and hold less of it"
        limit = f"range: warn above {t['beta_range_warn']:g}"
        found.append(_Found(status, f"betas moved by at most {ranges[worst]:.2f} ({worst})", todo, limit))
    weak = [leg.base for leg in e.legs if leg.r_squared is not None and leg.r_squared < t["low_r_squared"]]
    if weak:
        said = f"R² below {t['low_r_squared']:g}: {', '.join(weak)}"
        found.append(_Found("warn", said, "a hedge by beta removes little of their risk: hold less of them"))
    fallen = [leg.base for leg in e.legs if leg.fallen]
    if fallen:
        said = f"the correlation has fallen: {', '.join(fallen)}"
        found.append(_Found("warn", said, "their hedge may not be one: see the watch in `betacli beta`"))
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
        return _verdict([_Found("warn", said, "say which beta the trade is for with `--target`")], facts)
    return _verdict([_Found("pass", f"target {e.target:.2f} within {low:.2f} to {high:.2f}, {goal}")], facts)


def check_size(e: Evidence, t: Thresholds) -> Verdict:
    """The account carries the book: leverage, margin, contracts, and the benchmark move that would liquidate it."""
    facts: dict[str, object] = {
        "equity": e.equity, "account_leverage": e.account_leverage, "initial_margin": e.initial_margin,
        "liquidation_moves": list(e.liquidation_moves), "isolated_moves": list(e.isolated_moves), "worst_day": e.worst_day,
        "liquidation_days_least": t["liquidation_days"],
        "warn_above": t["account_leverage_warn"], "fail_above": t["account_leverage_fail"],
    }  # fmt: skip
    if e.no_basket is not None:
        return _no_basket("size", facts)
    small = [leg.base for leg in e.legs if leg.shortfall]
    if small:
        said = f"too small for a contract: {', '.join(small)}"
        return _verdict(
            [_Found("fail", said, "raise `--notional`, or hold fewer names with `--only`")], facts
        )
    if e.equity is None or e.account_leverage is None:
        said = "the account is unknown: give `--equity` or `--leverage`"
        return _verdict([_Found("manual", said, "give `--equity` or `--leverage`")], facts)
    status = _graded(e.account_leverage, t["account_leverage_warn"], t["account_leverage_fail"])
    said = f"account leverage {e.account_leverage:.2f}x on {e.equity:,.0f}"
    limit = _limits(t, "leverage", "account_leverage")
    found = [_Found(status, said, "lower `--leverage`, or add equity", limit)]
    if e.initial_margin is not None and e.initial_margin > e.equity:
        said = f"initial margin {e.initial_margin:,.0f} is more than the equity"
        found.append(_Found("fail", said, "lower `--leverage`, or add equity"))
    if not e.liquidation_known or e.worst_day is None:
        todo = "set `maintenance_margin` in the sector file, and look at the exchange's own calculator"
        found.append(_Found("manual", "liquidation unknown", todo))
        return _verdict(found, facts)
    nearest = min((abs(move) for move in e.liquidation_moves), default=None)
    limit = f"liquidation: at least {t['liquidation_days']:g} worst days away"
    if nearest is None:
        said = f"no move within ±60 % liquidates on cross margin{_apart(e)}"
        found.append(_Found("pass", said, None, limit))
        return _verdict(found, facts)
    near = nearest < t["liquidation_days"] * e.worst_day
    said = f"liquidated at {e.benchmark} ±{_percent(nearest, 1)}, the worst day was {_percent(e.worst_day, 1)}{_apart(e)}"
    todo = "lower `--leverage`: the worst day would liquidate it"
    found.append(_Found("fail" if near else "pass", said, todo, limit))
    return _verdict(found, facts)


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
        return _no_basket("hedge", facts)
    if e.basket_r_squared is not None and e.basket_r_squared < t["hedge_r_squared_fail"]:
        said = f"{e.benchmark} explains {_percent(e.basket_r_squared)} of the basket: this is not a hedge"
        return _verdict([_Found("fail", said, "choose another `--benchmark`, or other members")], facts)
    if residue is None or e.basket_r_squared is None:
        missing = "the fit" if e.basket_r_squared is None else "the rounded hedge"
        said = f"{missing} is unknown: contracts or data are missing"
        found = [_Found("manual", said, "name an exchange, so that contracts are known")]
    else:
        status = _graded(residue, t["hedge_residue_warn"], t["hedge_residue_fail"])
        said = f"beta {round(e.rounded_aggregate or 0.0, 4) + 0.0:+.4f} is left after rounding; R² {e.basket_r_squared:.2f}"
        limit = _limits(t, "residue", "hedge_residue") + f"; R²: fail below {t['hedge_r_squared_fail']:g}"
        found = [_Found(status, said, "raise `--notional`: the contracts are too coarse for it", limit)]
    if e.hedge_ratio is not None:
        found.append(_Found("pass", f"the hedge is {abs(e.hedge_ratio):.2f}x the basket"))
    return _verdict([*found, *_holding(e, t)], facts)


def _holding(e: Evidence, t: Thresholds) -> list[_Found]:
    """Judge funding over the horizon, and the basis."""
    found = []
    if e.funding_bps is not None and e.horizon_days is not None:
        status = _graded(-e.funding_bps, t["funding_bps_warn"], t["funding_bps_fail"])
        said = f"funding {e.funding_bps:+.1f} bps in {e.horizon_days:g} days"
        limit = _limits(t, "bps paid", "funding_bps")
        todo = "see `betacli funding`: hold it for less time, or on another venue"
        found.append(_Found(status, said, todo, limit))
    elif e.funding_unknown:
        said = f"funding unknown: {e.funding_unknown}"
        found.append(_Found("manual", said, "look up the funding rates before trading"))
    if e.basis_risk is not None:
        status = "warn" if e.basis_risk > t["basis_risk_warn"] else "pass"
        said = f"basis risk {_percent(e.basis_risk, 1)} a year"
        limit = f"basis risk: warn above {t['basis_risk_warn']:g}"
        found.append(_Found(status, said, "see `betacli basis`", limit))
    elif e.basis_unknown:
        said = f"basis risk unknown: {e.basis_unknown}"
        found.append(_Found("manual", said, "look at contract and index yourself: see `betacli basis`"))
    return found


def check_monitoring(e: Evidence, t: Thresholds) -> Verdict:
    """The basket's beta stays put for long enough to be worth a schedule."""
    facts: dict[str, object] = {
        "drift": e.drift, "band": t["drift_band"], "rebalance_days": t["rebalance_days"], "next_due": e.next_due,
    }  # fmt: skip
    if e.no_basket is not None:
        return _no_basket("monitor", facts)
    due = _Found("pass", f"every {t['rebalance_days']:g} days, next due {e.next_due}")
    if e.drift is None:
        said = "how the beta drifts is unknown without data"
        return _verdict([due, _Found("manual", said, "name a source")], facts)
    status = _graded(abs(e.drift), t["drift_band"], 2 * t["drift_band"])
    said = f"the basket's beta moved {_percent(e.drift, sign='+')} between the halves of the window"
    limit = f"drift: warn above {t['drift_band']:g}, fail above {2 * t['drift_band']:g}"
    todo = "measure more often (`rebalance_days`), or widen `drift_band` knowingly"
    return _verdict([due, _Found(status, said, todo, limit)], facts)


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
