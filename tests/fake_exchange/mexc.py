"""The raw REST dialect of MEXC futures, as recorded in `shared/exchange-responses/mexc`.

Not recorded, and taken from ccxt's parsers (async_support/mexc.py): server time (`data` of `ping`, line 1128),
candles (columns in seconds, lines 1909 to 1926) and order books (levels of price, contracts and orders, lines
1552 to 1571). Volumes and amounts count contracts.
"""

from collections.abc import Callable

from fake_exchange.dialect import Query, RefusedQueryError, known
from fake_exchange.market import DAY_VOLUME, FakeMarket, Instrument

ID = "mexc"
INTERVALS_MS = {
    **{f"Min{minutes}": minutes * 60_000 for minutes in (1, 5, 15, 30, 60)},
    **{f"Hour{hours}": hours * 3_600_000 for hours in (4, 8)},
    "Day1": 86_400_000,
}
KINDS = {
    "time": "/ping",
    "instruments": "/detail",
    "klines": "/kline/*",
    "marks": "/ticker",
    "depth": "/depth/*",
    "rate": "/funding_rate/*",
    "payments": "/funding_rate/history",
    "index": "/kline/index_price/*",
}
BUDGET = (20, 2)
MAX_ROWS = 2_000
COLUMNS = ("time", "open", "high", "low", "close", "vol", "amount")


def options(url: str) -> dict[str, object]:
    hosts = {"contract": {"public": f"{url}/api/v1/contract"}, "spot": {"public": url}}
    return {ID: {"urls": {"api": hosts}}}


def raw(symbol: str) -> str:
    return f"{symbol.removesuffix('USDT')}_USDT"


def symbol_of(path: str, query: Query) -> str:
    last = path.rsplit("/", 1)[-1]
    return (last if last.endswith("_USDT") else query.get("symbol", "")).replace("_", "")


def weight(_path: str, _query: Query) -> float:
    return 1


def refusal(_window_s: float) -> tuple[int, object]:
    return 200, {"success": False, "code": 510, "message": "Requests are too frequent, try again later"}


def refused(code: int, message: str) -> RefusedQueryError:
    return RefusedQueryError(200, {"success": False, "code": code, "message": message})


def _answer(data: object) -> dict[str, object]:
    return {"success": True, "code": 0, "data": data}


def _symbol(market: FakeMarket, query: Query) -> str:
    return known(market, symbol_of("", query), refused(1001, "Contract does not exist"))


def _number(text: object) -> object:
    """Return the JSON number a text stands for; other text as it is."""
    if isinstance(text, bool):
        return text
    try:
        number = float(text)
    except (TypeError, ValueError):
        return text
    return number if abs(number) < float("inf") else text


def ping(market: FakeMarket, _query: Query) -> object:
    return _answer(market.now_ms)


def detail(market: FakeMarket, _query: Query) -> object:
    return _answer([contract_of(one) for one in market.listed])


def contract_of(instrument: Instrument) -> dict[str, object]:
    name = f"{instrument.base}_{instrument.quote}"
    return {
        "symbol": name,
        "displayName": name,
        "displayNameEn": name,
        "positionOpenType": 1,
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "settleCoin": instrument.quote,
        "contractSize": float(instrument.contract_size),
        "minLeverage": 1,
        "maxLeverage": 125,
        "priceScale": 2,
        "volScale": 0,
        "amountScale": 4,
        "priceUnit": float(instrument.tick),
        "volUnit": 1,
        "minVol": 1,
        "maxVol": 1_000_000,
        "bidLimitPriceRate": 0.1,
        "askLimitPriceRate": 0.1,
        "takerFeeRate": 0.0006,
        "makerFeeRate": 0.0002,
        "maintenanceMarginRate": 0.004,
        "initialMarginRate": 0.008,
        "riskBaseVol": 10_000,
        "riskIncrVol": 10_000,
        "riskIncrMmr": 0.004,
        "riskIncrImr": 0.004,
        "riskLevelLimit": 100,
        "priceCoefficientVariation": 0.1,
        "indexOrigin": ["Binance", "Huobi"],
        "state": 0 if instrument.status == "TRADING" else 3,
        "isNew": False,
        "isHot": True,
        "isHidden": False,
        "apiAllowed": True,
    }


