"""Every fault on every endpoint of every venue: what became of it."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from betacli.core.model import Candles, Unknown
from betacli.errors import ExchangeFailed
from fake_exchange.asking import (
    DEADLINE_S,
    DIALECTS,
    MEMBERS,
    NOW_MS,
    REASONS,
    SPOT_SYMBOLS,
    START_MS,
    SYMBOLS,
    N,
    ask,
    numbers,
    served,
    with_spot,
)
from fake_exchange.faults import BODIES, CANDLES, HARMLESS, Fault
from fake_exchange.spot import SPOT

PAGE = b"<html>Service unavailable</html>"
# Bodies that are errors of one venue or another; what does not know them must not trust them either.
ERRORS = (
    b'{"code":-1000,"msg":"An unknown error"}',
    b'{"retCode":10016,"retMsg":"System error","result":{},"time":1}',
    b'{"code":100500,"msg":"The current system is busy","data":{}}',
    b'{"success":false,"code":500,"message":"Internal error"}',
)
FAULTS = (
    Fault("latency", value=60),
    Fault("drip", value=0.05),
    Fault("hang"),
    Fault("reset"),
    Fault("cut"),
    Fault("wrong_length"),
    Fault("short_length"),
    Fault("redirect_loop"),
    *(
        Fault("status", value=code, body=PAGE)
        for code in (400, 401, 403, 404, 418, 429, 451, 500, 502, 503, 504)
    ),
    *(Fault("status", value=code, body=body) for code in (200, 400, 451, 503) for body in ERRORS),
    *(Fault(kind) for kind in BODIES),
)
QUESTIONS = {
    "time": "candles",
    "instruments": "find",
    "klines": "candles",
    "marks": "prices",
    "depth": "books",
    "rate": "funding",
    "marks of funding": "funding",
    "intervals": "funding",
    "history": "funding",
    "interest": "open_interest",
    "tickers": "tickers",
    "quotes": "tickers",
    "marks of tickers": "tickers",
    "payments": "funding_history",
    "index": "index_candles",
    "tiers": "tiers",
    "marks of tiers": "tiers",
}
SPOT_QUESTIONS = {
    "instruments": ("spot find",),
    "klines": ("spot candles",),
    "depth": ("spot books",),
    "tickers": ("spot tickers", "spot prices"),
}


@dataclass(frozen=True)
class Case:
    """One fault on one endpoint of one venue, and the question that leads there."""

    venue: str
    endpoint: str
    question: str
    fault: Fault

    def __str__(self) -> str:
        """Tell the case in one line."""
        return f"{self.venue} {self.question} {self.endpoint}: {self.fault.kind} {self.fault.value:g} {self.fault.body[:40]!r}"


def cases() -> Iterator[Case]:
    """Return every case there is."""
    for venue, dialect in DIALECTS.items():
        for kind, question in QUESTIONS.items():
            end = dialect.KINDS.get(kind.partition(" ")[0])
            own_rate = kind == "marks of funding" and "rate" in dialect.KINDS
            unmarked = kind == "marks of tiers" and dialect.ID != "mexc"
            if end is not None and not own_rate and not unmarked:
                yield from (Case(venue, end, question, fault) for fault in FAULTS)
        for kind, questions in SPOT_QUESTIONS.items():
            end = SPOT[venue].KINDS[kind]
            yield from (Case(venue, end, question, fault) for question in questions for fault in FAULTS)


class Truths:
    """What each venue answers to each question when nothing is wrong."""

    def __init__(self) -> None:
        self.market = with_spot()
        self._told: dict[tuple[str, str], dict] = {}

    def of(self, venue: str, question: str) -> dict:
        """Return the numbers of a sound exchange."""
        if (venue, question) not in self._told:
            with served(venue, market=self.market) as fake:
                self._told[venue, question] = numbers(fake, question, venue)
        return self._told[venue, question]

    def outcome(self, case: Case) -> str:
        """Return `refused`, `unknown` or `survived`, or what went wrong."""
        true = self.of(case.venue, case.question)
        hit = replace(case.fault, endpoint=case.endpoint)
        began = time.monotonic()
        with served(case.venue, [hit], self.market) as fake:
            began = time.monotonic()
            try:
                told = numbers(fake, case.question, case.venue, timeout_s=DEADLINE_S)
            except ExchangeFailed as failed:
                result = "refused" if failed.reason in REASONS else f"WRONG REASON {failed.reason}"
                result = f"RAISED {failed!r}" if case.question.startswith("spot") else result
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                result = f"UNCAUGHT {error!r}"
            else:
                wrong = [base for base, value in told.items() if value is not None and value != true[base]]
                sound = "unknown" if None in told.values() else "survived"
                result = f"WRONG NUMBER {wrong}" if wrong else sound
            took_s = time.monotonic() - began
        return result if took_s < DEADLINE_S + 1 else f"HUNG for {took_s:.1f} s"


def tally(chosen: Iterable[Case], truths: Truths) -> tuple[Counter[str], list[str]]:
    """Run cases; return how many ended in which way, and those that went wrong."""
    counts: Counter[str] = Counter()
    wrong = []
    for case in chosen:
        result = truths.outcome(case)
        counts[result.partition(" ")[0]] += 1
        if result.partition(" ")[0].isupper():
            wrong.append(f"{case}: {result}")
    return counts, wrong


def defects() -> Iterator[tuple[str, str, str]]:
    """Return every candle defect at every venue: in one asset, and another defect in the benchmark."""
    names = list(CANDLES)
    for shift, venue in enumerate(DIALECTS):
        for n, defect in enumerate(names):
            yield venue, defect, names[(n + 1 + shift) % len(names)]


def defective(venue: str, of_eth: str, of_btc: str, *, spot: bool = False) -> tuple[int, int]:
    """Put a defect into the candles of ETH and another into those of BTC; return (refused, unchanged).

    With `spot`, into those of their spot markets.

    Raises:
        AssertionError: a close is not that of the market.
    """
    market = with_spot()
    end = (SPOT if spot else DIALECTS)[venue].KINDS["klines"]
    described, symbols = (market.spot, SPOT_SYMBOLS) if spot else (market.bars, SYMBOLS)
    faults = [
        Fault(f"candle:{of_eth}", endpoint=end, symbol="ETHUSDT"),
        Fault(f"candle:{of_btc}", endpoint=end, symbol="BTCUSDT"),
    ]
    with served(venue, faults, market) as fake, ask(fake, venue) as source:
        listings = [*(source.spot(SYMBOLS, "USDT") if spot else source.find(MEMBERS, "USDT")).values()]
        found = source.candles(listings, "1d", START_MS, NOW_MS)
    refused = 0
    for base, defect in (("ETH", of_eth), ("BTC", of_btc), ("PEPE", "duplicate")):
        candles, true = found[base], described[symbols[base]]
        assert isinstance(candles, Candles if defect in HARMLESS else Unknown), (venue, defect, candles)
        refused += isinstance(candles, Unknown)
        if isinstance(candles, Candles):
            at = np.searchsorted(true.open_ms, candles.open_ms)
            np.testing.assert_array_equal(candles.close, true.close[at])
            assert len(at) == (N - 4 if defect == "missing_bars" else N - 1), (venue, defect)
    return refused, 3 - refused
