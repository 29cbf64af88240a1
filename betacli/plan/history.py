"""Years of bars for a walk over history: every asset a question involves, at any timeframe, without refusing gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from betacli.core.backtest import Bars
from betacli.core.calendar import TIMEFRAMES_MS
from betacli.core.model import Benchmark, Candles, Floats, Member, Times, Universe, Unknown
from betacli.core.returns import simple_returns
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import GATES, align
from betacli.errors import BadOption, GateFailure, GatesFailed
from betacli.plan.benchmark import benchmark_members, fixed_weights

LIVE_TIMEFRAME = "4h"


@runtime_checkable
class HasSymbols(Protocol):
    """A source that can name everything it holds: candle files."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol, in the source's own spelling."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """What a source holds at one timeframe.

    `open_ms` (T,) are the bars from the benchmark's first to its last; `close` (T, N) by asset, NaN where there is
    no bar; `bars` the returns between them; `absent` says why an asset has none at all; `jumped` names the assets of
    which a return was taken for another unit of account, and is missing.
    """

    bases: tuple[str, ...]
    open_ms: Times
    close: Floats
    bars: Bars
    absent: Mapping[str, str]
    jumped: tuple[str, ...]


def own_timeframe(source: MarketData, wanted: str | None) -> str:
    """Return the timeframe to walk in: the one wanted, the source's own, or 4h where the source is live.

    Raises:
        BadOption: the source has no bars that make the one wanted.
    """
    if wanted is None:
        return LIVE_TIMEFRAME if source.live else source.finest_timeframe
    if TIMEFRAMES_MS[wanted] % TIMEFRAMES_MS[source.finest_timeframe]:
        raise BadOption(
            option="--timeframe",
            value=wanted,
            problem=f"`{source.name}` has {source.finest_timeframe} bars, which do not make {wanted} bars",
            way_out=f"use `--timeframe {source.finest_timeframe}` or coarser",
        )
    return wanted


def file_members(symbols: Sequence[str], quote: str) -> tuple[Member, ...]:
    """Return one member a symbol, by name: `ETH/USDT:USDT`, `ETH-USDT`, `ETHUSDT` and `ETH` are all `ETH`."""
    members: dict[str, Member] = {}
    for symbol in sorted(symbols):
        base = symbol.partition("/")[0].removesuffix(quote).rstrip("-_") or symbol
        members.setdefault(base, Member(base=base, symbol=symbol))
    return tuple(members[base] for base in sorted(members))


class Reader:
    """Reads the members of a question and its benchmark from one source, at any timeframe.

    The order in which a source or a sector names its assets does not matter: they are sorted by name. A
    benchmark that is one asset is no member of its own comparison.
    """

    def __init__(
        self, source: MarketData, universe: Universe, benchmark: Benchmark, members: Sequence[Member] | None
    ) -> None:
        """Find every asset.

        Args:
            source: where the bars come from.
            universe: the sectors and defaults.
            benchmark: what beta is measured against.
            members: the assets; None takes every symbol the source can name, or all of the sector file.
        """
        self._source, self._benchmark = source, benchmark
        named = file_members(source.symbols, universe.quote) if isinstance(source, HasSymbols) else ()
        if members is None:
            members = named or tuple(universe.assets.values())
        spelled = {member.base: member for member in named}
        parts = {part.base: part for part in benchmark_members(benchmark, universe)}
        parts = {base: spelled.get(base, part) for base, part in parts.items()}
        wanted = {**{member.base: member for member in members}, **parts}
        self._found = source.find([wanted[base] for base in sorted(wanted)], universe.quote)
        own = set(parts) if len(parts) == 1 else set()
        self.bases = tuple(base for base in sorted(wanted) if base in {m.base for m in members} - own)
        self._largest_jump = float({**GATES, **universe.gates}["redenomination"])

    def symbol(self, base: str) -> str:
        """Return the source's spelling of an asset, or nothing where it has none."""
        place = self._found[base]
        return place.symbol if isinstance(place, Listing) else ""

    def history(self, timeframe: str, start_ms: int) -> History:
        """Read the closed bars that open from `start_ms` on.

        Raises:
            GatesFailed: the source has no bars of a part of the benchmark.
            ExchangeFailed: the source does not answer.
        """
        step = TIMEFRAMES_MS[timeframe]
        listings = [place for place in self._found.values() if isinstance(place, Listing)]
        fetched = self._source.candles(listings, timeframe, start_ms, self._source.now_ms)
        answers = {**self._found, **fetched}
        absent = {base: place.reason for base, place in answers.items() if isinstance(place, Unknown)}
        candles = {base: bars for base, bars in fetched.items() if isinstance(bars, Candles)}
        absent.update({base: f"has no {timeframe} bar" for base, c in candles.items() if not len(c.open_ms)})
        parts = sorted(self._benchmark.weights)
        failures = [
            GateFailure(base=base, gate="bars", detail=f"is refused: {absent[base]}")
            for base in parts
            if base in absent
        ]
        if failures:
            raise GatesFailed(failures=failures, benchmark=True)
        first = max(int(candles[base].open_ms[0]) for base in parts)
        last = min(int(candles[base].open_ms[-1]) for base in parts)
        grid = np.arange(first, last + step, step, dtype=np.int64)
        close = np.full((len(grid), len(self.bases)), np.nan)
        for column, base in enumerate(self.bases):
            if base not in absent:
                close[:, column] = align(candles[base], grid)
        market = fixed_weights(self._benchmark, {base: align(candles[base], grid) for base in parts})
        returns, jumped = without_jumps(simple_returns(close), self._largest_jump)
        return History(
            bases=self.bases,
            open_ms=grid,
            close=close,
            bars=Bars(timeframe_ms=step, close_ms=grid[1:] + step, returns=returns, market=market.returns),
            absent=absent,
            jumped=tuple(base for base, odd in zip(self.bases, jumped, strict=True) if odd),
        )


def without_jumps(returns: Floats, largest: float) -> tuple[Floats, tuple[bool, ...]]:
    """Return the returns (T, N) with those beyond a factor of `largest` missing, and which assets had one.

    A price that triples within a bar is a redenomination more often than a move. It is judged bar by bar, so that what
    happens later changes nothing before.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        odd = np.abs(np.log1p(returns)) > np.log(largest)
    return np.where(odd, np.nan, returns), tuple(bool(any_odd) for any_odd in odd.any(axis=0))
