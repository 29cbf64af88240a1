"""Gates: what candles must satisfy before any number is made from them.

Each gate has an id, a threshold in one table, and a sentence with what was measured. A gate refuses an asset; a
note lets it pass and says what is odd.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from betacli.core.calendar import DAY_MS
from betacli.core.candles import iso
from betacli.core.model import Candles, Floats, Notice, Times
from betacli.core.robust import median
from betacli.errors import GateFailure

GATES: dict[str, float] = {
    "max_age_bars": 1.5,  # the last closed bar closed no longer ago than this many bars
    "min_coverage": 0.95,  # share of the bars expected since listing
    "min_common_bars": 60,  # bars shared with the benchmark
    "min_days": 30,  # days those bars span
    "redenomination": 3.0,  # a jump beyond this and near an integer ratio is another unit of account
    "note_jump": 0.30,  # a bar's move beyond this is noted
    "note_flat_bars": 5,  # as many identical closes in a row are noted
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What a gate measured on one asset."""

    base: str
    gate: str
    measured: float
    threshold: float
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inspection:
    """An asset's closes (T,) on the grid, NaN where missing, with what the gates said of them."""

    base: str
    close: Floats
    failures: tuple[GateFailure, ...]
    notices: tuple[Notice, ...]
    measurements: tuple[Measurement, ...]


def align(candles: Candles, grid: Times) -> Floats:
    """Place closes on the grid of open times (T,); NaN where there is no bar."""
    close = np.full(len(grid), np.nan)
    if not len(grid):
        return close
    index = (candles.open_ms - grid[0]) // candles.timeframe_ms
    inside = (index >= 0) & (index < len(grid))
    close[index[inside]] = candles.close[inside]
    return close


