"""Which weights have exactly the beta the trader wants, and what do they become in contracts?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from betacli import document as doc
from betacli.core.model import Floats, Notice, Price, Universe
from betacli.core.returns import Covariance, covariance, identity_covariance
from betacli.core.sizing import Sizing, size_account
from betacli.core.target import Attainable, Bounds, Solution, attainable, solve_base, solve_target
from betacli.core.weights import effective_assets
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Facts, Table
from betacli.errors import BadOption, NoData
from betacli.plan.base_weights import base_weights
from betacli.plan.betas import BasketBeta, asset_betas, basket_beta, beta_notices, known
from betacli.plan.contracts import Held, hold
from betacli.plan.liquidity_cap import capped
from betacli.plan.measure import Measured
from betacli.plan.prices import prices_of
from betacli.plan.request import BasketRequest
from betacli.plan.risk import Risk, risk_of
from betacli.plan.risk_size import RiskSize, risk_notices, size_by_risk
from betacli.plan.today import Today

FEW_ASSETS = 3
NOT_HELD = 5e-13


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One asset of the basket. Notional is signed and in quote currency; unknown is None.

    `weight` and `base_weight` are fractions of the basket; `contracts` are what the exchange counts, `amount`
    coins; `rounded_notional` is what those contracts are worth at `price`; `held_at` tells that a bound binds.
    """

    base: str
    symbol: str | None
    side: Literal["long", "short", "none"]
    beta: float
    overridden: bool
    weight: float
    base_weight: float
    notional: float
    price: float | None
    contracts: float | None
    amount: float | None
    rounded_notional: float | None
    held_at: Literal["lower", "upper"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A closed interval of betas."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    """The basket as its contracts make it: its beta measured again, its notional, and the share deployed."""

    beta: float | None
    notional: float | None
    deployed: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketPlan:
    """A solved basket. `beta` is Σ weight × beta; standard error and 95 % interval are the basket's own regression's.

    `vol_annual` is the basket's volatility a year from the covariance the weights were chosen with; of it
    `vol_benchmark_annual` moves with the benchmark and `vol_residual_annual` does not (√(a² + b²) is the whole);
    `vol_per_tenth_beta` is what +0.10 of target adds to it, None where that is out of reach; `effective_assets` is 1 / Σ(|w|/Σ|w|)²; `equity`,
    `basket_leverage` and `effective_beta_exposure` (beta × leverage, before any hedge) are None without equity. `risk` tells how the
    notional follows from `--risk`, None where it does not; `today` holds the trades
    from the positions held, None where nobody said what is held.
    """

    sector: str
    benchmark: str
    target_beta: float | None
    beta: float
    beta_std_error: float | None
    beta_ci_low: float | None
    beta_ci_high: float | None
    r_squared: float | None
    attainable: Interval
    weighting: str
    notional: float
    equity: float | None
    basket_leverage: float | None
    effective_beta_exposure: float | None
    legs: tuple[Leg, ...]
    rounded: Rounded
    vol_annual: float | None
    vol_benchmark_annual: float | None
    vol_residual_annual: float | None
    vol_per_tenth_beta: float | None
    effective_assets: float
    covariance: str
    kkt_residual: float
    risk: RiskSize | None = None
    today: Today | None = None

    def facts(self) -> Facts:
        """Return the lines above the legs."""
        target = "none: base weights" if self.target_beta is None else doc.beta(self.target_beta)
        interval = f"{doc.beta(self.beta_ci_low)} to {doc.beta(self.beta_ci_high)}"
        pairs = [
            ("target beta", target),
            ("basket beta", doc.beta(self.beta)),
            ("95 % interval", interval if self.beta_ci_low is not None else doc.UNKNOWN),
            ("attainable", f"{doc.beta(self.attainable.low)} to {doc.beta(self.attainable.high)}"),
            ("notional", doc.money(self.notional)),
            ("volatility / year", self._volatility()),
            ("effective assets", f"{self.effective_assets:.2f} of {len(self.legs)}"),
        ]
        if self.rounded.notional is not None:
            detail = f"{doc.money(self.rounded.notional)} ({doc.percent(self.rounded.deployed)})"
            pairs.append(("in contracts", f"{detail}, beta {doc.beta(self.rounded.beta)}"))
        if self.equity is not None:
            pairs.append(("equity", f"{doc.money(self.equity)} at {doc.times(self.basket_leverage)}"))
            pairs.append(("beta exposure", f"{doc.times(self.effective_beta_exposure)} the equity, unhedged"))
        pairs += self.risk.pairs(self.benchmark) if self.risk else []
        return Facts(pairs=(*pairs, *(self.today.pairs() if self.today else ())))

    def _volatility(self) -> str:
        if self.vol_annual is None:
            return doc.UNKNOWN
        told = f"{doc.percent(self.vol_annual)}"
        if self.vol_residual_annual is not None:
            told += f": {doc.percent(self.vol_benchmark_annual)} with {self.benchmark}, "
            told += f"{doc.percent(self.vol_residual_annual)} without"
        if self.vol_per_tenth_beta is not None:
            told += f"; +0.10 of beta adds {doc.percent(self.vol_per_tenth_beta)}"
        return told

    def table(self) -> Table:
        """Return the legs with their totals."""
        columns = (
            Column(header="asset", align="left", tone=lambda _: "strong"),
            Column(header="side", align="left"),
            Column(header="beta", show=doc.beta),
            Column(header="note", align="left", tone=lambda _: "warning"),
            Column(header="base weight", show=doc.percent, tone=lambda _: "quiet"),
            Column(header="weight", show=doc.weight, tone=lambda _: "strong", bar=True),
            Column(header="notional", show=doc.money),
            Column(header="price", show=doc.significant),
            Column(header="contracts", show=doc.significant),
            Column(header="rounded", show=doc.money),
        )
        rows = tuple(
            (
                leg.base, leg.side, leg.beta, "by hand" if leg.overridden else "", leg.base_weight, leg.weight,
                leg.notional, leg.price, leg.contracts, leg.rounded_notional,
            )
            for leg in self.legs
        )  # fmt: skip
        footer = (
            "basket", "", self.beta, "", sum(leg.base_weight for leg in self.legs),
            sum(leg.weight for leg in self.legs), sum(leg.notional for leg in self.legs), "", "",
            self.rounded.notional,
        )  # fmt: skip
        return Table(columns=columns, rows=rows, footer=footer)

    def document(self) -> Document:
        """Return the basket as facts and legs."""
        return Document(
            title=f"Basket {self.sector} against {self.benchmark}",
            blocks=(self.facts(), self.table(), *(self.today.tables() if self.today else ())),
            records=(*self.legs, *(self.today.trades if self.today else ())),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """A basket plan with the arrays behind it, for what is built on top: the hedge and the checklist.

    `weights` and `rounded` (N,) are in the order of `measured.bases`; `rounded` holds signed notionals, NaN
    where contracts are unknown.
    """

    measured: Measured
    plan: BasketPlan
    weights: Floats
    rounded: Floats
    beta: BasketBeta
    sigma: Covariance
    prices: Mapping[str, Price]
    notices: tuple[Notice, ...]


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
    assets = asset_betas(measured)
    unknown = [asset.base for asset in assets if asset.beta is None]
    if unknown:
        what = f"no beta could be estimated for {', '.join(unknown)}"
        raise NoData(what=what, way_out="choose others with `--only`, or give a beta with `--beta`")
    notices = beta_notices(assets, universe)
    sizing, size_notices = _size(request, universe)
    bounds, bound_notices = _bounds(request, universe, measured)
    if request.liquidity_cap:
        bounds, cap_notices = capped(bounds, sizing.notional, measured, universe, source)
        bound_notices = [*bound_notices, *cap_notices]
    sigma, sigma_notices = _covariance(measured)
    base = base_weights(request.weighting, measured)
    reach = attainable(measured.betas, bounds)
    if request.target is None:
        solution = solve_base(sigma.matrix, base, bounds)
    else:
        solution = solve_target(measured.betas, sigma.matrix, base, bounds, request.target)
    weights = np.where(np.abs(solution.weights) < NOT_HELD, 0.0, solution.weights)
    solution = replace(solution, weights=weights)
    day = None
    if request.risk is not None:
        sizing, day = size_by_risk(request, request.risk, measured, weights, universe, source)
        notices += risk_notices(request)
    notices += [*size_notices, *bound_notices, *sigma_notices]
    prices, price_notices = prices_of(measured, measured.bases, source)
    held = hold(measured, solution, base, sigma, bounds, sizing, prices)
    notices += [*price_notices, *(held.notices if held else [])]
    if held is None:
        detail = _why_no_contracts(measured, prices)
        notices.append(Notice(id="contracts-unknown", detail=detail, severity="note"))
    legs = _legs(measured, solution, base, sizing, prices, held)
    rounded = held.notionals if held else np.full(len(legs), np.nan)
    beta = basket_beta(measured, weights)
    risk = risk_of(request.target, measured, solution, reach, sigma, base, bounds)
    plan = _plan(request, measured, solution, reach, sizing, sigma, beta, legs, rounded, risk)
    plan = replace(plan, risk=day)
    return Solved(
        measured=measured,
        plan=plan,
        weights=weights,
        rounded=rounded,
        beta=beta,
        sigma=sigma,
        prices=prices,
        notices=tuple(notices),
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


def _bounds(request: BasketRequest, universe: Universe, measured: Measured) -> tuple[Bounds, list[Notice]]:
    """Return each member's bounds: the flag's or the file's, narrowed by the member's own."""
    notices = []
    n = len(measured.members)
    cap = universe.max_weight if request.max_weight is None else request.max_weight
    if request.max_weight is None and n < FEW_ASSETS and cap < 1:
        detail = f"with {n} asset(s) the default `max_weight` of {cap:g} is lifted to 1"
        notices.append(Notice(id="max-weight-lifted", detail=detail, severity="note"))
        cap = 1.0
    floor = request.min_weight
    if floor is None:
        floor = -cap if request.allow_short else 0.0
    own = request.max_weight is None  # a member's own bound wins over the default, the flag over both
    lower = np.array([floor if m.min_weight is None else max(floor, m.min_weight) for m in measured.members])
    upper = np.array(
        [
            cap if m.max_weight is None else m.max_weight if own else min(cap, m.max_weight)
            for m in measured.members
        ]
    )
    for base, low, high in zip(measured.bases, lower, upper, strict=True):
        if low > high:
            raise BadOption(
                option="--min-weight",
                value=f"{low:g}",
                problem=f"the lower bound of `{base}` is above its upper bound of {high:g}",
                way_out="raise `--max-weight`, or lower `--min-weight` or the member's `min_weight`",
            )
    return Bounds(name=measured.sector, bases=measured.bases, lower=lower, upper=upper), notices


def _covariance(measured: Measured) -> tuple[Covariance, list[Notice]]:
    if measured.returns is None or measured.market is None:
        detail = "without market data, nearness to the base weights is measured in weights, not in risk"
        return identity_covariance(len(measured.members)), [
            Notice(id="identity-covariance", detail=detail, severity="note")
        ]
    sigma = covariance(measured.returns, measured.market)
    notices = []
    if sigma.method == "single-index":
        detail = f"only {sigma.n_obs} bars are complete in every asset: the covariance is that of the single-index model"
        notices.append(Notice(id="single-index-covariance", detail=detail))
    if sigma.ridge:
        detail = "some assets move as one: the covariance is singular, and a ridge of 1e-10 of its largest eigenvalue "
        notices.append(
            Notice(id="singular-covariance", detail=detail + "chooses between them", severity="note")
        )
    return sigma, notices


def _legs(
    measured: Measured,
    solution: Solution,
    base: Floats,
    sizing: Sizing,
    prices: Mapping[str, Price],
    held: Held | None,
) -> tuple[Leg, ...]:
    """Return the legs, with what is held of each where contracts are known."""

    def leg(i: int, name: str) -> Leg:
        weight = float(solution.weights[i])
        listing, price = measured.listings.get(name), prices.get(name)
        sized = held.sized[i] if held else None
        return Leg(
            base=name,
            symbol=listing.symbol if listing else None,
            side="long" if weight > 0 else "short" if weight < 0 else "none",
            beta=float(measured.betas[i]),
            overridden=measured.overridden[i],
            weight=weight,
            base_weight=float(base[i]),
            notional=weight * sizing.notional,
            price=price.value if price else None,
            contracts=float(sized.contracts) if sized else None,
            amount=float(sized.amount) if sized else None,
            rounded_notional=sized.notional if sized else None,
            held_at=solution.at_bound[i],
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
) -> BasketPlan:
    net = float(rounded.sum())
    is_known = bool(np.isfinite(net))
    exact_beta = float(solution.weights @ measured.betas)
    return BasketPlan(
        sector=measured.sector,
        benchmark=measured.benchmark.name,
        target_beta=request.target,
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
            beta=known(float(rounded @ measured.betas) / net) if is_known and net else None,
            notional=net if is_known else None,
            deployed=net / sizing.notional if is_known else None,
        ),
        vol_annual=risk.total,
        vol_benchmark_annual=risk.benchmark,
        vol_residual_annual=risk.residual,
        vol_per_tenth_beta=risk.per_tenth_beta,
        effective_assets=effective_assets(solution.weights),
        covariance=sigma.method,
        kkt_residual=solution.kkt_residual,
    )
