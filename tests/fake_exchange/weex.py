"""The raw REST dialect of WEEX contracts, as recorded in `shared/exchange-responses/weex`.

No server time is recorded: ccxt's `fetch_time` reads `serverTime` (async_support/weex.py:768).
"""

from collections.abc import Callable

from fake_exchange.dialect import Query, RefusedQueryError, decimals, known
from fake_exchange.market import DAY_VOLUME, FakeMarket, Instrument, text

ID = "weex"
INTERVALS_MS = {
    **{f"{minutes}m": minutes * 60_000 for minutes in (1, 5, 15, 30)},
    **{f"{hours}h": hours * 3_600_000 for hours in (1, 4, 12)},
    "1d": 86_400_000,
}
KINDS = {
    "time": "/time",
    "instruments": "/exchangeInfo",
    "klines": "lines",  # of now and of before
    "marks": "/premiumIndex",
    "depth": "/depth",
    "history": "/fundingRate",
    "interest": "/openInterest",
    "tickers": "/24hr",
    "quotes": "/bookTicker",
    "payments": "/fundingRate",
    "index": "/indexPriceKlines",
}
BUDGET = (1_000, 10)
HISTORY_ROWS = 100
WEIGHTS = {"historyKlines": 5, "openInterest": 2, "24hr": 40, "fundingRate": 5}


def options(url: str) -> dict[str, object]:
    return {ID: {"urls": {"api": {"contract": url, "public": url}}}}


def raw(symbol: str) -> str:
    return symbol


def symbol_of(_path: str, query: Query) -> str:
    return query.get("symbol", "")


def weight(path: str, _query: Query) -> float:
    return WEIGHTS.get(path.rsplit("/", 1)[-1], 1)


def refusal(window_s: float) -> tuple[int, object]:
    return 429, {"code": 429, "msg": f"Too many requests in {window_s:g} s"}


def refused(code: int, message: str) -> RefusedQueryError:
    return RefusedQueryError(400, {"code": code, "msg": message})


def _symbol(market: FakeMarket, query: Query) -> str:
    return known(market, query.get("symbol", ""), refused(-1121, "Invalid symbol."))


def server_time(market: FakeMarket, _query: Query) -> object:
    return {"serverTime": market.now_ms}


def exchange_info(market: FakeMarket, _query: Query) -> object:
    return {
        "assets": [{"asset": "USDT", "marginAvailable": True}],
        "symbols": [contract_of(one) for one in market.listed],
    }


def contract_of(instrument: Instrument) -> dict[str, object]:
    return {
        "symbol": instrument.symbol,
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.quote,
        "pricePrecision": decimals(instrument.tick),
        "quantityPrecision": decimals(instrument.step),
        "baseAssetPrecision": 3,
        "quotePrecision": 8,
        "contractVal": float(instrument.step),  # as in every recorded contract
        "delivery": ["00:00:00", "08:00:00", "16:00:00"],
        "forwardContractFlag": True,
        "minLeverage": 1,
        "maxLeverage": 408,
        "buyLimitPriceRatio": 0.016,
        "sellLimitPriceRatio": 0.015,
        "makerFeeRate": 0,
        "takerFeeRate": 0.001,
        "minOrderSize": float(instrument.min_amount),
        "maxOrderSize": 10_000,
        "maxPositionSize": 20_000_000,
        "marketOpenLimitSize": 12_000,
    }


def _rows(market: FakeMarket, query: Query, **how: object) -> object:
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    if step is None:
        raise refused(-1142, "Parameter 'interval' is invalid.")
    return [
        [*row[:6], row[0] + step, row[6], 982, text(float(row[5]) / 2), text(float(row[6]) / 2)]
        for row in market.rows(symbol, step, latest=True, **how)
    ]


def klines(market: FakeMarket, query: Query) -> object:
    """Answer with the latest bars; a start is not listened to."""
    limit = int(query.get("limit", "100"))
    if not 0 < limit <= 1_000:
        raise refused(-1140, "Parameter validation failed. limit must be between 1 and 1000.")
    return _rows(market, query, limit=limit)


