"""Walk forward: forecast betas with what was known, and hold them against the betas of the month that followed.

The protocol is fixed, so that recipes are compared and not the protocol:

    refit      every Monday 00:00 UTC on which the source holds 180 days before and 30 days after
    forecast   the recipe on the returns closed by the refit, and on no other
    truth      the beta of the next 30 days by OLS on the source's own bars
    pairs      an asset counts at a refit when it has 80 % of the returns of the 180 days before and of the 30 after, and
               when every recipe scored there has a beta for it: all recipes answer the same questions. A recipe without a
               beta for a tenth of the assets is not scored at that refit
    baskets    200 of 5 different assets per refit at equal weights, drawn from the pairs by the refit's own seeded words
    score      residual beta = Σ w (realised − forecast): what is left of a basket hedged with the forecast

Refits are weeks of the calendar, and the draw of one refit knows nothing of the others: more history, or another
future, changes no line that was printed before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from betacli.core.arrays import Flags, Indices
from betacli.core.beta import Recipe, estimate
from betacli.core.calendar import DAY_MS
from betacli.core.model import Floats, Times

REFIT_DAYS = 7
HORIZON_DAYS = 30
WARM_UP_DAYS = 180
MIN_PRESENT = 0.8
MIN_FORECAST = 0.9
N_BASKETS = 200
BASKET_SIZE = 5
SEED = 1
BLOCK_REFITS = 9  # 63 days: two horizons, so that a block holds errors that share returns
N_RESAMPLES = 2000
CONFIDENCE = 0.95

_MONDAY_MS = 4 * DAY_MS  # the epoch was a Thursday
_TRUTH = Recipe()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """Returns of N assets and of the benchmark on a regular grid of bars.

    `close_ms` (T,) is when each return was known, equally spaced by `timeframe_ms`; `returns` (T, N) and `market`
    (T,) are simple returns, NaN where missing.
    """

    timeframe_ms: int
    close_ms: Times
    returns: Floats
    market: Floats

    def known_by(self, time_ms: int) -> int:
        """Return how many returns are known at a moment."""
        return int(np.searchsorted(self.close_ms, time_ms, side="right"))

    def in_days(self, days: float) -> int:
        """Return how many bars so many days hold."""
        return round(days * DAY_MS / self.timeframe_ms)

    @property
    def per_day(self) -> float:
        """How many bars a day has."""
        return DAY_MS / self.timeframe_ms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Betas:
    """Betas with their 95 % intervals, each (K, N) for K refits and N assets, NaN where unknown."""

    beta: Floats
    ci_low: Floats
    ci_high: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What happened after each refit: `realised`, and whether an asset has enough data on both sides (K, N)."""

    realised: Betas
    eligible: Flags


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """How P recipes did at K refits.

    `pairs` (K, N): the assets that count. `scored` (P, K): whether a recipe is scored there; the other arrays are
    zero where not. `residual_beta` (P, K): mean |residual beta| of the baskets. `error`, `square`, `inside`, `judged`
    (P, K): Σ (forecast − realised), its square, forecasts whose interval agrees with the realised beta, forecasts
    with an interval. `hedged` (P, K) and `unhedged` (K,): mean variance per bar of the baskets.
    """

    pairs: Flags
    scored: Flags
    residual_beta: Floats
    error: Floats
    square: Floats
    inside: Floats
    judged: Floats
    hedged: Floats
    unhedged: Floats


