"""Where each asset is kept, as an exchange last said: contracts, and names it has no contract for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from betacli.core.calendar import DAY_MS, HOUR_MS
from betacli.core.model import Member, Notice, Unknown
from betacli.data.candles import Listing
from betacli.data.store import Database, damaged

VALID_MS = DAY_MS  # contracts change rarely, and never so that an order made of them a day later loses money
ABSENT_VALID_MS = HOUR_MS  # a coin may be listed any moment
COUNT_VALID_MS = 7 * DAY_MS  # an exchange that shrinks for good is believed after a week
CLOCK_SLACK_MS = HOUR_MS  # an answer from further in the future than this is not trusted

SCHEMA = """
CREATE TABLE listings (
    exchange TEXT NOT NULL, quote TEXT NOT NULL, base TEXT NOT NULL,
    symbol TEXT NOT NULL, -- that the sector file asks for; empty where it leaves the choice
    fetched_ms INTEGER NOT NULL, answer BLOB NOT NULL, checksum BLOB NOT NULL,
    PRIMARY KEY (exchange, quote, base, symbol)
) WITHOUT ROWID;
CREATE TABLE market_counts (exchange TEXT PRIMARY KEY, contracts INTEGER NOT NULL, seen_ms INTEGER NOT NULL);
"""


class _Answer(msgspec.Struct, frozen=True):
    """An answer as it is written: one of the two."""

    listing: Listing | None = None
    unknown: str | None = None
    remarks: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownListing:
    """An answer, when the exchange gave it, and what must be known about it."""

    answer: Listing | Unknown
    fetched_ms: int
    remarks: tuple[Notice, ...] = ()

    def fresh(self, now_ms: int) -> bool:
        """Whether it still holds."""
        valid_ms = VALID_MS if isinstance(self.answer, Listing) else ABSENT_VALID_MS
        return -CLOCK_SLACK_MS <= now_ms - self.fetched_ms <= valid_ms


class ListingStore:
    """The answers in one file of the store."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def read(self, exchange: str, quote: str, members: Sequence[Member]) -> dict[str, KnownListing]:
        """Return, by base, what is known of the members, whatever its age.

        Raises:
            StoreDamaged: an answer does not match its checksum.
        """
        sql = (
            "SELECT fetched_ms, answer, checksum FROM listings "
            "WHERE exchange = ? AND quote = ? AND base = ? AND symbol = ?"
        )
        known = {}
        for member in members:
            key = (exchange, quote, member.base, member.symbol or "")
            for fetched_ms, answer, check in self._db.rows(sql, *key):
                if not isinstance(answer, bytes) or check != _check(key, fetched_ms, answer):
                    raise damaged(
                        self._db.path, f"the contract of `{member.base}` does not match its checksum"
                    )
                try:
                    told = msgspec.json.decode(answer, type=_Answer)
                except msgspec.DecodeError:
                    continue  # written by another version: asked for anew
                kept = told.listing or Unknown(reason=told.unknown or "")
                known[member.base] = KnownListing(answer=kept, fetched_ms=fetched_ms, remarks=told.remarks)
        return known

    def write(
        self,
        exchange: str,
        quote: str,
        members: Sequence[Member],
        answers: Mapping[str, KnownListing],
        contracts: int | None = None,
    ) -> None:
        """Keep what the exchange said of the members, and how many contracts it lists where it was asked."""
        rows, now_ms = [], 0
        for member in members:
            known = answers[member.base]
            told, now_ms = known.answer, known.fetched_ms
            made = (
                _Answer(listing=told, remarks=known.remarks)
                if isinstance(told, Listing)
                else _Answer(unknown=told.reason)
            )
            answer = msgspec.json.encode(made)
            key = (exchange, quote, member.base, member.symbol or "")
            rows.append((*key, now_ms, answer, _check(key, now_ms, answer)))
        with self._db.writing():
            self._db.put("INSERT OR REPLACE INTO listings VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            if contracts is not None:
                sql = "INSERT OR REPLACE INTO market_counts VALUES (?, ?, ?)"
                self._db.rows(sql, exchange, contracts, now_ms)

    def contracts_before(self, exchange: str, now_ms: int) -> int | None:
        """Return how many contracts the exchange listed when last asked; None where that was long ago."""
        sql = "SELECT contracts FROM market_counts WHERE exchange = ? AND abs(? - seen_ms) <= ?"
        found = self._db.rows(sql, exchange, now_ms, COUNT_VALID_MS)
        return int(found[0][0]) if found else None

    def count(self) -> int:
        """Return how many answers are kept."""
        return int(self._db.rows("SELECT count(*) FROM listings")[0][0])

    def delete(self, exchange: str | None) -> None:
        """Forget the answers of an exchange, or all."""
        with self._db.writing():
            self._db.rows("DELETE FROM market_counts WHERE exchange = coalesce(?, exchange)", exchange)
            self._db.rows("DELETE FROM listings WHERE exchange = coalesce(?, exchange)", exchange)


def _check(key: tuple[str, ...], fetched_ms: int, answer: bytes) -> bytes:
    words = "\n".join((*key, str(fetched_ms))).encode() + b"\n" + answer
    return blake2b(words, digest_size=8).digest()
