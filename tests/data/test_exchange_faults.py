"""An exchange that fails: refused by kind, within the deadline, and never with a wrong number."""

import json
import random
import threading
import time

import pytest

from betacli.core.model import Member, Unknown
from betacli.data import pace, transport
from betacli.errors import ExchangeFailed
from fake_exchange import matrix
from fake_exchange.asking import (
    DEADLINE_S,
    DIALECTS,
    MEMBERS,
    NOW_MS,
    START_MS,
    N,
    a_market,
    ask,
    numbers,
    served,
    walk,
)
from fake_exchange.faults import CANDLES, Fault
from fake_exchange.market import bars
from fake_exchange.server import FakeExchange


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(transport, "BACKOFF_S", 0.005)
    monkeypatch.setattr(pace, "SHARE", 1_000.0)


def test_no_fault_gives_a_wrong_number_escapes_or_hangs():
    """Every fault at three venues and endpoints drawn by lot: refused by kind, unknown, or the true numbers.

    The whole is run by hand: `tests/benchmarks/fault_matrix.py`.
    """
    lots = random.Random(20260701)
    by_fault: dict[int, dict[str, list[matrix.Case]]] = {}
    for case in matrix.cases():
        by_fault.setdefault(id(case.fault), {}).setdefault(case.venue, []).append(case)
    chosen = [
        lots.choice(venues[venue]) for venues in by_fault.values() for venue in lots.sample(sorted(venues), 3)
    ]
    counts, wrong = matrix.tally(chosen, matrix.Truths())
    assert wrong == []
    assert counts["refused"] + counts["unknown"] + counts["survived"] == len(chosen)
    assert len(chosen) == 3 * len(matrix.FAULTS)


def test_no_candle_defect_changes_a_close():
    """Every defect at every venue, in one asset and in the benchmark: refused by name, or the closes as they are."""
    outcomes = [matrix.defective(*defects) for defects in matrix.defects()]
    outcomes += [matrix.defective(*defects, spot=True) for defects in matrix.defects()]
    assert len(outcomes) == 2 * len(DIALECTS) * len(CANDLES)
    assert all(unchanged for _, unchanged in outcomes)


@pytest.mark.parametrize("venue", DIALECTS)
def test_candles_need_only_contracts_and_candles(venue):
    """Without any other endpoint the candles are whole; all else is unknown, and the clock is this computer's."""
    kinds = DIALECTS[venue].KINDS
    closed = [end for kind, end in kinds.items() if kind not in {"instruments", "klines"}]
    with served(venue, closed=closed) as fake, ask(fake, venue) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        found = source.candles(listings, "1d", START_MS, NOW_MS)
        assert source.clock_skew_ms is None
        assert source.server_ms == NOW_MS - 7_000
        assert "local_clock" in [notice.id for notice in source.notices]
        others = [source.prices, source.books, source.funding, source.open_interest]
        told = [answer for question in others for answer in question(listings).values()]
    assert all(len(candles.close) == N - 1 for candles in found.values())
    assert all(isinstance(answer, Unknown) for answer in told)


@pytest.mark.parametrize("venue", DIALECTS)
def test_a_symbol_whose_candles_are_garbled_is_unknown_alone(venue):
    """One symbol's page that is no JSON costs one asset; every symbol's is a failure of the exchange."""
    end = DIALECTS[venue].KINDS["klines"]
    with served(venue, [Fault("html", endpoint=end, symbol="ETHUSDT")]) as fake, ask(fake, venue) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        found = source.candles(listings, "1d", START_MS, NOW_MS)
    assert isinstance(found["ETH"], Unknown)
    assert len(found["BTC"].close) == N - 1
    with served(venue, [Fault("html", endpoint=end)]) as fake, ask(fake, venue) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        with pytest.raises(ExchangeFailed) as caught:
            source.candles(listings, "1d", START_MS, NOW_MS)
    assert caught.value.reason == "bad_response"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("reset"),
        Fault("cut"),
        Fault("html"),
        Fault("truncated"),
        Fault("status", value=503, body=b"<html></html>"),
        Fault("status", value=429, body=b"{}", headers=(("Retry-After", "0"),)),
    ],
    ids=lambda fault: f"{fault.kind}{fault.value:g}",
)
def test_what_passes_is_asked_again(fault):
    """A fault that strikes twice and then is gone does not change the answer."""
    market = a_market()
    fault = Fault(
        fault.kind, times=2, value=fault.value, body=fault.body, headers=fault.headers, endpoint="depth"
    )
    with FakeExchange(market) as fake:
        truth = numbers(fake, "books")
    with FakeExchange(market, [fault]) as fake:
        assert numbers(fake, "books") == truth
        assert fake.paths().count("depth") == len(MEMBERS) + 2


