"""How each exchange speaks about its spot markets, by the id of its dialect."""

from types import ModuleType

from fake_exchange import binance_spot, bingx_spot, bybit_spot, mexc_spot, weex_spot

SPOT: dict[str, ModuleType] = {
    "binanceusdm": binance_spot,
    "bybit": bybit_spot,
    "bingx": bingx_spot,
    "weex": weex_spot,
    "mexc": mexc_spot,
}
