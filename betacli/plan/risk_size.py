"""`--risk`: the notional at which a one-in-twenty day of the hedged account costs the share of equity that was asked."""

from dataclasses import dataclass

import numpy as np

from betacli import document as doc
from betacli.core.calendar import DAY_MS
from betacli.core.hedge import hedge_notional
from betacli.core.loss import MIN_DAYS, daily_returns, one_in_twenty
from betacli.core.model import Floats, Notice, Universe
from betacli.core.sizing import Sizing
from betacli.data.candles import MarketData
from betacli.errors import BadOption, NoData
from betacli.plan.hedge_with import instruments
from betacli.plan.measure import Measured
from betacli.plan.request import BasketRequest

TEN_PERCENT = -0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSize:
    """How the notional follows from the risk asked for. Losses are fractions of equity, a gain is negative.

    `one_in_twenty` is the loss of the hedged account, with `hedge_ratio` short per unit of basket notional, at the 5 %
    quantile of its daily returns over `n_days` whole UTC days of the window: historical simulation, and what sets the
    notional. `one_in_twenty_normal` is the same from a normal distribution with their mean and standard deviation.
    `benchmark_down_ten` is the loss of the hedged account when the benchmark falls by 10 % and all else follows its
    beta, `benchmark_down_ten_unhedged` that of the basket alone.
    """

    risk: float
    one_in_twenty: float
    one_in_twenty_normal: float
    n_days: int
    hedge_ratio: float
    benchmark_down_ten: float
    benchmark_down_ten_unhedged: float

    def pairs(self, benchmark: str) -> list[tuple[str, str]]:
        """Return the lines above the tables."""
        day = f"{doc.percent(self.one_in_twenty)} of equity, hedged, over {self.n_days} days"
        ten = doc.percent(self.benchmark_down_ten)
        return [
            ("one day in twenty", f"{day}; {doc.percent(self.one_in_twenty_normal)} by the normal"),
            (
                f"loss, {benchmark} -10 %",
                f"{ten} hedged, {doc.percent(self.benchmark_down_ten_unhedged)} unhedged",
            ),
        ]


def size_by_risk(
    request: BasketRequest,
    risk: float,
    measured: Measured,
    weights: Floats,
    universe: Universe,
    source: MarketData | None,
) -> tuple[Sizing, RiskSize]:
    """Return the size at which one day in twenty costs the hedged account `risk` of its equity.

    Raises:
        NoData: there are too few whole days to tell, or the account lost nothing on one day in twenty.
        BadOption: the bars are longer than a day, or the equity is not given.
    """
    panel, returns, equity = measured.panel, measured.returns, request.equity
    if panel is None or returns is None:
        raise NoData(what="`--risk` needs returns to measure a loss from", way_out="name an `--exchange`")
    if equity is None:
        raise BadOption(
            option="--risk", value=f"{risk:g}", problem="a loss of which equity?", way_out="give `--equity`"
        )
    if panel.timeframe_ms > DAY_MS:
        problem = "bars longer than a day tell no daily loss"
        raise BadOption(
            option="--risk", value=f"{risk:g}", problem=problem, way_out="use `--timeframe 1d` or finer"
        )
    chosen = instruments(request.hedge_with, measured, universe, source)
    beta = float(weights @ measured.betas)
    ratio = hedge_notional(1.0, beta, request.hedge_to, chosen.beta)
    open_ms, step = panel.open_ms[1:], panel.timeframe_ms
    held = weights != 0
    days = daily_returns(returns[:, held], open_ms, step) @ weights[held]
    if chosen.returns is not None:
        parts = [(part.share, part.returns) for part in chosen.parts if part.returns is not None]
        days = days + ratio * sum(share * daily_returns(r, open_ms, step) for share, r in parts)
    elif ratio:
        raise NoData(what="`--risk` needs the returns of the hedge", way_out="name another `--hedge-with`")
    loss = one_in_twenty(days)
    if loss is None:
        n_days = int(np.isfinite(days).sum())
        what = f"`--risk` needs {MIN_DAYS} whole days on which everything traded, and the window has {n_days}"
        raise NoData(what=what, way_out="choose a longer `--window`, or leave young names out with `--only`")
    if loss.historical <= 0:
        what = f"the hedged account lost nothing on one day in twenty of {loss.n_days}: no notional follows from that"
        raise NoData(what=what, way_out="give `--notional` or `--leverage`")
    notional = risk * equity / loss.historical
    leverage = notional / equity
    size = RiskSize(
        risk=risk,
        one_in_twenty=loss.historical * leverage,
        one_in_twenty_normal=loss.normal * leverage,
        n_days=loss.n_days,
        hedge_ratio=-ratio + 0.0,
        benchmark_down_ten=-TEN_PERCENT * (beta + ratio * chosen.beta) * leverage + 0.0,
        benchmark_down_ten_unhedged=-TEN_PERCENT * beta * leverage,
    )
    return Sizing(notional=notional, equity=equity, leverage=leverage), size


def risk_notices(request: BasketRequest) -> list[Notice]:
    """Say that what is held beside the basket is not in the loss that sets the notional."""
    if not request.positions:
        return []
    detail = "`--risk` is of the basket and its hedge: what else is held adds its own"
    return [Notice(id="risk-of-the-basket", detail=detail, severity="note")]
