"""What is known of the liquidity of each name, and its planned order walked through its book."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np

from betacli.core import liquidity as core
from betacli.core.calendar import DAY_MS
from betacli.core.model import Book, Candles, Market, Notice, OpenInterest, Universe, Unknown
from betacli.data.candles import Listing, MarketData
from betacli.data.coins import RENAMED
from betacli.plan.held import HeldContract, distinct_batches, key_of, orders_of
from betacli.plan.measure import Measured

Contract = Literal["active", "spot", "dated", "not active", "delisting", "renamed", "none", "unknown"]
T = TypeVar("T")

VOLUME_DAYS = (7, 30)
COVERED = 0.9  # the part of the days that must have bars for an average to be called theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityRow:
    """What is known of one name. Money in quote currency; None is unknown, and `unknown` says why.

    `venue` names the exchange where that is another than the basket's; `ends_in_days` is of dated futures and of contracts
    that are being delisted. `order` is the planned signed notional (None without a plan). `adv_7d` and `adv_30d` are average daily volumes.
    `buy_*` and `sell_*` walk |order| through the book: `*_slippage_bps` is the volume-weighted fill price against the
    touch, `*_cost_bps` against the middle. `participation` is |order| over the lesser of the two volumes,
    `days_to_exit` that over the part of a day's volume an exit may take. `max_notional` is the largest order within
    the limits, `max_set_by` the one that sets it; `max_is_at_least` tells that the book ended first.
    """

    base: str
    role: Literal["leg", "hedge"]
    contract: Contract
    symbol: str | None
    coins_per_unit: int | None
    new_name: str | None
    age_days: float | None
    adv_7d: float | None
    adv_30d: float | None
    open_interest: float | None
    bid: float | None
    ask: float | None
    spread_bps: float | None
    depth: tuple[core.Depth, ...]
    order: float | None
    buy_slippage_bps: float | None
    sell_slippage_bps: float | None
    buy_cost_bps: float | None
    sell_cost_bps: float | None
    participation: float | None
    days_to_exit: float | None
    grade: core.Grade | None
    grade_by: str | None
    max_notional: float | None
    max_set_by: str | None
    max_is_at_least: bool
    venue: str | None = None
    ends_in_days: float | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def slippage_bps(self) -> float | None:
        """The worse of both directions."""
        if self.buy_slippage_bps is None or self.sell_slippage_bps is None:
            return None
        return max(self.buy_slippage_bps, self.sell_slippage_bps)

    @property
    def entry_cost_bps(self) -> float | None:
        """Getting in, against the middle: what a long pays to buy, a short to sell."""
        if self.order is None:
            return None
        return self.buy_cost_bps if self.order >= 0 else self.sell_cost_bps

    @property
    def exit_cost_bps(self) -> float | None:
        """Getting out again, against the middle."""
        if self.order is None:
            return None
        return self.sell_cost_bps if self.order >= 0 else self.buy_cost_bps


def limits_of(universe: Universe) -> dict[str, float]:
    """Return the limits with those of the sector file over them."""
    return {name: universe.checklist.get(name, value) for name, value in core.LIMITS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A market to look at: of a member or of the hedge, where it is listed, and its signed order (None without one)."""

    base: str
    role: Literal["leg", "hedge"]
    listing: Listing | None
    order: float | None = None

    @property
    def key(self) -> str:
        """What names it."""
        return key_of(self.base, self.listing)


def members_asked(measured: Measured, members: Sequence[str], orders: Mapping[str, float]) -> list[Asked]:
    """Return the members of a basket with their orders; one that was left out has none."""
    left_out = {excluded.base for excluded in measured.excluded}
    found = []
    for base in members:
        listing = measured.listings.get(base)
        order = orders.get(key_of(base, listing)) if orders and base not in left_out else None
        found.append(Asked(base=base, role="leg", listing=listing, order=order))
    return found


def held_asked(held: Sequence[HeldContract]) -> list[Asked]:
    """Return everything that is held, each market once with all that is held in it."""
    orders = orders_of(held)
    first = {x.key: x for x in reversed(held)}
    return [
        Asked(base=x.base, role=x.role, listing=x.listing, order=orders[x.key])
        for x in held
        if first[x.key] is x
    ]


def rows_of(
    measured: Measured, asked: Sequence[Asked], source: MarketData | None, limits: Mapping[str, float]
) -> tuple[tuple[LiquidityRow, ...], list[Notice]]:
    """Ask for books and open interest of every listed market, and walk its order through its book."""
    books: dict[str, Book | Unknown] = {}
    interest: dict[str, OpenInterest | Unknown] = {}
    bars = {key_of(base, x): measured.candles.get(base) for base, x in measured.listings.items()}
    listed = [] if source is None else [x.listing for x in asked if x.listing is not None]
    for batch in distinct_batches(listed):
        if source is None:
            break
        told, open_now = source.books(batch), source.open_interest(batch)
        books |= {key_of(x.base, x): told[x.base] for x in batch if x.base in told}
        interest |= {key_of(x.base, x): open_now[x.base] for x in batch if x.base in open_now}
        bars |= _bars_of([x for x in batch if key_of(x.base, x) not in bars], measured, source)
    rows = tuple(
        _row(
            measured,
            one,
            bars.get(one.key),
            books.get(one.key, _unasked(source)),
            interest.get(one.key, _unasked(source)),
            limits,
        )
        for one in asked
    )
    return rows, _notices(rows)


