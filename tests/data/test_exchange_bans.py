"""An exchange that wants to be left alone: asked once, remembered, and its budget never used up."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from betacli.core.model import Member
from betacli.data import transport
from betacli.data.pace import NoRoomError, Pace
from betacli.data.venue import Budget
from betacli.data.venues import VENUES
from betacli.errors import ExchangeFailed
from fake_exchange.asking import DIALECTS, MEMBERS, NOW_MS, START_MS, a_market, ask, served, walk
from fake_exchange.faults import Fault
from fake_exchange.market import bars
from fake_exchange.server import Toll

LOCAL_MS = NOW_MS - 7_000  # this computer's clock, as `ask` sets it


@dataclass
class Memory:
    """Bans in memory."""

    bans: dict[str, tuple[int, str]] = field(default_factory=dict)

    def until_ms(self, host: str) -> int | None:
        return self.bans[host][0] if host in self.bans else None

    def remember(self, host: str, until_ms: int, reason: str) -> None:
        self.bans[host] = (until_ms, reason)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(transport, "BACKOFF_S", 0.005)


def failure(fake, venue: str, bans: Memory, **how) -> ExchangeFailed:
    """Ask for candles of thirty coins, and return how that failed."""
    members = [Member(base=f"FILLER{n}") for n in range(30)]
    with ask(fake, venue, bans=bans, **how) as source, pytest.raises(ExchangeFailed) as caught:
        source.candles(list(source.find(members, "USDT").values()), "1d", START_MS, NOW_MS)
    return caught.value


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize(
    ("status", "headers", "reason", "away_s"),
    [
        (418, (("Retry-After", "7200"),), "banned", 7_200),
        (418, (), "banned", 120),
        (429, (("Retry-After", "60"),), "rate_limited", 60),
    ],
)
def test_a_host_that_refuses_is_asked_once(venue, status, headers, reason, away_s):
    """The first refusal ends the run and is remembered with its end; until then a run sends nothing."""
    bans = Memory()
    with served(venue, [Fault("status", value=status, body=b"{}", headers=headers)]) as fake:
        first = failure(fake, venue, bans)
        assert len(fake.requests) == 1
        second = failure(fake, venue, bans)
        assert len(fake.requests) == 1
        host = fake.url.removeprefix("http://")
    assert (first.reason, second.reason) == (reason, "banned")
    assert bans.bans == {host: (LOCAL_MS + away_s * 1000, reason)}
    assert second.until is not None
    assert second.tried == ""


@pytest.mark.parametrize("venue", VENUES)
def test_a_ban_that_begins_with_the_candles_costs_one_more_request(venue):
    """Thirty coins wait for the answer to the first: where that is a ban, it was the only one."""
    end = DIALECTS[venue].KINDS["klines"]
    with served(venue, [Fault("status", endpoint=end, value=418, body=b"{}")], latency_s=0.02) as fake:
        assert failure(fake, venue, Memory()).reason == "banned"
        before = 3 if venue == "bybit" else 2  # time, contracts, and at Bybit those before launch
        assert len(fake.requests) == before + 1


def test_a_ban_in_the_middle_ends_what_is_not_yet_sent():
    """A ban while twenty requests are under way: those are answered, and no other is sent."""
    described = {f"C{n}USDT": bars(START_MS, walk(n)) for n in range(100)}
    late = Fault("status", endpoint="/klines", skip=1, value=418, body=b"{}")
    with (
        served("binanceusdm", [late], a_market(bars=described), latency_s=0.05) as fake,
        ask(fake) as source,
    ):
        listings = list(source.find([Member(base=f"C{n}") for n in range(100)], "USDT").values())
        with pytest.raises(ExchangeFailed) as caught:
            source.candles(listings, "1d", START_MS, NOW_MS)
    assert caught.value.reason == "banned"
    assert fake.paths().count("klines") <= 1 + VENUES["binanceusdm"].in_flight


@pytest.mark.parametrize(
    ("venue", "status", "body", "headers", "away_s"),
    [
        ("bybit", 403, b"access too frequent", (), 600),
        (
            "bybit",
            200,
            b'{"retCode":10006,"retMsg":"Too many visits!"}',
            (("X-Bapi-Limit-Reset-Timestamp", str(LOCAL_MS + 30_000)),),
            30,
        ),
        ("bybit", 200, b'{"retCode":10006,"retMsg":"Too many visits!"}', (), 5),
        ("bingx", 200, f'{{"code":100410,"msg":"unblocked after {LOCAL_MS + 90_000}"}}'.encode(), (), 90),
        ("binanceusdm", 400, f'{{"code":-1003,"msg":"banned until {LOCAL_MS + 90_000}."}}'.encode(), (), 90),
        ("binanceusdm", 429, b'{"code":-1003,"msg":"Too many requests"}', (), 60),
        ("binanceusdm", 503, b"<html>Busy</html>", (("Retry-After", "50"),), 50),
        ("weex", 429, b'{"code":429,"msg":"Too many requests"}', (), 10),
        ("mexc", 200, b'{"success":false,"code":510,"message":"too frequent"}', (), 2),
    ],
)
def test_each_way_to_refuse_is_remembered_until_its_end(venue, status, body, headers, away_s):
    """The end as told, by body or header; where it is not, what the exchange publishes."""
    bans = Memory()
    with served(venue, [Fault("status", value=status, body=body, headers=headers)]) as fake:
        failure(fake, venue, bans)
        assert len(fake.requests) == 1
        assert [until_ms for until_ms, _ in bans.bans.values()] == [LOCAL_MS + away_s * 1000]


def test_when_a_ban_has_ended_the_host_is_asked_again():
    """A remembered end that has passed is no reason to stay away."""
    bans = Memory()
    with served("bybit") as fake:
        host = fake.url.removeprefix("http://")
        bans.remember(host, LOCAL_MS, "banned")
        with ask(fake, "bybit", bans=bans) as source:
            assert source.market_count > 50


def test_a_short_wait_is_waited_out():
    """A `Retry-After` that ends within the time there is costs a wait, and nobody asks meanwhile."""
    bans = Memory()
    busy = Fault(
        "status", endpoint="/klines", value=429, body=b"{}", times=1, headers=(("Retry-After", "0.2"),)
    )
    with served("binanceusdm", [busy]) as fake, ask(fake, bans=bans) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        began = time.monotonic()
        found = source.candles(listings, "1d", START_MS, NOW_MS)
        assert time.monotonic() - began > 0.19
        assert fake.paths().count("klines") == len(MEMBERS) + 1
    assert all(len(candles.close) for candles in found.values())
    assert [reason for _, reason in bans.bans.values()] == ["rate_limited"]


# --- the budget -----------------------------------------------------------------------------------------------


def test_no_window_holds_more_than_four_fifths_of_the_budget():
    """A hundred requests of weight 1 against 20 a tenth of a second: never more than 16 in any window."""
    toll = Toll(20, 0.1)

    async def run() -> None:
        pace = Pace(Budget(limit=20, window_s=0.1), remaining_s=lambda: 60.0)

        async def one() -> None:
            async with pace.turn("/x", 1):
                toll.pay(1)
                await asyncio.sleep(0.002)

        await asyncio.gather(*(one() for _ in range(100)))

    began = time.monotonic()
    asyncio.run(run())
    assert (toll.paid, toll.above, toll.refused) == (100, 0, 0)
    assert toll.most > 12
    assert time.monotonic() - began < 1.2  # 84 of them wait for 6 windows


def test_the_exchanges_own_count_is_followed():
    """Where the exchange counts more than we sent, others behind this address have sent it."""

    async def run() -> float:
        pace = Pace(Budget(limit=100, window_s=60, unit=1), remaining_s=lambda: 5.0)
        async with pace.turn("/x", 5):
            pace.follow(79)
        with pytest.raises(NoRoomError) as caught:
            async with pace.turn("/x", 2):
                raise AssertionError
        return caught.value.wait_s

    assert 55 < asyncio.run(run()) <= 60


def test_a_used_budget_is_told_and_not_waited_for():
    """An address that others have used up gets an answer at once: how long the exchange takes no more."""
    used = Fault(
        "status",
        endpoint="/time",
        value=200,
        body=f'{{"serverTime":{NOW_MS}}}'.encode(),
        headers=(("X-MBX-USED-WEIGHT-1M", "1950"),),
    )
    with (
        served("binanceusdm", [used]) as fake,
        ask(fake) as source,
        pytest.raises(ExchangeFailed) as caught,
    ):
        source.find(MEMBERS, "USDT")
    assert (caught.value.reason, len(fake.requests)) == ("rate_limited", 1)
    assert caught.value.detail.startswith("takes no more requests for ")


@pytest.mark.parametrize("venue", VENUES)
def test_a_run_stays_within_what_the_exchange_allows(venue):
    """Against a fake that enforces the published budget, a run is never refused nor above four fifths of it."""
    toll = Toll(*DIALECTS[venue].BUDGET)
    with served(venue, toll=toll) as fake, ask(fake, venue) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        source.candles(listings, "1d", START_MS, NOW_MS)
        source.prices(listings)
        source.books(listings)
    assert (toll.refused, toll.above) == (0, 0)
