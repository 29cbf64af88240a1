"""Hedge with another contract than the benchmark's perpetual: a dated future, or any that the source lists."""

import calendar
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from betacli.core.beta import estimate
from betacli.core.calendar import DAY_MS
from betacli.core.candles import iso
from betacli.core.carry import dated_carry
from betacli.core.model import Candles, Member, Notice, Price, Ticker, Universe, Unknown
from betacli.core.returns import simple_returns
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import GATES, inspect
from betacli.errors import BadOption, GatesFailed, NoData, UnknownName, mistyped
from betacli.plan.instruments import Dated, Instrument, Instruments, largest_part, perpetuals
from betacli.plan.measure import Measured
from betacli.plan.prices import beside_close, last_close, prices_of

PERPETUAL = "perp"
QUARTERS = ("quarter", "next-quarter")
QUARTER_MONTHS = (3, 6, 9, 12)
_DATED = re.compile(r"(?P<base>[A-Za-z0-9$._-]+)-(?P<date>\d{4}-\d{2}-\d{2})")


def instruments(
    written: str, measured: Measured, universe: Universe, source: MarketData | None
) -> Instruments:
    """Choose what to hedge with: `perp`, `quarter`, `next-quarter`, `BTC-2026-12-25`, an asset or ccxt's symbol.

    Raises:
        BadOption: an index has no one future, or no source was named.
        NoData: the instrument has no usable beta to the benchmark, or the source does not know it.
        UnknownName: there is no such future.
        GatesFailed: its bars cannot be trusted.
    """
    if written == PERPETUAL:
        return perpetuals(measured, source)
    if source is None or measured.panel is None or measured.market is None:
        problem = "without market data there is no contract to look at"
        raise BadOption(option="--hedge-with", value=written, problem=problem, way_out="name an `--exchange`")
    listing = _listing(written, measured, universe, source)
    return _one(listing, measured, universe, source)


def _listing(written: str, measured: Measured, universe: Universe, source: MarketData) -> Listing:
    """Return the contract that is meant."""
    dated = _DATED.fullmatch(written)
    if written in QUARTERS or dated:
        base = dated["base"] if dated else _only_part(written, measured)
        futures = _futures(base, universe.quote, source)
        if dated:
            return _named(futures, written, {_short(future): future for future in futures})
        quarters = [future for future in futures if _is_quarterly(future)]
        place = QUARTERS.index(written)
        if place >= len(quarters):
            listed = ", ".join(f"`{_short(future)}`" for future in futures) or "none"
            what = f"`{source.name}` has no `{written}` future of {base}; its dated futures are {listed}"
            raise NoData(what=what, way_out="name one of them with `--hedge-with`, or leave it out")
        return quarters[place]
    base, _, rest = written.partition("/")
    if "-" in rest.partition(":")[2]:
        futures = _futures(base, universe.quote, source)
        return _named(futures, written, {future.symbol: future for future in futures})
    member = Member(base=base, symbol=written if rest else None)
    found = source.find([member], universe.quote)[base]
    if isinstance(found, Unknown):
        words = (PERPETUAL, *QUARTERS) if not rest else ()
        if near := mistyped(base, (*words, *universe.assets, *measured.benchmark_weights)):
            name = near if not rest else f"{near}/{rest}"
            raise UnknownName(
                what="contract", name=written, known=(name,), where=f" on `{source.name}` (`--hedge-with`)"
            )
        raise NoData(what=f"`{written}` cannot hedge: {found.reason}", way_out="leave `--hedge-with` out")
    return found


def _only_part(written: str, measured: Measured) -> str:
    """Return the asset whose quarterly future hedges: the benchmark, or the universe's largest part."""
    weights = measured.benchmark.weights
    if measured.benchmark.is_universe:
        return largest_part(measured)[0]
    if len(weights) > 1:
        problem = f"{measured.benchmark.name} has no one future"
        way_out = f"name one, such as `--hedge-with {next(iter(weights))}-2026-12-25`, or leave it out"
        raise BadOption(option="--hedge-with", value=written, problem=problem, way_out=way_out)
    return next(iter(weights))


def _futures(base: str, quote: str, source: MarketData) -> tuple[Listing, ...]:
    answer = source.futures([base], quote).get(base, Unknown(reason="is not known"))
    if isinstance(answer, Unknown):
        raise NoData(
            what=f"dated futures of `{base}`: {answer.reason}",
            way_out="hedge with the perpetual: leave `--hedge-with` out",
        )
    return answer


def _named(futures: Sequence[Listing], name: str, by_name: dict[str, Listing]) -> Listing:
    if name not in by_name:
        known = [_short(future) for future in futures]
        raise UnknownName(what="dated future", name=name, known=known, where=" (`--hedge-with`)")
    return by_name[name]


def _expiry(listing: Listing) -> datetime | None:
    expiry_ms = listing.market.expiry_ms if listing.market is not None else None
    return None if expiry_ms is None else datetime.fromtimestamp(expiry_ms / 1000, tz=UTC)


