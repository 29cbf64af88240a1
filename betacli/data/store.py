"""A file of the store: SQLite, opened safely, shared by concurrent runs. The only home of sqlite3.

WAL and transactions make `kill -9` lose nothing that was committed. What SQLite does not do is done here:

* A file is built under another name and linked into place whole. One that is empty or half there is damaged.
* Files are numbered: `candles-1.sqlite3`. A damaged one is renamed to `damaged-candles-1.sqlite3`, and the next
  number begins. A run that still has the old one open finishes on it, and when it ends deletes no write-ahead log
  but its own, which SQLite knows by its name.
* Folder and files belong to the user and are closed to others (0700, 0600); symbolic links are not followed.
* Errors are of two kinds: `StoreDamaged`, after which the file is set aside, and `StoreUnusable` for a full disk,
  a folder that cannot be written, a lock that is not released, and a file of a newer version, which is left alone.
"""

import contextlib
import os
import re
import secrets
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from betacli.errors import StoreUnusable

BUSY_S = 10.0  # how long a run waits for another one's transaction, which takes a fraction of a second
PAGE_BYTES = 16_384  # two columns of 1,000 floats; read a quarter faster than in pages of 4,096
APPLICATION_ID = 0x62_65_74_61  # "beta"
STALE_S = 3_600.0  # a file under construction for so long was abandoned

_SUFFIX = ".sqlite3"
_SIDE_FILES = ("-wal", "-shm", "-journal")
_DAMAGED_CODES = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_CONSTRAINT,  # an index and its table disagree
    sqlite3.SQLITE_MISMATCH,
}
_PROBLEMS = {
    sqlite3.SQLITE_BUSY: f"is locked by another process for more than {BUSY_S:g} s",
    sqlite3.SQLITE_LOCKED: f"is locked by another process for more than {BUSY_S:g} s",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full",
    sqlite3.SQLITE_READONLY: "cannot be written: it is read-only",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_PERM: "cannot be opened: permission denied",
}


class StoreDamaged(StoreUnusable):
    """A file of the store holds something else than was written to it."""

    kind = "store_damaged"


def damaged(path: Path, problem: str) -> StoreDamaged:
    """Return the error for a file whose content is not what was written."""
    return StoreDamaged(path=str(path), problem=f"is damaged: {problem}")


def unusable(path: Path, error: OSError) -> StoreUnusable:
    """Return the error for a file or folder the system refuses."""
    return StoreUnusable(path=str(path), problem=f"cannot be used: {error.strerror or error}")


# --- the folder -------------------------------------------------------------------------------------------------


def secure_folder(folder: Path) -> None:
    """Make the folder, or take it from anybody else it was open to.

    Raises:
        StoreUnusable: it cannot be made, is a link or no folder, or belongs to someone else.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise StoreUnusable(
                path=str(folder), problem="is a symbolic link, which the store does not follow"
            )
        _must_be_ours(folder, found)
        if stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise unusable(folder, error) from None


def _must_be_ours(path: Path, found: os.stat_result) -> None:
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise StoreUnusable(path=str(path), problem="belongs to another user")


def _check_file(path: Path) -> None:
    """Refuse what is no plain file of this user's, and close it to others."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            what = (
                "a symbolic link, which the store does not follow"
                if stat.S_ISLNK(found.st_mode)
                else "no file"
            )
            raise StoreUnusable(path=str(path), problem=f"is {what}")
        _must_be_ours(path, found)
        if stat.S_IMODE(found.st_mode) != 0o600:
            path.chmod(0o600)
    except OSError as error:
        raise unusable(path, error) from None
    if not found.st_size:
        raise damaged(path, "it is empty")


def _numbered(folder: Path, stem: str) -> tuple[Path | None, int]:
    """Return the newest file of a stem, and the number after every one that is or was there."""
    pattern = re.compile(rf"(damaged-)?{re.escape(stem)}-(\d+){re.escape(_SUFFIX)}")
    try:
        matches = [match for path in folder.iterdir() if (match := pattern.fullmatch(path.name))]
    except OSError as error:
        raise unusable(folder, error) from None
    sound = [int(match[2]) for match in matches if not match[1]]
    newest = folder / f"{stem}-{max(sound)}{_SUFFIX}" if sound else None
    return newest, max((int(match[2]) for match in matches), default=0) + 1


def set_aside(path: Path) -> Path:
    """Rename a damaged file and its log, drop the one set aside before, and return the new name.

    Raises:
        StoreUnusable: it cannot be renamed.
    """
    aside = path.with_name(f"damaged-{path.name}")
    stem = path.name.rpartition("-")[0]
    try:
        for older in path.parent.glob(f"damaged-{stem}-*"):
            older.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another run was faster
            path.rename(aside)
        for side in _SIDE_FILES:
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + side).rename(aside.with_name(aside.name + side))
    except OSError as error:
        raise unusable(path, error) from None
    return aside


# --- one file ---------------------------------------------------------------------------------------------------


