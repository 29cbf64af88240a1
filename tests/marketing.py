"""One small market served by any of the five fake exchanges, for tests of the market commands."""

import json
from pathlib import Path

import numpy as np

from conftest import NOW_MS, Cli
from fake_exchange.asking import DIALECTS
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS, HOUR_MS, FakeMarket, Instrument, bars
from fake_exchange.server import FakeExchange

ALONE = ("--proxy-venues", "none")  # no other exchange is asked
VENUES = ("binanceusdm", "bybit", "bingx", "weex", "mexc")
BASES = ("BTC", "ETH", "SOL", "AVAX")
N_DAYS = 120
FIRST_MS = NOW_MS // DAY_MS * DAY_MS - N_DAYS * DAY_MS

# bids 999.50, 2,996.50 and 5,981.50 in all, asks 1,000.50, 3,003.50 and 6,018.50; the middle is 100
BOOK = (
    [("99.95", "10"), ("99.85", "20"), ("99.50", "30")],
    [("100.05", "10"), ("100.15", "20"), ("100.50", "30")],
)
PAID_MS = [NOW_MS // (4 * HOUR_MS) * 4 * HOUR_MS - 4 * HOUR_MS * n for n in range(60) if n != 3][::-1]


def closes(seed: int = 11) -> dict[str, np.ndarray]:
    """Daily closes of four coins that move with the first, ETH ending at 100."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.025, N_DAYS)
    loads = {"BTC": 1.0, "ETH": 1.2, "SOL": 1.6, "AVAX": 1.5}
    noise = {base: rng.normal(0, 0.0 if base == "BTC" else 0.02, N_DAYS) for base in BASES}
    paths = {base: np.cumprod(1 + loads[base] * market + noise[base]) for base in BASES}
    return {base: 100 * path / path[-1] for base, path in paths.items()}


def a_market(**changes: object) -> FakeMarket:
    """The market: ETH pays every 4 hours, has the book above, and one payment of it is missing."""
    served = {f"{base}USDT": bars(FIRST_MS, path, DAY_MS) for base, path in closes().items()}
    how = {
        "bars": served,
        "instruments": [Instrument(base=base, contract_size="1", step="0.001") for base in BASES],
        "books": {"ETHUSDT": BOOK},
        "funding": {"ETHUSDT": "0.0002"},
        "funding_hours": {"ETHUSDT": 4},
        "payments": {"ETHUSDT": [(time, "0.0001") for time in PAID_MS]},
    }
    return FakeMarket(NOW_MS, **{**how, **changes})


def serve(venue: str, market: FakeMarket | None = None, faults: tuple[Fault, ...] = ()) -> FakeExchange:
    return FakeExchange(market or a_market(), faults=list(faults), dialect=DIALECTS[venue])


def sectors(folder: Path, options: object, extra: str = "", members: str = "ETH, SOL, AVAX") -> None:
    text = f"estimator: ols-90d\nsectors: {{l1: {{members: [{members}]}}}}\nexchange_options: {json.dumps(options)}\n"
    (folder / "sectors.yaml").write_text(text + extra)


def answer(cli: Cli, *argv: str, code: int = 0) -> dict:
    ran = cli(*argv, "--timeout", "60", "-O", "json")
    assert ran.code == code, ran.err
    return json.loads(ran.out)


def named(rows: list[dict], base: str, role: str = "leg") -> dict:
    return next(row for row in rows if row["base"] == base and row.get("role", role) == role)
