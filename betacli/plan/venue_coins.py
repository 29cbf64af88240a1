"""Whether the tickers of one exchange trade the coins of another's: members, benchmark and hedge."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from betacli.core.model import Floats, Times
from betacli.core.returns import simple_returns
from betacli.data.gates import align
from betacli.plan.attempt import Attempt
from betacli.plan.measure import Measured
from betacli.plan.own_history import same_lately
from betacli.plan.venue_rows import VenueAnswer, VenueRow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Path:
    """Closes (T,) per coin and returns (T - 1,) of one asset on a grid, NaN where unknown."""

    close: Floats
    returns: Floats


def compared(answer: VenueAnswer, base: VenueAnswer, limits: Mapping[str, float]) -> VenueRow:
    """Take off what shares a ticker with the reference's and is another coin: no member that is one is covered."""
    row = replace(answer.row, reference=answer is base)
    if answer.found is None or base.found is None or answer is base:
        return row
    verdicts = _verdicts(answer, answer.found, base, base.found, limits)
    other = tuple(name for name, verdict in verdicts.items() if verdict is False)
    unsure = tuple(name for name, verdict in verdicts.items() if verdict is None)
    covered = len([name for name in answer.here if name not in other])
    return replace(row, covered=covered, other_coins=other, unverified=unsure)


def against(found: Attempt | None) -> dict[str, str]:
    """Return what every basket is measured against or hedged with, by asset."""
    if found is None:
        return {}
    hedges = dict.fromkeys((part.base for part in found.hedge_parts), "hedge")
    return hedges | dict.fromkeys(found.measured.benchmark_weights, "benchmark")


def _verdicts(
    answer: VenueAnswer, found: Attempt, base: VenueAnswer, its: Attempt, limits: Mapping[str, float]
) -> dict[str, bool | None]:
    """Return of every asset whether it is the reference's coin; None where there is too little to tell by."""
    panel, measured = its.measured.panel, found.measured
    tracked = [one.stand_in.base for one in answer.tracked]
    names = dict.fromkeys((*measured.bases, *tracked, *measured.benchmark_weights))
    hedges = [part.base for part in found.hedge_parts if part.base not in names]
    if panel is None:
        return dict.fromkeys((*names, *hedges))
    grid = panel.open_ms
    pairs = {name: (_own(answer, found, name, grid), _own(base, its, name, grid)) for name in names}
    pairs |= {name: (_hedge(found, name, grid), _hedge(its, name, grid)) for name in hedges}
    return {name: _verdict(theirs, ours, grid, limits) for name, (theirs, ours) in pairs.items()}


def _verdict(
    theirs: _Path | None, ours: _Path | None, grid: Times, limits: Mapping[str, float]
) -> bool | None:
    return None if theirs is None or ours is None else same_lately(theirs, ours, grid, limits).verdict


def _own(answer: VenueAnswer, found: Attempt, name: str, grid: Times) -> _Path | None:
    """Return an asset by the bars it is held by; one that others stand in for by those they were chosen by."""
    if name in found.measured.bases or name in found.measured.benchmark_weights:
        return _traded(found.measured, name, grid)
    one = next((x for x in answer.tracked if x.stand_in.base == name), None)
    return None if one is None else _ending(one.open_ms, one.returns, one.last_close, grid)


def _traded(measured: Measured, name: str, grid: Times) -> _Path | None:
    candles, listing = measured.candles.get(name), measured.listings.get(name)
    if candles is None or listing is None or candles.timeframe_ms != int(grid[1] - grid[0]):
        return None
    close = align(candles, grid) / listing.coins
    return _Path(close=close, returns=simple_returns(close[:, None])[:, 0])


def _hedge(found: Attempt, name: str, grid: Times) -> _Path | None:
    """Return a future of the hedge that is neither member nor benchmark."""
    parts = found.hedged.instruments.parts if found.hedged else ()
    part = next((x for x in parts if x.base == name), None)
    panel = found.measured.panel
    if part is None or part.returns is None or part.price is None or part.listing is None or panel is None:
        return None
    return _ending(panel.open_ms[1:], part.returns, part.price.value / part.listing.coins, grid)


def _ending(open_ms: Times, returns: Floats, last: float, grid: Times) -> _Path:
    """Put returns (T,) on a grid; of the prices only the last is known, where it is of the grid's last bar."""
    moved, close = np.full(len(grid) - 1, np.nan), np.full(len(grid), np.nan)
    _, ours, theirs = np.intersect1d(grid[1:], open_ms, return_indices=True)
    moved[ours] = returns[theirs]
    if np.isfinite(moved[-1]) and int(open_ms[-1]) == int(grid[-1]):
        close[-1] = last
    return _Path(close=close, returns=moved)
