"""Step 3: can every leg and the hedge be traded at this size, and is each what it stands for?"""

from collections.abc import Sequence

from betacli.core.evidence import Evidence, LegEvidence, Status, StoodIn, Verdict
from betacli.core.judging import Found, Thresholds, graded, limits, percent, verdict_of


def check_liquidity(e: Evidence, t: Thresholds) -> Verdict:
    """Each leg and the hedge has a contract that trades, is small beside what trades in a day, and is no proxy."""
    held = [leg for leg in e.legs if leg.notional or e.no_basket]
    traded = [*held, *(part for part in e.hedges if part.notional)]
    shares = {_called(e, leg): leg.participation for leg in traded if leg.participation is not None}
    facts: dict[str, object] = {
        "participation": shares, "warn_above": t["participation_warn"], "fail_above": t["participation_fail"],
        "grades": {_called(e, leg): leg.grade for leg in traded},
        "proxies": {x.base: list(x.held) for x in _stood_in(e, held)}, "proxy_r_squared_least": t["proxy_r_squared"],
        "without_contract": dict(e.without_contract),
        "held_as": {leg.base: leg.held_as for leg in held if leg.held_as},
        "ends_in_days": {_called(e, leg): leg.ends_in_days for leg in traded if leg.ends_in_days is not None},
    }  # fmt: skip
    if not held:
        return verdict_of([Found("fail", "no leg is held", "raise `--notional`"), *_uncovered(e)], facts)
    dead = [f"{_called(e, leg)} ({leg.why_not})" for leg in traded if leg.tradable is False]
    if dead:
        todo = "leave them out with `--only`, or give them a `proxy`: see `betacli proxies`"
        none = Found("fail", f"no contract that trades: {', '.join(dead)}", todo)
        return verdict_of([none, *_uncovered(e)], facts)
    unknown = [
        _called(e, leg)
        for leg in traded
        if leg.tradable is None or (leg.notional and leg.participation is None and leg.grade != "D")
    ]
    told = "every leg has an active contract"
    spot = [leg.base for leg in held if leg.held_as == "as spot"]
    if spot:
        told = f"every leg has an active contract, or is spot: {', '.join(spot)}"
    found = [Found("pass", told)]
    if unknown:
        said = f"contract or volume unknown: {', '.join(unknown)}"
        found = [Found("manual", said, "look at the contracts and volumes yourself, or name an exchange")]
    found += _ending(e, traded, t)
    if shares:
        worst = max(shares, key=lambda name: shares[name])
        status = graded(shares[worst], t["participation_warn"], t["participation_fail"])
        said = f"the largest share of a day's volume is {percent(shares[worst], 2)} ({worst})"
        limit = limits(t, "share", "participation")
        found.append(Found(status, said, "hold less: `--liquidity-cap`, or a smaller `--notional`", limit))
    found += _grades(e, traded)
    found += [*_uncovered(e), *_proxies(e, held, t)]
    return verdict_of(found, facts)


def _called(e: Evidence, leg: LegEvidence) -> str:
    """Name a leg, or a part of the hedge as that."""
    return f"{leg.base} (hedge)" if leg in e.hedges else leg.base


def _ending(e: Evidence, traded: Sequence[LegEvidence], t: Thresholds) -> list[Found]:
    """Judge contracts that are being delisted: one that ends before the next rebalance fails."""
    ends = {_called(e, leg): leg.ends_in_days for leg in traded if leg.ends_in_days is not None}
    if not ends:
        return []
    days = t["rebalance_days"]
    status: Status = "fail" if min(ends.values()) < days else "warn"
    said = "contracts that end: " + ", ".join(f"{name} in {left:.1f} days" for name, left in ends.items())
    return [
        Found(status, said, "leave it out, or close it before it ends", f"end: fail within {days:g} days")
    ]


def _uncovered(e: Evidence) -> list[Found]:
    """Judge members without a contract that nothing stands in for: left out knowingly they warn, else they fail."""
    if not e.without_contract:
        return []
    said = f"nothing stands in for {', '.join(sorted(e.without_contract))}, without a contract"
    todo = "see `betacli proxies`: give a `proxy:`, hold it with `--spot`, or leave it out"
    down = [why for base, why in e.unanswered.items() if base in e.without_contract]
    if down:
        said += f": {'; '.join(dict.fromkeys(down))}"
        todo = "try again, or name another `proxy:`: an exchange that would be asked for it does not answer"
    return [Found("warn" if e.missing_allowed else "fail", said, todo)]


def _grades(e: Evidence, held: Sequence[LegEvidence]) -> list[Found]:
    """Judge the liquidity grades: D fails, C warns, none is left to judge."""
    found: list[Found] = []
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
            found.append(Found(status, f"grade {grade}: {', '.join(named)}", todo, limit))
    without = [leg for leg in held if leg.grade is None and leg.grade_unknown]
    if without:
        why = "; ".join(dict.fromkeys(leg.grade_unknown or "" for leg in without))
        said = f"no liquidity grade for {', '.join(_called(e, leg) for leg in without)}: {why}"
        found.append(Found("manual", said, "look at the order books yourself before trading"))
    elif held and not found and all(leg.grade for leg in held):
        worst = max(str(leg.grade) for leg in held)
        found.append(Found("pass", f"liquidity grade {worst} or better", None, limit))
    return found


def _stood_in(e: Evidence, held: Sequence[LegEvidence]) -> list[StoodIn]:
    """Return the members of which a part of what stands in for them is held."""
    bases = {leg.base for leg in held}
    return [one for one in e.stood_in if bases & set(one.held)]


def _proxies(e: Evidence, held: Sequence[LegEvidence], t: Thresholds) -> list[Found]:
    """Judge what stands in for each member, its parts together, by its R²."""
    held_as = {leg.base: leg.held_as for leg in held}
    limit = f"proxy R²: fail below {t['proxy_r_squared']:g}"
    todo = "accept the tracking error or leave the name out"
    found = []
    for one in _stood_in(e, held):
        stands = "stands" if len(one.held) == 1 else "stand"
        said = f"{' + '.join(one.held)} {stands} in for {one.base}"
        if one.held == (one.base,):
            said = f"{one.base} is held {held_as[one.base] or 'elsewhere'}"
        status: Status = "warn" if one.r_squared >= t["proxy_r_squared"] else "fail"
        found.append(Found(status, f"{said}, R² {one.r_squared:.2f}", todo, limit))
    return found
