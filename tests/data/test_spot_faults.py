"""Spot hosts that fail: unknown, with what they said, and contracts answered as if there were no spot."""

import json
import subprocess
import sys
import time

import pytest

from betacli.core.model import Candles, Unknown
from betacli.data import pace, transport
from betacli.data.bans import NoBanMemory
from betacli.data.sides import Unanswered
from betacli.data.venues import VENUES
from betacli.data.venues_spot import SPOT as RECORDS
from conftest import CHECKOUT
from fake_exchange import matrix
from fake_exchange.asking import (
    DIALECTS,
    MEMBERS,
    NOW_MS,
    START_MS,
    N,
    a_market,
    ask,
    served,
    with_spot,
)
from fake_exchange.faults import Fault
from fake_exchange.spot import SPOT

PAGE = b"<html>We are back soon.</html>"
EMPTY = ("html", "truncated", "null", "empty_list", "empty_object", "number", "list_of_null")


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(transport, "BACKOFF_S", 0.005)
    monkeypatch.setattr(pace, "SHARE", 1_000.0)


def contracts_are_answered(source) -> bool:
    """Ask for contracts, their candles, prices and books; tell whether all came."""
    listings = list(source.find(MEMBERS, "USDT").values())
    answers = [
        source.candles(listings, "1d", START_MS, NOW_MS),
        source.prices(listings),
        source.books(listings),
    ]
    return len(listings) == 3 and not any(
        isinstance(told, Unknown) for answer in answers for told in answer.values()
    )


@pytest.mark.parametrize("venue", DIALECTS)
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("reset"), "connection"),
        (Fault("html"), "an HTML page"),
        (Fault("status", value=503, body=PAGE), "answered 503"),
        (Fault("status", value=451, body=b"{}"), "refuses requests from here (451"),
    ],
    ids=["reset", "html", "503", "451"],
)
def test_a_spot_host_that_fails_is_told_and_leaves_contracts_alone(venue, fault, said):
    """Whatever becomes of the list of spot markets, spot is unknown with the reason and contracts are whole."""
    fault = Fault(fault.kind, endpoint=SPOT[venue].KINDS["instruments"], value=fault.value, body=fault.body)
    with served(venue, [fault], with_spot()) as fake, ask(fake, venue) as source:
        answers = source.spot(["ETH", "BTC"], "USDT")
        assert contracts_are_answered(source)
    for answer in answers.values():
        assert isinstance(answer, Unanswered)
        assert answer.reason.startswith(f"is not told as spot: `{venue}` ")
        assert said in answer.reason


@pytest.mark.parametrize("venue", DIALECTS)
@pytest.mark.parametrize("kind", EMPTY)
def test_what_is_no_answer_is_not_taken_for_nothing_there(venue, kind):
    """A page, half a body, null, an empty list or object at any spot endpoint: unknown, never a number."""
    truths = matrix.Truths()
    for endpoint, questions in matrix.SPOT_QUESTIONS.items():
        for question in questions:
            case = matrix.Case(venue, SPOT[venue].KINDS[endpoint], question, Fault(kind))
            assert truths.outcome(case) == "unknown", case


def test_candles_and_books_of_another_symbol_are_refused():
    """Bybit names the symbol it answers about: bars and book of BTC do not pass for those of ETH."""
    faults = [
        Fault("other_symbol", endpoint=SPOT["bybit"].KINDS[kind], symbol="ETHUSDT")
        for kind in ("klines", "depth")
    ]
    with served("bybit", faults, with_spot()) as fake, ask(fake, "bybit") as source:
        listings = list(source.spot(["ETH", "BTC"], "USDT").values())
        told = source.candles(listings, "1d", START_MS, NOW_MS), source.books(listings)
    for answers in told:
        assert "answered about another symbol" in answers["ETH"].reason
        assert not isinstance(answers["BTC"], Unknown)


@pytest.mark.parametrize("venue", DIALECTS)
def test_every_page_garbled_is_unknown_and_no_failure_of_the_exchange(venue):
    """Where contracts would refuse the whole question, spot is unknown; the next question is asked again."""
    fault = Fault("html", endpoint=SPOT[venue].KINDS["klines"])
    with served(venue, [fault], with_spot()) as fake, ask(fake, venue) as source:
        listings = list(source.spot(["ETH", "BTC"], "USDT").values())
        answers = source.candles(listings, "1d", START_MS, NOW_MS)
        fake.faults.clear()
        again = source.candles(listings, "1d", START_MS, NOW_MS)
    assert all(isinstance(answer, Unanswered) for answer in answers.values())
    assert all(len(answer.close) == N - 1 for answer in again.values())


@pytest.mark.parametrize(
    "venue", ["binanceusdm", "bybit"]
)  # with a host of its own, and on that of contracts
def test_a_spot_host_that_hangs_leaves_contracts_their_time(venue):
    """Half of the time goes by, then spot is unknown, is not asked again, and contracts have the other half."""
    fault = Fault("hang", endpoint=SPOT[venue].KINDS["instruments"])
    with served(venue, [fault], with_spot()) as fake, ask(fake, venue, timeout_s=3.0) as source:
        began = time.monotonic()
        first = source.spot(["ETH"], "USDT")["ETH"]
        took_s = time.monotonic() - began
        second = source.spot(["BTC"], "USDT")["BTC"]
        assert contracts_are_answered(source)
        asked = len(fake.of_spot)
    assert 1.0 < took_s < 2.0
    assert "did not answer in time" in first.reason
    assert first == second
    assert asked == 1


