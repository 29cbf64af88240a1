"""The spot markets of an exchange. They are a second thing to ask: what fails here is unknown, and no more than that."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from betacli.core.model import Book, Candles, Member, Price, Ticker
from betacli.data.asker import NOT_TOLD, Asker
from betacli.data.candles import Listing
from betacli.data.contracts import Contracts
from betacli.data.settings import merged
from betacli.data.side import Side
from betacli.data.sides import Answers, Unanswered
from betacli.data.venues_spot import SPOT
from betacli.errors import ExchangeFailed

T = TypeVar("T")

SHARE = 0.5  # of the time that is left: a spot host that hangs leaves the rest to contracts


class Patience:
    """How long a question about spot may take: a share of the time that was left when it began."""

    def __init__(self, remaining_s: Callable[[], float]) -> None:
        self._remaining_s = remaining_s
        self._kept_s = 0.0

    def begin(self) -> None:
        """Begin a question."""
        left_s = self._remaining_s()
        self._kept_s = (1 - SHARE) * left_s if math.isfinite(left_s) else 0.0

    def remaining_s(self) -> float:
        """Return the seconds that are left to the question."""
        return self._remaining_s() - self._kept_s


class SpotSide:
    """Asks the spot host of an exchange, by the clock of its contracts, so that there is one `now`.

    A failure that is not about a symbol or an endpoint is the answer to every later question as well.
    """

    def __init__(
        self,
        exchange_id: str,
        options: Mapping[str, object],
        *,
        clock: Asker,
        remaining_s: Callable[[], float],
        **how: Any,
    ) -> None:
        """Remember what to ask and how.

        Args:
            exchange_id: one of `SPOT`.
            options: ccxt constructor arguments of the user.
            clock: tells the exchange's time.
            remaining_s: seconds left for all questions, those about contracts included.
            how: what an `Asker` takes besides.
        """
        venue = SPOT[exchange_id]
        self._patience = Patience(remaining_s)
        self._side = Side(
            Asker(
                venue,
                merged(options, venue.config),
                clock=clock,
                remaining_s=self._patience.remaining_s,
                **how,
            )
        )
        self._failed: ExchangeFailed | None = None

    def close(self) -> None:
        """Let go of the connection."""
        self._side.asker.close()

    @property
    def listed(self) -> Contracts | None:
        """What is listed, once it has been asked for."""
        return self._side.contracts

    def find(self, bases: Sequence[str], quote: str) -> Answers[Listing]:
        """Return, by base, its spot market."""

        def found() -> Answers[Listing]:
            listed = self._side.open()
            return {base: listed.find(Member(base=base), quote) for base in bases}

        return self._asked(bases, found)

    def candles(
        self, listings: Sequence[Listing], timeframe: str, start_ms: int, end_ms: int, as_of_ms: int | None
    ) -> Answers[Candles]:
        """Return, by base, the bars that open in [start_ms, end_ms) and had closed at a moment; None for now."""

        def bars() -> Answers[Candles]:
            if any(listing.own_symbol is None for listing in listings):
                self._side.open()
            elif self._side.contracts is None:
                self._side.asker.lend(listings)
            now_ms = self._side.asker.server_ms
            closed_ms = now_ms if as_of_ms is None else min(as_of_ms, now_ms)
            return self._side.bars(listings, timeframe, start_ms, end_ms, closed_ms=closed_ms)

        return self._asked(_bases(listings), bars)

    def prices(self, listings: Sequence[Listing]) -> Answers[Price]:
        """Return, by base, the last price."""
        return self._asked(_bases(listings), lambda: self._side.now(listings, self._side.present.prices))

    def books(self, listings: Sequence[Listing]) -> Answers[Book]:
        """Return, by base, the order book."""
        return self._asked(_bases(listings), lambda: self._side.now(listings, self._side.present.books))

    def tickers(self, listings: Sequence[Listing]) -> Answers[Ticker]:
        """Return, by base, bid, ask and last price, and the volume of 24 hours."""
        return self._asked(_bases(listings), lambda: self._side.now(listings, self._side.present.tickers))

    def _asked(self, bases: Sequence[str], ask: Callable[[], Answers[T]]) -> Answers[T]:
        """Ask; where the host fails, every answer is unknown, with what it said."""
        failed = self._failed
        if failed is None:
            self._patience.begin()
            try:
                return ask()
            except ExchangeFailed as failure:
                failed = failure
                self._failed = None if failure.reason in NOT_TOLD else failure
        said = "did not answer in time" if failed.reason == "timeout" else failed.detail
        until = f" until {failed.until}" if failed.until else ""
        tried = f" (tried: {failed.tried})" if failed.tried else ""
        unanswered = Unanswered(reason=f"is not told as spot: `{failed.exchange}` {said}{until}{tried}")
        return dict.fromkeys(bases, unanswered)


def _bases(listings: Sequence[Listing]) -> list[str]:
    return [listing.base for listing in listings]
