"""What is the beta of one sector held against another, and how large must the short side be?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from betacli import document as doc
from betacli.core.beta import estimate
from betacli.core.model import Floats, Notice, Universe
from betacli.core.returns import vol_annual
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Facts, Report, Table
from betacli.errors import BadUsage, NoData, UnknownName
from betacli.plan.answer import report
from betacli.plan.basket import Solved, solve_basket
from betacli.plan.basket_plan import Leg, note_of
from betacli.plan.betas import BasketBeta, known
from betacli.plan.measure import measure
from betacli.plan.request import BasketRequest, find_sector

NEUTRAL = ("dollar", "beta")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadSide:
    """One side as a basket of its own: its beta with interval is that of a long basket, its notional is signed."""

    sector: str
    side: Literal["long", "short"]
    notional: float
    beta: float
    beta_std_error: float | None
    beta_ci_low: float | None
    beta_ci_high: float | None
    r_squared: float | None
    rounded_notional: float | None
    rounded_beta: float | None
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadRounded:
    """The pair as its contracts make it; `beta` is per unit of the long side's notional."""

    beta: float | None
    gross_notional: float | None
    net_notional: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadPlan:
    """A sector held long against another held short. Betas are per unit of the long side's notional.

    `ratio` is the short side's notional over the long side's: 1 where `neutral` is `dollar`, the ratio of the betas
    where it is `beta`. `beta` is that of the pair, its interval from regressing the pair's own return; `vol_annual` is
    the pair's, per unit of long notional. Unknown is None.
    """

    sector: str
    benchmark: str
    neutral: str
    ratio: float
    beta: float
    beta_std_error: float | None
    beta_ci_low: float | None
    beta_ci_high: float | None
    vol_annual: float | None
    gross_notional: float
    net_notional: float
    equity: float | None
    account_leverage: float | None
    long: SpreadSide
    short: SpreadSide
    rounded: SpreadRounded

    def document(self) -> Document:
        """Return the pair, then both sides' legs."""
        return Document(
            title=f"Spread of {self.long.sector} over {self.short.sector} against {self.benchmark}",
            blocks=(self._facts(), self._legs()),
            records=(*self.long.legs, *self.short.legs),
        )

    def _facts(self) -> Facts:
        pairs = [
            (f"{side.side} {side.sector}", f"{doc.signed_money(side.notional)} at beta {_beta(side)}")
            for side in (self.long, self.short)
        ]
        pairs.append((f"{self.neutral}-neutral", f"short {self.ratio:.4f} for each 1 long"))
        pairs.append(("pair's beta", f"{_beta(self)} per unit long"))
        pairs.append(("volatility / year", f"{doc.percent(self.vol_annual)} of the long side"))
        pairs.append(
            ("gross, net", f"{doc.money(self.gross_notional)}, {doc.signed_money(self.net_notional)}")
        )
        if self.rounded.beta is not None:
            net = doc.signed_money(self.rounded.net_notional)
            pairs.append(("in contracts", f"net {net}, beta {doc.signed_beta(self.rounded.beta)}"))
        if self.equity is not None:
            pairs.append(("equity", f"{doc.money(self.equity)}, gross {doc.times(self.account_leverage)}"))
        return Facts(pairs=tuple(pairs))

    def _legs(self) -> Table:
        columns = (
            Column(header="side", align="left"),
            Column(header="asset", align="left", tone=lambda _: "strong"),
            Column(header="beta", show=doc.beta),
            Column(header="note", align="left", tone=lambda _: "warning"),
            Column(header="weight", show=doc.weight),
            Column(header="notional", show=doc.signed_money, tone=lambda _: "strong"),
            Column(header="price", show=doc.significant),
            Column(header="contracts", show=doc.significant),
            Column(header="rounded", show=doc.signed_money),
        )
        rows = tuple(
            (
                side.side, leg.base, leg.beta, note_of(leg), leg.weight, leg.notional, leg.price, leg.contracts,
                leg.rounded_notional,
            )
            for side in (self.long, self.short)
            for leg in side.legs
        )  # fmt: skip
        footer = ("net", "", self.beta, "", "", self.net_notional, "", "", self.rounded.net_notional)
        return Table(columns=columns, rows=rows, footer=footer, keys=2)


