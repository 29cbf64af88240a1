"""What an order book and a day's volume say of an order: spread, depth, slippage, participation, a grade, a cap.

An order of N in quote currency is filled level by level at the levels' own prices until N has changed hands. Its fill
price is N / Σ amount. **Slippage is against the touch**, the best price of the side it takes: an order that the first
level holds has none. **Cost is against the middle**: half the spread and the slippage together.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from betacli.core.model import Book, Floats, Unknown

Side = Literal["buy", "sell"]
Grade = Literal["A", "B", "C", "D"]

BPS = 1e4
DEPTH_BPS = (10.0, 25.0, 50.0)

LIMITS: dict[str, float] = {
    "exit_participation": 0.05,  # the part of a day's volume an exit may take: what days to exit are counted at
    "cap_participation": 0.01,  # the largest order: this part of a day's volume …
    "cap_slippage_bps": 10.0,  # … with no more slippage against the touch than this …
    "cap_open_interest": 0.01,  # … and no more than this part of the open interest
    # the worst of these is the grade: at most (age: at least) the value of A, B or C; beyond C it is D
    "grade_a_participation": 0.001,
    "grade_b_participation": 0.01,
    "grade_c_participation": 0.05,
    "grade_a_spread_bps": 3.0,
    "grade_b_spread_bps": 8.0,
    "grade_c_spread_bps": 20.0,
    "grade_a_slippage_bps": 3.0,
    "grade_b_slippage_bps": 10.0,
    "grade_c_slippage_bps": 30.0,
    "grade_a_open_interest": 0.001,
    "grade_b_open_interest": 0.01,
    "grade_c_open_interest": 0.05,
    "grade_a_age_days": 180.0,
    "grade_b_age_days": 90.0,
    "grade_c_age_days": 30.0,
}
CRITERIA = ("participation", "spread_bps", "slippage_bps", "open_interest", "age_days")
REQUIRED = ("participation", "spread_bps", "slippage_bps")  # without them there is no grade better than D
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """The best prices of a book in quote currency; `spread_bps` is (ask − bid) / middle."""

    bid: float
    ask: float
    middle: float
    spread_bps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What rests within `bps` of the middle on each side, in quote currency.

    `complete` is False where the book given ends before that distance on some side: then it is at least this much.
    """

    bps: float
    bid: float
    ask: float
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """An order walked through a book: volume-weighted price, slippage against the touch, cost against the middle."""

    side: Side
    notional: float
    price: float
    slippage_bps: float
    cost_bps: float


def sound_book(book: Book) -> Book | Unknown:
    """Return the book, or why no number may be read from it.

    Both sides have levels of finite prices and amounts above zero, each further away than the one before, and the best
    bid is below the best ask.
    """
    for name, levels, away in (("bid", book.bids, -1.0), ("ask", book.asks, 1.0)):
        if levels.ndim != 2 or levels.shape[1:] != (2,) or not len(levels):
            return Unknown(reason=f"the order book has no {name}s")
        if not (np.isfinite(levels).all() and (levels > 0).all()):
            return Unknown(reason=f"the {name}s of the order book hold something that is no price or amount")
        if (away * np.diff(levels[:, 0]) <= 0).any():
            return Unknown(reason=f"the {name}s of the order book are out of order")
    bid, ask = float(book.bids[0, 0]), float(book.asks[0, 0])
    if bid >= ask:
        return Unknown(reason=f"the order book is crossed: {bid:.10g} is bid and {ask:.10g} asked")
    return book


def touch(book: Book) -> Touch:
    """Return the best prices of a sound book."""
    bid, ask = float(book.bids[0, 0]), float(book.asks[0, 0])
    middle = (bid + ask) / 2
    return Touch(bid=bid, ask=ask, middle=middle, spread_bps=(ask - bid) / middle * BPS)


def depth(book: Book, bps: float) -> Depth:
    """Return the quote currency within `bps` of the middle of a sound book, the level at that distance included."""
    middle = touch(book).middle
    reach = middle * (bps / BPS + 1e-12)
    within = []
    complete = True
    for levels in (book.bids, book.asks):
        near = np.abs(levels[:, 0] - middle) <= reach
        within.append(float(levels[near].prod(axis=1).sum()))
        complete = complete and not bool(near.all())
    return Depth(bps=bps, bid=within[0], ask=within[1], complete=complete)


def walk(book: Book, side: Side, notional: float) -> Fill | Unknown:
    """Fill an order of `notional` (quote currency, above zero) against a sound book.

    Unknown where the book does not hold that much, with how much it does.
    """
    levels = _taken(book, side)
    values = levels.prod(axis=1)
    held = np.cumsum(values)
    if notional > held[-1] * (1 + 1e-12):
        taken = "asks" if side == "buy" else "bids"
        return Unknown(
            reason=f"the {taken} given hold {held[-1]:,.2f}, less than the order of {notional:,.2f}"
        )
    best = touch(book)
    before = np.concatenate([[0.0], held[:-1]])
    spent = np.clip(notional - before, 0.0, values)
    price = notional / float((spent / levels[:, 0]).sum()) if notional > 0 else float(levels[0, 0])
    sign = 1.0 if side == "buy" else -1.0
    at_touch = float(levels[0, 0])
    # an order within the first level has its price; the division above would leave the last bit
    slippage = 0.0 if notional <= values[0] else max(0.0, sign * (price / at_touch - 1)) * BPS
    return Fill(
        side=side,
        notional=notional,
        price=at_touch if notional <= values[0] else price,
        slippage_bps=slippage,
        cost_bps=sign * ((at_touch if slippage == 0 else price) / best.middle - 1) * BPS,
    )


