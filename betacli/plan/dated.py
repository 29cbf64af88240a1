"""Dated futures: what each pays to be held to its expiry, what rolling it costs, and which one fits a horizon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from betacli import document as doc
from betacli.core.calendar import DAY_MS
from betacli.core.candles import iso
from betacli.core.carry import dated_carry, fitting_expiry, roll_bps
from betacli.core.model import Notice, Ticker, Universe, Unknown
from betacli.data.candles import Listing, MarketData
from betacli.document import Column, Table
from betacli.plan.carrying import Holding
from betacli.plan.measure import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRow:
    """A dated future against the index: basis, days left, (F/S − 1) · 365 / days, and the roll into the next expiry.

    `roll_bps` is what a long pays in price to roll; `roll_fee_bps` the fees of both fills. `fits` marks the
    expiry for the horizon, which then takes `rolls` rolls.
    """

    base: str
    symbol: str
    expiry: str
    days: float | None
    price: float | None
    index: float | None
    basis_bps: float | None
    annual: float | None
    roll_bps: float | None
    roll_fee_bps: float | None
    fits: bool
    rolls: int | None


def dated_table(rows: Sequence[DatedRow], horizon_days: float) -> Table:
    """Return one row a future."""
    columns = (
        Column(header="dated future", align="left", tone=lambda _: "strong"),
        Column(header="days", show=doc.fixed(1)),
        Column(header="price", show=doc.significant),
        Column(header="basis bps", show=doc.fixed(2, sign=True)),
        Column(header="a year", show=doc.fixed(2, sign=True, suffix=" %", scale=100.0)),
        Column(header="roll bps", show=doc.fixed(2, sign=True)),
        Column(header="roll fees bps", show=doc.fixed(2)),
        Column(header="fits", align="left"),
    )
    cells = tuple(
        (
            row.symbol, row.days, row.price, row.basis_bps, row.annual, row.roll_bps, row.roll_fee_bps,
            "" if not row.fits else f"{horizon_days:g} d" + (f", {row.rolls} rolls" if row.rolls else ""),
        )
        for row in rows
    )  # fmt: skip
    return Table(title="Dated futures against the index", columns=columns, rows=cells)


def dated_rows(
    measured: Measured,
    bases: Sequence[str],
    universe: Universe,
    source: MarketData | None,
    holding: Holding,
    horizon_days: float,
) -> tuple[tuple[DatedRow, ...], list[Notice]]:
    """Ask for the dated futures of some assets, and for their prices one expiry at a time."""
    if source is None or not bases:
        return (), []
    listed = source.futures(bases, universe.quote)
    chains = {base: found for base, found in listed.items() if not isinstance(found, Unknown) and found}
    without = [base for base in bases if base not in chains]
    notices = []
    if without:
        reasons = {x.reason for base in without if isinstance(x := listed.get(base), Unknown)}
        why = f": {'; '.join(sorted(reasons))}" if reasons else ""
        detail = f"no dated futures of {', '.join(without)}{why}"
        notices.append(Notice(id="no-dated-futures", detail=detail, severity="note"))
    spots = source.tickers([measured.listings[b] for b in chains if b in measured.listings]) if chains else {}
    priced: dict[str, Ticker | Unknown] = {}
    for rank in range(max((len(chain) for chain in chains.values()), default=0)):
        asked = [chain[rank] for chain in chains.values() if len(chain) > rank]
        answers = source.tickers(asked)
        priced.update({listing.symbol: answers[listing.base] for listing in asked})
    rows: list[DatedRow] = []
    for base, chain in chains.items():
        spot = spots.get(base)
        rows += _chain(
            measured, base, chain, priced, spot if isinstance(spot, Ticker) else None, holding, horizon_days
        )
    bare = [row.symbol for row in rows if row.price is None or row.index is None]
    if bare:
        detail = f"price or index is not known, and no carry: {', '.join(bare)}"
        notices.append(Notice(id="dated-price-unknown", detail=detail, severity="note"))
    return tuple(rows), notices


def _chain(
    measured: Measured,
    base: str,
    chain: tuple[Listing, ...],
    priced: Mapping[str, Ticker | Unknown],
    spot: Ticker | None,
    holding: Holding,
    horizon_days: float,
) -> list[DatedRow]:
    expiries = tuple((x.market.expiry_ms or 0) if x.market else 0 for x in chain)
    fits, rolls = fitting_expiry(expiries, measured.now_ms, measured.now_ms + round(horizon_days * DAY_MS))
    prices = [_price(priced.get(listing.symbol)) for listing in chain]
    own = measured.listings.get(base)
    rows = []
    for k, (listing, expiry, price) in enumerate(zip(chain, expiries, prices, strict=True)):
        index = _index(priced.get(listing.symbol), listing, spot, own)
        carry = dated_carry(price, index, measured.now_ms, expiry) if price and index else None
        after = prices[k + 1] if k + 1 < len(prices) else None
        fees = [holding.fee_of(x) for x in chain[k : k + 2]]
        known = [fee for fee in fees if fee is not None]
        rows.append(
            DatedRow(
                base=base,
                symbol=listing.symbol,
                expiry=iso(expiry),
                days=(expiry - measured.now_ms) / DAY_MS,
                price=price,
                index=index,
                basis_bps=carry.basis_bps if carry else None,
                annual=carry.annual if carry else None,
                roll_bps=roll_bps(price, after) if price and after else None,
                roll_fee_bps=sum(known) * 1e4 if len(known) == 2 else None,
                fits=k == fits,
                rolls=rolls if k == fits else None,
            )
        )
    return rows


def _index(
    future: Ticker | Unknown | None, listing: Listing, spot: Ticker | None, own: Listing | None
) -> float | None:
    """Return the index as the future tells it, else as the contract of the same base does."""
    if isinstance(future, Ticker) and future.index:
        return future.index
    return spot.index / own.coins * listing.coins if spot and spot.index and own else None


def _price(ticker: Ticker | Unknown | None) -> float | None:
    """Return a future's mark, the middle of bid and ask, or its last price."""
    if not isinstance(ticker, Ticker):
        return None
    if ticker.mark:
        return ticker.mark
    if ticker.bid and ticker.ask:
        return (ticker.bid + ticker.ask) / 2
    return ticker.last