class Bans(NoBanMemory):
    """Remembers, in a list."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def until_ms(self, host: str) -> int | None:
        return self.known.get(host)

    def remember(self, host: str, until_ms: int, reason: str) -> None:  # noqa: ARG002 - as it is called
        self.known[host] = until_ms


@pytest.mark.parametrize("venue", DIALECTS)
def test_a_ban_of_the_spot_host_is_kept_and_heeded(venue):
    """A ban is told with its end, ends this run's questions about spot, and is remembered for its host."""
    body = b'{"code":-1003,"msg":"Way too many requests; IP banned until 1893456000000."}'
    fault = Fault("status", endpoint=SPOT[venue].KINDS["instruments"], value=418, body=body)
    bans = Bans()
    with served(venue, [fault], with_spot()) as fake, ask(fake, venue, bans=bans) as source:
        assert contracts_are_answered(source)
        reasons = {source.spot([base], "USDT")[base].reason for base in ("ETH", "BTC")}
        assert contracts_are_answered(source)
        assert len(fake.of_spot) == 1
        host = fake.url.removeprefix("http://")
    (reason,) = reasons
    assert "until 2030-01-01T00:00:00Z" in reason
    assert list(bans.known) == [host] or list(bans.known) == [host.partition(":")[0]]


@pytest.mark.parametrize("venue", DIALECTS)
def test_what_the_user_says_of_an_exchange_holds_for_its_spot_markets(venue):
    """A proxy of `exchange_options` is used for spot; that contracts are the default type does not make it futures."""
    with served(venue, [], with_spot()) as fake:
        told = json.loads(json.dumps(fake.options[venue]).replace(fake.url, "http://exchange.invalid"))
        told |= {"httpProxy": fake.url}
        told["options"] = {
            "defaultType": "swap",
            "defaultSubType": "linear",
            "fetchMarkets": {"types": ["linear"]},
        }
        with ask(None, venue, options=told) as source:
            (eth,) = source.spot(["ETH"], "USDT").values()
            candles = source.candles([eth], "1d", START_MS, NOW_MS)["ETH"]
            ticker = source.tickers([eth])["ETH"]
        assert all("http://exchange.invalid/" in head for head in fake.heads)
    assert (eth.symbol, len(candles.close), ticker.symbol) == ("ETH/USDT", N - 1, "ETH/USDT")


@pytest.mark.parametrize("venue", ["bybit", "bingx", "weex"])
def test_spot_keeps_to_the_fifth_that_contracts_leave(venue):
    """Where one budget is for both, contracts use four fifths of it at most, and spot no more than the rest."""
    whole, spot = VENUES[venue].budget, RECORDS[venue].budget
    assert (spot.window_s, spot.unit) == (whole.window_s, whole.unit)
    assert spot.limit == pytest.approx(whole.limit / 5)


def test_an_unchecked_exchange_has_no_spot_markets_that_could_be_trusted():
    """What nobody has looked at is not asked."""
    options = {"timeout": 1_000}
    with ask(None, "kraken", options=options, unchecked=True) as source:
        assert "nobody has checked" in source.spot(["ETH"], "USDT")["ETH"].reason


def test_spot_is_imported_when_it_is_asked_for():
    """A run about contracts loads nothing of spot."""
    script = (
        "import sys\n"
        "from fake_exchange.asking import MEMBERS, ask, served\n"
        "with served('bybit') as fake, ask(fake, 'bybit') as source:\n"
        "    source.prices(list(source.find(MEMBERS, 'USDT').values()))\n"
        "    before = {name for name in sys.modules if 'spot' in name and name.startswith('betacli')}\n"
        "    source.spot(['ETH'], 'USDT')\n"
        "assert not before, before\n"
        "assert 'betacli.data.venues_spot' in sys.modules\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT / "tests", capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("venue", DIALECTS)
def test_a_coin_idle_for_hours_has_the_middle_of_its_book(venue):
    """A coin last traded five hours ago at 100, bid 49 and asked 51 now, costs 50; its day's ticker is no fault."""
    market = with_spot(idle_ms=5 * 3_600_000, spot_books={"ETHUSDT": ([("49", "1")], [("51", "1")])})
    with served(venue, [], market) as fake, ask(fake, venue) as source:
        (eth,) = source.spot(["ETH"], "USDT").values()
        assert source.prices([eth])["ETH"].value == 50.0


def test_a_market_with_contracts_alone_is_served_as_before():
    """Without described spot markets, the spot host lists its sixty others and no more."""
    with served("binanceusdm", [], a_market()) as fake, ask(fake) as source:
        listing = source.spot(["FILLER7"], "USDT")["FILLER7"]
        answer = source.candles([listing], "1d", START_MS, NOW_MS)["FILLER7"]
    assert listing.symbol == "FILLER7/USDT"
    assert not isinstance(answer, Candles)
