"""Quantiles of Student's t distribution, for intervals of small samples."""

import math
from functools import lru_cache
from statistics import NormalDist

_TINY = 1e-300
_NORMAL_FROM = 1e7


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Evaluate the continued fraction of the incomplete beta function by Lentz's method.

    Source: Press et al., Numerical Recipes, 3rd ed., §6.4.
    """
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, 10_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            c = 1 + numerator / c
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = c if abs(c) > _TINY else _TINY
            value *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return value


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for 0 ≤ x ≤ 1."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    front = math.exp(log_front)
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(a, b, x) / a
    return 1 - front * _continued_fraction(b, a, 1 - x) / b


def t_cdf(t: float, df: float) -> float:
    """Return P(X ≤ t) of Student's t with `df` degrees of freedom."""
    tail = 0.5 * _incomplete_beta(df / 2, 0.5, df / (df + t * t))
    return tail if t < 0 else 1 - tail


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: float) -> float:
    """Return the t with P(X ≤ t) = p; NaN unless 0 < p < 1 and df > 0. Newton from the normal quantile."""
    if not (0 < p < 1 and df > 0):
        return math.nan
    if p < 0.5:
        return -t_quantile(1 - p, df)
    z = NormalDist().inv_cdf(p)
    if df > _NORMAL_FROM:
        return z
    low, high = 0.0, max(2 * z, 1.0)
    while t_cdf(high, df) < p:
        low, high = high, high * 2
    t = min(max(z * (1 + (z * z + 1) / (4 * df)), low), high)
    log_scale = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
    for _ in range(200):
        excess = t_cdf(t, df) - p
        low, high = (t, high) if excess < 0 else (low, t)
        step = excess / math.exp(log_scale - (df + 1) / 2 * math.log1p(t * t / df))
        following = t - step if low < t - step < high else (low + high) / 2
        if abs(following - t) <= 1e-15 * max(1.0, abs(t)):
            return following
        t = following
    return t
