"""The benchmark short that leaves the exposure the trader wants, and what benchmark moves do to the account."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from betacli.core.model import Floats

SEARCHED_MOVE = 0.60
DUST = 1e-12
SCENARIO_MOVES = (-0.20, -0.10, -0.05, 0.05, 0.10, 0.20)


def hedge_notional(
    basket_notional: float, basket_beta: float, hedge_to: float, instrument_beta: float
) -> float:
    """Return the signed notional of the hedge: −(β_b − b) Q_b / β_instrument, short negative.

    `hedge_to` is b, the benchmark exposure to keep per unit of basket notional; neutral is 0.
    """
    short = -(basket_beta - hedge_to) * basket_notional / instrument_beta
    return short if abs(short) > DUST * abs(basket_notional) else 0.0


def aggregate_beta(notionals: Floats, betas: Floats, basket_notional: float) -> float:
    """Return Σ Qβ over every leg and the hedge, per unit of basket notional."""
    return float(notionals @ betas) / basket_notional


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a benchmark move does to the account, in quote currency, residual returns taken as zero.

    `net_pnl_low` and `net_pnl_high` take the basket's beta at the ends of its interval (None without one);
    `equity_change` is net P&L over equity (None without equity).
    """

    benchmark_move: float
    basket_pnl: float
    hedge_pnl: float
    net_pnl: float
    net_pnl_low: float | None
    net_pnl_high: float | None
    equity_change: float | None


def scenarios(
    *,
    basket_exposure: float,
    hedge_exposure: float,
    exposure_interval: tuple[float, float] | None,
    equity: float | None,
    moves: Sequence[float] = SCENARIO_MOVES,
) -> tuple[Scenario, ...]:
    """Return one scenario per benchmark move; exposures are Σ Qβ in quote currency."""

    def at(move: float) -> Scenario:
        net = (basket_exposure + hedge_exposure) * move
        ends = None
        if exposure_interval is not None:
            ends = sorted((end + hedge_exposure) * move for end in exposure_interval)
        return Scenario(
            benchmark_move=move,
            basket_pnl=basket_exposure * move,
            hedge_pnl=hedge_exposure * move,
            net_pnl=net,
            net_pnl_low=ends[0] if ends else None,
            net_pnl_high=ends[1] if ends else None,
            equity_change=net / equity if equity else None,
        )

    return tuple(at(move) for move in moves)


def liquidation_move(equity: float, notionals: Floats, betas: Floats, maintenance: Floats) -> float | None:
    """Return the nearest benchmark move x that takes the account to its maintenance margin, or None within ±60 %.

    Solves E + Σ Q_i max(β_i x, −1) − Σ |Q_i| max(1 + β_i x, 0) m_i = 0: a leg whose price has reached zero loses no
    more and needs no margin. Between the moves at which some leg does, the account is linear in x. An account below
    its maintenance margin already returns 0.

    Args:
        equity: margin balance in quote currency.
        notionals: (N,) signed, long positive.
        betas: (N,) of the same legs, the hedge included.
        maintenance: (N,) maintenance margin rates, fractions of notional.
    """

    def slack(move: float) -> float:
        price = np.maximum(1.0 + betas * move, 0.0)
        return equity + float(notionals @ (price - 1.0)) - float(np.abs(notionals) @ (price * maintenance))

    if slack(0.0) <= 0:
        return 0.0
    dead = [-1.0 / beta for beta in betas if beta]
    found = [
        root
        for side in (-1.0, 1.0)
        if (
            root := _first_root(
                slack,
                [*sorted((x for x in dead if 0 < x * side < SEARCHED_MOVE), key=abs), side * SEARCHED_MOVE],
            )
        )
        is not None
    ]
    return min(found, key=abs, default=None)


def _first_root(slack: Callable[[float], float], ends: Sequence[float]) -> float | None:
    """Return where a function that is above zero at 0 and linear between `ends` first reaches zero."""
    last, value = 0.0, slack(0.0)
    for end in ends:
        there = slack(end)
        if there <= 0:
            return last + (end - last) * value / (value - there)
        last, value = end, there
    return None