def refit_times(bars: Bars) -> Times:
    """Return the refits (K,) in milliseconds: Mondays 00:00 UTC with 180 days before and 30 days after."""
    if not len(bars.close_ms):
        return np.zeros(0, dtype=np.int64)
    week = REFIT_DAYS * DAY_MS
    earliest = int(bars.close_ms[0]) - bars.timeframe_ms + WARM_UP_DAYS * DAY_MS
    latest = int(bars.close_ms[-1]) - HORIZON_DAYS * DAY_MS
    first = -((_MONDAY_MS - earliest) // week) * week + _MONDAY_MS
    return np.arange(first, latest + 1, week, dtype=np.int64)


def forecast(recipe: Recipe, bars: Bars, refits: Times, tick: Callable[[], None] = lambda: None) -> Betas:
    """Estimate every asset's beta at every refit from the recipe's window of returns closed by then.

    Args:
        recipe: its timeframe must be that of the bars.
        bars: returns (T, N). Where history is younger than the window, what there is.
        refits: (K,) milliseconds.
        tick: called once a refit.
    """
    n_window = bars.in_days(recipe.window_days)
    made = Betas(**{name: _unknown(len(refits), bars) for name in Betas.__slots__})
    for k, time_ms in enumerate(refits):
        end = bars.known_by(int(time_ms))
        window = slice(max(0, end - n_window), end)
        _fill(made, k, recipe, bars, window)
        tick()
    return made


def realise(bars: Bars, refits: Times) -> Truth:
    """Return the betas of the 30 days after each refit by OLS, and which assets have enough data on both sides."""
    n_before, n_after = bars.in_days(WARM_UP_DAYS), bars.in_days(HORIZON_DAYS)
    both = np.isfinite(bars.returns) & np.isfinite(bars.market)[:, None]
    realised = Betas(**{name: _unknown(len(refits), bars) for name in Betas.__slots__})
    eligible = np.zeros(realised.beta.shape, dtype=bool)
    for k, time_ms in enumerate(refits):
        now = bars.known_by(int(time_ms))
        _fill(realised, k, _TRUTH, bars, slice(now, now + n_after))
        before, after = both[max(0, now - n_before) : now].sum(axis=0), both[now : now + n_after].sum(axis=0)
        eligible[k] = (before >= MIN_PRESENT * n_before) & (after >= MIN_PRESENT * n_after)
    return Truth(realised=realised, eligible=eligible & np.isfinite(realised.beta))


def _unknown(n_refits: int, bars: Bars) -> Floats:
    return np.full((n_refits, bars.returns.shape[1]), np.nan)


def _fill(betas: Betas, k: int, recipe: Recipe, bars: Bars, rows: slice) -> None:
    """Put the estimates on some rows of the bars into refit k."""
    if bars.market[rows].size:
        fit = estimate(recipe, bars.returns[rows], bars.market[rows], bars.per_day)
        betas.beta[k], betas.ci_low[k], betas.ci_high[k] = fit.beta, fit.ci_low, fit.ci_high


def draw_baskets(n_assets: int, time_ms: int) -> Indices:
    """Draw the baskets (200, 5) of one refit: positions among its assets, none twice in a basket.

    Each basket takes the assets of the five smallest of N raw Philox words, keyed by the seed and counted by the refit,
    so that the draw is the same whatever else is drawn and on every version of NumPy.
    """
    words = np.random.Philox(key=SEED, counter=time_ms << 64).random_raw(N_BASKETS * n_assets)
    return np.argsort(words.reshape(N_BASKETS, n_assets), axis=1, kind="stable")[:, :BASKET_SIZE]


def agreement(forecast: Betas, realised: Betas) -> Flags:
    """Return where forecast and realised beta differ by no more than their intervals allow (K, N).

    The realised beta is an estimate too: over 30 days its own error is as large as the forecast's, and an interval for
    the true beta cannot hold it in 95 % of cases. The interval of the difference of two independent estimates is
    recovered from their own (Zou and Donner 2008, Statistics in Medicine 27, MOVER): zero lies in it when the middles
    of the two are no further apart than √(half-width² + half-width²). The middle is the beta less what its recipe is
    known to add. A beta that stood still would agree in 95 %; what is missing is how far betas move in a month, which
    no interval from the past contains.
    """
    (middle, half), (other, other_half) = (
        ((b.ci_low + b.ci_high) / 2, (b.ci_high - b.ci_low) / 2) for b in (forecast, realised)
    )
    return np.asarray((middle - other) ** 2 <= half**2 + other_half**2)


def common_pairs(eligible: Flags, forecasts: Sequence[Betas]) -> tuple[Flags, Flags]:
    """Return the asset-refit pairs every scored recipe answers (K, N), and where each recipe is scored (P, K).

    Both look at one refit at a time: what later data lacks cannot change an earlier refit.
    """
    known = np.isfinite(np.array([f.beta for f in forecasts]))
    n_eligible = eligible.sum(axis=1)
    answered = (known & eligible).sum(axis=2)
    scored = (answered >= MIN_FORECAST * n_eligible) & (n_eligible > 0)
    pairs = eligible & (known | ~scored[:, :, None]).all(axis=0)
    enough = (pairs.sum(axis=1) >= BASKET_SIZE) & scored.any(axis=0)
    return pairs & enough[:, None], scored & enough


def score(bars: Bars, refits: Times, truth: Truth, forecasts: Sequence[Betas]) -> Track:
    """Hold P forecasts against the truth at every refit."""
    pairs, scored = common_pairs(truth.eligible, forecasts)
    beta = np.array([f.beta for f in forecasts])
    error = np.where(pairs & scored[:, :, None], beta - truth.realised.beta, 0.0)
    agrees = np.array([agreement(f, truth.realised) for f in forecasts]) & pairs & scored[:, :, None]
    judged = np.isfinite(np.array([f.ci_low + f.ci_high for f in forecasts])) & pairs & scored[:, :, None]
    residual_beta, hedged = np.zeros(scored.shape), np.zeros(scored.shape)
    unhedged = np.zeros(len(refits))
    for k in np.flatnonzero(pairs.any(axis=1)):
        time_ms = int(refits[k])
        columns = np.flatnonzero(pairs[k])
        baskets = columns[draw_baskets(len(columns), time_ms)]
        residual_beta[:, k] = np.abs(_held(error[:, k], baskets)).mean(axis=1)
        now = bars.known_by(time_ms)
        month = slice(now, now + bars.in_days(HORIZON_DAYS))
        variances, unhedged[k] = _variances(
            bars.returns[month], bars.market[month], baskets, _held(beta[:, k], baskets)
        )
        hedged[:, k] = np.where(scored[:, k], variances, 0.0)
    return Track(
        pairs=pairs,
        scored=scored,
        residual_beta=residual_beta,
        error=error.sum(axis=2),
        square=(error**2).sum(axis=2),
        inside=(agrees & judged).sum(axis=2).astype(np.float64),
        judged=judged.sum(axis=2).astype(np.float64),
        hedged=hedged,
        unhedged=unhedged,
    )


def _held(values: Floats, baskets: Indices) -> Floats:
    """Return the mean (…, B) of values (…, N) over the members (B, 5) of each basket, NaN where one has none."""
    total = values[..., baskets[:, 0]]
    for member in range(1, BASKET_SIZE):
        total = total + values[..., baskets[:, member]]
    return total / BASKET_SIZE


def _variances(returns: Floats, market: Floats, baskets: Indices, betas: Floats) -> tuple[Floats, float]:
    """Return the mean variance of the baskets hedged with each forecast (P,), and unhedged.

    Var(p − βm) = Var p − 2β Cov(p, m) + β² Var m, on the bars where every asset of the basket has a return.

    Args:
        returns: (H, N) of the horizon.
        market: (H,).
        baskets: (B, 5) members.
        betas: (P, B) of the baskets by each forecast.
    """
    moves = np.isfinite(market)
    p, m = _held(returns[moves], baskets), market[moves][:, None]  # (H, B), (H, 1)
    n: Floats | int = len(m)
    seen = np.isfinite(p)
    if seen.all():
        p, m = p - p.mean(axis=0), m - m.mean()
    else:
        n = np.maximum(seen.sum(axis=0), 1)
        p, m = np.where(seen, p, 0.0), np.where(seen, m, 0.0)
        p = np.where(seen, p - p.sum(axis=0) / n, 0.0)
        m = np.where(seen, m - m.sum(axis=0) / n, 0.0)
    var_p, cov, var_m = ((x * y).sum(axis=0) / n for x, y in ((p, p), (p, m), (m, m)))
    hedged = np.maximum(var_p - 2 * betas * cov + betas**2 * var_m, 0.0)
    return hedged.mean(axis=1), float(var_p.mean())


@lru_cache(maxsize=8)
def resample_counts(n_refits: int) -> Floats:
    """Return how often each refit stands in each resample (R, K) of the circular block bootstrap.

    Neighbouring refits share three weeks of their month, so whole blocks of 9 refits are drawn, with the refits closed
    to a ring (Politis and Romano 1992).
    """
    n_blocks = -(-n_refits // BLOCK_REFITS)
    words = np.random.Philox(key=SEED).random_raw(N_RESAMPLES * n_blocks)
    starts = (words % np.uint64(n_refits)).astype(np.int64).reshape(N_RESAMPLES, n_blocks)
    drawn = (starts[:, :, None] + np.arange(BLOCK_REFITS)) % n_refits
    drawn = drawn.reshape(N_RESAMPLES, -1)[:, :n_refits]
    flat = drawn + n_refits * np.arange(N_RESAMPLES)[:, None]
    counts = np.bincount(flat.ravel(), minlength=N_RESAMPLES * n_refits)
    shaped = counts.reshape(N_RESAMPLES, n_refits).astype(np.float64)
    shaped.flags.writeable = False
    return shaped


def resampled_ratio(numerator: Floats, denominator: Floats) -> tuple[float, float]:
    """Return the 95 % interval of Σ numerator / Σ denominator over refits (K,), both resampled alike.

    With ones below it is the interval of a mean; with another recipe's residual betas that of a ratio of two recipes,
    paired. NaN below two blocks of refits.
    """
    if len(numerator) < 2 * BLOCK_REFITS:
        return float("nan"), float("nan")
    counts = resample_counts(len(numerator))
    ratios = (counts @ numerator) / (counts @ denominator)
    low, high = np.quantile(ratios, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
