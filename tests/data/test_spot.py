"""What must be true of the spot markets of every exchange: one class of truths, and one inheritor for each."""

from decimal import Decimal

import numpy as np
import pytest

from betacli.core.calendar import TIMEFRAMES_MS
from betacli.core.candles import iso
from betacli.core.model import Candles, Member, Price, Ticker, Unknown
from betacli.data import pace
from betacli.data.venues import VENUES
from betacli.data.venues_spot import SPOT as RECORDS
from fake_exchange.asking import DIALECTS, NOW_MS, START_MS, N, ask, served, walk
from fake_exchange.asking import a_market as contracts_alone
from fake_exchange.market import DAY_MS, HOUR_MS, Instrument, bars
from fake_exchange.spot import SPOT

MINUTE_MS = 60_000
COINS = ("BTC", "ETH", "PEPE")
OHLC = ("open_ms", "open", "high", "low", "close")
LAST_MS = NOW_MS // DAY_MS * DAY_MS  # when the last closed day ended


@pytest.fixture(autouse=True)
def _in_no_hurry_to_save(monkeypatch):
    monkeypatch.setattr(pace, "SHARE", 1_000.0)  # these tests are about answers, and shall not wait


def a_market(**changes):
    """Return three coins with contracts, and 120 daily spot bars of other prices, the last one unfinished."""
    spot = {f"{base}USDT": bars(START_MS, walk(10 + n)) for n, base in enumerate(COINS)}
    return contracts_alone(**{"spot": spot, **changes})


def found(source, *bases: str) -> list:
    """Return the spot listings of some coins, all of which there are."""
    listings = list(source.spot(bases, "USDT").values())
    assert not any(isinstance(listing, Unknown) for listing in listings), listings
    return listings


def test_every_venue_is_held_to_the_truths():
    """A record without its inheritor would be trusted unseen."""
    assert {cls.venue for cls in Truths.__subclasses__()} == set(RECORDS) == set(VENUES) == set(SPOT)


