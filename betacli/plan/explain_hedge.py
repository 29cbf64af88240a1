"""`--explain` of a hedge: from the basket's beta to the short, the account and what liquidates it."""

from collections.abc import Iterator, Sequence

from betacli import document as doc
from betacli.core.hedge import Scenario
from betacli.document import Steps
from betacli.plan.book import Book
from betacli.plan.explain_units import counted, priced
from betacli.plan.hedge_plan import HedgePart, HedgePlan
from betacli.plan.positions import HeldPosition

CENT = 0.005


def hedge_steps(plan: HedgePlan) -> tuple[Steps, ...]:
    """Return the steps after the basket."""
    titled = (
        ("Hedge", _hedge(plan)),
        (f"What is left: {plan.basket.benchmark} moves by 10 %", _left(plan)),
        ("Account", _account(plan)),
        ("Margin and liquidation", _margin(plan)),
    )
    return tuple(Steps(title=title, lines=lines) for title, found in titled if (lines := tuple(found)))


def _hedge(plan: HedgePlan) -> Iterator[str]:
    hedge, basket = plan.hedge, plan.basket
    divided = f" / {hedge.beta:.6f}" if hedge.beta != 1 else ""
    beside = _beside(plan)
    yield "the short has to lose what the benchmark makes the basket gain:"
    if beside:
        yield f"held beside basket and hedge: sum of notional x beta = {_terms(beside)} = {doc.money(_sum(beside))}"
    planned = _short(basket.beta, basket.notional, plan, beside)
    yield f"notional = {planned}{divided} = {doc.money(hedge.notional)} of {hedge.base}"
    if hedge.notional_ci_low is not None and hedge.notional_ci_high is not None:
        ends = f"{doc.money(hedge.notional_ci_low)} to {doc.money(hedge.notional_ci_high)}"
        yield f"with the ends of the basket's interval in place of its beta: {ends}"
    size, beta = _basket_held(plan)
    if size and beta is not None:
        wanted = -((beta - hedge.hedge_to) * size + _sum(beside)) / hedge.beta
        whose = "the contracts of the basket" if plan.today is None else "the basket after today's trades"
        yield f"for {whose}: {_short(beta, size, plan, beside)}{divided} = {doc.money(wanted)}"
    for part in plan.hedge.parts:
        yield _part(part)


def _short(beta: float, notional: float, plan: HedgePlan, beside: Sequence[HeldPosition]) -> str:
    """Write what the hedge stands against: the basket's exposure less what is to be kept, and that of the rest."""
    asked = f" - {plan.hedge.hedge_to:g}" if plan.hedge.hedge_to else ""
    basket = f"({beta:.6f}{asked}) x {doc.money(notional)}"
    return f"-({basket} + {doc.money(_sum(beside))})" if beside else f"-{basket}"


def _basket_held(plan: HedgePlan) -> tuple[float | None, float | None]:
    """Return notional and beta that the hedge's contracts stand against: of the basket after today's trades."""
    rounded, today = plan.basket.rounded, plan.today
    if today is None or rounded.notional is None or rounded.beta is None:
        return rounded.notional, rounded.beta
    return today.basket_notional, today.basket_beta


def _beside(plan: HedgePlan) -> tuple[HeldPosition, ...]:
    """Return what is held beside basket and hedge and has a beta: the hedge covers it."""
    held = () if plan.today is None else plan.today.positions
    return tuple(p for p in held if p.role == "outside" and p.beta_notional)


def _terms(beside: Sequence[HeldPosition]) -> str:
    return " + ".join(f"{doc.money(p.notional)} x {p.beta:.6f}" for p in beside)


def _sum(beside: Sequence[HeldPosition]) -> float:
    return sum(p.beta_notional or 0.0 for p in beside)


def _part(part: HedgePart) -> str:
    told = f"{part.base}: planned {doc.money(part.notional)}"
    if part.price is None or part.contracts is None or part.amount is None:
        return f"{told}, contracts unknown"
    return f"{told}; held {counted(part)} at {priced(part)}, worth {doc.money(part.rounded_notional)}"


def _left(plan: HedgePlan) -> Iterator[str]:
    book = _book(plan)
    whose = "what is held" if plan.rounded is not None else "the plan"
    if book.aggregate_beta is not None:
        told = doc.signed_beta(plan.aggregate_beta)
        yield f"aggregate beta, per unit of basket notional: {told} planned, {doc.signed_beta(book.aggregate_beta)} for {whose}"
    for s in book.scenarios:
        if abs(abs(s.benchmark_move) - 0.10) < 1e-12:
            yield f"{s.benchmark_move * 100:+.0f} %: {_moved(s)}"


def _moved(s: Scenario) -> str:
    """Write what a move does to the account; it is no sum where a position's part is unknown."""
    sums = f"{doc.signed_money(s.basket_pnl)} + {doc.signed_money(s.hedge_pnl)}"
    if s.outside_pnl is None:
        return f"basket, hedge = {sums.replace(' + ', ', ')}; that of the other positions is unknown, and so is the account's"
    if s.outside_pnl:
        sums = f"{sums} + {doc.signed_money(s.outside_pnl)}"
    others = " + other positions" if s.outside_pnl else ""
    return f"basket + hedge{others} = {sums} = {doc.signed_money(s.net_pnl)}"


def _account(plan: HedgePlan) -> Iterator[str]:
    book, basket = _book(plan), plan.basket
    if plan.equity is None or plan.basket_leverage is None:
        yield "no equity was given: there is no account to lever"
        return
    beta = f"{basket.beta:.6f} x {plan.basket_leverage:.6g}"
    yield f"exposure to {basket.benchmark} before the hedge = beta x leverage = {beta} = {doc.times(plan.effective_beta_exposure)}"
    if book.gross_notional is not None and book.account_leverage is not None:
        futures = book.account_leverage * plan.equity
        beside = book.gross_notional - futures
        if beside > CENT:
            told = f"{doc.money(book.gross_notional)} - {doc.money(beside)} = {doc.money(futures)}"
            yield f"gross of the futures = gross - spot and what is held elsewhere = {told}"
        told = f"{doc.money(futures)} / {doc.money(plan.equity)}"
        yield f"account leverage = gross / equity = {told} = {doc.times(book.account_leverage)}"


def _margin(plan: HedgePlan) -> Iterator[str]:
    margin, liquidation = _book(plan).margin, _book(plan).liquidation
    for leg in margin.legs:
        if leg.notional is not None and leg.maintenance is not None and leg.maintenance_rate is not None:
            told = f"{doc.money(abs(leg.notional))} x {leg.maintenance_rate * 100:.6f} %"
            yield f"{leg.base}: maintenance = {told} = {doc.money(leg.maintenance)}"
    if margin.maintenance is not None:
        yield f"maintenance of all futures: {doc.money(margin.maintenance)}"
    if plan.equity is not None and margin.initial is not None:
        yield f"free above the initial margin: {doc.money(plan.equity)} - {doc.money(margin.initial)} = {doc.money(plan.equity - margin.initial)}"
    if plan.equity is not None and liquidation.known:
        yield "the account is liquidated where equity + sum of notional x beta x move falls to the maintenance margin"
        yield liquidation_told(plan)


def liquidation_told(plan: HedgePlan) -> str:
    """Return the benchmark's move that liquidates the account at the basket's beta."""
    from betacli.plan.book_view import told_liquidation  # noqa: PLC0415

    return str(told_liquidation(_book(plan).liquidation, plan.basket.benchmark))


def _book(plan: HedgePlan) -> "Book | HedgePlan":
    return plan if plan.rounded is None else plan.rounded
