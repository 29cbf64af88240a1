"""Betas of assets that answer late: sums over neighbouring bars, and correlation over longer ones."""

from dataclasses import replace

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.regress import Fit, least_squares, newey_west, pair, regress

OVERLAP = 3  # bars over which Frazzini and Pedersen correlate
_SLOPES = 4  # of Scholes and Williams: three on the benchmark and its own
_SINGULAR = 1e-12
_LEAST_SCALE = 0.1  # below this 1 + 2 ρ_m divides noise by nothing


def dimson(
    returns: Floats, market: Floats, weights: Floats, n_lags: int, *, hac: bool, with_scores: bool
) -> Fit:
    """Return the sum of the coefficients on the benchmark's return and on its last `n_lags` ones, with its error.

    With X = [1, m_t, …, m_{t−L}] and c = [0, 1, …, 1] the sum is c'(X'WX)⁻¹X'Wr and its error Σ_t u_t e_t, where
    u = WX(X'WX)⁻¹c: its variance is σ² Σu² under equal noise, or Newey and West's. A row counts where the asset's
    return and all these benchmark returns are known. Dimson 1979, J. Financial Economics 7, with lags only: a lead
    is not known when the beta is needed.

    Args:
        returns: (T, N), NaN where missing.
        market: (T,), NaN where missing.
        weights: (T,) positive.
        n_lags: L, one or more.
        hac: errors by Newey and West.
        with_scores: return the scores (T − L, N) too.
    """
    n_bars, n_columns = max(0, len(market) - n_lags), n_lags + 2
    r, w = returns[n_lags:], weights[n_lags:]
    shifted = np.stack([market[n_lags - lag : n_lags - lag + n_bars] for lag in range(n_lags + 1)], axis=1)
    complete = np.asarray(np.isfinite(shifted).all(axis=1))
    plain = regress(r, np.where(complete, shifted[:, 0], np.nan), w)
    seen = (np.isfinite(r) & complete[:, None]).astype(np.float64)
    scale = float(shifted[complete].std()) if complete.any() else 0.0
    x = np.ones((n_bars, n_columns))
    x[:, 1:] = np.where(complete[:, None], shifted, 0.0) / (scale or 1.0)
    wx = w[:, None] * x
    gram = (seen.T @ (wx[:, :, None] * x[:, None, :]).reshape(n_bars, n_columns**2)).reshape(
        -1, n_columns, n_columns
    )
    eigenvalues = np.linalg.eigvalsh(gram)
    n_eff = plain.n_eff
    regular = eigenvalues[:, 0] > _SINGULAR * eigenvalues[:, -1]
    known = np.isfinite(plain.beta) & regular & (n_eff > n_columns)
    gram[~known] = np.eye(n_columns)
    c = np.array([0.0] + [1 / (scale or 1.0)] * (n_lags + 1))
    inverse = np.linalg.inv(gram)
    filled = np.where(seen > 0, r, 0.0)
    coefficients = (inverse @ (filled.T @ wx)[:, :, None])[:, :, 0]
    u = (wx @ (inverse @ c).T) * seen
    e = filled - (x @ coefficients.T) * seen
    unknown = np.where(known, 0.0, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        noise = (w @ (e * e)) / (w @ seen) * n_eff / (n_eff - n_columns)
        scores = u * e
        variance = newey_west(scores, plain.n_obs) if hac else noise * np.einsum("tn,tn->n", u, u)
    return replace(
        plain,
        beta=coefficients @ c + unknown,
        std_error=np.sqrt(variance) + unknown,
        dof=n_eff - n_columns,
        scores=scores if with_scores else None,
    )


def scholes_williams(returns: Floats, market: Floats, weights: Floats, *, with_scores: bool) -> Fit:
    """Return (b₋₁ + b₀ + b₊₁) / (1 + 2 ρ_m), the slopes on the bar before, the same and the next.

    ρ_m is the benchmark's first autocorrelation, the correlation with its own bar before. The three regressions use
    the rows on which an asset's return and the three benchmark returns are known, so the newest bar only serves as
    the next one. The error is Σ_t (c₋₁ + c₀ + c₊₁)_t e_t / (1 + 2 ρ_m), e the residual of the result, by Newey and
    West, raised by N_eff / (N_eff − 4) for the four slopes. Scholes and Williams 1977, J. Financial Economics 5.
    """
    n_bars = max(0, len(market) - 2)
    shifted = [market[1 + lag : 1 + lag + n_bars] for lag in (-1, 0, 1)]
    complete = np.isfinite(shifted).all(axis=0)
    samples = [pair(returns[1:-1], np.where(complete, m, np.nan), weights[1:-1]) for m in shifted]
    plain = least_squares(samples[1])
    rho = regress(market[:-1, None], market[1:], weights[1:]).correlation[0] if n_bars else np.nan
    scale = float(1 + 2 * rho) if 1 + 2 * rho > _LEAST_SCALE else np.nan
    beta = sum((s.slope(s.r) for s in samples), np.zeros(returns.shape[1])) / scale
    unknown = np.where(np.all([s.known for s in samples], axis=0) & np.isfinite(beta), 0.0, np.nan)
    gain = sum((s.gain() for s in samples), np.zeros((1, 1))) / scale
    scores = gain * samples[1].residual(np.where(np.isfinite(beta), beta, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        raised = np.where(plain.n_eff > _SLOPES, plain.n_eff / (plain.n_eff - _SLOPES), np.nan)
        std_error = np.sqrt(newey_west(scores, plain.n_obs) * raised)
    return replace(
        plain,
        beta=beta + unknown,
        std_error=std_error + unknown,
        scores=scores if with_scores else None,
    )


def frazzini_pedersen(returns: Floats, market: Floats, weights: Floats, n_vol: int) -> Fit:
    """Return ρ σ_i / σ_m: correlations move slowly and volatilities fast, so each has its own horizon.

    ρ is the correlation of log returns over 3 bars, overlapping, on the whole window; the volatilities are those of
    the last `n_vol` bars, of single log returns. Frazzini and Pedersen 2014, Betting against beta, J. Financial
    Economics 111, where the horizons are five years and one; the pull to 1 is the recipe's. The error is the plain
    regression's, for want of one that is known.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        logs, m = np.log1p(returns), np.log1p(market)
    plain = regress(returns, market, weights)
    rho = regress(overlapping(logs), overlapping(m[:, None])[:, 0], weights[OVERLAP - 1 :]).correlation
    recent = pair(logs[-n_vol:], m[-n_vol:], weights[-n_vol:])
    with np.errstate(invalid="ignore", divide="ignore"):
        own = recent.residual(np.zeros(returns.shape[1]))
        ratio = np.where(recent.known, np.sqrt((recent.w @ (own * own)) / recent.s_mm), np.nan)
    return replace(plain, beta=rho * ratio)


def overlapping(x: Floats) -> Floats:
    """Return the sums over 3 bars that overlap, (T − 2, N), NaN where one is missing."""
    return np.asarray(x[2:] + x[1:-1] + x[:-2])
