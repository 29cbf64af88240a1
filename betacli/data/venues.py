"""One record per exchange: what differs between them, as data.

The facts behind each number are in ccxt's description of the exchange and in the exchange's published limits; the
records hold what ccxt hides, leaves out or gets wrong.
"""

from collections.abc import Mapping

from betacli.data.venue import Budget, DictOf, EchoOf, ListOf, QuotePart, Venue

_BOOK = (ListOf(at="bids", no_truths=True), ListOf(at="asks", no_truths=True))
_PAYMENTS = ListOf(fields=frozenset({"symbol", "fundingRate", "fundingTime"}), no_truths=True)
_ONLY_CONTRACTS: Mapping[str, object] = {
    "has": {"fetchCurrencies": False},
    "options": {"defaultType": "swap"},
}

BINANCEUSDM = Venue(
    id="binanceusdm",
    title="Binance USDⓈ-M",
    config={
        # only the futures host: the coin list would ask another one, with keys
        "options": {"fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": False, "fetchMargins": False},
    },
    host=("api", "fapiPublic"),
    answers={
        "/exchangeInfo": (
            ListOf(
                at="symbols",
                fields=frozenset(
                    {"symbol", "contractType", "status", "baseAsset", "quoteAsset", "marginAsset", "filters"}
                ),
                never_empty=True,
            ),
        ),
        "/klines": (ListOf(no_truths=True),),
        "/premiumIndex": (
            ListOf(
                fields=frozenset({"symbol", "markPrice", "lastFundingRate", "nextFundingTime", "time"}),
                never_empty=True,
            ),
        ),
        # without its list of intervals every 4 h contract would pass for an 8 h one
        "/fundingInfo": (ListOf(fields=frozenset({"symbol", "fundingIntervalHours"}), never_empty=True),),
        "/fundingRate": (_PAYMENTS, EchoOf()),
        "/indexPriceKlines": (ListOf(no_truths=True),),
        "/ticker/24hr": (
            ListOf(
                fields=frozenset({"symbol", "lastPrice", "volume", "quoteVolume", "closeTime"}),
                never_empty=True,
                no_truths=True,
            ),
        ),
        "/ticker/bookTicker": (
            ListOf(
                fields=frozenset({"symbol", "bidPrice", "askPrice", "time"}), never_empty=True, no_truths=True
            ),
        ),
        "/depth": _BOOK,
        "/openInterest": (DictOf(fields=frozenset({"openInterest"}), no_truths=True), EchoOf()),
    },
    budget=Budget(limit=2_400, window_s=60, unit=1),
    used_header="x-mbx-used-weight-1m",
    codes={
        "-1000": "busy",
        "-1001": "busy",
        "-1003": "rate_limited",
        "-1007": "busy",
        "-1008": "busy",
        "-1016": "busy",
        "-1121": "bad_symbol",
        "-4141": "bad_symbol",
    },
    page_costs=((99, 1), (499, 2), (1000, 5)),
    quote_volume=7,
    marks="fetch_mark_prices",
    funding_hours=8.0,
    quotes=(
        QuotePart(
            method="fetch_tickers",
            keys={"last": "lastPrice", "volume": "volume", "quote_volume": "quoteVolume"},
            time="closeTime",
            of_a_day=True,
        ),
        QuotePart(method="fetch_bids_asks", keys={"bid": "bidPrice", "ask": "askPrice"}, time="time"),
        QuotePart(method="fetch_mark_prices", keys={"mark": "markPrice", "index": "indexPrice"}, time="time"),
    ),
    payment_rows=1_000,
    no_tiers="`binanceusdm` tells them only to a key",
    dated=True,
)

