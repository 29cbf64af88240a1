"""The simulated market: what its documentation states is measured here."""

import math
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from betacli.core.calendar import DAY_MS, HOUR_MS, TIMEFRAMES_MS
from betacli.core.model import Book, Candles, Funding, Member, Price, Universe, Unknown
from betacli.data.candles import Listing
from betacli.data.gates import GATES, against_benchmark, inspect
from betacli.data.sample import EPOCH_MS, TRUE_BETAS, SampleMarket, _student, simulate_returns
from betacli.data.sample_assets import ASSETS
from betacli.data.sectors import load_universe
from betacli.errors import NoData

TOP = Path(__file__).resolve().parents[2]
FIELDS = ("open_ms", "open", "high", "low", "close", "volume", "quote_volume")
FAULTY = ("GAP", "STALE", "OLD")


def at(written: str) -> int:
    return round(datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp() * 1000)


NOW = at("2026-11-23T20:17:05")
DATES = ("2024-06-01", "2024-12-11", "2025-07-01", "2026-03-17", "2026-11-23", "2031-05-05")


def listings(market: SampleMarket, *bases: str) -> list[Listing]:
    found = market.find([Member(base=base) for base in bases], "USDT")
    assert not [x for x in found.values() if isinstance(x, Unknown)]
    return list(found.values())


def bars(
    base: str, timeframe: str, *, now: int = NOW, start: int = EPOCH_MS, end: int | None = None
) -> Candles:
    market = SampleMarket(now_ms=now)
    return market.candles(listings(market, base), timeframe, start, now if end is None else end)[base]


def same(a: Candles, b: Candles, n: int | None = None) -> bool:
    return all(getattr(a, f).tobytes() == getattr(b, f)[:n].tobytes() for f in FIELDS)


def load(path: Path) -> Universe:
    nowhere = Path("/nonexistent-betacli-test")
    return load_universe(config=path, project_dir=nowhere, user_dir=nowhere, packaged=TOP / "sectors.yaml")


def slope(x, y):
    """Return OLS slopes (N,) of y (T, N) on x (T,), and their classical standard errors."""
    x, y = x - x.mean(), y - y.mean(axis=0)
    beta = x @ y / (x @ x)
    rest = y - np.outer(x, beta)
    return beta, np.sqrt((rest**2).sum(axis=0) / (len(x) - 2) / (x @ x))


# --- which bars there are ---------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    hours=st.tuples(st.integers(24, 30_000), st.integers(0, 5_000)),
    odd_ms=st.integers(0, HOUR_MS - 1),
    timeframe=st.sampled_from(["1h", "2h", "4h", "6h", "8h", "12h", "1d"]),
    base=st.sampled_from(["BTC", "ETH", "USDC", "GAP", "OLD"]),
)
def test_bars_at_one_moment_begin_those_of_a_later_one(hours, odd_ms, timeframe, base):
    """What was seen once is never seen differently: bars at one moment are, bit for bit, a prefix of later ones."""
    now = EPOCH_MS + hours[0] * HOUR_MS + odd_ms
    early = bars(base, timeframe, now=now)
    late = bars(base, timeframe, now=now + hours[1] * HOUR_MS)
    assert same(early, late, len(early.close))


def test_delayed_feed_is_a_prefix_too():
    """A feed that runs five days behind shows nothing that a later look takes back."""
    early, late = bars("STALE", "1h", now=NOW), bars("STALE", "1h", now=NOW + 40 * DAY_MS)
    assert same(early, late, len(early.close))
    assert late.open_ms[-1] == (NOW + 35 * DAY_MS) // HOUR_MS * HOUR_MS - HOUR_MS


@pytest.mark.parametrize("timeframe", ["1h", "4h", "1d"])
def test_only_closed_bars(timeframe):
    """A bar is there from the millisecond it closes, and not one earlier."""
    step = TIMEFRAMES_MS[timeframe]
    close_ms = at("2025-03-03")
    assert bars("ETH", timeframe, now=close_ms).open_ms[-1] == close_ms - step
    assert bars("ETH", timeframe, now=close_ms - 1).open_ms[-1] == close_ms - 2 * step


