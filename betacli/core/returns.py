"""Aligned closes to simple returns; covariance that is positive semidefinite by construction."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.blocks import by_column
from betacli.core.calendar import bars_per_year

MIN_COMMON_ROWS = 60
MIN_COMMON_SHARE = 0.8


def simple_returns(close: Floats) -> Floats:
    """Return close[t] / close[t−1] − 1.

    Args:
        close: (T, …) closes on a regular grid of bars, NaN where a bar is missing.

    Returns:
        (T − 1, …) fractions; a missing bar makes the two returns that touch it NaN.
    """
    return np.asarray(close[1:] / close[:-1] - 1.0)


def vol_annual(returns: Floats, timeframe_ms: int) -> Floats:
    """Return the annualised standard deviation (N,) of returns (T, N), 365 days a year; NaN below two returns."""
    if returns.ndim == 1:
        return _vol_annual(returns, timeframe_ms)
    return by_column(returns, lambda some: _vol_annual(some, timeframe_ms))


def _vol_annual(returns: Floats, timeframe_ms: int) -> Floats:
    seen = np.isfinite(returns)
    n = seen.sum(axis=0)
    filled = np.where(seen, returns, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=0) / n
        squares = np.where(seen, (returns - mean) ** 2, 0.0).sum(axis=0)
        deviation = np.sqrt(squares / (n - 1))
    return np.where(n > 1, deviation * np.sqrt(bars_per_year(timeframe_ms)), np.nan)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Covariance:
    """Covariance (N, N) of returns per bar, how it was made, and the shrinkage toward the single-index model."""

    matrix: Floats
    method: Literal["shrunk", "single-index", "identity"]
    shrinkage: float
    n_obs: int
    ridge: float = 0.0


def identity_covariance(n_assets: int) -> Covariance:
    """Return the stand-in for a covariance when there is no market data: distance in weights."""
    return Covariance(matrix=np.eye(n_assets), method="identity", shrinkage=0.0, n_obs=0)


def covariance(returns: Floats, market: Floats) -> Covariance:
    """Estimate the covariance of simple returns.

    From the rows complete in every asset, shrunk toward the single-index model; from the single-index model
    alone, ββ'σ_m² + diag(σ_e²), where the complete rows are fewer than 60 or than 80 % of the market's.

    Args:
        returns: (T, N) fractions, NaN where missing.
        market: (T,) benchmark returns, NaN where missing.

    Returns:
        A symmetric positive definite matrix per bar (N, N): where the smallest eigenvalue is below 1e-10 of the
        largest, the difference is added to the diagonal and told as `ridge`.
    """
    complete = np.isfinite(market) & np.isfinite(returns).all(axis=1)
    n_market = int(np.isfinite(market).sum())
    n_complete = int(complete.sum())
    if n_complete >= max(MIN_COMMON_ROWS, MIN_COMMON_SHARE * n_market):
        matrix, shrinkage = _shrunk(returns[complete], market[complete])
        return _conditioned(matrix, "shrunk", shrinkage, n_complete)
    return _conditioned(_single_index(returns, market), "single-index", 1.0, n_complete)


def _shrunk(returns: Floats, market: Floats) -> tuple[Floats, float]:
    """Shrink the sample covariance toward the single-index model by the optimal intensity.

    Source: Ledoit and Wolf (2003), Improved estimation of the covariance matrix of stock returns, J. Empirical
    Finance 10, with the benchmark in the place of their equal-weighted market. Moments divide by T, as there.
    """
    n_rows = len(returns)
    x = returns - returns.mean(axis=0)
    m = market - market.mean()
    sample = x.T @ x / n_rows
    with_market = x.T @ m / n_rows
    var_market = float(m @ m) / n_rows
    if var_market == 0:
        return np.diag(np.diag(sample)), 1.0
    prior = np.outer(with_market, with_market) / var_market
    np.fill_diagonal(prior, np.diag(sample))
    distance = float(((sample - prior) ** 2).sum())
    if distance <= 1e-24 * float((sample**2).sum()):
        return prior, 1.0
    squares = x**2
    x_m = x * m[:, None]
    pi = float((squares.T @ squares).sum()) / n_rows - float((sample**2).sum())
    rho_diagonal = float((squares**2).sum()) / n_rows - float((np.diag(sample) ** 2).sum())
    v1 = squares.T @ x_m / n_rows - with_market[:, None] * sample
    off_1 = (v1 * with_market[None, :]).sum() - (np.diag(v1) * with_market).sum()
    v3 = x_m.T @ x_m / n_rows - var_market * sample
    off_3 = (v3 * np.outer(with_market, with_market)).sum() - (np.diag(v3) * with_market**2).sum()
    rho = rho_diagonal + 2 * float(off_1) / var_market - float(off_3) / var_market**2
    shrinkage = min(1.0, max(0.0, (pi - rho) / distance / n_rows))
    return shrinkage * prior + (1 - shrinkage) * sample, shrinkage


def _single_index(returns: Floats, market: Floats) -> Floats:
    """Return ββ'σ_m² + diag(σ_e²) with each asset's β and σ_e from the rows it shares with the market."""
    both = np.isfinite(returns) & np.isfinite(market)[:, None]
    n = both.sum(axis=0)
    m = np.where(both, market[:, None], 0.0)
    r = np.where(both, returns, 0.0)
    m = np.where(both, m - m.sum(axis=0) / n, 0.0)
    r = np.where(both, r - r.sum(axis=0) / n, 0.0)
    beta = (m * r).sum(axis=0) / (m**2).sum(axis=0)
    residual = ((r - beta * m) ** 2).sum(axis=0) / n
    seen = market[np.isfinite(market)]
    return np.asarray(np.outer(beta, beta) * seen.var() + np.diag(residual))


def _conditioned(
    matrix: Floats, method: Literal["shrunk", "single-index"], shrinkage: float, n_obs: int
) -> Covariance:
    """Symmetrise, and lift the smallest eigenvalue to 1e-10 of the largest."""
    symmetric = (matrix + matrix.T) / 2
    eigenvalues = np.linalg.eigvalsh(symmetric)
    floor = 1e-10 * max(float(eigenvalues[-1]), 1e-30)
    ridge = max(0.0, floor - float(eigenvalues[0]))
    lifted = symmetric + ridge * np.eye(len(symmetric)) if ridge else symmetric
    return Covariance(matrix=lifted, method=method, shrinkage=shrinkage, n_obs=n_obs, ridge=ridge)
