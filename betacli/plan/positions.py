"""What the account holds now, valued at the prices of the answer, each with its own beta."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from betacli.core.beta import estimate
from betacli.core.calendar import DAY_MS
from betacli.core.model import Member, Notice, Price, Universe
from betacli.core.returns import simple_returns
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import thresholds_for
from betacli.data.position_file import Row
from betacli.errors import UnknownName, mistyped
from betacli.plan.gather import gather
from betacli.plan.holding import Holding, Kind
from betacli.plan.instruments import Instrument, betas_of
from betacli.plan.measure import Measured
from betacli.plan.prices import prices_of

ANOTHER = "a coin of its own is named under `universe` in the sector file"
Place = Literal["basket", "hedge", "outside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """A position of the file, valued: signed `amount` in coins, `notional` and gain in quote currency.

    `role`: the basket's asset, the hedge's contract, or outside both. `traded` tells that today's trades change it;
    spot, and contracts other than the planned one, count and are left as they are. Unknown is None, and `reason` says
    why. `price` and `entry_price` are of `multiplier` coins: notional = amount × price / multiplier.
    """

    written: str
    base: str
    symbol: str | None
    kind: Kind
    role: Place
    traded: bool
    amount: float | None
    notional: float | None
    price: float | None
    entry_price: float | None
    gain: float | None
    beta: float | None
    beta_notional: float | None
    reason: str | None
    multiplier: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """What is known of a coin: its contract, the price of one base unit of it, its beta to the benchmark."""

    listing: Listing | None
    price: Price | None
    beta: float | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Positions:
    """Every position of the file, and the margin contracts they need, by symbol or base."""

    held: tuple[HeldPosition, ...]
    contracts: Mapping[str, Listing | None]
    notices: tuple[Notice, ...]

    def traded(self, key: str) -> list[HeldPosition]:
        """Return what is held in a contract that the plan trades."""
        return [p for p in self.held if p.traded and (p.symbol or p.base) == key]

    def standing(self, base: str) -> list[HeldPosition]:
        """Return what is held of a basket's asset beside the contract that the plan trades."""
        return [p for p in self.held if p.role == "basket" and not p.traded and p.base == base]


def holding_of(position: HeldPosition) -> Holding:
    """Return a position as a part of the account's book."""
    return Holding(
        base=position.base,
        symbol=position.symbol,
        role=position.role,
        kind=position.kind,
        notional=position.notional,
        beta=position.beta,
        price=position.price,
    )


def value_positions(
    rows: Sequence[Row],
    *,
    measured: Measured,
    universe: Universe,
    source: MarketData | None,
    basket: Mapping[str, Listing | None],
    hedge: Mapping[str, Instrument],
) -> Positions:
    """Value what the file says is held.

    Raises:
        UnknownName: nobody knows a position's coin, and its name is a slip of one that is known.

    Args:
        rows: the file's positions.
        measured: the assets of the basket with their betas, and the data behind them.
        universe: the quote currency and the gates.
        source: prices and bars of everything else; None where none was named.
        basket: the contract of each asset of the basket, None where it is unknown.
        hedge: the instrument of each asset of the hedge.
    """
    assets, notices = _assets(sorted({row.coin for row in rows}), measured, universe, source)
    _refuse_mistyped(
        rows, assets, {*measured.bases, *measured.benchmark_weights, *hedge, *universe.assets}, source
    )
    futures = _futures_of(rows, basket, universe, source)
    held = tuple(
        _held(row, assets[row.coin], universe.quote, basket, hedge, futures.get(row.coin)) for row in rows
    )
    contracts = {
        (p.symbol or p.base): futures.get(p.base) or assets[p.base].listing
        for p in held
        if p.kind == "future"
    }
    unknown = [f"{p.written} ({p.reason})" for p in held if p.reason is not None]
    if unknown:
        detail = f"held, and not all of it can be known, nor what it adds to: {', '.join(unknown)}"
        notices.append(Notice(id="position-unknown", detail=detail))
    others = [
        f"`{p.written}` as `{listing.symbol}`"
        for p in held
        if (listing := assets[p.base].listing) is not None and p.symbol != listing.symbol and p.notional
    ]
    if others:
        detail = f"valued at the price of another contract of the coin, and futures margined so: {', '.join(others)}"
        notices.append(Notice(id="position-valued-as", detail=detail, severity="note"))
    return Positions(held=held, contracts=contracts, notices=tuple(notices))


