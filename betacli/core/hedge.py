"""The benchmark short that leaves the exposure the trader wants, how well it hedges, and what benchmark moves do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from betacli.core.arrays import Floats

DUST = 1e-12
FLAT = 1e-20  # of the sum of squares: less variance than this is rounding
SCENARIO_MOVES = (-0.30, -0.20, -0.10, -0.05, 0.05, 0.10, 0.20, 0.30)


def hedge_notional(
    basket_notional: float,
    basket_beta: float,
    hedge_to: float,
    instrument_beta: float,
    outside_exposure: float = 0.0,
) -> float:
    """Return the signed notional of the hedge: −((β_b − b) Q_b + O) / β_instrument, short negative.

    `hedge_to` is b, the benchmark exposure to keep per unit of basket notional; neutral is 0. `outside_exposure` is O,
    Σ Qβ of what is held beside the basket.
    """
    short = -((basket_beta - hedge_to) * basket_notional + outside_exposure) / instrument_beta
    return short if abs(short) > DUST * (abs(basket_notional) + abs(outside_exposure)) else 0.0


def aggregate_beta(notionals: Floats, betas: Floats, basket_notional: float) -> float | None:
    """Return Σ Qβ over every leg and the hedge, per unit of basket notional; None where that is 0."""
    return float(notionals @ betas) / basket_notional if basket_notional else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """The share of a basket to sell in the future for the least variance, and how much variance that explains.

    `ratio` is h* = Cov(R_b, R_f) / Var(R_f) over the returns both have (Ederington 1979); `r_squared` their squared
    correlation in the same sample, which flatters: out of sample a hedge explains less (Lien 2005).
    """

    ratio: float
    r_squared: float
    n_obs: int


def min_variance_ratio(basket: Floats, future: Floats) -> Ratio | None:
    """Return the minimum-variance ratio of returns (T,) on returns (T,), NaN rows left out.

    None below three returns in common, or where the future does not move. A basket that does not move has R² 0.
    """
    both = np.isfinite(basket) & np.isfinite(future)
    if both.sum() < 3:
        return None
    b, f = basket[both] - basket[both].mean(), future[both] - future[both].mean()
    var_f, var_b, cov = float(f @ f), float(b @ b), float(b @ f)
    if var_f <= FLAT * float(future[both] @ future[both]):
        return None
    moves = var_b > FLAT * float(basket[both] @ basket[both])
    return Ratio(
        ratio=cov / var_f, r_squared=cov**2 / (var_f * var_b) if moves else 0.0, n_obs=int(both.sum())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a benchmark move does to the account, in quote currency, residual returns taken as zero.

    `outside_pnl` is that of positions outside the basket: 0 where there are none, None where a beta is unknown, and
    then so is the net. `net_pnl_low` and `net_pnl_high` take the basket's beta at the ends of its interval (None
    without one); `equity_change` is net P&L over equity (None without equity).
    """

    benchmark_move: float
    basket_pnl: float
    hedge_pnl: float
    outside_pnl: float | None
    net_pnl: float | None
    net_pnl_low: float | None
    net_pnl_high: float | None
    equity_change: float | None


def scenarios(
    *,
    basket_exposure: float,
    hedge_exposure: float,
    exposure_interval: tuple[float, float] | None,
    equity: float | None,
    outside_exposure: float | None = 0.0,
    moves: Sequence[float] = SCENARIO_MOVES,
) -> tuple[Scenario, ...]:
    """Return one scenario per benchmark move; exposures are Σ Qβ in quote currency."""

    def at(move: float) -> Scenario:
        net, ends = None, None
        if outside_exposure is not None:
            rest = hedge_exposure + outside_exposure
            net = (basket_exposure + rest) * move
            if exposure_interval is not None:
                ends = sorted((end + rest) * move for end in exposure_interval)
        return Scenario(
            benchmark_move=move,
            basket_pnl=basket_exposure * move,
            hedge_pnl=hedge_exposure * move,
            outside_pnl=None if outside_exposure is None else outside_exposure * move,
            net_pnl=net,
            net_pnl_low=ends[0] if ends else None,
            net_pnl_high=ends[1] if ends else None,
            equity_change=net / equity if equity and net is not None else None,
        )

    return tuple(at(move) for move in moves)
