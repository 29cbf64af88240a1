"""Hypothesis against everything that is read: sector files, plans, candle files and the bodies of an exchange.

Briefly in the suite; `BETACLI_FUZZ=5000 pytest tests/cli/test_fuzz_inputs.py` at length.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import NOW_MS, Cli, Ran
from fake_exchange.asking import DIALECTS
from fake_exchange.market import DAY_MS, FakeMarket, bars
from fake_exchange.server import FakeExchange

EXAMPLES = int(os.environ.get("BETACLI_FUZZ", "25"))
QUICKLY = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
N_DAYS = 100
FIRST_MS = NOW_MS // DAY_MS * DAY_MS - N_DAYS * DAY_MS
BASES = ("BTC", "ETH", "SOL")


def assert_contract(ran: Ran, codes: set[int]) -> None:
    """An exit code of the contract, never 1; strict JSON that is an answer or an error; no traceback."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert ran.code in codes, ran.err
    assert "Traceback" not in ran.err
    report = json.loads(ran.out, parse_constant=refuse)
    assert ("error" in report) == (ran.code not in {0, 10})
    assert report.get("error", {"exit_code": ran.code})["exit_code"] == ran.code


def closes() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    market = rng.normal(0, 0.02, N_DAYS)
    return {
        base: 100 * np.cumprod(1 + load * market + rng.normal(0, 0.01, N_DAYS) * (base != "BTC"))
        for base, load in zip(BASES, (1.0, 1.2, 1.6), strict=True)
    }


@st.composite
def spoiled(draw: st.DrawFn, text: bytes, pieces: list[bytes]) -> bytes:
    """Return a text with some of its bytes replaced by others, doubled, or cut."""
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        until = min(len(text), at + draw(st.integers(0, 40)))
        new = draw(st.one_of(st.sampled_from(pieces), st.binary(max_size=6), st.just(text[at:until] * 2)))
        text = text[:at] + new + text[until:]
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 5)) == 0 else text


PLANS = (
    b"sectors: {l1: {members: [ETH, SOL, ADA]}}\n"
    b"plans:\n  a: {sector: l1, target: 1.4, leverage: 5, beta: [ETH=1.2], only: [ETH, SOL], timeout: 9}\n"
)
YAML = [
    *(
        b"plans:",
        b"a:",
        b"{",
        b"}",
        b"[",
        b"]",
        b"- ",
        b": ",
        b"target: ",
        b"beta: [x]",
        b"beta: {ETH: 1}",
        b"1e999",
    ),
    *(
        b".nan",
        b"-1",
        b"true",
        b"sector: [l1, l1]",
        b"config: x",
        b"plan: a",
        b"output: /",
        b"format: csv",
        b"&a *a",
    ),
    *(
        b"only: ''",
        b"window: 1m",
        b"as_of: 1",
        b"color: 3",
        b"exchange: mexc",
        b"candles: x",
        b"\x00",
        b"\xff\xfe",
    ),
]


@QUICKLY
@given(content=spoiled(PLANS, YAML))
def test_any_plan_is_used_or_refused(content: bytes, cli: Cli, tmp_path: Path) -> None:
    """A spoiled file of plans: 0 or 10 with an answer, else 2, 3 or 5 with the reason."""
    (tmp_path / "sectors.yaml").write_bytes(content)
    for command in (("solve", "--exchange", "sample", "-o", "answer"), ("config", "show", "-o", "answer")):
        ran = cli(*command, "--plan", "a", "-O", "json")
        answer = tmp_path / "answer"
        out = answer.read_text() if ran.code in {0, 10} else ran.out
        answer.unlink(missing_ok=True)
        assert_contract(Ran(ran.code, out, ran.err), {0, 2, 3, 5, 10})


def candle_file() -> bytes:
    rows = ["date,symbol,close"]
    for base, series in closes().items():
        for day, close in enumerate(series.tolist()):
            rows.append(f"{FIRST_MS + day * DAY_MS},{base}/USDT:USDT,{close!r}")
    return "\n".join(rows).encode() + b"\n"


CSV = [
    *(
        b",",
        b"\n",
        b'"',
        b"\r\n",
        b"nan",
        b"inf",
        b"-1",
        b"0",
        b"1e400",
        b"1e-400",
        b"BTC/USDT:USDT",
        b"\x00",
    ),
    *(
        b"9999999999999",
        b"2026-10-01",
        b"0001-01-01",
        b"symbol",
        b"date",
        b"=1+1",
        b"\xff",
        b"\x1f\x8b",
        b";",
        b"\t",
    ),
]


