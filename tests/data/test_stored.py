"""An exchange through the store: what is known is not asked for again, and an answer is the same either way."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.store_crash import EXCHANGE, Synthetic, bars_of, same
from betacli.core.calendar import HOUR_MS
from betacli.core.model import Candles, Member, Unknown
from betacli.data.candle_store import CandleStore
from betacli.data.candles import Listing
from betacli.data.lacking import LATE_MS
from betacli.data.store_series import StoredCandles
from betacli.data.stored import GRACE_MS, StoredMarket
from betacli.data.telling import length
from betacli.errors import ExchangeFailed, NoData, StoreUnusable
from conftest import CHECKOUT

NOW = 490_000 * HOUR_MS + 20 * 60_000  # twenty minutes into an hour
END = 490_000  # the slot that is not closed yet
MEMBERS = [Member(base=base) for base in ("AA", "BB", "CC")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


class Closed:
    """What must not be opened."""

    def __call__(self, _: int | None) -> Synthetic:
        raise AssertionError("the exchange was opened")


def market(folder: Path, exchange: object, now_ms: int = NOW, **how) -> StoredMarket:
    make = exchange if isinstance(exchange, Closed) else lambda _: exchange
    defaults = {"name": EXCHANGE, "key": EXCHANGE, "timeframe": "1h"}
    return StoredMarket(folder=folder, exchange=make, now_ms=lambda: now_ms, **{**defaults, **how})


def ask(source: StoredMarket, n: int = 100, end: int = END, members: list[Member] = MEMBERS) -> dict:
    listings = [place for place in source.find(members, "USDT").values() if isinstance(place, Listing)]
    answers = source.candles(listings, "1h", (end - n) * HOUR_MS, end * HOUR_MS)
    answers = {base: whole(answer) for base, answer in answers.items()}
    source.close()
    return answers


def whole(answer: Candles | Unknown) -> Candles | Unknown:
    if isinstance(answer, Candles):
        assert answer.volume.shape == answer.close.shape  # reads what is not read yet
    return answer


def expect(base: str, first: int, past: int) -> Candles:
    return bars_of(f"{base}/USDT:USDT", first, past)


# --- what is asked ------------------------------------------------------------------------------------------------


def test_a_second_run_asks_nothing_and_answers_the_same(folder: Path) -> None:
    """Cold, warm, and without a store: the same bars to the last bit; the warm run does not even open the exchange."""
    direct = Synthetic(NOW)
    listings = [direct.listing(member.base) for member in MEMBERS]
    without = direct.candles(listings, "1h", (END - 100) * HOUR_MS, END * HOUR_MS)
    cold = ask(market(folder, Synthetic(NOW)))
    warm = ask(market(folder, Closed()))
    for base, true in without.items():
        assert same(cold[base], true)
        assert same(warm[base], true)
        assert isinstance(warm[base], StoredCandles)


def test_a_run_asks_for_the_new_bars_and_two_old_ones(folder: Path) -> None:
    """An hour later one bar is new; with the last two stored ones, rounded up to four, it is one question for all."""
    ask(market(folder, Synthetic(NOW)))
    later = Synthetic(NOW + HOUR_MS)
    source = market(folder, later, NOW + HOUR_MS)
    answers = ask(source, end=END + 1)
    ((symbols, from_ms, to_ms),) = later.asked
    assert len(symbols) == 3
    assert (from_ms // HOUR_MS, to_ms // HOUR_MS) == (END - 3, END + 1)
    assert same(answers["AA"], expect("AA", END - 99, END + 1))
    assert source.fetched == {f"{base}/USDT:USDT": 1 for base in ("AA", "BB", "CC")}
    assert source.notices == ()


def test_a_longer_window_asks_for_its_beginning(folder: Path) -> None:
    """What is missing before the stored bars is fetched with the first two of them; then it is known."""
    ask(market(folder, Synthetic(NOW)))
    exchange = Synthetic(NOW)
    answers = ask(market(folder, exchange), n=500)
    ((_, from_ms, to_ms),) = exchange.asked
    assert (from_ms // HOUR_MS, to_ms // HOUR_MS) == (END - 500, END - 98)
    assert same(answers["BB"], expect("BB", END - 500, END))
    assert same(ask(market(folder, Closed()), n=500)["BB"], answers["BB"])


def test_a_new_member_is_asked_for_alone(folder: Path) -> None:
    """Only the series that lack something are fetched."""
    ask(market(folder, Synthetic(NOW)))
    exchange = Synthetic(NOW)
    ask(market(folder, exchange), members=[*MEMBERS, Member(base="DD")])
    assert [symbols for symbols, _, _ in exchange.asked] == [("DD/USDT:USDT",)]


def test_what_does_not_exist_is_not_asked_for_again(folder: Path) -> None:
    """Bars before a listing, after a delisting, and gaps are known not to be there, until a new bar is due."""
    symbols = [f"{member.base}/USDT:USDT" for member in MEMBERS]
    exchange = Synthetic(NOW, listed={symbols[0]: (END - 30) * HOUR_MS})
    exchange.delisted[symbols[1]] = (END - 10) * HOUR_MS
    exchange.holes[symbols[2]] = {END - 50, END - 1}
    first = ask(market(folder, exchange))
    assert [len(first[base].open_ms) for base in ("AA", "BB", "CC")] == [30, 90, 98]
    again = ask(market(folder, Closed()))
    assert all(same(first[base], again[base]) for base in first)
    exchange.asked.clear()
    exchange.now_ms = exchange.server_ms = NOW + HOUR_MS
    ask(market(folder, exchange, NOW + HOUR_MS), end=END + 1)
    assert min(from_ms for _, from_ms, _ in exchange.asked) >= (END - 16) * HOUR_MS  # not from the listing
    exchange.asked.clear()
    ask(market(folder, Closed(), NOW + HOUR_MS), end=END + 1)


def test_within_the_grace_the_bar_before_is_the_last(folder: Path) -> None:
    """Until ten seconds after its end by our clock a bar is not asked for, unless it is stored already."""
    ask(market(folder, Synthetic(NOW)))
    on_the_hour = (END + 1) * HOUR_MS
    early = market(folder, Closed(), on_the_hour + GRACE_MS - 1)
    assert early.now_ms == on_the_hour - 1
    assert same(ask(early, end=END)["AA"], expect("AA", END - 100, END))
    exchange = Synthetic(on_the_hour + GRACE_MS)
    late = market(folder, exchange, on_the_hour + GRACE_MS)
    assert late.now_ms == exchange.now_ms
    ask(late, end=END + 1)
    stored = market(folder, Closed(), on_the_hour + 1)
    assert stored.now_ms == on_the_hour + 1
    assert same(ask(stored, end=END + 1)["AA"], expect("AA", END - 99, END + 1))


def test_a_bar_that_is_late_is_asked_for_again_and_then_not_for_ever(folder: Path) -> None:
    """A last bar that is missing just after its end is asked for until two minutes after, then taken for missing."""
    exchange = Synthetic((END + 1) * HOUR_MS + 15_000)
    exchange.holes = {f"{member.base}/USDT:USDT": {END} for member in MEMBERS}
    ask(market(folder, exchange, exchange.now_ms), end=END + 1)
    exchange.now_ms = exchange.server_ms = (END + 1) * HOUR_MS + LATE_MS
    assert len(ask(market(folder, exchange, exchange.now_ms), end=END + 1)["AA"].open_ms) == 99
    assert len(exchange.asked) == 2
    ask(market(folder, Closed(), exchange.now_ms), end=END + 1)
    exchange.holes = {}
    exchange.now_ms = exchange.server_ms = (END + 2) * HOUR_MS + GRACE_MS
    answers = ask(market(folder, exchange, exchange.now_ms), end=END + 2)
    assert same(answers["AA"], expect("AA", END - 98, END + 2))  # the next question finds it


def test_the_exchanges_clock_decides_what_has_closed(folder: Path) -> None:
    """With our clock an hour fast the unfinished bar is neither stored nor known, and is right once it has closed."""
    exchange = Synthetic(NOW)
    source = market(folder, exchange, NOW + HOUR_MS)
    assert source.now_ms == NOW
    assert same(ask(source)["AA"], expect("AA", END - 100, END))
    with CandleStore.open(folder) as store:
        assert store.bars.reaches(EXCHANGE, HOUR_MS) == END * HOUR_MS


def test_large_questions_are_asked_in_parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more rows are in flight than memory is meant for, and each part is stored before the next is asked."""
    monkeypatch.setattr("betacli.data.stored.MAX_ROWS", 200)
    exchange = Synthetic(NOW)
    answers = ask(market(folder, exchange))
    assert [len(symbols) for symbols, _, _ in exchange.asked] == [2, 1]
    assert same(answers["CC"], expect("CC", END - 100, END))


