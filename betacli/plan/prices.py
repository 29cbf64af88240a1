"""What each asset costs at the moment of the answer."""

from collections.abc import Mapping

from betacli.core.candles import iso
from betacli.core.model import Candles, Notice, Price, Unknown
from betacli.data.candles import MarketData
from betacli.data.gates import GATES
from betacli.plan.measure import Measured

ODD = ("price-unknown", "price-refused", "price-jump")  # ids of what is said of one asset's price


def prices_of(
    measured: Measured, bases: tuple[str, ...], source: MarketData | None
) -> tuple[dict[str, Price], list[Notice]]:
    """Return a price per asset where there is one, and where they come from.

    Live, the source's own (mark or last), unless it is beyond belief beside the last close; otherwise the close of
    the last closed bar.
    """
    if source is None or measured.panel is None:
        return {}, []
    listings = [measured.listings[base] for base in bases]
    prices: dict[str, Price] = {}
    notices = []
    if source.live:
        limits = {**GATES, **{one.gate: one.threshold for one in measured.inputs.gates}}
        for base, price in source.prices(listings).items():
            if isinstance(price, Unknown):
                notices.append(Notice(id="price-unknown", detail=f"`{base}` has no price: {price.reason}"))
                continue
            believed, said = beside_close(base, price, measured.candles[base], limits)
            notices += said
            if believed:
                prices[base] = believed
    else:
        for base in bases:
            prices[base] = last_close(measured.candles[base])
    times: dict[str, list[int]] = {}
    for price in prices.values():
        times.setdefault(price.kind, []).append(price.time_ms)
    for kind, of in sorted(times.items()):
        until = "" if min(of) == max(of) else f" to {iso(max(of))}"
        detail = f"prices are the {kind} of {iso(min(of))}{until}"
        notices.append(Notice(id="prices", detail=detail, severity="note"))
    return prices, [*notices, *source.notices]


def last_close(candles: Candles) -> Price:
    """Return the close of the last closed bar as a price."""
    closed_ms = int(candles.open_ms[-1]) + candles.timeframe_ms
    return Price(value=float(candles.close[-1]), kind="close", time_ms=closed_ms)


def beside_close(
    name: str, price: Price, candles: Candles, thresholds: Mapping[str, float]
) -> tuple[Price | None, list[Notice]]:
    """Return a live price if it can be of the contract that the bars are of, and what is odd about it.

    A price beyond `redenomination` times the last close, or below that part of it, is of another unit of account or
    wrong, and sizes nothing; a move beyond `note_jump` since then is told. Both are `thresholds` of the gates.
    """
    close = last_close(candles)
    ratio = price.value / close.value
    told = f"{price.value:.6g} is {ratio:.4g} times its close of {close.value:.6g} at {iso(close.time_ms)}"
    if max(ratio, 1 / ratio) > thresholds["redenomination"]:
        detail = f"`{name}` has no price to size with: its {price.kind} of {told}, beyond {thresholds['redenomination']:g} times"
        return None, [Notice(id="price-refused", detail=detail)]
    if max(ratio, 1 / ratio) > 1 + thresholds["note_jump"]:
        return price, [Notice(id="price-jump", detail=f"`{name}`: its {price.kind} of {told}")]
    return price, []
