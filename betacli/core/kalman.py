"""A beta that wanders: a random walk, filtered."""

import math

import numpy as np

from betacli.core.model import Floats
from betacli.core.regress import Fit, Flags, regress

BURN_IN = 0.5
_COARSE = np.concatenate([[0.0], np.logspace(-6, 0, 13)])
_STEP = math.sqrt(10)
_DIFFUSE = 1e6


def kalman(returns: Floats, market: Floats) -> Fit:
    """Filter b_t = b_{t−1} + η, r_t = a + b_t m_t + ε, and return the last b.

    The first half of the window is the burn-in: OLS on it gives the intercept a, the first b and its variance, and
    maximum likelihood on it alone gives Var η = λ R and R = Var ε. The second half is filtered and nothing is
    smoothed: what is returned at t has seen no later bar. `std_error` is the root of the filtered variance.

    Args:
        returns: (T, N), NaN where missing: b wanders on, and nothing is learned.
        market: (T,), NaN where missing.
    """
    n_burn = round(BURN_IN * len(market))
    start = regress(returns[:n_burn], market[:n_burn], np.ones(n_burn))
    whole = regress(returns, market, np.ones(len(market)))
    known = np.isfinite(start.beta) & np.isfinite(whole.beta)
    both = np.isfinite(returns) & np.isfinite(market)[:, None]
    m, r = np.where(both, market[:, None], 0.0), np.where(both, returns, 0.0)
    n_start = np.maximum(both[:n_burn].sum(axis=0), 1)
    slope = np.where(known, start.beta, 0.0)
    r = np.where(both, r - (r[:n_burn].sum(axis=0) - slope * m[:n_burn].sum(axis=0)) / n_start, 0.0)
    ratio, noise = likeliest(r[:n_burn], m[:n_burn], both[:n_burn])
    first = np.where(known & (noise > 0), start.std_error**2 / np.where(noise > 0, noise, 1.0), 0.0)
    b, p, _, _ = run(r[n_burn:], m[n_burn:], ratio, slope, first)
    unknown = np.where(known, 0.0, np.nan)
    s_mm_per_row = (start.residual_vol**2 / start.std_error**2) / n_start
    off = b - whole.beta
    return Fit(
        beta=b + unknown,
        std_error=np.sqrt(p * noise) + unknown,
        bias=np.zeros(len(b)),
        dof=np.full(len(b), np.inf),
        correlation=whole.correlation + unknown,
        residual_vol=np.sqrt(whole.residual_vol**2 + off**2 * s_mm_per_row) + unknown,
        n_obs=whole.n_obs,
        n_eff=whole.n_eff + unknown,
    )


def run(r: Floats, m: Floats, ratio: Floats, b: Floats, p: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Run the filter over r and m (T, N), zero where missing, from b with variance p R, both (…, N).

    With the variances in units of R: predict p + λ; then f = p m² + 1, v = r − b m, gain k = p m / f.

    Returns:
        b, p, Σ ln f and Σ v² / f, (…, N).
    """
    log_f, squares = np.zeros(np.broadcast_shapes(b.shape, ratio.shape)), 0.0 * (b + ratio)
    for t in range(len(r)):
        p = p + ratio
        pm = p * m[t]
        f = pm * m[t] + 1
        v = r[t] - b * m[t]
        k = pm / f
        b = b + k * v
        p = p - k * pm
        log_f += np.log(f)
        squares += v * v / f
    return b, p, log_f, squares


def likeliest(r: Floats, m: Floats, seen: Flags) -> tuple[Floats, Floats]:
    """Return the λ = Var η / R and the R (N,) of the greatest likelihood, from a diffuse start.

    R given λ is Σ v²/f / n, so that ln L = −½ (Σ ln f + n ln R) + constant is a function of λ alone: the best of a
    coarse grid of λ · mean m² from 0 to 1, then of a fine one around it.
    """
    n = np.maximum(seen.sum(axis=0) - 1, 1)  # the first row pays for the diffuse start
    power = np.maximum((m * m).sum(axis=0) / np.maximum(seen.sum(axis=0), 1), 1e-300)
    grid = np.broadcast_to(_COARSE[:, None], (len(_COARSE), r.shape[1]))
    for fine in (False, True):
        ratio = grid / power
        _, _, log_f, squares = run(r, m, ratio, np.zeros_like(ratio), _DIFFUSE / power + 0 * ratio)
        noise = squares / n
        cost = log_f + n * np.log(np.maximum(noise, 1e-300))
        best = np.argmin(cost, axis=0)[None]
        found = [np.take_along_axis(x, best, axis=0)[0] for x in (grid, noise)]
        if not fine:
            around = _STEP ** np.linspace(-1, 1, 9)
            grid = found[0] * around[:, None]
    return found[0] / power, found[1]
