"""Who else is measured so that a beta can be shrunk: the sector's other members, or the universe's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from betacli.core.beta import Recipe
from betacli.core.model import Member, Notice, Sector, Universe
from betacli.core.shrink import MIN_MEMBERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Assets that are measured and not shown. `sector` names those of the sector that was asked for."""

    members: tuple[Member, ...] = ()
    sector: frozenset[str] = frozenset()

    def labels(self, bases: Sequence[str]) -> list[float]:
        """Return 0 for an asset of the sector and 1 for another, as `estimate` takes its groups."""
        others = {member.base for member in self.members} - self.sector
        return [float(base in others) for base in bases]


def peers_of(
    recipe: Recipe, sector: Sector, asked: Collection[str], universe: Universe, parts: Collection[str]
) -> Peers:
    """Return the assets beside those `asked` that make the cross-section of a recipe that shrinks to it.

    A beta does not depend on `--only`: the sector's members are always part of it. With fewer than five members the
    universe's other assets join. The `parts` of the benchmark stay out: their betas are what they are by definition.
    """
    if recipe.shrink != "vasicek":
        return Peers()
    own = tuple(m for m in sector.members if m.base not in asked and m.base not in parts)
    found = {member.base: member for member in own}
    if len({*asked, *found} - set(parts)) < MIN_MEMBERS:
        for base, member in universe.assets.items():
            if base not in asked and base not in parts:
                found.setdefault(base, member)
    return Peers(
        members=tuple(found[base] for base in sorted(found)),
        sector=frozenset({*asked, *(member.base for member in own)}),
    )


def shrink_notices(
    recipe: Recipe, sector: str, n_sector: int, n_all: int, left_out: Sequence[str]
) -> list[Notice]:
    """Say what betas were shrunk toward, where it is not simply their sector.

    Args:
        recipe: one that shrinks to the cross-section, or not.
        sector: its name.
        n_sector: betas known in the sector.
        n_all: betas known in the cross-section.
        left_out: peers whose data was refused, each with its reason.
    """
    if recipe.shrink != "vasicek":
        return []
    notices = []
    if n_all < MIN_MEMBERS:
        detail = (
            f"{n_all} beta(s) are too few to tell what betas usually are: nothing is shrunk (5 are needed)"
        )
        notices.append(Notice(id="not-shrunk", detail=detail, severity="note"))
    elif n_sector < MIN_MEMBERS:
        detail = f"`{sector}` has {n_sector} betas: they are shrunk toward the mean of {n_all} assets of the universe"
        notices.append(Notice(id="shrunk-to-universe", detail=detail, severity="note"))
    if left_out:
        detail = f"not in the cross-section that betas are shrunk to: {'; '.join(left_out)}"
        notices.append(Notice(id="cross-section", detail=detail, severity="note"))
    return notices
