"""What every test gets: no network beyond loopback, no real home, a fixed clock, and a way to run the command line."""

import io
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from betacli.cli.process import run
from betacli.cli.world import World

NOW_MS = 1_793_170_800_000  # 2026-10-28T07:00:00Z, a trader's morning
CHECKOUT = Path(__file__).resolve().parent.parent
SHARED = CHECKOUT / ".." / "shared"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail any connection that leaves this machine."""
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else address
        if self.family != socket.AF_UNIX and host not in {"127.0.0.1", "::1", "localhost"}:
            message = f"a test tried to reach {host}"
            raise AssertionError(message)
        real_connect(self, address)

    def look_up(host: object, *rest: object, **how: object) -> object:
        if host not in {None, "", "127.0.0.1", "::1", "localhost", b"127.0.0.1", b"localhost"}:
            raise socket.gaierror(socket.EAI_NONAME, "no names are looked up in tests")
        return real_look_up(host, *rest, **how)

    real_look_up = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Point every folder of the user's at an empty place, and forget the caller's environment."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("BETACLI_", "XDG_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))


@dataclass(frozen=True)
class Ran:
    """What a command line left behind."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


class Stream(io.StringIO):
    """A stream in memory that is no terminal and speaks UTF-8."""

    encoding = "utf-8"  # type: ignore[assignment]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run `betacli` in an empty folder at a fixed moment: `cli("solve", "--sector", "l1")`."""
    monkeypatch.chdir(tmp_path)

    def call(*argv: str, now_ms: int = NOW_MS, environ: dict[str, str] | None = None) -> Ran:
        out, err = Stream(), Stream()
        here = World(
            stdout=out,
            stderr=err,
            now_ms=lambda: now_ms,
            monotonic=lambda: 0.0,
            environ=environ or {},
            project_dir=Path(),
        )
        code = run(argv, here)
        return Ran(code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def market_data() -> Iterator[Path]:
    """The folder of recorded prices, or a skip where it is absent."""
    folder = SHARED / "market-data"
    if not folder.is_dir():
        pytest.skip("the recorded market data is not beside this checkout")
    return folder