def kline(market: FakeMarket, query: Query, *, index: bool = False) -> object:
    symbol, step = _symbol(market, query), INTERVALS_MS.get(query.get("interval", ""))
    if step is None:
        raise refused(600, "Parameter error: interval")
    start, end = (int(query[key]) * 1000 if key in query else None for key in ("start", "end"))
    found = market.rows(symbol, step, start_ms=start, end_ms=end, limit=MAX_ROWS, latest=True, index=index)
    size = float(market.instrument(symbol).contract_size)
    return with_rows(_answer(None), [[*row[:5], str(float(row[5]) / size), row[6]] for row in found])


def index_kline(market: FakeMarket, query: Query) -> object:
    return kline(market, query, index=True)


def candle_rows(answer: dict) -> list:
    """Return the rows of an answer, as the defects know them."""
    columns = [answer["data"][name] for name in COLUMNS]
    return [[row[0] * 1000, *map(str, row[1:])] for row in zip(*columns, strict=True)]


def with_rows(answer: dict, rows: list) -> dict:
    """Return the answer with other rows: by column, in seconds, and with numbers that are no text."""
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for row in rows:
        cells = list(row) if isinstance(row, list) else [row]
        cells += [None] * (len(COLUMNS) - len(cells))
        if isinstance(cells[0], int):
            cells[0] //= 1000
        for name, cell in zip(COLUMNS, cells, strict=True):
            columns[name].append(cell if name == "time" else _number(cell))
    return {**answer, "data": columns}


def ticker(market: FakeMarket, query: Query) -> object:
    def entry(symbol: str) -> dict[str, object]:
        last, (bid, ask) = market.last_close(symbol), market.best(symbol)
        size = float(market.instrument(symbol).contract_size)
        return {
            "symbol": raw(symbol),
            "lastPrice": last,
            "bid1": _number(bid),
            "ask1": _number(ask),
            "volume24": DAY_VOLUME / size,
            "amount24": DAY_VOLUME * last,
            "holdVol": 55_102_960,
            "lower24Price": last,
            "high24Price": last,
            "riseFallRate": -0.0176,
            "riseFallValue": -562,
            "indexPrice": _number(market.index(symbol)),
            "fairPrice": _number(market.mark(symbol)),
            "fundingRate": _number(market.rate(symbol)),
            "maxBidPrice": last,
            "minAskPrice": last,
            "timestamp": market.now_ms,
        }

    if "symbol" in query:
        return _answer(entry(_symbol(market, query)))
    return _answer([entry(one.symbol) for one in market.trading])


def depth(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    size = float(market.instrument(symbol).contract_size)
    sides = [
        [[_number(price), _in_contracts(amount, size), 1] for price, amount in side]
        for side in market.book(symbol, int(query.get("limit", "1000")))
    ]
    return _answer({"asks": sides[1], "bids": sides[0], "version": 2_827_730_444, "timestamp": market.now_ms})


def _in_contracts(amount: str, size: float) -> object:
    number = _number(amount)
    return round(number / size, 9) if isinstance(number, float) else amount


def funding_rate(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    return _answer(
        {
            "symbol": raw(symbol),
            "fundingRate": _number(market.rate(symbol)),
            "maxFundingRate": 0.001,
            "minFundingRate": -0.001,
            "collectCycle": market.hours(symbol),
            "nextSettleTime": market.next_payment_ms(symbol),
            "timestamp": market.now_ms,
        }
    )


def funding_history(market: FakeMarket, query: Query) -> object:
    symbol = _symbol(market, query)
    size, page = min(int(query.get("page_size", "20")), 100), int(query.get("page_num", "1"))
    known = market.paid(symbol, limit=100_000, latest=True)[::-1]
    listed = [
        {"symbol": raw(symbol), "fundingRate": _number(rate), "settleTime": time}
        for time, rate in known[(page - 1) * size : page * size]
    ]
    return _answer(
        {
            "pageSize": size,
            "totalCount": len(known),
            "totalPage": -(-len(known) // size),
            "currentPage": page,
            "resultList": listed,
        }
    )


ROUTES: dict[str, Callable[[FakeMarket, Query], object]] = {
    "/api/v1/contract/ping": ping,
    "/api/v1/contract/detail": detail,
    "/api/v1/contract/kline/*": kline,
    "/api/v1/contract/kline/index_price/*": index_kline,
    "/api/v1/contract/ticker": ticker,
    "/api/v1/contract/depth/*": depth,
    "/api/v1/contract/funding_rate/history": funding_history,
    "/api/v1/contract/funding_rate/*": funding_rate,
}
