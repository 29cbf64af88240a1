"""Least squares of every asset on the benchmark at once: weighted, with gaps, with lags, and their errors.

Shapes: returns (T, N), NaN where missing; benchmark and weights (T,); one answer (N,) per asset, NaN where there is
none. An asset is regressed on the rows it shares with the benchmark.

Every slope here is linear in the returns, b = Σ_t c_t r_t, and so is its error: b − β = Σ_t ψ_t with the score
ψ_t = c_t e_t. A variance is a sum over products of scores, which is where autocorrelation, shrinking and clipping
come in.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Flags, Floats

MIN_OBS = 3
FLAT = 1e-28  # a mean square below this, relative to returns of 1, is rounding
_BLOCK = 2**16  # numbers worked on at a time: what the processor's cache holds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Slopes and what is known of their errors, (N,) each.

    `std_error` belongs to the estimate less its `bias`, which is 0 for an unbiased one and else what the estimate
    adds to the truth by design; `dof` are the degrees of freedom of Student's t, infinite for the normal;
    `correlation` and `residual_vol` (per bar) are weighted like the slope; `n_eff` = (Σw)² / Σw² over the weights
    present. `scores` (T, N) are what each bar adds to the error, 0 in a gap; None unless asked for.
    """

    beta: Floats
    std_error: Floats
    bias: Floats
    dof: Floats
    correlation: Floats
    residual_vol: Floats
    n_obs: Floats
    n_eff: Floats
    scores: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Returns and benchmark on the rows they share, the benchmark about its weighted mean, zeros elsewhere.

    `w` (T,) are the weights; `r` (T, N) the returns and `mean` (N,) their weighted means; `both` (T, N) is 1 on
    shared rows, and None where no asset has a gap; `m` (benchmark) is (T, N), or (T, 1) without gaps. `total` = Σw,
    `s_mm` = Σwmm, (N,) each; `known` where there are 3 rows, N_eff > 2 and a benchmark that moves.
    """

    w: Floats
    m: Floats
    r: Floats
    mean: Floats
    both: Floats | None
    total: Floats
    n_obs: Floats
    n_eff: Floats
    s_mm: Floats
    known: Flags

    def part(self, cols: slice) -> Floats:
        """Return the benchmark of some columns (T, n), or (T, 1) without gaps."""
        return self.m if self.both is None else self.m[:, cols]

    def slope(self, y: Floats, cols: slice = slice(None)) -> Floats:
        """Return Σwmy / Σwmm (n,) of y (T, n), which is 0 in gaps, for some columns; 0 where unknown."""
        known, s_mm = self.known[cols], self.s_mm[cols]
        s_my = (self.w * self.m[:, 0]) @ y if self.both is None else self.w @ (self.m[:, cols] * y)
        return np.where(known, s_my / np.where(known, s_mm, 1.0), 0.0)

    def residual(self, slope: Floats, cols: slice = slice(None)) -> Floats:
        """Return r − r̄ − slope · m of some columns (T, n), 0 in gaps."""
        if self.both is None:
            left = np.column_stack([self.m[:, 0], np.ones(len(self.m))]) @ np.stack(
                [slope[cols], self.mean[cols]]
            )
        else:
            left = self.m[:, cols] * slope[cols]
            left += self.both[:, cols] * self.mean[cols]
        np.subtract(self.r[:, cols], left, out=left)
        return left

    def gain(self, cols: slice = slice(None)) -> Floats:
        """Return what a return of 1 in a bar adds to the slope: wm / Σwmm, (T, n), or (T, 1) without gaps."""
        if self.both is None:
            return np.asarray(self.w[:, None] * self.m / max(self.s_mm.max(initial=0.0), 1e-300))
        return np.asarray(self.w[:, None] * self.m[:, cols] / np.where(self.known, self.s_mm, 1.0)[cols])

    def blocks(self) -> Iterator[slice]:
        """Yield slices of columns small enough for the cache."""
        n_bars, n_assets = self.r.shape
        block = _BLOCK if self.both is None else _BLOCK // 4
        width = max(1, block // max(1, n_bars))
        return (slice(start, start + width) for start in range(0, n_assets, width))


def pair(returns: Floats, market: Floats, weights: Floats) -> Sample:
    """Find the rows each asset shares with the benchmark, and take the benchmark's mean on them off.

    Args:
        returns: (T, N), NaN where missing.
        market: (T,), NaN where missing.
        weights: (T,) positive.
    """
    n_assets = returns.shape[1]
    r_sum = weights @ returns
    if len(market) and np.isfinite(r_sum).all() and np.isfinite(market.sum()):
        total, n_obs, squares = (
            np.full(n_assets, float(x)) for x in (weights.sum(), len(weights), weights @ weights)
        )
        r, both, moved = returns, None, market
        m = (market - weights @ market / weights.sum())[:, None]
        s_mm = np.full(n_assets, weights @ (m[:, 0] ** 2))
        divisor = total
    else:
        seen = np.isfinite(returns) & np.isfinite(market)[:, None]
        both, moved = seen.astype(np.float64), np.where(np.isfinite(market), market, 0.0)
        r = np.where(seen, returns, 0.0)
        sums = np.stack([weights, np.ones(len(weights)), weights**2, weights * moved]) @ both
        total, n_obs, squares, m_sum = sums
        r_sum, divisor = weights @ r, np.where(total > 0, total, 1.0)
        m = moved[:, None] - m_sum / divisor
        m *= both
        s_mm = weights @ (m * m)
    level = float((moved**2).max(initial=0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        n_eff = total**2 / squares
        known = (n_obs >= MIN_OBS) & (n_eff > 2) & (s_mm > FLAT * total * (1.0 + level))
    return Sample(
        w=weights,
        m=m,
        r=r,
        mean=r_sum / divisor,
        both=both,
        total=total,
        n_obs=n_obs,
        n_eff=n_eff,
        s_mm=s_mm,
        known=known,
    )


def least_squares(s: Sample, *, hac: bool = False, with_scores: bool = False) -> Fit:
    """Regress with an intercept: β = Σwmr / Σwmm about the means.

    The weights say how much an observation counts, not how noisy it is. Under equal noise
    SE² = σ² Σw²m² / (Σwmm)², σ² = (Σwe² / Σw) · N_eff / (N_eff − 2), which for flat weights is OLS. With `hac` the
    error is Newey and West's instead.
    """
    slope = s.slope(s.r)
    s_ee, variance = np.empty(len(slope)), np.empty(len(slope))
    scores = np.empty(s.r.shape) if with_scores else None
    for cols in s.blocks():
        e = s.residual(slope, cols)
        s_ee[cols] = s.w @ (e * e)
        if hac or scores is not None:
            e *= s.gain(cols)
        if hac:
            variance[cols] = newey_west(e, s.n_obs[cols])
        if scores is not None:
            scores[:, cols] = e
    with np.errstate(invalid="ignore", divide="ignore"):
        noise = s_ee / s.total * (s.n_eff / (s.n_eff - 2))
        if not hac:
            variance = noise * ((s.w**2) @ (s.m * s.m)) / s.s_mm**2
        s_rr = slope**2 * s.s_mm + s_ee
        correlation = np.where(s_rr > FLAT * s.total, slope * np.sqrt(s.s_mm / s_rr), np.nan)
        std_error, residual_vol = np.sqrt(variance), np.sqrt(noise)
    unknown = np.where(s.known, 0.0, np.nan)
    return Fit(
        beta=slope + unknown,
        std_error=std_error + unknown,
        bias=np.zeros(len(slope)),
        dof=s.n_eff - 2,
        correlation=np.clip(correlation, -1.0, 1.0) + unknown,
        residual_vol=residual_vol + unknown,
        n_obs=s.n_obs,
        n_eff=s.n_eff + unknown,
        scores=scores,
    )


def total_of(x: Floats, y: Floats | Flags) -> Floats:
    """Return Σ_t x y (N,) for x (T, 1) or (T, N) and y (T, N)."""
    return np.asarray(x[:, 0] @ y if x.shape[1] == 1 else np.einsum("tn,tn->n", x, y))


def n_lags(n_obs: Floats) -> Floats:
    """Return the lags of the Bartlett kernel, ⌊4 (T / 100)^(2/9)⌋ (Newey and West 1994)."""
    return np.floor(4 * (n_obs / 100) ** (2 / 9))


def newey_west(scores: Floats, n_obs: Floats) -> Floats:
    """Return the variance (N,) of Σ_t ψ_t by the Bartlett kernel, without a small-sample factor.

    Σψ_t² + 2 Σ_l (1 − l / (L + 1)) Σ_t ψ_t ψ_{t−l}, L from each asset's own number of rows. Scores (T, N) are 0 in a
    gap, and lags count bars and not rows (Parzen 1963), so a gap brings no distant bars together.
    Newey and West 1987; as statsmodels `cov_type="HAC"` where nothing is missing.
    """
    lags, ones, product = n_lags(n_obs), np.ones(len(scores)), scores * scores
    variance = ones @ product
    for lag in range(1, min(int(lags.max(initial=0)), len(scores) - 1) + 1):
        kernel = np.maximum(0.0, 1 - lag / (lags + 1))
        together = np.multiply(scores[lag:], scores[:-lag], out=product[lag:])
        variance += 2 * kernel * (ones[lag:] @ together)
    return np.asarray(variance)


def regress(
    returns: Floats, market: Floats, weights: Floats, *, hac: bool = False, with_scores: bool = False
) -> Fit:
    """Regress each asset (T, N) on the market (T,) with weights (T,); see `least_squares`."""
    return least_squares(pair(returns, market, weights), hac=hac, with_scores=with_scores)
