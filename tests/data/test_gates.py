"""Each gate on a series that should pass and one that should not."""

from dataclasses import replace

import numpy as np
import pytest

from betacli.core.calendar import DAY_MS
from betacli.core.model import Candles
from betacli.data.gates import GATES, against_benchmark, align, inspect, shared, volume_ratio, without_volume

N = 91
GRID = np.arange(N, dtype=np.int64) * DAY_MS
NOW = N * DAY_MS


def series(close: np.ndarray, at: np.ndarray = GRID) -> Candles:
    nan = np.full(len(close), np.nan)
    return Candles(
        symbol="X", timeframe_ms=DAY_MS, open_ms=at, open=nan, high=nan, low=nan, close=close, volume=nan,
        quote_volume=nan,
    )  # fmt: skip


def walk(seed: int = 0, n: int = N) -> np.ndarray:
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.03, n)))


def failed(
    close: np.ndarray,
    at: np.ndarray = GRID,
    *,
    now: int = NOW,
    listed: int | None = None,
    whole: bool = False,
) -> list[str]:
    found = inspect(
        "X", series(close, at), GRID, now_ms=now, listed_ms=listed, whole_window=whole, thresholds=GATES
    )
    return [failure.gate for failure in found.failures]


def test_clean_data_passes() -> None:
    """A complete, fresh series has no failure and no notice, and what was measured is told."""
    found = inspect(
        "X", series(walk()), GRID, now_ms=NOW, listed_ms=None, whole_window=True, thresholds=GATES
    )
    assert (found.failures, found.notices) == ((), ())
    told = {m.gate: (m.measured, m.passed) for m in found.measurements}
    assert told["max_age_bars"] == (0.0, True)
    assert told["min_coverage"] == (1.0, True)
    moves = walk()[1:] / walk()[:-1]
    largest = max(moves.max(), 1 / moves.min())
    assert told["redenomination"] == (pytest.approx(largest), True)
    assert told["note_jump"] == (pytest.approx(largest - 1), True)
    assert told["note_flat_bars"] == (1.0, True)
    assert {m.threshold for m in found.measurements if m.gate == "max_age_bars"} == {1.5}