def test_contracts_are_asked_for_once_a_day(folder: Path) -> None:
    """Within 24 hours they come from the store, with those that do not exist asked again after one."""
    members = [*MEMBERS, Member(base="NONE")]
    first = market(folder, Synthetic(NOW)).find(members, "USDT")
    assert market(folder, Closed()).find(members, "USDT") == first
    later = Synthetic(NOW + 2 * HOUR_MS)
    market(folder, Closed(), NOW + 23 * HOUR_MS).find(MEMBERS, "USDT")
    market(folder, later, NOW + 2 * HOUR_MS).find(members, "USDT")
    assert later.found == len(members)


def test_what_must_be_known_of_a_contract_is_stored_with_it(folder: Path) -> None:
    """A remark of the exchange about a contract is told by the warm run as by the cold one."""
    members = [Member(base="REMAPPED"), *MEMBERS]
    told = []
    for exchange in (Synthetic(NOW), Closed()):
        source = market(folder, exchange)
        source.find(members, "USDT")
        told.append(source.notices)
    assert [remark.detail for remark in told[0]] == ["REMAPPED"]
    assert told[1] == told[0]


def test_only_remarks_about_what_was_asked_are_told(folder: Path) -> None:
    """A remark about another coin, stored in an earlier run, is not this run's."""
    market(folder, Synthetic(NOW)).find([Member(base="REMAPPED"), *MEMBERS], "USDT")
    source = market(folder, Closed())
    source.find(MEMBERS, "USDT")
    assert source.notices == ()


