"""A beta that wanders: a random walk, filtered."""

from itertools import pairwise

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.regress import Fit, least_squares, pair, regress

BURN_IN = 0.5
GRID = np.concatenate([[0.0], np.logspace(-5, -1.5, 8)])  # memories of 300 to 6 bars: 1 / √λ
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
    burn = pair(returns[:n_burn], market[:n_burn], np.ones(n_burn))
    start, whole = least_squares(burn), regress(returns, market, np.ones(len(market)))
    known = np.isfinite(start.beta) & np.isfinite(whole.beta)
    m, r = market[:, None], returns
    if not np.isfinite(returns.sum() + market.sum()):
        both = np.isfinite(returns) & np.isfinite(m)
        m, r = np.where(both, m, 0.0), np.where(both, returns, 0.0)
    slope = np.where(known, start.beta, 0.0)
    m_mean = burn.w @ m[:n_burn] / np.maximum(burn.n_obs, 1)
    r = np.where(np.isfinite(returns), r - (burn.mean - slope * m_mean), 0.0)
    ratio, noise = likeliest(r[:n_burn], m[:n_burn], burn.n_obs)
    first = np.where(known & (noise > 0), start.std_error**2 / np.where(noise > 0, noise, 1.0), 0.0)
    b, p, _, _ = run(r[n_burn:], m[n_burn:], ratio, slope, first)
    unknown = np.where(known, 0.0, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        residual_vol = np.sqrt(whole.residual_vol**2 + (b - whole.beta) ** 2 * burn.s_mm / burn.total)
    return Fit(
        beta=b + unknown,
        std_error=np.sqrt(p * noise) + unknown,
        bias=np.zeros(len(b)),
        dof=np.full(len(b), np.inf),
        correlation=whole.correlation + unknown,
        residual_vol=residual_vol + unknown,
        n_obs=whole.n_obs,
        n_eff=whole.n_eff + unknown,
    )


def run(r: Floats, m: Floats, ratio: Floats, b: Floats, p: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Run the filter over r and m (T, N), zero where missing, from b with variance p R, both (…, N).

    With the variances in units of R: predict p + λ; then f = 1 + (p + λ) m² and v = r − b m, p = (p + λ) / f, gain
    k = p m, and b + k v = b / f + k r. The variances do not depend on r: without gaps m is (T, 1), and those of a λ
    are the same for every asset. Only what depends on the bar before stands in a loop.

    Returns:
        b, p, Σ ln f and Σ v² / f, (…, N) or (…, 1).
    """
    p_shape = np.broadcast_shapes(p.shape, ratio.shape, m.shape[1:])
    b_shape = np.broadcast_shapes(b.shape, p_shape, r.shape[1:])
    f, p_path, b_path = (
        np.empty((len(r), *p_shape)),
        np.empty((len(r) + 1, *p_shape)),
        np.empty((len(r) + 1, *b_shape)),
    )
    p_path[0], b_path[0] = p, b
    m_bars, r_bars = (x.reshape(len(r), *(1,) * (len(p_shape) - 1), x.shape[1]) for x in (m, r))
    for (p_before, p_after), f_t, square in zip(pairwise(p_path), f, m_bars * m_bars, strict=True):
        np.add(p_before, ratio, out=p_after)
        np.multiply(p_after, square, out=f_t)
        np.add(f_t, 1.0, out=f_t)
        np.divide(p_after, f_t, out=p_after)
    kept, learned = 1 / f, p_path[1:] * m_bars * r_bars
    for (b_before, b_after), share, news in zip(pairwise(b_path), kept, learned, strict=True):
        np.multiply(b_before, share, out=b_after)
        np.add(b_after, news, out=b_after)
    v = r_bars - b_path[:-1] * m_bars
    v *= v
    v *= kept
    return b_path[-1], p_path[-1], np.log(f).sum(axis=0), v.sum(axis=0)


def likeliest(r: Floats, m: Floats, n_obs: Floats) -> tuple[Floats, Floats]:
    """Return the λ = Var η / R and the R (N,) of the greatest likelihood on r (T, N) and m, of n (N,) known bars.

    From a diffuse start, which the first bar pays for. R given λ is Σ v²/f / (n − 1), so that
    −2 ln L = Σ ln f + (n − 1) ln R + constant is a function of λ alone, read off on `GRID`, which holds λ times the
    mean m².
    """
    n_used = np.maximum(n_obs - 1, 1)
    power = (m * m).sum(axis=0) / np.maximum(n_obs[: m.shape[1]], 1)
    power = np.where(power > 0, power, 1.0)
    ratio = GRID[:, None] / power
    _, _, log_f, squares = run(r, m, ratio, np.zeros(1), _DIFFUSE / power)
    noise = squares / n_used
    cost = log_f + n_used * np.log(np.maximum(noise, 1e-300))
    best, columns = np.argmin(cost, axis=0), np.arange(r.shape[1])
    return np.broadcast_to(ratio, noise.shape)[best, columns], noise[best, columns]
