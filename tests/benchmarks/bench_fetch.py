"""How fast candles are fetched, against a fake that enforces each venue's published budget.

    python tests/benchmarks/bench_fetch.py [--no-ccxt]

Loopback, 50 ms latency, the fake in a process of its own. First 300 symbols x 1,000 daily bars at Binance, beside
ccxt's own loop in the same run (75 s or more); then 50 symbols x 180 days of 4 h bars at each venue, beside two bounds:

* at the budget's rate: weight / (four fifths of the budget a second), or rounds of requests x latency;
* with the budget's burst: a budget that was not used may be spent at once, so that only what exceeds it waits. Where
  nothing waits this is the bare latency, a fraction of a second, and reading 54,000 candles takes longer than that.
"""

# ruff: noqa: T201

import asyncio
import math
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from betacli.core.model import Candles, Member
from betacli.data.pace import SHARE
from fake_exchange.asking import DIALECTS, START_MS, ask, walk
from fake_exchange.market import DAY_MS, HOUR_MS, FakeMarket, bars
from fake_exchange.server import FakeExchange, Toll

LATENCY_S = 0.05


def described(symbols: int, length: int, step_ms: int) -> FakeMarket:
    """Return a market of many coins; the clock stands where the last bar has just closed."""
    now_ms = START_MS + length * step_ms
    of = {f"C{n}USDT": bars(START_MS, walk(n, length), step_ms) for n in range(symbols)}
    return FakeMarket(now_ms=now_ms, bars=of)


def serve(pipe: Connection, venue: str, symbols: int, length: int, step_ms: int) -> None:
    """Run the fake until told to end, and report what it counted."""
    market = described(symbols, length, step_ms)
    for symbol in market.bars:
        market._written(symbol, step_ms)
    toll = Toll(*DIALECTS[venue].BUDGET)
    with FakeExchange(market, dialect=DIALECTS[venue], latency_s=LATENCY_S, toll=toll) as fake:
        pipe.send((fake.url, fake.options, market.now_ms))
        while pipe.poll(None):
            end = pipe.recv()
            pipe.send((len(fake.requests), toll.paid, toll.most, toll.above, toll.refused))
            if end:
                return


class Served:
    """A fake in a process of its own: its address, and what it has counted."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url, self.options, self.now_ms = pipe.recv()

    def counts(self, *, end: bool = False) -> tuple[int, float, float, int, int]:
        """Return requests, weight, the most in a window, those above four fifths, and those refused."""
        self._pipe.send(end)
        return self._pipe.recv()


@contextmanager
def serving(venue: str, symbols: int, length: int, step_ms: int) -> Iterator[Served]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(theirs, venue, symbols, length, step_ms))
    process.start()
    served = Served(ours)
    try:
        yield served
    finally:
        served.counts(end=True)
        process.join(10)


def ours(venue: str, symbols: int, length: int, step_ms: int, timeframe: str) -> dict[str, float]:
    """Fetch everything; return seconds and counts, of the whole and of the candles alone."""
    with serving(venue, symbols, length, step_ms) as served:
        began = time.monotonic()
        with ask(served, venue, timeout_s=600, now_ms=lambda: served.now_ms) as source:
            members = [Member(base=f"C{n}") for n in range(symbols)]
            listings = list(source.find(members, "USDT").values())
            before, opened = served.counts(), time.monotonic()
            found = source.candles(listings, timeframe, START_MS, served.now_ms)
            ended, after = time.monotonic(), served.counts()
            in_flight = source.venue.in_flight
        assert all(isinstance(c, Candles) and len(c.close) == length for c in found.values())
    limit, window_s = DIALECTS[venue].BUDGET
    burst_s = window_s * math.floor((after[1] - 1) / (SHARE * limit))
    rate_s = window_s * (after[1] - before[1]) / (SHARE * limit)
    latency_s = LATENCY_S * math.ceil((after[0] - before[0]) / in_flight)
    return {
        "whole_s": ended - began,
        "candles_s": ended - opened,
        "at_rate_s": max(rate_s, latency_s),
        "at_burst_s": max(burst_s, latency_s),
        "requests": after[0] - before[0],
        "weight": after[1],
        "most": after[2],
        "above": after[3],
        "refused": after[4],
    }


async def _loop(options: dict, symbols: list[str]) -> int:
    import ccxt.async_support

    own = {"options": {"fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": False}}
    exchange = ccxt.async_support.binanceusdm({**options["binanceusdm"], **own})
    try:
        await exchange.load_markets()
        rows = [len(await exchange.fetch_ohlcv(symbol, "1d", START_MS, 1_000)) for symbol in symbols]
    finally:
        await exchange.close()
    return sum(rows)


def theirs(symbols: int) -> float:
    """Fetch the same with ccxt as it comes; return seconds."""
    with serving("binanceusdm", symbols, 1_000, DAY_MS) as served:
        began = time.monotonic()
        rows = asyncio.run(_loop(served.options, [f"C{n}/USDT:USDT" for n in range(symbols)]))
        assert rows == symbols * 1_000
        return time.monotonic() - began


def main(argv: list[str]) -> None:
    """Print all figures."""
    told = ours("binanceusdm", 300, 1_000, DAY_MS, "1d")
    print(f"binanceusdm, 300 symbols x 1,000 daily bars: {told['whole_s']:.2f} s, weight {told['weight']:g}")
    print(f"  above 80 % of the budget: {told['above']}, refused: {told['refused']}, most: {told['most']:g}")
    if "--no-ccxt" not in argv:
        loop_s = theirs(300)
        print(f"  ccxt's default loop: {loop_s:.1f} s, {loop_s / told['whole_s']:.1f} times as long")
    for venue in DIALECTS:
        told = ours(venue, 50, 1_080, 4 * HOUR_MS, "4h")
        rate, burst = (told["candles_s"] / told[bound] for bound in ("at_rate_s", "at_burst_s"))
        print(
            f"{venue}, 50 symbols x 180 days of 4 h bars: {told['candles_s']:.2f} s in {told['requests']:g} requests; "
            f"{rate:.2f} x the bound at the budget's rate ({told['at_rate_s']:.2f} s), {burst:.2f} x the bound with "
            f"its burst ({told['at_burst_s']:.2f} s); above 80 %: {told['above']}, refused: {told['refused']}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