def test_the_exchange_is_told_how_many_contracts_it_had(folder: Path) -> None:
    """Within a week of the last answer: a list that has shrunk since is an outage, not a delisting."""
    seen: list[int | None] = []

    def make(known_markets: int | None) -> Synthetic:
        seen.append(known_markets)
        return Synthetic(NOW)

    for days in (0, 2, 10):
        source = market(folder, None, NOW + days * 24 * HOUR_MS)
        source._make = make
        source.find([Member(base=f"D{days}")], "USDT")
        source.close()
    assert seen == [None, 300, None]


def test_what_an_exchange_garbles_is_refused_and_not_stored(folder: Path) -> None:
    """A symbol whose bars are refused stays refused while that is so, and the others are stored."""
    exchange = Synthetic(NOW)
    ask(market(folder, exchange))
    exchange.now_ms = exchange.server_ms = NOW + HOUR_MS
    sound = exchange._history
    exchange._history = lambda symbol, *span: (
        Unknown(reason="has a bar without a close") if symbol.startswith("AA") else sound(symbol, *span)
    )
    answers = ask(market(folder, exchange, NOW + HOUR_MS), end=END + 1)
    assert answers["AA"] == Unknown(reason="has a bar without a close")
    assert same(answers["BB"], expect("BB", END - 99, END + 1))
    exchange._history = sound
    assert same(
        ask(market(folder, exchange, NOW + HOUR_MS), end=END + 1)["AA"], expect("AA", END - 99, END + 1)
    )


def test_a_revised_bar_is_used_and_told(folder: Path) -> None:
    """When one of the last two stored bars has changed, the answer has the new one, and says so with both closes."""
    ask(market(folder, Synthetic(NOW)))
    exchange = Synthetic(NOW + HOUR_MS)
    exchange.scaled["AA/USDT:USDT", END - 1] = 1.005
    source = market(folder, exchange, NOW + HOUR_MS)
    answers = ask(source, end=END + 1)
    true = expect("AA", END - 99, END + 1)
    assert answers["AA"].close[-2] == true.close[-2] * 1.005
    (notice,) = source.notices
    assert (notice.id, notice.severity) == ("revised", "warning")
    assert f"close {true.close[-2]:.10g}, now {true.close[-2] * 1.005:.10g}" in notice.detail
    assert "`AA/USDT:USDT`" in notice.detail