def _refuse_mistyped(
    rows: Sequence[Row], assets: Mapping[str, Asset], known: Collection[str], source: MarketData | None
) -> None:
    """Refuse a name that is not listed and nearly that of a known asset: its trades would start from nothing held."""
    for row in rows:
        if assets[row.coin].listing is None and not {row.coin, row.base} & set(known):
            near = mistyped(row.coin, sorted(known))
            if near is not None:
                listed = f" on `{source.name}` or" if source is not None else ""
                where = f"{listed} in the sector file (`--positions`, line {row.line})"
                raise UnknownName(what="asset", name=row.coin, known=(near,), where=where, otherwise=ANOTHER)


def _futures_of(
    rows: Sequence[Row],
    basket: Mapping[str, Listing | None],
    universe: Universe,
    source: MarketData | None,
) -> dict[str, Listing]:
    """Return the perpetual of every coin that is planned as spot and held as a future: its margin and funding."""
    spot = {coin for coin, listing in basket.items() if listing is not None and listing.is_spot}
    coins = sorted({row.coin for row in rows if row.kind == "future"} & spot)
    found = source.find([Member(base=coin) for coin in coins], universe.quote) if source and coins else {}
    return {coin: place for coin, place in found.items() if isinstance(place, Listing)}


def _held(
    row: Row,
    asset: Asset,
    quote: str,
    basket: Mapping[str, Listing | None],
    hedge: Mapping[str, Instrument],
    future: Listing | None,
) -> HeldPosition:
    """Value one position, and tell what it is to the plan."""
    in_hedge = row.coin in hedge and _is_traded(row, hedge[row.coin].listing, quote)
    in_basket = row.coin in basket
    traded = in_hedge or (in_basket and _is_traded(row, basket[row.coin], quote))
    listing = asset.listing
    if in_hedge:
        part = hedge[row.coin]
        listing = part.listing
        asset = Asset(listing=part.listing, price=part.price, beta=part.beta, reason=None)
    elif in_basket:
        listing = basket[row.coin]
    if future is not None and row.kind == "future":
        listing = future
    own = traded or (listing is not None and _is_traded(row, listing, quote))
    symbol = listing.symbol if own and listing is not None else row.symbol
    coins = asset.listing.coins if asset.listing is not None else 1
    unit = None if asset.price is None else asset.price.value / coins
    amount, notional = row.amount, row.notional
    if unit is not None and amount is not None:
        notional = amount * unit
    elif unit is not None and notional is not None:
        amount = notional / unit
    gain = None
    if row.entry_price is not None and unit is not None and amount is not None:
        gain = amount * (unit - row.entry_price / row.coins)
    beta = asset.beta
    known = notional is not None and (beta is not None or notional == 0)
    return HeldPosition(
        written=row.written,
        base=row.coin,
        symbol=symbol,
        kind=row.kind,
        role="basket" if in_basket else "hedge" if in_hedge else "outside",
        traded=traded,
        amount=amount,
        notional=notional,
        price=None if unit is None else unit * row.coins,
        entry_price=row.entry_price,
        gain=gain,
        beta=beta,
        beta_notional=notional * beta if notional is not None and beta is not None else None,
        reason=None if known else asset.reason or "it has no price",
        multiplier=row.coins,
    )