@pytest.mark.parametrize(
    ("status", "body", "headers", "reason", "requests"),
    [
        (451, b'{"code":0,"msg":"Service unavailable from a restricted location"}', (), "geo_blocked", 1),
        (403, b"<html>Request blocked. Generated by cloudfront (CloudFront)</html>", (), "geo_blocked", 1),
        (403, b"<html>Forbidden</html>", (), "rate_limited", 1),
        (
            418,
            b'{"code":-1003,"msg":"Way too many requests; IP banned until 1893456000000."}',
            (),
            "banned",
            1,
        ),
        (429, b'{"code":-1003,"msg":"Too many requests"}', (), "rate_limited", 1),
        (429, b"{}", (("Retry-After", "60"),), "rate_limited", 1),
        (400, b'{"code":-1003,"msg":"Too much request weight used"}', (), "rate_limited", 1),
        (200, b'{"code":-1003,"msg":"Too much request weight used"}', (), "rate_limited", 1),
        (401, b'{"code":-2014,"msg":"API-key format invalid."}', (), "auth", 1),
        (400, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}', (), "auth", 1),
        (400, b'{"code":-1121,"msg":"Invalid symbol."}', (), "bad_symbol", 1),
        (404, b"<html>Not found</html>", (), "bad_response", 1),
        (503, b"<html>Maintenance</html>", (), "bad_response", 3),
    ],
)
def test_each_refusal_has_its_kind(status, body, headers, reason, requests):
    """Status and body decide what happened and whether to ask again; a ban or a block is never asked twice."""
    fault = Fault("status", endpoint="exchangeInfo", value=status, body=body, headers=headers)
    with (
        FakeExchange(a_market(), [fault]) as fake,
        ask(fake) as source,
        pytest.raises(ExchangeFailed) as caught,
    ):
        source.find(MEMBERS, "USDT")
    assert caught.value.reason == reason
    assert caught.value.tried.startswith("127.0.0.1:")
    assert "/fapi/v1/exchangeInfo" in caught.value.tried
    assert fake.paths().count("exchangeInfo") == requests
    if reason == "banned":
        assert caught.value.until == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("venue", "status", "body", "reason"),
    [
        ("bybit", 200, {"retCode": 10006, "retMsg": "Too many visits!"}, "rate_limited"),
        ("bybit", 200, {"retCode": 10018, "retMsg": "exceeded the IP rate limit"}, "rate_limited"),
        ("bybit", 200, {"retCode": 10009, "retMsg": "IP has been banned."}, "banned"),
        ("bybit", 403, "access too frequent", "banned"),
        (
            "bybit",
            403,
            "<html>The Amazon CloudFront distribution blocks access from your country",
            "geo_blocked",
        ),
        ("bybit", 200, {"retCode": 10024, "retMsg": "Compliance rules triggered"}, "geo_blocked"),
        ("bybit", 451, {"retCode": 1, "retMsg": "Unavailable"}, "geo_blocked"),
        ("bybit", 200, {"retCode": 10001, "retMsg": "params error: symbol invalid"}, "bad_symbol"),
        ("bybit", 200, {"retCode": 10001, "retMsg": "Not supported symbols"}, "bad_symbol"),
        ("bybit", 200, {"retCode": 10001, "retMsg": "symbol params err"}, "bad_symbol"),
        ("bybit", 200, {"retCode": 10003, "retMsg": "API key is invalid."}, "auth"),
        ("bybit", 200, {"retCode": 10016, "retMsg": "System error"}, "bad_response"),
        ("bingx", 200, {"code": 100410, "msg": "rate limited"}, "rate_limited"),
        ("bingx", 200, {"code": 100410, "msg": "unblocked after 1893456000000"}, "banned"),
        ("bingx", 429, {"code": 429, "msg": "slow down"}, "rate_limited"),
        ("bingx", 200, {"code": 109425, "msg": "XYZ-USDT not exist, please verify it"}, "bad_symbol"),
        ("bingx", 200, {"code": 100413, "msg": "Incorrect apiKey"}, "auth"),
        ("bingx", 200, {"code": 100500, "msg": "The current system is busy"}, "bad_response"),
        ("weex", 429, {"code": 429, "msg": "Too many requests"}, "rate_limited"),
        ("weex", 451, {"code": -1, "msg": "no"}, "geo_blocked"),
        ("weex", 400, {"code": -1121, "msg": "Invalid symbol."}, "bad_symbol"),
        ("weex", 400, {"code": -1047, "msg": "API authentication failed."}, "auth"),
        ("weex", 200, {"code": -1054, "msg": "System error"}, "bad_response"),
        ("mexc", 200, {"success": False, "code": 510, "message": "too frequent"}, "rate_limited"),
        ("mexc", 200, {"success": False, "code": 1001, "message": "Contract does not exist"}, "bad_symbol"),
        ("mexc", 200, {"success": False, "code": 402, "message": "API Key expired"}, "auth"),
        ("mexc", 200, {"success": False, "code": 500, "message": "Internal error"}, "bad_response"),
        ("mexc", 418, {"code": 418}, "banned"),
    ],
)
def test_each_venues_own_codes_are_understood(venue, status, body, reason):
    """What an exchange means is told by its own codes and words, whatever the status."""
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    end = DIALECTS[venue].KINDS["instruments"]
    fault = Fault("status", endpoint=end, value=status, body=raw)
    with (
        served(venue, [fault]) as fake,
        ask(fake, venue) as source,
        pytest.raises(ExchangeFailed) as caught,
    ):
        source.find(MEMBERS, "USDT")
    assert caught.value.reason == reason


