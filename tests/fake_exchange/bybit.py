"""The raw REST dialect of Bybit v5, as recorded in `shared/exchange-responses/bybit`.

No server time is recorded: ccxt's `fetch_time` reads `time` of the envelope (async_support/bybit.py:1791).
"""

from collections.abc import Callable

from fake_exchange.dialect import Query, RefusedQueryError, known
from fake_exchange.market import DAY_VOLUME, PERPETUAL_ENDS_MS, FakeMarket, Instrument, text

ID = "bybit"
INTERVALS_MS = {
    **{str(minutes): minutes * 60_000 for minutes in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": 86_400_000,
}
KINDS = {
    "time": "/time",
    "instruments": "/instruments-info",
    "klines": "/kline",
    "marks": "/tickers",
    "depth": "/orderbook",
    "interest": "/open-interest",
    "payments": "/funding/history",
    "index": "/index-price-kline",
    "tiers": "/risk-limit",
}
BUDGET = (600, 5)
STATES = {"TRADING": "Trading", "SETTLING": "Settling"}


def options(url: str) -> dict[str, object]:
    return {ID: {"urls": {"api": {"public": url}}}}


def raw(symbol: str) -> str:
    return symbol


def symbol_of(_path: str, query: Query) -> str:
    return query.get("symbol", "")


def weight(_path: str, _query: Query) -> float:
    return 1


def refusal(_window_s: float) -> tuple[int, object]:
    return 403, "access too frequent"


def refused(code: int, message: str) -> RefusedQueryError:
    body = {"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": 1}
    return RefusedQueryError(200, body)


def _answer(market: FakeMarket, result: object) -> dict[str, object]:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": market.now_ms}


def _symbol(market: FakeMarket, query: Query) -> str:
    if query.get("category") != "linear":
        raise refused(10001, "params error: Category is invalid")
    return known(market, query.get("symbol", ""), refused(10001, "params error: symbol invalid"))


def server_time(market: FakeMarket, _query: Query) -> object:
    second = {"timeSecond": str(market.now_ms // 1000), "timeNano": f"{market.now_ms}000000"}
    return _answer(market, second)


def instruments(market: FakeMarket, query: Query) -> object:
    before_launch = query.get("status") == "PreLaunch"
    listed = [] if before_launch else [instrument_of(market, one) for one in market.listed]
    return _answer(market, {"category": query["category"], "list": listed, "nextPageCursor": ""})


def instrument_of(market: FakeMarket, instrument: Instrument) -> dict[str, object]:
    dated = instrument.delivery_ms != PERPETUAL_ENDS_MS
    return {
        "symbol": instrument.symbol,
        "contractType": "LinearFutures" if dated else "LinearPerpetual",
        "status": STATES.get(instrument.status, instrument.status),
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "launchTime": str(instrument.listed_ms),
        "deliveryTime": str(instrument.delivery_ms) if dated else "0",
        "deliveryFeeRate": "",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": instrument.tick, "maxPrice": "199999.80", "tickSize": instrument.tick},
        "lotSizeFilter": {
            "maxOrderQty": "100.000",
            "maxMktOrderQty": "100.000",
            "minOrderQty": instrument.min_amount,
            "qtyStep": instrument.step,
            "postOnlyMaxOrderQty": "1000.000",
            "minNotionalValue": instrument.min_notional,
        },
        "unifiedMarginTrade": True,
        "fundingInterval": market.hours(instrument.symbol) * 60,
        "settleCoin": instrument.quote,
        "copyTrading": "both",
        "upperFundingRate": "0.00375",
        "lowerFundingRate": "-0.00375",
    }


def kline(market: FakeMarket, query: Query, *, index: bool = False) -> object:
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    limit = int(query.get("limit", "200"))
    if step is None or not 0 < limit <= 1_000:
        raise refused(10001, "params error: interval or limit")
    start, end = (int(query[key]) if key in query else None for key in ("start", "end"))
    # the latest of what is asked for, the latest first
    found = market.rows(symbol, step, start_ms=start, end_ms=end, limit=limit, latest=True, index=index)
    found = [row[:5] for row in found] if index else found
    return _answer(market, with_rows({"result": {"symbol": symbol, "category": "linear"}}, found)["result"])


def index_kline(market: FakeMarket, query: Query) -> object:
    return kline(market, query, index=True)


def candle_rows(answer: dict) -> list:
    """Return the rows of an answer, as the defects know them."""
    return [[int(row[0]), *row[1:]] for row in reversed(answer["result"]["list"])]


def with_rows(answer: dict, rows: list) -> dict:
    """Return the answer with other rows: the latest first, and a time in text."""
    packed = [
        [str(row[0]) if isinstance(row[0], int) else row[0], *row[1:]] if isinstance(row, list) else row
        for row in reversed(rows)
    ]
    return {**answer, "result": {**answer["result"], "list": packed}}


def tickers(market: FakeMarket, query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        mark, last = market.mark(symbol), market.last(symbol)
        bid, ask = market.best(symbol)
        return {
            "symbol": symbol,
            "lastPrice": last,
            "indexPrice": market.index(symbol),
            "markPrice": mark,
            "prevPrice24h": last,
            "price24hPcnt": "0.008047",
            "highPrice24h": last,
            "lowPrice24h": last,
            "prevPrice1h": last,
            "openInterest": "373504107",
            "openInterestValue": "22505.67",
            "turnover24h": text(DAY_VOLUME * market.last_close(symbol)),
            "volume24h": text(DAY_VOLUME),
            "fundingRate": market.rate(symbol),
            "nextFundingTime": str(market.next_payment_ms(symbol)),
            "predictedDeliveryPrice": "",
            "basisRate": "",
            "deliveryFeeRate": "",
            "deliveryTime": "0",
            "ask1Size": "1",
            "bid1Price": bid,
            "ask1Price": ask,
            "bid1Size": "1",
            "basis": "",
        }

    symbols = [_symbol(market, query)] if "symbol" in query else [one.symbol for one in market.trading]
    return _answer(market, {"category": query["category"], "list": [entry(symbol) for symbol in symbols]})


def orderbook(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    bids, asks = market.book(symbol, int(query.get("limit", "25")))
    return _answer(
        market,
        {"s": symbol, "b": bids, "a": asks, "ts": market.now_ms, "u": 243_781, "seq": 3_887_177_875},
    )


def funding_history(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    limit = int(query.get("limit", "200"))
    if not 0 < limit <= 200 or ("startTime" in query and "endTime" not in query):
        raise refused(10001, "params error: limit, or a start without an end")
    start, end = (int(query[key]) if key in query else None for key in ("startTime", "endTime"))
    # the latest of what is asked for, the latest first
    found = market.paid(symbol, start_ms=start, end_ms=end, limit=limit, latest=True)
    listed = [
        {"symbol": symbol, "fundingRate": rate, "fundingRateTimestamp": str(time)}
        for time, rate in reversed(found)
    ]
    return _answer(market, {"category": "linear", "list": listed})


def risk_limit(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    listed = [
        {
            "id": number,
            "symbol": symbol,
            "riskLimitValue": str(2_000_000 * number),
            "maintenanceMargin": str(market.margin_unit * 0.005 * number),
            "initialMargin": str(market.margin_unit * 0.01 * number),
            "isLowestRisk": int(number == 1),
            "maxLeverage": f"{100 / number:.2f}",
        }
        for number in (1, 2, 3, 4)
    ]
    return _answer(market, {"category": "linear", "list": listed})


def open_interest(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    hour = market.now_ms // 3_600_000 * 3_600_000
    listed = [
        {"openInterest": interest, "timestamp": str(time)}
        for interest, time in ((market.interest, hour), ("1.00000000", hour - 3_600_000))
    ]
    return _answer(market, {"symbol": symbol, "category": "linear", "list": listed, "nextPageCursor": ""})


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/v5/market/time": server_time,
    "/v5/market/instruments-info": instruments,
    "/v5/market/kline": kline,
    "/v5/market/index-price-kline": index_kline,
    "/v5/market/risk-limit": risk_limit,
    "/v5/market/tickers": tickers,
    "/v5/market/orderbook": orderbook,
    "/v5/market/funding/history": funding_history,
    "/v5/market/open-interest": open_interest,
}
