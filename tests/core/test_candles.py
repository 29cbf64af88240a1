"""The candle contract: what is repaired, what is refused, and exact aggregation."""

import numpy as np
import pytest

from betacli.core.calendar import DAY_MS, HOUR_MS, last_closed_open, parse_duration
from betacli.core.candles import bars_between, clean, resample
from betacli.core.model import Candles, Unknown

NAN = float("nan")


def rows(closes: list[float], times: list[int] | None = None, **other: list[float]) -> Candles | Unknown:
    n = len(closes)
    at = np.array(times if times is not None else [i * DAY_MS for i in range(n)], dtype=np.int64)
    series = {name: np.full(n, NAN) for name in ("open", "high", "low", "volume", "quote_volume")}
    series |= {name: np.array(values) for name, values in other.items()}
    return clean("X", DAY_MS, at, {"close": np.array(closes), **series})


def test_rows_are_sorted_and_equal_repeats_count_once() -> None:
    """Order and identical duplicates carry no information."""
    found = rows([3.0, 1.0, 2.0, 2.0], [2 * DAY_MS, 0, DAY_MS, DAY_MS])
    assert isinstance(found, Candles)
    assert list(found.close) == [1.0, 2.0, 3.0]


def test_a_row_without_a_close_is_a_missing_bar() -> None:
    """An empty cell is no price; it is neither 0 nor the last one."""
    found = rows([1.0, NAN, 3.0])
    assert isinstance(found, Candles)
    assert list(found.open_ms) == [0, 2 * DAY_MS]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (rows([1.0, 2.0], [0, 0]), "has two bars at 1970-01-01T00:00:00Z, with close 1 and 2"),
        (rows([1.0, 0.0]), "has a close that is not a price"),
        (rows([1.0, -2.0]), "has a close that is not a price"),
        (rows([1.0, np.inf]), "has a close that is not a price"),
        (rows([1.0, 2.0], [0, DAY_MS + 8 * HOUR_MS]), "is not cut at a multiple of its timeframe"),
        (rows([1.0], high=[0.8], low=[0.9]), "has a high below its low"),
        (rows([1.0], high=[0.9], low=[0.8]), "has a close outside its high and low"),
        (rows([1.0], high=[1.2], low=[-1.0]), "has a price that is not above zero"),
        (rows([1.0], volume=[-5.0]), "has a volume that is not an amount"),
        (rows([1.0], quote_volume=[np.inf]), "has an impossible quote volume"),
    ],
)
def test_a_bar_that_cannot_be_is_refused_with_its_time(made: Candles | Unknown, reason: str) -> None:
    """Each defect names what is wrong; nothing is dropped to make the rest pass."""
    assert isinstance(made, Unknown)
    assert reason in made.reason


def hourly(n: int, missing: tuple[int, ...] = ()) -> Candles:
    at = np.array([i for i in range(n) if i not in missing], dtype=np.int64)
    price = 100.0 + at
    return Candles(
        symbol="X", timeframe_ms=HOUR_MS, open_ms=at * HOUR_MS, open=price, high=price + 2, low=price - 1,
        close=price + 1, volume=np.ones(len(at)), quote_volume=price,
    )  # fmt: skip


def test_fine_bars_aggregate_exactly() -> None:
    """A day of 24 hours: first open, highest high, lowest low, last close, summed volume."""
    day = resample(hourly(48), DAY_MS)
    assert list(day.open_ms) == [0, DAY_MS]
    assert (day.open[0], day.high[0], day.low[0], day.close[0]) == (100.0, 125.0, 99.0, 124.0)
    assert (day.volume[0], day.quote_volume[0]) == (24.0, sum(100.0 + i for i in range(24)))


def test_a_day_closes_with_its_last_hour_or_not_at_all() -> None:
    """Without hour 23 there is no daily close; without hour 5 there is one, and no daily volume."""
    assert list(resample(hourly(48, missing=(23,)), DAY_MS).open_ms) == [DAY_MS]
    holed = resample(hourly(24, missing=(5,)), DAY_MS)
    assert holed.close[0] == 124.0
    assert np.isnan(holed.volume[0])
    assert len(resample(hourly(20), DAY_MS).close) == 0
    assert len(resample(hourly(0), DAY_MS).close) == 0


def test_a_timeframe_that_does_not_divide_is_refused() -> None:
    """Eight-hour bars do not make twelve-hour bars."""
    eight = resample(hourly(48), 8 * HOUR_MS)
    with pytest.raises(ValueError, match="not a multiple"):
        resample(eight, 12 * HOUR_MS)


def test_bars_between_is_half_open() -> None:
    """From the first open on, up to but without the last."""
    assert list(bars_between(hourly(5), HOUR_MS, 3 * HOUR_MS).open_ms) == [HOUR_MS, 2 * HOUR_MS]


def test_a_bar_counts_when_it_has_closed() -> None:
    """At 07:00 the last closed daily bar is yesterday's; at midnight sharp it is the one that just closed."""
    assert last_closed_open(10 * DAY_MS + 7 * HOUR_MS, DAY_MS) == 9 * DAY_MS
    assert last_closed_open(10 * DAY_MS, DAY_MS) == 9 * DAY_MS
    assert last_closed_open(10 * DAY_MS + 999, DAY_MS, grace_ms=1000) == 8 * DAY_MS


def test_durations() -> None:
    """`90d`, `12h`, `2w`, `1.5h`; nothing else."""
    assert parse_duration("90d") == 90 * DAY_MS
    assert parse_duration("1.5h") == 90 * 60_000
    assert parse_duration("2w") == 14 * DAY_MS
    for wrong in ("banana", "90", "d", "-5d", "0d", "1e3d", "nan d", "", "9999999d"):
        with pytest.raises(ValueError, match="expected"):
            parse_duration(wrong)