def test_under_as_of_later_bars_are_neither_used_nor_lost(folder: Path) -> None:
    """An answer for the past uses no bar that closed after it, from the store as from the exchange."""
    ask(market(folder, Synthetic(NOW)))
    past = (END - 40) * HOUR_MS + 5
    source = market(folder, Closed(), as_of_ms=past)
    assert (source.now_ms, source.live) == (past, False)
    assert same(ask(source, n=50, end=END - 40)["AA"], expect("AA", END - 90, END - 40))
    exchange = Synthetic(NOW)
    exchange.now_ms = past
    source = market(folder, exchange, as_of_ms=past)
    assert same(ask(source, n=150, end=END - 40)["AA"], expect("AA", END - 190, END - 40))
    assert source.notices == ()
    assert same(ask(market(folder, Closed()), n=190)["AA"], expect("AA", END - 190, END))


# --- offline ------------------------------------------------------------------------------------------------------


def test_offline_answers_from_the_store_and_says_how_old_it_is(folder: Path) -> None:
    """The exchange is not opened, nothing is live, and the ages of bars and contracts are told."""
    ask(market(folder, Synthetic(NOW)))
    two_days = NOW + 49 * HOUR_MS
    source = market(folder, Closed(), two_days, offline=True)
    assert not source.live
    answers = ask(source, n=149, end=END + 49)
    assert same(answers["AA"], expect("AA", END - 100, END))
    details = " ".join(notice.detail for notice in source.notices)
    assert "closed 2025-11-24T16:00:00Z, 2 d 1 h ago" in details
    assert "contracts are those of 2025-11-24T16:20:00Z, 2 d 1 h ago" in details
    listing = Synthetic().listing("AA")
    for question in (source.prices, source.books, source.funding):
        assert isinstance(question([listing])["AA"], Unknown)


def test_offline_with_nothing_stored_names_the_way_out(folder: Path) -> None:
    """Exit 3 and `betacli data fetch`; the same where there are contracts and no bars of that timeframe."""
    with pytest.raises(NoData, match="nothing of it is stored") as refused:
        market(folder, Closed(), offline=True).find(MEMBERS, "USDT")
    assert "betacli data fetch" in (refused.value.hint or "")
    ask(market(folder, Synthetic(NOW)))
    source = market(folder, Closed(), offline=True, timeframe="4h")
    listings = list(source.find(MEMBERS, "USDT").values())
    with pytest.raises(NoData, match="no 4h bars"):
        source.candles(listings, "4h", 0, NOW)


def test_offline_a_damaged_store_is_an_error(folder: Path) -> None:
    """Nothing else can answer: exit 6, with the file set aside and the way out."""
    ask(market(folder, Synthetic(NOW)))
    (folder / "candles-1.sqlite3").write_bytes(b"x" * 9_000)
    with pytest.raises(StoreUnusable, match=r"set aside as `damaged-candles-1\.sqlite3`") as refused:
        market(folder, Closed(), offline=True).find(MEMBERS, "USDT")
    assert refused.value.exit_code == 6


# --- what happens to the store ------------------------------------------------------------------------------------


def test_a_damaged_store_is_set_aside_rebuilt_and_reported(folder: Path) -> None:
    """The answer is right, the notice names the file set aside, and the run after it asks nothing."""
    ask(market(folder, Synthetic(NOW)))
    path = folder / "candles-1.sqlite3"
    body = path.read_bytes()
    path.write_bytes(body[:4096] + bytes(len(body) - 4096))
    source = market(folder, Synthetic(NOW))
    assert same(ask(source)["AA"], expect("AA", END - 100, END))
    (notice,) = source.notices
    assert notice.id == "store-damaged"
    assert "damaged-candles-1.sqlite3" in notice.detail
    assert same(ask(market(folder, Closed()))["AA"], expect("AA", END - 100, END))


def flip(folder: Path, needle: bytes) -> None:
    """Change one bit in a float that is stored."""
    path = folder / "candles-1.sqlite3"
    body = path.read_bytes()
    at = body.index(needle)
    path.write_bytes(body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :])


@pytest.mark.parametrize("column", ["close", "volume"])
def test_one_flipped_bit_in_a_bar_is_fetched_again(folder: Path, column: str) -> None:
    """A changed close is found at once, a changed volume when volumes are read; both are right in the answer."""
    ask(market(folder, Synthetic(NOW)))
    true = expect("BB", END - 100, END)
    flip(folder, getattr(true, column)[40:42].tobytes())
    source = market(folder, Synthetic(NOW))
    answers = ask(source)
    assert same(answers["BB"], true)
    assert [notice.id for notice in source.notices] == ["store-damaged"]