class Database:
    """One SQLite file. Statements outside a transaction stand alone; those inside one are seen whole or not at all."""

    def __init__(self, path: Path, version: int) -> None:
        """Open a file that is there.

        Raises:
            StoreUnusable: it cannot be opened, or a newer betacli wrote it.
            StoreDamaged: it is no store.
        """
        self.path = path
        _check_file(path)
        self._connection = self._connect()
        try:
            self._identify(version)
        except StoreUnusable:
            self.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        address = f"file:{quote(str(self.path.absolute()))}?mode=rw"
        with self._telling():
            connection = sqlite3.connect(
                address, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            for setting in (
                "synchronous=NORMAL",
                "journal_size_limit=67108864",
                "cell_size_check=ON",
                "trusted_schema=OFF",
            ):
                connection.execute(f"PRAGMA {setting}")
        return connection

    def _identify(self, version: int) -> None:
        application, found = (
            self.rows(f"PRAGMA {name}")[0][0] for name in ("application_id", "user_version")
        )
        if application != APPLICATION_ID or found < 1:
            raise damaged(self.path, "it is no store of betacli")
        if found > version:
            what = f"was written by a newer betacli (version {found} of its form, this one knows {version})"
            raise StoreUnusable(path=str(self.path), problem=what)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            lacks = code == sqlite3.SQLITE_ERROR and "no such" in str(error)  # a table or a column
            if code & 0xFF in _DAMAGED_CODES or code == sqlite3.SQLITE_IOERR_SHORT_READ or lacks:
                raise damaged(self.path, str(error)) from None
            problem = _PROBLEMS.get(code & 0xFF, f"cannot be used: {error}")
            raise StoreUnusable(path=str(self.path), problem=problem) from None

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement and return all its rows."""
        with self._telling():
            return self._connection.execute(sql, values).fetchall()

    def put(self, sql: str, values: Iterable[tuple[object, ...]]) -> None:
        """Run one statement for each row of values."""
        with self._telling():
            self._connection.executemany(sql, values)

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """Hold the write lock: what happens inside is committed whole, or not at all."""
        return self._transaction("BEGIN IMMEDIATE")

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """See one state of the file, whatever others commit meanwhile."""
        return self._transaction("BEGIN DEFERRED")

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self.rows(begin)
        try:
            yield
            self.rows("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled it back already
                self._connection.execute("ROLLBACK")
            raise

    def check(self) -> list[str]:
        """Return what SQLite itself finds wrong with the file."""
        return [str(row[0]) for row in self.rows("PRAGMA integrity_check(20)") if row[0] != "ok"]

    def shrink(self) -> None:
        """Give the space of deleted rows back to the disk."""
        self.rows("VACUUM")
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_database(folder: Path, stem: str, schema: str, version: int) -> Database:
    """Open the newest file of a stem, or make the first.

    Args:
        folder: where it lies; made if need be, and closed to others.
        stem: what its name begins with.
        schema: statements that make its tables.
        version: of the schema, from 1.

    Raises:
        StoreUnusable: there is no way to have it.
        StoreDamaged: it is damaged; `set_aside` makes way for a new one.
    """
    secure_folder(folder)
    newest, number = _numbered(folder, stem)
    if newest is None:
        newest = folder / f"{stem}-{number}{_SUFFIX}"
        _create(newest, schema, version)
    return Database(newest, version)


def existing_database(folder: Path, stem: str, version: int) -> Database | None:
    """Open the newest file of a stem, or return None where there is none; nothing is made."""
    if not folder.exists():
        return None
    newest, _ = _numbered(folder, stem)
    return None if newest is None else Database(newest, version)


def _create(path: Path, schema: str, version: int) -> None:
    """Build a file under another name and link it into place; one that is there by then is left as it is."""
    building = path.with_name(f"new-{secrets.token_hex(8)}{_SUFFIX}")
    try:
        _sweep(path.parent)
        os.close(os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(building, isolation_level=None)
        try:
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(
                f"BEGIN; {schema} PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={version}; COMMIT;"
            )
        finally:
            connection.close()
        with contextlib.suppress(FileExistsError):
            os.link(building, path)
    except OSError as error:
        raise unusable(path, error) from None
    except sqlite3.Error as error:
        raise StoreUnusable(path=str(path), problem=f"cannot be made: {error}") from None
    finally:
        for side in ("", *_SIDE_FILES):
            with contextlib.suppress(OSError):
                building.with_name(building.name + side).unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what runs that were killed left under construction."""
    for left in folder.glob("new-*"):
        with contextlib.suppress(FileNotFoundError):  # another run was just done with it
            if time.time() - left.lstat().st_mtime > STALE_S:
                left.unlink(missing_ok=True)


def files_of(folder: Path, stem: str) -> dict[str, int]:
    """Return the names of a stem's files, their logs and those set aside, with their sizes in bytes."""
    found = {}
    for path in sorted([*folder.glob(f"{stem}-*"), *folder.glob(f"damaged-{stem}-*")]):
        with contextlib.suppress(OSError):
            found[path.name] = path.lstat().st_size
    return found


def forget_damaged(folder: Path, stem: str) -> None:
    """Empty the files that were set aside; their names stay, so that no number is given twice.

    Raises:
        StoreUnusable: one of them cannot be written.
    """
    try:
        for path in folder.glob(f"damaged-{stem}-*"):
            if path.name.endswith(_SUFFIX):
                os.truncate(path, 0)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise unusable(folder, error) from None
