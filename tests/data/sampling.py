"""How the tests of the simulated market ask it."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from betacli.core.model import Candles, Member, Universe, Unknown
from betacli.data.candles import Listing
from betacli.data.sample import EPOCH_MS, SampleMarket
from betacli.data.sectors import load_universe

TOP = Path(__file__).resolve().parents[2]
FIELDS = ("open_ms", "open", "high", "low", "close", "volume", "quote_volume")
FAULTY = ("GAP", "STALE", "OLD")


def at(written: str) -> int:
    return round(datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp() * 1000)


NOW = at("2026-11-23T20:17:05")
DATES = ("2024-06-01", "2024-12-11", "2025-07-01", "2026-03-17", "2026-11-23", "2031-05-05")


def listings(market: SampleMarket, *bases: str) -> list[Listing]:
    found = market.find([Member(base=base) for base in bases], "USDT")
    assert not [x for x in found.values() if isinstance(x, Unknown)]
    return list(found.values())


def bars(
    base: str, timeframe: str, *, now: int = NOW, start: int = EPOCH_MS, end: int | None = None
) -> Candles:
    market = SampleMarket(now_ms=now)
    return market.candles(listings(market, base), timeframe, start, now if end is None else end)[base]


def same(a: Candles, b: Candles, n: int | None = None) -> bool:
    return all(getattr(a, f).tobytes() == getattr(b, f)[:n].tobytes() for f in FIELDS)


def load(path: Path) -> Universe:
    nowhere = Path("/nonexistent-betacli-test")
    return load_universe(config=path, project_dir=nowhere, user_dir=nowhere, packaged=TOP / "sectors.yaml")


def slope(x, y):
    """Return OLS slopes (N,) of y (T, N) on x (T,), and their classical standard errors."""
    x, y = x - x.mean(), y - y.mean(axis=0)
    beta = x @ y / (x @ x)
    rest = y - np.outer(x, beta)
    return beta, np.sqrt((rest**2).sum(axis=0) / (len(x) - 2) / (x @ x))