def _bars_of(
    listings: Sequence[Listing], measured: Measured, source: MarketData
) -> dict[str, Candles | None]:
    """Return the bars of markets that no beta was measured on, for their volumes."""
    if not listings or measured.panel is None:
        return {}
    grid, timeframe = measured.panel.open_ms, measured.recipe.timeframe
    fetched = source.candles(listings, timeframe, int(grid[0]), int(grid[-1]) + measured.panel.timeframe_ms)
    answers = ((x, fetched.get(x.base)) for x in listings)
    return {key_of(x.base, x): bars if isinstance(bars, Candles) else None for x, bars in answers}


def _unasked(source: MarketData | None) -> Unknown:
    if source is None:
        return Unknown(reason="no source of market data was named")
    return Unknown(reason="there is no contract to ask about")


def _notices(rows: Sequence[LiquidityRow]) -> list[Notice]:
    """Say what is unknown, once a reason."""
    why: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for what, reason in row.unknown.items():
            why.setdefault((what, reason), []).append(row.base)
    return [
        Notice(
            id=f"{what}-unknown",
            detail=f"{what.replace('-', ' ')} of {', '.join(bases)}: {reason}",
            severity="note",
        )
        for (what, reason), bases in why.items()
    ]


def _row(
    measured: Measured,
    asked: Asked,
    bars: Candles | None,
    book: Book | Unknown,
    interest: OpenInterest | Unknown,
    limits: Mapping[str, float],
) -> LiquidityRow:
    unknown: dict[str, str] = {}
    base, listing, order = asked.base, asked.listing, asked.order
    market = listing.market if listing else None
    contract, new_name, why_not = contract_of(measured, base, listing)
    if why_not:
        unknown["contract"] = why_not
    age = (
        None if market is None or market.listed_ms is None else (measured.now_ms - market.listed_ms) / DAY_MS
    )
    if age is None:
        unknown["listing-age"] = (
            "the source does not tell when it was listed" if listing else "nothing is listed"
        )
    adv_7d, adv_30d = _volumes(bars, measured.now_ms, unknown)
    sound = core.sound_book(book) if isinstance(book, Book) else book
    fills, touch, depth = _walked(sound, order, unknown)
    open_interest = _interest(interest, touch.middle if touch else _last_close(bars), unknown)
    volume = _least(adv_7d, adv_30d)
    share = None if order is None else core.participation(order, volume)
    if share == math.inf:
        unknown["participation"] = "nothing was traded"
    slips = [fill.slippage_bps for fill in fills.values()]
    graded = core.grade(
        {
            "participation": share,
            "spread_bps": touch.spread_bps if touch else None,
            "slippage_bps": max(slips) if len(slips) == 2 else None,
            "open_interest": abs(order) / open_interest if order is not None and open_interest else None,
            "age_days": age,
        },
        limits,
    )
    if graded.grade is None and order is not None:
        lacking = [name.replace("_", " ") for name in core.REQUIRED if name in graded.unknown]
        unknown["grade"] = f"{' and '.join(lacking) or 'everything'} unknown"
    share = None if share == math.inf else share
    allowed = core.cap(volume, open_interest, _known(sound), limits)
    if allowed.notional is None:
        unknown["largest-order"] = "neither volume nor order book is known"
    buy, sell = fills.get("buy"), fills.get("sell")
    return LiquidityRow(
        base=base, role=asked.role, contract=contract, symbol=listing.symbol if listing else None,
        venue=listing.venue if listing else None, coins_per_unit=listing.coins if listing else None,
        new_name=new_name, ends_in_days=_ends_in(measured, market), age_days=age, adv_7d=adv_7d, adv_30d=adv_30d,
        open_interest=open_interest, bid=touch.bid if touch else None, ask=touch.ask if touch else None,
        spread_bps=touch.spread_bps if touch else None, depth=depth, order=order,
        buy_slippage_bps=buy.slippage_bps if buy else None, sell_slippage_bps=sell.slippage_bps if sell else None,
        buy_cost_bps=buy.cost_bps if buy else None, sell_cost_bps=sell.cost_bps if sell else None,
        participation=share, days_to_exit=None if share is None else share / limits["exit_participation"],
        grade=graded.grade, grade_by=graded.decided_by, max_notional=allowed.notional, max_set_by=allowed.set_by,
        max_is_at_least=allowed.at_least, unknown=unknown,
    )  # fmt: skip


