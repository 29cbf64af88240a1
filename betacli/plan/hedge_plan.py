"""A basket with its hedge, as the `hedge` command answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from betacli import document as doc
from betacli.core.hedge import Scenario
from betacli.core.model import Notice
from betacli.document import Document, Facts, Table
from betacli.plan.account import FundingCost
from betacli.plan.basket_plan import BasketPlan
from betacli.plan.book import Book, Liquidation, Outcome
from betacli.plan.book_view import (
    liquidation_table,
    margin_table,
    outcome_table,
    scenario_table,
    told_liquidation,
)
from betacli.plan.instruments import Dated
from betacli.plan.margin import Margin
from betacli.plan.today import Today
from betacli.plan.trade_risk import TradeRisk

Side = Literal["long", "short", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgePart:
    """One future of the hedge: signed notional in quote currency, its own beta, and its contracts where known.

    `dated` is None for a perpetual. `price` is of one base unit, which is `multiplier` coins; a contract is `contract_size` base units:
    rounded_notional = contracts × contract_size × price, and amount = contracts × contract_size × multiplier.
    """

    base: str
    symbol: str | None
    side: Side
    beta: float
    notional: float
    price: float | None
    contracts: float | None
    amount: float | None
    rounded_notional: float | None
    dated: Dated | None
    multiplier: int | None = None
    contract_size: float | None = None


def expiring(parts: Sequence[HedgePart], days: float) -> list[Notice]:
    """Name the futures of a hedge that end before the horizon does."""
    return [
        Notice(
            id="hedge-expires",
            detail=f"the future of {part.base} expires in {part.dated.days_left:.1f} days, before the horizon of "
            f"{days:g}: what rolling it costs is in no number here, see `betacli basis`",
        )
        for part in parts
        if part.dated is not None and part.notional and part.dated.days_left < days
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class MinVariance:
    """The hedge of least variance in the window, beside the one by beta.

    `ratio` is h* = Cov(R_basket, R_hedge) / Var(R_hedge): the short per unit of basket notional that leaves the least
    variance, whatever exposure to the benchmark it leaves; `beta_ratio` the short that leaves no exposure. They are
    equal where the hedge is the benchmark's own series and beta is plain least squares. `notional` is the signed hedge
    that `ratio` asks for, `r_squared` the share of the basket's variance it takes away in the same window, which
    flatters: below 0.3 this is not a hedge.
    """

    ratio: float
    beta_ratio: float
    notional: float
    r_squared: float
    n_obs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeLeg:
    """The hedge as a whole. `notional` neutralises the planned basket; the interval comes from the basket's beta.

    `contracts`, `amount` and `rounded_notional` neutralise the basket as its contracts make it. `symbol`,
    `contracts` and `amount` are None where the hedge has several `parts`. `beta` is that of the instrument to the
    benchmark, by which the notional is divided; `min_variance` is None without market data.
    """

    base: str
    symbol: str | None
    side: Side
    beta: float
    notional: float
    notional_ci_low: float | None
    notional_ci_high: float | None
    contracts: float | None
    amount: float | None
    rounded_notional: float | None
    hedge_to: float
    min_variance: MinVariance | None
    parts: tuple[HedgePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgePlan:
    """A basket with its hedge. Betas are per unit of basket notional, leverages per unit of equity.

    The fields of `Book` stand here for the plan; `rounded` is the same for what the contracts really are, None
    where they are unknown. What a reader is shown first is `rounded`.
    """

    basket: BasketPlan
    hedge: HedgeLeg
    aggregate_beta: float | None
    rounded_aggregate_beta: float | None
    gross_notional: float | None
    net_notional: float | None
    equity: float | None
    basket_leverage: float | None
    account_leverage: float | None
    effective_beta_exposure: float | None
    margin: Margin
    liquidation: Liquidation
    funding: FundingCost
    scenarios: tuple[Scenario, ...]
    outcomes: tuple[Outcome, ...]
    rounded: Book | None
    today: Today | None
    trade_risk: TradeRisk | None = None

    def document(self) -> Document:
        """Return what a trader asks first, then the legs, then what moves do, then what would end the account."""
        whose = "the plan" if self.rounded is None else "what is held"
        if self.rounded is not None and self.today is not None:
            whose = "the account after today's trades"
        benchmark, held = self.basket.benchmark, self._held
        tables = [
            scenario_table(held, benchmark, whose),
            outcome_table(held, benchmark),
            liquidation_table(held, benchmark),
            margin_table(held),
        ]
        return Document(
            title=f"Hedge of {self.basket.sector} with {self.hedge.base}",
            blocks=(
                self._summary(),
                self._legs(),
                *(self.today.tables() if self.today else ()),
                *(table for table in tables if table is not None),
            ),
            records=(*self.basket.legs, *self.hedge.parts, *(self.today.records() if self.today else ())),
        )

    @property
    def _held(self) -> Book:
        """What is held where that is known, else what is planned."""
        if self.rounded is not None:
            return self.rounded
        return Book(
            aggregate_beta=self.aggregate_beta,
            gross_notional=self.gross_notional,
            net_notional=self.net_notional,
            account_leverage=self.account_leverage,
            margin=self.margin,
            liquidation=self.liquidation,
            scenarios=self.scenarios,
            outcomes=self.outcomes,
        )

    def _summary(self) -> Facts:
        hedge, benchmark, held = self.hedge, self.basket.benchmark, self._held
        ends = (hedge.notional_ci_low, hedge.notional_ci_high)
        low, high = ends if hedge.side != "short" else (_turned(ends[1]), _turned(ends[0]))
        interval = f"{doc.money(low)} to {doc.money(high)}"
        ten = {s.benchmark_move: s for s in held.scenarios}
        pairs = [
            ("basket", f"{doc.money(self.basket.notional)} at beta {doc.beta(self.basket.beta)}"),
            (
                hedge.side if hedge.side != "none" else "hedge",
                f"{doc.money(abs(hedge.notional))} of {hedge.base}",
            ),
            ("95 % interval", interval if hedge.notional_ci_low is not None else doc.UNKNOWN),
            *((f"{part.base} future", _told_dated(part.dated)) for part in hedge.parts if part.dated),
            ("aggregate beta", doc.signed_beta(self.aggregate_beta)),
            ("after rounding", doc.signed_beta(self.rounded_aggregate_beta)),
        ]
        if hedge.min_variance is not None:
            pairs.append(("least variance", _told_ratio(hedge.min_variance)))
        pairs.extend((f"{benchmark} {move * 100:+.0f} %", self._effect(ten[move])) for move in (-0.10, 0.10))
        if self.equity is not None:
            pairs.append(("equity", doc.money(self.equity)))
            pairs.append(
                ("exposure", f"{doc.times(self.effective_beta_exposure)} the equity before the hedge")
            )
            pairs.append(("account leverage", doc.times(held.account_leverage)))
        if held.liquidation.known:
            pairs.append(("liquidation", told_liquidation(held.liquidation, benchmark)))
        pairs += self.basket.risk.pairs(benchmark) if self.basket.risk else []
        pairs += self.today.pairs() if self.today else []
        if self.funding.net_per_day is not None:
            pairs.append(("funding / day", doc.signed_money(self.funding.net_per_day)))
        pairs += self.trade_risk.lines() if self.trade_risk else []
        return Facts(pairs=tuple(pairs))

    def _effect(self, scenario: Scenario) -> str:
        shown = f"account {doc.signed_money(scenario.net_pnl)}"
        if scenario.equity_change is not None:
            shown += f" ({doc.signed_percent(scenario.equity_change)} of equity)"
        if scenario.net_pnl_low is not None:
            low, high = doc.signed_money(scenario.net_pnl_low), doc.signed_money(scenario.net_pnl_high)
            shown += f", {low} to {high} within the interval"
        return f"{shown}; unhedged {doc.signed_money(scenario.basket_pnl)}"

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
        net = self.basket.notional + self.hedge.notional
        footer = ("net", "", self.aggregate_beta, *("",) * 3, net, "", "", total)
        return Table(columns=basket.columns, rows=(*basket.rows, *rows), footer=footer)


_signed = doc.fixed(2, sign=True, suffix=" %", scale=100.0)


def _told_dated(dated: Dated) -> str:
    told = f"expires {dated.expiry}, in {dated.days_left:.1f} days"
    if dated.basis is None:
        return f"{told}; basis {doc.UNKNOWN}"
    told += f"; basis {_signed(dated.basis)} to the {dated.against}"
    return told if dated.basis_annual is None else f"{told}, {_signed(dated.basis_annual)} a year"


def _turned(notional: float | None) -> float | None:
    """Return what a signed notional is as a short."""
    return None if notional is None else -notional


def _told_ratio(found: MinVariance) -> str:
    return (
        f"{doc.ratio(found.ratio)} of the basket ({doc.money(abs(found.notional))}) over {found.n_obs:,} returns, "
        f"where beta asks for {doc.ratio(found.beta_ratio)}; R² {found.r_squared:.2f}"
    )