def _is_traded(row: Row, listing: Listing | None, quote: str) -> bool:
    """Whether a position is in the market that the plan trades."""
    if listing is not None and listing.is_spot:
        return row.kind == "spot" and row.quote in {None, quote}
    if row.kind != "future":
        return False
    if listing is None:
        return row.expiry is None and row.quote in {None, quote}
    if row.symbol is not None:
        return row.symbol == listing.symbol
    expiry_ms = listing.market.expiry_ms if listing.market is not None else None
    if row.expiry is not None:
        return expiry_ms is not None and _day(row.expiry) == expiry_ms // DAY_MS
    return expiry_ms is None and row.quote in {None, quote}


def _day(iso_date: str) -> int:
    """Return the days since the epoch of an ISO date."""
    return int(np.datetime64(iso_date, "D").astype(int))


# --- prices and betas -----------------------------------------------------------------------------------------------


def _assets(
    coins: Sequence[str], measured: Measured, universe: Universe, source: MarketData | None
) -> tuple[dict[str, Asset], list[Notice]]:
    """Return what is known of each coin: as the basket measured it, by definition, or measured here."""
    betas = dict(zip(measured.bases, map(float, measured.betas), strict=True))
    parts = {} if measured.benchmark.is_universe else measured.benchmark.weights
    if len(parts) == 1:
        betas = {next(iter(parts)): 1.0} | betas
    elif parts:
        betas = (betas_of(measured, sorted(parts)) or {}) | betas
    known = [coin for coin in coins if coin in betas and (coin in measured.listings or source is None)]
    prices, _ = prices_of(measured, tuple(coin for coin in known if coin in measured.listings), source)
    assets = {
        coin: Asset(
            listing=measured.listings.get(coin),
            price=prices.get(coin),
            beta=betas[coin],
            reason=None if coin in prices else "it has no price",
        )
        for coin in known
    }
    others = [coin for coin in coins if coin not in assets]
    if others and (source is None or measured.panel is None or measured.market is None):
        nothing = Asset(listing=None, price=None, beta=None, reason="no market data was read")
        return assets | dict.fromkeys(others, nothing), []
    if not others or source is None:
        return assets, []
    found, notices = _measured(others, measured, universe, source)
    return assets | found, notices


def _measured(
    coins: Sequence[str], measured: Measured, universe: Universe, source: MarketData
) -> tuple[dict[str, Asset], list[Notice]]:
    """Measure coins outside the basket by its recipe, each on its own; what fails a gate has no beta."""
    panel, market = measured.panel, measured.market
    if panel is None or market is None:
        return {}, []
    data = gather(
        source,
        quote=universe.quote,
        members=[universe.assets.get(coin, Member(base=coin)) for coin in coins],
        parts=(),
        timeframe=measured.recipe.timeframe,
        grid=panel.open_ms,
        thresholds=thresholds_for(universe.gates, len(panel.open_ms)),
    )
    there = np.concatenate([[1.0], np.where(np.isfinite(market), 1.0, np.nan)])
    failed = {coin: failures for coin in coins if (failures := data.member_failures(coin, there))}
    wide = replace(
        measured,
        listings={**measured.listings, **data.listings},
        candles={**measured.candles, **data.candles},
    )
    priced = tuple(coin for coin in coins if coin in data.listings and coin in data.candles)
    prices, said = prices_of(wide, priced, source)
    assets = {}
    for coin in coins:
        beta, reason = None, None
        if coin in failed:
            reason = "; ".join(f"{failure.detail}" for failure in failed[coin])
        else:
            returns = simple_returns(data.close[coin])[:, None]
            fit = estimate(measured.basket_recipe, returns, market, measured.bars_per_day)
            beta = float(fit.beta[0]) if np.isfinite(fit.beta[0]) else None
            reason = fit.why[0]
        if beta is not None and coin not in prices:
            reason = "it has no price"
        assets[coin] = Asset(
            listing=data.listings.get(coin), price=prices.get(coin), beta=beta, reason=reason
        )
    return assets, [notice for notice in said if notice.id == "price-unknown"]
