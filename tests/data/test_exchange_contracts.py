"""Contracts as an exchange lists them: found by the name of the coin, with their terms."""

import gzip
import json
from decimal import Decimal

import pytest

from betacli.core.model import Member, Unknown
from betacli.data.contracts import Contracts
from conftest import SHARED
from fake_exchange import binance, bybit
from fake_exchange.asking import START_MS, a_market, ask, served
from fake_exchange.market import Instrument
from fake_exchange.server import FakeExchange


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
            (
                "has no perpetual in USDT on `binanceusdm`; MATIC became POL (one coin for one): "
                "name `POL` (`POL/USDT:USDT`) instead"
            ),
        ),
        (
            Member(base="MKR"),
            (
                "has no perpetual in USDT on `binanceusdm`; "
                "MKR became SKY (24,000 SKY for one MKR): name `SKY` (`SKY/USDT:USDT`) instead, "
                "with 24,000 times the supply"
            ),
        ),
        (
            Member(base="LEND"),
            (
                "has no perpetual in USDT on `binanceusdm`; LEND became AAVE (one AAVE for 100 LEND): "
                "`AAVE` has no perpetual here either"
            ),
        ),
        (
            Member(base="AGIX"),
            (
                "has no perpetual in USDT on `binanceusdm`; AGIX became FET (0.43335 FET for one AGIX): "
                "`FET` has no perpetual here either"
            ),
        ),
        (Member(base="TH"), "has no perpetual in USDT on `binanceusdm`; near names are `ETH`"),
        (
            Member(base="BTC", symbol="BTC/USDT:USDX"),
            (
                "has no contract `BTC/USDT:USDX` on `binanceusdm`; near names are `BTC/USDT:USDT`, "
                "`ETH/USDT:USDT` and `SKY/USDT:USDT`"
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
        Instrument(base="POL"),
        Instrument(base="SKY"),
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
    file = SHARED / "exchange-responses" / "binance_fapi_v1_exchangeInfo_20250918.json.gz"
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


def test_the_real_list_of_bybit_is_understood(monkeypatch):
    """Bybit's complete list of September 2025: multipliers before and behind the name, dated futures, USDC."""
    file = SHARED / "exchange-responses" / "bybit_v5_market_instruments-info_linear_20250918.json.gz"
    if not file.is_file():
        pytest.skip("recorded answers are not beside this checkout")
    recorded = json.loads(gzip.decompress(file.read_bytes()))
    monkeypatch.setitem(bybit.ROUTES, "/v5/market/instruments-info", lambda *_: recorded)
    expected = {
        "BTC": ("BTC/USDT:USDT", 1),
        "PEPE": ("1000PEPE/USDT:USDT", 1_000),
        "SATS": ("10000SATS/USDT:USDT", 10_000),
        "BABYDOGE": ("1000000BABYDOGE/USDT:USDT", 1_000_000),
        "SHIB": ("SHIB1000/USDT:USDT", 1_000),
        "SHIB1000": ("SHIB1000/USDT:USDT", 1_000),
        "1INCH": ("1INCH/USDT:USDT", 1),
    }
    with served("bybit") as fake, ask(fake, "bybit") as source:
        found = source.find([Member(base=base) for base in expected], "USDT")
        in_usdc = source.find([Member(base="BTC")], "USDC")["BTC"]
        assert source.market_count == 625
    assert {base: (l.symbol, l.market.multiplier) for base, l in found.items()} == expected  # noqa: E741
    assert in_usdc.symbol == "BTC/USDC:USDC"
    assert found["BTC"].market.amount_step == Decimal("0.001")


@pytest.mark.parametrize(
    ("venue", "listed", "asked", "symbol"),
    [
        ("bingx", "TRUMPSOL", "TRUMP", "TRUMP/USDT:USDT"),
        ("mexc", "GASNEO", "GAS", "GAS/USDT:USDT"),
        ("mexc", "FLUX1", "FLUX", "FLUX/USDT:USDT"),
        ("mexc", "STEPN", "GMT", "GMT/USDT:USDT"),
    ],
)
def test_a_name_that_means_another_coin_there_is_told(venue, listed, asked, symbol):
    """Where the venue's own name of a coin is another one, a notice says so; other names need none."""
    market = a_market(instruments=[Instrument(base=listed)])
    with served(venue, market=market) as fake, ask(fake, venue) as source:
        found = source.find([Member(base=asked), Member(base="BTC")], "USDT")
        notices = source.notices
    assert found[asked].symbol == symbol
    assert [notice.id for notice in notices] == ["remapped"]
    assert f"`{asked}` is `{symbol}`, which `{venue}` itself calls `{listed}`" in notices[0].detail


@pytest.mark.parametrize(
    ("venue", "listed", "symbol"),
    [("bingx", "TRUMP", "TRUMPMAGA/USDT:USDT"), ("mexc", "GAS", "GASDAO/USDT:USDT")],
)
def test_a_name_that_only_means_another_coin_is_not_taken_for_it(venue, listed, symbol):
    """A contract of the asked name that is another coin to ccxt is no match; the reason names it."""
    market = a_market(instruments=[Instrument(base=listed)])
    with served(venue, market=market) as fake, ask(fake, venue) as source:
        found = source.find([Member(base=listed)], "USDT")[listed]
        exact = source.find([Member(base=listed, symbol=symbol)], "USDT")[listed]
    assert isinstance(found, Unknown)
    assert f"give `symbol: {symbol}`" in found.reason
    assert exact.symbol == symbol


def test_a_small_k_is_a_thousand_on_every_venue():
    """Ccxt writes `kPEPE` in capitals; the exchange's own spelling tells it from a coin with a K."""
    market = a_market(instruments=[Instrument(base="kBONK"), Instrument(base="KAVA")])
    with served("mexc", market=market) as fake, ask(fake, "mexc") as source:
        found = source.find([Member(base=base) for base in ("BONK", "AVA", "KAVA")], "USDT")
    assert found["BONK"].market.multiplier == 1_000
    assert isinstance(found["AVA"], Unknown)
    assert found["KAVA"].market.multiplier == 1


@pytest.mark.parametrize("venue", ["binanceusdm", "bybit"])
def test_a_perpetual_that_is_being_delisted_is_named_with_its_end(venue):
    """Still traded, but with an end: the contract says when, and so does a notice; others have none."""
    end_ms = 1_774_569_600_000  # 2026-03-27
    ends = Instrument(base="END", delivery_ms=end_ms)
    if venue == "bybit":
        listed = bybit.instrument_of
        made = {**listed(a_market(), Instrument(base="END")), "deliveryTime": str(end_ms)}
    with served(venue, market=a_market(instruments=[ends])) as fake, ask(fake, venue) as source:
        if venue == "bybit":
            fake._dialect.ROUTES["/v5/market/instruments-info"] = _with(made)
        try:
            found = source.find([Member(base="END"), Member(base="BTC")], "USDT")
        finally:
            if venue == "bybit":
                fake._dialect.ROUTES["/v5/market/instruments-info"] = bybit.instruments
    assert (found["END"].market.kind, found["END"].market.expiry_ms) == ("swap", end_ms)
    assert found["BTC"].market.expiry_ms is None
    (told,) = source.notices
    assert told.id == "delisting"
    assert told.detail == f"`END` is being delisted: `{venue}` ends `END/USDT:USDT` at 2026-03-27T00:00:00Z"


def _with(made):
    """Return Bybit's list of instruments with one of them as `made`."""

    def route(market, query):
        answer = bybit.instruments(market, query)
        rows = answer["result"]["list"]
        answer["result"]["list"] = [made if row["symbol"] == made["symbol"] else row for row in rows]
        return answer

    return route
