"""The raw REST dialect of Binance USDⓈ-M, as recorded in `shared/exchange-responses/binance`."""

from collections.abc import Callable

from fake_exchange.dialect import Query, RefusedQueryError, known
from fake_exchange.market import DAY_VOLUME, FakeMarket, Instrument, text

ID = "binanceusdm"
INTERVALS_MS = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "8h": 28_800_000,
    "12h": 43_200_000,
    "1d": 86_400_000,
}
MAX_ROWS = 1_500
KINDS = {
    "time": "/time",
    "instruments": "/exchangeInfo",
    "klines": "/klines",
    "marks": "/premiumIndex",
    "depth": "/depth",
    "intervals": "/fundingInfo",
    "interest": "/openInterest",
    "tickers": "/24hr",
    "quotes": "/bookTicker",
    "payments": "/fundingRate",
    "index": "/indexPriceKlines",
}
BUDGET = (2_400, 60)


def options(url: str) -> dict[str, object]:
    """Return the `exchange_options` that lead ccxt here."""
    return {ID: {"urls": {"api": {"fapiPublic": f"{url}/fapi/v1", "public": f"{url}/api/v3"}}}}


def raw(symbol: str) -> str:
    """Return the exchange's own name of a symbol."""
    return symbol


def symbol_of(_path: str, query: Query) -> str:
    return query.get("symbol", query.get("pair", ""))


def weight(path: str, query: Query) -> float:
    """Return what a request counts of the budget, as Binance publishes it."""
    limit = int(query.get("limit", "500"))
    if path.endswith("lines"):
        return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10
    if path.endswith("/depth"):
        return 2 if limit <= 50 else 5 if limit <= 100 else 10
    if "symbol" in query:
        return 1
    return {"premiumIndex": 10, "24hr": 40, "bookTicker": 5}.get(path.rsplit("/", 1)[-1], 1)


def refusal(limit_s: float) -> tuple[int, object]:
    return 429, {"code": -1003, "msg": f"Too many requests; window of {limit_s:g} s."}


def refused(code: int, message: str) -> RefusedQueryError:
    return RefusedQueryError(400, {"code": code, "msg": message})


def _symbol(market: FakeMarket, query: Query) -> str:
    symbol = query.get("symbol", "")
    return known(market, symbol, refused(-1121, "Invalid symbol."))


def server_time(market: FakeMarket, _query: Query) -> object:
    return {"serverTime": market.now_ms}


def exchange_info(market: FakeMarket, _query: Query) -> object:
    return {
        "exchangeFilters": [],
        "rateLimits": [
            {"interval": "MINUTE", "intervalNum": 1, "limit": 2400, "rateLimitType": "REQUEST_WEIGHT"},
            {"interval": "MINUTE", "intervalNum": 1, "limit": 1200, "rateLimitType": "ORDERS"},
        ],
        "serverTime": market.now_ms,
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": 0}],
        "symbols": [instrument_of(instrument) for instrument in market.listed],
        "timezone": "UTC",
    }


def instrument_of(instrument: Instrument) -> dict[str, object]:
    lot = {"maxQty": "10000000", "minQty": instrument.min_amount, "stepSize": instrument.step}
    return {
        "symbol": instrument.symbol,
        "pair": f"{instrument.base}{instrument.quote}",
        "contractType": instrument.contract_type,
        "deliveryDate": instrument.delivery_ms,
        "onboardDate": instrument.listed_ms,
        "status": instrument.status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.quote,
        "pricePrecision": 5,
        "quantityPrecision": 3,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["Layer-1"],
        "settlePlan": 0,
        "triggerProtect": "0.15",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "maxPrice": "1000000",
                "minPrice": instrument.tick,
                "tickSize": instrument.tick,
            },
            {"filterType": "LOT_SIZE", **lot},
            {"filterType": "MARKET_LOT_SIZE", **lot},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 100},
            {"filterType": "MIN_NOTIONAL", "notional": instrument.min_notional},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": "1.1500",
                "multiplierDown": "0.8500",
                "multiplierDecimal": 4,
            },
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
        "liquidationFee": "0.010000",
        "marketTakeBound": "0.30",
    }


