"""What a record of an exchange holds: what differs between exchanges, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list that an answer must hold: where (dotted keys, "" for the answer itself), and what is in it.

    Every entry has all of `fields`, and where that is one of them a `symbol` that is text. `never_empty` tells that
    on a working exchange there is always something in it; `or_one`, that a single entry may come without its list;
    `no_truths`, that it holds numbers or rows of numbers: ccxt reads `true` as 1.
    """

    at: str = ""
    fields: frozenset[str] = frozenset()
    never_empty: bool = False
    or_one: bool = False
    no_truths: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DictOf:
    """An object that an answer must hold: where, and the fields it has; `no_truths` as of a list."""

    at: str = ""
    fields: frozenset[str] = frozenset()
    no_truths: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoOf:
    """A place where an answer repeats the symbol it is about: it must be the one that was asked for.

    Where it is absent nothing is wrong; `at` leads to it, or to a list whose entries have it as their `key`.
    """

    at: str = ""
    key: str = "symbol"


Part = ListOf | DictOf | EchoOf


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotePart:
    """Where one part of a ticker stands: ccxt's method, and the keys of its raw entry.

    `keys` lead from `bid`, `ask`, `last`, `mark`, `index`, `volume` and `quote_volume`. `time` is the key of its
    time; `of_a_day` tells that this is the time of the last trade of 24 hours.
    """

    method: str
    keys: Mapping[str, str]
    time: str | None = None
    of_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an exchange lets one address send: `limit` in any `window_s` seconds.

    `unit` is how much of ccxt's cost of a request is one of `limit`; None where every request counts one.
    """

    limit: float
    window_s: float
    unit: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """What is particular to one exchange.

    `kind` is the side of the exchange it describes: its contracts, or its spot markets, which have a record of
    their own (`venues_spot.py`).

    **The connection.** `config` are constructor arguments of ccxt's class of that `id`; `host` is the path, in
    ccxt's `urls`, of the address that public requests go to (empty: whichever comes first). `markets` are the
    method that lists what is traded at that host alone, and the key of the list in its raw answer ("" where the
    method returns markets); None for ccxt's own way; `market_params` are sent with it. `answers` tells, by the end
    of a request's path (`*` stands for one part of it), what its answer must hold: by it is refused what ccxt would
    read as "nothing there".

    **How much.** `budget` is the published one, of which four fifths are used. `used_header` tells in an answer how
    much of it is used, `reset_header` at which millisecond an exceeded one is new. `codes` are error codes in the
    body and our reason for each, `busy` being a fault that passes; `ban_statuses`, statuses that stand for a ban
    and how many seconds it lasts at least.

    **Candles.** `page_costs` are (rows up to, weight) of one page; `candle_params` are sent with every page;
    `recent_rows` is how many of the latest bars one request without `candle_params` gives, where that is more, and
    `recent_params` are sent with it. `reach_rows` is not 0 where there is nothing before the latest bars: fewer than
    so many are all that a coin has. `quote_volume` is where a row of ccxt's parser, or the raw one, holds the volume
    in quote currency. `built` are the timeframes that are put together from a finer one. `volume_in` is the unit of
    the candles' volume, and `None` where it is not known.

    **The rest.** `orders_in_base` tells that amounts are in base units, whatever the contract size says.
    `book_levels` is the depth asked for; `book_units` tells that amounts are those of orders; `coin_sides` are the
    raw sides of a book in coins, which may stand beside others. `marks` is the method that gives mark prices, None
    where there are none, and `mark_key` where its raw entry holds the mark if ccxt leaves it out. `rates` is the
    method for funding rates, of all symbols or (in the singular) of one; `next_funding` is where it has the next
    payment. `funding_hours` holds for every contract that the exchange does not list with another interval.
    `interest` tells whether open interest can be asked for. `quotes` are the parts of a ticker. `payment_rows` are
    the funding payments of one page, and `payment_pages` tells that pages are asked for by number, the latest
    first, and not by time. `index` tells whether there are candles of the index. `tiers` tells whether margin
    brackets are `listed` at an endpoint of their own or stand in the `contract`; `no_tiers` is why not. `dated`
    tells whether dated futures are traded.
    """

    id: str
    title: str
    config: Mapping[str, object]
    host: tuple[str, ...]
    answers: Mapping[str, tuple[Part, ...]]
    budget: Budget
    page_costs: tuple[tuple[int, int], ...]
    kind: Literal["contract", "spot"] = "contract"
    markets: tuple[str, str] | None = None
    market_params: Mapping[str, object] = field(default_factory=dict)
    used_header: str | None = None
    reset_header: str | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    ban_statuses: Mapping[int, float] = field(default_factory=dict)
    candle_params: Mapping[str, object] = field(default_factory=dict)
    recent_rows: int = 0
    recent_params: Mapping[str, object] = field(default_factory=dict)
    reach_rows: int = 0
    quote_volume: int | str | None = None
    volume_in: Literal["base", "contracts"] | None = "base"
    built: Mapping[str, str] = field(default_factory=dict)
    orders_in_base: bool = False
    book_levels: int = 100
    book_units: bool = True
    coin_sides: tuple[str, str] | None = None
    marks: str | None = "fetch_funding_rates"
    mark_key: str | None = None
    rates: str = "fetch_funding_rates"
    next_funding: str = "fundingTimestamp"
    funding_hours: float | None = None
    interest: bool = True
    quotes: tuple[QuotePart, ...] = ()
    payment_rows: int = 0
    payment_pages: bool = False
    index: bool = True
    tiers: Literal["listed", "contract"] | None = None
    no_tiers: str = "nobody has checked how they are told"
    dated: bool = False
    in_flight: int = 20
