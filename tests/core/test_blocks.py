"""What is done to each asset alone gives the same numbers a few columns at a time."""

import numpy as np
import pytest

from betacli.core import blocks
from betacli.core.beta import PRESETS, estimate
from betacli.core.returns import vol_annual
from betacli.core.watch import watch, watch_peers


def test_blocks_cover_every_column_once(monkeypatch) -> None:
    """Of 100 rows and 7 columns, 250 cells at a time: two columns, and the last alone."""
    monkeypatch.setattr(blocks, "CELLS", 250)
    assert [(s.start, s.stop) for s in blocks.blocks(100, 7)] == [(0, 2), (2, 4), (4, 6), (6, 7)]
    assert list(blocks.blocks(100, 0)) == []


def a_market() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    market = rng.normal(0, 0.02, 300)
    returns = 1.3 * market[:, None] + rng.normal(0, 0.02, (300, 7))
    returns[5:9, 2] = np.nan
    returns[:200, 3] = np.nan
    return returns, market


@pytest.mark.parametrize("preset", PRESETS)
def test_betas_do_not_depend_on_the_blocks(monkeypatch, preset: str) -> None:
    """Every preset, shrunk ones among them, whether all columns are regressed at once or two at a time."""
    returns, market = a_market()
    whole = estimate(PRESETS[preset], returns, market, 1.0)
    monkeypatch.setattr(blocks, "CELLS", 600)
    parts = estimate(PRESETS[preset], returns, market, 1.0)
    for name in ("beta", "std_error", "ci_low", "r_squared", "n_obs"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-9, atol=1e-12)


def test_figures_do_not_depend_on_the_blocks(monkeypatch) -> None:
    """Volatility, the watch against the benchmark, and against the mean of all others, gaps included."""
    returns, market = a_market()
    beta = np.full(7, 1.3)

    def figures() -> list[np.ndarray]:
        with_peers = watch_peers(returns, beta, market, 14)
        return [vol_annual(returns, 86_400_000), watch(returns, market, 14).z, with_peers.early, with_peers.z]

    whole = figures()
    monkeypatch.setattr(blocks, "CELLS", 600)
    for part, all_at_once in zip(figures(), whole, strict=True):
        np.testing.assert_allclose(part, all_at_once, rtol=1e-9)
