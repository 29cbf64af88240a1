"""The fake speaks as the exchange does: every answer has the keys and JSON types of a recorded one."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from fake_exchange import binance, bingx, bybit, bybit_spot, mexc, weex
from fake_exchange.market import DAY_MS, FakeMarket, bars

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "exchange-responses"
NOW_MS = 1_704_067_200_000

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers are not beside this checkout")

BTC = {"symbol": "BTCUSDT"}
LINEAR = {**BTC, "category": "linear"}
BINGX = {"symbol": "BTC-USDT"}
MEXC = {"symbol": "BTC_USDT"}
# (exchange, recorded answer) to the query the fake is asked with
CASES = {
    ("binance", "GetServerTime"): {},
    ("binance", "GetExchangeInfo"): {},
    ("binance", "GetKlines"): {**BTC, "interval": "1d", "limit": "3"},
    ("binance", "GetMarkPrice"): BTC,
    ("binance", "GetFundingInfo"): {},
    ("binance", "GetFundingRates"): {**BTC, "limit": "2"},
    ("binance", "GetOrderBook"): {**BTC, "limit": "5"},
    ("binance", "GetTicker"): BTC,
    ("binance", "GetBookPrice"): BTC,
    ("binance", "GetOpenInterest"): BTC,
    ("binance", "GetIndexPriceKlines"): {"pair": "BTCUSDT", "interval": "1d", "limit": "3"},
    ("bybit", "GetLinearInverseSymbols"): LINEAR,
    ("bybit", "GetKlines"): {**LINEAR, "interval": "D", "limit": "3"},
    ("bybit", "GetLinearInverseTickers"): LINEAR,
    ("bybit", "GetOrderbook"): LINEAR,
    ("bybit", "GetFundingRateHistory"): {**LINEAR, "limit": "1"},
    ("bybit", "GetIndexPriceKlines"): {**LINEAR, "interval": "D", "limit": "3"},
    ("bybit", "GetRiskLimit"): LINEAR,
    ("bybit", "GetOpenInterest"): {**LINEAR, "intervalTime": "1h"},
    ("bingx", "GetContracts"): {},
    ("bingx", "GetKlines"): {**BINGX, "interval": "1d", "limit": "3"},
    ("bingx", "GetFundingRate"): BINGX,
    ("bingx", "GetOrderBook"): BINGX,
    ("bingx", "GetFundingRateHistory"): BINGX,
    ("bingx", "GetOpenInterest"): BINGX,
    ("bingx", "GetTicker"): BINGX,
    ("weex", "GetExchangeInfo"): {},
    ("weex", "GetKlines"): {**BTC, "interval": "1d"},
    ("weex", "GetKlineHistory"): {**BTC, "interval": "1d"},
    ("weex", "GetFundingRate"): BTC,
    ("weex", "GetOrderBook"): {**BTC, "limit": "15"},
    ("weex", "GetFundingRateHistory"): BTC,
    ("weex", "GetOpenInterest"): BTC,
    ("weex", "GetTickers"): BTC,
    ("weex", "GetBookTicker"): BTC,
    ("weex", "GetIndexPriceKlines"): {**BTC, "interval": "1d"},
    ("mexc", "GetSymbols"): {},
    ("mexc", "GetTickers"): {},
    ("mexc", "GetFundingRate"): MEXC,
    ("mexc", "GetFundingRateHistory"): {**MEXC, "page_size": "2"},
}
MODULES = {"binance": binance, "bybit": bybit, "bingx": bingx, "weex": weex, "mexc": mexc}


def market() -> FakeMarket:
    closes = np.linspace(40_000, 42_000, 5)
    return FakeMarket(now_ms=NOW_MS, bars={"BTCUSDT": bars(NOW_MS - 5 * DAY_MS, closes)}, fillers=2)


def _kind(value: object) -> str:
    """Return JSON's own kind of a value, which knows one sort of number."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if number else type(value).__name__


