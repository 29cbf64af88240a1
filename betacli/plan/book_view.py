"""What a book's scenarios, liquidation and margin look like as tables."""

from betacli import document as doc
from betacli.document import Column, Table
from betacli.plan.book import CASES, Book, Case, Liquidation

CASE_NAMES: dict[Case, str] = {
    "estimated": "at the beta",
    "minus-2se": "-2 SE",
    "plus-2se": "+2 SE",
    "downside": "downside beta",
    "upside": "upside beta",
}


def told_liquidation(liquidation: Liquidation, benchmark: str) -> str:
    """Say the nearest benchmark moves that liquidate, on cross and on isolated margin, in one line."""
    none = f"none within ±{liquidation.searched * 100:g} %"

    def told(move: float | None) -> str:
        return none if move is None else f"{benchmark} {move * 100:+.1f} %"

    ends = (liquidation.at_beta, liquidation.at_beta_low, liquidation.at_beta_high)
    cross = f"{told(ends[0])}, {told(ends[1])} at beta -2 SE, {told(ends[2])} at +2 SE"
    if ends == (None, None, None):
        cross = f"{none}, at ±2 SE of beta too"
    apart = liquidation.cases[0].isolated
    if apart is None:
        return f"cross margin: {cross} (estimate)"
    sides = [f"{move * 100:+.1f} %" for move in (apart.down, apart.up) if move is not None]
    return f"cross margin: {cross}; isolated: {f'{benchmark} ' + ' or '.join(sides) if sides else none} (estimates)"


def scenario_table(book: Book, benchmark: str, whose: str) -> Table:
    """Return what benchmark moves do to basket, hedge and account."""
    outside = any(s.outside_pnl != 0 for s in book.scenarios)
    middle = (Column(header="other positions", show=doc.signed_money),) if outside else ()
    columns = (
        Column(header=f"{benchmark} moves", show=doc.signed_percent),
        Column(header="basket", show=doc.signed_money),
        Column(header="hedge", show=doc.signed_money),
        *middle,
        Column(header="account", show=doc.signed_money, tone=lambda _: "strong"),
        Column(header="95 % low", show=doc.signed_money),
        Column(header="95 % high", show=doc.signed_money),
        Column(header="of equity", show=doc.signed_percent),
    )
    rows = tuple(
        (
            s.benchmark_move, s.basket_pnl, s.hedge_pnl, *((s.outside_pnl,) if outside else ()), s.net_pnl,
            s.net_pnl_low, s.net_pnl_high, s.equity_change,
        )
        for s in book.scenarios
    )  # fmt: skip
    return Table(
        title=f"What a benchmark move does to {whose}, residual returns at zero",
        columns=columns,
        rows=rows,
    )


def outcome_table(book: Book, benchmark: str) -> Table | None:
    """Return the account's P&L at every beta of the basket that is known; None where only one is, or no P&L."""
    shown = _known_cases(book)
    if len(shown) < 2 or all(one.net_pnl is None for one in book.outcomes):
        return None
    found = {(one.benchmark_move, one.case): one for one in book.outcomes}
    moves = dict.fromkeys(one.benchmark_move for one in book.outcomes)

    def cell(move: float, case: Case) -> object:
        one = found[move, case]
        return "liquidated" if one.liquidated_cross else one.net_pnl

    betas = {one.case: one.basket_beta for one in book.outcomes}
    columns = (
        Column(header=f"{benchmark} moves", show=doc.signed_percent),
        *(
            Column(header=f"{CASE_NAMES[case]} {doc.fixed(2)(betas[case])}", show=doc.signed_money)
            for case in shown
        ),
    )
    rows = tuple((move, *(cell(move, case) for case in shown)) for move in moves)
    return Table(title="The account at other betas of the basket", columns=columns, rows=rows)


def liquidation_table(book: Book, benchmark: str) -> Table | None:
    """Return the benchmark moves that liquidate, cross and isolated, at every beta; None where they are unknown."""
    liquidation = book.liquidation
    if not liquidation.known:
        return None
    shown = set(_known_cases(book))
    columns = (
        Column(header="basket beta", align="left"),
        Column(header="beta", show=doc.beta),
        *(Column(header=name) for name in ("cross, falling", "cross, rising")),
        *(Column(header=name) for name in ("isolated, falling", "isolated, rising")),
    )

    def told(move: float | None) -> str:
        return "none" if move is None else doc.fixed(1, sign=True, suffix=" %", scale=100.0)(move)

    rows = tuple(
        (
            CASE_NAMES[one.case], one.basket_beta, told(one.cross.down), told(one.cross.up),
            told(one.isolated.down), told(one.isolated.up),
        )
        for one in liquidation.cases
        if one.case in shown and one.cross is not None and one.isolated is not None
    )  # fmt: skip
    title = (
        f"{benchmark} moves that liquidate (estimate, within ±{liquidation.searched * 100:.0f} %; isolated: basket and hedge "
        "each on their share of the equity)"
    )
    return Table(title=title, columns=columns, rows=rows)


def margin_table(book: Book) -> Table | None:
    """Return the margin leg by leg with its totals; None where the account is unknown or no margin is."""
    margin = book.margin
    if book.account_leverage is None or all(leg.maintenance is None for leg in margin.legs):
        return None
    columns = (
        Column(header="leg", align="left", tone=lambda _: "strong"),
        Column(header="notional", show=doc.money),
        Column(header="highest leverage", show=doc.fixed(0, suffix="x")),
        Column(header="initial margin", show=doc.money),
        Column(header="maintenance rate", show=doc.percent),
        Column(header="maintenance", show=doc.money),
        Column(header="isolated at", show=doc.times),
        Column(header="liquidation price", show=_price),
    )
    rows = tuple(
        (
            leg.base, leg.notional, leg.max_leverage, leg.initial, leg.maintenance_rate, leg.maintenance,
            leg.isolated_leverage, leg.liquidation_price,
        )
        for leg in margin.legs
    )  # fmt: skip
    net = sum(leg.notional for leg in margin.legs)
    footer = ("account", net, "", margin.initial, "", margin.maintenance, book.account_leverage, "")
    return Table(title="Margin, leg by leg", columns=columns, rows=rows, footer=footer)


def _price(value: object) -> str:
    """Show an estimated price with six significant digits."""
    return doc.significant(float(f"{value:.6g}") if isinstance(value, float) else value)


def _known_cases(book: Book) -> list[Case]:
    betas = {one.case: one.basket_beta for one in book.outcomes}
    return [case for case in CASES if betas.get(case) is not None]
