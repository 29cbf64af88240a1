"""Bans that outlive the run, in a file of their own: what happens to the candles does not make us forget them."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from betacli.core.calendar import DAY_MS
from betacli.data.store import Database, StoreDamaged, existing_database, open_database, set_aside
from betacli.errors import StoreUnusable, safe

Rows: TypeAlias = "list[tuple[Any, ...]]"

STEM = "bans"
VERSION = 1
LONGEST_MS = 30 * DAY_MS  # a `Retry-After` of years would lock the user out for a slip of the exchange
SCHEMA = "CREATE TABLE bans (host TEXT PRIMARY KEY, until_ms INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;"


class StoredBans:
    """A `BanMemory` on disk. Where the disk refuses, it remembers for as long as the run lasts."""

    def __init__(self, folder: Path, *, now_ms: Callable[[], int]) -> None:
        """Remember where; nothing is opened yet.

        Args:
            folder: of the store.
            now_ms: this computer's clock, UTC milliseconds.
        """
        self._folder = folder
        self._now_ms = now_ms
        self._here: dict[str, int] = {}

    def until_ms(self, host: str) -> int | None:
        """Return the end of the host's ban in milliseconds since the epoch, or None where none is known."""
        now_ms = self._now_ms()
        kept = self._asked(lambda bans: bans.rows("SELECT until_ms FROM bans WHERE host = ?", host))
        latest = max([self._here.get(host, 0), *(int(row[0]) for row in kept)])
        latest = min(latest, now_ms + LONGEST_MS)
        return latest if latest > now_ms else None

    def remember(self, host: str, until_ms: int, reason: str) -> None:
        """Keep a ban until its end; of two, the later end holds. Those that have ended are forgotten."""
        now_ms = self._now_ms()
        until_ms = min(until_ms, now_ms + LONGEST_MS)
        self._here[host] = max(until_ms, self._here.get(host, 0))
        sql = (
            "INSERT INTO bans VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE "
            "SET until_ms = max(until_ms, excluded.until_ms), reason = excluded.reason"
        )

        def keep(bans: Database) -> Rows:
            with bans.writing():
                bans.rows("DELETE FROM bans WHERE until_ms <= ?", now_ms)
                return bans.rows(sql, host, until_ms, safe(reason, 200))

        self._asked(keep, make=True)

    def all(self) -> dict[str, int]:
        """Return the hosts that are banned now, and until when."""
        sql = "SELECT host, until_ms FROM bans WHERE until_ms > ? ORDER BY host"
        return {str(host): int(end) for host, end in self._asked(lambda b: b.rows(sql, self._now_ms()))}

    def _asked(self, ask: Callable[[Database], Rows], *, make: bool = False) -> Rows:
        """Ask the file, a new one where it is damaged; nothing is known where there is none to be had."""
        with contextlib.suppress(StoreUnusable):
            for _ in range(2):
                try:
                    database = self._open(make=make)
                    if database is None:
                        break
                    with database:
                        return ask(database)
                except StoreDamaged as error:
                    set_aside(Path(error.path))
        return []

    def _open(self, *, make: bool) -> Database | None:
        if make:
            return open_database(self._folder, STEM, SCHEMA, VERSION)
        return existing_database(self._folder, STEM, VERSION)