def test_a_series_may_be_one_and_a_half_bars_old() -> None:
    """Without its last bar a daily series is 1.0 to 2.0 bars old: it passes until 12:00 and fails after."""
    shorter, at = walk()[:-1], GRID[:-1]
    assert failed(shorter, at, now=NOW + DAY_MS // 2) == []
    assert failed(shorter, at, now=NOW + DAY_MS // 2 + 1) == ["max_age_bars"]


def test_coverage_counts_from_the_listing() -> None:
    """Five of 91 bars missing is 94.5 %: refused. A coin listed 70 bars ago is complete, unless it was listed earlier."""
    holes = np.delete(np.arange(N), [10, 20, 30, 40, 50])
    assert failed(walk()[holes], GRID[holes]) == ["min_coverage"]
    assert failed(walk()[holes[1:]], GRID[holes[1:]]) == ["min_coverage"]
    young = slice(21, None)
    assert failed(walk()[young], GRID[young]) == []
    assert failed(walk()[young], GRID[young], listed=int(GRID[5])) == ["min_coverage"]


def test_the_benchmark_covers_the_whole_window() -> None:
    """A window that starts two bars before the history is refused, though 98 % of it is covered; one bar may lack."""
    assert failed(walk()[2:], GRID[2:], whole=True) == ["window"]
    assert failed(walk()[1:], GRID[1:], whole=True) == []
    assert failed(walk()[21:], GRID[21:], whole=True) == ["window"]


def test_nothing_at_all_is_refused() -> None:
    """No bar in the window."""
    assert failed(np.zeros(0), np.zeros(0, dtype=np.int64)) == ["max_age_bars"]


@pytest.mark.parametrize("ratio", [4, 10, 1000, 24000, 1 / 4, 1 / 1000])
def test_a_redenomination_is_refused(ratio: float) -> None:
    """A jump by an integer, up or down, on top of an ordinary move is another unit of account."""
    close = walk()
    close[45:] *= ratio
    assert failed(close) == ["redenomination"]


def test_a_large_move_is_noted_and_not_refused() -> None:
    """+60 % in a day happens; the reader is told when and how much."""
    close = walk()
    close[45:] *= 1.6
    found = inspect("X", series(close), GRID, now_ms=NOW, listed_ms=None, whole_window=True, thresholds=GATES)
    assert found.failures == ()
    assert [notice.id for notice in found.notices] == ["jump"]
    assert "1970-02-15T00:00:00Z" in found.notices[0].detail


def test_a_flat_series_is_noted() -> None:
    """Five identical closes in a row say that nobody trades, or that somebody filled."""
    close = walk()
    close[40:45] = close[40]
    found = inspect("X", series(close), GRID, now_ms=NOW, listed_ms=None, whole_window=True, thresholds=GATES)
    assert [notice.id for notice in found.notices] == ["flat"]
    close[44] *= 1.01
    again = inspect("X", series(close), GRID, now_ms=NOW, listed_ms=None, whole_window=True, thresholds=GATES)
    assert again.notices == ()


def test_sixty_bars_and_thirty_days_must_be_shared() -> None:
    """59 shared bars are too few; 60 are enough; 60 hourly bars do not span 30 days."""
    bench, close = np.ones(N), walk()
    close[: N - 59] = np.nan
    assert [f.gate for f in against_benchmark("X", close, bench, DAY_MS, GATES)] == ["min_common_bars"]
    close[N - 60] = 1.0
    assert against_benchmark("X", close, bench, DAY_MS, GATES) == []
    assert [f.gate for f in against_benchmark("X", close, bench, DAY_MS // 24, GATES)] == ["min_days"]


def test_a_threshold_can_be_overridden() -> None:
    """Coverage of 94.5 % passes where 90 % is asked."""
    holes = np.delete(np.arange(N), [10, 20, 30, 40, 50])
    found = inspect(
        "X", series(walk()[holes], GRID[holes]), GRID, now_ms=NOW, listed_ms=None, whole_window=False,
        thresholds={**GATES, "min_coverage": 0.9},
    )  # fmt: skip
    assert found.failures == ()


def test_alignment_leaves_gaps_as_gaps() -> None:
    """A bar outside the grid is ignored, a missing one is NaN; nothing is filled."""
    placed = align(series(np.array([1.0, 2.0, 3.0]), np.array([-DAY_MS, 0, 2 * DAY_MS])), GRID[:3])
    assert placed[[0, 2]] == pytest.approx([2.0, 3.0])
    assert np.isnan(placed[1])


def traded(volume: float, quote_volume: float) -> Candles:
    """Candles at about 100 with the same volumes in every bar."""
    close = walk()
    bars = series(close)
    full = np.ones(N)
    return replace(
        bars, open=close, high=close, low=close, volume=full * volume, quote_volume=close * quote_volume
    )


@pytest.mark.parametrize(
    ("volume", "coins", "off"),
    [(1_000, 1_000, 1.0), (1_000, 100_000, 100.0), (100_000, 1_000, 100.0), (1_000, 1_900, 1.9)],
)
def test_the_quote_volume_fixes_the_unit_of_the_volume(volume: float, coins: float, off: float) -> None:
    """1,000 coins at their price are that many dollars; 1,000 contracts of a hundredth coin are off by 100."""
    candles = traded(volume, coins)
    assert volume_ratio(candles) == pytest.approx(off)
    found = inspect("X", candles, GRID, now_ms=NOW, listed_ms=None, whole_window=True, thresholds=GATES)
    told = next(m for m in found.measurements if m.gate == "volume_unit")
    assert (told.measured, told.threshold, told.passed) == (pytest.approx(off), 2.0, off < 2)
    assert found.failures == ()
    assert found.volume_in_doubt == (off > 2)
    assert [notice.id for notice in found.notices] == (["volume-unit"] if off > 2 else [])
    wider = {**GATES, "volume_unit": 150.0}
    found = inspect("X", candles, GRID, now_ms=NOW, listed_ms=None, whole_window=True, thresholds=wider)
    assert not found.volume_in_doubt


def test_without_a_quote_volume_nothing_is_measured_and_volumes_in_doubt_are_taken_out() -> None:
    """What cannot be compared is no measurement; candles without volumes keep their prices."""
    assert volume_ratio(series(walk())) is None
    assert volume_ratio(traded(0, 0)) is None
    bare = without_volume(traded(1_000, 100_000))
    assert np.isnan(bare.volume).all()
    assert np.isnan(bare.quote_volume).all()
    np.testing.assert_array_equal(bare.close, walk())


def test_bars_without_trades_are_noted() -> None:
    """Seven bars of zero volume in a row among the latest: a thin or halted market, for the reader to know."""
    candles = traded(1_000, 1_000)
    candles.volume[-20:-13] = 0
    found = inspect("X", candles, GRID, now_ms=NOW, listed_ms=None, whole_window=True, thresholds=GATES)
    assert [(n.id, "7 bars" in n.detail) for n in found.notices] == [("no-trades", True)]


def test_what_is_shared_with_the_benchmark_is_measured() -> None:
    """91 bars of 91 days pass 60 and 30; 50 bars do not pass 60."""
    told = shared("X", walk(), walk(1), DAY_MS, GATES)
    assert [(m.gate, m.measured, m.passed) for m in told] == [
        ("min_common_bars", 91.0, True),
        ("min_days", 91.0, True),
    ]
    short = np.where(np.arange(N) < N - 50, np.nan, walk())
    assert [m.passed for m in shared("X", short, walk(1), DAY_MS, GATES)] == [False, True]
