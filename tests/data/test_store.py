"""The store's file and the bars in it: bit for bit, whole or not at all, and never a byte that was not written."""

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.store_crash import (
    EXCHANGE,
    SYMBOLS,
    append,
    bars_of,
    contend,
    kills,
    same,
)
from betacli.core.calendar import DAY_MS, HOUR_MS
from betacli.core.model import Market, Member, Unknown
from betacli.data.candle_store import SCHEMA, VERSION, CandleStore
from betacli.data.candles import Listing
from betacli.data.store import StoreDamaged
from betacli.data.store_bans import LONGEST_MS, StoredBans
from betacli.data.store_bars import BarStore
from betacli.data.store_listings import ABSENT_VALID_MS, VALID_MS, KnownListing
from betacli.data.store_series import (
    CHUNK,
    COLUMNS,
    TAIL,
    Bars,
    Fetched,
    StoredCandles,
    checksum,
    merged,
    missing,
)
from betacli.errors import StoreUnusable
from data.storing import ODD, candles, everything, told

# --- bars -------------------------------------------------------------------------------------------------------


def test_what_is_read_is_what_was_written_to_the_last_bit(folder: Path) -> None:
    """NaN, minus zero, the smallest and the largest float come back with the same bits, from the tail and from chunks."""
    for n in (5, TAIL, TAIL + 1, CHUNK + 70):
        rows = np.tile(ODD, (n, 1))
        rows[:, 0] = 0.1 * np.arange(1, n + 1)  # a close is always there
        made = candles(f"N{n}", list(range(1000, 1000 + n)), rows)
        with CandleStore.open(folder) as store:
            store.bars.write(EXCHANGE, HOUR_MS, told(made, 1000, 1000 + n), 1)
        with CandleStore.open(folder) as store:
            assert same(everything(store, made.symbol), made)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_order_of_writes_leaves_the_last_word_on_every_bar(data: st.DataObject) -> None:
    """After any sequence of overlapping, sparse writes the store holds, for each slot, the bar written last."""
    with tempfile.TemporaryDirectory() as name, CandleStore.open(Path(name) / "s") as store:
        model: dict[int, np.ndarray] = {}
        for _ in range(data.draw(st.integers(1, 6))):
            first = data.draw(st.integers(CHUNK - 100, CHUNK + 50))
            slots = sorted(data.draw(st.sets(st.integers(first, first + 150), min_size=1, max_size=90)))
            rows = np.random.default_rng(len(slots)).random((len(slots), 6)) + data.draw(st.integers(1, 3))
            new, _ = store.bars.write(
                EXCHANGE, HOUR_MS, told(candles("X", slots, rows), first, first + 151), 1
            )
            assert new["X"] == len(set(slots) - model.keys())
            model |= dict(zip(slots, rows, strict=True))
        held = everything(store, "X")
        assert (held.open_ms // HOUR_MS).tolist() == sorted(model)
        expected = np.array([model[slot] for slot in sorted(model)])
        assert np.array_equal(np.column_stack([getattr(held, c) for c in COLUMNS]), expected)


def test_a_part_of_a_series_is_read_by_its_open_times(folder: Path) -> None:
    """[start, end) holds the bar that opens at start and not the one that opens at end; before and after is nothing."""
    with CandleStore.open(folder) as store:
        append(store, 1000, 3100)
        series = store.bars.series(EXCHANGE, HOUR_MS, [SYMBOLS[0]])[SYMBOLS[0]]
        some = store.bars.read(series, 1500 * HOUR_MS, 2600 * HOUR_MS, ("close", "volume"))
        true = bars_of(SYMBOLS[0], 1500, 2600)
        assert np.array_equal(some.open_ms, true.open_ms)
        assert np.array_equal(some.values, np.column_stack([true.close, true.volume]))
        assert len(store.bars.read(series, 0, 1000 * HOUR_MS).open_ms) == 0
        assert len(store.bars.read(series, 3100 * HOUR_MS, 9000 * HOUR_MS).open_ms) == 0


def test_a_changed_bar_is_a_revision_and_the_new_one_holds(folder: Path) -> None:
    """Of two overlapping bars the one with another close is reported, kept old and new, and read as it is now."""
    with CandleStore.open(folder) as store:
        append(store, 1000, 1010)
        again = bars_of(SYMBOLS[0], 1008, 1012)
        again.close[0] += 1
        new, revisions = store.bars.write(EXCHANGE, HOUR_MS, told(again, 1008, 1012), 77)
        assert new == {SYMBOLS[0]: 2}
        (revision,) = revisions
        assert (revision.open_ms, revision.new) == (1008 * HOUR_MS, revision.old + 1)
        assert everything(store, SYMBOLS[0]).close[8] == revision.new
        ((open_ms, seen_ms, old, now),) = store.database.rows(
            "SELECT open_ms, seen_ms, old, new FROM revisions"
        )
        assert (open_ms, seen_ms) == (1008 * HOUR_MS, 77)
        assert np.frombuffer(now)[0] - np.frombuffer(old)[0] == pytest.approx(1)
        assert np.array_equal(np.frombuffer(now)[1:], np.frombuffer(old)[1:], equal_nan=True)


def test_a_bar_that_the_exchange_no_longer_has_is_told_and_kept(folder: Path) -> None:
    """A stored bar missing from an answer that covers its time is reported as gone, and stays."""
    with CandleStore.open(folder) as store:
        append(store, 1000, 1010)
        rest = bars_of(SYMBOLS[0], 1009, 1011)
        _, (gone,) = store.bars.write(EXCHANGE, HOUR_MS, told(rest, 1008, 1011), 1)
        assert (gone.open_ms, gone.new) == (1008 * HOUR_MS, None)
        assert len(everything(store, SYMBOLS[0]).open_ms) == 11


def test_a_write_that_fails_leaves_nothing_behind(folder: Path) -> None:
    """When the last of twenty symbols cannot be written, none of them is."""
    with CandleStore.open(folder) as store:
        append(store, 1000, 1100)
        wrong = {
            symbol: Fetched(candles=bars_of(symbol, 1100, 1101), from_ms=1100 * HOUR_MS, to_ms=1101 * HOUR_MS)
            for symbol in SYMBOLS
        }
        wrong[SYMBOLS[-1]] = Fetched(candles=bars_of(SYMBOLS[-1], 1200, 1201), from_ms=0, to_ms=HOUR_MS)
        with pytest.raises(ValueError, match="outside"):
            store.bars.write(EXCHANGE, HOUR_MS, wrong, 1)
        assert {len(everything(store, symbol).open_ms) for symbol in SYMBOLS} == {100}


def test_series_of_other_exchanges_timeframes_and_symbols_do_not_mix(folder: Path) -> None:
    """A bar is found under its own exchange, timeframe and symbol alone."""
    with CandleStore.open(folder) as store:
        places = [("a", HOUR_MS, "X"), ("b", HOUR_MS, "X"), ("a", DAY_MS, "X"), ("a", HOUR_MS, "Y")]
        for k, (exchange, step, symbol) in enumerate(places):
            store.bars.write(
                exchange, step, told(bars_of(symbol, 100, 101, step, scale=k + 1.0), 100, 101), 1
            )
        for k, (exchange, step, symbol) in enumerate(places):
            series = store.bars.series(exchange, step, [symbol])[symbol]
            close = store.bars.read(series, 0, 10**15, ("close",)).values[0, 0]
            assert close == bars_of(symbol, 100, 101, scale=k + 1.0).close[0]
        assert store.bars.delete("a", "X") == [("a", HOUR_MS, "X"), ("a", DAY_MS, "X")]
        assert store.bars.every_key() == [("a", HOUR_MS, "Y"), ("b", HOUR_MS, "X")]


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


@given(spans=spans, start=st.integers(0, 40), end=st.integers(0, 40))
def test_spans_are_sets_of_moments(spans: list[tuple[int, int]], start: int, end: int) -> None:
    """Merged spans hold the moments of all, disjoint and in order; what is missing is the rest of the question."""
    joined: tuple[tuple[int, int], ...] = ()
    for first, last in spans:
        joined = merged(joined, first, last)
    moments = {t for first, last in spans for t in range(first, last)}
    assert [t for first, last in joined for t in range(first, last)] == sorted(moments)
    assert all(a[1] < b[0] for a, b in pairwise(joined))
    lacking = {t for first, last in missing(joined, start, end) for t in range(first, last)}
    assert lacking == set(range(start, end)) - moments


def test_no_change_of_one_byte_escapes_the_checksum() -> None:
    """Every single bit of a blob changes the checksum, and so does another series or place."""
    rng = np.random.default_rng(3)
    bars = bytearray(rng.random(CHUNK).tobytes())
    true = checksum(bytes(bars), 5, 9)
    assert true not in {checksum(bytes(bars), 6, 9), checksum(bytes(bars), 5, 8)}
    for at in rng.integers(0, len(bars), 300):
        bars[at] ^= 1 << int(rng.integers(8))
        assert checksum(bytes(bars), 5, 9) != true
        bars = bytearray(rng.random(CHUNK).tobytes())
        true = checksum(bytes(bars), 5, 9)


def test_other_columns_are_read_when_asked_for_and_must_fit_the_closes(folder: Path) -> None:
    """Lazy candles equal whole ones; where the store changed in between, they refuse instead of mixing."""
    with CandleStore.open(folder) as store:
        append(store, 1000, 1100)
        whole = everything(store, SYMBOLS[0])
        closes = Bars(open_ms=whole.open_ms, values=whole.close[:, None])
        lazy = StoredCandles.lazy(SYMBOLS[0], HOUR_MS, closes, lambda _: whole)
        assert same(lazy, whole)
        other = bars_of(SYMBOLS[0], 1000, 1100, scale=2.0)
        with pytest.raises(StoreUnusable, match="changed in the store"):
            _ = StoredCandles.lazy(SYMBOLS[0], HOUR_MS, closes, lambda _: other).volume
        with pytest.raises(AttributeError):
            _ = lazy.colour


# --- crashes and crowds -------------------------------------------------------------------------------------------


def test_kill_9_loses_no_committed_bar(folder: Path) -> None:
    """Ten writers killed at random moments: what they said was committed is there, whole and right."""
    assert kills(folder, 10, seed=1) > 0


def test_eight_processes_share_a_store_that_is_not_there_yet(folder: Path) -> None:
    """They build it, fill it and read it at once, and none of them meets a lock, a notice or a wrong bar."""
    assert contend(folder, 8, 3) == 24


# --- contracts and bans -------------------------------------------------------------------------------------------


def test_contracts_come_back_as_they_were_for_a_day(folder: Path) -> None:
    """Decimals keep their digits; an answer holds 24 hours, that there is no contract one hour."""
    market = Market(
        base="ETH", symbol="ETH/USDT:USDT", quote="USDT", settle="USDT", listed_ms=5, max_leverage=75.0
    )
    answers = {
        "ETH": Listing(base="ETH", symbol="ETH/USDT:USDT", market=market),
        "XYZ": Unknown(reason="has no perpetual"),
    }
    members = [Member(base="ETH"), Member(base="XYZ")]
    with CandleStore.open(folder) as store:
        told = {base: KnownListing(answer=answer, fetched_ms=1_000) for base, answer in answers.items()}
        store.listings.write(EXCHANGE, "USDT", members, told, 300)
        known = store.listings.read(EXCHANGE, "USDT", members)
        assert {base: kept.answer for base, kept in known.items()} == answers
        assert known["ETH"].fresh(1_000 + VALID_MS)
        assert not known["ETH"].fresh(1_001 + VALID_MS)
        assert not known["XYZ"].fresh(1_001 + ABSENT_VALID_MS)
        assert not known["ETH"].fresh(1_000 - 2 * HOUR_MS)
        assert store.listings.read(EXCHANGE, "USDC", members) == {}
        store.database.rows(
            "UPDATE listings SET answer = replace(CAST(answer AS TEXT), '75', '76') WHERE base = 'ETH'"
        )
        with pytest.raises(StoreDamaged):
            store.listings.read(EXCHANGE, "USDT", members)


def test_a_ban_outlives_the_run_and_ends(folder: Path) -> None:
    """Another run knows it, the later of two ends holds, and after the end it is forgotten."""
    now = [10_000]
    StoredBans(folder, now_ms=lambda: now[0]).remember("api.example", 60_000, "418")
    StoredBans(folder, now_ms=lambda: now[0]).remember("api.example", 50_000, "429")
    bans = StoredBans(folder, now_ms=lambda: now[0])
    assert bans.until_ms("api.example") == 60_000
    assert bans.until_ms("other.example") is None
    now[0] = 60_000
    assert bans.until_ms("api.example") is None
    bans.remember("other.example", 10**15, "Retry-After of 30 years")
    assert bans.all() == {"other.example": now[0] + LONGEST_MS}


def test_bans_do_not_need_the_candles(folder: Path) -> None:
    """A ruined candle file leaves them; a ruined ban file is replaced; without a disk they last for the run."""
    bans = StoredBans(folder, now_ms=lambda: 0)
    bans.remember("a", 1_000, "")
    (folder / "candles-1.sqlite3").write_bytes(b"x" * 5000)
    assert StoredBans(folder, now_ms=lambda: 0).until_ms("a") == 1_000
    (folder / "bans-1.sqlite3").write_bytes(b"x" * 5000)
    assert StoredBans(folder, now_ms=lambda: 0).until_ms("a") is None
    bans.remember("b", 2_000, "")
    assert StoredBans(folder, now_ms=lambda: 0).until_ms("b") == 2_000
    nowhere = StoredBans(Path("/dev/null/cache"), now_ms=lambda: 0)
    nowhere.remember("c", 3_000, "")
    assert nowhere.until_ms("c") == 3_000


def test_the_schema_is_what_this_version_says(folder: Path) -> None:
    """A change of the tables needs a new version number: the schema's digest is written down here."""
    import hashlib

    assert (VERSION, hashlib.sha256(SCHEMA.encode()).hexdigest()[:16]) == (1, "e337c6234ec3ed1d")
    with CandleStore.open(folder) as store:
        assert isinstance(store.bars, BarStore)