def notional_within(book: Book, side: Side, slippage_bps: float) -> tuple[float, bool]:
    """Return the largest order (quote currency) of a sound book with at most that slippage against the touch.

    With fill price limit P* and, at level k of price p, cost before C and amount before A: C + v over A + v / p is P*,
    so v = (P* A − C) / (1 − P* / p). The second value tells that the book ended first: it is at least this much.
    """
    levels = _taken(book, side)
    if slippage_bps == 0:
        return float(levels[0].prod()), len(levels) == 1
    sign = 1.0 if side == "buy" else -1.0
    limit = float(levels[0, 0]) * (1 + sign * slippage_bps / BPS)
    cost = amount = 0.0
    for price, size in levels:
        value = price * size
        if sign * ((cost + value) / (amount + size) - limit) <= 0:
            cost, amount = cost + value, amount + size
            continue
        return cost + max(0.0, (limit * amount - cost) / (1 - limit / price)), False
    return cost, True


def _taken(book: Book, side: Side) -> Floats:
    """Return the levels (n, 2) an order takes: a buy the asks, a sell the bids."""
    return book.asks if side == "buy" else book.bids


def participation(notional: float, daily_volume: float | None) -> float | None:
    """Return |order| over the average daily volume, both in quote currency; infinite where nothing trades.

    None where the volume is unknown; an order of nothing takes no part of any.
    """
    if daily_volume is None or not math.isfinite(daily_volume) or daily_volume < 0:
        return None
    if daily_volume == 0:
        return math.inf if notional else 0.0
    return abs(notional) / daily_volume


def days_to_exit(notional: float, daily_volume: float | None, share: float) -> float | None:
    """Return how many days a position takes to leave at `share` of the daily volume; None where that is unknown."""
    taken = participation(notional, daily_volume)
    return None if taken is None else taken / share


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A grade, which criterion decided it, and what it could not look at."""

    grade: Grade | None
    decided_by: str | None
    by_criterion: Mapping[str, Grade]
    unknown: tuple[str, ...]


def grade(values: Mapping[str, float | None], limits: Mapping[str, float] = LIMITS) -> Graded:
    """Return the worst grade of the criteria that are known.

    A D stands whatever else is unknown; without one of `REQUIRED` there is otherwise no grade.
    """
    found = {name: _grade_of(name, x, limits) for name in CRITERIA if (x := values.get(name)) is not None}
    unknown = tuple(name for name in CRITERIA if name not in found)
    worst = max(found, key=lambda name: GRADES.index(found[name]), default=None)
    if worst is None or (found[worst] != "D" and any(name in unknown for name in REQUIRED)):
        return Graded(grade=None, decided_by=None, by_criterion=found, unknown=unknown)
    return Graded(grade=found[worst], decided_by=worst, by_criterion=found, unknown=unknown)


def _grade_of(name: str, value: float, limits: Mapping[str, float]) -> Grade:
    sign = -1.0 if name == "age_days" else 1.0
    letters: tuple[Grade, ...] = ("A", "B", "C")
    return next((g for g in letters if sign * value <= sign * limits[f"grade_{g.lower()}_{name}"]), "D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """The largest order of one name, in quote currency, and which limit sets it; `unknown` names limits not applied.

    `at_least` tells that the book given ended before its slippage reached the limit.
    """

    notional: float | None
    set_by: str | None
    unknown: tuple[str, ...]
    at_least: bool = False


def cap(
    daily_volume: float | None,
    open_interest: float | None,
    book: Book | None,
    limits: Mapping[str, float] = LIMITS,
) -> Cap:
    """Return the least of what volume, open interest and a sound book (both directions) allow.

    None where neither volume nor book is known: open interest alone tells nothing of getting in.
    """
    allowed: dict[str, float] = {}
    ended = False
    if daily_volume is not None and math.isfinite(daily_volume) and daily_volume >= 0:
        allowed["participation"] = limits["cap_participation"] * daily_volume
    if book is not None:
        sides: tuple[Side, Side] = ("buy", "sell")
        both = [notional_within(book, side, limits["cap_slippage_bps"]) for side in sides]
        allowed["slippage_bps"], ended = min(both)
    enters = bool(allowed)
    if open_interest is not None and math.isfinite(open_interest) and open_interest >= 0:
        allowed["open_interest"] = limits["cap_open_interest"] * open_interest
    unknown = tuple(
        name for name in ("participation", "slippage_bps", "open_interest") if name not in allowed
    )
    if not enters:
        return Cap(notional=None, set_by=None, unknown=unknown)
    least = min(allowed, key=lambda name: allowed[name])
    return Cap(
        notional=allowed[least],
        set_by=least,
        unknown=unknown,
        at_least=ended and least == "slippage_bps",
    )
