"""Betas pulled toward what betas usually are: by their noise (Vasicek), or by a fixed share."""

from dataclasses import replace

import numpy as np

from betacli.core.arrays import Flags, Floats
from betacli.core.regress import Fit

MIN_MEMBERS = 5


def vasicek(fit: Fit, groups: Floats | None = None) -> Fit:
    """Shrink each beta toward its group's mean by the share of its variance that is noise.

        β_V = κ b + (1 − κ) μ,   κ = τ² / (τ² + SE²),   τ² = max(0, Var_xs(b) − mean SE²)

    Vasicek 1973, with the noise taken out of the spread as in Lally 1998. Spread and noise are those of the whole
    cross-section; μ is the mean of the asset's group, or of the cross-section where the group has fewer than 5
    betas. With fewer than 5 betas in all there is nothing to shrink toward, and the fit is returned as it is.

    The variance of the posterior counts what κ passes on and what it makes up, with ε the error of b:

        κ² SE² + (1 − κ)² (τ_c² + Var ε̄) + 2 κ (1 − κ) Cov(ε, ε̄) + (1 − κ)² (b − μ)² 2 / (N − 3)

    Betas of one sector err together: their noise shows in μ and not in the spread. So Var ε̄, the variance of the error
    of μ, comes from the scores, and τ_c² takes only the part of the noise out of the spread that is not common:
    τ_c² = max(0, Var_xs(b) − N / (N − 1) (mean SE² − Var ε̄)). With independent errors and one SE the first two
    terms are the κ SE² of the textbook and the error of μ. The last term is the error of κ (Morris 1983,
    J. American Statistical Association 78).

    Args:
        fit: with scores.
        groups: (N,) labels; None for one group.
    """
    known = np.isfinite(fit.beta) & np.isfinite(fit.std_error)
    n_known = int(known.sum())
    if n_known < MIN_MEMBERS or fit.scores is None:
        return fit
    b, se2 = fit.beta, fit.std_error**2
    found, expected = float(b[known].var(ddof=1)), float(se2[known].mean())
    spread2 = max(0.0, found - expected)
    shared = fit.scores @ (known / n_known)
    own_spread2 = max(0.0, found - n_known / (n_known - 1) * (expected - float(shared @ shared)))
    noise = np.where(known, se2, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = np.where(noise > 0, spread2 / (spread2 + noise), 1.0) + 0 * noise
    mean, mean_bias, mean_variance, mean_covariance = (np.full(len(b), np.nan) for _ in range(4))
    for members, prior in _groups(known, groups):
        common = fit.scores @ (prior / prior.sum())
        mean[members], mean_bias[members] = b[prior].mean(), fit.bias[prior].mean()
        mean_variance[members] = common @ common
        mean_covariance[members] = (common @ fit.scores)[members]
    left = 1 - kappa
    variance = (
        kappa**2 * se2
        + left**2 * (own_spread2 + mean_variance)
        + 2 * kappa * left * mean_covariance
        + left**2 * (b - mean) ** 2 * 2 / (n_known - 3)
    )
    return replace(
        fit,
        beta=kappa * b + left * mean,
        std_error=np.sqrt(np.maximum(variance, 0.0)),
        bias=kappa * fit.bias + left * mean_bias,
    )


def _groups(known: Flags, groups: Floats | None) -> list[tuple[Flags, Flags]]:
    """Return pairs of masks (N,): the assets of a group, and those whose mean they are shrunk toward."""
    if groups is None:
        return [(np.ones(len(known), dtype=bool), known)]
    pairs = []
    for label in sorted(set(groups.tolist())):  # `np.unique` imports masked arrays: 10 ms
        members = np.asarray(groups == label)
        own = members & known
        pairs.append((members, own if own.sum() >= MIN_MEMBERS else known))
    return pairs


def fixed(fit: Fit, keep: float, toward: float) -> Fit:
    """Return keep · b + (1 − keep) · toward, with the error of what is left of b.

    Blume 1971 keeps 2/3, Frazzini and Pedersen 2014 keep 0.6, both toward 1; against BTC altcoins do not average 1,
    so `toward` can be chosen. What the pull adds to the truth is not known without the truth: there is no interval.
    """
    return replace(
        fit,
        beta=keep * fit.beta + (1 - keep) * toward,
        std_error=keep * fit.std_error,
        bias=keep * fit.bias,
    )
