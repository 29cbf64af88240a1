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
from betacli.data.store_series import StoredCandles
from betacli.errors import GateFailure

GATES: dict[str, float] = {
    "max_age_bars": 1.5,  # the last closed bar closed no longer ago than this many bars
    "min_coverage": 0.95,  # share of the bars expected since listing
    "min_common_bars": 60,  # bars shared with the benchmark, or what a whole window holds where that is less
    "min_days": 30,  # days those bars span
    "redenomination": 3.0,  # a jump beyond this and near an integer ratio is another unit of account
    "volume_unit": 2.0,  # quote volume over base volume × price, or its inverse; beyond it liquidity is unknown
    "note_jump": 0.30,  # a bar's move beyond this is noted
    "note_flat_bars": 5,  # as many identical closes in a row are noted
}

RECENT_BARS = 60  # of which volumes are looked at


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

    @property
    def volume_in_doubt(self) -> bool:
        """Whether nobody knows in which unit its volumes are."""
        return any(one.gate == "volume_unit" and not one.passed for one in self.measurements)


def thresholds_for(overrides: Mapping[str, float], n_bars: int) -> dict[str, float]:
    """Return the gates of a window of `n_bars`, the one before the first return included.

    A window of 30 daily bars cannot hold 60: by itself `min_common_bars` asks for no more than `min_coverage` of the
    window. What a sector file asks for stands.
    """
    gates = {**GATES, **overrides}
    if "min_common_bars" not in overrides:
        whole = float(math.floor(n_bars * gates["min_coverage"]))
        gates["min_common_bars"] = min(gates["min_common_bars"], whole)
    return gates


def align(candles: Candles, grid: Times) -> Floats:
    """Place closes on the grid of open times (T,); NaN where there is no bar."""
    if np.array_equal(candles.open_ms, grid):
        return candles.close  # the same bars: no second copy of them
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
    rows = _reach(seen, grid, first, (now_ms - int(grid[seen[-1]]) - step) / step, thresholds)
    recent = candles.latest(RECENT_BARS) if isinstance(candles, StoredCandles) else candles
    unit = volume_ratio(recent)
    redenominations = tuple(_redenominations(base, close, grid, thresholds))
    told = [
        *((gate, measured, passed) for gate, measured, passed, _ in rows),
        *_measured_moves(close, thresholds, sound=not redenominations),
        *([("volume_unit", unit, unit <= thresholds["volume_unit"])] if unit is not None else []),
    ]
    measurements = tuple(
        Measurement(base=base, gate=gate, measured=measured, threshold=thresholds[gate], passed=passed)
        for gate, measured, passed in told
    )
    failures = [
        GateFailure(base=base, gate=gate, detail=_against(detail, gate, thresholds), measured=measured,
                    threshold=thresholds[gate])
        for gate, measured, passed, detail in rows if not passed
    ]  # fmt: skip
    if whole_window and seen[0] > 1:
        failures = [failure for failure in failures if failure.gate != "min_coverage"]
        failures.append(_too_long(base, int(grid[seen[0]]), int(grid[1])))
    failures.extend(redenominations)
    odd = (*_notes(base, close, grid, thresholds), *_volume_notes(base, recent, unit, thresholds))
    notices = () if failures else odd
    return Inspection(
        base=base, close=close, failures=tuple(failures), notices=notices, measurements=measurements
    )


def _reach(
    seen: Times, grid: Times, first: int, age_bars: float, thresholds: Mapping[str, float]
) -> list[tuple[str, float, bool, str]]:
    """Return gate, measure, whether it passes and a sentence for how far the seen bars (n,) reach.

    `first` is the bar of the grid from which they are expected, `age_bars` how long ago the last closed.
    """
    coverage = len(seen) / (len(grid) - first)
    return [
        ("max_age_bars", age_bars, age_bars <= thresholds["max_age_bars"],
         f"ends with the bar of {iso(int(grid[seen[-1]]))}, which closed {age_bars:.2f} bars ago"),
        ("min_coverage", coverage, coverage >= thresholds["min_coverage"],
         f"has {len(seen):,} of the {len(grid) - first:,} bars since {iso(int(grid[first]))} ({coverage * 100:.1f} %)"),
    ]  # fmt: skip


def _too_long(base: str, first_ms: int, window_ms: int) -> GateFailure:
    """Return the failure of a benchmark whose history starts within the window."""
    detail = f"has no bar before {iso(first_ms)}, and the window starts at {iso(window_ms)}: it is longer than the history"
    return GateFailure(base=base, gate="window", detail=detail)


def against_benchmark(
    base: str, close: Floats, benchmark: Floats, step_ms: int, thresholds: Mapping[str, float]
) -> list[GateFailure]:
    """Hold an asset's closes (T,) against the bars it shares with the benchmark's value (T,)."""
    bars, days = _common(close, benchmark, step_ms)
    rows = (
        ("min_common_bars", bars, f"shares {bars:.0f} bars with the benchmark"),
        ("min_days", days, f"shares {days:.1f} days with the benchmark"),
    )
    return [
        GateFailure(base=base, gate=gate, detail=_against(detail, gate, thresholds), measured=measured,
                    threshold=thresholds[gate])
        for gate, measured, detail in rows if measured < thresholds[gate]
    ]  # fmt: skip


