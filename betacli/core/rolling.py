"""Betas over a moving window, bar by bar, in a few passes over the panel and without losing digits.

A running sum from which old bars are taken off keeps the rounding of everything it ever held: after one bad price the
windows that no longer hold it are wrong. Here nothing is ever taken off. Time is cut into blocks as long as the window,
so that a window is the end of one block and the beginning of the next:

    bars    … │ · · · · a b c d │ e f g · · · · · │ …     window a-g = a b c d summed from the right
                                                                     + e f g summed from the left

Sums from the left and from the right cost one addition a bar each (van Herk 1992, Gil and Werman 1993, there for
maxima). Each block has an anchor, a typical value of it and the block before, that is taken off before anything is
multiplied, so that a level of a million costs no digits.

A block is held as an array (L, S, N) of S segments with L bars each, bar t in row t mod L of segment t div L: the same
row of all segments lies side by side in memory, and one addition of long rows serves every segment.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Thread

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.regress import FLAT, MIN_OBS

_N_SUMS = 5  # of r, mr, m, mm and 1
_SAMPLED = 9
_NEAR = 10.0
_CACHED = 2**18  # bars × assets worked on at a time: what the processor's cache holds


def rolling_beta(returns: Floats, market: Floats, window: int) -> Floats:
    """Return the OLS beta of each asset over the `window` bars that end at each bar, (T, N).

    Args:
        returns: (T, N), NaN where missing; a bar counts for an asset where it and the benchmark are known.
        market: (T,), NaN where missing.
        window: bars, two or more.

    Returns:
        Betas; NaN before the first whole window, where a window holds fewer than 3 such bars, and where the benchmark
        does not move on them.

    Raises:
        ValueError: the window is shorter than two bars.
    """
    if window < 2:
        message = f"a beta needs a window of two bars or more, not {window}"
        raise ValueError(message)
    n_bars, n_assets = returns.shape
    path = np.empty(returns.shape)
    width = max(1, min(n_assets, _CACHED // window))
    if window <= n_bars:
        strips = [slice(first, first + width) for first in range(0, n_assets, width)]
        _in_threads(lambda cols: _put_betas(returns[:, cols], market, window, path[:, cols]), strips)
    path[: window - 1] = np.nan
    return path


def _in_threads(work: Callable[[slice], None], strips: Sequence[slice]) -> None:
    """Do the work of every strip, on two processors where there are several strips: NumPy lets go of the lock.

    Raises:
        BaseException: what the work raised.
    """
    raised: list[BaseException] = []

    def every_other(first: int) -> None:
        try:
            for strip in strips[first::2]:
                work(strip)
        except BaseException as error:  # noqa: BLE001  handed to the thread that asked
            raised.append(error)

    helper = Thread(target=every_other, args=(1,)) if len(strips) > 1 else None
    if helper is not None:
        helper.start()
    every_other(0)
    if helper is not None:
        helper.join()
    if raised:
        raise raised[0]


def _put_betas(returns: Floats, market: Floats, window: int, path: Floats) -> None:
    """Put the betas of some assets into `path` (T, N), block by block.

    A window that ends at bar j of a block holds the block's bars up to j, and those of the block before from j + 1 on.
    """
    n_bars, n_assets = returns.shape
    length = math.isqrt(window)
    rooms = np.empty(
        (3, _N_SUMS, length, -(-window // length), n_assets)
    )  # asking anew costs more than the sums
    starts = range(0, n_bars, window)
    finite = [np.isfinite(returns[s : s + window].sum() + market[s : s + window].sum()) for s in starts]
    typical, m_typical = _typical(returns, window), _typical(market[:, None], window)
    base = _Base(typical[0][0], typical[1][0], m_typical[0][0], m_typical[1][0], bool(finite[0]))
    tail: list[tuple[Floats, Floats]] = []
    for k, start in enumerate(starts):
        here, before = slice(start, start + window), slice(max(0, start - window), start)
        complete = all(finite[max(0, k - 1) : k + 1])
        fitting = _Base(typical[0][k], typical[1][k], m_typical[0][k], m_typical[1][k], complete)
        if k and not base.serves(fitting):
            base = fitting
            tail = [_from_the_right(x) for x in base.terms(returns[before], market[before], rooms[1 - k % 2])]
        terms = base.terms(returns[here], market[here], rooms[k % 2])
        sums = []
        for i, (term, room) in enumerate(zip(terms, rooms[2], strict=True)):
            part, across = _from_the_left(term, room)
            if tail:
                part[:-1] += tail[i][0][1:]
                across += tail[i][1]
            part += across
            sums.append(part)
        _put_slopes(sums, path[here])
        tail = [_from_the_right(term) for term in terms]


def _put_slopes(sums: list[Floats], betas: Floats) -> None:
    """Put (Σmr − Σm Σr / n) / (Σmm − (Σm)² / n) of each bar into (n, N)."""
    s_r, s_mr, s_m, s_mm, n = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = s_m / n
        spread = s_mm - mean * s_m
        share = np.where((n >= MIN_OBS) & (spread > FLAT * (n + s_mm)), 1 / spread, np.nan)
        s_r *= mean
        s_mr -= s_r
        for segment, times, rows in _segments(len(betas), len(s_mr)):
            np.multiply(s_mr[rows, segment], share[rows, segment], out=betas[times])


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    """What is taken off the bars of a block, of assets (N,) and benchmark (1,), and how far most values lie from it.

    `complete` says that nothing is missing.
    """

    anchor: Floats
    reach: Floats
    m_anchor: Floats
    m_reach: Floats
    complete: bool

    def serves(self, other: "_Base") -> bool:
        """Say whether these anchors are as good as those of another base: what they lose is 2 of 16 digits."""
        near = np.abs(self.anchor - other.anchor) <= _NEAR * other.reach
        m_near = np.abs(self.m_anchor - other.m_anchor) <= _NEAR * other.m_reach
        return self.complete == other.complete and bool(near.all() and m_near.all())

    def terms(self, returns: Floats, market: Floats, room: Floats) -> list[Floats]:
        """Return r, mr, m, mm and 1 of each bar in `room`, (L, S, N); m, mm and 1 (L, S, 1) where complete."""
        r, mr, m_seen, mm, one = room
        m = np.empty((*r.shape[:2], 1))
        _put(returns, self.anchor, r)
        _put(market[:, None], self.m_anchor, m, fill=np.nan)
        known = np.isfinite(m)
        m[~known] = 0.0
        if self.complete:
            return [r, np.multiply(r, m, out=mr), m, m * m, known.astype(np.float64)]
        np.multiply(np.isfinite(r), known, out=one)
        np.copyto(r, 0.0, where=one == 0)
        np.multiply(one, m, out=m_seen)
        np.multiply(r, m_seen, out=mr)
        np.multiply(m_seen, m_seen, out=mm)
        return [r, mr, m_seen, mm, one]


def _segments(n_bars: int, length: int) -> Iterator[tuple[int, slice, slice]]:
    """Yield each segment that holds bars, with the bars and the rows they have there."""
    for segment, start in enumerate(range(0, n_bars, length)):
        end = min(start + length, n_bars)
        yield segment, slice(start, end), slice(0, end - start)


def _put(bars: Floats, anchor: Floats, into: Floats, *, fill: float = 0.0) -> None:
    """Put bars (n, N), less their anchor, into (L, S, N), and `fill` behind them."""
    length = len(into)
    into[:, len(bars) // length :] = fill
    for segment, times, rows in _segments(len(bars), length):
        np.subtract(bars[times], anchor, out=into[rows, segment])


def _from_the_left(terms: Floats, room: Floats) -> tuple[Floats, Floats]:
    """Return the sums up to each bar within its segment (L, S, N), in `room`, and of all segments before it (S, N)."""
    sums = room if room.shape == terms.shape else np.empty_like(terms)
    sums[0] = terms[0]
    for (done, row), term in zip(pairwise(sums), terms[1:], strict=True):
        np.add(done, term, out=row)
    before = np.zeros_like(sums[-1])
    np.cumsum(sums[-1, :-1], axis=0, out=before[1:])
    return sums, before


def _from_the_right(terms: Floats) -> tuple[Floats, Floats]:
    """Return the sums from each bar on within its segment (L, S, N), in place, and of all segments after it (S, N)."""
    for done, row in pairwise(terms[::-1]):
        np.add(done, row, out=row)
    after = np.zeros_like(terms[0])
    np.cumsum(terms[0, :0:-1], axis=0, out=after[-2::-1])
    return terms, after


def _typical(bars: Floats, window: int) -> tuple[Floats, Floats]:
    """Return a value near most of each column in each block and the one before (K, N), and how far the others lie.

    The median of nine bars and the distance of their quartiles; the first known bar and 0 where these are missing.
    """
    spans = [(max(0, s - window), min(s + window, len(bars))) for s in range(0, len(bars), window)]
    places = np.array([np.linspace(first, last - 1, _SAMPLED).astype(int) for first, last in spans])
    sampled = np.sort(bars[places], axis=1)
    last = np.maximum(np.isfinite(sampled).sum(axis=1) - 1, 0)
    low, typical, high = (
        np.take_along_axis(sampled, (last * q // 4)[:, None], axis=1)[:, 0] for q in (1, 2, 3)
    )
    lost = ~np.isfinite(typical)
    for k in np.flatnonzero(lost.any(axis=1)):
        block = bars[slice(*spans[k])][:, lost[k]]
        seen = np.isfinite(block)
        first = np.take_along_axis(block, seen.argmax(axis=0)[None], axis=0)[0]
        typical[k, lost[k]] = np.where(seen.any(axis=0), first, 0.0)
    return np.asarray(typical), np.where(lost, 0.0, high - low)
