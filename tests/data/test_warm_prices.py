"""What is of this moment, of contracts known from an earlier run: the same answers, without asking for all contracts."""

import pytest

from betacli.core.model import Book, Member, Price
from betacli.data import pace
from betacli.data.venues import VENUES
from fake_exchange.asking import DIALECTS, MEMBERS, NOW_MS, a_market, ask, served

MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def _in_no_hurry_to_save(monkeypatch):
    monkeypatch.setattr(pace, "SHARE", 1_000.0)  # these tests are about answers, and shall not wait


@pytest.mark.parametrize("venue", VENUES)
def test_prices_of_known_contracts_take_one_request(venue):
    """The first run asks for time, contracts and marks; with the same listings the next asks for marks alone."""
    with served(venue) as fake:
        with ask(fake, venue) as first:
            listings = list(first.find(MEMBERS, "USDT").values())
            told = first.prices(listings)
        before = len(fake.requests)
        with ask(fake, venue) as second:
            again = second.prices(listings)
            asked = [path for path, _ in fake.requests[before:]]
        assert len(asked) == 1
        assert asked[0].endswith(DIALECTS[venue].KINDS["marks"])
    assert {base: price.value for base, price in again.items()} == {
        base: price.value for base, price in told.items()
    }


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("question", ["books", "funding", "open_interest", "tickers"])
def test_other_questions_have_the_same_answers(venue, question):
    """Books in coins, funding at its own interval, tickers: whether the contracts were asked for or known."""

    def numbers(answers):
        return {base: repr(answer).partition("time_ms")[0] for base, answer in answers.items()}

    with served(venue, market=a_market(funding_hours={"ETHUSDT": 4})) as fake:
        with ask(fake, venue) as first:
            listings = list(first.find(MEMBERS, "USDT").values())
            told = getattr(first, question)(listings)
        with ask(fake, venue) as second:
            again = getattr(second, question)(listings)
            assert not any(path.endswith(DIALECTS[venue].KINDS["instruments"]) for path in fake.paths()[-3:])
    if question == "books":
        assert all(isinstance(book, Book) for book in again.values())
        assert all(
            (told[b].bids == again[b].bids).all() and (told[b].asks == again[b].asks).all() for b in told
        )
    else:
        assert numbers(told) == numbers(again)


@pytest.mark.parametrize("venue", ["binanceusdm", "weex", "mexc"])
def test_a_clock_that_is_wrong_is_seen_by_the_exchanges(venue):
    """Twenty minutes behind, every mark looks like one of the future: then the exchange's time is asked for."""
    with served(venue) as fake:
        with ask(fake, venue) as first:
            listings = list(first.find(MEMBERS, "USDT").values())
        with ask(fake, venue, now_ms=lambda: NOW_MS - 20 * MINUTE_MS) as second:
            assert isinstance(second.prices(listings)["ETH"], Price)


@pytest.mark.parametrize("venue", VENUES)
def test_what_is_asked_after_is_asked_of_all_contracts(venue):
    """Known contracts are no list: a coin that was not among them is found, and an outage is still seen."""
    with served(venue) as fake:
        with ask(fake, venue) as first:
            listings = list(first.find(MEMBERS, "USDT").values())
        with ask(fake, venue) as second:
            second.prices(listings)
            assert second.find([Member(base="FILLER7")], "USDT")["FILLER7"].symbol == "FILLER7/USDT:USDT"
            assert second.market_count == 63
