"""An exchange, asked over loopback: what it says is told exactly, and what it gets wrong is never told."""

import gzip
import json
import random
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from betacli.core.model import Candles, Member, Price, Unknown
from betacli.data import transport
from betacli.data.bars import page_rows
from betacli.data.candles import MarketData
from betacli.data.contracts import Contracts
from betacli.data.exchange import ExchangeMarket, _exchange_class, open_exchange
from betacli.data.settings import proxy_of, settings_of
from betacli.data.venues import BINANCEUSDM
from betacli.errors import BadOption, ExchangeFailed, UnknownName
from fake_exchange import binance
from fake_exchange.faults import BODIES, CANDLES, HARMLESS, Fault
from fake_exchange.market import DAY_MS, FakeMarket, Instrument, bars
from fake_exchange.server import FakeExchange

START_MS = 1_704_067_200_000  # 2024-01-01
N = 120
NOW_MS = START_MS + (N - 1) * DAY_MS + 5 * 3_600_000  # five hours into the last bar
DEADLINE_S = 0.5
MEMBERS = [Member(base=base) for base in ("BTC", "ETH", "PEPE")]


def walk(seed: int, length: int = N) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(0, 0.03, length)
    return 100 * np.exp(np.cumsum(steps))


def a_market(**changes) -> FakeMarket:
    described = {
        "BTCUSDT": bars(START_MS, walk(1)),
        "ETHUSDT": bars(START_MS, walk(2)),
        "1000PEPEUSDT": bars(START_MS, walk(3)),
    }
    return FakeMarket(**{"now_ms": NOW_MS, "bars": described, "funding_hours": {"ETHUSDT": 4}, **changes})


def ask(fake: FakeExchange, **how) -> ExchangeMarket:
    options = how.pop("options", None) or fake.options["binanceusdm"]
    defaults = {"timeout_s": 5.0, "now_ms": lambda: NOW_MS - 7_000, "monotonic": time.monotonic}
    return open_exchange(
        "binanceusdm", options=options, **{**defaults, "jitter": random.Random(0).random, **how}
    )


@pytest.fixture(autouse=True, scope="module")
def _loaded():
    _exchange_class("binanceusdm")  # once, outside any deadline


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(transport, "BACKOFF_S", 0.005)


# --- what a sound exchange says -------------------------------------------------------------------------------


def test_candles_are_the_closed_bars_of_the_market_exactly():
    """Every closed bar of the window comes back bit by bit, quote volume included; the unfinished one does not."""
    market = a_market()
    with FakeExchange(market) as fake, ask(fake) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        found = source.candles(listings, "1d", START_MS + 10 * DAY_MS, NOW_MS)
    for symbol, candles in zip(("BTCUSDT", "ETHUSDT", "1000PEPEUSDT"), found.values(), strict=True):
        true = market.bars[symbol]
        assert candles.timeframe_ms == DAY_MS
        for name in ("open_ms", "open", "high", "low", "close", "volume", "quote_volume"):
            np.testing.assert_array_equal(getattr(candles, name), getattr(true, name)[10 : N - 1])


def test_several_pages_are_one_series():
    """2,160 hourly bars, more than any page holds, come back whole; asked in the pages that weigh least."""
    hours = 2_160
    now = START_MS + hours * 3_600_000
    market = a_market(now_ms=now, bars={"BTCUSDT": bars(START_MS, walk(4, hours), 3_600_000)})
    with FakeExchange(market) as fake, ask(fake) as source:
        listing = source.find(MEMBERS[:1], "USDT")["BTC"]
        candles = source.candles([listing], "1h", START_MS, now)["BTC"]
        limits = [int(query["limit"]) for path, query in fake.requests if path.endswith("klines")]
    np.testing.assert_array_equal(candles.close, market.bars["BTCUSDT"].close)
    # 4 x 499 at weight 2 and 164 at weight 2 are 10; 1000 + 1000 + 160 would be 12
    assert sorted(limits) == [164, 499, 499, 499, 499]


