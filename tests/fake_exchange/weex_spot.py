"""The raw REST dialect of WEEX's spot markets, on the same server as its contracts.

Nothing of it is recorded; the answers are those written out in ccxt's source: markets (async_support/weex.py:980 to
1003), tickers (lines 1157 to 1175), order books (lines 1466 to 1482), candles (rows as of contracts, line 1617; no
start is sent, lines 1532 to 1537, and none is listened to here).
"""

from collections.abc import Callable

from fake_exchange.dialect import Query, known
from fake_exchange.market import DAY_VOLUME, FakeMarket, Instrument, text
from fake_exchange.weex import INTERVALS_MS as CONTRACT_INTERVALS_MS
from fake_exchange.weex import refused

INTERVALS_MS = {**CONTRACT_INTERVALS_MS, "2h": 7_200_000, "6h": 21_600_000, "8h": 28_800_000}
MAX_ROWS = 300
KINDS = {
    "instruments": "/api/v3/exchangeInfo",
    "klines": "/api/v3/market/klines",
    "depth": "/api/v3/market/depth",
    "tickers": "/api/v3/market/ticker/24hr",
}


def place(path: str, _query: Query) -> str | None:
    """Return by which name faults know a request about spot; None of one about contracts."""
    return path if path in ROUTES else None


def raw(symbol: str) -> str:
    return symbol


def _symbol(market: FakeMarket, query: Query) -> str:
    return known(market, query.get("symbol", ""), refused(-1121, "Invalid symbol."))


def exchange_info(market: FakeMarket, _query: Query) -> object:
    return {"symbols": [instrument_of(one) for one in market.listed]}


def instrument_of(instrument: Instrument) -> dict[str, object]:
    return {
        "symbol": instrument.symbol,
        "status": instrument.status,
        "baseAsset": instrument.base,
        "baseAssetPrecision": "8",
        "quoteAsset": instrument.quote,
        "quoteAssetPrecision": "8",
        "tickSize": instrument.tick,
        "stepSize": instrument.step,
        "minTradeAmount": instrument.min_amount,
        "maxTradeAmount": "99999",
        "takerFeeRate": "0.001",
        "makerFeeRate": "0.001",
        "buyLimitPriceRatio": "0.1",
        "sellLimitPriceRatio": "0.1",
        "marketBuyLimitSize": "99999",
        "marketSellLimitSize": "99999",
        "marketFallbackPriceRatio": "0",
        "enableTrade": instrument.status == "TRADING",
        "enableDisplay": True,
        "displayDigitMerge": "0.01,0.1,0.5,1,5",
        "displayNew": False,
        "displayHot": False,
    }


def klines(market: FakeMarket, query: Query) -> object:
    """Answer with the latest bars, 100 unless more are asked for."""
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    if step is None:
        raise refused(-1142, "Parameter 'interval' is invalid.")
    limit = min(int(query.get("limit", "100")), MAX_ROWS)
    return [
        [*row[:6], row[0] + step - 1, row[6], 124, text(float(row[5]) / 2), text(float(row[6]) / 2)]
        for row in market.rows(symbol, step, limit=limit, latest=True)
    ]


def candle_rows(answer: list) -> list:
    """Return the rows of an answer, as the defects know them."""
    return answer


def with_rows(_answer: object, rows: list) -> object:
    return rows


def depth(market: FakeMarket, query: Query) -> object:
    bids, asks = market.book(_symbol(market, query), int(query.get("limit", "15")))
    return {"asks": asks, "bids": bids, "lastUpdateId": 14_138_610_208}


def ticker_24hr(market: FakeMarket, _query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        last, (bid, ask) = market.last(symbol), market.best(symbol)
        return {
            "symbol": symbol,
            "priceChange": "-72.98",
            "priceChangePercent": "-0.033811",
            "lastPrice": last,
            "bidPrice": bid,
            "bidQty": "1.53848",
            "askPrice": ask,
            "askQty": "1.87504",
            "openPrice": last,
            "highPrice": last,
            "lowPrice": last,
            "volume": text(DAY_VOLUME),
            "quoteVolume": text(DAY_VOLUME * market.last_close(symbol)),
            "openTime": market.traded_ms - 86_400_000,
            "closeTime": market.traded_ms,
            "count": 59_727,
        }

    return [entry(one.symbol) for one in market.listed]


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/api/v3/exchangeInfo": exchange_info,
    "/api/v3/market/klines": klines,
    "/api/v3/market/depth": depth,
    "/api/v3/market/ticker/24hr": ticker_24hr,
}
