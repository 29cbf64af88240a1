"""Which benchmark short makes the basket neutral, and what does a benchmark move do to the account then?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from betacli.core.checks import THRESHOLDS
from betacli.core.hedge import hedge_notional, min_variance_ratio
from betacli.core.model import Notice, Universe
from betacli.core.sizing import size_nearest
from betacli.data.candles import Listing, MarketData
from betacli.document import Report, Steps
from betacli.plan.account import funding_of
from betacli.plan.answer import report
from betacli.plan.basket import Solved, solve_basket
from betacli.plan.book import Book, betas_by_case, book_of
from betacli.plan.hedge_plan import HedgeLeg, HedgePart, HedgePlan, MinVariance, Side, expiring
from betacli.plan.hedge_with import instruments
from betacli.plan.hedged_account import HedgedAccount, held_account, planned_holdings, rounded_holdings
from betacli.plan.held import HeldContract, held_contracts
from betacli.plan.holding import Holding
from betacli.plan.instruments import Instrument, Instruments
from betacli.plan.margin import MarginTerms, beyond_tiers, margin_terms, require_holdable
from betacli.plan.measure import measure
from betacli.plan.request import BasketRequest
from betacli.plan.risk_block import risk_of_plan
from betacli.plan.solve import untracked

RESIDUE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hedged:
    """A hedge plan with the margin terms behind it and what was said about it."""

    solved: Solved
    plan: HedgePlan
    terms: MarginTerms
    instruments: Instruments
    notices: tuple[Notice, ...]

    @property
    def contracts(self) -> tuple[tuple[HedgePart, Listing | None], ...]:
        """Every part of the hedge with its listing."""
        listed = [instrument.listing for instrument in self.instruments.parts]
        return tuple(zip(self.plan.hedge.parts, listed, strict=True))


def plan_hedge(
    request: BasketRequest,
    universe: Universe,
    source: MarketData | None,
    explain: Callable[[Solved, HedgePlan], tuple[Steps, ...]] | None = None,
) -> Report:
    """Answer the `hedge` command; `explain` writes its arithmetic down.

    Raises:
        CannotBeHeld: the exchange would not let the account hold this.
    """
    solved = solve_basket(request, universe, source, measure(request.betas, universe, source))
    hedged = hedge_basket(request, universe, source, solved)
    plan = hedged.plan
    require_holdable(plan.margin if plan.rounded is None else plan.rounded.margin, hedged.terms, plan.equity)
    notices = [*solved.notices, *hedged.notices]
    told = explain(solved, plan) if explain else ()
    held = held_contracts(solved.measured, plan.basket.legs, hedged.contracts)
    notional = plan.basket.notional
    risk = risk_of_plan(solved.measured, held, notional, universe, source, untracked(solved))
    notices += expiring(plan.hedge.parts, risk.horizon_days)
    plan = replace(plan, trade_risk=risk)
    return report("hedge", request.betas.run, solved.measured, plan, notices, explanation=told)


def hedge_basket(
    request: BasketRequest, universe: Universe, source: MarketData | None, solved: Solved
) -> Hedged:
    """Size the hedge of a solved basket and say what it does to the account.

    With positions, the hedge also covers what is held outside the basket, and its contracts are sized on the basket as
    today's trades leave it.

    Raises:
        NoData: the hedge instrument has no usable beta to the benchmark, or a position that is traded has no price.
    """
    basket = solved.plan
    chosen = instruments(request.hedge_with, solved.measured, universe, source)
    held = held_account(request, universe, source, solved, chosen)
    outside = 0.0 if held is None else held.outside
    total = hedge_notional(basket.notional, basket.beta, request.hedge_to, chosen.beta, outside)
    rounded_total = None
    if basket.rounded.notional is not None and basket.rounded.beta is not None:
        size, beta = basket.rounded.notional, basket.rounded.beta
        if held is not None:
            size, beta = held.basket_notional, held.basket_beta
        rounded_total = hedge_notional(size, beta, request.hedge_to, chosen.beta, outside)
    parts = tuple(_part(instrument, total, rounded_total) for instrument in chosen.parts)
    hedge = _hedge_leg(request, solved, chosen, parts, total, outside)
    notices = [*chosen.notices, *_shortfalls(parts, rounded_total), *_not_a_hedge(hedge, universe)]
    both = sorted({leg.base for leg in basket.legs if leg.notional} & {part.base for part in parts})
    if both:
        detail = f"{', '.join(both)} is both a leg and the hedge: on one account the two are one position"
        notices.append(Notice(id="leg-is-hedge", detail=detail))
    listings = solved.measured.listings
    contracts = {leg.key: listings.get(leg.base) for leg in planned_holdings(solved, ()) if leg.margined}
    contracts |= {part.listing.symbol if part.listing else part.base: part.listing for part in chosen.parts}
    after = None
    if held is not None:
        others = held.positions.contracts.items()
        contracts = {key: x for key, x in others if x is None or x.venue is None} | contracts
        after = held.hedged(chosen, parts, request.min_trade)
        notices += [*held.positions.notices, *after.notices]
    terms = margin_terms(contracts, universe, source, notices)
    paying = _paying(solved, parts, chosen, after)
    plan = _plan(request, source, solved, hedge, terms, after, paying, notices)
    notices += beyond_tiers(plan.margin, terms)
    return Hedged(solved=solved, plan=plan, terms=terms, instruments=chosen, notices=tuple(notices))


def _part(instrument: Instrument, total: float, rounded_total: float | None) -> HedgePart:
    """Size one instrument: planned from the planned basket, contracts from the rounded one."""
    listing, price = instrument.listing, instrument.price
    market = listing.market if listing else None
    sized = None
    if (
        market is not None
        and price is not None
        and rounded_total is not None
        and market.amount_step is not None
    ):
        sized = size_nearest(instrument.share * rounded_total, price.value, market)
    notional = instrument.share * total
    return HedgePart(
        base=instrument.base,
        symbol=listing.symbol if listing else None,
        side=_side(notional),
        beta=instrument.beta,
        notional=notional,
        price=price.value if price else None,
        contracts=float(sized.contracts) if sized else None,
        amount=float(sized.amount) if sized else None,
        rounded_notional=sized.notional if sized else None,
        dated=instrument.dated,
        multiplier=listing.coins if listing else None,
        contract_size=float(market.contract_size) if market else None,
    )


def _side(notional: float) -> Side:
    return "short" if notional < 0 else "long" if notional > 0 else "none"


def _hedge_leg(
    request: BasketRequest,
    solved: Solved,
    chosen: Instruments,
    parts: tuple[HedgePart, ...],
    total: float,
    outside: float,
) -> HedgeLeg:
    """Describe the hedge as a whole, with the notionals that the ends of the basket's interval would need."""
    basket, interval = solved.plan, None
    if basket.beta_ci_low is not None and basket.beta_ci_high is not None:
        ends = (basket.beta_ci_low, basket.beta_ci_high)
        interval = sorted(
            hedge_notional(basket.notional, end, request.hedge_to, chosen.beta, outside) for end in ends
        )
    single = parts[0] if len(parts) == 1 else None
    rounded = [part.rounded_notional for part in parts if part.rounded_notional is not None]
    return HedgeLeg(
        base=single.base if single else solved.measured.benchmark.name,
        symbol=single.symbol if single else None,
        side=_side(total),
        beta=chosen.beta,
        notional=total,
        notional_ci_low=interval[0] if interval else None,
        notional_ci_high=interval[1] if interval else None,
        contracts=single.contracts if single else None,
        amount=single.amount if single else None,
        rounded_notional=sum(rounded) if len(rounded) == len(parts) else None,
        hedge_to=request.hedge_to,
        min_variance=_min_variance(solved, chosen),
        parts=parts,
    )


