"""Margin that grows in steps with a leg's size, the price that liquidates a leg, the benchmark move that liquidates a book.

The maintenance margin of a leg of notional Q is Q·m_k − d_k in the tier k that Q lies in, with the cumulative deductions
d_k = d_{k−1} + floor_k (m_k − m_{k−1}) that make it continuous. Rates rise from tier to tier, so it is also the
largest of all the lines Q·m_k − d_k.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from betacli.core.model import Floats, MarginTier

SEARCHED_MOVE = 0.60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ladders:
    """The maintenance margins of N legs, each with up to K tiers, in quote currency.

    `floors` (N, K) are the notionals at which a tier starts, `rates` (N, K) fractions of notional, `deductions` (N, K);
    a leg with fewer tiers repeats its last.
    """

    floors: Floats
    rates: Floats
    deductions: Floats

    def margin(self, sizes: Floats) -> Floats:
        """Return the maintenance margin (N,) of notionals without sign (N,)."""
        return np.asarray((self.rates * sizes[:, None] - self.deductions).max(axis=1))

    def of(self, chosen: Sequence[int]) -> "Ladders":
        """Return the ladders of some of the legs."""
        rows = list(chosen)
        return Ladders(floors=self.floors[rows], rates=self.rates[rows], deductions=self.deductions[rows])


def flat(rates: Floats | Sequence[float]) -> Ladders:
    """Return ladders (N, 1) of one rate each, whatever the size."""
    column = np.asarray(rates, dtype=np.float64)[:, None]
    return Ladders(floors=np.zeros_like(column), rates=column, deductions=np.zeros_like(column))


def ladders_of(tiers: Sequence[Sequence[MarginTier]]) -> Ladders:
    """Return the ladders of N legs from their exchange's tiers, lowest first.

    Raises:
        ValueError: a leg has no tier, its first does not start at 0, or floors or rates fall.
    """
    rows = [_steps(own) for own in tiers]
    most = max((len(row) for row in rows), default=1)
    padded = np.array([[*row, *[row[-1]] * (most - len(row))] for row in rows]).reshape(len(rows), most, 3)
    return Ladders(floors=padded[:, :, 0], rates=padded[:, :, 1], deductions=padded[:, :, 2])


def _steps(tiers: Sequence[MarginTier]) -> list[tuple[float, float, float]]:
    """Return floor, rate and cumulative deduction of each tier."""
    if not tiers or tiers[0].floor_notional != 0:
        raise ValueError("the tiers do not start at a notional of 0")
    steps = [(0.0, tiers[0].maintenance_rate, 0.0)]
    for tier in tiers[1:]:
        floor, rate, taken = steps[-1]
        if tier.floor_notional <= floor or tier.maintenance_rate < rate:
            raise ValueError("the tiers' floors or rates fall")
        more = tier.floor_notional * (tier.maintenance_rate - rate)
        steps.append((tier.floor_notional, tier.maintenance_rate, taken + more))
    return steps


def max_leverage_at(size: float, tiers: Sequence[MarginTier]) -> float | None:
    """Return the leverage the exchange allows a leg of this notional without sign; 0 beyond its last tier.

    None where the tier does not say.
    """
    for tier in tiers:
        if tier.cap_notional is None or size <= tier.cap_notional:
            return tier.max_leverage
    return 0.0


def liquidation_price(
    notional: float, price: float, leverage: float, ladders: Ladders, entry: float | None = None
) -> float | None:
    """Return the price at which a leg on its own margin reaches its maintenance margin; None where none above zero does.

    Long, at one rate m: (entry − margin per unit) / (1 − m); short: (entry + margin per unit) / (1 + m). No fees.

    Args:
        notional: signed, at `price`, in quote currency.
        price: at which the tiers are judged and from which the search starts.
        leverage: notional over the leg's own margin, at the entry price.
        ladders: of this leg alone (1, K).
        entry: price paid, from which gain and loss count; None for `price`.
    """
    if not notional:
        return None
    entry = price if entry is None else entry
    units, sign = abs(notional) / price, 1.0 if notional > 0 else -1.0
    margin = units * entry / leverage

    def slack(factor: float) -> float:
        there = units * price * (1 + factor)
        gain = sign * (there - units * entry)
        return margin + gain - float(ladders.margin(np.array([there]))[0])

    if slack(0.0) <= 0:
        return price
    far = -1.0 if sign > 0 else (margin / units + entry) / price - 1.0
    steps = [floor / (units * price) - 1.0 for floor in ladders.floors[0].tolist() if floor > 0]
    ends = sorted((step for step in steps if 0 < step / far < 1), key=abs)
    factor = _first_root(slack, [*ends, far])
    return None if factor is None or factor <= -1.0 else price * (1 + factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """The benchmark moves, down and up, that take an account to its maintenance margin; None within the search."""

    down: float | None
    up: float | None

    @property
    def nearest(self) -> float | None:
        """The smaller of the two, None where there is none."""
        return min((move for move in (self.down, self.up) if move is not None), key=abs, default=None)

    def within(self, move: float) -> bool:
        """Whether a move of this size and direction liquidates."""
        end = self.down if move < 0 else self.up
        return end is not None and abs(end) <= abs(move)


def liquidation_moves(equity: float, notionals: Floats, betas: Floats, ladders: Ladders) -> Moves:
    """Return the first benchmark moves x, down and up, that take the account to its maintenance margin, within ±60 %.

    Solves E + Σ Q_i max(β_i x, −1) − Σ MM_i(|Q_i| max(1 + β_i x, 0)) = 0: a leg whose price has reached zero loses no
    more and needs no margin. Between the moves at which a leg does that or enters another tier, the account is linear
    in x. An account below its maintenance margin already returns 0 for both.

    Args:
        equity: margin balance in quote currency.
        notionals: (N,) signed, long positive.
        betas: (N,) of the same legs, the hedge included.
        ladders: maintenance margins of the N legs.
    """
    sizes = np.abs(notionals)

    def slack(move: float) -> float:
        price = np.maximum(1.0 + betas * move, 0.0)
        needed = float(ladders.margin(sizes * price).sum()) if len(sizes) else 0.0
        return equity + float(notionals @ (price - 1.0)) - needed

    if slack(0.0) <= 0:
        return Moves(down=0.0, up=0.0)
    moves = (betas != 0) & (sizes > 0)
    # a leg enters the tier above a floor at the price floor / size; a floor of 0 is where its price is zero
    with np.errstate(over="ignore", invalid="ignore"):
        turns = (ladders.floors[moves] / sizes[moves, None] - 1.0) / betas[moves, None]
    known = np.unique(turns)

    def first(side: float) -> float | None:
        inside = known[(known * side > 0) & (known * side < SEARCHED_MOVE)]
        return _first_root(slack, [*sorted(inside.tolist(), key=abs), side * SEARCHED_MOVE])

    return Moves(down=first(-1.0), up=first(1.0))


def _first_root(slack: Callable[[float], float], ends: Sequence[float]) -> float | None:
    """Return where a function that is above zero at 0 and linear between `ends` first reaches zero."""
    last, value = 0.0, slack(0.0)
    for end in ends:
        there = slack(end)
        if there <= 0:
            return last + (end - last) * value / (value - there)
        last, value = end, there
    return None
