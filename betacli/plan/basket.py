"""Which weights have exactly the beta the trader wants, and what do they become in contracts?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from betacli.core.bounds import Bounds
from betacli.core.infeasible import TargetOutOfReach
from betacli.core.model import Floats, Notice, Price, Universe
from betacli.core.returns import Covariance, covariance, identity_covariance
from betacli.core.sizing import Sizing, size_account
from betacli.core.target import Attainable, Solution, attainable, solve_band, solve_base
from betacli.core.weights import effective_assets
from betacli.data.candles import MarketData
from betacli.errors import BadOption, NoData
from betacli.plan.aim import Aim, aim_of
from betacli.plan.basket_plan import BasketPlan, Interval, Leg, Rounded
from betacli.plan.betas import BasketBeta, asset_betas, basket_beta, beta_notices, known
from betacli.plan.contracts import Held, hold
from betacli.plan.limits import limits_of
from betacli.plan.measure import Measured
from betacli.plan.prices import prices_of
from betacli.plan.request import BasketRequest, homes
from betacli.plan.risk import Risk, risk_of
from betacli.plan.ways import with_ways

if TYPE_CHECKING:
    from betacli.plan.stand_in import Tracking

NOT_HELD = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """A basket plan with the arrays behind it, for what is built on top: the hedge and the checklist.

    `weights` and `rounded` (N,) are in the order of `measured.bases`; `rounded` holds signed notionals, NaN
    where contracts are unknown. `tracked` is what stands in for members, and `carried`, in the same order, which part of
    each asset's weight is the member's.
    """

    measured: Measured
    plan: BasketPlan
    weights: Floats
    rounded: Floats
    beta: BasketBeta
    sigma: Covariance
    prices: Mapping[str, Price]
    notices: tuple[Notice, ...]
    tracked: "tuple[Tracking, ...]" = ()
    carried: tuple[Mapping[str, float], ...] = ()

    def weight_of(self, base: str) -> float:
        """Return the weight of an asset; 0 of one that is none of the basket's."""
        bases = self.measured.bases
        return float(self.weights[bases.index(base)]) if base in bases else 0.0


def solve_basket(
    request: BasketRequest, universe: Universe, source: MarketData | None, measured: Measured
) -> Solved:
    """Solve the basket on betas already measured.

    Raises:
        BoundsCannotSum, TargetOutOfReach, RoundsToNothing: there is no such basket.
        NoData: no member is left, or one has no beta.
        BadOption: notional, equity and leverage contradict each other, or bounds cross.
    """
    measured.require_members()
    notices = _beta_notices(measured, universe)
    sizing, size_notices = _size(request, universe)
    bounds, bound_notices = limits_of(request, universe, measured)
    if request.liquidity_cap:
        from betacli.plan.liquidity_cap import capped  # noqa: PLC0415  a plain solve starts sooner

        bounds, cap_notices = capped(bounds, sizing.notional, measured, universe, source)
        bound_notices = [*bound_notices, *cap_notices]
    sigma, sigma_notices = _covariance(measured)
    aim, aim_notices = aim_of(request, universe, measured, sizing.notional, source)
    reach = attainable(measured.betas, bounds)
    try:
        solution = _solution(request, measured, sigma, aim, bounds)
    except TargetOutOfReach as error:
        raise with_ways(error, request, universe, measured) from None
    weights = solution.weights
    day = None
    if request.risk is not None:
        from betacli.plan.risk_size import risk_notices, size_by_risk  # noqa: PLC0415

        sizing, day = size_by_risk(request, request.risk, measured, weights, universe, source)
        notices += risk_notices(request)
    notices += [*size_notices, *bound_notices, *sigma_notices, *aim_notices, *_unproven(solution, reach)]
    prices, price_notices = prices_of(measured, measured.bases, source)
    held = hold(measured, solution, aim, sigma, sizing, prices)
    notices += [*price_notices, *(held.notices if held else [])]
    if held is None:
        detail = _why_no_contracts(measured, prices)
        notices.append(Notice(id="contracts-unknown", detail=detail, severity="note"))
    legs = _legs(homes(universe, measured.sector), measured, solution, aim, sizing, prices, held)
    rounded = held.notionals if held else np.full(len(legs), np.nan)
    beta = basket_beta(measured, weights)
    risk = risk_of(request, measured, solution, reach, sigma, aim)
    step = held.step_effect if held else None
    plan = _plan(request, measured, solution, reach, sizing, sigma, beta, legs, rounded, risk, aim, step)
    plan = replace(plan, risk=day, stand_ins=tuple(one.stand_in for one in request.tracked))
    return Solved(
        measured=measured,
        plan=plan,
        weights=weights,
        rounded=rounded,
        beta=beta,
        sigma=sigma,
        prices=prices,
        notices=tuple(notices),
        tracked=request.tracked,
        carried=aim.carried,
    )