@QUICKLY
@given(content=spoiled(candle_file(), CSV), command=st.sampled_from(["beta", "solve", "hedge"]))
def test_any_candle_file_is_used_or_refused(content: bytes, command: str, cli: Cli, tmp_path: Path) -> None:
    """A spoiled file of candles: an answer, or 2, 3 or 5 with the reason."""
    (tmp_path / "sectors.yaml").write_text("sectors: {l1: {members: [ETH, SOL]}}\n")
    (tmp_path / "candles.csv").write_bytes(content)
    ran = cli(command, "--sector", "l1", "--candles", "candles.csv", "--estimator", "ols-90d", "-O", "json")
    assert_contract(ran, {0, 2, 3, 5})


class Spoiler(FakeExchange):
    """An exchange some of whose answers are spoiled: one path in four, at one place."""

    which: int | None = None
    new = b""
    at = 0.0
    cut = 0
    spoiled = 0

    def _content(self, path: str, *rest: object) -> tuple[int, bytes]:
        status, body = super()._content(path, *rest)
        if self.which is not None and sum(path.encode()) % 4 == self.which:
            place = int(self.at * len(body))
            body = body[:place] + self.new + body[place + self.cut :]
            self.spoiled += 1
        return status, body


JSON = [
    *(
        b"null",
        b"true",
        b"NaN",
        b"Infinity",
        b"-1",
        b"1e999",
        b"{}",
        b"[]",
        b'""',
        b'"x"',
        b",",
        b"]",
        b"}",
        b"\x00",
    ),
    *(
        b'"0"',
        b"<html>",
        b"\xff\xfe",
        b'"-5"',
        b'"1e400"',
        b'"nan"',
        b"0x10",
        b'{"code":-1003,"msg":"banned until 99"}',
    ),
]


COMMANDS = ("beta", "solve", "hedge", "checklist", "liquidity", "funding", "basis", "proxies")


def asked(venue: str, command: str, cli: Cli, folder: Path, **how: object) -> tuple[Ran, Spoiler]:
    """Run a command on an exchange that is spoiled as told; GONE has a spot market and no contract."""
    served = {f"{base}USDT": bars(FIRST_MS, series, DAY_MS) for base, series in closes().items()}
    spot = {"GONEUSDT": bars(FIRST_MS, closes()["SOL"] * 0.1, DAY_MS)}
    with Spoiler(FakeMarket(NOW_MS, bars=served, spot=spot), dialect=DIALECTS[venue]) as exchange:
        for name, value in how.items():
            setattr(exchange, name, value)
        (folder / "sectors.yaml").write_text(
            "sectors: {l1: {members: [ETH, SOL, {base: GONE, proxy: spot}]}}\n"
            f"exchange_options: {json.dumps(exchange.options)}\n"
        )
        argv = (
            "--sector",
            "l1",
            "--exchange",
            venue,
            "--no-store",
            "--timeout",
            "10",
            "--estimator",
            "ols-90d",
        )
        more = ("--max-weight", "1") if command not in {"beta", "proxies"} else ()
        environ = {"BETACLI_CACHE_DIR": str(folder / "cache")}
        ran = cli(command, *argv, *more, "-O", "json", environ=environ)
    for ban in (folder / "cache").glob("*"):
        ban.unlink()
    return ran, exchange


@pytest.mark.parametrize("venue", DIALECTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_not_spoiled_is_answered(venue: str, command: str, cli: Cli, tmp_path: Path) -> None:
    """The fuzz below starts from answers that are used: else it could not fail."""
    ran, _ = asked(venue, command, cli, tmp_path)
    assert ran.code in {0, 10}, ran.err


@QUICKLY
@given(
    which=st.integers(0, 3),
    new=st.one_of(st.sampled_from(JSON), st.binary(max_size=5)),
    at=st.floats(0, 1),
    cut=st.sampled_from([0, 1, 3, 10, 100, 10**9]),
    command=st.sampled_from(COMMANDS),
    venue=st.sampled_from(sorted(DIALECTS)),
)
def test_any_body_is_used_or_refused(
    which: int, new: bytes, at: float, cut: int, command: str, venue: str, cli: Cli, tmp_path: Path
) -> None:
    """A spoiled answer of an exchange: what can be told is told, else 2 to 5 with the reason, within the deadline."""
    ran, _ = asked(venue, command, cli, tmp_path, which=which, new=new, at=at, cut=cut)
    assert_contract(ran, {0, 2, 3, 4, 5, 10})
