"""The assets of the simulated market, as a table: what they are worth, what they do, and how they are traded.

The betas are the truth every estimate can be held against. Prices, volumes, lots, fees and margins are plausible,
close to those of Binance's contracts, and stated for the simulation alone: no exchange has promised them.

    factor    the sector factor that moves the asset, `-` for none
    beta      true beta to BTC
    loading   true loading on the sector factor
    own_vol   annual volatility of the asset's own return
    price     USDT per contract base unit, the level the price keeps coming back to
    adv       average daily volume, million USDT
    tick, lot price tick in USDT; amount step and smallest amount in base units
    notional  smallest order, USDT
    lev, mmr  largest leverage; maintenance margin rate in percent of notional
    fund      hours between funding payments
    listed    day of the first bar (00:00 UTC)
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from betacli.core.model import Market

QUOTE = "USDT"
BENCHMARK = "BTC"
BENCHMARK_VOL = 0.50  # annual volatility of BTC
# annual volatilities of the sector factors
FACTOR_VOL = {"l1": 0.22, "defi": 0.32, "infra": 0.30, "gaming": 0.34, "payment": 0.26, "meme": 0.34}

_TABLE = """
base    factor   beta  loading  own_vol     price     adv  tick      lot    notional  lev  mmr   fund  listed
BTC     -        1.00     0.0    0.000      90000   16000  0.1       0.001       100  125  0.40     8  2023-01-01
ETH     l1       1.25     0.8    0.400       3200   12000  0.01      0.001        20  100  0.50     8  2023-01-01
SOL     l1       1.60     1.0    0.550        160    3500  0.01      0.01          5  100  0.50     8  2023-01-01
BNB     l1       0.95     0.6    0.400        700     800  0.01      0.01          5   75  0.50     8  2023-01-01
ADA     l1       1.35     1.0    0.500       0.70     600  0.00001   1             5   75  0.60     8  2023-01-01
AVAX    l1       1.80     1.1    0.580         26     300  0.001     1             5   75  0.65     4  2023-01-01
DOT     l1       1.40     1.0    0.500        4.2     170  0.0001    0.1           5   75  0.65     4  2023-01-01
NEAR    l1       1.75     1.1    0.600        2.8     180  0.0001    1             5   75  0.65     4  2023-01-01
ATOM    l1       1.30     0.9    0.500        4.4     110  0.0001    0.01          5   75  0.65     4  2023-01-01
SUI     l1       1.75     1.2    0.620        3.2     800  0.0001    0.1           5   75  0.65     4  2023-05-03
APT     l1       1.65     1.1    0.600        4.6     150  0.0001    0.1           5   75  0.65     4  2023-01-01
TRX     l1       0.80     0.4    0.400       0.30     180  0.00001   1             5   75  0.65     8  2023-01-01
TON     l1       1.05     0.8    0.480        2.9     110  0.0001    0.1           5   50  1.00     4  2023-09-05
ALGO    l1       1.45     1.0    0.520       0.21      70  0.00001   0.1           5   50  1.00     4  2023-01-01
HBAR    l1       1.40     1.0    0.580       0.22     160  0.00001   1             5   75  0.65     4  2023-01-01
SEI     l1       1.70     1.1    0.650       0.27     120  0.00001   1             5   50  1.00     4  2023-08-16
INJ     l1       1.65     1.1    0.620         12      90  0.001     0.1           5   50  1.00     4  2023-01-01
TIA     l1       1.75     1.1    0.680        1.7     110  0.0001    1             5   50  1.00     4  2023-10-31
UNI     defi     1.45     1.0    0.560        8.5     280  0.001     1             5   75  0.65     4  2023-01-01
AAVE    defi     1.50     1.0    0.540        250     330  0.01      0.1           5   75  0.65     4  2023-01-01
SKY     defi     1.10     0.8    0.460      0.072      12  0.000001  1             5   25  1.50     4  2023-09-18
CRV     defi     1.55     1.2    0.640       0.72     190  0.0001    0.1           5   75  1.00     4  2023-01-01
COMP    defi     1.30     1.0    0.540         46      40  0.001     0.001         5   50  1.00     4  2023-01-01
LDO     defi     1.55     1.1    0.600        1.1     120  0.0001    1             5   75  1.00     4  2023-01-01
YFI     defi     1.15     0.9    0.480       5200      15  0.1       0.001         5   25  1.50     4  2023-01-01
1INCH   defi     1.25     1.0    0.520       0.25      18  0.00001   1             5   50  1.00     4  2023-01-01
SNX     defi     1.45     1.1    0.600       0.75      30  0.0001    0.1           5   50  1.00     4  2023-01-01
DYDX    defi     1.50     1.1    0.600       0.62      45  0.0001    0.1           5   50  1.00     4  2023-01-01
PENDLE  defi     1.55     1.1    0.620        4.6      60  0.0001    1             5   50  1.00     4  2023-07-28
LINK    infra    1.35     0.9    0.480         18     750  0.001     0.01         20   75  0.65     8  2023-01-01
GRT     infra    1.45     1.1    0.560      0.095      30  0.000001  1             5   50  1.00     4  2023-01-01
FIL     infra    1.40     1.0    0.540        2.5     150  0.0001    0.1           5   75  0.65     4  2023-01-01
AR      infra    1.60     1.1    0.640        6.5      40  0.0001    0.1           5   50  1.00     4  2023-01-01
RENDER  infra    1.65     1.1    0.640        3.7      90  0.0001    0.1           5   50  1.00     4  2023-07-27
ICP     infra    1.45     1.0    0.580        5.1      70  0.0001    1             5   50  1.00     4  2023-01-01
PYTH    infra    1.55     1.2    0.640       0.15      45  0.00001   1             5   50  1.00     4  2023-11-22
API3    infra    1.30     1.1    0.600       0.80      30  0.0001    0.1           5   50  1.00     4  2023-01-01
ENS     infra    1.45     1.0    0.580         22      60  0.001     0.1           5   50  1.00     4  2023-01-01
AXS     gaming   1.50     1.0    0.580        2.4      35  0.0001    1             5   50  1.00     4  2023-01-01
SAND    gaming   1.45     1.1    0.540       0.28      50  0.00001   1             5   50  1.00     4  2023-01-01
MANA    gaming   1.40     1.0    0.540       0.30      40  0.00001   1             5   50  1.00     4  2023-01-01
GALA    gaming   1.60     1.2    0.620      0.016      70  0.000001  1             5   50  1.00     4  2023-01-01
IMX     gaming   1.55     1.0    0.600       0.60      40  0.00001   1             5   50  1.00     4  2023-01-01
ENJ     gaming   1.30     1.0    0.560      0.070      15  0.000001  1             5   25  1.50     4  2023-01-01
XRP     payment  0.95     0.9    0.480        2.4    2500  0.0001    0.1           5  100  0.50     8  2023-01-01
LTC     payment  1.05     0.8    0.440        110     350  0.01      0.001        20   75  0.65     8  2023-01-01
BCH     payment  1.10     0.8    0.460        520     250  0.01      0.001        20   75  0.65     8  2023-01-01
XLM     payment  1.05     1.0    0.500       0.35     160  0.00001   1             5   75  0.65     8  2023-01-01
DOGE    meme     1.40     0.9    0.540       0.20    1800  0.00001   1             5   75  0.65     8  2023-01-01
USDC    -        0.00     0.0    0.005          1      60  0.000001  1             5   75  0.50     8  2023-01-01
OLD     l1       1.40     1.0    0.400        1.5      10  0.0001    1             5   20  2.50     4  2023-01-01
PEPE    meme     1.70     1.0    0.680      0.010     900  0.0000001 1             5   75  0.65     4  2023-05-05
GAP     l1       1.30     1.0    0.500        5.0      40  0.0001    0.1           5   25  1.50     4  2023-01-01
STALE   infra    1.30     1.0    0.500        8.0      40  0.0001    0.1           5   25  1.50     4  2023-01-01
"""

DELISTED = {"OLD": "2024-03-01"}  # bars stop here, and the contract with them
MULTIPLIERS = {"PEPE": 1000}  # coins in one base unit of the contract
DELAYS = {"STALE": timedelta(days=5)}  # the feed runs this far behind the clock
LOST_DAYS = {"GAP": (10, 7)}  # of every 10 days since the epoch, the one numbered 7 has no bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One row of the table, in the units of its header; times in UTC milliseconds, `adv_usd` in USDT a day."""

    base: str
    factor: str | None
    beta: float
    loading: float
    own_vol: float
    price: float
    adv_usd: float
    tick: Decimal
    lot: Decimal
    min_notional: Decimal
    max_leverage: float
    maintenance_rate: float
    funding_hours: int
    listed_ms: int
    delisted_ms: int | None
    multiplier: int
    delay_ms: int
    lost_days: tuple[int, int] | None

    @property
    def symbol(self) -> str:
        """`ETH/USDT:USDT`; a contract on 1000 coins is named `1000PEPE/USDT:USDT`."""
        coins = "" if self.multiplier == 1 else str(self.multiplier)
        return f"{coins}{self.base}/{QUOTE}:{QUOTE}"

    @property
    def tick_digits(self) -> int:
        """Decimals of a price."""
        return -int(self.tick.normalize().as_tuple().exponent)

    @property
    def lot_digits(self) -> int:
        """Decimals of an amount."""
        return -int(self.lot.normalize().as_tuple().exponent)

    @property
    def annual_vol(self) -> float:
        """Annual volatility of the asset's return: benchmark, factor and own part together."""
        own = BENCHMARK_VOL if self.base == BENCHMARK else self.own_vol
        benchmark = 0.0 if self.base == BENCHMARK else self.beta * BENCHMARK_VOL
        factor = self.loading * FACTOR_VOL[self.factor] if self.factor else 0.0
        return float((benchmark**2 + factor**2 + own**2) ** 0.5)

    def market(self, now_ms: int) -> Market:
        """Return the contract as it stands at a moment."""
        return Market(
            base=self.base,
            symbol=self.symbol,
            quote=QUOTE,
            settle=QUOTE,
            active=self.delisted_ms is None or now_ms < self.delisted_ms,
            multiplier=self.multiplier,
            amount_step=self.lot,
            min_amount=self.lot,
            min_notional=self.min_notional,
            price_tick=self.tick,
            listed_ms=self.listed_ms,
            max_leverage=self.max_leverage,
            maintenance_rate=self.maintenance_rate,
            maker_fee=0.0002,
            taker_fee=0.0005,
        )