def _size(request: BasketRequest, universe: Universe) -> tuple[Sizing, list[Notice]]:
    try:
        sizing = size_account(request.notional, request.equity, request.leverage, universe.notional)
    except ValueError as error:
        way_out = "give two of `--notional`, `--equity` and `--leverage`"
        raise BadOption(
            option="--notional", value=f"{request.notional:g}", problem=str(error), way_out=way_out
        ) from None
    notices = []
    by_default = request.notional is None and request.leverage is None and request.risk is None
    if by_default and request.equity is not None:
        detail = f"the notional of {sizing.notional:,.2f} is the default of the sector file; `--equity` alone sets none"
        notices.append(Notice(id="default-notional", detail=detail))
    return sizing, notices


def _solution(
    request: BasketRequest, measured: Measured, sigma: Covariance, aim: Aim, bounds: Bounds
) -> Solution:
    """Solve, and hold nothing of what weighs next to nothing."""
    if request.band is None:
        found = solve_base(sigma.matrix, aim.center, bounds, aim.turnover)
    else:
        low, high = request.band
        found = solve_band(measured.betas, sigma.matrix, aim.center, bounds, low, high, aim.turnover)
    return replace(found, weights=np.where(np.abs(found.weights) < NOT_HELD, 0.0, found.weights))


def _beta_notices(measured: Measured, universe: Universe) -> list[Notice]:
    """Say what is odd about the betas; raise `NoData` where one is unknown."""
    assets = asset_betas(measured)
    unknown = [asset.base for asset in assets if asset.beta is None]
    if unknown:
        what = f"no beta could be estimated for {', '.join(unknown)}"
        raise NoData(what=what, way_out="choose others with `--only`, or give a beta with `--beta`")
    return beta_notices(assets, universe)


def _unproven(solution: Solution, reach: Attainable) -> list[Notice]:
    """Say where the search among choices of assets was cut short."""
    notices = []
    if solution.gap:
        detail = (
            f"the search among choices of at most {solution.bounds.max_assets} assets was cut short: a better one could "
            f"lower the objective by {solution.gap * 100:.2f} % at most"
        )
        notices.append(Notice(id="choice-not-proven", detail=detail))
    if not reach.proven:
        detail = "the search for the ends of the attainable interval was cut short: they may lie further out"
        notices.append(Notice(id="interval-not-proven", detail=detail))
    return notices


def _covariance(measured: Measured) -> tuple[Covariance, list[Notice]]:
    if measured.returns is None or measured.market is None:
        detail = "without market data, nearness to the base weights is measured in weights, not in risk"
        return identity_covariance(len(measured.members)), [
            Notice(id="identity-covariance", detail=detail, severity="note")
        ]
    sigma = covariance(measured.returns, measured.market)
    notices = []
    if sigma.method == "single-index":
        detail = f"only {sigma.n_obs:,} bars are complete in every asset: the covariance is that of the single-index model"
        notices.append(Notice(id="single-index-covariance", detail=detail))
    if sigma.ridge:
        detail = "some assets move as one: the covariance is singular, and a ridge of 1e-10 of its largest eigenvalue "
        notices.append(
            Notice(id="singular-covariance", detail=detail + "chooses between them", severity="note")
        )
    return sigma, notices