def _min_variance(solved: Solved, chosen: Instruments) -> MinVariance | None:
    """Return the hedge of least variance in the window; None where the returns are unknown."""
    returns, future = solved.measured.returns, chosen.returns
    if returns is None or future is None:
        return None
    held = solved.weights != 0
    found = min_variance_ratio(returns[:, held] @ solved.weights[held], future)
    if found is None:
        return None
    return MinVariance(
        ratio=found.ratio,
        beta_ratio=solved.plan.beta / chosen.beta,
        notional=-found.ratio * solved.plan.notional + 0.0,
        r_squared=found.r_squared,
        n_obs=found.n_obs,
    )


def _shortfalls(parts: Sequence[HedgePart], rounded_total: float | None) -> list[Notice]:
    """Name the parts that are too small for a contract; where there is nothing to hedge, none is."""
    if not rounded_total:
        return []
    return [
        Notice(
            id="hedge-not-held",
            detail=f"the hedge of {part.notional:,.2f} in {part.base} is too small for a contract: nothing is hedged",
        )
        for part in parts
        if part.rounded_notional == 0 and part.notional
    ]


def _not_a_hedge(hedge: HedgeLeg, universe: Universe) -> list[Notice]:
    """Warn where the hedge takes away little of the basket's variance."""
    least = universe.checklist.get("hedge_r_squared_fail", THRESHOLDS["hedge_r_squared_fail"])
    found = hedge.min_variance
    if found is None or found.r_squared >= least:
        return []
    detail = (
        f"R² of the basket to {hedge.base} is {found.r_squared:.2f} over {found.n_obs:,} returns: "
        f"below {least:g} this is not a hedge"
    )
    return [Notice(id="not-a-hedge", detail=detail)]