def _beta(of: SpreadSide | SpreadPlan) -> str:
    shown = doc.signed_beta(of.beta) if isinstance(of, SpreadPlan) else doc.beta(of.beta)
    if of.beta_ci_low is None:
        return f"{shown}, interval unknown"
    return f"{shown}, 95 % {doc.fixed(4)(of.beta_ci_low)} to {doc.fixed(4)(of.beta_ci_high)}"


def plan_spread(
    request: BasketRequest,
    universe: Universe,
    source: MarketData | None,
    *,
    long: str,
    short: str,
    neutral: str,
) -> Report:
    """Answer `solve --long … --short …`.

    Raises:
        BadUsage: a beta is asked for as well, both sides are the same, or the short side holds spot.
        NoData: the short side's beta cannot neutralise the long side's.
    """
    _check(request, universe, long, short)
    bought = _solved(request, universe, source, long)
    notional = bought.plan.notional
    sold = _solved(request, universe, source, short, notional=notional)
    _no_spot(sold, short)
    ratio = 1.0
    if neutral == "beta":
        if not bought.plan.beta * sold.plan.beta > 0:
            what = f"a short of `{short}` at beta {sold.plan.beta:.2f} cannot neutralise `{long}` at {bought.plan.beta:.2f}"
            raise NoData(what=what, way_out="choose another sector, or `--neutral dollar`")
        ratio = bought.plan.beta / sold.plan.beta
        sold = _solved(request, universe, source, short, notional=ratio * notional)
    plan = _plan(bought, sold, ratio, neutral)
    inputs = replace(bought.measured, notices=(*bought.measured.notices, *sold.measured.notices),
                     excluded=(*bought.measured.excluded, *sold.measured.excluded))  # fmt: skip
    notices = [*bought.notices, *sold.notices, *_notices(bought, sold, plan)]
    return report("solve-spread", request.betas.run, inputs, plan, notices)


def _check(request: BasketRequest, universe: Universe, long: str, short: str) -> None:
    if request.band is not None:
        problem = "a spread's beta follows from `--neutral`, not from a target"
        raise BadUsage(problem=problem, way_out="leave `--target` out, or give `--neutral beta`")
    if long == short:
        raise BadUsage(problem=f"`{long}` against itself is nothing", way_out="name another sector")
    known_bases = {*find_sector(universe, long).bases, *find_sector(universe, short).bases}
    for name in request.betas.overrides:
        if name not in known_bases:
            raise UnknownName(what="member", name=name, known=sorted(known_bases), where=" of either side")


def _no_spot(sold: Solved, short: str) -> None:
    """Refuse to sell what is held as spot: only a contract can be short."""
    spot = [leg.base for leg in sold.plan.legs if leg.kind == "spot" and leg.side == "long"]
    if spot:
        problem = (
            f"the short of `{short}` would sell {', '.join(spot)}, held as spot, and spot is never short"
        )
        raise BadUsage(problem=problem, way_out="leave them out of that sector, or hold it long")


def _solved(
    request: BasketRequest,
    universe: Universe,
    source: MarketData | None,
    sector: str,
    notional: float | None = None,
) -> Solved:
    """Solve one side as a basket of base weights within the limits."""
    bases = set(find_sector(universe, sector).bases)
    betas = replace(
        request.betas,
        sector=sector,
        overrides={base: beta for base, beta in request.betas.overrides.items() if base in bases},
    )
    side = replace(request, betas=betas)
    if notional is not None:
        side = replace(side, notional=notional, equity=None, leverage=None)
    return solve_basket(side, universe, source, measure(betas, universe, source))


def _plan(bought: Solved, sold: Solved, ratio: float, neutral: str) -> SpreadPlan:
    long, short = _side(bought, "long"), _side(sold, "short")
    beta = bought.plan.beta - ratio * sold.plan.beta
    pair, vol = _pair(bought, sold, ratio, beta)
    gross, equity = long.notional - short.notional, bought.plan.equity
    return SpreadPlan(
        sector=f"{long.sector} over {short.sector}",
        benchmark=bought.plan.benchmark,
        neutral=neutral,
        ratio=ratio,
        beta=beta,
        beta_std_error=pair.std_error,
        beta_ci_low=pair.ci_low,
        beta_ci_high=pair.ci_high,
        vol_annual=vol,
        gross_notional=gross,
        net_notional=long.notional + short.notional,
        equity=equity,
        account_leverage=None if equity is None else gross / equity,
        long=long,
        short=short,
        rounded=_rounded(long, short),
    )