def test_the_words_of_an_exchange_are_made_safe():
    """Foreign text is cut to 200 characters without control characters."""
    words = "\x1b[31m" + "x" * 5_000
    body = json.dumps({"code": -1000, "msg": words}).encode()
    fault = Fault("status", endpoint="exchangeInfo", value=400, body=body)
    with (
        FakeExchange(a_market(), [fault]) as fake,
        ask(fake) as source,
        pytest.raises(ExchangeFailed) as caught,
    ):
        source.find(MEMBERS, "USDT")
    assert "\x1b" not in caught.value.message
    assert 150 < caught.value.message.count("x") <= 200


def test_a_symbol_the_exchange_does_not_know_is_unknown_alone():
    """One bad symbol costs one asset, not the answer."""
    body = b'{"code":-1121,"msg":"Invalid symbol."}'
    fault = Fault("status", endpoint="klines", symbol="ETHUSDT", value=400, body=body)
    with FakeExchange(a_market(), [fault]) as fake, ask(fake) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        found = source.candles(listings, "1d", START_MS, NOW_MS)
    assert found["ETH"] == Unknown(reason="is `ETH/USDT:USDT`, which `binanceusdm` does not know")
    assert len(found["BTC"].close) == N - 1


def test_far_fewer_contracts_than_before_are_an_outage():
    """Below 70 % of what was listed last, names that are missing are not delistings."""
    with FakeExchange(a_market()) as fake:
        with ask(fake, known_markets=90) as source:
            assert source.market_count == 63
        with ask(fake, known_markets=91) as source, pytest.raises(ExchangeFailed) as caught:
            source.find(MEMBERS, "USDT")
        with ask(fake, known_markets=93) as source, pytest.raises(ExchangeFailed) as caught:
            source.find(MEMBERS, "USDT")
    assert caught.value.reason == "bad_response"