def _plan(
    request: BasketRequest,
    source: MarketData | None,
    solved: Solved,
    hedge: HedgeLeg,
    terms: MarginTerms,
    after: HedgedAccount | None,
    paying: Sequence[HeldContract],
    notices: list[Notice],
) -> HedgePlan:
    """Put basket and hedge together; what was said on the way is appended to `notices`."""
    basket, equity = solved.plan, solved.plan.equity
    cases = betas_by_case(solved.measured, solved.weights, basket.beta, basket.beta_std_error)
    half_width = None
    if basket.beta_ci_low is not None and basket.beta_ci_high is not None:
        half_width = (basket.beta_ci_high - basket.beta_ci_low) / 2
    if equity is None:
        detail = (
            "without `--equity` or `--leverage` there is no account: margin use and liquidation are unknown"
        )
        notices.append(Notice(id="no-equity", detail=detail, severity="note"))

    def book(holdings: Sequence[Holding]) -> Book:
        return book_of(holdings, equity=equity, terms=terms, cases=cases, half_width=half_width)

    if after is None:
        planned = book(planned_holdings(solved, hedge.parts))
        held = rounded_holdings(solved, hedge.parts)
    else:
        planned = book(after.planned)
        held = after.held if hedge.rounded_notional is not None else None
    rounded = None if held is None else book(held)
    notices += _residue(request, rounded)
    return HedgePlan(
        basket=basket,
        hedge=hedge,
        aggregate_beta=planned.aggregate_beta,
        rounded_aggregate_beta=rounded.aggregate_beta if rounded else None,
        gross_notional=planned.gross_notional,
        net_notional=planned.net_notional,
        equity=equity,
        basket_leverage=basket.basket_leverage,
        account_leverage=planned.account_leverage,
        effective_beta_exposure=basket.effective_beta_exposure,
        margin=planned.margin,
        liquidation=planned.liquidation,
        funding=funding_of(source, paying, notices),
        scenarios=planned.scenarios,
        outcomes=planned.outcomes,
        rounded=rounded,
        today=None if after is None else after.today,
    )


def _paying(
    solved: Solved, parts: Sequence[HedgePart], chosen: Instruments, after: HedgedAccount | None
) -> tuple[HeldContract, ...]:
    """Return what pays funding: the basket's futures as they are planned beside what is held, and the hedge."""
    hedge = [(part, x.listing) for part, x in zip(parts, chosen.parts, strict=True)]
    if after is None:
        return held_contracts(solved.measured, solved.plan.legs, hedge)
    return (*after.futures, *held_contracts(solved.measured, (), hedge))


def _residue(request: BasketRequest, rounded: Book | None) -> list[Notice]:
    """Warn where what is held keeps another exposure than was asked for."""
    if rounded is None or rounded.aggregate_beta is None:
        return []
    if abs(rounded.aggregate_beta - request.hedge_to) <= RESIDUE:
        return []
    detail = (
        f"rounding leaves a beta of {rounded.aggregate_beta:+.4f} where {request.hedge_to:+.4f} was asked for: "
        "the contracts are too coarse for this notional"
    )
    return [Notice(id="hedge-residue", detail=detail)]
