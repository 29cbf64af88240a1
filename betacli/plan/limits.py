"""What the weights of a basket may be: the flags', the sector file's and the members' own limits, put together."""

from collections.abc import Mapping

import numpy as np

from betacli.core.bounds import Bounds, Group
from betacli.core.model import Floats, Notice, Universe
from betacli.errors import BadOption, UnknownName
from betacli.plan.measure import Measured
from betacli.plan.request import BasketRequest, find_sector, homes

FEW_ASSETS = 3


def limits_of(request: BasketRequest, universe: Universe, measured: Measured) -> tuple[Bounds, list[Notice]]:
    """Return the limits of the weights.

    Raises:
        BadOption: bounds cross, or sector weights do not sum to one.
        UnknownName: a group or a sector that is limited does not exist.
    """
    notices = []
    n = len(measured.members)
    most = n if request.max_assets is None else min(n, request.max_assets)
    cap = universe.max_weight if request.max_weight is None else request.max_weight
    if request.max_weight is None and most < FEW_ASSETS and cap < 1:
        detail = f"with {most} {'asset' if most == 1 else 'assets'} the default `max_weight` of {cap:g} is lifted to 1"
        notices.append(Notice(id="max-weight-lifted", detail=detail, severity="note"))
        cap = 1.0
    lower, upper = _of_members(request, measured, cap)
    groups = (*_groups(request, universe, measured), *_sectors(request, universe, measured))
    bounds = Bounds(
        name=measured.sector,
        bases=measured.bases,
        lower=lower,
        upper=upper,
        groups=groups,
        max_gross=request.max_gross,
        max_assets=None if request.max_assets is None or request.max_assets >= n else request.max_assets,
    )
    return bounds, notices


def _of_members(request: BasketRequest, measured: Measured, cap: float) -> tuple[Floats, Floats]:
    """Return each member's bounds: the flag's or the file's, narrowed by the member's own."""
    floor = request.min_weight
    if floor is None:
        floor = -cap if request.allow_short else 0.0
    own = request.max_weight is None  # a member's own bound wins over the default, the flag over both
    listings = [measured.listings.get(base) for base in measured.bases]
    floors = [max(floor, 0.0) if listing is not None and listing.is_spot else floor for listing in listings]
    lower = np.array(
        [
            least if m.min_weight is None else max(least, m.min_weight)
            for m, least in zip(measured.members, floors, strict=True)
        ]
    )
    upper = np.array(
        [
            cap if m.max_weight is None else m.max_weight if own else min(cap, m.max_weight)
            for m in measured.members
        ]
    )
    for base, low, high in zip(measured.bases, lower, upper, strict=True):
        if low > high:
            raise BadOption(
                option="--min-weight",
                value=f"{low:g}",
                problem=f"the lower bound of `{base}` is above its upper bound of {high:g}",
                way_out="raise `--max-weight`, or lower `--min-weight` or the member's `min_weight`",
            )
    return lower, upper


def _groups(request: BasketRequest, universe: Universe, measured: Measured) -> tuple[Group, ...]:
    """Return the limits of the members' groups; a flag replaces what the file says of its side."""
    limits = {
        group.name: (group.min_weight, group.max_weight)
        for group in find_sector(universe, measured.sector).groups
    }
    known = {member.group for member in measured.members if member.group}
    for option, given, side in (("--min-group", request.min_group, 0), ("--max-group", request.max_group, 1)):
        for name, limit in given.items():
            if name not in known:
                where = f" among the members' `group` of `{measured.sector}` (`{option}`)"
                raise UnknownName(what="group", name=name, known=sorted(known), where=where)
            low, high = limits.get(name, (None, None))
            limits[name] = (limit, high) if side == 0 else (low, limit)
    found = []
    for name, (low, high) in sorted(limits.items()):
        if name not in known:
            continue
        if low is not None and high is not None and low > high:
            problem = f"the least of the group `{name}` is above its most of {high:g}"
            raise BadOption(option="--min-group", value=f"{name}={low:g}", problem=problem)
        found.append(
            Group(
                name=name,
                members=np.array([member.group == name for member in measured.members]),
                lower=-np.inf if low is None else low,
                upper=np.inf if high is None else high,
            )
        )
    return tuple(found)


def sector_shares(request: BasketRequest, universe: Universe, measured: Measured) -> dict[str, Floats]:
    """Return for each sector with a weight of its own the members (N,) counted in it, as 0 and 1."""
    where = homes(universe, measured.sector)
    return {
        name: np.array([where[base][0] == name for base in measured.bases], dtype=np.float64)
        for name in request.sector_weight
    }


def _sectors(request: BasketRequest, universe: Universe, measured: Measured) -> tuple[Group, ...]:
    weights = request.sector_weight
    if not weights:
        return ()
    known = tuple(dict.fromkeys(names[0] for names in homes(universe, measured.sector).values()))
    for name in weights:
        if name not in known:
            where = " in the basket (`--sector-weight`)"
            raise UnknownName(what="sector", name=name, known=known, where=where)
    _check_sum(weights, known)
    _check_stand_ins(request, homes(universe, measured.sector))
    return tuple(
        Group(name=f"sector {name}", members=held > 0, lower=weights[name], upper=weights[name])
        for name, held in sector_shares(request, universe, measured).items()
    )


def _check_stand_ins(request: BasketRequest, where: Mapping[str, tuple[str, ...]]) -> None:
    """Raise where a member's weight would be carried by an asset that counts toward another sector."""
    for one in request.tracked:
        strangers = [base for base in one.stand_in.held if where.get(base, (one.home,))[0] != one.home]
        if strangers and not one.stand_in.is_itself:
            problem = (
                f"`{strangers[0]}`, of `{where[strangers[0]][0]}`, stands in for `{one.stand_in.base}` of `{one.home}`: "
                "its weight would count toward the wrong sector"
            )
            way_out = "leave `--sector-weight` out, or choose another proxy"
            raise BadOption(option="--sector-weight", value=one.home, problem=problem, way_out=way_out)


def _check_sum(weights: Mapping[str, float], known: tuple[str, ...]) -> None:
    total = sum(weights.values())
    every = set(weights) == set(known)
    if abs(total - 1) > 1e-9 if every else total > 1 + 1e-9:
        written = ", ".join(f"{name}={weight:g}" for name, weight in weights.items())
        problem = (
            f"the weights of the sectors sum to {total:g}, not to 1"
            if every
            else f"they sum to {total:g}, over 1"
        )
        raise BadOption(option="--sector-weight", value=written, problem=problem)
