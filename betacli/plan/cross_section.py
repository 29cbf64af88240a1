"""The cross-section that betas are shrunk to: each sector's own members, or the universe where they are too few."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from betacli.core.beta import BetaEstimates, Recipe, estimate
from betacli.core.model import Floats, Member, Notice, Universe
from betacli.core.shrink import MIN_MEMBERS
from betacli.plan.request import homes, sector_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Assets that are measured beside those asked for, and not shown.

    `groups` maps each sector asked for to the names its betas are estimated with; None where a beta is estimated
    alone.
    """

    members: tuple[Member, ...] = ()
    groups: Mapping[str, frozenset[str]] | None = None


def peers_of(
    recipe: Recipe, sector: str, asked: Collection[str], universe: Universe, parts: Collection[str]
) -> Peers:
    """Return the assets beside those `asked` that a recipe which shrinks needs.

    A beta does not depend on `--only`, nor on the other sectors of the basket: all members of its own sector are its
    cross-section, and with fewer than five of them all assets of the universe. The `parts` of the benchmark stay
    out: their betas are what they are by definition.
    """
    if recipe.shrink != "vasicek":
        return Peers()
    whole = {base: member for base, member in universe.assets.items() if base not in parts}
    groups = {}
    for part in sector_parts(universe, sector):
        own = frozenset(base for base in part.bases if base not in parts)
        groups[part.name] = own if len(own) >= MIN_MEMBERS else frozenset(whole)
    wanted = frozenset().union(*groups.values()) - frozenset(asked)
    return Peers(members=tuple(whole[base] for base in sorted(wanted)), groups=groups)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrossSection:
    """Returns (T, N + P) of the N assets asked for and P peers, with the groups in which they are estimated.

    `groups` holds pairs of column numbers: the assets that are shown, and all that are estimated with them.
    """

    returns: Floats
    market: Floats
    bars_per_day: float
    groups: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

    def estimate(self, recipe: Recipe, bars: slice = slice(None)) -> BetaEstimates:
        """Estimate the shown assets by a recipe on some of the bars, each within its group."""
        found = []
        for shown, together in self.groups:
            everyone = together == tuple(range(self.returns.shape[1]))
            returns = self.returns[bars] if everyone else self.returns[bars][:, together]
            every = estimate(recipe, returns, self.market[bars], self.bars_per_day)
            found.append(every.take([together.index(k) for k in shown]))
        order = np.argsort([k for shown, _ in self.groups for k in shown])
        return BetaEstimates.joined(found).take(order.tolist())


def cross_section(
    returns: Floats,
    market: Floats,
    bars_per_day: float,
    shown: Sequence[str],
    beside: Sequence[str],
    peers: Peers,
    home: Mapping[str, str],
) -> CrossSection:
    """Put assets and peers into groups; `home` tells each shown asset's sector."""
    place = {base: k for k, base in enumerate((*shown, *beside))}
    groups = []
    if peers.groups is None:
        everyone = tuple(range(len(shown)))
        groups.append((everyone, everyone))
    else:
        for sector, names in peers.groups.items():
            own = [base for base in shown if home[base] == sector]
            together = sorted(base for base in {*own, *names} if base in place)
            if own:
                groups.append((tuple(place[b] for b in own), tuple(place[b] for b in together)))
    if not groups:  # every member was refused
        groups.append(((), ()))
    return CrossSection(returns=returns, market=market, bars_per_day=bars_per_day, groups=tuple(groups))


def home_of(universe: Universe, sector: str) -> dict[str, str]:
    """Return for each member of `l1+defi` the sector it is counted in."""
    return {base: names[0] for base, names in homes(universe, sector).items()}


def shrink_notices(
    recipe: Recipe, peers: Peers, home: Mapping[str, str], measured: Collection[str], left_out: Sequence[str]
) -> tuple[bool, list[Notice]]:
    """Return whether anything was shrunk, and what betas were shrunk toward where it is not simply their sector.

    Args:
        recipe: one that shrinks to the cross-section, or not.
        peers: the groups.
        home: each member's sector.
        measured: the names whose data was admitted, peers included.
        left_out: peers whose data was refused, each with its reason.
    """
    if peers.groups is None:
        return recipe.shrink is not None, []
    notices, any_shrunk = [], False
    for sector, names in peers.groups.items():
        n_all = len(names & set(measured))
        n_own = sum(base in measured for base, where in home.items() if where == sector)
        if n_all < MIN_MEMBERS:
            detail = f"`{sector}`: {n_all} {'asset is' if n_all == 1 else 'assets are'} too few to tell what betas usually are: none is shrunk (5 needed)"
            notices.append(Notice(id="not-shrunk", detail=detail, severity="note"))
            continue
        any_shrunk = True
        if n_own < MIN_MEMBERS:
            detail = f"`{sector}` has {n_own} members: their betas are shrunk toward the mean of the universe's {n_all}"
            notices.append(Notice(id="shrunk-to-universe", detail=detail, severity="note"))
    if left_out:
        detail = f"not in the cross-section that betas are shrunk to: {'; '.join(left_out)}"
        notices.append(Notice(id="cross-section", detail=detail, severity="note"))
    return any_shrunk, notices