@pytest.mark.parametrize("timeframe", ["2h", "4h", "6h", "8h", "12h", "1d"])
def test_coarse_bars_are_made_of_hourly_ones(timeframe):
    """Open of the first hour, highest high, lowest low, close of the last, and the sum of the volumes."""
    fine = bars("SOL", "1h", start=at("2025-01-01"), end=at("2025-05-01"))
    coarse = bars("SOL", timeframe, start=at("2025-01-01"), end=at("2025-05-01"))
    n = TIMEFRAMES_MS[timeframe] // HOUR_MS
    assert len(coarse.close) == 120 * 24 // n
    assert list(coarse.open_ms) == list(fine.open_ms[::n])
    for k in range(len(coarse.close)):
        hours = slice(k * n, (k + 1) * n)
        assert coarse.open[k] == fine.open[hours][0]
        assert coarse.high[k] == max(fine.high[hours])
        assert coarse.low[k] == min(fine.low[hours])
        assert coarse.close[k] == fine.close[hours][-1]
        assert coarse.volume[k] == pytest.approx(math.fsum(fine.volume[hours]), rel=1e-14)
        assert coarse.quote_volume[k] == pytest.approx(math.fsum(fine.quote_volume[hours]), rel=1e-14)


def test_range_is_half_open():
    """Bars that open in [start, end) are returned, wherever start and end fall between bars."""
    day = at("2025-02-02")
    whole = bars("ETH", "1d", start=day, end=day + 3 * DAY_MS)
    assert list(whole.open_ms) == [day, day + DAY_MS, day + 2 * DAY_MS]
    late = bars("ETH", "1d", start=day + 1, end=day + 2 * DAY_MS + 1)
    assert list(late.open_ms) == [day + DAY_MS, day + 2 * DAY_MS]
    assert not len(bars("ETH", "1d", start=day + 1, end=day + DAY_MS).close)
    assert not len(bars("ETH", "1d", start=day, end=day).close)
    assert not len(bars("ETH", "1d", start=NOW + DAY_MS, end=NOW + 9 * DAY_MS).close)
    assert not len(bars("SUI", "1d", start=EPOCH_MS, end=EPOCH_MS + DAY_MS).close)


def test_results_do_not_depend_on_what_else_is_asked():
    """An asset's bars are its own: alone or among others, in any order, in pieces, with NumPy's seed set or not."""
    np.random.seed(7)  # noqa: NPY002  the legacy state must not matter
    names = ["SOL", "LINK", "BTC", "ETH", "USDC"]
    alone = {base: bars(base, "4h", start=at("2024-01-01")) for base in names}
    market = SampleMarket(now_ms=NOW)
    for order in (names, names[::-1]):
        together = market.candles(listings(market, *order), "4h", at("2024-01-01"), NOW)
        assert list(together) == order
        assert all(same(alone[base], together[base]) for base in names)
    piece = bars("SOL", "4h", start=at("2026-06-01"), end=at("2026-07-01"))
    first = int(np.searchsorted(alone["SOL"].open_ms, piece.open_ms[0]))
    assert piece.close.tobytes() == alone["SOL"].close[first : first + len(piece.close)].tobytes()