BYBIT = Venue(
    id="bybit",
    title="Bybit",
    config={
        "has": {"fetchCurrencies": False},
        "options": {
            "defaultType": "swap",
            "defaultSubType": "linear",
            "fetchMarkets": {"types": ["linear"], "usePrivateInstrumentsInfo": False},
        },
    },
    host=("api", "public"),
    answers={
        "/market/instruments-info": (
            DictOf(
                at="result", fields=frozenset({"category"})
            ),  # without it every contract is inverse to ccxt
            ListOf(
                at="result.list",
                fields=frozenset({"symbol", "contractType", "status", "baseCoin", "quoteCoin"}),
            ),
        ),
        "/market/kline": (ListOf(at="result.list", no_truths=True), EchoOf(at="result")),
        "/market/index-price-kline": (ListOf(at="result.list", no_truths=True), EchoOf(at="result")),
        "/market/tickers": (
            ListOf(at="result.list", fields=frozenset({"symbol"}), never_empty=True, no_truths=True),
        ),
        "/market/orderbook": (
            ListOf(at="result.b", no_truths=True),
            ListOf(at="result.a", no_truths=True),
            EchoOf(at="result", key="s"),
        ),
        "/market/funding/history": (
            ListOf(
                at="result.list",
                fields=frozenset({"symbol", "fundingRate", "fundingRateTimestamp"}),
                no_truths=True,
            ),
            EchoOf(at="result.list"),
        ),
        "/market/open-interest": (
            ListOf(at="result.list", fields=frozenset({"openInterest"}), no_truths=True),
            EchoOf(at="result"),
        ),
        "/market/risk-limit": (
            ListOf(
                at="result.list",
                fields=frozenset(
                    {"symbol", "riskLimitValue", "maintenanceMargin", "initialMargin", "maxLeverage"}
                ),
                never_empty=True,
                no_truths=True,
            ),
            EchoOf(at="result.list"),
        ),
    },
    budget=Budget(limit=600, window_s=5),
    reset_header="x-bapi-limit-reset-timestamp",
    codes={
        "5004": "busy",
        "10000": "busy",
        "10003": "auth",
        "10004": "auth",
        "10005": "auth",
        "10006": "rate_limited",
        "10007": "auth",
        "10009": "banned",
        "10010": "auth",
        "10016": "busy",
        "10018": "rate_limited",
        "10024": "geo_blocked",
        "10029": "bad_symbol",
        "10429": "rate_limited",
    },
    ban_statuses={403: 600},  # "403, access too frequent … wait for at least 10 minutes"
    page_costs=((1000, 1),),
    quote_volume=6,
    built={"8h": "4h"},
    quotes=(
        QuotePart(
            method="fetch_tickers",
            keys={
                "last": "lastPrice",
                "bid": "bid1Price",
                "ask": "ask1Price",
                "mark": "markPrice",
                "index": "indexPrice",
                "volume": "volume24h",
                "quote_volume": "turnover24h",
            },
        ),
    ),
    payment_rows=200,
    tiers="listed",
    dated=True,
)

BINGX = Venue(
    id="bingx",
    title="BingX",
    config=_ONLY_CONTRACTS,
    host=("api", "swap"),
    markets=("swapV2PublicGetQuoteContracts", "data"),
    answers={
        "/quote/contracts": (ListOf(at="data", fields=frozenset({"symbol"}), never_empty=True),),
        "/quote/klines": (ListOf(at="data", or_one=True, no_truths=True),),
        "/quote/premiumIndex": (ListOf(at="data", fields=frozenset({"symbol"}), never_empty=True),),
        "/quote/depth": (ListOf(at="data.bids", no_truths=True), ListOf(at="data.asks", no_truths=True)),
        "/quote/fundingRate": (
            ListOf(at="data", fields=frozenset({"symbol", "fundingRate", "fundingTime"}), no_truths=True),
            EchoOf(at="data"),
        ),
        "/quote/openInterest": (
            DictOf(at="data", fields=frozenset({"openInterest"}), no_truths=True),
            EchoOf(at="data"),
        ),
        "/quote/ticker": (
            ListOf(
                at="data",
                fields=frozenset({"symbol", "lastPrice", "volume", "quoteVolume"}),
                never_empty=True,
                no_truths=True,
            ),
        ),
    },
    budget=Budget(limit=500, window_s=10),
    reset_header="x-ratelimit-requests-expire",
    codes={
        "429": "rate_limited",
        "80012": "busy",
        "100001": "auth",
        "100410": "rate_limited",
        "100412": "auth",
        "100413": "auth",
        "100414": "auth",
        "100419": "auth",
        "100421": "bad_symbol",
        "100500": "busy",
        "100503": "busy",
        "109415": "bad_symbol",
        "109418": "bad_symbol",
        "109425": "bad_symbol",
        "109429": "rate_limited",
        "109500": "busy",
    },
    page_costs=((1440, 1),),
    built={"8h": "4h"},
    # a level of `bids` was in contracts and is in coins now; `bidsCoin` was in coins
    coin_sides=("bidsCoin", "asksCoin"),
    next_funding="nextFundingTimestamp",
    quotes=(
        QuotePart(
            method="fetch_tickers",
            keys={
                "last": "lastPrice",
                "bid": "bidPrice",
                "ask": "askPrice",
                "volume": "volume",
                "quote_volume": "quoteVolume",
            },
            time="closeTime",
            of_a_day=True,
        ),
        QuotePart(method="fetch_funding_rates", keys={"mark": "markPrice", "index": "indexPrice"}),
    ),
    payment_rows=1_000,
    index=False,
    no_tiers="`bingx` tells them only to a key",
)