def _legs(
    where: Mapping[str, tuple[str, ...]],
    measured: Measured,
    solution: Solution,
    aim: Aim,
    sizing: Sizing,
    prices: Mapping[str, Price],
    held: Held | None,
) -> tuple[Leg, ...]:
    """Return the legs, with what is held of each where contracts are known."""
    sides = solution.at_bound

    def leg(i: int, name: str) -> Leg:
        weight = float(solution.weights[i])
        listing, price = measured.listings.get(name), prices.get(name)
        sized = held.sized[i] if held else None
        market = listing.market if listing else None
        return Leg(
            base=name,
            sector=where[name][0],
            group=measured.members[i].group,
            symbol=listing.symbol if listing else None,
            kind="spot" if listing is not None and listing.is_spot else "future",
            venue=listing.venue if listing else None,
            side="long" if weight > 0 else "short" if weight < 0 else "none",
            beta=float(measured.betas[i]),
            overridden=measured.overridden[i],
            weight=weight,
            base_weight=float(aim.base[i]),
            current_weight=None if aim.turnover is None else float(aim.turnover.current[i]),
            notional=weight * sizing.notional,
            price=price.value if price else None,
            contracts=float(sized.contracts) if sized else None,
            amount=float(sized.amount) if sized else None,
            rounded_notional=sized.notional if sized else None,
            held_at=sides[i],
            multiplier=listing.coins if listing else None,
            contract_size=float(market.contract_size) if market else None,
        )

    return tuple(leg(i, name) for i, name in enumerate(measured.bases))


def _why_no_contracts(measured: Measured, prices: Mapping[str, Price]) -> str:
    if measured.panel is None:
        return (
            "contracts are unknown: no source of prices and contracts was named (`--exchange`, `--candles`)"
        )
    if not any(listing.market for listing in measured.listings.values()):
        return "contracts are unknown: candle files hold prices, but no contract sizes or steps"
    bare = [base for base in measured.bases if base not in prices]
    if bare:
        return f"contracts are unknown where there is no price: {', '.join(bare)}"
    return "contracts are unknown: the exchange does not state the order step of every market"


def _plan(
    request: BasketRequest,
    measured: Measured,
    solution: Solution,
    reach: Attainable,
    sizing: Sizing,
    sigma: Covariance,
    beta: BasketBeta,
    legs: tuple[Leg, ...],
    rounded: Floats,
    risk: Risk,
    aim: Aim,
    step_effect: float | None,
) -> BasketPlan:
    net = float(rounded.sum())
    is_known = bool(np.isfinite(net))
    exact_beta = float(solution.weights @ measured.betas)
    rounded_beta = known(float(rounded @ measured.betas) / net) if is_known and net else None
    return BasketPlan(
        sector=measured.sector,
        benchmark=measured.benchmark.name,
        target_beta=request.target,
        target_band=None
        if request.target_band is None
        else Interval(low=request.target_band[0], high=request.target_band[1]),
        objective=request.objective,
        beta=exact_beta,
        beta_std_error=beta.std_error,
        beta_ci_low=beta.ci_low,
        beta_ci_high=beta.ci_high,
        r_squared=beta.r_squared,
        attainable=Interval(low=reach.low, high=reach.high),
        weighting=request.weighting,
        notional=sizing.notional,
        equity=sizing.equity,
        basket_leverage=sizing.leverage,
        effective_beta_exposure=None if sizing.leverage is None else exact_beta * sizing.leverage,
        legs=legs,
        rounded=Rounded(
            beta=rounded_beta,
            notional=net if is_known else None,
            deployed=net / sizing.notional if is_known else None,
            beta_error=None if rounded_beta is None else rounded_beta - exact_beta,
            step_effect=step_effect,
        ),
        vol_annual=risk.total,
        vol_benchmark_annual=risk.benchmark,
        vol_residual_annual=risk.residual,
        vol_per_tenth_beta=risk.per_tenth_beta,
        effective_assets=effective_assets(solution.weights),
        covariance=sigma.method,
        kkt_residual=solution.kkt_residual,
        optimality_gap=solution.gap,
        binding=solution.binding,
        turnover=None if aim.turnover is None else aim.turnover.of(solution.weights),
    )
