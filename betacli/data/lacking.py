"""Which bars a question is about, and which of them must be fetched."""

from dataclasses import dataclass

from betacli.core.calendar import TIMEFRAMES_MS
from betacli.core.candles import iso
from betacli.core.model import Candles, Unknown
from betacli.data.candle_store import CandleStore
from betacli.data.store_series import Series, missing

LATE_MS = 120_000
OVERLAP = 2  # stored bars fetched again with new ones
FEW_BARS = 64  # up to so many, spans are rounded up so that many series share one question


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The bars a question is about, [first, past) cut to whole closed bars, in milliseconds."""

    timeframe: str
    first_ms: int
    past_ms: int

    @property
    def step_ms(self) -> int:
        """The timeframe."""
        return TIMEFRAMES_MS[self.timeframe]

    def nothing(self) -> Unknown:
        """Say that there are none."""
        reason = f"has no closed {self.timeframe} bars between {iso(self.first_ms)} and {iso(self.past_ms)}"
        return Unknown(reason=reason)


def span(store: CandleStore, series: Series | None, want: Wanted) -> tuple[int, int] | None:
    """Return the time that must be fetched for one series: what it lacks, and two stored bars beside it."""
    step = want.step_ms
    if series is None:
        return want.first_ms, want.past_ms
    gaps = missing(series.spans, want.first_ms, want.past_ms)
    if not gaps:
        return None
    from_ms, to_ms = gaps[0][0], gaps[-1][1]
    reach_ms = want.past_ms - want.first_ms
    before = [s for s in series.spans if s[1] <= from_ms and from_ms - s[1] <= reach_ms]
    after = [s for s in series.spans if s[0] == to_ms]
    if before:
        opens = store.bars.last_opens(series, *before[-1], OVERLAP)
        from_ms = min([from_ms, before[-1][1], *opens])
    if after:
        opens = store.bars.first_opens(series, *after[0], OVERLAP)
        to_ms = max([to_ms, *(t + step for t in opens)])
    n_bars = (to_ms - from_ms) // step
    if n_bars <= FEW_BARS:
        from_ms = to_ms - max(4, 1 << (n_bars - 1).bit_length()) * step
    return from_ms, to_ms


def known_until(bars: Candles, from_ms: int, to_ms: int, server_ms: int) -> int:
    """Return until when the bars are all there are: to the end, unless the last may only be late."""
    last_ms = int(bars.open_ms[-1]) + bars.timeframe_ms if len(bars.open_ms) else from_ms
    return last_ms if last_ms < to_ms and server_ms - to_ms < LATE_MS else max(to_ms, last_ms)