def test_same_bytes_in_every_process():
    """Another process, with another hash seed, prints the same bytes, and needs no heavy import for them."""
    program = (
        "import sys, hashlib; from betacli.data.sample import SampleMarket, simulate_returns;"
        "from betacli.core.model import Member;"
        f"m = SampleMarket(now_ms={NOW}); l = list(m.find([Member(base='ETH'), Member(base='AXS')], 'USDT').values());"
        f"c = m.candles(l, '1h', {NOW - 200 * DAY_MS}, {NOW});"
        "print(hashlib.sha256(c['ETH'].close.tobytes() + c['AXS'].volume.tobytes()).hexdigest());"
        "print(m.books(l)['ETH'].bids.tolist(), m.funding(l), m.prices(l));"
        "print([name for name in ('pandas', 'ccxt', 'yaml', 'scipy') if name in sys.modules])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(TOP)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert said[0].splitlines()[-1] == "[]"


def test_another_seed_is_another_market():
    """The seed changes every price and none of the true betas."""
    a, b = (simulate_returns(seed, ["BTC", "ETH"], 500) for seed in (1, 2))
    assert not np.any(a == b)


def test_moments_without_data():
    """Before its first full day and after its horizon the market refuses, and says when it begins or ends."""
    with pytest.raises(NoData, match=r"begins at 2023-01-01T00:00:00Z and has no day of bars by 2022-12-31"):
        SampleMarket(now_ms=EPOCH_MS - 1)
    with pytest.raises(NoData, match=r"begins at 2023"):
        SampleMarket(now_ms=EPOCH_MS + DAY_MS - 1)
    with pytest.raises(NoData, match=r"ends at 2060-01-01T00:00:00Z"):
        SampleMarket(now_ms=at("2100-01-01"))
    assert len(bars("BTC", "1d", now=EPOCH_MS + DAY_MS).close) == 1
    assert len(bars("BTC", "1d", now=at("2060-01-01"), start=at("2059-12-01")).close) == 31


def test_no_finer_bars():
    """Bars finer than an hour are unknown, with the reason."""
    assert bars("BTC", "15m") == Unknown(reason="the simulated market has no bars finer than 1h")


# --- what the prices do -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("start_hour", [0, 1080], ids=["in one block", "across two blocks"])
def test_interval_covers_the_true_beta(start_hour):
    """Over seeds 0 to 999 the 95 % interval of 90 daily returns covers the stated beta in 93 to 97 % of the markets."""
    bases = ["BTC", "ETH", "SOL", "LINK", "AXS"]
    truth = np.array([1.25, 1.60, TRUE_BETAS["LINK"], TRUE_BETAS["AXS"]])
    quantile = stats.t.ppf(0.975, 90 - 2)
    betas, covered = np.empty((1000, 4)), np.empty((1000, 4))
    for seed in range(1000):
        hourly = simulate_returns(seed, bases, 90 * 24, start_hour=start_hour)
        daily = np.prod(1 + hourly.reshape(90, 24, 5), axis=1) - 1
        betas[seed], error = slope(daily[:, 0], daily[:, 1:])
        covered[seed] = np.abs(betas[seed] - truth) <= quantile * error
    assert np.all((covered.mean(axis=0) >= 0.93) & (covered.mean(axis=0) <= 0.97)), covered.mean(axis=0)
    assert np.all(np.abs(betas.mean(axis=0) - truth) < 0.01), betas.mean(axis=0)


@pytest.mark.parametrize(("hours", "name"), [(1, "1h"), (4, "4h"), (24, "1d")])
def test_long_samples_have_the_stated_betas(hours, name):
    """Over 24 years the measured betas are the stated ones on hourly, 4-hourly and daily returns."""
    bases = ["BTC", "ETH", "SOL", "TRX", "USDC"]
    hourly = simulate_returns(3, bases, 24 * 365 * 24)
    returns = np.prod(1 + hourly.reshape(-1, hours, 5), axis=1) - 1
    betas, errors = slope(returns[:, 0], returns[:, 1:])
    truth = np.array([1.25, 1.60, 0.80, 0.0])
    assert np.all(np.abs(betas - truth) < 4 * errors), (name, betas)
    assert np.all(errors < 0.02)


def test_stated_betas():
    """Bitcoin has 1 by definition, ETH 1.25, SOL 1.60, the stablecoin 0; the others lie between 0.8 and 1.9."""
    assert [TRUE_BETAS[base] for base in ("BTC", "ETH", "SOL", "USDC")] == [1.0, 1.25, 1.60, 0.0]
    assert all(0.8 <= beta <= 1.9 for base, beta in TRUE_BETAS.items() if base != "USDC")


def test_stated_volatilities_and_r_squared():
    """Measured over 24 years, volatility is what the table adds up to, and BTC explains 35 to 75 % of an altcoin."""
    bases = list(TRUE_BETAS)
    hourly = simulate_returns(3, bases, 24 * 365 * 24)
    daily = np.prod(1 + hourly.reshape(-1, 24, len(bases)), axis=1) - 1
    vols = daily.std(axis=0, ddof=1) * math.sqrt(365)
    # by hand, SOL: sqrt((1.6 × 0.50)² + (1.0 × 0.22)² + 0.55²) = sqrt(0.64 + 0.0484 + 0.3025) = 0.9954
    assert ASSETS["SOL"].annual_vol == pytest.approx(0.9954, abs=1e-4)
    for base, vol in zip(bases, vols, strict=True):
        assert vol == pytest.approx(ASSETS[base].annual_vol, rel=0.05), base
    r_squared = np.corrcoef(daily.T)[0] ** 2
    for base, value in zip(bases, r_squared, strict=True):
        assert base in {"BTC", "USDC"} or 0.35 < value < 0.75, (base, value)


def test_innovations_are_student():
    """Bailey's formula gives Student t with 4 degrees of freedom: SciPy's distribution, scaled, fits 43,200 draws."""
    draws = np.concatenate([_student(12, "X", block) for block in range(20)])
    sd = math.sqrt(2)  # of Student t with 4 degrees of freedom
    density = stats.t(4)
    inner = 2 * stats.t.expect(lambda t: (t / sd) ** 2, args=(4,), lb=0, ub=6 * sd)
    clipped = math.sqrt(inner + 2 * 36 * density.sf(6 * sd))
    assert draws.std() == pytest.approx(1.0, abs=0.02)
    assert np.abs(draws).max() == pytest.approx(6 / clipped, rel=1e-9)
    inside = draws[np.abs(draws) < 5.999 / clipped] * clipped * sd
    low, high = density.cdf([-5.999 * sd, 5.999 * sd])
    assert stats.kstest(inside, lambda x: (density.cdf(x) - low) / (high - low)).pvalue > 0.01


def test_tails_are_fat_and_volatility_clusters():
    """Daily returns of BTC have excess kurtosis, and large days follow large days."""
    hourly = simulate_returns(5, ["BTC"], 24 * 365 * 24)[:, 0]
    daily = np.prod(1 + hourly.reshape(-1, 24), axis=1) - 1
    assert stats.kurtosis(daily) > 0.3
    size = np.abs(daily)
    assert np.corrcoef(size[:-1], size[1:])[0, 1] > 0.03  # 1 / sqrt(8760) = 0.011 is one standard error
    assert np.abs(hourly).max() < 0.25


def test_the_parts_are_independent():
    """What BTC, two sectors' factors and an asset's own return do has nothing to do with one another."""
    r = simulate_returns(3, ["BTC", "ETH", "SOL", "LINK", "AXS"], 24 * 365 * 24)
    own = r[:, 1:] - np.outer(r[:, 0], [TRUE_BETAS[b] for b in ("ETH", "SOL", "LINK", "AXS")])
    correlation = np.corrcoef(own.T)
    # same sector: 0.8 × 0.22 × 0.22 / (sqrt(0.03098 + 0.16) × sqrt(0.0484 + 0.3025)) = 0.03872 / 0.2589 = 0.150
    assert correlation[0, 1] == pytest.approx(0.150, abs=0.02)
    assert np.all(np.abs(correlation[np.ix_([0, 1], [2, 3])]) < 0.01)
    assert abs(correlation[2, 3]) < 0.01


@pytest.mark.parametrize("base", ["BTC", "SUI", "TRX", "GALA", "USDC", "PEPE"])
def test_bars_are_well_formed(base):
    """Bars join up, contain their prices, keep to the tick and the lot, and trade in every hour."""
    asset, c = ASSETS[base], bars(base, "1h")
    assert list(np.unique(np.diff(c.open_ms))) == [HOUR_MS]
    assert c.open_ms[0] == asset.listed_ms
    assert np.array_equal(c.open[1:], c.close[:-1])
    assert np.all((c.low > 0) & (c.low <= np.minimum(c.open, c.close)))
    assert np.all(c.high >= np.maximum(c.open, c.close))
    assert np.all(c.volume > 0)
    assert np.all((c.quote_volume >= c.volume * c.low) & (c.quote_volume <= c.volume * c.high))
    for value in (c.open, c.high, c.low, c.close):
        assert all(Decimal(repr(float(x))) % asset.tick == 0 for x in value[::97])
    assert all(Decimal(repr(float(x))) % asset.lot == 0 for x in c.volume[::97])
    per_day = c.quote_volume.sum() / (len(c.close) / 24)
    assert per_day == pytest.approx(asset.adv_usd, rel=0.15)


def test_prices_stay_where_the_table_says():
    """Over 37 years no price leaves a factor of six around its level, and the stablecoin stays within 1 % of 1."""
    for base in ("BTC", "ETH", "SUI", "GALA", "TRX"):
        closes = bars(base, "1d", now=at("2060-01-01")).close
        assert closes.max() < 6 * ASSETS[base].price
        assert closes.min() > ASSETS[base].price / 6
    closes = bars("USDC", "1h", now=at("2060-01-01")).close
    assert 0.99 < closes.min() < closes.max() < 1.01


# --- the shipped sectors ------------------------------------------------------------------------------------------


def test_every_shipped_asset_is_there():
    """Each asset of the shipped sector file has a contract in the simulated market and a stated beta."""
    members = list(load(TOP / "sectors.yaml").assets.values())
    found = SampleMarket(now_ms=NOW).find(members, "USDT")
    assert not {base: x.reason for base, x in found.items() if isinstance(x, Unknown)}
    assert {member.base for member in members} <= set(TRUE_BETAS)


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize(("timeframe", "days"), [("1d", 90), ("4h", 180)])
def test_shipped_assets_pass_every_gate(date, timeframe, days):
    """From June 2024 on nothing of the shipped sectors is refused, flat or silent in a window of 180 days."""
    now = at(date) + 5 * HOUR_MS
    step = TIMEFRAMES_MS[timeframe]
    last = now // step * step - step
    grid = np.arange(last - days * DAY_MS, last + step, step, dtype=np.int64)
    market = SampleMarket(now_ms=now)
    found = listings(market, *load(TOP / "sectors.yaml").assets)
    candles = market.candles(found, timeframe, int(grid[0]), now)
    for listing in found:
        c = candles[listing.base]
        seen = inspect(
            listing.base,
            c,
            grid,
            now_ms=now,
            listed_ms=listing.market.listed_ms,
            whole_window=True,
            thresholds=GATES,
        )
        assert not seen.failures
        assert not [notice for notice in seen.notices if notice.id == "flat"]
        assert not against_benchmark(listing.base, seen.close, candles["BTC"].close, step, GATES)
        assert np.all(c.volume > 0)


@pytest.mark.parametrize("date", DATES)
def test_l1_reaches_a_beta_of_1_40(date):
    """With at most 40 % in one name the estimated betas of `l1` bracket 1.40, with room on both sides."""
    now = at(date)
    bases = next(sector.bases for sector in load(TOP / "sectors.yaml").sectors if sector.name == "l1")
    market = SampleMarket(now_ms=now)
    candles = market.candles(listings(market, "BTC", *bases), "1d", now - 91 * DAY_MS, now)
    closes = np.stack([candles[base].close for base in ("BTC", *bases)], axis=1)
    returns = closes[1:] / closes[:-1] - 1
    assert len(returns) == 90
    betas = np.sort(slope(returns[:, 0], returns[:, 1:])[0])
    greedy = np.array([0.4, 0.4, 0.2])
    assert betas[:3] @ greedy < 1.30
    assert betas[::-1][:3] @ greedy > 1.45
    assert betas[-1] > 1.5
    assert betas[0] < 1.2


# --- contracts ----------------------------------------------------------------------------------------------------


def test_contracts():
    """Contracts are linear USDT perpetuals with steps and minimum orders like Binance's."""
    market = SampleMarket(now_ms=NOW)
    for listing in listings(market, *TRUE_BETAS):
        m = listing.market
        assert listing.symbol == m.symbol
        assert (m.quote, m.settle, m.kind, m.linear, m.expiry_ms) == ("USDT", "USDT", "swap", True, None)
        assert m.contract_size == 1
        assert min(m.amount_step, m.min_amount, m.price_tick) > 0
        assert m.min_notional >= 5
        assert (m.maker_fee, m.taker_fee) == (0.0002, 0.0005)
        assert 20 <= m.max_leverage <= 125
        assert 0.004 <= m.maintenance_rate <= 0.025
        assert m.maintenance_rate < 1 / m.max_leverage
        assert m.active is (listing.base != "OLD")
    btc, eth = (x.market for x in listings(market, "BTC", "ETH"))
    assert (btc.symbol, btc.amount_step, btc.min_notional) == ("BTC/USDT:USDT", Decimal("0.001"), 100)
    assert (eth.symbol, eth.amount_step, eth.min_notional) == ("ETH/USDT:USDT", Decimal("0.001"), 20)


def test_what_cannot_be_found():
    """An unknown asset, another quote, another contract and an asset not yet listed are unknown, with the reason."""
    market = SampleMarket(now_ms=at("2023-04-01"))
    members = [
        Member(base="NOPE"),
        Member(base="ETH", symbol="ETH/USDT:USDT-230630"),
        Member(base="SOL", symbol="SOL/USDT:USDT"),
        Member(base="SUI"),
    ]
    found = market.find(members, "USDT")
    assert found["NOPE"] == Unknown(reason="the simulated market has no `NOPE`")
    reason = "the simulated market has no `ETH/USDT:USDT-230630`; its contract is `ETH/USDT:USDT`"
    assert found["ETH"] == Unknown(reason=reason)
    assert found["SOL"].symbol == "SOL/USDT:USDT"
    assert found["SUI"] == Unknown(reason="the simulated market lists `SUI` at 2023-05-03T00:00:00Z")
    assert market.find([Member(base="SOL")], "USDC")["SOL"] == Unknown(
        reason="the simulated market is quoted in USDT, not `USDC`"
    )
    assert market.find([], "USDT") == {}


# --- prices, books, funding ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("date", ["2023-12-01T00:00:00", "2025-06-22T00:00:01", "2026-11-23T20:17:05"])
def test_price_and_book_belong_together(date):
    """The mark is the last closed hour's close, and lies inside a sorted book on the tick and lot grids."""
    now = at(date)
    market = SampleMarket(now_ms=now)
    found = listings(market, *(base for base in TRUE_BETAS if base not in FAULTY))
    prices, books = market.prices(found), market.books(found)
    closes = market.candles(found, "1h", now - 2 * DAY_MS, now)
    assert list(prices) == list(books) == [x.base for x in found]
    for base, price in prices.items():
        asset, book = ASSETS[base], books[base]
        assert isinstance(price, Price)
        assert isinstance(book, Book)
        assert (price.kind, price.value) == ("mark", closes[base].close[-1])
        assert price.time_ms == closes[base].open_ms[-1] + HOUR_MS <= now
        assert book.bids.shape == book.asks.shape == (20, 2)
        assert np.all(np.diff(book.bids[:, 0]) < 0)
        assert np.all(np.diff(book.asks[:, 0]) > 0)
        assert book.bids[0, 0] < price.value < book.asks[0, 0]
        spread_bps = (book.asks[0, 0] - book.bids[0, 0]) / price.value * 1e4
        assert 0.5 < spread_bps < 5 + 2e4 * float(asset.tick) / price.value, base
        for price_and_amount in (*book.bids, *book.asks):
            level, amount = (Decimal(repr(float(x))) for x in price_and_amount)
            assert level % asset.tick == 0
            assert amount % asset.lot == 0
            assert amount >= asset.lot
        for side in (book.bids, book.asks):
            assert np.prod(side, axis=1).sum() == pytest.approx(0.01 * asset.adv_usd, rel=0.02), base


def test_book_is_of_its_hour():
    """Within an hour a book stands still; in the next hour it is another one."""
    hour = at("2026-01-01T10:00:00")
    books = []
    for now in (hour, hour + HOUR_MS - 1, hour + HOUR_MS):
        market = SampleMarket(now_ms=now)
        books.append(market.books(listings(market, "ETH"))["ETH"])
    assert np.array_equal(books[0].bids, books[1].bids)
    assert not np.array_equal(books[0].bids, books[2].bids)


def test_funding():
    """BTC and ETH pay every 8 hours, UNI every 4; rates are small, and are the payment's own until it is made."""
    intervals = {"BTC": 8, "ETH": 8, "UNI": 4}
    rates: dict[str, list[float]] = {base: [] for base in intervals}
    for hour in range(240):
        now = at("2026-01-01") + hour * HOUR_MS + 5
        market = SampleMarket(now_ms=now)
        for base, funding in market.funding(listings(market, *intervals)).items():
            assert isinstance(funding, Funding)
            every_ms = intervals[base] * HOUR_MS
            assert funding.interval_hours == intervals[base]
            assert funding.next_ms % every_ms == 0
            assert now < funding.next_ms <= now + every_ms
            assert abs(funding.rate) <= 0.0003
            rates[base].append(funding.rate)
    for base, hours in intervals.items():
        by_payment = np.array(rates[base]).reshape(-1, hours)
        assert np.all(by_payment == by_payment[:, :1])
        assert len(set(by_payment[:, 0])) > 20
        assert abs(by_payment[:, 0].mean() - 0.0001 * hours / 8) < 0.00006  # 30 payments of sd 0.0001 or less


# --- the faulty ones ----------------------------------------------------------------------------------------------


def gates_failed(base: str, now: int) -> set[str]:
    last = now // DAY_MS * DAY_MS - DAY_MS
    grid = np.arange(last - 90 * DAY_MS, last + DAY_MS, DAY_MS, dtype=np.int64)
    market = SampleMarket(now_ms=now)
    found = listings(market, base)
    c = market.candles(found, "1d", int(grid[0]), now)[base]
    listed = found[0].market.listed_ms
    seen = inspect(base, c, grid, now_ms=now, listed_ms=listed, whole_window=False, thresholds=GATES)
    return {failure.gate for failure in seen.failures}


@settings(max_examples=25, deadline=None)
@given(now=st.integers(at("2024-06-01"), at("2030-01-01")))
def test_faults_are_refused_at_any_date(now):
    """At any moment the gap fails coverage, the stale series its age, and the delisted one has nothing to show."""
    assert "min_coverage" in gates_failed("GAP", now)
    assert "max_age_bars" in gates_failed("STALE", now)
    assert gates_failed("OLD", now) == {"max_age_bars"}
    assert not gates_failed("PEPE", now)


def test_gap_loses_one_day_in_ten():
    """Of 90 days in a row 81 have bars, at any timeframe."""
    for timeframe, per_day in (("1h", 24), ("4h", 6), ("1d", 1)):
        c = bars("GAP", timeframe, start=at("2025-01-01"), end=at("2025-04-01"))
        assert len(c.close) == 81 * per_day


def test_delisted_asset():
    """A delisted contract is found and inactive; its bars end on the day, and it has no price, book or funding."""
    last = at("2024-03-01")
    assert bars("OLD", "1h").open_ms[-1] == last - HOUR_MS
    for now, active in ((last - 1, True), (last, False), (NOW, False)):
        market = SampleMarket(now_ms=now)
        found = listings(market, "OLD")
        assert found[0].market.active is active
        for answer in (market.prices(found), market.books(found), market.funding(found)):
            assert isinstance(answer["OLD"], Unknown) is not active
    assert market.prices(found)["OLD"] == Unknown(
        reason="the simulated market delisted `OLD` at 2024-03-01T00:00:00Z"
    )


def test_contract_on_a_thousand_coins():
    """`PEPE` is traded as `1000PEPE`: the contract says how many coins that is, and prices are per thousand."""
    market = SampleMarket(now_ms=NOW)
    found = market.find([Member(base="PEPE", symbol="1000PEPE/USDT:USDT")], "USDT")["PEPE"]
    assert (found.symbol, found.market.multiplier, found.market.contract_size) == (
        "1000PEPE/USDT:USDT",
        1000,
        1,
    )
    assert 0.001 < market.prices([found])["PEPE"].value < 0.1


def test_faulty_example():
    """The example file is valid and names every asset with a fault."""
    universe = load(TOP / "examples" / "faulty.yaml")
    sectors = {sector.name: sector for sector in universe.sectors}
    assert {*FAULTY, "PEPE"} <= set(sectors["faulty"].bases)
    found = SampleMarket(now_ms=NOW).find(sectors["missing"].members, "USDT")
    assert [base for base, x in found.items() if isinstance(x, Unknown)] == ["NOPE", "SOL"]