@pytest.mark.parametrize("trouble", ["no folder", "link", "newer"])
def test_without_a_usable_store_the_run_goes_on(folder: Path, tmp_path: Path, trouble: str) -> None:
    """Everything is asked of the exchange, the answer is the same, and a notice says why."""
    if trouble == "no folder":
        folder = Path("/dev/null/cache")
    elif trouble == "link":
        folder.symlink_to(tmp_path)
    else:
        with CandleStore.open(folder) as store:
            store.database.rows("PRAGMA user_version = 99")
    source = market(folder, Synthetic(NOW))
    assert same(ask(source)["CC"], expect("CC", END - 100, END))
    (notice,) = source.notices
    assert notice.id == "store-unusable"
    assert str(folder) in notice.detail
    with pytest.raises(StoreUnusable):
        market(folder, Synthetic(NOW), keeping=True).find(MEMBERS, "USDT")


def test_a_disk_that_is_full_does_not_stop_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing more can be written, the answer is the exchange's, with a notice; what is stored stays."""
    ask(market(folder, Synthetic(NOW)))
    opened = CandleStore.open.__func__

    def full(cls: type[CandleStore], where: Path) -> CandleStore:
        store = opened(cls, where)
        store.database.rows(f"PRAGMA max_page_count = {store.database.rows('PRAGMA page_count')[0][0]}")
        return store

    monkeypatch.setattr(CandleStore, "open", classmethod(full))
    source = market(folder, Synthetic(NOW))
    answers = ask(source, n=9_000)
    assert same(answers["AA"], expect("AA", END - 9_000, END))
    (notice,) = source.notices
    assert "the disk is full" in notice.detail
    assert same(ask(market(folder, Closed()))["AA"], expect("AA", END - 100, END))


def test_an_exchange_that_fails_leaves_the_store_as_it_was(folder: Path) -> None:
    """Its error is the run's, and the next run starts from what was stored before."""
    ask(market(folder, Synthetic(NOW)))

    class Dead(Synthetic):
        def candles(self, *_: object) -> dict:
            raise ExchangeFailed(exchange=EXCHANGE, reason="timeout", detail="did not answer in time")

    with pytest.raises(ExchangeFailed):
        ask(market(folder, Dead(NOW + HOUR_MS), NOW + HOUR_MS), end=END + 1)
    assert same(ask(market(folder, Closed()))["AA"], expect("AA", END - 100, END))


def test_a_warm_run_imports_neither_ccxt_nor_pandas(folder: Path) -> None:
    """What takes a second to import is not imported when every bar is stored."""
    ask(market(folder, Synthetic(NOW)))
    copy = folder.parent / "copy"
    shutil.copytree(folder, copy)
    code = f"""
import json, sys
from pathlib import Path
from betacli.core.model import Member
from betacli.data.stored import StoredMarket
source = StoredMarket(name="{EXCHANGE}", key="{EXCHANGE}", folder=Path({str(copy)!r}), exchange=lambda _: 1 / 0,
                      now_ms=lambda: {NOW}, timeframe="1h")
listings = list(source.find([Member(base="AA")], "USDT").values())
answer = source.candles(listings, "1h", {(END - 100) * HOUR_MS}, {END * HOUR_MS})["AA"]
print(json.dumps([len(answer.volume), sorted({{"ccxt", "pandas", "aiohttp"}} & set(sys.modules))]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert json.loads(ran.stdout) == [100, []]


@pytest.mark.parametrize(
    ("time_ms", "written"),
    [
        (-5, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_600_000 * 5 + 60_000 * 7, "5 h 7 min"),
        (86_400_000 * 3, "3 d 0 h"),
    ],
)
def test_lengths_of_time_are_told_in_two_units(time_ms: int, written: str) -> None:
    """The two largest units are enough."""
    assert length(time_ms) == written


def test_open_times_that_many_series_share_are_one_array(folder: Path) -> None:
    """300 series of the same hours need the memory of one grid."""
    source = market(folder, Synthetic(NOW))
    answers = ask(source)
    assert answers["AA"].open_ms is answers["BB"].open_ms
    assert np.array_equal(answers["AA"].open_ms, expect("AA", END - 100, END).open_ms)