@pytest.mark.parametrize(
    ("bars_wanted", "rows"),
    [(1, 1), (99, 99), (100, 100), (499, 499), (1000, 1000), (2160, 499), (26_280, 499)],
)
def test_page_size_weighs_least(bars_wanted, rows):
    """The page size is the cheapest by Binance's weights: 1 up to 99 rows, 2 up to 499, 5 up to 1000."""
    assert page_rows(bars_wanted, BINANCEUSDM.page_costs) == rows


@pytest.mark.parametrize("tail", [False, True])
def test_a_page_shorter_than_asked_is_no_end(tail):
    """An exchange that cuts its pages, at either end, still gives every bar."""
    market = a_market(page_cap=17, page_tail=tail)
    with FakeExchange(market) as fake, ask(fake) as source:
        listing = source.find(MEMBERS[:1], "USDT")["BTC"]
        candles = source.candles([listing], "1d", START_MS, NOW_MS)["BTC"]
    np.testing.assert_array_equal(candles.close, market.bars["BTCUSDT"].close[: N - 1])


def test_one_probe_where_bars_are_missing_at_the_end():
    """Where the last bars do not exist, one empty answer is enough to believe it; gaps inside stay gaps."""
    whole = bars(START_MS, walk(1))
    sparse = np.r_[0:40, 45:100]
    fields = {name: getattr(whole, name)[sparse] for name in type(whole).__dataclass_fields__}
    market = a_market(bars={"BTCUSDT": type(whole)(**fields)})
    with FakeExchange(market) as fake, ask(fake) as source:
        listing = source.find(MEMBERS[:1], "USDT")["BTC"]
        candles = source.candles([listing], "1d", START_MS, NOW_MS)["BTC"]
        assert fake.paths().count("klines") == 2
    np.testing.assert_array_equal(candles.open_ms, fields["open_ms"])


def test_a_late_listing_needs_no_probe():
    """A contract listed inside the window starts where it was listed, and is asked for once."""
    listed = START_MS + 50 * DAY_MS
    young = Instrument(base="YOUNG", listed_ms=listed + 3_600_000)
    described = {"BTCUSDT": bars(START_MS, walk(1)), "YOUNGUSDT": bars(listed, walk(5, N - 50))}
    with FakeExchange(a_market(bars=described, instruments=[young])) as fake, ask(fake) as source:
        listing = source.find([Member(base="YOUNG")], "USDT")["YOUNG"]
        candles = source.candles([listing], "1d", START_MS, NOW_MS)["YOUNG"]
        assert fake.paths().count("klines") == 1
    assert listing.market.listed_ms == young.listed_ms
    assert candles.open_ms[0] == listed


@pytest.mark.parametrize(
    ("as_of_ms", "bars_closed"),
    [(START_MS + 30 * DAY_MS, 30), (START_MS + 31 * DAY_MS - 1, 30), (NOW_MS + 90 * DAY_MS, N - 1)],
)
def test_as_of_moves_the_last_closed_bar_but_never_past_the_exchange(as_of_ms, bars_closed):
    """Under `as_of` the last bar is the one closed by then; a moment still to come closes nothing."""
    with FakeExchange(a_market()) as fake, ask(fake, as_of_ms=as_of_ms) as source:
        listing = source.find(MEMBERS[:1], "USDT")["BTC"]
        candles = source.candles([listing], "1d", START_MS, as_of_ms)["BTC"]
        assert source.now_ms == as_of_ms
        assert source.server_ms == NOW_MS
    assert len(candles.close) == bars_closed


def test_time_is_the_exchanges_own():
    """`now` is the exchange's time; this computer is 7 s behind it, and that is said."""
    with FakeExchange(a_market()) as fake, ask(fake) as source:
        assert (source.now_ms, source.clock_skew_ms) == (NOW_MS, 7_000)
        assert source.now_ms == NOW_MS
        assert fake.paths().count("time") == 1