def midnight_ms(date: str) -> int:
    """Return 00:00 UTC of an ISO date in milliseconds since the epoch of Unix."""
    return round(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() * 1000)


def _asset(line: str) -> Asset:
    """Read one row of the table."""
    (base, factor, beta, loading, own_vol, price, adv, tick, lot, notional, lev, mmr, fund, listed) = (
        line.split()
    )
    return Asset(
        base=base,
        factor=None if factor == "-" else factor,
        beta=float(beta),
        loading=float(loading),
        own_vol=float(own_vol),
        price=float(price),
        adv_usd=float(adv) * 1e6,
        tick=Decimal(tick),
        lot=Decimal(lot),
        min_notional=Decimal(notional),
        max_leverage=float(lev),
        maintenance_rate=float(mmr) / 100,
        funding_hours=int(fund),
        listed_ms=midnight_ms(listed),
        delisted_ms=midnight_ms(DELISTED[base]) if base in DELISTED else None,
        multiplier=MULTIPLIERS.get(base, 1),
        delay_ms=round(DELAYS.get(base, timedelta()).total_seconds() * 1000),
        lost_days=LOST_DAYS.get(base),
    )


ASSETS: dict[str, Asset] = {asset.base: asset for asset in map(_asset, _TABLE.strip().splitlines()[1:])}
TRUE_BETAS: dict[str, float] = {base: asset.beta for base, asset in ASSETS.items()}
