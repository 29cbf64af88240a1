"""`--explain`: the arithmetic of an answer, step by step with its numbers, as a teacher writes it on a board.

Nothing is estimated or solved here: covariances are taken of the returns that were used, and every other number is
the answer's own, written so that the line can be checked with a pocket calculator.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from betacli import document as doc
from betacli.core.beta import age_weights, estimate
from betacli.core.model import Floats
from betacli.core.regress import pair
from betacli.document import Steps
from betacli.plan.basket import Solved
from betacli.plan.basket_plan import BasketPlan, Leg
from betacli.plan.explain_hedge import hedge_steps
from betacli.plan.explain_units import counted, figure, unit_of
from betacli.plan.hedge_plan import HedgePlan
from betacli.plan.measure import Measured

TAIL = 0.5 + 0.95 / 2


def explain_basket(solved: Solved) -> tuple[Steps, ...]:
    """Return the steps from returns to contracts."""
    measured, plan = solved.measured, solved.plan
    titled = (
        ("Returns", _returns(measured)),
        (f"Beta: what an asset does when {plan.benchmark} moves by 1", _betas(measured)),
        ("How sure that is: 95 % intervals", _intervals(measured)),
        ("Weights", _weights(plan)),
        ("The basket's beta and its interval", _basket(plan)),
        ("Contracts", _contracts(plan)),
    )
    return tuple(Steps(title=title, lines=lines) for title, found in titled if (lines := tuple(found)))


def explain_hedge(solved: Solved, plan: HedgePlan) -> tuple[Steps, ...]:
    """Return the steps from returns to the hedge and what it does to the account."""
    return (*explain_basket(solved), *hedge_steps(plan))


def _returns(measured: Measured) -> Iterator[str]:
    window = measured.inputs.window
    if measured.returns is None or measured.panel is None or window is None:
        yield "every beta was given by hand: no returns were read"
        return
    n_bars, timeframe = len(measured.returns), measured.inputs.timeframe
    yield f"return = close / close of the bar before - 1, on {n_bars:,} bars of {timeframe}"
    yield f"from {window.start} to {window.end}, UTC; unfinished bars left out, nothing filled"
    for k, base in enumerate(measured.bases):
        close, returns = measured.panel.close[:, k], measured.returns[:, k]
        seen = np.flatnonzero(np.isfinite(returns))
        if len(seen):
            t = int(seen[-1])
            before, after = float(close[t]), float(close[t + 1])
            told = f"{after:.10g} / {before:.10g} - 1 = {returns[t]:+.6f}"
            yield f"{base}: {len(seen):,} returns; the last is {told}"


def _betas(measured: Measured) -> Iterator[str]:
    recipe, returns, market = measured.recipe, measured.returns, measured.market
    by_hand = dict(zip(measured.bases, measured.overridden, strict=True))
    if returns is not None and market is not None:
        yield f"estimator `{recipe.estimator}` on {measured.inputs.timeframe} bars"
        if recipe.half_life_days is not None:
            yield f"a return counts 0.5^(age / {recipe.half_life_days:g} days): the newest 1, the older the less"
        if recipe.estimator == "ols":
            yield "b = Cov(asset, benchmark) / Var(benchmark), over the returns both have"
        if recipe.band is not None:
            low, high = recipe.center - recipe.band, recipe.center + recipe.band
            yield f"winsorised: a return outside {low:g} to {high:g} times the benchmark's is moved to that edge"
        if recipe.shrink == "vasicek":
            yield "shrunk: a noisy beta is pulled to the mean of its sector by the share of its variance that is noise"
        if recipe.shrink == "fixed":
            yield f"shrunk: beta = {recipe.keep:.4f} x b + {1 - recipe.keep:.4f} x {recipe.toward:g}"
        stages = _stages(measured, returns, market)
    else:
        stages = {}
    for base, beta in zip(measured.bases, measured.betas, strict=True):
        if by_hand[base]:
            yield f"{base}: beta = {doc.beta(beta)}, given by hand"
        else:
            yield f"{base}: {stages[base]}beta = {doc.beta(beta)}"


def _stages(measured: Measured, returns: Floats, market: Floats) -> dict[str, str]:
    """Return, per asset, how its slope becomes the beta: plain, winsorised, and then the beta itself."""
    recipe = measured.recipe
    if recipe.estimator != "ols":
        return dict.fromkeys(measured.bases, "")
    aged = recipe.half_life_days
    weights = np.ones(len(market)) if aged is None else age_weights(len(market), aged * measured.bars_per_day)
    sample = pair(returns, market, weights)
    slope = sample.slope(sample.r)
    variance = sample.s_mm / np.where(sample.total > 0, sample.total, 1.0)
    clipped = None
    if recipe.band is not None:
        clipped = estimate(replace(recipe, shrink=None), returns, market, measured.bars_per_day).beta
    found = {}
    for k, base in enumerate(measured.bases):
        told = f"{slope[k] * variance[k]:.6e} / {variance[k]:.6e} = {slope[k]:.4f}"
        if clipped is not None:
            told += f"; winsorised {clipped[k]:.4f}"
        found[base] = f"{told}; shrunk " if recipe.shrink else f"{told}; "
    return found


def _intervals(measured: Measured) -> Iterator[str]:
    e = measured.estimates
    if e is None:
        return
    if e.interval is None:
        yield "this recipe has no interval that holds the true beta in 93 to 97 % of samples: none is given"
        return
    name = "Student's t" if e.interval == "student" else "the normal's z"
    yield f"(beta - bias) ± {name} x standard error"
    for k, base in enumerate(measured.bases):
        values = (e.beta[k], e.std_error[k], e.ci_low[k], e.ci_high[k])
        if measured.overridden[k] or not all(map(math.isfinite, values)) or not e.std_error[k]:
            yield f"{base}: none"
            continue
        beta, error, low, high = map(float, values)
        t = (high - low) / 2 / error
        middle = f"({beta:.6f} - {e.bias[k]:.6f})" if e.bias[k] else f"{beta:.6f}"
        yield f"{base}: {middle} ± {t:.6f} x {error:.6f} = {doc.beta(low)} to {doc.beta(high)}"


def _weights(plan: BasketPlan) -> Iterator[str]:
    low, high = doc.beta(plan.attainable.low), doc.beta(plan.attainable.high)
    yield f"between its bounds the basket can have any beta from {low} to {high}"
    if plan.target_beta is None:
        yield f"no target: the base weights (`{plan.weighting}`) within the bounds"
    elif (
        len(plan.legs) == 2
        and plan.legs[0].beta != plan.legs[1].beta
        and plan.attainable.low < plan.attainable.high
    ):
        one, two = plan.legs
        t, a, b = plan.target_beta, one.beta, two.beta
        yield f"two assets have one answer: w = ({t:g} - {b:.6f}) / ({a:.6f} - {b:.6f}) = {(t - b) / (a - b):.6f} {one.base}"
        yield f"and 1 - {(t - b) / (a - b):.6f} = {1 - (t - b) / (a - b):.6f} {two.base}"
    else:
        yield f"of all weights with sum 1 and sum of weight x beta = {plan.target_beta:g}: those that differ least in risk from"
        yield f"the base weights (`{plan.weighting}`): minimise ½ (w - w0)' Σ (w - w0), Σ the covariance of returns"
    for s in plan.stand_ins:
        shares = ", ".join(
            f"{base} {share * 100:.4f} %" for base, share in zip(s.held, s.shares, strict=True)
        )
        yield f"{s.base} has no contract; its base weight is carried by {s.told if s.is_itself else shares}"
    for leg in plan.legs:
        bound = f", held at its {leg.held_at} bound" if leg.held_at else ""
        yield f"{leg.base}: {doc.percent(leg.base_weight)} -> {leg.weight * 100:.6f} %{bound}"


def _basket(plan: BasketPlan) -> Iterator[str]:
    terms = [f"{leg.weight:.6f} x {leg.beta:.6f}" for leg in plan.legs if leg.weight]
    yield f"beta = sum of weight x beta = {' + '.join(terms)} = {doc.beta(plan.beta)}"
    if plan.beta_std_error is None or plan.beta_ci_low is None or plan.beta_ci_high is None:
        yield "no interval: a weighted beta was given by hand, or its recipe has none"
        return
    t = (plan.beta_ci_high - plan.beta_ci_low) / 2 / plan.beta_std_error if plan.beta_std_error else 0.0
    low, high = doc.beta(plan.beta_ci_low), doc.beta(plan.beta_ci_high)
    yield "its error is that of regressing the basket's own return: the assets' errors move together"
    yield f"{plan.beta:.6f} ± {t:.6f} x {plan.beta_std_error:.6f} = {low} to {high}"


def _contracts(plan: BasketPlan) -> Iterator[str]:
    if plan.equity is not None and plan.basket_leverage is not None:
        told = f"{doc.money(plan.equity)} x {plan.basket_leverage:.6g} = {doc.money(plan.notional)}"
        yield f"notional = equity x leverage = {told}"
    for leg in plan.legs:
        yield f"{leg.base}: {leg.weight:.8f} x {doc.money(plan.notional)} = {doc.money(leg.notional)}{_rounded(leg)}"
    r = plan.rounded
    if r.notional is None or r.beta is None:
        yield "contracts are unknown: the notices say why"
        return
    terms = [
        f"{doc.money(leg.rounded_notional)} x {leg.beta:.6f}" for leg in plan.legs if leg.rounded_notional
    ]
    yield f"beta of the contracts = ({' + '.join(terms)}) / {doc.money(r.notional)} = {doc.beta(r.beta)}"


def _rounded(leg: Leg) -> str:
    if leg.price is None or leg.contracts is None or leg.amount is None or not leg.price:
        return ""
    units = figure(leg.notional / leg.price)
    wanted = f"; {doc.money(leg.notional)} / {leg.price:.12g} = {units} {unit_of(leg)}"
    return f"{wanted} -> {counted(leg)}, worth {doc.money(leg.rounded_notional)}"