def _short(listing: Listing) -> str:
    expiry = _expiry(listing)
    return listing.symbol if expiry is None else f"{listing.base}-{expiry:%Y-%m-%d}"


def _is_quarterly(listing: Listing) -> bool:
    """Whether it expires on the last Friday of March, June, September or December."""
    expiry = _expiry(listing)
    if expiry is None or expiry.month not in QUARTER_MONTHS:
        return False
    last_day = calendar.monthrange(expiry.year, expiry.month)[1]
    return expiry.weekday() == calendar.FRIDAY and expiry.day + 7 > last_day


def _one(listing: Listing, measured: Measured, universe: Universe, source: MarketData) -> Instruments:
    """Return one contract with its own beta to the benchmark, from bars that passed the gates."""
    panel = measured.panel
    if panel is None or measured.market is None:
        raise NoData(what="without market data there is no beta of the hedge")
    grid, step = panel.open_ms, panel.timeframe_ms
    answer = source.candles([listing], measured.recipe.timeframe, int(grid[0]), int(grid[-1]) + step)
    candles = answer.get(listing.base, Unknown(reason="has no bars"))
    if isinstance(candles, Unknown):
        raise NoData(what=f"`{listing.symbol}` cannot hedge: {candles.reason}")
    limits = {**GATES, **universe.gates}
    looked = inspect(
        listing.symbol,
        candles,
        grid,
        now_ms=measured.now_ms,
        listed_ms=listing.market.listed_ms if listing.market is not None else None,
        whole_window=False,
        thresholds=limits,
    )
    if looked.failures:
        raise GatesFailed(failures=looked.failures, benchmark=False)
    returns = simple_returns(looked.close)
    fit = estimate(measured.basket_recipe, returns[:, None], measured.market, measured.bars_per_day)
    beta = float(fit.beta[0])
    if not np.isfinite(beta) or beta <= 0:
        why = fit.why[0] or f"its beta to {measured.benchmark.name} is {beta:.2f}"
        raise NoData(
            what=f"`{listing.symbol}` cannot hedge: {why}",
            way_out="hedge with the perpetual, or choose a longer `--window`",
        )
    price, odd = _price(listing, candles, source, limits)
    notices = [*looked.notices, *odd, _told_beta(listing, beta, measured)]
    dated, said = _dated(listing, price, measured, source)
    part = Instrument(
        base=listing.base,
        share=1.0,
        beta=beta,
        listing=listing,
        price=price,
        returns=returns,
        dated=dated,
    )
    return Instruments(parts=(part,), beta=beta, notices=(*notices, *said))


def _told_beta(listing: Listing, beta: float, measured: Measured) -> Notice:
    detail = (
        f"the hedge with `{listing.symbol}` is divided by its own beta of {beta:.4f} "
        f"to {measured.benchmark.name}"
    )
    return Notice(id="hedge-beta", detail=detail, severity="note")


def _price(
    listing: Listing, candles: Candles, source: MarketData, thresholds: Mapping[str, float]
) -> tuple[Price | None, list[Notice]]:
    if not source.live:
        return last_close(candles), []
    answer = source.prices([listing]).get(listing.base)
    return (
        beside_close(listing.symbol, answer, candles, thresholds) if isinstance(answer, Price) else (None, [])
    )


def _dated(
    listing: Listing, price: Price | None, measured: Measured, source: MarketData
) -> tuple[Dated | None, list[Notice]]:
    """Return expiry and basis of a dated future; None for a perpetual."""
    expiry_ms = listing.market.expiry_ms if listing.market is not None else None
    if expiry_ms is None:
        return None, []
    days = (expiry_ms - measured.now_ms) / DAY_MS
    spot, against = _spot(listing, measured, source)
    basis = yearly = None
    if price is not None and spot is not None:
        carry = dated_carry(price.value, spot, measured.now_ms, expiry_ms)
        basis = price.value / spot - 1
        yearly = None if carry is None or days < 1 else carry.annual
    notices = []
    if basis is None:
        detail = f"the basis of `{listing.symbol}` is unknown: there is no price of it or of {listing.base}"
        notices.append(Notice(id="basis-unknown", detail=detail, severity="note"))
    dated = Dated(
        expiry=iso(expiry_ms),
        days_left=days,
        basis=basis,
        basis_annual=yearly,
        against=against,
        spot_price=spot,
    )
    return dated, notices


def _spot(listing: Listing, measured: Measured, source: MarketData) -> tuple[float | None, str | None]:
    """Return the price the future converges to: the exchange's index where it tells one, else the perpetual's."""
    if source.live:
        answer = source.tickers([listing]).get(listing.base)
        if isinstance(answer, Ticker) and answer.index:
            return answer.index, "index"
    if listing.base in measured.candles:
        prices, _ = prices_of(measured, (listing.base,), source)
        if listing.base in prices:
            return prices[listing.base].value, "perpetual"
    return None, None
