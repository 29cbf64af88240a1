"""What each asset costs at the moment of the answer."""

from betacli.core.candles import iso
from betacli.core.model import Notice, Price, Unknown
from betacli.data.candles import MarketData
from betacli.plan.measure import Measured


def prices_of(
    measured: Measured, bases: tuple[str, ...], source: MarketData | None
) -> tuple[dict[str, Price], list[Notice]]:
    """Return a price per asset where there is one, and where they come from.

    Live, the source's own (mark or last); otherwise the close of the last closed bar.
    """
    if source is None or measured.panel is None:
        return {}, []
    listings = [measured.listings[base] for base in bases]
    prices: dict[str, Price] = {}
    notices = []
    if source.live:
        for base, price in source.prices(listings).items():
            if isinstance(price, Unknown):
                notices.append(Notice(id="price-unknown", detail=f"`{base}` has no price: {price.reason}"))
            else:
                prices[base] = price
    else:
        for base in bases:
            candles = measured.candles[base]
            closed_ms = int(candles.open_ms[-1]) + candles.timeframe_ms
            prices[base] = Price(value=float(candles.close[-1]), kind="close", time_ms=closed_ms)
    times: dict[str, list[int]] = {}
    for price in prices.values():
        times.setdefault(price.kind, []).append(price.time_ms)
    for kind, of in sorted(times.items()):
        until = "" if min(of) == max(of) else f" to {iso(max(of))}"
        detail = f"prices are the {kind} of {iso(min(of))}{until}"
        notices.append(Notice(id="prices", detail=detail, severity="note"))
    return prices, [*notices, *source.notices]
