"""Where spot markets are kept, through the store: what the exchange told within the last day is not asked for again.

They stand among the contracts under a symbol that no sector file can ask for, so that neither is taken for the other.
That the spot host did not answer is never kept.
"""

from collections.abc import Callable, Sequence

from betacli.core.model import Member, Notice, Unknown
from betacli.data.candle_store import MendingStore
from betacli.data.candles import Listing, MarketData
from betacli.data.sides import Answers, Unanswered
from betacli.data.store_listings import KnownListing

ASKED_AS = "(spot)"


class StoredSpot:
    """The spot markets of one exchange. `remarks` is what must be known about those found, by base."""

    def __init__(
        self, store: MendingStore, key: str, *, behind: Callable[[], MarketData], now_ms: Callable[[], int]
    ) -> None:
        """Remember where and how.

        Args:
            store: that keeps them.
            key: of the exchange in the store.
            behind: returns the exchange.
            now_ms: this computer's clock.
        """
        self._store = store
        self._key = key
        self._behind = behind
        self._now_ms = now_ms
        self.remarks: dict[str, tuple[Notice, ...]] = {}

    def find(self, bases: Sequence[str], quote: str) -> Answers[Listing]:
        """Return, by base, its spot market; only what is not known is asked for."""
        now_ms = self._now_ms()
        known = {base: kept for base, kept in self._known(bases, quote).items() if kept.fresh(now_ms)}
        answers = self._ask([base for base in bases if base not in known], quote, now_ms)
        self.remarks |= {base: kept.remarks for base, kept in known.items()}
        return {base: known[base].answer if base in known else answers[base] for base in bases}

    def offline(
        self, bases: Sequence[str], quote: str, absent: Unknown
    ) -> tuple[Answers[Listing], int | None]:
        """Return, by base, what was last told, however long ago, or `absent`; and when the oldest of it was."""
        known = self._known(bases, quote)
        self.remarks |= {base: kept.remarks for base, kept in known.items()}
        answers = {base: known[base].answer if base in known else absent for base in bases}
        return answers, min((kept.fetched_ms for kept in known.values()), default=None)

    def _known(self, bases: Sequence[str], quote: str) -> dict[str, KnownListing]:
        return self._store.ask(lambda store: store.listings.read(self._key, quote, _members(bases))) or {}

    def _ask(self, bases: Sequence[str], quote: str, now_ms: int) -> dict[str, Listing | Unknown]:
        """Ask the exchange, and keep what it says with what it remarks on each."""
        answers: dict[str, Listing | Unknown] = {}
        told: dict[str, KnownListing] = {}
        for base in bases:
            before = self._behind().notices
            answer = self._behind().spot([base], quote)[base]
            if isinstance(answer, Unanswered):  # nor would it answer about the others
                return {**dict.fromkeys(bases, answer), **answers}
            remarks = tuple(notice for notice in self._behind().notices if notice not in before)
            answers[base] = answer
            told[base] = KnownListing(answer=answer, fetched_ms=now_ms, remarks=remarks)
        if told:
            members = _members(list(told))
            self._store.ask(lambda store: store.listings.write(self._key, quote, members, told))
        return answers


def _members(bases: Sequence[str]) -> list[Member]:
    return [Member(base=base, symbol=ASKED_AS) for base in bases]