def klines(market: FakeMarket, query: Query, *, index: bool = False) -> object:
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    limit = int(query.get("limit", "500"))
    if step is None:
        raise refused(-1120, "Invalid interval.")
    if not 0 < limit <= MAX_ROWS:
        raise refused(-1130, "Data sent for parameter 'limit' is not valid.")
    start, end = (int(query[key]) if key in query else None for key in ("startTime", "endTime"))
    # from the start when one is given, else the latest
    found = market.rows(
        symbol,
        step,
        start_ms=start,
        end_ms=end,
        limit=limit,
        latest="startTime" not in query,
        index=index,
    )
    return [
        [*row[:6], row[0] + step - 1, row[6], 308, text(float(row[5]) / 2), text(float(row[6]) / 2), "0"]
        for row in found
    ]


def index_klines(market: FakeMarket, query: Query) -> object:
    return klines(market, {**query, "symbol": query.get("pair", "")}, index=True)


def candle_rows(answer: list) -> list:
    """Return the rows of an answer, as the defects know them."""
    return answer


def with_rows(_answer: object, rows: list) -> object:
    return rows


def premium_index(market: FakeMarket, query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        mark = market.mark(symbol)
        return {
            "symbol": symbol,
            "markPrice": mark,
            "indexPrice": market.index(symbol),
            "estimatedSettlePrice": mark,
            "lastFundingRate": market.rate(symbol),
            "nextFundingTime": market.next_payment_ms(symbol),
            "interestRate": "0.00010000",
            "time": market.now_ms,
        }

    if "symbol" in query:
        return entry(_symbol(market, query))
    return [entry(instrument.symbol) for instrument in market.listed if instrument.status == "TRADING"]


def funding_info(market: FakeMarket, _query: Query) -> object:
    return [
        {
            "symbol": symbol,
            "adjustedFundingRateCap": "0.02500000",
            "adjustedFundingRateFloor": "-0.02500000",
            "fundingIntervalHours": hours,
            "disclaimer": False,
        }
        for symbol, hours in market.adjusted_hours.items()
    ]


def funding_rate(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    limit = min(int(query.get("limit", "100")), 1_000)
    start, end = (int(query[key]) if key in query else None for key in ("startTime", "endTime"))
    found = market.paid(symbol, start_ms=start, end_ms=end, limit=limit, latest="startTime" not in query)
    return [
        {"symbol": symbol, "fundingTime": time, "fundingRate": rate, "markPrice": market.mark(symbol)}
        for time, rate in found
    ]


def depth(market: FakeMarket, query: Query) -> object:
    bids, asks = market.book(_symbol(market, query), int(query.get("limit", "500")))
    return {"lastUpdateId": 1_027_024, "E": market.now_ms, "T": market.now_ms, "bids": bids, "asks": asks}


def ticker_24hr(market: FakeMarket, query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        price = text(market.last_close(symbol))
        return {
            "symbol": symbol,
            "priceChange": "0.0",
            "priceChangePercent": "0.000",
            "weightedAvgPrice": price,
            "lastPrice": price,
            "lastQty": "1.0",
            "openPrice": price,
            "highPrice": price,
            "lowPrice": price,
            "volume": text(DAY_VOLUME),
            "quoteVolume": text(DAY_VOLUME * market.last_close(symbol)),
            "openTime": market.now_ms - 86_400_000,
            "closeTime": market.now_ms,
            "firstId": 28_385,
            "lastId": 28_460,
            "count": 76,
        }

    if "symbol" in query:
        return entry(_symbol(market, query))
    return [entry(instrument.symbol) for instrument in market.listed]


def book_ticker(market: FakeMarket, query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        bid, ask = market.best(symbol)
        return {
            "lastUpdateId": 1_027_024,
            "symbol": symbol,
            "bidPrice": bid,
            "bidQty": "10.0",
            "askPrice": ask,
            "askQty": "10.0",
            "time": market.now_ms,
        }

    if "symbol" in query:
        return entry(_symbol(market, query))
    return [entry(instrument.symbol) for instrument in market.listed]


def open_interest(market: FakeMarket, query: Query) -> object:
    return {"openInterest": "10659.509", "symbol": _symbol(market, query), "time": market.now_ms}


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/fapi/v1/time": server_time,
    "/fapi/v1/exchangeInfo": exchange_info,
    "/fapi/v1/klines": klines,
    "/fapi/v1/indexPriceKlines": index_klines,
    "/fapi/v1/premiumIndex": premium_index,
    "/fapi/v1/fundingInfo": funding_info,
    "/fapi/v1/fundingRate": funding_rate,
    "/fapi/v1/depth": depth,
    "/fapi/v1/ticker/24hr": ticker_24hr,
    "/fapi/v1/ticker/bookTicker": book_ticker,
    "/fapi/v1/openInterest": open_interest,
}
