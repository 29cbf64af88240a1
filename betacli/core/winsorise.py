"""Returns clipped to a band around the benchmark's, and what the clipping does to the slope.

A day on which a coin doubles says little about its beta and would decide it. Welch clips every return to the band of
betas `center` ± `width`, from −2 m to 4 m for the usual 1 ± 3, before the regression.
Source: Welch 2022, Simply better market betas, Critical Finance Review 11(1) 37-64. Here the center can be chosen.
"""

from dataclasses import replace

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.regress import Fit, Sample, least_squares, newey_west, total_of

WIDTH = 3.0
_LEAST_LEFT = 0.1  # a bar that is nearly all of the sample is not raised without end


def clip_to_band(returns: Floats, market: Floats, center: float = 1.0, width: float = WIDTH) -> Floats:
    """Clip each return (T, N) to the band between (center − width) m and (center + width) m; NaN stays NaN.

    Args:
        returns: (T, N) fractions.
        market: (T,), or (T, N), fractions.
        center: the beta in the middle of the band.
        width: half the band, in betas.
    """
    m = market[:, None] if market.ndim == 1 else market
    one, other = (center - width) * m, (center + width) * m
    clipped = np.maximum(returns, np.minimum(one, other))
    return np.minimum(clipped, np.maximum(one, other), out=clipped)


@np.errstate(divide="ignore", invalid="ignore")  # an asset without data has no weights; its results are NaN
def winsorised(
    s: Sample, market: Floats, center: float, width: float = WIDTH, *, hac: bool, with_scores: bool
) -> Fit:
    """Regress the clipped returns, and say how far clipping pulls the slope toward `center`.

    With b the slope and e the residual of the returns as they are, and e as likely up as down, the clipped slope
    of b m + e is on average that of ½ [clip(b m + e) + clip(b m − e)]; what this differs from b is the `bias`.
    The estimate less its bias is therefore

        b + slope of d,   d = ½ [clip(b m + e) − clip(b m − e)]

    a one-step robust estimate, whose error is Σ_t c_t [d + (1 − share) e], `share` the part of Σwmm on which
    b m − e is inside the band: an error of b is passed on where clip(b m − e) does not move with it. Squares are
    raised by 1 / (1 − c m), m about its mean: what a bar's residual loses to its own pull on the slope (HC2, MacKinnon and White 1985).
    """
    raw = least_squares(s)
    b, n_assets = np.where(s.known, raw.beta, 0.0), len(raw.beta)
    m = np.where(np.isfinite(market), market, 0.0)
    slope, moved, variance = np.empty(n_assets), np.empty(n_assets), np.empty(n_assets)
    scores = np.empty(s.r.shape) if with_scores else None
    for cols in s.blocks():
        slope[cols], moved[cols], found = _clipped(s, m, b, cols, center, width)
        variance[cols] = newey_west(found, s.n_obs[cols]) if hac else np.einsum("tn,tn->n", found, found)
        if scores is not None:
            scores[:, cols] = found
    off = slope - b
    with np.errstate(invalid="ignore", divide="ignore"):
        residual_vol = np.sqrt(raw.residual_vol**2 + off**2 * s.s_mm / s.total)
    unknown = np.where(s.known, 0.0, np.nan)
    return replace(
        raw,
        beta=slope + unknown,
        std_error=np.sqrt(variance) + unknown,
        bias=off - moved,
        residual_vol=residual_vol,
        scores=scores,
    )


def _clipped(
    s: Sample, market: Floats, b: Floats, cols: slice, center: float, width: float
) -> tuple[Floats, Floats, Floats]:
    """Return the slopes of the clipped returns (n,) and of d (n,), and the scores (T, n), of some columns."""
    r, e = s.r[:, cols], s.residual(b, cols)
    mirrored = e * -2
    mirrored += r
    up, down = clip_to_band(r, market, center, width), clip_to_band(mirrored, market, center, width)
    slope, slope_down = s.slope(up, cols), s.slope(down, cols)
    moved = 0.5 * (slope - slope_down)
    m, gain = s.part(cols), s.gain(cols)
    pull = gain * m
    share = total_of(pull, down == mirrored)
    d = np.subtract(up, down, out=up)
    d *= 0.5
    d -= s.w @ d / np.where(s.total > 0, s.total, 1.0)[cols]
    d -= moved * m
    e *= 1 - share
    d += e
    d *= gain / np.sqrt(np.maximum(1 - pull, _LEAST_LEFT))
    return slope, moved, d