def test_contract_terms_are_the_listed_ones():
    """Steps, minima and listing date come as listed, in exact decimals."""
    sol = Instrument(
        base="SOL", tick="0.0100", step="1", min_amount="2", min_notional="20", listed_ms=START_MS
    )
    with FakeExchange(a_market(instruments=[sol])) as fake, ask(fake) as source:
        market = source.find([Member(base="SOL")], "USDT")["SOL"].market
    assert market.symbol == "SOL/USDT:USDT"
    assert (market.contract_size, market.multiplier) == (Decimal(1), 1)
    assert (market.amount_step, market.min_amount) == (Decimal(1), Decimal(2))
    assert (market.price_tick, market.min_notional) == (Decimal("0.01"), Decimal(20))
    assert (market.listed_ms, market.expiry_ms) == (START_MS, None)
    assert (market.maintenance_rate, market.max_leverage) == (None, None)


@pytest.mark.parametrize(
    ("listed", "asked", "coins"),
    [
        ("1000PEPE", "PEPE", 1_000),
        ("1000PEPE", "1000PEPE", 1_000),
        ("1000000MOG", "MOG", 1_000_000),
        ("1MBABYDOGE", "BABYDOGE", 1_000_000),
        ("1000X", "X", 1_000),
        ("10000G", "0G", 1_000),
        ("1INCH", "1INCH", 1),
    ],
)
def test_a_cheap_coin_is_found_under_its_multiple(listed, asked, coins):
    """A sector names the coin; the contract is on 1,000 or 1,000,000 of it, and says so."""
    with FakeExchange(a_market(instruments=[Instrument(base=listed)])) as fake, ask(fake) as source:
        listing = source.find([Member(base=asked)], "USDT")[asked]
    assert (listing.symbol, listing.market.multiplier) == (f"{listed}/USDT:USDT", coins)


def test_a_name_with_k_is_a_thousand_and_with_capital_k_is_another_coin():
    """`kPEPE` is 1,000 PEPE; `KAVA` is no multiple of AVA."""
    terms = {
        "quote": "USDT",
        "settle": "USDT",
        "swap": True,
        "linear": True,
        "active": True,
        "contractSize": 1.0,
    }
    markets = {
        f"{base}/USDT:USDT": {"symbol": f"{base}/USDT:USDT", "base": base, **terms}
        for base in ("kPEPE", "KAVA")
    }
    contracts = Contracts(markets, venue="any", step_is_size=True)
    assert contracts.find(Member(base="PEPE"), "USDT").market.multiplier == 1_000
    assert isinstance(contracts.find(Member(base="AVA"), "USDT"), Unknown)


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (Member(base="OLD"), "is no longer traded on `binanceusdm`: `OLD/USDT:USDT` is not active"),
        (
            Member(base="QTR"),
            "has no perpetual in USDT on `binanceusdm`; there are only the dated `QTR/USDT:USDT-260327`",
        ),
        (
            Member(base="MATIC"),
            "has no perpetual in USDT on `binanceusdm`; MATIC became POL (one coin for one): name `POL` instead",
        ),
        (
            Member(base="MKR"),
            (
                "has no perpetual in USDT on `binanceusdm`; "
                "MKR became SKY (24,000 SKY for one MKR): name `SKY` instead"
            ),
        ),
        (Member(base="TH"), "has no perpetual in USDT on `binanceusdm`; near names are `ETH`"),
        (
            Member(base="BTC", symbol="BTC/USDT:USDX"),
            (
                "has no contract `BTC/USDT:USDX` on `binanceusdm`; near names are `BTC/USDT:USDT`, "
                "`ETH/USDT:USDT` and `OLD/USDT:USDT`"
            ),
        ),
        (
            Member(base="ETH", symbol="OLD/USDT:USDT"),
            "is `OLD/USDT:USDT`, which `binanceusdm` no longer trades",
        ),
    ],
)
def test_what_is_not_there_is_explained(member, reason):
    """A member without a perpetual is unknown, and the reason says what is there instead."""
    instruments = [
        Instrument(base="OLD", status="SETTLING"),
        Instrument(
            base="QTR", contract_type="CURRENT_QUARTER", delivery_ms=1_774_569_600_000, suffix="_260327"
        ),
    ]
    with FakeExchange(a_market(instruments=instruments)) as fake, ask(fake) as source:
        found = source.find([member], "USDT")[member.base]
    assert isinstance(found, Unknown)
    assert found.reason == reason


