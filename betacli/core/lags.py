"""Betas of assets that answer late: sums over neighbouring bars, and correlation over longer ones."""

from dataclasses import replace

import numpy as np

from betacli.core.model import Floats
from betacli.core.regress import Fit, least_squares, newey_west, pair, regress

FP_OVERLAP = 3
_SLOPES = 4  # of Scholes and Williams: three on the benchmark and its own
_SINGULAR = 1e-12
_LEAST_SCALE = 0.1  # below this 1 + 2 ρ_m divides noise by nothing


def lagged(market: Floats, lag: int) -> Floats:
    """Return m_{t−lag} (T,), NaN where the window does not hold it; a negative lag is a lead."""
    moved = np.full(len(market), np.nan)
    kept = max(0, len(market) - abs(lag))
    if lag >= 0:
        moved[len(market) - kept :] = market[:kept]
    else:
        moved[:kept] = market[len(market) - kept :]
    return moved


def dimson(
    returns: Floats, market: Floats, weights: Floats, n_lags: int, *, hac: bool, with_scores: bool
) -> Fit:
    """Return the sum of the coefficients on the benchmark's return and on its last `n_lags` ones, with its error.

    With X = [1, m_t, …, m_{t−L}] and c = [0, 1, …, 1], the sum is c'(X'WX)⁻¹X'Wr. Its error is Σ_t w u e with
    u = X (X'WX)⁻¹ c, and its variance σ² Σ w²u² under equal noise, or Newey and West's. An asset's row counts
    where its return and all these benchmark returns are known. Dimson 1979, J. Financial Economics 7, with lags
    only: a lead is not known when the beta is needed.

    Args:
        returns: (T, N), NaN where missing.
        market: (T,), NaN where missing.
        weights: (T,) positive.
        n_lags: L, one or more.
        hac: errors by Newey and West.
        with_scores: return the scores too.
    """
    shifted = np.stack([lagged(market, lag) for lag in range(n_lags + 1)], axis=1)
    complete = np.asarray(np.isfinite(shifted).all(axis=1))
    plain = least_squares(pair(returns, np.where(complete, market, np.nan), weights))
    seen = (np.isfinite(returns) & complete[:, None]).astype(np.float64)
    r = np.where(seen > 0, returns, 0.0)
    lead = shifted[complete]
    level, scale = lead.mean(axis=0) if len(lead) else 0.0, float(lead.std()) if len(lead) else 0.0
    x = np.ones((len(market), n_lags + 2))
    x[:, 1:] = np.where(complete[:, None], (shifted - level) / (scale or 1.0), 0.0)
    n_columns = n_lags + 2
    products = (weights[:, None, None] * x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    gram = (seen.T @ products).reshape(-1, n_columns, n_columns)
    eigenvalues = np.linalg.eigvalsh(gram)
    n_eff = plain.n_eff
    known = (
        np.isfinite(plain.beta) & (eigenvalues[:, 0] > _SINGULAR * eigenvalues[:, -1]) & (n_eff > n_columns)
    )
    gram[~known] = np.eye(n_columns)
    c = np.concatenate([[0.0], np.full(n_lags + 1, 1 / (scale or 1.0))])
    moments = ((weights[:, None] * x).T @ r).T
    coefficients = np.linalg.solve(gram, moments[:, :, None])[:, :, 0]
    u = weights[:, None] * (
        x @ np.linalg.solve(gram, np.broadcast_to(c[:, None], (len(gram), n_columns, 1)))[:, :, 0].T
    )
    e = (r - x @ coefficients.T) * seen
    unknown = np.where(known, 0.0, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        noise = (weights @ (e * e)) / (weights @ seen) * n_eff / (n_eff - n_columns)
        variance = newey_west(u * e, plain.n_obs) if hac else noise * np.einsum("tn,tn->n", u * seen, u)
    return replace(
        plain,
        beta=coefficients @ c + unknown,
        std_error=np.sqrt(variance) + unknown,
        dof=n_eff - n_columns,
        scores=u * e if with_scores else None,
    )


def scholes_williams(returns: Floats, market: Floats, weights: Floats, *, with_scores: bool) -> Fit:
    """Return (b₋₁ + b₀ + b₊₁) / (1 + 2 ρ_m), the slopes on the bar before, the same and the next.

    ρ_m is the benchmark's first autocorrelation, the slope on its own bar before; the four regressions use the
    rows on which an asset's return and the three benchmark returns are known, so the newest bar only serves as the
    next one. The error is Σ_t (c₋₁ + c₀ + c₊₁)_t e_t / (1 + 2 ρ_m), e the residual of the result, by Newey and
    West, raised by N_eff / (N_eff − 4) for the four slopes. Scholes and Williams 1977, J. Financial Economics 5.
    """
    shifted = [lagged(market, lag) for lag in (1, 0, -1)]
    complete = np.isfinite(shifted).all(axis=0)
    now = pair(returns, np.where(complete, market, np.nan), weights)
    plain = least_squares(now)
    total, gain = np.zeros(returns.shape[1]), np.zeros((1, 1))
    for moved in shifted:
        s = pair(returns, np.where(complete, moved, np.nan), weights)
        total, gain = total + np.where(s.known, s.slope(s.r), np.nan), gain + s.gain()
    scale = 1 + 2 * autocorrelation(market, weights)
    beta = total / scale if scale > _LEAST_SCALE else np.full(len(total), np.nan)
    scores = gain * now.residual(np.where(np.isfinite(beta), beta, 0.0)) / scale
    unknown = np.where(np.isfinite(beta + plain.beta), 0.0, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        raised = np.where(plain.n_eff > _SLOPES, plain.n_eff / (plain.n_eff - _SLOPES), np.nan)
        std_error = np.sqrt(newey_west(scores, now.n_obs) * raised)
    return replace(
        plain,
        beta=beta + unknown,
        std_error=std_error + unknown,
        scores=scores if with_scores else None,
    )


def autocorrelation(market: Floats, weights: Floats) -> float:
    """Return the weighted correlation of m_t and m_{t−1}; NaN where there are fewer than 3 such pairs."""
    return float(regress(lagged(market, 1)[:, None], market, weights).correlation[0])


def frazzini_pedersen(returns: Floats, market: Floats, weights: Floats, n_vol: int) -> Fit:
    """Return ρ σ_i / σ_m: correlations move slowly and volatilities fast, so each has its own horizon.

    ρ is the correlation of log returns over 3 bars, overlapping, on the whole window; the volatilities are those of
    the last `n_vol` bars, of single log returns. Frazzini and Pedersen 2014, Betting against beta, J. Financial
    Economics 111, where the horizons are five years and one; the pull to 1 is the recipe's. No error is known.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        logs, m = np.log1p(returns), np.log1p(market)
    plain = regress(returns, market, weights)
    rho = regress(overlapping(logs), overlapping(m[:, None])[:, 0], weights).correlation
    recent = pair(logs[-n_vol:], m[-n_vol:], weights[-n_vol:])
    with np.errstate(invalid="ignore", divide="ignore"):
        own = recent.residual(np.zeros(returns.shape[1]))
        ratio = np.where(recent.known, np.sqrt((recent.w @ (own * own)) / recent.s_mm), np.nan)
    return replace(plain, beta=rho * ratio, std_error=np.full(len(rho), np.nan))


def overlapping(x: Floats) -> Floats:
    """Return the sum of each bar and the two before it (T, N), NaN where one is missing."""
    summed = np.full(x.shape, np.nan)
    if len(x) >= FP_OVERLAP:
        summed[FP_OVERLAP - 1 :] = x[2:] + x[1:-1] + x[:-2]
    return summed
