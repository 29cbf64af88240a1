"""The raw REST dialect of Binance's spot markets, on the same server as its contracts.

Nothing of it is recorded; the answers are those written out in ccxt's source: markets (async_support/binance.py:3480
to 3520), tickers (line 4386 ff.), candles (line 4918 ff.), order books (as of contracts, without times).
"""

from collections.abc import Callable

from fake_exchange.binance import INTERVALS_MS, refused
from fake_exchange.dialect import Query, known
from fake_exchange.market import DAY_VOLUME, FakeMarket, Instrument, text

MAX_ROWS = 1_000
KINDS = {
    "instruments": "/api/v3/exchangeInfo",
    "klines": "/api/v3/klines",
    "depth": "/api/v3/depth",
    "tickers": "/api/v3/ticker/24hr",
}


def place(path: str, _query: Query) -> str | None:
    """Return by which name faults know a request about spot; None of one about contracts."""
    return path if path in ROUTES else None


def raw(symbol: str) -> str:
    return symbol


def _symbol(market: FakeMarket, query: Query) -> str:
    return known(market, query.get("symbol", ""), refused(-1121, "Invalid symbol."))


def exchange_info(market: FakeMarket, query: Query) -> object:
    shown = query.get("showPermissionSets", "true") == "true"
    return {
        "timezone": "UTC",
        "serverTime": market.now_ms,
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}
        ],
        "exchangeFilters": [],
        "symbols": [instrument_of(one, shown=shown) for one in market.listed],
    }


def instrument_of(instrument: Instrument, *, shown: bool) -> dict[str, object]:
    return {
        "symbol": instrument.symbol,
        "status": "BREAK" if instrument.status == "SETTLING" else instrument.status,
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "isSpotTradingAllowed": not instrument.barred,
        "isMarginTradingAllowed": True,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": instrument.tick,
                "maxPrice": "1000000.00",
                "tickSize": instrument.tick,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": instrument.min_amount,
                "maxQty": "9000.00",
                "stepSize": instrument.step,
            },
            {"filterType": "ICEBERG_PARTS", "limit": 10},
            {
                "filterType": "NOTIONAL",
                "minNotional": instrument.min_notional,
                "applyMinToMarket": True,
                "maxNotional": "9000000.00",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT", "MARGIN"]] if shown else [],
    }


def klines(market: FakeMarket, query: Query) -> object:
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    limit = int(query.get("limit", "500"))
    if step is None:
        raise refused(-1120, "Invalid interval.")
    start, end = (int(query[key]) if key in query else None for key in ("startTime", "endTime"))
    found = market.rows(
        symbol,
        step,
        start_ms=start,
        end_ms=end,
        limit=min(limit, MAX_ROWS),
        latest="startTime" not in query,
    )
    return [
        [*row[:6], row[0] + step - 1, row[6], 308, text(float(row[5]) / 2), text(float(row[6]) / 2), "0"]
        for row in found
    ]


def candle_rows(answer: list) -> list:
    """Return the rows of an answer, as the defects know them."""
    return answer


def with_rows(_answer: object, rows: list) -> object:
    return rows


def depth(market: FakeMarket, query: Query) -> object:
    bids, asks = market.book(_symbol(market, query), int(query.get("limit", "100")))
    return {"lastUpdateId": 1_027_024, "bids": bids, "asks": asks}


def ticker_24hr(market: FakeMarket, _query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        last, (bid, ask) = market.last(symbol), market.best(symbol)
        return {
            "symbol": symbol,
            "priceChange": "-94.99",
            "priceChangePercent": "-95.960",
            "weightedAvgPrice": last,
            "prevClosePrice": last,
            "lastPrice": last,
            "lastQty": "200.0",
            "bidPrice": bid,
            "bidQty": "100.0",
            "askPrice": ask,
            "askQty": "100.0",
            "openPrice": last,
            "highPrice": last,
            "lowPrice": last,
            "volume": text(DAY_VOLUME),
            "quoteVolume": text(DAY_VOLUME * market.last_close(symbol)),
            "openTime": market.traded_ms - 86_400_000,
            "closeTime": market.traded_ms,
            "firstId": 28_385,
            "lastId": 28_460,
            "count": 76,
        }

    return [entry(one.symbol) for one in market.listed]


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/api/v3/exchangeInfo": exchange_info,
    "/api/v3/klines": klines,
    "/api/v3/depth": depth,
    "/api/v3/ticker/24hr": ticker_24hr,
}
