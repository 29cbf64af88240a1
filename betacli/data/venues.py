"""One record per exchange: what differs between them, as data.

The facts behind each number are in ccxt's description of the exchange and in the exchange's published limits; the
records hold what ccxt hides, leaves out or gets wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list that an answer must hold: where (dotted keys, "" for the answer itself), and what is in it.

    Every entry has all of `fields`; without fields the entries are not looked at. `never_empty` tells that on a
    working exchange there is always something in it.
    """

    at: str = ""
    fields: frozenset[str] = frozenset()
    never_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """What is particular to one exchange.

    `config` are constructor arguments of ccxt's class of that `id`. `host` is the path, in ccxt's `urls`, of the
    address that public requests go to. `lists` tells, by the end of a request's path, the lists its answer must
    hold: by it is refused what ccxt would read as "nothing there".

    `page_costs` are (rows up to, weight) of one page of candles; `candle_params` are sent with every page;
    `quote_volume` is where a raw candle holds its volume in quote currency. `book_levels` is the depth asked for.
    `funding_hours` holds for every contract that the exchange does not list with another interval.
    """

    id: str
    title: str
    config: Mapping[str, object]
    host: tuple[str, ...]
    lists: Mapping[str, tuple[ListOf, ...]]
    page_costs: tuple[tuple[int, int], ...]
    candle_params: Mapping[str, object] = field(default_factory=dict)
    quote_volume: int | str | None = None
    missing_timeframes: frozenset[str] = frozenset()
    book_levels: int = 100
    funding_hours: float | None = None
    in_flight: int = 20


BINANCEUSDM = Venue(
    id="binanceusdm",
    title="Binance USDⓈ-M",
    config={
        # 1,920 of the published 2,400 weight a minute; ccxt's own pace spends half, in a row
        "rateLimit": 60_000 / 1_920,
        "rateLimiterAlgorithm": "rollingWindow",
        "rollingWindowSize": 60_000,
        # only the futures host: the coin list would ask another one, with keys
        "options": {"fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": False, "fetchMargins": False},
    },
    host=("api", "fapiPublic"),
    lists={
        "/exchangeInfo": (
            ListOf(
                at="symbols",
                fields=frozenset(
                    {"symbol", "contractType", "status", "baseAsset", "quoteAsset", "marginAsset", "filters"}
                ),
                never_empty=True,
            ),
        ),
        "/klines": (ListOf(),),
        "/premiumIndex": (
            ListOf(
                fields=frozenset({"symbol", "markPrice", "lastFundingRate", "nextFundingTime", "time"}),
                never_empty=True,
            ),
        ),
        # without its list of intervals every 4 h contract would pass for an 8 h one
        "/fundingInfo": (ListOf(fields=frozenset({"symbol", "fundingIntervalHours"}), never_empty=True),),
        "/depth": (ListOf(at="bids"), ListOf(at="asks")),
    },
    page_costs=((99, 1), (499, 2), (1000, 5)),
    quote_volume=7,
    funding_hours=8.0,
)

VENUES: Mapping[str, Venue] = {venue.id: venue for venue in (BINANCEUSDM,)}

RENAMED: Mapping[str, tuple[str, int]] = {
    "MATIC": ("POL", 1),
    "FTM": ("S", 1),
    "RNDR": ("RENDER", 1),
    "EOS": ("A", 1),
    "MKR": ("SKY", 24_000),
}
"""Old names: what each is called now, and how many new coins one old coin became."""

MULTIPLIERS: Mapping[str, int] = {
    "1000": 1_000,
    "10000": 10_000,
    "1000000": 1_000_000,
    "1M": 1_000_000,
    "k": 1_000,
}
"""What exchanges write before the name of a cheap coin, and how many coins that is."""
