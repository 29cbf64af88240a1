"""Golden transcripts of the commands about the store: as `test_transcripts`, in a folder with two stored series.

What is a machine's own is written as `<…>`: sizes of files, versions, and the place of the packaged sector file.
"""

import os
import re
import shlex
from pathlib import Path

import pytest

from benchmarks.store_crash import bars_of
from betacli.core.calendar import HOUR_MS
from betacli.data.candle_store import CandleStore
from betacli.data.sectors import packaged_path
from betacli.data.store_series import Fetched
from cli.test_transcripts import parse, written
from conftest import NOW_MS, Cli

FOLDER = Path(__file__).parent / "store_transcripts"
CASES = sorted(FOLDER.glob("*.txt"))
LAST = NOW_MS // HOUR_MS
OWN = (
    (re.compile(re.escape(str(packaged_path()))), "<sectors.yaml>"),
    (re.compile(r"\d+\.\d\d MB(?: in \d+ files)?"), "<size>"),
    (re.compile(r'("(?:size_bytes|freed_bytes|candles[^"]*)": )\d+'), r"\1<size>"),
    (re.compile(r'("(?:version|ccxt|python)": )"[^"]*"'), r'\1"<version>"'),
    (re.compile(r"(version +(?:version|ccxt|python) +ok +)\S+"), r"\1<version>"),
    (
        re.compile(r'("name": "(?:version|ccxt|python)",\s+"status": "ok",\s+"detail": )"[^"]*"'),
        r'\1"<version>"',
    ),
    (re.compile(r"─+|(?<=\S) +(?=\n)"), ""),  # rules are as wide as the widest path
)


def inert(text: str) -> str:
    for pattern, stands in OWN:
        text = pattern.sub(stands, text)
    return text


@pytest.fixture
def stored(tmp_path: Path) -> None:
    """Two contracts with a hundred hours each, the last closed an hour ago, and an export of them."""
    with CandleStore.open(tmp_path / "cache") as store:
        made = {
            symbol: Fetched(
                candles=bars_of(symbol, LAST - 101, LAST - 1),
                from_ms=(LAST - 101) * HOUR_MS,
                to_ms=(LAST - 1) * HOUR_MS,
            )
            for symbol in ("BTC/USDT:USDT", "ETH/USDT:USDT")
        }
        store.bars.write("binanceusdm", HOUR_MS, made, LAST * HOUR_MS)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("stored")
def test_a_command_about_the_store_says_what_its_transcript_says(path: Path, cli: Cli) -> None:
    """Exit code, stdout and stderr are those recorded."""
    command, _ = parse(path.read_text(encoding="utf-8"))
    ran = cli(*shlex.split(command)[1:], environ={"BETACLI_CACHE_DIR": "cache"})
    told = inert(written(command, {}, ran))
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")


def test_every_action_and_the_doctor_have_a_transcript() -> None:
    """No action of `data` goes without one, and `doctor` has one too."""
    from betacli.cli.storing import ACTIONS

    commands = " ".join(parse(path.read_text(encoding="utf-8"))[0] for path in CASES)
    assert all(f"betacli data {action}" in commands for action in ACTIONS)
    assert "betacli doctor" in commands
