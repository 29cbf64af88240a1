"""The simulated prices: true betas, tails, contracts, books and funding as documented."""

import math
from decimal import Decimal

import numpy as np
import pytest
from scipy import stats

from betacli.core.calendar import DAY_MS, HOUR_MS
from betacli.core.model import Book, Funding, Member, Price, Unknown
from betacli.data.sample import TRUE_BETAS, SampleMarket, simulate_returns
from betacli.data.sample_assets import ASSETS
from betacli.data.sample_paths import _student
from data.sampling import FAULTY, NOW, at, bars, listings, slope

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
        Member(base="ETH", symbol="ETH/USDT:USDT-230331"),
        Member(base="SOL", symbol="SOL/USDT:USDT"),
        Member(base="SUI"),
    ]
    found = market.find(members, "USDT")
    assert found["NOPE"] == Unknown(reason="the simulated market has no `NOPE`")
    reason = "the simulated market has no `ETH/USDT:USDT-230331`; its contract is `ETH/USDT:USDT`"
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