def differences(recorded: object, served: object, where: str = "") -> list[str]:
    """Return every place where the kinds of two JSON values differ; a list is judged by its first elements."""
    if _kind(recorded) != _kind(served):
        return [f"{where}: {_kind(recorded)} recorded, {_kind(served)} served"]
    if isinstance(recorded, dict):
        missing = [f"{where}.{key}: only on one side" for key in recorded.keys() ^ served.keys()]
        both = recorded.keys() & served.keys()
        return missing + [
            d for key in both for d in differences(recorded[key], served[key], f"{where}.{key}")
        ]
    if isinstance(recorded, list) and recorded and served:
        if len({_kind(item) for item in recorded}) > 1:  # a tuple, such as a candle
            if len(recorded) != len(served):
                return [f"{where}: {len(recorded)} fields recorded, {len(served)} served"]
            pairs = list(zip(recorded, served, strict=True))
        else:
            pairs = [(recorded[0], served[0])]
        return [d for i, (a, b) in enumerate(pairs) for d in differences(a, b, f"{where}[{i}]")]
    return []


def answer(exchange: str, path: str, query: dict[str, str]) -> object:
    """Return what the fake answers to a request, as it leaves it."""
    routes = MODULES[exchange].ROUTES
    route = routes.get(path) or routes[f"{path.rsplit('/', 1)[0]}/*"]
    return json.loads(json.dumps(route(market(), query)))


@pytest.mark.parametrize(("exchange", "name"), CASES)
def test_served_answer_has_the_recorded_shape(exchange, name):
    """Keys and JSON types of the fake's answer are those that the exchange's own answer was recorded with."""
    recorded = json.loads((RECORDED / exchange / f"{name}.json").read_text())
    served = answer(exchange, recorded["path"], CASES[exchange, name])
    assert differences(recorded["response"], served) == []


def test_every_endpoint_that_is_recorded_is_compared():
    """What the fakes serve without a recorded answer to hold it against is named here, and nothing else."""
    paths = {
        exchange: {json.loads((RECORDED / exchange / f"{name}.json").read_text())["path"] for name in names}
        for exchange, names in (
            (exchange, [name for one, name in CASES if one == exchange]) for exchange in MODULES
        )
    }
    unheld = {
        path
        for exchange, module in MODULES.items()
        for path in module.ROUTES
        if not any(
            recorded == path or recorded.startswith(path.removesuffix("*")) for recorded in paths[exchange]
        )
    }
    assert unheld == {
        "/v5/market/time",
        "/openApi/swap/v2/server/time",
        "/capi/v3/market/time",
        "/api/v1/contract/ping",
        "/api/v1/contract/kline/*",
        "/api/v1/contract/kline/index_price/*",
        "/api/v1/contract/depth/*",
    }


@pytest.mark.parametrize("name", ["GetSpotSymbols", "GetSpotTickers"])
def test_what_is_recorded_of_spot_has_its_shape(name):
    """Bybit's spot markets and tickers are the only ones recorded of any exchange."""
    recorded = json.loads((RECORDED / "bybit" / f"{name}.json").read_text())
    query = {"category": "spot"}
    assert bybit_spot.place(recorded["path"], query) is not None
    served = json.loads(json.dumps(bybit_spot.ROUTES[recorded["path"]](market(), query)))
    assert differences(recorded["response"], served) == []


def test_every_filter_has_its_recorded_shape():
    """Each filter of an instrument has the keys and types that the filter of that type was recorded with."""
    recorded = json.loads((RECORDED / "binance" / "GetExchangeInfo.json").read_text())["response"]["symbols"][
        0
    ]
    served = binance.exchange_info(market(), {})["symbols"][0]
    by_type = {entry["filterType"]: entry for entry in recorded["filters"]}
    for entry in served["filters"]:
        assert differences(by_type[entry["filterType"]], entry) == []


def test_all_prices_at_once_are_a_list_of_the_single_answer():
    """`premiumIndex` without a symbol lists, for every contract, what it answers for one."""
    one = binance.premium_index(market(), {"symbol": "BTCUSDT"})
    assert one in binance.premium_index(market(), {})


def test_contract_states_are_those_of_the_real_exchange():
    """The contract types and states that tests use all occur in the complete list of September 2025."""
    packed = (RECORDED / "binance_fapi_v1_exchangeInfo_20250918.json.gz").read_bytes()
    symbols = json.loads(gzip.decompress(packed))["symbols"]
    states = {(entry["contractType"], entry["status"]) for entry in symbols}
    assert {("PERPETUAL", "TRADING"), ("PERPETUAL", "SETTLING"), ("CURRENT_QUARTER", "TRADING")} <= states