def test_the_exact_symbol_of_a_member_wins():
    """`symbol` in the sector file names the contract, also a dated one."""
    quarterly = Instrument(
        base="ETH", contract_type="CURRENT_QUARTER", delivery_ms=1_774_569_600_000, suffix="_260327"
    )
    member = Member(base="ETH", symbol="ETH/USDT:USDT-260327")
    with FakeExchange(a_market(instruments=[quarterly])) as fake, ask(fake) as source:
        market = source.find([member], "USDT")["ETH"].market
    assert (market.symbol, market.kind, market.expiry_ms) == (member.symbol, "future", 1_774_569_600_000)


def test_the_real_list_of_contracts_is_understood(monkeypatch):
    """Binance's complete list of September 2025 gives the contracts a trader expects by the names of the coins."""
    shared = Path(__file__).resolve().parents[2].parent / "shared" / "exchange-responses"
    file = shared / "binance_fapi_v1_exchangeInfo_20250918.json.gz"
    if not file.is_file():
        pytest.skip("recorded answers are not beside this checkout")
    recorded = json.loads(gzip.decompress(file.read_bytes()))
    monkeypatch.setitem(binance.ROUTES, "/fapi/v1/exchangeInfo", lambda *_: recorded)
    expected = {
        "BTC": ("BTC/USDT:USDT", 1),
        "PEPE": ("1000PEPE/USDT:USDT", 1_000),
        "MOG": ("1000000MOG/USDT:USDT", 1_000_000),
        "BABYDOGE": ("1MBABYDOGE/USDT:USDT", 1_000_000),
        "1INCH": ("1INCH/USDT:USDT", 1),
    }
    with FakeExchange(a_market()) as fake, ask(fake) as source:
        found = source.find([Member(base=base) for base in expected], "USDT")
    assert {base: (l.symbol, l.market.multiplier) for base, l in found.items()} == expected  # noqa: E741
    assert found["BTC"].market.min_notional == Decimal(100)
    assert found["BTC"].market.amount_step == Decimal("0.001")


def test_prices_books_and_funding_are_those_of_now():
    """Mark, book in base units, and the funding rate with its own interval: ETH pays every 4 h, BTC every 8."""
    book = ([("99.5", "3"), ("99", "5")], [("100.5", "2"), ("101", "7")])
    market = a_market(
        marks={"ETHUSDT": "123.45"}, books={"ETHUSDT": book}, funding={"ETHUSDT": "-0.00025000"}
    )
    with FakeExchange(market) as fake, ask(fake) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        price = source.prices(listings)["ETH"]
        found = source.books(listings)["ETH"]
        funding = source.funding(listings)
    assert price == Price(value=123.45, kind="mark", time_ms=NOW_MS)
    np.testing.assert_array_equal(found.bids, [[99.5, 3], [99, 5]])
    np.testing.assert_array_equal(found.asks, [[100.5, 2], [101, 7]])
    assert (funding["ETH"].rate, funding["ETH"].interval_hours) == (-0.00025, 4)
    assert (funding["BTC"].rate, funding["BTC"].interval_hours) == (0.0001, 8)
    assert funding["ETH"].next_ms == (NOW_MS // 28_800_000 + 1) * 28_800_000


def test_the_past_has_no_prices_books_or_funding():
    """Under `as_of` what is only of this moment is unknown, without a request."""
    with FakeExchange(a_market()) as fake, ask(fake, as_of_ms=NOW_MS - 30 * DAY_MS) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        before = len(fake.requests)
        for answers in (source.prices(listings), source.books(listings), source.funding(listings)):
            assert all(isinstance(answer, Unknown) for answer in answers.values())
        assert len(fake.requests) == before


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({"marks": {"ETHUSDT": "0"}}, "prices"),
        ({"marks": {"ETHUSDT": "NaN"}}, "prices"),
        ({"marks": {"ETHUSDT": "-5"}}, "prices"),
        ({"funding": {"ETHUSDT": "inf"}}, "funding"),
        ({"funding": {"ETHUSDT": ""}}, "funding"),
        ({"funding": {"ETHUSDT": "7"}}, "funding"),
        ({"funding_hours": {"ETHUSDT": 0}}, "funding"),
        ({"books": {"ETHUSDT": ([], [("101", "1")])}}, "books"),
        ({"books": {"ETHUSDT": ([("102", "1")], [("101", "1")])}}, "books"),
        ({"books": {"ETHUSDT": ([("100", "-1")], [("101", "1")])}}, "books"),
        ({"books": {"ETHUSDT": ([("100", "1")], [("101", "nan")])}}, "books"),
    ],
)
def test_what_cannot_be_true_is_unknown(changes, question):
    """An impossible mark, rate, interval or book is unknown for that asset, and known for the others."""
    with FakeExchange(a_market(**changes)) as fake, ask(fake) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        answers = getattr(source, question)(listings)
    assert isinstance(answers["ETH"], Unknown)
    assert not isinstance(answers["BTC"], Unknown)


