"""What a solved basket is, and how it shows itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from betacli import document as doc
from betacli.core.bounds import Binding
from betacli.document import Column, Document, Facts, Ruler, Table

if TYPE_CHECKING:  # a plain solve starts sooner without them
    from betacli.plan.risk_size import RiskSize
    from betacli.plan.stand_in import StandIn
    from betacli.plan.today import Today
    from betacli.plan.trade_risk import TradeRisk

MOST_LIMITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One asset of the basket. Notional is signed and in quote currency; unknown is None.

    `weight` and `base_weight` are fractions of the basket; `contracts` are what the exchange counts, `amount`
    coins; `rounded_notional` is what those contracts are worth at `price`; `held_at` tells that a bound binds.
    `price` is of one base unit, which is `multiplier` coins (1,000 of `1000PEPE`); a contract is `contract_size` base units:
    rounded_notional = contracts × contract_size × price, and amount = contracts × contract_size × multiplier.
    `sector` is the one it is counted in; `current_weight` what is held now, where turnover counts. `kind` is a future,
    or spot that is paid for in full; `venue` the exchange where that is another than the basket's.
    """

    base: str
    sector: str
    group: str | None
    symbol: str | None
    side: Literal["long", "short", "none"]
    beta: float
    overridden: bool
    weight: float
    base_weight: float
    current_weight: float | None
    notional: float
    price: float | None
    contracts: float | None
    amount: float | None
    rounded_notional: float | None
    held_at: Literal["lower", "upper"] | None
    kind: Literal["future", "spot"] = "future"
    venue: str | None = None
    multiplier: int | None = None
    contract_size: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A closed interval of betas."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    """The basket as its contracts make it: its beta measured again, its notional, and the share deployed.

    `beta_error` is that beta less the planned one; `step_effect` what the coarsest step can move it by.
    """

    beta: float | None
    notional: float | None
    deployed: float | None
    beta_error: float | None
    step_effect: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketPlan:
    """A solved basket. `beta` is Σ weight × beta; standard error and 95 % interval are the basket's own regression's.

    `vol_annual` is the basket's volatility a year from the covariance the weights were chosen with; of it
    `vol_benchmark_annual` moves with the benchmark and `vol_residual_annual` does not (√(a² + b²) is the whole);
    `vol_per_tenth_beta` is what +0.10 of target adds to it, None where that is out of reach; `effective_assets` is 1 / Σ(|w|/Σ|w|)²; `equity`,
    `basket_leverage` and `effective_beta_exposure` (beta × leverage, before any hedge) are None without equity.
    `binding` are the limits the weights lie at; `optimality_gap` is the share of the objective by which a better choice
    of assets may exist; `turnover` is half the sum of changes from what is held, None where that does not count. `risk` tells how the
    notional follows from `--risk`, None where it does not; `today` holds the trades from the positions
    held, None where nobody said what is held; `trade_risk` is None within a hedge, whose own covers both; `stand_ins`
    are what is held in the place of members without a contract.
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
    target_band: Interval | None
    objective: str
    optimality_gap: float
    binding: tuple[Binding, ...]
    turnover: float | None
    risk: "RiskSize | None" = None
    today: "Today | None" = None
    trade_risk: "TradeRisk | None" = None
    stand_ins: "tuple[StandIn, ...]" = ()

    def facts(self) -> Facts:
        """Return the lines above the legs."""
        target = "none: base weights" if self.target_beta is None else doc.beta(self.target_beta)
        if self.target_band is not None:
            target = f"{doc.beta(self.target_band.low)} to {doc.beta(self.target_band.high)}"
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
        limits = [b for b in self.binding if b.bound != 0]
        if limits:
            shown = ", ".join(_limit(b) for b in limits[-MOST_LIMITS:])
            more = len(limits) - MOST_LIMITS
            pairs.append(("held by", shown + (f" and {more} more" if more > 0 else "")))
        if self.turnover is not None:
            pairs.append(("turnover", f"{doc.percent(self.turnover)} from what is held"))
        if self.rounded.notional is not None:
            detail = f"{doc.money(self.rounded.notional)} ({doc.percent(self.rounded.deployed)})"
            pairs.append(("in contracts", f"{detail}, beta {doc.beta(self.rounded.beta)}"))
        spot = [leg for leg in self.legs if leg.kind == "spot"]
        if spot:
            sizes = [leg.notional if leg.rounded_notional is None else leg.rounded_notional for leg in spot]
            pairs.append(("spot", f"{doc.money(sum(sizes))}, paid for in full beside the margin account"))
        if self.equity is not None:
            pairs.append(("equity", f"{doc.money(self.equity)} at {doc.times(self.basket_leverage)}"))
            pairs.append(("beta exposure", f"{doc.times(self.effective_beta_exposure)} the equity, unhedged"))
        pairs += self.risk.pairs(self.benchmark) if self.risk else []
        pairs += self.trade_risk.lines() if self.trade_risk else []
        pairs += self.today.pairs() if self.today else []
        return Facts(pairs=tuple(pairs), rulers=(("attainable", self._ruler()),))

    def _ruler(self) -> Ruler:
        """Return where the basket and its base weights lie between the betas that can be reached."""
        base = sum(leg.base_weight * leg.beta for leg in self.legs)
        name = "basket" if self.target_beta is None else "target"
        marks = ((name, self.beta), ("base weights", base))
        return Ruler(low=self.attainable.low, high=self.attainable.high, marks=marks)

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
                leg.base, leg.side, leg.beta, note_of(leg), leg.base_weight, leg.weight,
                leg.notional, leg.price, leg.contracts, leg.rounded_notional,
            )
            for leg in sorted(self.legs, key=lambda leg: leg.side == "none")
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
            records=(*self.legs, *(self.today.records() if self.today else ())),
        )


def note_of(leg: Leg) -> str:
    """Say what is particular about a leg."""
    told = ["by hand"] if leg.overridden else []
    told += ["spot"] if leg.kind == "spot" else []
    return ", ".join(told + ([f"on {leg.venue}"] if leg.venue else []))


def _limit(binding: Binding) -> str:
    """Write a limit as a trader would: `AVAX ≤ 40 %`, `gross ≤ 1.5`."""
    if binding.kind in {"asset", "group"}:
        return f"{binding.name} {binding.sign} {binding.bound * 100:.6g} %"
    return str(binding)