def shared(
    base: str, close: Floats, benchmark: Floats, step_ms: int, thresholds: Mapping[str, float]
) -> tuple[Measurement, ...]:
    """Measure what `against_benchmark` holds an asset against."""
    bars, days = _common(close, benchmark, step_ms)
    return tuple(
        Measurement(
            base=base,
            gate=gate,
            measured=measured,
            threshold=thresholds[gate],
            passed=measured >= thresholds[gate],
        )
        for gate, measured in (("min_common_bars", bars), ("min_days", days))
    )


def _common(close: Floats, benchmark: Floats, step_ms: int) -> tuple[float, float]:
    """Return how many bars two series of closes (T,) share, and over how many days."""
    common = np.flatnonzero(np.isfinite(close) & np.isfinite(benchmark))
    days = float(common[-1] - common[0] + 1) * step_ms / DAY_MS if len(common) else 0.0
    return float(len(common)), days


def volume_ratio(candles: Candles) -> float | None:
    """Return how many times too large or too small the quote volume is for the base volume times the price.

    The median of the latest bars; None where the source states no quote volume or nothing was traded.
    """
    volume, quote = candles.volume[-RECENT_BARS:], candles.quote_volume[-RECENT_BARS:]
    middle = (candles.high[-RECENT_BARS:] + candles.low[-RECENT_BARS:]) / 2
    with np.errstate(invalid="ignore"):
        traded = (volume > 0) & (quote > 0) & (middle > 0)
    if not traded.any():
        return None
    ratio = median(quote[traded] / (volume[traded] * middle[traded]))
    return max(ratio, 1 / ratio)


def without_volume(candles: Candles) -> Candles:
    """Return candles whose volumes are unknown."""
    unknown = np.full(len(candles.close), np.nan)
    return Candles(
        symbol=candles.symbol,
        timeframe_ms=candles.timeframe_ms,
        open_ms=candles.open_ms,
        open=candles.open,
        high=candles.high,
        low=candles.low,
        close=candles.close,
        volume=unknown,
        quote_volume=unknown,
    )


def _measured_moves(
    close: Floats, thresholds: Mapping[str, float], *, sound: bool
) -> Iterator[tuple[str, float, bool]]:
    """Measure the largest step between neighbouring closes (T,), as a ratio and as a return, and the longest rest."""
    seen = close[np.isfinite(close)]
    if len(seen) > 1:
        yield "redenomination", math.exp(float(np.max(np.abs(np.diff(np.log(seen)))))), sound
    moves = np.abs(np.log(close[1:] / close[:-1]))
    moves = moves[np.isfinite(moves)]
    if len(moves):
        largest = math.expm1(float(np.max(moves)))
        yield "note_jump", largest, largest <= thresholds["note_jump"]
    flat = float(_longest_rest(close))
    yield "note_flat_bars", flat, flat < thresholds["note_flat_bars"]


def _longest_rest(close: Floats) -> int:
    """Return the most identical closes (T,) in a row."""
    changes = np.flatnonzero(np.concatenate([[True], np.diff(close) != 0, [True]]))
    return int(np.max(np.diff(changes))) if len(close) else 0


def _volume_notes(
    base: str, recent: Candles, ratio: float | None, thresholds: Mapping[str, float]
) -> Iterator[Notice]:
    """Say that the unit of the volumes is in doubt, or that nothing was traded of late."""
    idle = np.where(
        recent.volume[-RECENT_BARS:] == 0, 0.0, np.arange(1, len(recent.volume[-RECENT_BARS:]) + 1)
    )
    rest = _longest_rest(idle)
    if rest >= max(2, thresholds["note_flat_bars"]):
        detail = f"`{base}` traded nothing in {rest} bars in a row of its latest {len(idle)}: a thin or halted market"
        yield Notice(id="no-trades", detail=detail)
    if ratio is not None and ratio > thresholds["volume_unit"]:
        yield Notice(
            id="volume-unit",
            detail=f"`{base}` is told with a quote volume that is {ratio:.4g}× off its volume times its price: the "
            f"unit of its volume is not known, and its liquidity neither; up to {thresholds['volume_unit']:g}× is "
            "accepted",
        )


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
            detail=f"`{base}` moves more than {thresholds['note_jump'] * 100:.0f} % in {len(jumps)} {'bar' if len(jumps) == 1 else 'bars'}, "
            f"most at {iso(int(grid[worst + 1]))}: {returns[worst] * 100:+.1f} %",
            severity="note",
        )
    longest = _longest_rest(close)
    if longest >= thresholds["note_flat_bars"]:
        yield Notice(
            id="flat", detail=f"`{base}` has {longest} identical closes in a row: a thin or halted market"
        )