# --- candle defects -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("defect", CANDLES)
@pytest.mark.parametrize("symbol", ["ETHUSDT", "BTCUSDT"])
def test_no_candle_defect_changes_a_close(defect, symbol):
    """A defect in one asset's rows leaves its closes as they are or refuses that asset; no other asset notices."""
    market = a_market()
    fault = Fault(f"candle:{defect}", endpoint="klines", symbol=symbol)
    with FakeExchange(market, [fault]) as fake, ask(fake) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        found = source.candles(listings, "1d", START_MS, NOW_MS)
    for listing in listings:
        raw = listing.symbol.replace("/USDT:USDT", "USDT")
        candles, true = found[listing.base], market.bars[raw]
        refused = raw == symbol and defect not in HARMLESS
        assert isinstance(candles, Unknown if refused else Candles), candles
        if isinstance(candles, Candles):
            at = np.searchsorted(true.open_ms, candles.open_ms)
            np.testing.assert_array_equal(candles.close, true.close[at])
            assert len(at) == (N - 4 if defect == "missing_bars" and raw == symbol else N - 1)


# --- faults of the answer -------------------------------------------------------------------------------------

ENDPOINTS = {
    "exchangeInfo": "find",
    "time": "find",
    "klines": "candles",
    "premiumIndex": "prices",
    "depth": "books",
    "fundingInfo": "funding",
}
WIRE_FAULTS = [
    Fault("latency", value=60),
    Fault("drip", value=0.05),
    Fault("hang"),
    Fault("reset"),
    Fault("cut"),
    Fault("wrong_length"),
    Fault("short_length"),
    Fault("redirect_loop"),
    *(
        Fault("status", value=code, body=b"<html>Service unavailable</html>")
        for code in (400, 403, 404, 418, 429, 451, 500, 502, 503, 504)
    ),
    *(
        Fault("status", value=code, body=b'{"code":-1000,"msg":"An unknown error"}')
        for code in (200, 400, 451, 503)
    ),
]
FAULTS = [*WIRE_FAULTS, *(Fault(kind) for kind in BODIES)]
REASONS = {
    "geo_blocked",
    "banned",
    "rate_limited",
    "unreachable",
    "timeout",
    "bad_response",
    "bad_symbol",
    "auth",
}


def numbers(fake: FakeExchange, question: str, **how) -> object:
    """Ask one question and return what a caller would compute with; None for what is unknown."""
    with ask(fake, **how) as source:
        found = source.find(MEMBERS, "USDT")
        if question == "find":
            return {base: (listing.symbol, listing.market.amount_step) for base, listing in found.items()}
        listings = list(found.values())
        if question == "candles":
            answers = source.candles(listings, "1d", START_MS, NOW_MS)
        else:
            answers = getattr(source, question)(listings)
        known = {
            "candles": lambda candles: candles.close.tolist(),
            "prices": lambda price: price.value,
            "books": lambda book: (book.bids.tolist(), book.asks.tolist()),
            "funding": lambda funding: (funding.rate, funding.interval_hours),
        }[question]
        return {
            base: None if isinstance(answer, Unknown) else known(answer) for base, answer in answers.items()
        }


def outcome(fake: FakeExchange, question: str) -> object:
    """Return the numbers, or the kind of failure."""
    try:
        return numbers(fake, question, timeout_s=DEADLINE_S)
    except ExchangeFailed as failed:
        return failed.reason