def _side(solved: Solved, side: Literal["long", "short"]) -> SpreadSide:
    plan, sign = solved.plan, 1.0 if side == "long" else -1.0
    turned: dict[str, Literal["long", "short", "none"]] = {"long": "short", "short": "long", "none": "none"}
    legs = plan.legs if side == "long" else tuple(_sold(leg, turned[leg.side]) for leg in plan.legs)
    return SpreadSide(
        sector=plan.sector,
        side=side,
        notional=sign * plan.notional,
        beta=plan.beta,
        beta_std_error=plan.beta_std_error,
        beta_ci_low=plan.beta_ci_low,
        beta_ci_high=plan.beta_ci_high,
        r_squared=plan.r_squared,
        rounded_notional=None if plan.rounded.notional is None else sign * plan.rounded.notional,
        rounded_beta=plan.rounded.beta,
        legs=legs,
    )


def _sold(leg: Leg, side: Literal["long", "short", "none"]) -> Leg:
    """Return a leg of the short side: what is signed turns, weights stay those of its own basket."""

    def minus(value: float | None) -> float | None:
        return -value if value else value

    return replace(
        leg,
        side=side,
        notional=minus(leg.notional) or 0.0,
        contracts=minus(leg.contracts),
        amount=minus(leg.amount),
        rounded_notional=minus(leg.rounded_notional),
    )


def _pair(bought: Solved, sold: Solved, ratio: float, beta: float) -> tuple[BasketBeta, float | None]:
    """Regress the pair's own return on the benchmark by the same recipe; None where the bars are not the same."""
    nothing = BasketBeta(
        beta=beta, std_error=None, ci_low=None, ci_high=None, r_squared=None, correlation=None, n_obs=None
    )
    long, short = bought.measured, sold.measured
    if long.returns is None or short.returns is None or long.market is None or long.panel is None:
        return nothing, None
    if short.panel is None or not np.array_equal(long.panel.open_ms, short.panel.open_ms):
        return nothing, None
    returns: Floats = (_own(bought) - ratio * _own(sold))[:, None]
    e = estimate(long.basket_recipe, returns, long.market, long.bars_per_day)
    vol = known(float(vol_annual(returns, long.panel.timeframe_ms)[0]))
    if bought.plan.beta_ci_low is None or sold.plan.beta_ci_low is None:
        return nothing, vol
    half = float(e.ci_high[0] - e.ci_low[0]) / 2
    return replace(
        nothing, std_error=known(e.std_error[0]), ci_low=known(beta - half), ci_high=known(beta + half)
    ), vol


def _own(solved: Solved) -> Floats:
    """Return a side's own returns (T,)."""
    held = solved.weights != 0
    returns = solved.measured.returns
    return np.zeros(0) if returns is None else np.asarray(returns[:, held] @ solved.weights[held])


def _rounded(long: SpreadSide, short: SpreadSide) -> SpreadRounded:
    ends = (long.rounded_notional, short.rounded_notional, long.rounded_beta, short.rounded_beta)
    if ends[0] is None or ends[1] is None or ends[2] is None or ends[3] is None or not ends[0]:
        return SpreadRounded(beta=None, gross_notional=None, net_notional=None)
    return SpreadRounded(
        beta=(ends[0] * ends[2] + ends[1] * ends[3]) / ends[0],
        gross_notional=ends[0] - ends[1],
        net_notional=ends[0] + ends[1],
    )


def _notices(bought: Solved, sold: Solved, plan: SpreadPlan) -> Sequence[Notice]:
    notices = []
    both = sorted(set(bought.measured.bases) & set(sold.measured.bases))
    if both:
        detail = f"{', '.join(both)} stands on both sides: on one account the two are one position"
        notices.append(Notice(id="held-both-ways", detail=detail))
    if plan.beta_ci_low is None and plan.vol_annual is None and bought.measured.returns is not None:
        detail = "the sides are measured on different bars, so the pair has no interval and no volatility"
        notices.append(Notice(id="different-bars", detail=detail))
    return notices
