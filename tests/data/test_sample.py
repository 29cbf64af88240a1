"""The simulated market: what its documentation states is measured here."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from betacli.core.calendar import DAY_MS, HOUR_MS, TIMEFRAMES_MS
from betacli.core.model import Book, Member, Price, Unknown
from betacli.data.gates import GATES, against_benchmark, inspect
from betacli.data.sample import EPOCH_MS, TRUE_BETAS, SampleMarket, simulate_returns
from betacli.errors import NoData
from data.sampling import DATES, FAULTY, NOW, TOP, at, bars, listings, load, same, slope

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


def test_a_delisted_coin_goes_on_as_spot():
    """Its contract ended in 2024; its spot market has a bar of every hour since, a price and a book, and no funding."""
    market = SampleMarket(now_ms=NOW)
    found = list(market.spot(["OLD"], "USDT").values())
    assert (found[0].symbol, found[0].market.kind, found[0].market.active) == ("OLD/USDT", "spot", True)
    hours = market.candles(found, "1h", at("2024-02-01"), NOW)["OLD"]
    assert np.diff(hours.open_ms).max() == HOUR_MS
    assert hours.open_ms[-1] > at("2024-03-02")
    assert isinstance(market.prices(found)["OLD"], Price)
    assert isinstance(market.books(found)["OLD"], Book)
    assert isinstance(market.funding(found)["OLD"], Unknown)


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