class Truths:
    """The truths; what differs is said by attributes.

    `terms` are amount step, smallest amount, smallest notional and price step of a market with step 0.01, minimum
    0.02, minimum notional 5 and tick 0.001; `fees` are the maker's and the taker's. `reach` is how many bars there
    are at most, 0 where there is no end. `barred` tells that a market can be listed as traded and be barred.
    """

    venue = ""
    terms: tuple[str | None, ...] = ("0.01", "0.02", "5", "0.001")
    fees = (0.001, 0.001)
    knows_listing = False
    gives_day_volume = True
    reach = 0
    barred = False
    own = "ETHUSDT"

    def served(self, market=None, faults=(), **how):
        return served(self.venue, list(faults), market or a_market(), **how)

    def ends(self, kind: str) -> str:
        return SPOT[self.venue].KINDS[kind]

    # --- what is listed ---------------------------------------------------------------------------------------

    def test_a_spot_market_is_described(self):
        """Steps and minima are the exchange's, in coins; it settles in nothing and has no expiry and no leverage."""
        eth = Instrument(base="ETH", step="0.01", min_amount="0.02", min_notional="5", tick="0.001")
        with self.served(a_market(spot_instruments=[eth])) as fake, ask(fake, self.venue) as source:
            (listing,) = found(source, "ETH")
        market = listing.market
        assert (listing.base, listing.symbol, listing.own_symbol) == ("ETH", "ETH/USDT", self.own)
        assert (market.kind, market.quote, market.settle, market.active) == ("spot", "USDT", None, True)
        assert (market.contract_size, market.multiplier, listing.coins) == (Decimal(1), 1, 1)
        told = (market.amount_step, market.min_amount, market.min_notional, market.price_tick)
        assert told == tuple(None if term is None else Decimal(term) for term in self.terms)
        assert (market.maker_fee, market.taker_fee) == self.fees
        assert market.listed_ms == (eth.listed_ms if self.knows_listing else None)
        assert (market.expiry_ms, market.max_leverage) == (None, None)

    def test_a_coin_traded_by_the_thousand_is_found_with_its_multiplier(self):
        """PEPE is `1000PEPE` where there is no PEPE, and PEPE where there is."""
        thousand = {"1000PEPEUSDT": bars(START_MS, walk(1))}
        with self.served(a_market(spot=thousand)) as fake, ask(fake, self.venue) as source:
            (listing,) = found(source, "PEPE")
        assert (listing.symbol, listing.coins, listing.market.contract_size) == ("1000PEPE/USDT", 1000, 1)
        both = {**thousand, "PEPEUSDT": bars(START_MS, walk(2))}
        with self.served(a_market(spot=both)) as fake, ask(fake, self.venue) as source:
            (listing,) = found(source, "PEPE")
        assert (listing.symbol, listing.coins) == ("PEPE/USDT", 1)

    def test_what_has_no_spot_market_is_unknown_and_near_names_are_told(self):
        """A perpetual is no spot market; a typing error is answered with what it may have meant."""
        with self.served(contracts_alone()) as fake, ask(fake, self.venue) as source:
            answers = source.spot(["ETH", "FILER1"], "USDT")
            euro = source.spot(["FILLER1"], "EUR")["FILLER1"]
        assert answers["ETH"] == Unknown(reason=f"has no spot market in USDT on `{self.venue}`")
        assert "near names are `FILLER1`" in answers["FILER1"].reason
        assert euro == Unknown(reason=f"has no spot market in EUR on `{self.venue}`")

    def test_a_renamed_coin_is_told_by_its_new_name(self):
        """MATIC is POL since 2024, one for one, and is traded here as that."""
        market = a_market(spot={"POLUSDT": bars(START_MS, walk(1))})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            reason = source.spot(["MATIC"], "USDT")["MATIC"].reason
        assert "has no spot market in USDT" in reason
        assert "name `POL` (`POL/USDT`) instead" in reason

    def test_a_market_that_is_not_traded_is_unknown(self):
        """A market with trading halted is listed, and cannot be bought."""
        halted = [Instrument(base="ETH", status="SETTLING"), Instrument(base="SOL", barred=True)]
        with self.served(a_market(spot_instruments=halted)) as fake, ask(fake, self.venue) as source:
            answers = source.spot(["ETH", "SOL"], "USDT")
        assert f"is no longer traded on `{self.venue}`: `ETH/USDT` is not active" in answers["ETH"].reason
        assert isinstance(answers["SOL"], Unknown) == self.barred

    def test_too_few_markets_are_an_outage(self):
        """Three coins and 46 others are not all that an exchange lists: it is out of order; with 47 it is not."""
        with self.served(a_market(fillers=46)) as fake, ask(fake, self.venue) as source:
            reason = source.spot(["ETH"], "USDT")["ETH"].reason
        assert "lists 49 spot markets where at least 50 are expected: an outage" in reason
        with self.served(a_market(fillers=47)) as fake, ask(fake, self.venue) as source:
            assert found(source, "ETH")

    # --- candles ----------------------------------------------------------------------------------------------

    def test_candles_are_the_closed_bars_exactly(self):
        """Every closed bar of the window comes back bit by bit; the unfinished one does not."""
        market = a_market()
        with self.served(market) as fake, ask(fake, self.venue) as source:
            answers = source.candles(found(source, *COINS), "1d", START_MS + 10 * DAY_MS, NOW_MS)
        for base in COINS:
            true = market.spot[f"{base}USDT"]
            assert answers[base].symbol == f"{base}/USDT"
            for name in OHLC:
                np.testing.assert_array_equal(getattr(answers[base], name), getattr(true, name)[10 : N - 1])

    def test_volumes_are_in_coins_and_in_quote_currency(self):
        """Each bar trades 1,000 coins, and as many dollars as the market says."""
        market = a_market()
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(found(source, "ETH"), "1d", START_MS, NOW_MS)["ETH"]
        np.testing.assert_array_equal(candles.volume, np.full(N - 1, 1_000.0))
        np.testing.assert_array_equal(candles.quote_volume, market.spot["ETHUSDT"].quote_volume[:-1])

    def test_spot_and_contracts_are_answered_in_one_call(self):
        """BTC's perpetual and ETH's spot market, each with its own bars and prices, in the order asked."""
        market = a_market()
        with self.served(market) as fake, ask(fake, self.venue) as source:
            (eth,) = found(source, "ETH")
            btc = source.find([Member(base="BTC")], "USDT")["BTC"]
            candles = source.candles([eth, btc], "1d", START_MS, NOW_MS)
            prices, books, tickers = (
                question([eth, btc]) for question in (source.prices, source.books, source.tickers)
            )
        assert list(candles) == list(prices) == ["ETH", "BTC"]
        np.testing.assert_array_equal(candles["ETH"].close, market.spot["ETHUSDT"].close[:-1])
        np.testing.assert_array_equal(candles["BTC"].close, market.bars["BTCUSDT"].close[:-1])
        assert (prices["ETH"].kind, prices["BTC"].kind) == ("last", "mark")
        assert prices["ETH"].value == market.spot["ETHUSDT"].close[-1]
        assert prices["BTC"].value == market.bars["BTCUSDT"].close[-1]
        assert (books["ETH"].symbol, books["BTC"].symbol) == ("ETH/USDT", "BTC/USDT:USDT")
        assert (tickers["ETH"].mark, tickers["BTC"].mark) == (None, market.bars["BTCUSDT"].close[-1])

    def test_a_span_of_many_pages_is_one_series(self):
        """4,500 hourly bars, more than two pages of any exchange, come back whole, each once; or are out of reach."""
        hours = 4_500
        now_ms = START_MS + hours * HOUR_MS
        market = a_market(now_ms=now_ms, spot={"BTCUSDT": bars(START_MS, walk(4, hours), HOUR_MS)})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(found(source, "BTC"), "1h", START_MS, now_ms)["BTC"]
        if self.reach:
            first = iso(now_ms - self.reach * HOUR_MS)
            assert candles.reason.startswith(f"has 1h bars only since {first}: `{self.venue}` gives")
            return
        np.testing.assert_array_equal(candles.open_ms, START_MS + HOUR_MS * np.arange(hours))
        np.testing.assert_array_equal(candles.close, market.spot["BTCUSDT"].close)

    def test_a_span_of_the_past_is_reached(self):
        """150 bars from 4,500 hours ago are given, where the exchange reaches as far back."""
        hours = 4_500
        now_ms = START_MS + hours * HOUR_MS
        market = a_market(now_ms=now_ms, spot={"BTCUSDT": bars(START_MS, walk(4, hours), HOUR_MS)})
        with self.served(market) as fake, ask(fake, self.venue) as source:
            past_ms = START_MS + 150 * HOUR_MS
            candles = source.candles(found(source, "BTC"), "1h", START_MS, past_ms)["BTC"]
        if self.reach:
            assert isinstance(candles, Unknown)
            return
        np.testing.assert_array_equal(candles.close, market.spot["BTCUSDT"].close[:150])

    @pytest.mark.parametrize("timeframe", TIMEFRAMES_MS)
    def test_every_timeframe_is_given(self, timeframe):
        """Two days of minutes, asked for in every timeframe: cut at multiples of it in UTC, by hand the same."""
        step = TIMEFRAMES_MS[timeframe]
        minutes = bars(START_MS, walk(6, 2_880), MINUTE_MS)
        now_ms = START_MS + 2_880 * MINUTE_MS
        market = a_market(now_ms=now_ms, spot={"BTCUSDT": minutes})
        first_ms = START_MS
        if self.reach:  # the latest 240 finest bars, or all of two days
            first_ms = max(START_MS, now_ms - 240 * (MINUTE_MS if timeframe == "3m" else step))
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(found(source, "BTC"), timeframe, first_ms, now_ms)["BTC"]
        true = minutes if timeframe == "1m" else minutes.to_timeframe(step)
        since = true.open_ms >= first_ms
        assert candles.timeframe_ms == step
        for name in OHLC:
            np.testing.assert_array_equal(getattr(candles, name), getattr(true, name)[since])
        np.testing.assert_allclose(candles.volume, true.volume[since], rtol=1e-12)

    @pytest.mark.parametrize("tail", [False, True])
    def test_a_page_shorter_than_asked_is_no_end(self, tail):
        """An exchange that cuts its pages, at either end, still gives every bar; or does not reach the start."""
        market = a_market(page_cap=100 if self.reach else 17, page_tail=tail)
        with self.served(market) as fake, ask(fake, self.venue) as source:
            candles = source.candles(found(source, "BTC"), "1d", START_MS, NOW_MS)["BTC"]
        if self.reach:  # the latest 100 of 120, of which one is unfinished
            assert f"has 1d bars only since {iso(START_MS + 20 * DAY_MS)}" in candles.reason
            return
        np.testing.assert_array_equal(candles.close, market.spot["BTCUSDT"].close[: N - 1])

    def test_a_coin_younger_than_the_window_begins_with_its_first_bar(self):
        """Bars from before a listing do not exist, and their absence takes nothing from the others."""
        young = bars(START_MS + 50 * DAY_MS, walk(5, N - 50))
        described = {"BTCUSDT": bars(START_MS, walk(1)), "YOUNGUSDT": young}
        with self.served(a_market(spot=described)) as fake, ask(fake, self.venue) as source:
            answers = source.candles(found(source, "BTC", "YOUNG"), "1d", START_MS, NOW_MS)
        np.testing.assert_array_equal(answers["YOUNG"].close, young.close[:-1])
        assert len(answers["BTC"].close) == N - 1

    def test_a_coin_without_any_bar_is_unknown(self):
        """A market that has never traded has no candles, and that is said with the span."""
        market = a_market(spot_instruments=[Instrument(base="NEW")])
        with self.served(market) as fake, ask(fake, self.venue) as source:
            answer = source.candles(found(source, "NEW"), "1d", START_MS, NOW_MS)["NEW"]
        assert answer == Unknown(reason=f"has no closed 1d bars between {iso(START_MS)} and {iso(LAST_MS)}")

    # --- this moment ------------------------------------------------------------------------------------------

    def test_a_ticker_has_its_prices_and_the_volume_in_quote_currency(self):
        """Bid, ask and last are told, mark and index are none; 1,000 coins at the last price are so many dollars."""
        market = a_market(spot_books={"ETHUSDT": ([("99.5", "3")], [("100.5", "2")])})
        last = market.spot["ETHUSDT"].close[-1]
        with self.served(market) as fake, ask(fake, self.venue) as source:
            ticker = source.tickers(found(source, "ETH"))["ETH"]
        assert ticker == Ticker(
            symbol="ETH/USDT",
            time_ms=NOW_MS,
            bid=99.5,
            ask=100.5,
            last=last,
            quote_volume_24h=1_000 * last if self.gives_day_volume else None,
        )

    def test_the_price_is_the_last_unless_the_book_has_left_it(self):
        """A last trade between bid and ask is the price; where the book has moved on, its middle is."""
        market = a_market()
        last = market.spot["ETHUSDT"].close[-1]
        around = ([(str(last - 1), "1")], [(str(last + 1), "1")])
        market.spot_books |= {"ETHUSDT": around, "BTCUSDT": ([("990", "1")], [("1010", "1")])}
        with self.served(market) as fake, ask(fake, self.venue) as source:
            prices = source.prices(found(source, "ETH", "BTC"))
        assert prices["ETH"] == Price(value=last, kind="last", time_ms=NOW_MS)
        assert prices["BTC"] == Price(value=1_000.0, kind="last", time_ms=NOW_MS)

    def test_a_book_is_in_coins(self):
        """Prices and amounts stand as told, best first."""
        book = ([("99", "7.5"), ("98", "1000")], [("101", "2"), ("102.5", "0.25")])
        with self.served(a_market(spot_books={"ETHUSDT": book})) as fake, ask(fake, self.venue) as source:
            answer = source.books(found(source, "ETH"))["ETH"]
        assert answer.bids.tolist() == [[99.0, 7.5], [98.0, 1000.0]]
        assert answer.asks.tolist() == [[101.0, 2.0], [102.5, 0.25]]
        assert answer.time_ms == NOW_MS

    @pytest.mark.parametrize(
        "book",
        [
            ([], [("101", "1")]),
            ([("102", "1")], [("101", "1")]),
            ([("100", "1")], [("101", "nan")]),
        ],
    )
    def test_a_book_that_cannot_be_is_unknown(self, book):
        """An empty side, a crossed book or an amount that is none is unknown for that coin alone."""
        with self.served(a_market(spot_books={"ETHUSDT": book})) as fake, ask(fake, self.venue) as source:
            answers = source.books(found(source, "ETH", "BTC"))
        assert isinstance(answers["ETH"], Unknown)
        assert not isinstance(answers["BTC"], Unknown)

    def test_what_only_contracts_have_is_unknown_of_spot(self):
        """No funding, open interest, margin brackets or index, said without a request; a contract beside has them."""
        lacks = {
            "funding": "is a spot market, which pays no funding",
            "open_interest": "is a spot market, which has no open interest",
            "tiers": "is a spot market, which has no margin brackets",
            "funding_history": "is a spot market, which pays no funding",
            "index_candles": "is a spot market, which has no index behind it",
        }
        spans = {"funding_history": (START_MS, NOW_MS), "index_candles": ("1d", START_MS, NOW_MS)}
        with self.served() as fake, ask(fake, self.venue) as source:
            (eth,) = found(source, "ETH")
            before = len(fake.requests)
            for question, reason in lacks.items():
                answers = getattr(source, question)([eth], *spans.get(question, ()))
                assert answers == {"ETH": Unknown(reason=reason)}
            assert len(fake.requests) == before
            (btc,) = source.find([Member(base="BTC")], "USDT").values()
            assert list(source.funding([eth, btc])) == ["ETH", "BTC"]
            assert not isinstance(source.funding([eth, btc])["BTC"], Unknown)

    # --- the past ---------------------------------------------------------------------------------------------

    def test_the_past_has_its_candles_and_no_prices(self):
        """Thirty days ago, the last bar is the one that had closed by then; what is of the moment is unknown."""
        market = a_market()
        past_ms = NOW_MS - 30 * DAY_MS
        with self.served(market) as fake, ask(fake, self.venue, as_of_ms=past_ms) as source:
            listings = found(source, "ETH")
            candles = source.candles(listings, "1d", START_MS, NOW_MS)["ETH"]
            before = len(fake.requests)
            for question in (source.prices, source.books, source.tickers):
                assert isinstance(question(listings)["ETH"], Unknown)
            assert len(fake.requests) == before
        np.testing.assert_array_equal(candles.close, market.spot["ETHUSDT"].close[: N - 31])

    # --- what does not answer ---------------------------------------------------------------------------------

    def test_nothing_is_asked_of_spot_before_it_is_asked_for(self):
        """All questions about contracts send nothing to spot; one about spot asks for no contracts."""
        with self.served() as fake:
            with ask(fake, self.venue) as source:
                listings = list(source.find([Member(base=base) for base in COINS], "USDT").values())
                source.candles(listings, "1d", START_MS, NOW_MS)
                for question in (source.prices, source.books, source.tickers, source.funding):
                    question(listings)
                assert fake.of_spot == []
            fake.requests.clear()
            with ask(fake, self.venue) as source:
                source.candles(found(source, "ETH"), "1d", START_MS, NOW_MS)
            time_alone = len(fake.requests) - len(fake.of_spot)
        assert time_alone == 1
        assert fake.requests[0][0].endswith(DIALECTS[self.venue].KINDS["time"])

    def test_a_market_known_from_before_is_not_looked_up_again(self):
        """With a listing of an earlier run, candles and prices need no list of markets."""
        with self.served() as fake:
            with ask(fake, self.venue) as source:
                listings = found(source, "ETH")
            fake.of_spot.clear()
            with ask(fake, self.venue) as source:
                candles = source.candles(listings, "1d", START_MS, NOW_MS)["ETH"]
                price = source.prices(listings)["ETH"]
        assert isinstance(candles, Candles)
        assert isinstance(price, Price)
        assert not [path for path in fake.of_spot if path.endswith(self.ends("instruments"))]