def test_no_fault_gives_a_wrong_number_escapes_or_hangs():
    """Every fault, on every endpoint: refused by kind, unknown, or the very numbers of the market; in time."""
    market = a_market()
    truth = {}
    with FakeExchange(market) as fake:
        for question in set(ENDPOINTS.values()):
            truth[question] = numbers(fake, question)
    refused = unknown = survived = 0
    for endpoint, question in ENDPOINTS.items():
        for fault in FAULTS:
            hit = Fault(fault.kind, endpoint=endpoint, value=fault.value, body=fault.body)
            with FakeExchange(market, [hit]) as fake:
                began = time.monotonic()
                answer = outcome(fake, question)
                if isinstance(answer, str):
                    assert answer in REASONS, (endpoint, hit)
                    refused += 1
                else:
                    for base, told in answer.items():
                        assert told is None or told == truth[question][base], (endpoint, hit)
                    unknown += None in answer.values()
                    survived += None not in answer.values()
                assert time.monotonic() - began < DEADLINE_S + 1, (endpoint, hit)
    assert refused + unknown + survived == len(FAULTS) * len(ENDPOINTS)
    assert survived == 0
    counts = f"{refused} refused, {unknown} unknown, {survived} survived"
    print(f"{len(FAULTS) * len(ENDPOINTS)} cases: {counts}")  # noqa: T201 - the closing note tells them


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
    with FakeExchange(a_market(), latency_s=0.3) as fake:
        began = time.monotonic()
        with ask(fake, timeout_s=DEADLINE_S) as source:
            listings = list(source.find(MEMBERS, "USDT").values())
            with pytest.raises(ExchangeFailed) as caught:
                source.candles(listings, "1d", START_MS, NOW_MS)
        assert DEADLINE_S <= time.monotonic() - began < DEADLINE_S + 1
    assert caught.value.reason == "timeout"
    assert "did not answer within 0.5 s" in caught.value.message
    assert caught.value.tried.endswith("/fapi/v1/klines")


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


# --- settings -------------------------------------------------------------------------------------------------


def test_an_exchange_is_a_source_of_market_data():
    """An exchange offers all that a source must, and is live unless a moment of the past is asked for."""
    with FakeExchange(a_market()) as fake:
        now, past = ask(fake), ask(fake, as_of_ms=START_MS)
    offered = set(dir(ExchangeMarket)) | set(vars(now))
    assert {name for name in vars(MarketData) if not name.startswith("_")} <= offered
    assert (now.name, now.simulated, now.live, past.live) == ("binanceusdm", False, True, False)


def test_nothing_happens_before_the_first_question():
    """Opening a source neither asks nor fails; closing it twice is no error."""
    with FakeExchange(a_market()) as fake:
        source = ask(fake)
        source.close()
        source.close()
        assert fake.requests == []


def test_an_unknown_exchange_is_refused_with_the_known():
    """An exchange without a record is a usage error that lists those with one."""
    with pytest.raises(UnknownName) as caught:
        open_exchange("binanceusd")
    assert (caught.value.exit_code, caught.value.known) == (2, ["binanceusdm"])


def test_only_the_given_host_is_asked():
    """Overriding `fapiPublic` alone leads every request to it, the coin list included, also with keys given."""
    with FakeExchange(a_market()) as fake:
        options = {**fake.options["binanceusdm"], "apiKey": "CANARY-KEY", "secret": "CANARY-SECRET"}
        with ask(fake, options=options) as source:
            listings = list(source.find(MEMBERS, "USDT").values())
            source.candles(listings, "1d", START_MS, NOW_MS)
            exchange = source._transport.exchange
            assert not exchange.apiKey
            assert not exchange.secret
            assert exchange.urls["api"]["fapiPrivate"].startswith("https://fapi.binance.com")


