"""A member without a contract, GONE: its prices, the market it is missing from, and what an answer says of it."""

import datetime as dt
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from fake_exchange.market import DAY_MS, FakeMarket, Instrument, bars
from marketing import BASES, FIRST_MS, N_DAYS, a_market, closes, sectors, serve

LIVE = ("--exchange", "binanceusdm")
WINDOW = 90  # returns of ols-90d


def gone(noise: float = 0.005, loads: tuple[float, ...] = (0.0, 0.8, 0.0)) -> np.ndarray:
    """Closes (T,) of GONE, which follows ETH, SOL and AVAX by `loads` with some noise of its own."""
    paths = closes()
    moved = sum(
        load * (paths[base][1:] / paths[base][:-1] - 1) for base, load in zip(BASES[1:], loads, strict=True)
    )
    own = np.random.default_rng(5).normal(0, noise, N_DAYS - 1)
    return 7 * np.cumprod(np.concatenate([[1.0], 1 + moved + own]))


def returns_of(path: np.ndarray) -> np.ndarray:
    """Returns of the window (90,)."""
    return (path[1:] / path[:-1] - 1)[-WINDOW:]


def history(folder: Path, path: np.ndarray, **others: np.ndarray) -> str:
    """A candle file of GONE, and of others."""
    rows = ["date,symbol,close"]
    for name, series in {"GONE": path, **others}.items():
        for day, close in enumerate(series.tolist()):
            opened = dt.datetime.fromtimestamp((FIRST_MS + day * DAY_MS) / 1000, tz=dt.UTC)
            rows.append(f"{opened:%Y-%m-%d},{name},{close!r}")
    file = folder / "gone.csv"
    file.write_text("\n".join(rows) + "\n")
    return str(file)


def with_gone(path: np.ndarray, **changes: object) -> FakeMarket:
    """The market with a contract of GONE beside the others."""
    market = a_market()
    served = {**market.bars, "GONEUSDT": bars(FIRST_MS, path, DAY_MS)}
    listed = [*market.instruments, Instrument(base="GONE", contract_size="1", step="0.1")]
    return a_market(bars=served, instruments=listed, **changes)


def warned(report: dict, notice: str) -> list[str]:
    return [x["detail"] for x in report["warnings"] if x["id"] == notice]


def base_weights(report: dict) -> dict[str, float]:
    return {leg["base"]: leg["base_weight"] for leg in report["data"]["legs"]}


def both(stack: ExitStack, folder: Path, path: np.ndarray, members: str, **changes: object) -> None:
    """Binance without GONE, Bybit with it, both in one sector file."""
    here = stack.enter_context(serve("binanceusdm"))
    there = stack.enter_context(serve("bybit", with_gone(path, **changes)))
    sectors(folder, {**here.options, **there.options}, members=members)
