"""The raw REST dialect of Bybit v5 for spot: the paths of contracts with another category.

Markets and tickers are recorded (`GetSpotSymbols`, `GetSpotTickers`). Candles and order books are those of
contracts, by ccxt's one parser for both (async_support/bybit.py:2717 to 2737, 3400 ff.).
"""

from collections.abc import Callable

from fake_exchange.bybit import INTERVALS_MS, STATES, candle_rows, raw, refused, with_rows
from fake_exchange.dialect import Query, known
from fake_exchange.market import DAY_VOLUME, FakeMarket, Instrument, text

__all__ = ["candle_rows", "raw", "with_rows"]

KINDS = {
    "instruments": "/instruments-info#spot",
    "klines": "/kline#spot",
    "depth": "/orderbook#spot",
    "tickers": "/tickers#spot",
}


def place(path: str, query: Query) -> str | None:
    """Return by which name faults know a request about spot; None of one about contracts."""
    return f"{path}#spot" if query.get("category") == "spot" and path in ROUTES else None


def _answer(market: FakeMarket, result: object) -> dict[str, object]:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": market.now_ms}


def _symbol(market: FakeMarket, query: Query) -> str:
    return known(market, query.get("symbol", ""), refused(10001, "Not supported symbols"))


def instruments(market: FakeMarket, _query: Query) -> object:
    return _answer(market, {"category": "spot", "list": [instrument_of(one) for one in market.listed]})


def instrument_of(instrument: Instrument) -> dict[str, object]:
    return {
        "symbol": instrument.symbol,
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "status": STATES.get(instrument.status, instrument.status),
        "marginTrading": "utaOnly",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": instrument.step,
            "quotePrecision": "0.00000001",
            "minOrderQty": instrument.min_amount,
            "maxOrderQty": "71.73956243",
            "minOrderAmt": instrument.min_notional,
            "maxOrderAmt": "2000000",
        },
        "priceFilter": {"tickSize": instrument.tick},
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }


def kline(market: FakeMarket, query: Query) -> object:
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    limit = int(query.get("limit", "200"))
    if step is None or not 0 < limit <= 1_000:
        raise refused(10001, "params error: interval or limit")
    start, end = (int(query[key]) if key in query else None for key in ("start", "end"))
    found = market.rows(symbol, step, start_ms=start, end_ms=end, limit=limit, latest=True)
    return _answer(market, with_rows({"result": {"symbol": symbol, "category": "spot"}}, found)["result"])


def tickers(market: FakeMarket, _query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        last, (bid, ask) = market.last(symbol), market.best(symbol)
        return {
            "symbol": symbol,
            "bid1Price": bid,
            "bid1Size": "2",
            "ask1Price": ask,
            "ask1Size": "1.862172",
            "lastPrice": last,
            "prevPrice24h": last,
            "price24hPcnt": "0.0068",
            "highPrice24h": last,
            "lowPrice24h": last,
            "turnover24h": text(DAY_VOLUME * market.last_close(symbol)),
            "volume24h": text(DAY_VOLUME),
            "usdIndexPrice": last,
        }

    return _answer(market, {"category": "spot", "list": [entry(one.symbol) for one in market.trading]})


def orderbook(market: FakeMarket, query: Query) -> object:
    symbol, limit = _symbol(market, query), int(query.get("limit", "1"))
    if not 0 < limit <= 200:
        raise refused(10001, "params error: limit")
    bids, asks = market.book(symbol, limit)
    return _answer(
        market,
        {"s": symbol, "b": bids, "a": asks, "ts": market.now_ms, "u": 243_781, "seq": 3_887_177_875},
    )


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/v5/market/instruments-info": instruments,
    "/v5/market/kline": kline,
    "/v5/market/tickers": tickers,
    "/v5/market/orderbook": orderbook,
}