def test_our_settings_hold_against_the_users():
    """Whatever `exchange_options` say, nothing is printed, no key is kept and ccxt itself retries nothing."""
    wanted = {"verbose": True, "secret": "x", "enableRateLimit": False, "options": {"maxRetriesOnFailure": 9}}
    settings = settings_of(BINANCEUSDM, {**wanted, "timeout": 3_000})
    assert (settings["verbose"], settings["enableRateLimit"], settings["timeout"]) == (False, True, 3_000)
    assert "secret" not in settings
    assert settings["options"] == {**BINANCEUSDM.config["options"], "maxRetriesOnFailure": 0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"urls": {"api": {"fapiPublic": 5}}},
        {"urls": {"api": {"fapiPublic": "fapi.binance.com"}}},
        {"urls": {"api": {"fapiPublic": "http://host:port/fapi/v1"}}},
        {"urls": "http://host/fapi/v1"},
        {"timeout": "soon"},
        {"timeout": 0},
    ],
)
def test_options_that_ccxt_cannot_take_are_a_usage_error(wrong):
    """Options of the wrong shape are refused by name, without their values."""
    with ask(None, options={**wrong, "password": "hunter2"}) as source, pytest.raises(BadOption) as caught:
        source.find(MEMBERS, "USDT")
    assert caught.value.exit_code == 2
    assert "hunter2" not in str(caught.value.facts())


@pytest.mark.parametrize(
    ("url", "options", "environ", "expected"),
    [
        ("https://fapi.binance.com/x", {}, {}, {}),
        ("https://fapi.binance.com/x", {}, {"HTTPS_PROXY": "http://p:1"}, {"httpsProxy": "http://p:1"}),
        ("https://fapi.binance.com/x", {}, {"https_proxy": "p:1"}, {"httpsProxy": "http://p:1"}),
        ("https://fapi.binance.com/x", {}, {"HTTP_PROXY": "http://p:1"}, {}),
        ("http://exchange.test/x", {}, {"HTTP_PROXY": "http://p:1"}, {"httpProxy": "http://p:1"}),
        ("https://fapi.binance.com/x", {}, {"ALL_PROXY": "socks5://p:1"}, {"socksProxy": "socks5://p:1"}),
        (
            "https://fapi.binance.com/x",
            {},
            {"HTTPS_PROXY": "http://p:1", "ALL_PROXY": "socks5://q:1"},
            {"httpsProxy": "http://p:1"},
        ),
        ("https://fapi.binance.com/x", {}, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".binance.com"}, {}),
        ("https://fapi.binance.com/x", {}, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, {}),
        ("https://fapi.binance.com/x", {"socksProxy": "socks5://q:1"}, {"HTTPS_PROXY": "http://p:1"}, {}),
        ("http://127.0.0.1:99/x", {}, {"HTTP_PROXY": "http://p:1"}, {}),
        ("http://localhost:99/x", {}, {"ALL_PROXY": "http://p:1"}, {}),
    ],
)
def test_one_proxy_at_most_comes_from_the_environment(url, options, environ, expected):
    """The variable for the URL's scheme, then `ALL_PROXY`; none over the user's own, for loopback or `NO_PROXY`."""
    assert proxy_of(url, options, environ) == expected


def test_a_proxy_is_used_and_its_failure_named():
    """With a proxy in the environment the exchange is asked through it."""
    options = {"urls": {"api": {"fapiPublic": "http://exchange.test/fapi/v1"}}}
    environ = {"HTTP_PROXY": "http://user:hunter2@127.0.0.1:9"}
    with ask(None, options=options, environ=environ) as source, pytest.raises(ExchangeFailed) as caught:
        source.find(MEMBERS, "USDT")
    assert (caught.value.reason, caught.value.detail) == (
        "unreachable",
        "cannot be reached: the proxy does not answer",
    )
    assert "hunter2" not in str(caught.value.facts())


def test_ccxt_can_be_imported_whole_afterwards():
    """Loading one class leaves nothing half loaded: the whole of ccxt imports as ever in the same process."""
    program = (
        "import sys\n"
        "from betacli.data.exchange import _exchange_class\n"
        "cls, root = _exchange_class('binanceusdm')\n"
        "assert 'ccxt' not in sys.modules\n"
        "import ccxt.async_support as a, ccxt\n"
        "assert isinstance(a.binance, type) and isinstance(ccxt.binanceusdm, type)\n"
        "assert cls.__name__ == 'binanceusdm' and issubclass(root, Exception)\n"
        "ccxt.bybit(); ccxt.binance()\n"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)
