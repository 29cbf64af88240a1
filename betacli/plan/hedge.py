"""Which benchmark short makes the basket neutral, and what does a benchmark move do to the account then?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from betacli import document as doc
from betacli.core.beta import estimate
from betacli.core.hedge import Scenario, hedge_notional
from betacli.core.model import Floats, Notice, Price, Universe
from betacli.core.returns import simple_returns
from betacli.core.sizing import size_nearest
from betacli.data.candles import MarketData
from betacli.data.gates import align
from betacli.document import Column, Document, Facts, Report, Table
from betacli.errors import NoData
from betacli.plan.account import Book, FundingCost, Liquidation, Margin, book_of, funding_of, margin_of
from betacli.plan.answer import report
from betacli.plan.basket import BasketPlan, Solved, solve_basket
from betacli.plan.measure import Measured, measure
from betacli.plan.prices import prices_of
from betacli.plan.request import BasketRequest

RESIDUE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgePart:
    """One future of the hedge: signed notional in quote currency, its own beta, and its contracts where known."""

    base: str
    symbol: str | None
    side: Literal["long", "short", "none"]
    beta: float
    notional: float
    price: float | None
    contracts: float | None
    amount: float | None
    rounded_notional: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeLeg:
    """The hedge as a whole. `notional` neutralises the planned basket; the interval comes from the basket's beta.

    `contracts`, `amount` and `rounded_notional` neutralise the basket as its contracts make it. `symbol`,
    `contracts` and `amount` are None where the hedge has several `parts`.
    """

    base: str
    symbol: str | None
    side: Literal["long", "short", "none"]
    notional: float
    notional_ci_low: float | None
    notional_ci_high: float | None
    contracts: float | None
    amount: float | None
    rounded_notional: float | None
    hedge_to: float
    parts: tuple[HedgePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgePlan:
    """A basket with its hedge. Betas are per unit of basket notional, leverages per unit of equity.

    The fields of `Book` stand here for the plan; `rounded` is the same for what the contracts really are, None
    where they are unknown. What a reader is shown first is `rounded`.
    """

    basket: BasketPlan
    hedge: HedgeLeg
    aggregate_beta: float
    rounded_aggregate_beta: float | None
    gross_notional: float
    net_notional: float
    equity: float | None
    basket_leverage: float | None
    account_leverage: float | None
    effective_beta_exposure: float | None
    margin: Margin
    liquidation: Liquidation
    funding: FundingCost
    scenarios: tuple[Scenario, ...]
    rounded: Book | None

    def document(self) -> Document:
        """Return what a trader asks first, then the legs, then the scenarios."""
        return Document(
            title=f"Hedge of {self.basket.sector} with {self.hedge.base}",
            blocks=(self._summary(), self._legs(), self._scenarios()),
            records=(*self.basket.legs, *self.hedge.parts),
        )

    def _summary(self) -> Facts:
        hedge, benchmark = self.hedge, self.basket.benchmark
        interval = f"{doc.money(hedge.notional_ci_low)} to {doc.money(hedge.notional_ci_high)}"
        held = self._held
        ten = {s.benchmark_move: s for s in held.scenarios}
        pairs = [
            ("basket", f"{doc.money(self.basket.notional)} at beta {doc.beta(self.basket.beta)}"),
            (
                hedge.side if hedge.side != "none" else "hedge",
                f"{doc.money(abs(hedge.notional))} of {hedge.base}",
            ),
            ("95 % interval", interval if hedge.notional_ci_low is not None else doc.UNKNOWN),
            ("aggregate beta", doc.signed_beta(self.aggregate_beta)),
            ("after rounding", doc.signed_beta(self.rounded_aggregate_beta)),
        ]
        pairs.extend((f"{benchmark} {move:+.0%}", self._effect(ten[move])) for move in (-0.10, 0.10))
        if self.equity is not None:
            pairs.append(("equity", doc.money(self.equity)))
            pairs.append(
                ("exposure", f"{doc.times(self.effective_beta_exposure)} the equity before the hedge")
            )
            pairs.append(("account leverage", doc.times(held.account_leverage)))
        if held.liquidation.known:
            pairs.append(("liquidation", self._liquidation()))
        if self.funding.net_per_day is not None:
            pairs.append(("funding / day", doc.signed_money(self.funding.net_per_day)))
        return Facts(pairs=tuple(pairs))

    @property
    def _held(self) -> "Book | HedgePlan":
        """What is held where that is known, else what is planned."""
        return self if self.rounded is None else self.rounded

    def _effect(self, scenario: Scenario) -> str:
        shown = f"account {doc.signed_money(scenario.net_pnl)}"
        if scenario.equity_change is not None:
            shown += f" ({doc.signed_percent(scenario.equity_change)} of equity)"
        if scenario.net_pnl_low is not None:
            low, high = doc.signed_money(scenario.net_pnl_low), doc.signed_money(scenario.net_pnl_high)
            shown += f", {low} to {high} within the interval"
        return f"{shown}; unhedged {doc.signed_money(scenario.basket_pnl)}"

    def _liquidation(self) -> str:
        liq, benchmark = self._held.liquidation, self.basket.benchmark

        def told(move: float | None) -> str:
            return f"none within ±{liq.searched:.0%}" if move is None else f"{benchmark} {move:+.1%}"

        return f"{told(liq.at_beta)}; {told(liq.at_beta_low)} at beta −2 SE, {told(liq.at_beta_high)} at +2 SE (estimate)"

    def _legs(self) -> Table:
        basket = self.basket.table()
        blank = ("",) * 2
        rows = tuple(
            (part.base, part.side, part.beta, "hedge", *blank, part.notional, part.price, part.contracts,
             part.rounded_notional)
            for part in self.hedge.parts
        )  # fmt: skip
        ends = (self.basket.rounded.notional, self.hedge.rounded_notional)
        total = None if ends[0] is None or ends[1] is None else ends[0] + ends[1]
        footer = ("net", "", self.aggregate_beta, *("",) * 3, self.net_notional, "", "", total)
        return Table(columns=basket.columns, rows=(*basket.rows, *rows), footer=footer)

    def _scenarios(self) -> Table:
        whose = "the plan" if self.rounded is None else "what is held"
        columns = (
            Column(header=f"{self.basket.benchmark} moves", show=doc.signed_percent),
            Column(header="basket", show=doc.signed_money),
            Column(header="hedge", show=doc.signed_money),
            Column(header="account", show=doc.signed_money, tone=lambda _: "strong"),
            Column(header="95 % low", show=doc.signed_money),
            Column(header="95 % high", show=doc.signed_money),
            Column(header="of equity", show=doc.signed_percent),
        )
        rows = tuple(
            (
                s.benchmark_move, s.basket_pnl, s.hedge_pnl, s.net_pnl, s.net_pnl_low, s.net_pnl_high,
                s.equity_change,
            )
            for s in self._held.scenarios
        )  # fmt: skip
        return Table(
            title=f"What a benchmark move does to {whose}, residual returns at zero",
            columns=columns,
            rows=rows,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hedged:
    """A hedge plan with what was said about it."""

    solved: Solved
    plan: HedgePlan
    notices: tuple[Notice, ...]


def plan_hedge(request: BasketRequest, universe: Universe, source: MarketData | None) -> Report:
    """Answer the `hedge` command."""
    solved = solve_basket(request, universe, source, measure(request.betas, universe, source))
    hedged = hedge_basket(request, universe, source, solved)
    return report(
        "hedge", request.betas.run, solved.measured, hedged.plan, (*solved.notices, *hedged.notices)
    )


def hedge_basket(
    request: BasketRequest, universe: Universe, source: MarketData | None, solved: Solved
) -> Hedged:
    """Size the hedge of a solved basket and say what it does to the account.

    Raises:
        NoData: the hedge instrument has no usable beta to the benchmark.
    """
    measured, basket = solved.measured, solved.plan
    shares, notices = _instruments(measured)
    hedge_beta = (
        sum(share * beta for share, beta in shares.values()) if solved.measured.benchmark.is_universe else 1.0
    )
    total = hedge_notional(basket.notional, basket.beta, request.hedge_to, hedge_beta)
    rounded_total = None
    if basket.rounded.notional is not None and basket.rounded.beta is not None:
        rounded_total = hedge_notional(
            basket.rounded.notional, basket.rounded.beta, request.hedge_to, hedge_beta
        )
    prices, price_notices = prices_of(measured, tuple(shares), source)
    parts = tuple(
        _part(measured, base, share, beta, total, rounded_total, prices.get(base))
        for base, (share, beta) in shares.items()
    )
    notices += price_notices
    notices += _shortfalls(parts)
    both = sorted({leg.base for leg in basket.legs if leg.notional} & set(shares))
    if both:
        detail = f"{', '.join(both)} is both a leg and the hedge: on one account the two are one position"
        notices.append(Notice(id="leg-is-hedge", detail=detail))
    plan = _plan(request, universe, source, solved, parts, total, hedge_beta, notices)
    return Hedged(solved=solved, plan=plan, notices=tuple(notices))


def _instruments(measured: Measured) -> tuple[dict[str, tuple[float, float]], list[Notice]]:
    """Return each hedge instrument's share of the hedge and its beta to the benchmark.

    One asset hedges itself. An index is hedged by its parts: their betas to it, weighted, sum to one, because
    least squares is linear. The universe is hedged in its largest part, whose own beta is measured.
    """
    weights = measured.benchmark.weights
    if not measured.benchmark.is_universe:
        betas = _betas_of(measured, sorted(weights)) if len(weights) > 1 else None
        return {base: (weights[base], betas[base] if betas else 1.0) for base in sorted(weights)}, []
    if not measured.benchmark_weights:
        raise NoData(
            what="the universe benchmark needs market data to be hedged", way_out="name an `--exchange`"
        )
    base = max(measured.benchmark_weights, key=lambda name: (measured.benchmark_weights[name], name))
    beta = (_betas_of(measured, [base]) or {base: float("nan")})[base]
    if not beta > 0:
        raise NoData(what=f"`{base}` has a beta of {beta:.2f} to the universe and cannot hedge it")
    detail = (
        f"the universe is hedged with {base}, its largest part at {measured.benchmark_weights[base]:.1%}: "
        f"the hedge is divided by its beta of {beta:.4f} to the universe"
    )
    return {base: (1.0, beta)}, [Notice(id="hedged-by-largest-part", detail=detail)]


def _betas_of(measured: Measured, bases: Sequence[str]) -> dict[str, float] | None:
    """Measure parts of the benchmark against the whole; None without market data.

    By least squares with the recipe's weights and nothing else: it is linear, so that weighted they sum to one.
    """
    if measured.panel is None or measured.market is None:
        return None
    linear = replace(measured.basket_recipe, estimator="ols", band=None)
    closes = np.column_stack([align(measured.candles[base], measured.panel.open_ms) for base in bases])
    fit = estimate(linear, simple_returns(closes), measured.market, measured.bars_per_day)
    return dict(zip(bases, map(float, fit.beta), strict=True))


def _part(
    measured: Measured,
    base: str,
    share: float,
    beta: float,
    total: float,
    rounded_total: float | None,
    price: Price | None,
) -> HedgePart:
    """Size one instrument: planned from the planned basket, contracts from the rounded one."""
    listing = measured.listings.get(base)
    market = listing.market if listing else None
    sized = None
    if (
        market is not None
        and price is not None
        and rounded_total is not None
        and market.amount_step is not None
    ):
        sized = size_nearest(share * rounded_total, price.value, market)
    notional = share * total
    return HedgePart(
        base=base,
        symbol=listing.symbol if listing else None,
        side=_side(notional),
        beta=beta,
        notional=notional,
        price=price.value if price else None,
        contracts=float(sized.contracts) if sized else None,
        amount=float(sized.amount) if sized else None,
        rounded_notional=sized.notional if sized else None,
    )


def _side(notional: float) -> Literal["long", "short", "none"]:
    return "short" if notional < 0 else "long" if notional > 0 else "none"


def _shortfalls(parts: tuple[HedgePart, ...]) -> list[Notice]:
    return [
        Notice(
            id="hedge-not-held",
            detail=f"the hedge of {part.notional:,.2f} in {part.base} is too small for a contract: nothing is hedged",
        )
        for part in parts
        if part.rounded_notional == 0 and part.notional
    ]


def _plan(
    request: BasketRequest,
    universe: Universe,
    source: MarketData | None,
    solved: Solved,
    parts: tuple[HedgePart, ...],
    total: float,
    hedge_beta: float,
    notices: list[Notice],
) -> HedgePlan:
    """Put basket and hedge together; what was said on the way is appended to `notices`."""
    basket, equity = solved.plan, solved.plan.equity
    betas = np.array([*solved.measured.betas, *(part.beta for part in parts)])
    ends = half_width = None
    if basket.beta_ci_low is not None and basket.beta_ci_high is not None:
        ends = (basket.beta_ci_low, basket.beta_ci_high)
        half_width = (ends[1] - ends[0]) / 2
    margin, rates = margin_of(solved.measured, universe, (*basket.legs, *parts), notices)
    if equity is None:
        detail = (
            "without `--equity` or `--leverage` there is no account: margin use and liquidation are unknown"
        )
        notices.append(Notice(id="no-equity", detail=detail, severity="note"))

    def book(notionals: Floats) -> Book:
        return book_of(
            notionals,
            betas,
            n_legs=len(basket.legs),
            equity=equity,
            rates=rates,
            std_error=basket.beta_std_error,
            half_width=half_width,
        )

    planned = book(np.array([*(leg.notional for leg in basket.legs), *(part.notional for part in parts)]))
    held = _held_notionals(solved, parts)
    rounded = None if held is None else book(held)
    notices += _residue(request, rounded)
    return HedgePlan(
        basket=basket,
        hedge=_hedge_leg(request, solved, parts, total, hedge_beta, ends),
        aggregate_beta=planned.aggregate_beta,
        rounded_aggregate_beta=rounded.aggregate_beta if rounded else None,
        gross_notional=planned.gross_notional,
        net_notional=planned.net_notional,
        equity=equity,
        basket_leverage=basket.basket_leverage,
        account_leverage=planned.account_leverage,
        effective_beta_exposure=basket.effective_beta_exposure,
        margin=margin,
        liquidation=planned.liquidation,
        funding=funding_of(source, solved.measured, basket.legs, parts, notices),
        scenarios=planned.scenarios,
        rounded=rounded,
    )


def _residue(request: BasketRequest, rounded: Book | None) -> list[Notice]:
    """Warn where what is held keeps another exposure than was asked for."""
    if rounded is None or abs(rounded.aggregate_beta - request.hedge_to) <= RESIDUE:
        return []
    detail = (
        f"rounding leaves a beta of {rounded.aggregate_beta:+.4f} where {request.hedge_to:+.4f} was asked for: "
        "the contracts are too coarse for this notional"
    )
    return [Notice(id="hedge-residue", detail=detail)]


def _hedge_leg(
    request: BasketRequest,
    solved: Solved,
    parts: tuple[HedgePart, ...],
    total: float,
    hedge_beta: float,
    ends: tuple[float, float] | None,
) -> HedgeLeg:
    """Describe the hedge as a whole, with the notionals that the ends of the basket's interval would need."""
    basket = solved.plan
    interval = None
    if ends is not None:
        interval = sorted(hedge_notional(basket.notional, end, request.hedge_to, hedge_beta) for end in ends)
    single = parts[0] if len(parts) == 1 else None
    rounded = [part.rounded_notional for part in parts if part.rounded_notional is not None]
    return HedgeLeg(
        base=single.base if single else solved.measured.benchmark.name,
        symbol=single.symbol if single else None,
        side=_side(total),
        notional=total,
        notional_ci_low=interval[0] if interval else None,
        notional_ci_high=interval[1] if interval else None,
        contracts=single.contracts if single else None,
        amount=single.amount if single else None,
        rounded_notional=sum(rounded) if len(rounded) == len(parts) else None,
        hedge_to=request.hedge_to,
        parts=parts,
    )


def _held_notionals(solved: Solved, parts: tuple[HedgePart, ...]) -> Floats | None:
    """Return the notionals (N,) of legs and hedge as their contracts make them, or None where some are unknown."""
    hedge = [part.rounded_notional for part in parts]
    if not solved.plan.rounded.notional or any(notional is None for notional in hedge):
        return None
    return np.array([*solved.rounded, *hedge], dtype=np.float64)