def history_klines(market: FakeMarket, query: Query) -> object:
    """Answer with at most 100 bars between two times, the latest of them."""
    start, end = (int(query[key]) if key in query else None for key in ("startTime", "endTime"))
    index = query.get("priceType") == "INDEX"
    return _rows(market, query, start_ms=start, end_ms=end, limit=HISTORY_ROWS, index=index)


def index_klines(market: FakeMarket, query: Query) -> object:
    """Answer with the latest bars of the index price."""
    return _rows(market, query, limit=min(int(query.get("limit", "100")), 1_000), index=True)


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
            "lastFundingRate": market.rate(symbol),
            "forecastFundingRate": "0.00025",
            "interestRate": "0.0001",
            "nextFundingTime": market.next_payment_ms(symbol),
            "time": market.now_ms,
            "collectCycle": market.hours(symbol) * 60,
        }

    symbols = [_symbol(market, query)] if "symbol" in query else [one.symbol for one in market.listed]
    return [entry(symbol) for symbol in symbols]


def depth(market: FakeMarket, query: Query) -> object:
    limit = int(query.get("limit", "15"))
    if limit not in {15, 200}:
        raise refused(-1140, "Parameter validation failed.")
    bids, asks = market.book(_symbol(market, query), limit)
    return {"bids": bids, "asks": asks, "lastUpdateId": 1_234_567_890_123}


def funding_rate(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    limit = min(int(query.get("limit", "100")), 1_000)
    start, end = (int(query[key]) - 456 if key in query else None for key in ("startTime", "endTime"))
    found = market.paid(symbol, start_ms=start, end_ms=end, limit=limit, latest=True)
    return [
        {
            "symbol": symbol,
            "fundingRate": rate,
            "fundingTime": time + 456,
            "markPrice": market.mark(symbol),
        }
        for time, rate in reversed(found)
    ]


def ticker_24hr(market: FakeMarket, query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        last = market.last(symbol)
        return {
            "symbol": symbol,
            "priceChange": "150.5",
            "priceChangePercent": "0.22",
            "lastPrice": last,
            "openPrice": last,
            "highPrice": last,
            "lowPrice": last,
            "volume": text(DAY_VOLUME),
            "quoteVolume": text(DAY_VOLUME * market.last_close(symbol)),
            "markPrice": market.mark(symbol),
            "indexPrice": market.index(symbol),
            "openTime": market.now_ms - 86_400_000,
            "closeTime": market.now_ms,
        }

    symbols = [_symbol(market, query)] if "symbol" in query else [one.symbol for one in market.listed]
    return [entry(symbol) for symbol in symbols]


def book_ticker(market: FakeMarket, query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        bid, ask = market.best(symbol)
        sizes = {"bidQty": "12.5", "askQty": "8.3", "time": market.now_ms}
        return {"symbol": symbol, "bidPrice": bid, "askPrice": ask, **sizes}

    symbols = [_symbol(market, query)] if "symbol" in query else [one.symbol for one in market.listed]
    return [entry(symbol) for symbol in symbols]


def open_interest(market: FakeMarket, query: Query) -> object:
    return {"symbol": _symbol(market, query), "openInterest": market.interest, "time": market.now_ms}


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/capi/v3/market/time": server_time,
    "/capi/v3/market/exchangeInfo": exchange_info,
    "/capi/v3/market/klines": klines,
    "/capi/v3/market/historyKlines": history_klines,
    "/capi/v3/market/indexPriceKlines": index_klines,
    "/capi/v3/market/ticker/24hr": ticker_24hr,
    "/capi/v3/market/ticker/bookTicker": book_ticker,
    "/capi/v3/market/premiumIndex": premium_index,
    "/capi/v3/market/depth": depth,
    "/capi/v3/market/fundingRate": funding_rate,
    "/capi/v3/market/openInterest": open_interest,
}
