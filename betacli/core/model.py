"""The nouns. Frozen values: fractions not percent, signed notional with long positive, UTC milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import numpy as np

from betacli.core.arrays import Floats as Floats  # noqa: PLC0414  the nouns hold them
from betacli.core.arrays import Times as Times  # noqa: PLC0414


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A contract as its exchange defines it. Unknown is None.

    `contract_size` is in base units per contract (quote units when inverse); `multiplier` is the number of coins
    in one base unit (1000 for `1000PEPE`); `amount_step` and `min_amount` are in contracts; `min_notional` and
    `price_tick` are in quote currency; `maintenance_rate`, `maker_fee` and `taker_fee` are fractions of notional.
    """

    base: str
    symbol: str
    quote: str
    settle: str | None = None
    kind: Literal["swap", "future", "spot"] = "swap"
    linear: bool = True
    active: bool = True
    contract_size: Decimal = Decimal(1)
    multiplier: int = 1
    amount_step: Decimal | None = None
    min_amount: Decimal | None = None
    min_notional: Decimal | None = None
    price_tick: Decimal | None = None
    listed_ms: int | None = None
    expiry_ms: int | None = None
    max_leverage: float | None = None
    maintenance_rate: float | None = None
    maker_fee: float | None = None
    taker_fee: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One asset of a sector, with what the sector file says of it.

    `min_weight` and `max_weight` are fractions of the basket; `supply` is circulating coins on `supply_as_of`
    (ISO date); `cap_usd` is the capitalisation on that date, used only to judge how much of the universe is
    left out when the asset has no price; `proxy` says what stands in when this one has no contract: an asset, several
    joined by `+`, `spot`, or an exchange that lists the same coin; `hold` is `spot`, or the exchange it is held on, where
    it is not held in a contract here; `weight` is its share of the custom base weights, in any unit; `group` the group it
    counts toward; `own` is False of an asset that is held only for others, and has no base weight of its own.
    """

    base: str
    symbol: str | None = None
    min_weight: float | None = None
    max_weight: float | None = None
    supply: float | None = None
    supply_as_of: str | None = None
    cap_usd: float | None = None
    proxy: str | None = None
    hold: str | None = None
    weight: float | None = None
    group: str | None = None
    own: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimit:
    """What the members of a group may weigh together, as fractions of the basket; None where it is free."""

    name: str
    min_weight: float | None = None
    max_weight: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """Assets under a name, in the order of the file, with the limits of the groups among them."""

    name: str
    title: str
    members: tuple[Member, ...]
    groups: tuple[GroupLimit, ...] = ()

    @property
    def bases(self) -> tuple[str, ...]:
        """The members' names."""
        return tuple(member.base for member in self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """What beta is measured against.

    `weights` maps each asset to its fixed fraction and sums to 1; it is empty for the capitalisation-weighted
    `universe`, whose weights follow supplies and prices.
    """

    weights: Mapping[str, float]

    @property
    def is_universe(self) -> bool:
        """Whether this is the capitalisation-weighted universe."""
        return not self.weights

    @property
    def name(self) -> str:
        """`BTC`, `0.6 BTC + 0.4 ETH`, or `universe`."""
        if self.is_universe:
            return "universe"
        if len(self.weights) == 1:
            return next(iter(self.weights))
        return " + ".join(f"{weight:g} {base}" for base, weight in self.weights.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """Everything the sector files say: the sectors, and the defaults that flags override.

    `others` are assets outside every sector that the `universe` benchmark holds (BTC). `gates` and `checklist`
    override thresholds by name. `origins` tells for each scalar default which file it came from,
    `places` the file and line of every key and, as `gates.min_days`, of every name below `gates` and its like.
    """

    benchmark: Benchmark
    exchange: str
    quote: str
    notional: float
    estimator: str
    max_weight: float
    sectors: tuple[Sector, ...]
    others: tuple[Member, ...] = ()
    maintenance_margin: float | None = None
    gates: Mapping[str, float] = field(default_factory=dict)
    checklist: Mapping[str, float] = field(default_factory=dict)
    exchange_options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    plans: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""

    @property
    def assets(self) -> dict[str, Member]:
        """Every asset by name; an asset of several sectors keeps its first entry with a supply."""
        found: dict[str, Member] = {}
        for member in (*self.others, *(m for sector in self.sectors for m in sector.members)):
            known = found.get(member.base)
            if known is None or (known.supply is None and member.supply is not None):
                found[member.base] = member
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candles:
    """Closed bars of one symbol, sorted by open time, unique; a float is NaN where the source did not give it.

    `open_ms` (T,) int64; the others (T,) float64, prices in quote currency per base unit, `volume` in base units,
    `quote_volume` in quote currency. `close` is always finite and above zero.
    """

    symbol: str
    timeframe_ms: int
    open_ms: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    quote_volume: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """Closes of several assets on one regular grid of closed bars.

    `open_ms` (T,) int64, equally spaced by `timeframe_ms`; `close` (T, N) float64 in quote currency, NaN where an
    asset has no bar; `bases` names the N columns.
    """

    bases: tuple[str, ...]
    timeframe_ms: int
    open_ms: Times
    close: Floats

    def column(self, base: str) -> Floats:
        """Return the closes (T,) of one asset."""
        return np.asarray(self.close[:, self.bases.index(base)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one base unit costs in quote currency, which price that is, and when it was true."""

    value: float
    kind: Literal["mark", "last", "close", "given"]
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """One symbol's current funding: `rate` is a fraction of notional a long pays every `interval_hours`."""

    symbol: str
    rate: float
    interval_hours: float
    next_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginTier:
    """One step of a contract's margin: for a position from `floor_notional` to `cap_notional`, in quote currency.

    `cap_notional` is None where the last tier has no end; `max_leverage` is None where it is not told.
    """

    floor_notional: float
    cap_notional: float | None
    maintenance_rate: float
    max_leverage: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FundingHistory:
    """What one symbol paid: `time_ms` (T,) int64 ascending, `rate` (T,) float64, fractions of notional a long paid.

    A payment that the source does not list is absent. `interval_hours` is how far apart the latest payments are;
    None where they do not agree on it.
    """

    symbol: str
    time_ms: Times
    rate: Floats
    interval_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInterest:
    """All positions of one symbol: `amount` in base units, `notional` in quote currency, as the source tells it."""

    symbol: str
    amount: float | None = None
    notional: float | None = None
    time_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The latest prices of one symbol in quote currency per base unit, and what was traded in 24 hours."""

    symbol: str
    time_ms: int | None = None
    bid: float | None = None
    ask: float | None = None
    last: float | None = None
    mark: float | None = None
    index: float | None = None
    quote_volume_24h: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """An order book: `bids` and `asks` are (n, 2) float64 of price and amount in base units, best first."""

    symbol: str
    time_ms: int
    bids: Floats
    asks: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something that cannot be known here, and why. It becomes `null`, never 0."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something the reader must know about how a number came to be; `warning` weighs more than `note`."""

    id: str
    detail: str
    severity: Literal["note", "warning"] = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """An asset that was left out, with the rule that did it and the numbers."""

    base: str
    reason: str
    detail: str
