"""The raw REST dialect of MEXC's spot markets, on the same server as its contracts.

Nothing of it is recorded; the answers are those written out in ccxt's source: markets (async_support/mexc.py:1264 to
1297), candles (rows, lines 1870 to 1881; an end is not included, line 1868), order books (lines 1523 to 1535), tickers
(lines 1963 to 1985: without a quote volume).
"""

from collections.abc import Callable

from fake_exchange.dialect import Query, RefusedQueryError, decimals, known
from fake_exchange.market import DAY_VOLUME, FakeMarket, Instrument, text

INTERVALS_MS = {
    **{f"{minutes}m": minutes * 60_000 for minutes in (1, 5, 15, 30, 60)},
    "4h": 14_400_000,
    "1d": 86_400_000,
}
MAX_ROWS = 500
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


def refused(code: int, message: str) -> RefusedQueryError:
    return RefusedQueryError(400, {"code": code, "msg": message})


def _symbol(market: FakeMarket, query: Query) -> str:
    return known(market, query.get("symbol", ""), refused(-1121, "Invalid symbol."))


def exchange_info(market: FakeMarket, _query: Query) -> object:
    return {
        "timezone": "CST",
        "serverTime": market.now_ms,
        "rateLimits": [],
        "exchangeFilters": [],
        "symbols": [instrument_of(one) for one in market.listed],
    }


def instrument_of(instrument: Instrument) -> dict[str, object]:
    return {
        "symbol": instrument.symbol,
        "status": "1" if instrument.status == "TRADING" else "2",
        "baseAsset": instrument.base,
        "baseAssetPrecision": decimals(instrument.step),
        "quoteAsset": instrument.quote,
        "quotePrecision": decimals(instrument.tick),
        "quoteAssetPrecision": decimals(instrument.tick),
        "baseCommissionPrecision": 2,
        "quoteCommissionPrecision": 4,
        "orderTypes": ["LIMIT", "LIMIT_MAKER"],
        "quoteOrderQtyMarketAllowed": False,
        "isSpotTradingAllowed": not instrument.barred,
        "isMarginTradingAllowed": True,
        "permissions": ["SPOT", "MARGIN"],
        "filters": [],
        "baseSizePrecision": instrument.min_amount,
        "maxQuoteAmount": "5000000",
        "makerCommission": "0.002",
        "takerCommission": "0.002",
        "quoteAmountPrecision": instrument.min_notional,
    }


def klines(market: FakeMarket, query: Query) -> object:
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    if step is None:
        raise refused(-1121, "Invalid interval.")
    limit = min(int(query.get("limit", "500")), MAX_ROWS)
    start = int(query["startTime"]) if "startTime" in query else None
    end = int(query["endTime"]) - 1 if "endTime" in query else None
    found = market.rows(
        symbol, step, start_ms=start, end_ms=end, limit=limit, latest="startTime" not in query
    )
    return [[*row[:6], row[0] + step, row[6]] for row in found]


def candle_rows(answer: list) -> list:
    """Return the rows of an answer, as the defects know them."""
    return answer


def with_rows(_answer: object, rows: list) -> object:
    return rows


def depth(market: FakeMarket, query: Query) -> object:
    bids, asks = market.book(_symbol(market, query), int(query.get("limit", "100")))
    return {"lastUpdateId": 744_267_132, "bids": bids, "asks": asks, "timestamp": market.now_ms}


def ticker_24hr(market: FakeMarket, _query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        last, (bid, ask) = market.last(symbol), market.best(symbol)
        return {
            "symbol": symbol,
            "priceChange": "184.34",
            "priceChangePercent": "0.00400048",
            "prevClosePrice": last,
            "lastPrice": last,
            "bidPrice": bid,
            "bidQty": "",
            "askPrice": ask,
            "askQty": "",
            "openPrice": last,
            "highPrice": last,
            "lowPrice": last,
            "volume": text(DAY_VOLUME),
            "quoteVolume": None,
            "openTime": market.traded_ms - 86_400_000,
            "closeTime": market.traded_ms,
            "count": None,
        }

    return [entry(one.symbol) for one in market.trading]


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/api/v3/exchangeInfo": exchange_info,
    "/api/v3/klines": klines,
    "/api/v3/depth": depth,
    "/api/v3/ticker/24hr": ticker_24hr,
}