class TestBinance(Truths):
    """Binance: a host and a budget of its own."""

    venue = "binanceusdm"
    barred = True


class TestBybit(Truths):
    """Bybit: the paths of contracts with another category."""

    venue = "bybit"


class TestBingx(Truths):
    """BingX: the least amount is deprecated; the day begins at 16:00 unless told otherwise."""

    venue = "bingx"
    terms = ("0.01", None, "5", "0.001")
    knows_listing = True
    own = "ETH-USDT"


class TestWeex(Truths):
    """WEEX: the latest 300 bars and none before; no notional minimum."""

    venue = "weex"
    terms = ("0.01", "0.02", None, "0.001")
    reach = 300

    def test_three_hundred_bars_are_asked_for(self):
        """250 days are within reach, though the exchange gives 100 unless more are asked for."""
        days = bars(NOW_MS // DAY_MS * DAY_MS - 399 * DAY_MS, walk(3, 400))
        with self.served(a_market(spot={"BTCUSDT": days})) as fake, ask(fake, self.venue) as source:
            candles = source.candles(found(source, "BTC"), "1d", NOW_MS - 250 * DAY_MS, NOW_MS)["BTC"]
        np.testing.assert_array_equal(candles.close, days.close[150:399])


class TestMexc(Truths):
    """MEXC: coins, not contracts; no quote volume of a day; fees as told."""

    venue = "mexc"
    fees = (0.002, 0.002)
    gives_day_volume = False
    barred = True
