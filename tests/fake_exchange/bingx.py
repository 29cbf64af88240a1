"""The raw REST dialect of BingX swaps, as recorded in `shared/exchange-responses/bingx`.

No server time is recorded: ccxt's `fetch_time` reads `data.serverTime` (async_support/bingx.py:853). The list of
all premiums is not recorded, one is: ccxt's `fetch_funding_rates` reads a list of them (bingx.py:1767).
"""

from collections.abc import Callable

from fake_exchange.dialect import Query, RefusedQueryError, decimals, known
from fake_exchange.market import DAY_VOLUME, FakeMarket, Instrument, text

ID = "bingx"
INTERVALS_MS = {
    **{f"{minutes}m": minutes * 60_000 for minutes in (1, 3, 5, 15, 30)},
    **{f"{hours}h": hours * 3_600_000 for hours in (1, 2, 4, 6, 12)},
    "1d": 86_400_000,
}
KINDS = {
    "time": "/server/time",
    "instruments": "/contracts",
    "klines": "/klines",
    "marks": "/premiumIndex",
    "depth": "/depth",
    "history": "/fundingRate",
    "interest": "/openInterest",
    "tickers": "/ticker",
    "payments": "/fundingRate",
}
BUDGET = (500, 10)
COLUMNS = ("time", "open", "high", "low", "close", "volume")


def options(url: str) -> dict[str, object]:
    return {ID: {"urls": {"api": {"swap": f"{url}/openApi", "spot": f"{url}/openApi"}}}}


def raw(symbol: str) -> str:
    return f"{symbol.removesuffix('USDT')}-USDT"


def symbol_of(_path: str, query: Query) -> str:
    return query.get("symbol", "").replace("-", "")


def weight(_path: str, _query: Query) -> float:
    return 1


def refusal(window_s: float) -> tuple[int, object]:
    return 429, {"code": 100410, "msg": f"rate limited, window of {window_s:g} s"}


def refused(code: int, message: str) -> RefusedQueryError:
    return RefusedQueryError(200, {"code": code, "msg": message, "data": {}})


def _answer(data: object) -> dict[str, object]:
    return {"code": 0, "msg": "", "data": data}


def _symbol(market: FakeMarket, query: Query) -> str:
    written = query.get("symbol", "")
    return known(
        market, symbol_of("", query), refused(109425, f"{written} not exist, please verify it in api")
    )


def server_time(market: FakeMarket, _query: Query) -> object:
    return _answer({"serverTime": market.now_ms})


def contracts(market: FakeMarket, _query: Query) -> object:
    return _answer([contract_of(n, one) for n, one in enumerate(market.listed)])


def contract_of(number: int, instrument: Instrument) -> dict[str, object]:
    open_to_all = "true" if instrument.status == "TRADING" else "false"
    return {
        "contractId": str(100 + number),
        "symbol": f"{instrument.base}-{instrument.quote}",
        "size": "0",
        "quantityPrecision": decimals(instrument.step),
        "pricePrecision": decimals(instrument.tick),
        "feeRate": 0.0005,
        "makerFeeRate": 0.0002,
        "takerFeeRate": 0.0005,
        "tradeMinLimit": 0,
        "tradeMinQuantity": float(instrument.min_amount),
        "tradeMinUSDT": int(instrument.min_notional),
        "maxLongLeverage": 125,
        "maxShortLeverage": 125,
        "currency": instrument.quote,
        "asset": instrument.base,
        "status": 1,
        "apiStateOpen": open_to_all,
        "apiStateClose": open_to_all,
    }


def klines(market: FakeMarket, query: Query) -> object:
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    limit = int(query.get("limit", "500"))
    if step is None or not 0 < limit <= 1_440:
        raise refused(109400, "Invalid parameters, err: interval or limit")
    start, end = (int(query[key]) if key in query else None for key in ("startTime", "endTime"))
    found = market.rows(symbol, step, start_ms=start, end_ms=end, limit=limit, latest=True)
    return with_rows({"code": 0, "msg": ""}, found)


def candle_rows(answer: dict) -> list:
    """Return the rows of an answer, as the defects know them."""
    return [[row[name] for name in COLUMNS] for row in reversed(answer["data"])]


def with_rows(answer: dict, rows: list) -> dict:
    """Return the answer with other rows: the latest first, and by name."""
    packed = [
        dict(zip(COLUMNS, row, strict=False)) if isinstance(row, list) else row for row in reversed(rows)
    ]
    return {**answer, "data": packed}


def premium_index(market: FakeMarket, query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        mark = market.mark(symbol)
        return {
            "symbol": raw(symbol),
            "markPrice": mark,
            "indexPrice": market.index(symbol),
            "lastFundingRate": market.rate(symbol),
            "nextFundingTime": market.next_payment_ms(symbol),
        }

    if "symbol" in query:
        return _answer(entry(_symbol(market, query)))
    return _answer([entry(one.symbol) for one in market.trading])


def depth(market: FakeMarket, query: Query) -> object:
    bids, asks = market.book(_symbol(market, query), int(query.get("limit", "20")))
    coins = market.book_coins or (bids, asks)
    return _answer(
        {
            "T": market.now_ms,
            "bids": bids,
            "asks": asks[::-1],
            "bidsCoin": coins[0],
            "asksCoin": coins[1][::-1],
        }
    )


def funding_rate(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    limit = min(int(query.get("limit", "100")), 1_000)
    start, end = (int(query[key]) if key in query else None for key in ("startTime", "endTime"))
    found = market.paid(symbol, start_ms=start, end_ms=end, limit=limit, latest=True)
    return _answer(
        [{"symbol": raw(symbol), "fundingRate": rate, "fundingTime": time} for time, rate in reversed(found)]
    )


def open_interest(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    return _answer({"openInterest": market.interest, "symbol": raw(symbol), "time": market.now_ms})


def ticker(market: FakeMarket, query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        last, (bid, ask) = market.last(symbol), market.best(symbol)
        return {
            "symbol": raw(symbol),
            "priceChange": "0.0295",
            "priceChangePercent": "4.15",
            "lastPrice": last,
            "lastQty": "10",
            "highPrice": last,
            "lowPrice": last,
            "volume": text(DAY_VOLUME),
            "quoteVolume": text(DAY_VOLUME * market.last_close(symbol)),
            "openPrice": last,
            "openTime": market.now_ms - 86_400_000,
            "closeTime": market.now_ms,
            "askPrice": ask,
            "askQty": "99",
            "bidPrice": bid,
            "bidQty": "84",
        }

    if "symbol" in query:
        return _answer(entry(_symbol(market, query)))
    return _answer([entry(one.symbol) for one in market.trading])


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/openApi/swap/v2/server/time": server_time,
    "/openApi/swap/v2/quote/contracts": contracts,
    "/openApi/swap/v3/quote/klines": klines,
    "/openApi/swap/v2/quote/premiumIndex": premium_index,
    "/openApi/swap/v2/quote/depth": depth,
    "/openApi/swap/v2/quote/fundingRate": funding_rate,
    "/openApi/swap/v2/quote/openInterest": open_interest,
    "/openApi/swap/v2/quote/ticker": ticker,
}
