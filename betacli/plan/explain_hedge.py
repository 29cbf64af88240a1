"""`--explain` of a hedge: from the basket's beta to the short, the account and what liquidates it."""

from collections.abc import Iterator

from betacli import document as doc
from betacli.document import Steps
from betacli.plan.book import Book
from betacli.plan.hedge_plan import HedgePart, HedgePlan

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
    asked = f" - {hedge.hedge_to:g}" if hedge.hedge_to else ""
    kept = f"-({basket.beta:.6f}{asked}) x {doc.money(basket.notional)}"
    divided = f" / {hedge.beta:.6f}" if hedge.beta != 1 else ""
    yield "the short has to lose what the benchmark makes the basket gain:"
    yield f"notional = {kept}{divided} = {doc.money(hedge.notional)} of {hedge.base}"
    if hedge.notional_ci_low is not None and hedge.notional_ci_high is not None:
        ends = f"{doc.money(hedge.notional_ci_low)} to {doc.money(hedge.notional_ci_high)}"
        yield f"with the ends of the basket's interval in place of its beta: {ends}"
    r = basket.rounded
    if r.notional is not None and r.beta is not None:
        wanted = -(r.beta - hedge.hedge_to) * r.notional / hedge.beta
        told = f"-({r.beta:.6f}{asked}) x {doc.money(r.notional)}{divided} = {doc.money(wanted)}"
        yield f"for the contracts of the basket: {told}"
    for part in plan.hedge.parts:
        yield _part(part)


def _part(part: HedgePart) -> str:
    told = f"{part.base}: planned {doc.money(part.notional)}"
    if part.price is None or part.contracts is None or part.amount is None:
        return f"{told}, contracts unknown"
    held = f"{doc.significant(part.contracts)} contracts = {doc.significant(part.amount)} {part.base}"
    return f"{told}; held {held} at {part.price:.12g}, worth {doc.money(part.rounded_notional)}"


def _left(plan: HedgePlan) -> Iterator[str]:
    book = _book(plan)
    whose = "what is held" if plan.rounded is not None else "the plan"
    if book.aggregate_beta is not None:
        told = doc.signed_beta(plan.aggregate_beta)
        yield f"aggregate beta, per unit of basket notional: {told} planned, {doc.signed_beta(book.aggregate_beta)} for {whose}"
    for s in book.scenarios:
        if abs(abs(s.benchmark_move) - 0.10) < 1e-12:
            sums = f"{doc.signed_money(s.basket_pnl)} + {doc.signed_money(s.hedge_pnl)}"
            yield f"{s.benchmark_move * 100:+.0f} %: basket + hedge = {sums} = {doc.signed_money(s.net_pnl)}"


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
