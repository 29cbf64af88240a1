"""Progress is for somebody who watches: on stderr, where that is a terminal, and nowhere else."""

import json
import re
from pathlib import Path

import pytest

from betacli.cli.process import run
from betacli.cli.world import World
from betacli.data import pace, transport
from conftest import NOW_MS, Stream
from fake_exchange.asking import walk
from fake_exchange.faults import Fault
from fake_exchange.market import DAY_MS, FakeMarket, bars
from fake_exchange.server import FakeExchange

FIRST_MS = NOW_MS // DAY_MS * DAY_MS - 119 * DAY_MS


class Terminal(Stream):
    """A stream in memory that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(pace, "SHARE", 1_000.0)
    monkeypatch.setattr(transport, "BACKOFF_S", 0.005)


def ran(
    tmp_path: Path, monkeypatch, out: Stream, err: Stream, *argv: str, faults: tuple[Fault, ...] = ()
) -> int:
    monkeypatch.chdir(tmp_path)
    described = {f"{base}USDT": bars(FIRST_MS, walk(n)) for n, base in enumerate(("BTC", "ETH", "SOL"))}
    with FakeExchange(FakeMarket(NOW_MS, bars=described), list(faults)) as fake:
        Path("sectors.yaml").write_text(
            "estimator: ols-90d\nsectors: {l1: {members: [ETH, SOL]}}\n"
            f"exchange_options: {json.dumps(fake.options)}\n"
        )
        here = World(
            stdout=out,
            stderr=err,
            now_ms=lambda: NOW_MS,
            monotonic=lambda: 0.0,
            environ={"BETACLI_CACHE_DIR": str(tmp_path / "cache")},
            project_dir=Path(),
        )
        return run(argv, here)


BETA = ("beta", "--sector", "l1", "-O", "json")


def test_a_fetch_draws_a_bar_on_a_terminal_and_wipes_it(tmp_path, monkeypatch):
    """Three symbols are counted on one line of stderr, which is empty at the end; stdout is the answer alone."""
    out, err = Stream(), Terminal()
    assert ran(tmp_path, monkeypatch, out, err, *BETA) == 0
    assert "binanceusdm: [##########....................] 1/3" in err.getvalue()
    assert "3/3\r\x1b[2K" in err.getvalue()
    assert "\n" not in err.getvalue().split("3/3")[0]
    json.loads(out.getvalue())


def test_a_fetch_that_fails_wipes_its_bar_before_the_error(tmp_path, monkeypatch):
    """The message stands on a line of its own."""
    out, err = Stream(), Terminal()
    fault = Fault("status", value=451, body=b"{}", endpoint="klines")
    assert ran(tmp_path, monkeypatch, out, err, "beta", "--sector", "l1", faults=(fault,)) == 4
    assert re.search(r"\r\x1b\[2K(?:\x1b\[[0-9;]*m)*error", err.getvalue())


def test_nothing_is_drawn_off_a_terminal(tmp_path, monkeypatch):
    """Logs of cron hold no bars."""
    out, err = Terminal(), Stream()
    assert ran(tmp_path, monkeypatch, out, err, *BETA) == 0
    assert err.getvalue() == ""
