"""The candle store as a whole: one file with bars and listings, opened, mended, or done without."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from betacli.core.model import Notice
from betacli.data import store_bars, store_listings
from betacli.data.store import Database, StoreDamaged, existing_database, open_database, set_aside
from betacli.data.store_bars import BarStore
from betacli.data.store_listings import ListingStore
from betacli.errors import StoreUnusable

T = TypeVar("T")

STEM = "candles"
VERSION = 1
SCHEMA = store_bars.SCHEMA + store_listings.SCHEMA


class CandleStore:
    """Bars and listings in one file."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.bars = BarStore(database)
        self.listings = ListingStore(database)

    @classmethod
    def open(cls, folder: Path) -> "CandleStore":
        """Open the store of a folder, or make it.

        Raises:
            StoreUnusable: it cannot be had; `StoreDamaged`: until its file is set aside.
        """
        return cls(open_database(folder, STEM, SCHEMA, VERSION))

    @classmethod
    def existing(cls, folder: Path) -> "CandleStore | None":
        """Open the store of a folder, or return None where there is none."""
        database = existing_database(folder, STEM, VERSION)
        return None if database is None else cls(database)

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class MendingStore:
    """A store that a run can always go on without.

    A damaged file is set aside and a new one begun, once a run; a store that cannot be used is done without. Either
    is told in `notices`.
    """

    def __init__(self, folder: Path, *, required: bool = False, only: bool = False) -> None:
        """Remember where; nothing is opened before it is asked.

        Args:
            folder: of the store.
            required: there is no point in going on without a store: that it cannot be used is raised.
            only: nothing but what is stored can answer: that it is damaged is raised, too.
        """
        self._folder = folder
        self._required = required or only
        self._only = only
        self._store: CandleStore | None = None
        self._gone = False
        self.mended = 0  # how often a new store was begun
        self.notices: list[Notice] = []

    @property
    def gone(self) -> bool:
        """Whether the run goes on without a store."""
        return self._gone

    def ask(self, question: Callable[[CandleStore], T]) -> T | None:
        """Ask the store; None where there is none to ask.

        Raises:
            StoreUnusable: it cannot answer, and it is required.
        """
        while not self._gone:
            try:
                if self._store is None:
                    self._store = CandleStore.open(self._folder)
                return question(self._store)
            except StoreDamaged as error:
                self._mend(error)
            except StoreUnusable as error:
                self._do_without(error)
        return None

    def _mend(self, error: StoreDamaged) -> None:
        """Set a damaged file aside, so that the next question begins a new one."""
        self.close()
        try:
            aside = set_aside(Path(error.path))
        except StoreUnusable as refused:
            self._do_without(refused)
            return
        what = f"it was set aside as `{aside.name}`"
        if self._only:
            problem = f"{error.problem}; {what}: fill a new one with `betacli data fetch`"
            raise StoreUnusable(path=error.path, problem=problem)
        detail = f"the candle store {error.message}; {what}, and a new one was begun"
        self.notices.append(Notice(id="store-damaged", detail=detail))
        self._gone = self.mended > 0
        self.mended += 1

    def _do_without(self, error: StoreUnusable) -> None:
        self.close()
        self._gone = True
        if self._required:
            raise error
        detail = f"without the candle store, everything was asked of the exchange: {error.message}"
        self.notices.append(Notice(id="store-unusable", detail=detail))

    def close(self) -> None:
        """Let go of the file; asking again opens it anew."""
        store, self._store = self._store, None
        if store is not None:
            store.close()
