"""What an exchange is opened with: its record, the user's options, the environment, and what always holds."""

import subprocess
import sys
import traceback

import pytest

from betacli.core.model import Unknown
from betacli.data import pace, transport
from betacli.data.candles import MarketData
from betacli.data.exchange import ExchangeMarket, open_exchange
from betacli.data.settings import proxy_of, settings_of
from betacli.data.venues import BINANCEUSDM, VENUES
from betacli.errors import BadOption, ExchangeFailed, UnknownName
from conftest import CHECKOUT
from fake_exchange.asking import MEMBERS, NOW_MS, START_MS, a_market, ask, served
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS
from fake_exchange.server import FakeExchange

PREFIXES = {
    "binanceusdm": "/fapi/v1/",
    "bybit": "/v5/market/",
    "bingx": "/openApi/swap/",
    "weex": "/capi/v3/market/",
    "mexc": "/api/v1/contract/",
}


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
    assert (caught.value.exit_code, caught.value.known) == (2, sorted(VENUES))


@pytest.mark.parametrize("name", ["nobody", "../binance", "os", ""])
def test_what_even_ccxt_does_not_know_is_refused_unchecked_as_well(name):
    """`unchecked` opens exchanges of ccxt, and nothing else."""
    with pytest.raises(UnknownName):
        open_exchange(name, unchecked=True)


def test_an_unchecked_exchange_says_so_and_knows_its_limits():
    """An exchange nobody has looked at gives candles; units nobody has checked make volumes and books unknown."""
    with served("binanceusdm") as fake:
        options = {**BINANCEUSDM.config, **fake.options["binanceusdm"]}
        options = {
            "urls": options["urls"],
            "has": {"fetchCurrencies": False},
            "options": {**options["options"], "defaultType": "future"},
        }
        with ask(fake, "binance", options=options, unchecked=True) as source:
            listings = list(source.find(MEMBERS, "USDT").values())
            found = source.candles(listings, "1d", START_MS, NOW_MS)
            books, interest = source.books(listings), source.open_interest(listings)
        assert source.unchecked
        assert [notice.id for notice in source.notices] == ["unchecked_exchange"]
        assert not ask(fake, unchecked=True).unchecked
    for base, symbol in (("BTC", "BTCUSDT"), ("ETH", "ETHUSDT")):
        assert found[base].close.tolist() == fake.market.bars[symbol].close[:-1].tolist()
        assert all(volume != volume for volume in found[base].volume)  # noqa: PLR0124 - it is no number
        assert isinstance(books[base], Unknown)
        assert isinstance(interest[base], Unknown)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(transport, "BACKOFF_S", 0.005)
    monkeypatch.setattr(pace, "SHARE", 1_000.0)


@pytest.mark.parametrize("venue", VENUES)
def test_only_the_given_host_is_asked(venue):
    """Overriding the one address of the table leads every request to it; a test that left loopback would fail."""
    with served(venue) as fake, ask(fake, venue) as source:
        listings = list(source.find(MEMBERS, "USDT").values())
        source.candles(listings, "1d", START_MS, NOW_MS)
        source.candles(listings, "8h", NOW_MS - 20 * DAY_MS, NOW_MS)
        for answers in (source.prices, source.books, source.funding, source.open_interest):
            answers(listings)
        assert all(path.startswith(PREFIXES[venue]) for path, _ in fake.requests)


@pytest.mark.parametrize("venue", ["bybit", "bingx"])
def test_another_host_name_is_enough(venue):
    """`hostname` leads to the exchange's other sites; here there is none, and that is what was tried."""
    options = {"hostname": "example.test"}
    with ask(None, venue, options=options) as source, pytest.raises(ExchangeFailed) as caught:
        source.find(MEMBERS, "USDT")
    assert caught.value.reason == "unreachable"
    assert caught.value.tried.partition("/")[0].endswith("api.example.test")


@pytest.mark.parametrize("venue", VENUES)
def test_a_key_never_gets_anywhere(venue, caplog, capfd):
    """Keys in the options reach neither requests, nor the exchange object, nor any text, also when all fails."""
    keys = {name: f"CANARY-{name}" for name in ("apiKey", "secret", "password", "uid", "token", "privateKey")}
    keys |= {"api_key": "CANARY-again", "walletAddress": "CANARY-wallet", "twofa": "CANARY-twofa"}
    caplog.set_level("DEBUG")
    texts = []
    for faults in ([], [Fault("status", value=401, body=b'{"code":-2015,"msg":"no"}')], [Fault("html")]):
        with served(venue, faults) as fake:
            options = {**fake.options[venue], **keys, "verbose": True}
            with ask(fake, venue, options=options) as source:
                try:
                    listings = list(source.find(MEMBERS, "USDT").values())
                    source.candles(listings, "1d", START_MS, NOW_MS)
                    source.funding(listings)
                except ExchangeFailed as failed:
                    texts += [str(failed.facts()), failed.hint, "".join(traceback.format_exception(failed))]
                exchange = source._asker.connected().exchange
                texts += [repr(vars(exchange))]
            texts += [str(fake.requests), *fake.heads]
    assert len(texts) > 6
    assert "CANARY" not in "".join([*texts, caplog.text, *capfd.readouterr()])


def test_a_redirect_is_not_followed():
    """An exchange that sends us elsewhere has not answered, and elsewhere is not asked."""
    with served("binanceusdm") as elsewhere:
        leave = Fault("redirect", body=f"{elsewhere.url}/fapi/v1/time".encode())
        with (
            served("binanceusdm", [leave]) as fake,
            ask(fake) as source,
            pytest.raises(ExchangeFailed) as caught,
        ):
            source.find(MEMBERS, "USDT")
        assert elsewhere.requests == []
    assert caught.value.detail == "sends us to another address"


def test_a_sandbox_is_never_used():
    """`sandbox` and `testnet` are not passed on: at WEEX they would lead to production."""
    wanted = {"options": {"sandbox": True, "testnet": True, "sandboxMode": True}}
    for venue in VENUES.values():
        options = settings_of(venue, wanted)["options"]
        assert not any(options[name] for name in ("sandbox", "testnet", "sandboxMode"))


def test_our_settings_hold_against_the_users():
    """Whatever `exchange_options` say, nothing is printed, no key is kept and ccxt itself retries nothing."""
    wanted = {"verbose": True, "secret": "x", "enableRateLimit": False, "options": {"maxRetriesOnFailure": 9}}
    settings = settings_of(BINANCEUSDM, {**wanted, "timeout": 3_000})
    assert (settings["verbose"], settings["enableRateLimit"], settings["timeout"]) == (False, True, 3_000)
    assert "secret" not in settings
    assert settings["options"]["maxRetriesOnFailure"] == 0
    assert settings["options"].items() >= BINANCEUSDM.config["options"].items()


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
        "from betacli.data.loading import exchange_class as _exchange_class\n"
        "cls, root = _exchange_class('binanceusdm')\n"
        "assert 'ccxt' not in sys.modules\n"
        "import ccxt.async_support as a, ccxt\n"
        "assert isinstance(a.binance, type) and isinstance(ccxt.binanceusdm, type)\n"
        "assert cls.__name__ == 'binanceusdm' and issubclass(root, Exception)\n"
        "ccxt.bybit(); ccxt.binance()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=CHECKOUT)
