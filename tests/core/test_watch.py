"""The correlation watch by hand, and how often it cries wolf."""

import numpy as np
import pytest

from betacli.core.watch import correlation, others, watch


def test_correlations_are_those_of_numpy() -> None:
    """On the rows both have; fewer than six, or a flat series, has none."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    x[5:9, 1] = np.nan
    x[5:, 2] = np.nan
    rho, n = correlation(x, y)
    seen = np.isfinite(x[:, 1])
    assert rho[0] == pytest.approx(np.corrcoef(x[:, 0], y)[0, 1])
    assert rho[1] == pytest.approx(np.corrcoef(x[seen, 1], y[seen])[0, 1])
    assert np.isnan(rho[2])
    assert list(n) == [40, 36, 5]
    assert np.isnan(correlation(np.ones((10, 1)), y[:10])[0][0])


def test_fishers_z_by_hand() -> None:
    """ρ 0.8 before on 76 and 0.0 after on 14: z = (0 − artanh 0.8) / √(1/11 + 1/73) = −3.3967."""
    rng = np.random.default_rng(2)

    def pair(n: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
        q, _ = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, 2))]))
        return q[:, 1], rho * q[:, 1] + np.sqrt(1 - rho**2) * q[:, 2]

    early, late = pair(76, 0.8), pair(14, 0.0)
    x = np.concatenate([early[0], late[0]])[:, None]
    found = watch(x, np.concatenate([early[1], late[1]]), 14)
    assert (found.early[0], found.late[0]) == (pytest.approx(0.8), pytest.approx(0, abs=1e-12))
    assert found.z[0] == pytest.approx(-np.arctanh(0.8) / np.sqrt(1 / 11 + 1 / 73))
    assert found.z[0] == pytest.approx(-3.3967, abs=1e-4)
    assert found.fallen == (True,)


def test_when_nothing_changed_one_in_a_hundred_is_flagged() -> None:
    """Of 5,000 independent pairs that keep their correlation, 0.5 to 1.3 % are called fallen."""
    rng = np.random.default_rng(3)
    y = rng.normal(size=(90, 5000))
    x = 0.7 * y + rng.normal(0, 0.7, (90, 5000))
    assert 0.005 < np.mean(watch(x, y, 14).fallen) < 0.013


def test_peers_are_the_others() -> None:
    """Three assets at 1, 2, 6 %: the peers' means are 4, 3.5 and 1.5 %; one alone has none."""
    returns = np.array([[0.01, 0.02, 0.06], [0.01, np.nan, np.nan], [np.nan, 0.02, 0.03]])
    total, count = np.array([[0.09], [0.01], [0.05]]), np.array([[3.0], [1.0], [2.0]])
    found = others(returns, total, count)
    assert found[0] == pytest.approx([0.04, 0.035, 0.015])
    assert np.isnan(found[1, 0])
    assert found[1, 1] == pytest.approx(0.01)
    assert found[2] == pytest.approx([0.025, 0.03, 0.02])
