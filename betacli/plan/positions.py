"""What the account holds now, valued at the prices of the answer, each with its own beta."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from betacli.core.beta import estimate
from betacli.core.calendar import DAY_MS
from betacli.core.model import Member, Notice, Price, Universe, Unknown
from betacli.core.returns import simple_returns
from betacli.data.beside import Beside, Place
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import thresholds_for
from betacli.data.position_file import Row
from betacli.errors import UnknownName, mistyped
from betacli.plan.gather import gather
from betacli.plan.holding import Holding, Kind, Role
from betacli.plan.instruments import Instrument, betas_of
from betacli.plan.measure import Measured
from betacli.plan.prices import ODD, prices_of

if TYPE_CHECKING:
    from betacli.plan.stand_in import StandIn

ANOTHER = "a coin of its own is named under `universe` in the sector file"


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
    role: Role
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
    stand_ins: "Sequence[StandIn]" = (),
) -> Positions:
    """Value what the file says is held: what is spot and has no usable contract, on its own spot market.

    Raises:
        UnknownName: nobody knows a position's coin, and its name is a slip of one that is known.

    Args:
        rows: the file's positions.
        measured: the assets of the basket with their betas, and the data behind them.
        universe: the quote currency and the gates.
        source: prices and bars of everything else; None where none was named.
        basket: the contract of each asset of the basket, None where it is unknown.
        hedge: the instrument of each asset of the hedge.
        stand_ins: what is held in the place of members without a contract.
    """
    assets, notices = _assets(sorted({row.coin for row in rows}), measured, universe, source)
    planned = {*basket, *hedge, *measured.benchmark_weights}
    spot = _on_spot([row for row in rows if row.coin not in planned], assets, measured, universe, source)
    notices = [*_without(notices, rows, spot), *_spot_notices(rows, assets, spot)]

    def asset_of(coin: str, kind: Kind) -> Asset:
        return spot.get(coin, assets[coin]) if kind == "spot" else assets[coin]

    _refuse_mistyped(
        rows, assets | spot, {*measured.bases, *measured.benchmark_weights, *hedge, *universe.assets}, source
    )
    futures = _futures_of(rows, basket, universe, source)
    held = tuple(
        _held(row, asset_of(row.coin, row.kind), universe.quote, basket, hedge, futures.get(row.coin))
        for row in rows
    )
    contracts = {
        (p.symbol or p.base): futures.get(p.base) or assets[p.base].listing
        for p in held
        if p.kind == "future"
    }
    notices += _uncounted(held, stand_ins)
    unknown = [f"{p.written} ({p.reason})" for p in held if p.reason is not None]
    if unknown:
        detail = f"held, and not all of it can be known, nor what it adds to: {', '.join(unknown)}"
        notices.append(Notice(id="position-unknown", detail=detail))
    notices += _valued_as([(p, asset_of(p.base, p.kind).listing) for p in held])
    return Positions(held=held, contracts=contracts, notices=tuple(notices))


def _valued_as(held: Sequence[tuple[HeldPosition, Listing | None]]) -> list[Notice]:
    """Say which positions have the price of another market than their own."""
    others = [
        f"`{p.written}` as `{listing.symbol}`"
        for p, listing in held
        if listing is not None and p.symbol != listing.symbol and p.notional
    ]
    if not others:
        return []
    detail = (
        f"valued at the price of another market of the coin, and futures margined so: {', '.join(others)}"
    )
    return [Notice(id="position-valued-as", detail=detail, severity="note")]


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
    prices, _ = prices_of(measured, tuple(coin for coin in known if coin in measured.candles), source)
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
    members = [universe.assets.get(coin, Member(base=coin)) for coin in others]
    found, notices = _measured(members, measured, universe, source)
    return assets | found, notices


def _on_spot(
    rows: Sequence[Row],
    assets: Mapping[str, Asset],
    measured: Measured,
    universe: Universe,
    source: MarketData | None,
) -> dict[str, Asset]:
    """Return what is known of coins held as spot that have no usable contract, each on its own spot market.

    Where that has no usable bars either, nothing is valued by them, and the reason tells both.
    """
    coins = sorted({row.coin for row in rows if row.kind == "spot" and assets[row.coin].beta is None})
    if source is None or measured.panel is None or measured.market is None or not coins:
        return {}
    listed = source.spot(coins, universe.quote)
    places = {
        coin: Place(market=source, listing=place)
        for coin, place in listed.items()
        if isinstance(place, Listing)
    }
    found: dict[str, Asset] = {}
    if places:
        members = [Member(base=coin, hold="spot") for coin in places]
        found, _ = _measured(members, measured, universe, Beside(source, places))
    for coin, place in listed.items():
        if isinstance(place, Listing) and found[coin].beta is not None:
            continue
        why = place.reason if isinstance(place, Unknown) else f"its spot market {found[coin].reason}"
        known = assets[coin].reason or ""
        found[coin] = replace(assets[coin], reason=known if why in known else f"{known}; {why}")
    return found


def _without(notices: Sequence[Notice], rows: Sequence[Row], spot: Mapping[str, Asset]) -> list[Notice]:
    """Return what was said of contracts, without what was said of those in whose place the spot market is."""
    futures = {row.coin for row in rows if row.kind == "future"}
    settled = tuple(f"`{coin}` " for coin, asset in spot.items() if asset.price and coin not in futures)
    return [notice for notice in notices if not notice.detail.startswith(settled)]


def _spot_notices(
    rows: Sequence[Row], assets: Mapping[str, Asset], spot: Mapping[str, Asset]
) -> list[Notice]:
    """Say what was measured on a spot market, and why not on a contract."""
    told = {
        row.written: f"`{row.written}` on `{asset.listing.symbol}` ({assets[row.coin].reason})"
        for row in rows
        if row.kind == "spot"
        and (asset := spot.get(row.coin)) is not None
        and asset.listing is not None
        and asset.beta is not None
    }
    if not told:
        return []
    detail = (
        f"without a usable contract, so priced and measured on the spot market: {', '.join(told.values())}"
    )
    return [Notice(id="position-on-spot", detail=detail, severity="note")]


def _uncounted(held: Sequence[HeldPosition], stand_ins: "Sequence[StandIn]") -> list[Notice]:
    """Say which positions are of a member whose whole weight others carry."""
    carried = {one.base: one.told for one in stand_ins}
    notices = []
    for p in held:
        if p.role != "outside" or p.base not in carried or p.notional == 0:
            continue
        how = "is held" if p.beta is None else "is held, and a hedge covers it by its own beta"
        detail = (
            f"`{p.written}` {how}, but it does not count toward the weight of {p.base}, "
            f"all of which is bought as {carried[p.base]}"
        )
        notices.append(Notice(id="held-not-counted", detail=detail))
    return notices


def _measured(
    members: Sequence[Member], measured: Measured, universe: Universe, source: MarketData
) -> tuple[dict[str, Asset], list[Notice]]:
    """Measure coins outside the basket by its recipe, each on its own; what fails a gate has no beta."""
    coins = [member.base for member in members]
    panel, market = measured.panel, measured.market
    if panel is None or market is None:
        return {}, []
    data = gather(
        source,
        quote=universe.quote,
        members=members,
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
    return assets, [notice for notice in said if notice.id in ODD]
