"""The spot markets of the five exchanges: one record each, as `venues.py` has one for their contracts.

The record is asked with ccxt's class of the same id, and its `config` lies over the user's options: what a user
says about contracts must not turn spot into contracts. Where spot and contracts share an address or a budget, spot
keeps to the fifth that contracts leave unused.
"""

from collections.abc import Mapping
from dataclasses import replace

from betacli.data.venue import Budget, DictOf, EchoOf, ListOf, QuotePart, Venue
from betacli.data.venues import VENUES

_BOOK = (ListOf(at="bids", no_truths=True), ListOf(at="asks", no_truths=True))
_KLINES = (ListOf(no_truths=True),)
_DAY = ListOf(
    fields=frozenset({"symbol", "lastPrice", "volume", "quoteVolume", "closeTime"}),
    never_empty=True,
    no_truths=True,
)
_QUOTED = {"last": "lastPrice", "bid": "bidPrice", "ask": "askPrice", "volume": "volume"}
_TICKER = QuotePart(
    method="fetch_tickers",
    keys={**_QUOTED, "quote_volume": "quoteVolume"},
    time="closeTime",
    of_a_day=True,
)
_ONLY_SPOT: Mapping[str, object] = {"has": {"fetchCurrencies": False}, "options": {"defaultType": "spot"}}


def _symbols(*fields: str, at: str = "symbols") -> tuple[ListOf, ...]:
    return (ListOf(at=at, fields=frozenset({"symbol", *fields}), never_empty=True),)


def _spot(exchange_id: str, **differs: object) -> Venue:
    """Return the record of an exchange's spot markets: of its contracts', what does not hang on contracts."""
    contracts = VENUES[exchange_id]
    venue = Venue(
        id=contracts.id,
        title=f"{contracts.title} spot",
        kind="spot",
        config=_ONLY_SPOT,
        host=(),
        answers={},
        budget=contracts.budget,
        page_costs=((1_000, 1),),
        used_header=contracts.used_header,
        reset_header=contracts.reset_header,
        codes=contracts.codes,
        ban_statuses=contracts.ban_statuses,
        quote_volume=7,
        marks=None,
        interest=False,
        quotes=(_TICKER,),
        index=False,
    )
    return replace(venue, **differs)  # type: ignore[arg-type]


SPOT: Mapping[str, Venue] = {
    venue.id: venue
    for venue in (
        _spot(
            "binanceusdm",
            title="Binance spot",
            config={
                # with its own `defaultSubType`, the class asks the futures host for tickers of whatever type
                "options": {
                    "defaultType": "spot",
                    "defaultSubType": None,
                    "fetchMarkets": {"types": ["spot"]},
                    "fetchCurrencies": False,
                    "fetchMargins": False,
                },
            },
            host=("api", "public"),
            market_params={"showPermissionSets": "false"},  # most of the answer, and of no use here
            answers={
                "/exchangeInfo": _symbols("status", "baseAsset", "quoteAsset", "filters"),
                "/klines": _KLINES,
                "/ticker/24hr": (_DAY,),
                "/depth": _BOOK,
            },
            budget=Budget(limit=6_000, window_s=60, unit=0.2),  # a host and a budget of its own
            page_costs=((1_000, 2),),
        ),
        _spot(
            "bybit",
            config={
                "has": {"fetchCurrencies": False},
                "options": {
                    "defaultType": "spot",
                    "fetchMarkets": {"types": ["spot"], "usePrivateInstrumentsInfo": False},
                },
            },
            host=("api", "public"),
            answers={
                "/market/instruments-info": _symbols("status", "baseCoin", "quoteCoin", at="result.list"),
                "/market/kline": (ListOf(at="result.list", no_truths=True), EchoOf(at="result")),
                "/market/tickers": (
                    DictOf(at="result", fields=frozenset({"category"})),
                    ListOf(
                        at="result.list",
                        fields=frozenset({"symbol", "lastPrice", "volume24h", "turnover24h"}),
                        never_empty=True,
                        no_truths=True,
                    ),
                ),
                "/market/orderbook": (
                    ListOf(at="result.b", no_truths=True),
                    ListOf(at="result.a", no_truths=True),
                    EchoOf(at="result", key="s"),
                ),
            },
            budget=Budget(limit=120, window_s=5),
            quote_volume=6,
            built={"8h": "4h"},
            quotes=(
                QuotePart(
                    method="fetch_tickers",
                    keys={
                        "last": "lastPrice",
                        "bid": "bid1Price",
                        "ask": "ask1Price",
                        "volume": "volume24h",
                        "quote_volume": "turnover24h",
                    },
                ),
            ),
        ),
        _spot(
            "bingx",
            host=("api", "spot"),
            markets=("fetch_spot_markets", ""),
            answers={
                "/common/symbols": _symbols("status", at="data.symbols"),
                "/market/kline": (ListOf(at="data", no_truths=True),),
                "/ticker/24hr": (replace(_DAY, at="data"),),
                "/market/depth": (
                    ListOf(at="data.bids", no_truths=True),
                    ListOf(at="data.asks", no_truths=True),
                ),
            },
            budget=Budget(limit=100, window_s=10),
            page_costs=((1_440, 1),),
            candle_params={"timeZone": 0},  # without it days begin at 16:00
            built={"8h": "4h"},
        ),
        _spot(
            "weex",
            host=("api", "public"),
            markets=("publicGetApiV3ExchangeInfo", "symbols"),
            answers={
                "/exchangeInfo": _symbols("baseAsset", "quoteAsset", "enableTrade"),
                "/market/klines": _KLINES,
                "/ticker/24hr": (_DAY,),
                "/market/depth": _BOOK,
            },
            budget=Budget(limit=200, window_s=10, unit=5),
            # a start is not documented, and ccxt sends none, nor a limit: it is sent beside
            recent_rows=300,
            recent_params={"limit": 300},
            reach_rows=100,
            built={"3m": "1m"},
        ),
        _spot(
            "mexc",
            host=("api", "spot", "public"),
            markets=("fetch_spot_markets", ""),
            answers={
                "/exchangeInfo": _symbols("status", "baseAsset", "quoteAsset"),
                "/klines": _KLINES,
                "/ticker/24hr": (_DAY,),
                "/depth": _BOOK,
            },
            budget=Budget(limit=500, window_s=10, unit=1),  # published apart from that of contracts
            codes={**VENUES["mexc"].codes, "-1121": "bad_symbol", "700003": "busy"},
            page_costs=((500, 1),),
            built={"3m": "1m", "2h": "1h", "6h": "1h", "8h": "4h", "12h": "4h"},
        ),
    )
}
