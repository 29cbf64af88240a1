"""The store's file: who may see it, and what a damaged one costs."""

import os
import random
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.store_crash import (
    EXCHANGE,
    FIRST_SLOT,
    SYMBOLS,
    append,
    bars_of,
    reached,
    same,
)
from betacli.core.calendar import HOUR_MS
from betacli.data.candle_store import STEM, VERSION, CandleStore
from betacli.data.store import StoreDamaged, files_of, forget_damaged, open_database, set_aside
from betacli.errors import StoreUnusable
from data.storing import NOBODY, everything, only_file, told

# --- the file: who may see it, who may not ------------------------------------------------------------------------


def test_folder_and_files_are_the_users_alone(folder: Path) -> None:
    """0700 for the folder and 0600 for every file of it, also where they had been open to others."""
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with CandleStore.open(folder) as store:
        append(store, 1000, 1001)
        only_file(folder).chmod(0o666)
        with CandleStore.open(folder):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
            assert len(list(folder.iterdir())) > 1  # its log is there, too


@pytest.mark.parametrize("place", ["folder", "file"])
def test_symbolic_links_are_not_followed(folder: Path, tmp_path: Path, place: str) -> None:
    """A store whose folder or file is a link is refused, and what it points to is untouched."""
    target = tmp_path / "target"
    target.mkdir()
    if place == "folder":
        folder.symlink_to(target)
    else:
        (target / "file").write_bytes(b"precious")
        folder.mkdir()
        (folder / "candles-1.sqlite3").symlink_to(target / "file")
    with pytest.raises(StoreUnusable, match="symbolic link"):
        CandleStore.open(folder)
    assert [path.read_bytes() for path in target.iterdir()] in ([], [b"precious"])


def test_a_pipe_in_the_place_of_the_file_is_refused(folder: Path) -> None:
    """What is no plain file is not opened: opening a pipe would wait for ever."""
    folder.mkdir()
    os.mkfifo(folder / "candles-1.sqlite3")
    with pytest.raises(StoreUnusable, match="is no file"):
        CandleStore.open(folder)


