"""Each asset's beta with its interval, and a basket's by its own regression: what every plan starts from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from betacli.core.beta import BetaEstimates, estimate
from betacli.core.calendar import bars_per_year
from betacli.core.model import Floats, Notice, Universe
from betacli.core.returns import vol_annual
from betacli.core.thresholds import BASIC
from betacli.document import Tone
from betacli.plan.measure import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetBeta:
    """One asset's beta. Unknown is None: a beta given by hand has no standard error and no interval.

    `std_error`, `ci_low` and `ci_high` (95 %) are in beta; `correlation` and `r_squared` are with the benchmark;
    `vol_annual` and `residual_vol_annual` are fractions a year of 365 days; `measured_beta` is the estimate that a
    beta given by hand replaced; `n_obs` returns were used, worth `n_eff` of equal weight; `reason` says why there is
    no beta.
    """

    base: str
    symbol: str | None
    beta: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    r_squared: float | None
    correlation: float | None
    vol_annual: float | None
    residual_vol_annual: float | None
    n_obs: int | None
    n_eff: float | None
    overridden: bool
    measured_beta: float | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketBeta:
    """The beta of a basket by its own regression: standard error, 95 % interval, fit; None where unknown."""

    beta: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    r_squared: float | None
    correlation: float | None
    n_obs: int | None


def default_tone(value: object) -> Tone | None:
    """Make the default preset's name stand out."""
    return "strong" if isinstance(value, str) and value.endswith("(default)") else None


def known(value: float) -> float | None:
    """Return a number, or None for NaN."""
    return float(value) if np.isfinite(value) else None


def asset_betas(measured: Measured) -> tuple[AssetBeta, ...]:
    """Return one row per member, by name."""
    n = len(measured.members)
    unknown = np.full(n, np.nan)
    e = measured.estimates
    vol = residual = unknown
    if measured.returns is not None and measured.panel is not None and e is not None:
        vol = vol_annual(measured.returns, measured.panel.timeframe_ms)
        residual = e.residual_vol * np.sqrt(bars_per_year(measured.panel.timeframe_ms))

    def column(name: str) -> Floats:
        return unknown if e is None else np.asarray(getattr(e, name))

    by_hand = np.array(measured.overridden)
    low, high = (np.where(by_hand, np.nan, column(name)) for name in ("ci_low", "ci_high"))
    return tuple(
        AssetBeta(
            base=base,
            symbol=measured.listings[base].symbol if base in measured.listings else None,
            beta=known(measured.betas[i]),
            std_error=known(measured.std_errors[i]),
            ci_low=known(low[i]),
            ci_high=known(high[i]),
            r_squared=known(column("r_squared")[i]),
            correlation=known(column("correlation")[i]),
            vol_annual=known(vol[i]),
            residual_vol_annual=known(residual[i]),
            n_obs=None if e is None else int(e.n_obs[i]),
            n_eff=known(column("n_eff")[i]),
            overridden=measured.overridden[i],
            measured_beta=known(column("beta")[i]) if measured.overridden[i] else None,
            reason=None if e is None or measured.overridden[i] else e.why[i],
        )
        for i, base in enumerate(measured.bases)
    )


def basket_estimates(measured: Measured, weights: Floats) -> BetaEstimates | None:
    """Regress the basket's own return on the benchmark by the same recipe; None without data."""
    if measured.returns is None or measured.market is None:
        return None
    held = weights != 0
    returns = measured.returns if held.all() else measured.returns[:, held]
    basket = returns @ weights[held]
    return estimate(measured.basket_recipe, basket[:, None], measured.market, measured.bars_per_day)


def basket_beta(measured: Measured, weights: Floats) -> BasketBeta:
    """Return Σwβ with the standard error and interval of the basket's own regression, centred on Σwβ.

    Standard error and interval are None where a weighted beta was given by hand or no data was read. The basket's
    own regression knows how the residuals move together; adding the assets' standard errors as independent would
    not.
    """
    beta = float(weights @ measured.betas)
    e = basket_estimates(measured, weights)
    by_hand = any(flag and w != 0 for flag, w in zip(measured.overridden, weights, strict=True))
    if e is None:
        return BasketBeta(
            beta=known(beta),
            std_error=None,
            ci_low=None,
            ci_high=None,
            r_squared=None,
            correlation=None,
            n_obs=None,
        )
    half_width = float(e.ci_high[0] - e.ci_low[0]) / 2
    return BasketBeta(
        beta=known(beta),
        std_error=None if by_hand else known(e.std_error[0]),
        ci_low=None if by_hand else known(beta - half_width),
        ci_high=None if by_hand else known(beta + half_width),
        r_squared=known(e.r_squared[0]),
        correlation=known(e.correlation[0]),
        n_obs=int(e.n_obs[0]),
    )


def beta_notices(assets: Sequence[AssetBeta], universe: Universe) -> list[Notice]:
    """Say which betas were given by hand, cannot be estimated, or explain little."""
    notices = []
    low = universe.checklist.get("low_r_squared", BASIC["low_r_squared"])
    by_hand = [f"{a.base} {a.beta:g}" for a in assets if a.overridden and a.beta is not None]
    if by_hand:
        detail = f"given by hand, without a standard error: {', '.join(by_hand)}"
        notices.append(Notice(id="beta-by-hand", detail=detail, severity="note"))
    unknown = [f"`{a.base}` has no beta: {a.reason}" for a in assets if a.beta is None]
    if unknown:
        notices.append(Notice(id="beta-unknown", detail="; ".join(unknown)))
    weak = [f"{a.base} {a.r_squared:.2f}" for a in assets if a.r_squared is not None and a.r_squared < low]
    if weak:
        detail = f"R² below {low:g}, where a hedge by beta removes little risk: {', '.join(weak)}"
        notices.append(Notice(id="low-r-squared", detail=detail))
    return notices