def test_too_few_contracts_are_an_outage():
    """An exchange that lists fewer than 50 perpetuals is out of order; its missing names are not delistings."""
    with (
        FakeExchange(a_market(fillers=40)) as fake,
        ask(fake) as source,
        pytest.raises(ExchangeFailed) as caught,
    ):
        source.find(MEMBERS, "USDT")
    assert caught.value.reason == "bad_response"
    assert "lists 43 perpetuals where at least 50 are expected" in caught.value.message


# --- the deadline ---------------------------------------------------------------------------------------------


def test_the_deadline_is_over_everything():
    """Requests that each answer in time, but together do not, end at the deadline, with what was tried."""
    with FakeExchange(a_market(), latency_s=0.2) as fake:
        began = time.monotonic()
        with pytest.raises(ExchangeFailed) as caught:
            numbers(fake, "candles", timeout_s=DEADLINE_S)
        assert DEADLINE_S <= time.monotonic() - began < DEADLINE_S + 1
    assert caught.value.reason == "timeout"
    assert "did not answer within 0.5 s" in caught.value.message
    assert "/fapi/v1/" in caught.value.tried


def test_what_a_command_has_spent_before_counts_against_its_deadline():
    """With 30 s allowed and 29.9 passed, a tenth of a second is left; the message tells the 30."""
    with FakeExchange(a_market(), latency_s=5) as fake:
        began = time.monotonic()
        with ask(fake, timeout_s=30.0, spent_s=29.9) as source, pytest.raises(ExchangeFailed) as caught:
            source.find(MEMBERS, "USDT")
        assert time.monotonic() - began < 2
    assert "did not answer within 30 s" in caught.value.message


def test_a_dead_name_server_does_not_outlive_the_deadline(monkeypatch):
    """A look-up that never ends is left behind at the deadline."""
    never = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: never.wait(5) and [])
    options = {"urls": {"api": {"fapiPublic": "http://exchange.invalid/fapi/v1"}}}
    began = time.monotonic()
    source = ask(None, options=options, timeout_s=DEADLINE_S)
    with source, pytest.raises(ExchangeFailed) as caught:
        source.find(MEMBERS, "USDT")
    assert time.monotonic() - began < DEADLINE_S + 1
    never.set()
    assert caught.value.reason == "timeout"


def test_a_refused_connection_is_unreachable():
    """Where nothing listens, that is said, with the address and a way to go on without a network."""
    options = {"urls": {"api": {"fapiPublic": "http://127.0.0.1:9/fapi/v1"}}}
    with ask(None, options=options) as source, pytest.raises(ExchangeFailed) as caught:
        source.find(MEMBERS, "USDT")
    assert (caught.value.reason, caught.value.exit_code) == ("unreachable", 4)
    assert caught.value.tried.startswith("127.0.0.1:9/fapi/v1/")
    assert "--exchange sample" in caught.value.hint


def test_an_endless_body_is_cut_off(monkeypatch):
    """An answer larger than any that is expected is not read to its end."""
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 10_000)
    with FakeExchange(a_market()) as fake, ask(fake) as source, pytest.raises(ExchangeFailed) as caught:
        source.find(MEMBERS, "USDT")
    assert caught.value.reason == "bad_response"


def test_independent_requests_run_at_once():
    """Forty symbols are asked for together, never more than twenty at a time."""
    described = {f"C{n}USDT": bars(START_MS, walk(n)) for n in range(40)}
    with FakeExchange(a_market(bars=described), latency_s=0.05) as fake, ask(fake) as source:
        members = [Member(base=f"C{n}") for n in range(40)]
        listings = list(source.find(members, "USDT").values())
        found = source.candles(listings, "1d", START_MS, NOW_MS)
        assert 10 < fake.most_in_flight <= 20
    assert all(len(candles.close) == N - 1 for candles in found.values())
