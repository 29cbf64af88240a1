"""Sentences about what is stored: how old it is, and what of it an exchange tells otherwise now."""

from collections.abc import Sequence

from betacli.core.candles import iso
from betacli.core.model import Notice
from betacli.data.store_series import Revision


def by_symbol(revisions: Sequence[Revision]) -> list[list[Revision]]:
    """Return the revisions of each symbol together."""
    found: dict[str, list[Revision]] = {}
    for revision in revisions:
        found.setdefault(revision.symbol, []).append(revision)
    return list(found.values())


def revised(exchange: str, revisions: Sequence[Revision]) -> Notice:
    """Say which stored bars of one symbol the exchange tells otherwise now."""
    changes = [
        f"{iso(r.open_ms)} (close {r.old:.10g}, now {r.new:.10g})"
        if r.new is not None
        else f"{iso(r.open_ms)} (now gone)"
        for r in revisions[:3]
    ]
    more = f" and {len(revisions) - 3} more" if len(revisions) > 3 else ""
    what = f"`{exchange}` revised {len(revisions)} stored bar(s) of `{revisions[0].symbol}`: {', '.join(changes)}{more}"
    kept = (
        "what it tells now is used"
        if any(r.new is not None for r in revisions)
        else "the stored ones are used"
    )
    return Notice(id="revised", detail=f"{what}; {kept}")


def length(time_ms: int) -> str:
    """Write a length of time in its two largest units: `3 d 4 h`, `5 h 12 min`, `40 s`."""
    seconds = max(0, time_ms) // 1000
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