WEEX = Venue(
    id="weex",
    title="WEEX",
    config=_ONLY_CONTRACTS,
    host=("api", "contract"),
    markets=("contractGetCapiV3MarketExchangeInfo", "symbols"),
    answers={
        "/market/exchangeInfo": (
            ListOf(
                at="symbols",
                fields=frozenset({"symbol", "baseAsset", "quoteAsset", "marginAsset"}),
                never_empty=True,
            ),
        ),
        "/market/klines": (ListOf(no_truths=True),),
        "/market/historyKlines": (ListOf(no_truths=True),),
        "/market/premiumIndex": (ListOf(fields=frozenset({"symbol"}), never_empty=True),),
        "/market/depth": _BOOK,
        "/market/fundingRate": (_PAYMENTS, EchoOf()),
        "/market/openInterest": (DictOf(fields=frozenset({"openInterest"}), no_truths=True), EchoOf()),
        "/market/indexPriceKlines": (ListOf(no_truths=True),),
        "/ticker/24hr": (
            ListOf(
                fields=frozenset({"symbol", "lastPrice", "volume", "quoteVolume", "closeTime", "markPrice"}),
                never_empty=True,
                no_truths=True,
            ),
        ),
        "/ticker/bookTicker": (
            ListOf(
                fields=frozenset({"symbol", "bidPrice", "askPrice", "time"}), never_empty=True, no_truths=True
            ),
        ),
    },
    budget=Budget(limit=1_000, window_s=10, unit=5),  # ccxt counts each published weight as five
    codes={
        "-1000": "busy",
        "-1003": "rate_limited",
        "-1054": "busy",
        "-1121": "bad_symbol",
        "429": "rate_limited",
    },
    page_costs=((100, 5),),
    candle_params={"historical": True},  # without it `since` is not sent
    recent_rows=1_000,
    quote_volume=7,
    built={"3m": "1m", "2h": "1h", "6h": "1h", "8h": "4h"},
    # limits such as 2,300 ETH for a market order make sense in base units only, and the contract size of every
    # recorded contract is its amount step: an amount in base units is right whichever of the two is meant
    orders_in_base=True,
    next_funding="nextFundingTimestamp",
    quotes=(
        QuotePart(
            method="fetch_tickers",
            keys={"last": "lastPrice", "volume": "volume", "quote_volume": "quoteVolume"},
            time="closeTime",
            of_a_day=True,
        ),
        QuotePart(method="fetch_bids_asks", keys={"bid": "bidPrice", "ask": "askPrice"}, time="time"),
        QuotePart(
            method="fetch_funding_rates", keys={"mark": "markPrice", "index": "indexPrice"}, time="time"
        ),
    ),
    payment_rows=1_000,
    no_tiers="`weex` does not tell them",
)

MEXC = Venue(
    id="mexc",
    title="MEXC",
    config=_ONLY_CONTRACTS,
    host=("api", "contract", "public"),
    markets=("fetch_swap_markets", ""),
    answers={
        "/contract/detail": (
            ListOf(
                at="data",
                fields=frozenset({"symbol", "baseCoin", "quoteCoin", "settleCoin", "contractSize"}),
                never_empty=True,
            ),
        ),
        "/contract/kline/*": (
            *(
                ListOf(at=f"data.{column}", no_truths=True)
                for column in ("time", "open", "high", "low", "close", "vol")
            ),
        ),
        "/contract/kline/index_price/*": (
            *(
                ListOf(at=f"data.{column}", no_truths=True)
                for column in ("time", "open", "high", "low", "close")
            ),
        ),
        "/contract/ticker": (
            ListOf(at="data", fields=frozenset({"symbol"}), never_empty=True, no_truths=True),
        ),
        "/contract/depth/*": (ListOf(at="data.bids", no_truths=True), ListOf(at="data.asks", no_truths=True)),
        "/contract/funding_rate/history": (
            ListOf(
                at="data.resultList",
                fields=frozenset({"symbol", "fundingRate", "settleTime"}),
                no_truths=True,
            ),
            EchoOf(at="data.resultList"),
        ),
        "/contract/funding_rate/*": (
            DictOf(at="data", fields=frozenset({"fundingRate"}), no_truths=True),
            EchoOf(at="data"),
        ),
    },
    budget=Budget(limit=20, window_s=2),
    codes={
        "401": "auth",
        "402": "auth",
        "406": "auth",
        "429": "rate_limited",
        "500": "busy",
        "501": "busy",
        "503": "busy",
        "504": "busy",
        "510": "rate_limited",
        "602": "auth",
        "604": "busy",
        "801": "busy",
        "1001": "bad_symbol",
        "1002": "bad_symbol",
        "10007": "bad_symbol",
    },
    page_costs=((2_000, 1),),
    quote_volume=6,
    volume_in="contracts",
    built={"3m": "1m", "2h": "1h", "6h": "1h", "12h": "4h"},
    marks="fetch_tickers",
    mark_key="fairPrice",
    rates="fetch_funding_rate",
    interest=False,
    quotes=(
        QuotePart(
            method="fetch_tickers",
            keys={
                "last": "lastPrice",
                "bid": "bid1",
                "ask": "ask1",
                "mark": "fairPrice",
                "index": "indexPrice",
                "volume": "volume24",
                "quote_volume": "amount24",
            },
            time="timestamp",
        ),
    ),
    payment_rows=100,
    payment_pages=True,
    tiers="contract",
)

VENUES: Mapping[str, Venue] = {venue.id: venue for venue in (BINANCEUSDM, BYBIT, BINGX, WEEX, MEXC)}


def unchecked_venue(exchange_id: str) -> Venue:
    """Return a cautious record of an exchange nobody has looked at: what cannot be known of it stays unknown."""
    return Venue(
        id=exchange_id,
        title=exchange_id,
        config={"options": {"defaultType": "swap"}},
        host=(),
        answers={},
        budget=Budget(limit=10, window_s=2),
        page_costs=((100, 1),),
        volume_in=None,
        book_units=False,
        marks="fetch_tickers",
        interest=False,
        index=False,
        in_flight=4,
    )
