"""The fake speaks as the exchange does: every answer has the keys and JSON types of a recorded one."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from fake_exchange import binance
from fake_exchange.market import DAY_MS, FakeMarket, bars

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "exchange-responses"
NOW_MS = 1_704_067_200_000

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers are not beside this checkout")

CASES = {
    "GetServerTime": {},
    "GetExchangeInfo": {},
    "GetKlines": {"symbol": "BTCUSDT", "interval": "1d", "limit": "3"},
    "GetMarkPrice": {"symbol": "BTCUSDT"},
    "GetFundingInfo": {},
    "GetFundingRates": {"symbol": "BTCUSDT", "limit": "2"},
    "GetOrderBook": {"symbol": "BTCUSDT", "limit": "5"},
    "GetTicker": {"symbol": "BTCUSDT"},
    "GetBookPrice": {"symbol": "BTCUSDT"},
    "GetOpenInterest": {"symbol": "BTCUSDT"},
}


def market() -> FakeMarket:
    closes = np.linspace(40_000, 42_000, 5)
    return FakeMarket(now_ms=NOW_MS, bars={"BTCUSDT": bars(NOW_MS - 5 * DAY_MS, closes)}, fillers=2)


def differences(recorded: object, served: object, where: str = "") -> list[str]:
    """Return every place where the kinds of two JSON values differ; a list is judged by its first elements."""
    if type(recorded) is not type(served):
        return [f"{where}: {type(recorded).__name__} recorded, {type(served).__name__} served"]
    if isinstance(recorded, dict):
        missing = [f"{where}.{key}: only on one side" for key in recorded.keys() ^ served.keys()]
        both = recorded.keys() & served.keys()
        return missing + [
            d for key in both for d in differences(recorded[key], served[key], f"{where}.{key}")
        ]
    if isinstance(recorded, list) and recorded and served:
        if len({type(item) for item in recorded}) > 1:  # a tuple, such as a candle
            if len(recorded) != len(served):
                return [f"{where}: {len(recorded)} fields recorded, {len(served)} served"]
            pairs = list(zip(recorded, served, strict=True))
        else:
            pairs = [(recorded[0], served[0])]
        return [d for i, (a, b) in enumerate(pairs) for d in differences(a, b, f"{where}[{i}]")]
    return []


@pytest.mark.parametrize("name", CASES)
def test_served_answer_has_the_recorded_shape(name):
    """Keys and JSON types of the fake's answer are those that Binance's own answer was recorded with."""
    recorded = json.loads((RECORDED / "binance" / f"{name}.json").read_text())
    served = json.loads(json.dumps(binance.ROUTES[recorded["path"]](market(), CASES[name])))
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