@contextmanager
def powerless() -> Iterator[None]:
    """Be a user whom permissions bind, also where the tests run as root."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that a powerless user can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_folder_that_cannot_be_written_is_said_so(public: Path) -> None:
    """Exit code 6 and the path; nothing is left there."""
    public.chmod(0o555)
    with powerless(), pytest.raises(StoreUnusable) as refused:
        CandleStore.open(public / "cache")
    assert refused.value.exit_code == 6
    assert str(public / "cache") in refused.value.message
    public.chmod(0o755)
    assert list(public.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to someone else")
def test_a_folder_of_another_user_is_refused(folder: Path) -> None:
    """A folder that someone else made is not trusted, whatever its permissions."""
    folder.mkdir(mode=0o777)
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(StoreUnusable, match="another user"):
        CandleStore.open(folder)


def test_a_store_of_a_newer_version_is_left_alone(folder: Path) -> None:
    """It is refused with both versions, not set aside, and not one byte of it changes."""
    CandleStore.open(folder).close()
    path = only_file(folder)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match=f"version {VERSION + 1}") as refused:
        CandleStore.open(folder)
    assert not isinstance(refused.value, StoreDamaged)
    assert path.read_bytes() == before


def test_a_full_disk_keeps_what_was_committed(folder: Path) -> None:
    """A write for which there is no room says so, leaves nothing behind, and reading goes on."""
    with CandleStore.open(folder) as store:
        append(store, FIRST_SLOT, FIRST_SLOT + 100)
        pages = store.database.rows("PRAGMA page_count")[0][0]
        store.database.rows(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnusable, match="disk is full"):
            append(store, FIRST_SLOT + 100, FIRST_SLOT + 5000)
        assert reached(store) == FIRST_SLOT + 100
    with CandleStore.open(folder) as store:
        assert reached(store) == FIRST_SLOT + 100


# --- damage -----------------------------------------------------------------------------------------------------

RUINS = {
    "empty": lambda _: b"",
    "no database": lambda _: b"these are not the bars you are looking for" * 400,
    "cut in the middle": lambda body: body[: len(body) // 2],
    "cut short by a page": lambda body: body[:-16_384],
    "header gone": lambda body: bytes(100) + body[100:],
    "second page gone": lambda body: body[:16_384] + bytes(16_384) + body[32_768:],
    "another database": lambda _: another(),
}


def another() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        connection = sqlite3.connect(Path(name) / "x")
        connection.execute("CREATE TABLE series (id)")
        connection.commit()
        connection.close()
        return (Path(name) / "x").read_bytes()


@pytest.mark.parametrize("ruin", RUINS)
def test_a_ruined_file_is_found_out_and_set_aside(folder: Path, ruin: str) -> None:
    """A file that was cut, overwritten or replaced is called damaged; set aside, a new one takes its place."""
    with CandleStore.open(folder) as store:
        append(store, 1000, 3000)
    path = only_file(folder)
    path.write_bytes(RUINS[ruin](path.read_bytes()))
    with pytest.raises(StoreDamaged) as refused, CandleStore.open(folder) as store:
        reached_slots(store)
    assert refused.value.path == str(path)
    aside = set_aside(path)
    assert aside.name == "damaged-candles-1.sqlite3"
    with CandleStore.open(folder) as store:
        assert store.database.path.name == "candles-2.sqlite3"
        assert store.bars.every_key() == []


def test_no_flipped_byte_is_ever_read_as_a_bar(folder: Path) -> None:
    """Of 150 stores with one byte changed anywhere, each gives the true bars or is refused."""
    with CandleStore.open(folder) as store:
        for symbol in SYMBOLS[:3]:
            store.bars.write(EXCHANGE, HOUR_MS, told(bars_of(symbol, 1000, 3100), 1000, 3100), 1)
            store.bars.write(EXCHANGE, HOUR_MS, told(bars_of(symbol, 3098, 3110), 3098, 3110), 1)
        store.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    path, rng = only_file(folder), random.Random(7)
    sound = path.read_bytes()
    refused = 0
    for _ in range(150):
        at = rng.randrange(len(sound))
        path.write_bytes(sound[:at] + bytes([sound[at] ^ (1 << rng.randrange(8))]) + sound[at + 1 :])
        try:
            with CandleStore.open(folder) as store:
                for symbol, series in store.bars.series(EXCHANGE, HOUR_MS).items():
                    bars = store.bars.read(series, 0, 10**15).candles(symbol, HOUR_MS)
                    assert same(bars, bars_of(symbol, 1000, 3110)), at
        except StoreUnusable:
            refused += 1
    assert 75 <= refused < 150  # most bytes are bars; some are free space


def test_a_file_set_aside_gives_its_number_to_no_other(folder: Path) -> None:
    """A run that still has the old file open can end without touching the new one's log."""
    old = CandleStore.open(folder)
    append(old, 1000, 1100)
    set_aside(only_file(folder))
    with CandleStore.open(folder) as new:
        append(new, 1000, 1050)
        old.close()
        with CandleStore.open(folder) as third:
            assert reached_slots(third) == {50}
    forget_damaged(folder, STEM)
    assert files_of(folder, STEM)["damaged-candles-1.sqlite3"] == 0
    with CandleStore.open(folder) as store:
        assert reached_slots(store) == {50}


def reached_slots(store: CandleStore) -> set[int]:
    return {len(everything(store, symbol).open_ms) for symbol in SYMBOLS}


def test_what_a_killed_run_left_under_construction_is_swept_away(folder: Path) -> None:
    """Half-built files of an hour ago are gone once a store is made; young ones may be someone's."""
    folder.mkdir()
    for name, age in (("new-old.sqlite3", 7200), ("new-young.sqlite3", 0)):
        (folder / name).write_bytes(b"")
        then = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (then, then))
    CandleStore.open(folder).close()
    assert sorted(path.name for path in folder.glob("new-*")) == ["new-young.sqlite3"]


def test_another_runs_building_site_may_vanish_while_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file under construction that its own run removes between listing and looking stops nobody."""
    real = Path.glob

    def with_a_ghost(self: Path, pattern: str) -> list[Path]:
        ghost = [self / "new-0000000000000000.sqlite3"] if pattern == "new-*" else []
        return [*real(self, pattern), *ghost]

    monkeypatch.setattr(Path, "glob", with_a_ghost)
    with open_database(tmp_path / "cache", "candles", "CREATE TABLE t (x);", 1) as database:
        assert database.check() == []
