"""One side of an exchange, its contracts or its spot markets: what is listed, bars, and what is of this moment."""

import math
from collections.abc import Sequence
from typing import TypeVar

from betacli.core.calendar import TIMEFRAMES_MS, last_closed_open
from betacli.core.candles import iso
from betacli.core.model import Candles, Unknown
from betacli.data.asker import Asker
from betacli.data.candles import Listing, untold
from betacli.data.contracts import Contracts
from betacli.data.pager import Pager
from betacli.data.present import Present
from betacli.data.refusals import place
from betacli.data.sides import Answers, Ask
from betacli.errors import ExchangeFailed

T = TypeVar("T")

MIN_MARKETS = 50  # fewer are an outage, not a delisting
KEPT_SHARE = 0.7  # of the markets known before; fewer are an outage as well
APART_MS = 60_000  # clocks further apart than this judge differently what is of this moment
TICK_SIZE = 4  # ccxt's name for steps given as sizes


class Side:
    """Asks one side. Nothing is imported or sent before the first question.

    `known_markets` is how many it listed when last asked; with `unchecked`, nobody has looked at how it answers.
    """

    def __init__(self, asker: Asker, *, known_markets: int | None = None, unchecked: bool = False) -> None:
        self.asker = asker
        self.venue = asker.venue
        self.present = Present(asker)
        self.contracts: Contracts | None = None
        self._known_markets = known_markets
        self._unchecked = unchecked

    def open(self) -> Contracts:
        """Load the exchange's time and what is listed, once: one request first, alone."""
        if self.contracts is None:
            _ = self.asker.server_ms
            markets = self.asker.run(self.asker.load_markets)
            exchange = self.asker.connected().exchange
            contracts = Contracts(
                markets,
                venue=self.venue.id,
                kind=self.venue.kind,
                step_is_size=exchange.precisionMode == TICK_SIZE,
                orders_in_base=self.venue.orders_in_base,
            )
            least = max(MIN_MARKETS, math.ceil(KEPT_SHARE * (self._known_markets or 0)))
            if contracts.count < least:
                detail = f"lists {contracts.count} {contracts.noun}s where at least {least} are expected: an outage"
                raise ExchangeFailed(
                    exchange=self.venue.id,
                    reason="bad_response",
                    detail=detail,
                    tried=place(exchange.home_url),
                )
            self.contracts = contracts
        return self.contracts

    def bars(
        self,
        listings: Sequence[Listing],
        timeframe: str,
        start_ms: int,
        end_ms: int,
        *,
        closed_ms: int,
        index: bool = False,
    ) -> Answers[Candles]:
        """Return, by base, the bars that open in [start_ms, end_ms) and have closed by `closed_ms`."""
        timeframe_ms = TIMEFRAMES_MS[timeframe]
        first_ms = -(-start_ms // timeframe_ms) * timeframe_ms
        past_ms = min(
            -(-end_ms // timeframe_ms) * timeframe_ms,
            last_closed_open(closed_ms, timeframe_ms) + timeframe_ms,
        )
        if past_ms <= first_ms:
            return untold(
                listings, f"has no closed {timeframe} bars between {iso(start_ms)} and {iso(end_ms)}"
            )
        pager = Pager(self.venue, ask=self.asker.ask, now_ms=self.asker.server_ms, index=index)
        found = self.asker.each(listings, lambda listing: pager.bars(listing, timeframe, first_ms, past_ms))
        return self.asker.known(found) if index else self.asker.told(found)

    def now(self, listings: Sequence[Listing], ask: Ask[T]) -> Answers[T]:
        """Ask about this moment; of what is known from an earlier run without asking for all that is listed.

        Until the exchange has told its time this computer's stands for it. Where it may have made an answer look
        too old, the exchange's is asked for.
        """
        known = all(listing.own_symbol and listing.market for listing in listings)
        if self.contracts is not None or self._unchecked or not known:
            self.open()
            return ask(listings)
        self.asker.lend(listings)
        answers = ask(listings)
        if not any(isinstance(answer, Unknown) for answer in answers.values()):
            return answers
        _ = self.asker.server_ms
        apart_ms = abs(self.asker.clock_skew_ms or 0)
        return ask(listings) if apart_ms > APART_MS else answers
