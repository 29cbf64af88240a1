"""The raw REST dialect of BingX's spot markets, on the same server as its swaps.

Nothing of it is recorded; the answers are those written out in ccxt's source: markets (async_support/bingx.py:980 to
1005), candles (rows, lines 1320 to 1330; days begin at 16:00 UTC unless `timeZone` is 0, lines 1241 to 1246), order
books (lines 1613 to 1630), tickers (lines 2340 to 2356).
"""

from collections.abc import Callable

from fake_exchange.bingx import INTERVALS_MS, raw, refused, symbol_of
from fake_exchange.dialect import Query, known
from fake_exchange.market import DAY_VOLUME, HOUR_MS, FakeMarket, Instrument

__all__ = ["raw"]

KINDS = {
    "instruments": "/common/symbols",
    "klines": "/market/kline",
    "depth": "/market/depth",
    "tickers": "/ticker/24hr",
}


def place(path: str, _query: Query) -> str | None:
    """Return by which name faults know a request about spot; None of one about contracts."""
    return path if path in ROUTES else None


def _answer(market: FakeMarket, data: object) -> dict[str, object]:
    return {"code": 0, "timestamp": market.now_ms, "data": data}


def _symbol(market: FakeMarket, query: Query) -> str:
    return known(market, symbol_of("", query), refused(100204, "symbol not exist"))


def symbols(market: FakeMarket, _query: Query) -> object:
    listed = [symbol_entry(one) for one in market.listed]
    return {"code": 0, "msg": "", "debugMsg": "", "data": {"symbols": listed}}


def symbol_entry(instrument: Instrument) -> dict[str, object]:
    trading = instrument.status == "TRADING"
    return {
        "symbol": f"{instrument.base}-{instrument.quote}",
        "minQty": 735,
        "maxQty": 2_941_177,
        "minNotional": float(instrument.min_notional),
        "maxNotional": 20_000,
        "status": 1 if trading else 25,
        "tickSize": float(instrument.tick),
        "stepSize": float(instrument.step),
        "apiStateSell": trading,
        "apiStateBuy": trading,
        "timeOnline": instrument.listed_ms,
        "offTime": 0,
        "maintainTime": 0,
    }


def kline(market: FakeMarket, query: Query) -> object:
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    limit = int(query.get("limit", "500"))
    if step is None or not 0 < limit <= 1_440:
        raise refused(100400, "Invalid parameters, err: interval or limit")
    shift = 0 if query.get("timeZone") == "0" else 8 * HOUR_MS
    start, end = (int(query[key]) if key in query else None for key in ("startTime", "endTime"))
    found = market.rows(symbol, step, start_ms=start, end_ms=end, limit=limit, latest=True)
    rows = [[row[0] - (shift if step > 8 * HOUR_MS else 0), *map(float, row[1:])] for row in found]
    return with_rows(
        {"code": 0, "timestamp": market.now_ms},
        [[*row[:6], row[6]] for row in rows],
        step,
    )


def candle_rows(answer: dict) -> list:
    """Return the rows of an answer, as the defects know them."""
    return [[row[0], *map(str, row[1:6]), row[7]] for row in reversed(answer["data"])]


def with_rows(answer: dict, rows: list, step: int = 86_400_000) -> dict:
    """Return the answer with other rows: the latest first, the end of the bar before the quote volume."""
    packed = [
        [*row[:6], row[0] + step - 1 if isinstance(row[0], int) else None, *row[6:]]
        if isinstance(row, list)
        else row
        for row in reversed(rows)
    ]
    return {**answer, "data": packed}


def depth(market: FakeMarket, query: Query) -> object:
    bids, asks = market.book(_symbol(market, query), int(query.get("limit", "20")))
    return _answer(
        market, {"bids": bids, "asks": asks[::-1], "ts": market.now_ms, "lastUpdateId": 13_565_639_906}
    )


def ticker_24hr(market: FakeMarket, _query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        last, (bid, ask) = market.last_close(symbol), market.best(symbol)
        return {
            "symbol": raw(symbol),
            "openPrice": last,
            "highPrice": last,
            "lowPrice": last,
            "lastPrice": last,
            "priceChange": 0.5,
            "priceChangePercent": "0.31%",
            "volume": DAY_VOLUME,
            "quoteVolume": DAY_VOLUME * last,
            "openTime": market.traded_ms - 86_400_000,
            "closeTime": market.traded_ms,
            "bidPrice": float(bid),
            "bidQty": 0.05,
            "askPrice": float(ask),
            "askQty": 0.05,
        }

    return _answer(market, [entry(one.symbol) for one in market.trading])


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/openApi/spot/v1/common/symbols": symbols,
    "/openApi/spot/v1/market/kline": kline,
    "/openApi/spot/v1/market/depth": depth,
    "/openApi/spot/v1/ticker/24hr": ticker_24hr,
}