def inspect(
    base: str,
    candles: Candles,
    grid: Times,
    *,
    now_ms: int,
    listed_ms: int | None,
    whole_window: bool,
    thresholds: Mapping[str, float],
) -> Inspection:
    """Hold one asset's candles against the gates that need no other asset.

    Args:
        base: the asset.
        candles: its closed bars.
        grid: (T,) open times of every bar of the window, the one before the first return included.
        now_ms: the moment of the answer.
        listed_ms: when its contract was listed; None takes the first bar.
        whole_window: the asset must cover the window from its start (the benchmark).
        thresholds: `GATES`, with overrides.
    """
    close = align(candles, grid)
    seen = np.flatnonzero(np.isfinite(close))
    if not len(seen):
        failure = GateFailure(
            base=base, gate="max_age_bars", detail=f"has no bar from {iso(int(grid[0]))} on"
        )
        return Inspection(base=base, close=close, failures=(failure,), notices=(), measurements=())
    step = candles.timeframe_ms
    first = 0 if whole_window else int(seen[0])
    if listed_ms is not None and not whole_window:
        first = min(first, max(0, -(-(listed_ms - int(grid[0])) // step)))
    age_bars = (now_ms - int(grid[seen[-1]]) - step) / step
    coverage = len(seen) / (len(grid) - first)
    rows = [
        ("max_age_bars", age_bars, age_bars <= thresholds["max_age_bars"],
         f"ends with the bar of {iso(int(grid[seen[-1]]))}, which closed {age_bars:.2f} bars ago"),
        ("min_coverage", coverage, coverage >= thresholds["min_coverage"],
         f"has {len(seen)} of the {len(grid) - first} bars since {iso(int(grid[first]))} ({coverage:.1%})"),
    ]  # fmt: skip
    measurements = tuple(
        Measurement(base=base, gate=gate, measured=measured, threshold=thresholds[gate], passed=passed)
        for gate, measured, passed, _ in rows
    )
    failures = [
        GateFailure(base=base, gate=gate, detail=_against(detail, gate, thresholds), measured=measured,
                    threshold=thresholds[gate])
        for gate, measured, passed, detail in rows if not passed
    ]  # fmt: skip
    if whole_window and seen[0] > 1:
        failures = [failure for failure in failures if failure.gate != "min_coverage"]
        failures.append(_too_long(base, int(grid[seen[0]]), int(grid[1])))
    failures.extend(_redenominations(base, close, grid, thresholds))
    notices = () if failures else (*_notes(base, close, grid, thresholds),)
    return Inspection(
        base=base, close=close, failures=tuple(failures), notices=notices, measurements=measurements
    )


def _too_long(base: str, first_ms: int, window_ms: int) -> GateFailure:
    """Return the failure of a benchmark whose history starts within the window."""
    detail = f"has no bar before {iso(first_ms)}, and the window starts at {iso(window_ms)}: it is longer than the history"
    return GateFailure(base=base, gate="window", detail=detail)


def against_benchmark(
    base: str, close: Floats, benchmark: Floats, step_ms: int, thresholds: Mapping[str, float]
) -> list[GateFailure]:
    """Hold an asset's closes (T,) against the bars it shares with the benchmark's value (T,)."""
    common = np.flatnonzero(np.isfinite(close) & np.isfinite(benchmark))
    days = (common[-1] - common[0] + 1) * step_ms / DAY_MS if len(common) else 0.0
    rows = (
        ("min_common_bars", float(len(common)), f"shares {len(common)} bars with the benchmark"),
        ("min_days", days, f"shares {days:.1f} days with the benchmark"),
    )
    return [
        GateFailure(base=base, gate=gate, detail=_against(detail, gate, thresholds), measured=measured,
                    threshold=thresholds[gate])
        for gate, measured, detail in rows if measured < thresholds[gate]
    ]  # fmt: skip


def _against(detail: str, gate: str, thresholds: Mapping[str, float]) -> str:
    """End a sentence with the threshold that was missed."""
    word = "at most" if gate.startswith("max_") else "at least"
    return f"{detail}; {word} {thresholds[gate]:g} is accepted"


def _redenominations(
    base: str, close: Floats, grid: Times, thresholds: Mapping[str, float]
) -> Iterator[GateFailure]:
    """Find bars that jump by an integer times an ordinary move: another unit of account, not a price.

    An ordinary move is four robust standard deviations (1.4826 × median |log return|), at least 2 %.
    """
    seen = np.flatnonzero(np.isfinite(close))
    logs = np.diff(np.log(close[seen]))
    if not len(logs):
        return
    ordinary = max(0.02, 4 * 1.4826 * median(np.abs(logs)))
    for k in np.flatnonzero(np.abs(logs) > math.log(thresholds["redenomination"])):
        ratio = math.exp(abs(logs[k]))
        whole = max(2, round(ratio))
        if abs(math.log(ratio / whole)) <= ordinary:
            way = "up" if logs[k] > 0 else "down"
            yield GateFailure(
                base=base,
                gate="redenomination",
                detail=f"jumps {way} {ratio:.4g}× at {iso(int(grid[seen[k + 1]]))}, as a redenomination of "
                f"1:{whole} would; betas across it mean nothing",
                measured=ratio,
                threshold=thresholds["redenomination"],
            )


def _notes(base: str, close: Floats, grid: Times, thresholds: Mapping[str, float]) -> Iterator[Notice]:
    """Say what is odd about closes that pass."""
    returns = close[1:] / close[:-1] - 1
    jumps = np.flatnonzero(np.abs(np.log1p(returns)) > math.log1p(thresholds["note_jump"]))
    if len(jumps):
        worst = jumps[np.argmax(np.abs(returns[jumps]))]
        yield Notice(
            id="jump",
            detail=f"`{base}` moves more than {thresholds['note_jump']:.0%} in {len(jumps)} bar(s), "
            f"most at {iso(int(grid[worst + 1]))}: {returns[worst]:+.1%}",
            severity="note",
        )
    run = longest = 1
    for same in np.diff(close) == 0:
        run = run + 1 if same else 1
        longest = max(longest, run)
    if longest >= thresholds["note_flat_bars"]:
        yield Notice(
            id="flat", detail=f"`{base}` has {longest} identical closes in a row: a thin or halted market"
        )