def _volumes(bars: Candles | None, now_ms: int, unknown: dict[str, str]) -> tuple[float | None, float | None]:
    """Return the average daily volumes of 7 and of 30 days."""
    found: list[float | None] = []
    for days in VOLUME_DAYS:
        average = average_volume(bars, days, now_ms)
        if isinstance(average, Unknown):
            unknown[f"volume-{days}d"] = average.reason
        found.append(_known(average))
    return found[0], found[1]


def _least(*values: float | None) -> float | None:
    """Return the lesser of what is known: a market that went quiet is not judged by its better weeks."""
    return min((value for value in values if value is not None), default=None)


def _ends_in(measured: Measured, market: Market | None) -> float | None:
    """Return in how many days a contract ends; None of one without an end."""
    if market is None or market.expiry_ms is None:
        return None
    return (market.expiry_ms - measured.now_ms) / DAY_MS


def _known(value: T | Unknown) -> T | None:
    return None if isinstance(value, Unknown) else value


def _walked(
    book: Book | Unknown, order: float | None, unknown: dict[str, str]
) -> tuple[dict[core.Side, core.Fill], core.Touch | None, tuple[core.Depth, ...]]:
    """Read a sound book and walk the order through it in both directions; say what cannot be."""
    if isinstance(book, Unknown):
        unknown["order-book"] = book.reason
        return {}, None, ()
    fills: dict[core.Side, core.Fill] = {}
    sides: tuple[core.Side, core.Side] = ("buy", "sell")
    for side in sides if order is not None else ():
        fill = core.walk(book, side, abs(order or 0.0))
        if isinstance(fill, Unknown):
            unknown[f"{side}-slippage"] = fill.reason
        else:
            fills[side] = fill
    return fills, core.touch(book), tuple(core.depth(book, bps) for bps in core.DEPTH_BPS)


def contract_of(
    measured: Measured, base: str, listing: Listing | None
) -> tuple[Contract, str | None, str | None]:
    """Return how things stand with a contract, its new name where it has one, and why it cannot be held."""
    excluded = next((x for x in measured.excluded if x.base == base), None)
    if listing is None:
        why = excluded.detail if excluded else "no source of market data was named"
        if measured.panel is None:
            return "unknown", None, why
        new_name = RENAMED[base][0] if base in RENAMED else None
        gone: Contract = "not active" if "no longer trade" in why else "none"
        return ("renamed" if new_name else gone), new_name, why
    market = listing.market
    if market is None:
        return "unknown", None, "candle files hold no contracts"
    if not market.active:
        return "not active", None, excluded.detail if excluded else f"`{listing.symbol}` is not traded"
    if market.expiry_ms is not None and market.kind == "swap":
        days = (market.expiry_ms - measured.now_ms) / DAY_MS
        return "delisting", None, f"`{listing.symbol}` ends in {days:.1f} days"
    kinds: dict[str, Contract] = {"spot": "spot", "future": "dated"}
    return kinds.get(market.kind, "active"), None, excluded.detail if excluded else None


def average_volume(candles: Candles | None, days: int, now_ms: int) -> float | Unknown:
    """Return the average quote volume a day of the bars that opened in the last `days` days.

    A bar that states base volume alone counts that at its close. Unknown where the bars do not cover nine tenths of
    those days, or state no volume. A bar without trades counts as the zero it is.
    """
    if candles is None:
        return Unknown(reason="there are no bars")
    wanted = days * DAY_MS // candles.timeframe_ms
    last = int(candles.open_ms[-1]) if len(candles.open_ms) else 0
    recent = candles.open_ms > max(last, now_ms - 2 * DAY_MS) - days * DAY_MS
    quoted, coins = candles.quote_volume[recent], candles.volume[recent]
    # where an exchange gives coins alone, they were traded at some price of the bar
    volumes = np.where(np.isfinite(quoted), quoted, coins * candles.close[recent])
    known = volumes[np.isfinite(volumes) & (volumes >= 0)]
    if len(volumes) and not len(known):
        return Unknown(reason="the source states no volume whose unit is known")
    if len(known) < COVERED * wanted:
        have = len(known) * candles.timeframe_ms / DAY_MS
        return Unknown(reason=f"there are bars of {have:.1f} of {days} days")
    return float(known.mean()) * DAY_MS / candles.timeframe_ms


def _interest(interest: OpenInterest | Unknown, price: float | None, unknown: dict[str, str]) -> float | None:
    """Return open interest in quote currency: as told, or the amount at the middle of the book or the last close."""
    if isinstance(interest, Unknown):
        unknown["open-interest"] = interest.reason
        return None
    if interest.notional is not None:
        return interest.notional
    if interest.amount is not None and price is not None:
        return interest.amount * price
    unknown["open-interest"] = "is told in coins, and there is no price"
    return None


def _last_close(bars: Candles | None) -> float | None:
    return float(bars.close[-1]) if bars is not None and len(bars.close) else None
