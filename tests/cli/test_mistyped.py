"""A name that was mistyped is refused with what was meant, before anything is planned from it."""

from pathlib import Path

import pytest

from betacli.errors import mistyped
from conftest import Cli

SAMPLE = ("--sector", "l1", "--exchange", "sample")
HEAD = "symbol,amount\n"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("ETHH", "ETH"), ("eth", "ETH"), ("EHT", "ETH"), ("AVX", "AVAX"), ("ET", "ETH"), ("quater", "quarter")],
)
def test_a_slip_is_a_letter_more_or_less_or_two_swapped(name: str, meant: str) -> None:
    """Or another case."""
    assert mistyped(name, ["BTC", "ETH", "SOL", "AVAX", "UNI", "quarter", "next-quarter"]) == meant


@pytest.mark.parametrize("name", ["SUI", "ETC", "XRP", "DOGE", "XYZ"])
def test_another_coin_is_no_slip(name: str) -> None:
    """Three letters of which one differs are another coin's."""
    assert mistyped(name, ["BTC", "ETH", "SOL", "UNI"]) is None


@pytest.mark.parametrize("command", ["solve", "hedge"])
@pytest.mark.parametrize("written", ["ETHH/USDT:USDT", "eth/USDT:USDT", "BTCC/USDT:USDT"])
def test_a_mistyped_position_plans_no_trades(command: str, written: str, cli: Cli, tmp_path: Path) -> None:
    """The trades would otherwise start from nothing held, and double what the account has."""
    (tmp_path / "held.csv").write_text(f"{HEAD}SOL/USDT:USDT,1\n{written},2\n")
    ran = cli(command, *SAMPLE, "--positions", "held.csv", "--tickets", "orders.json")
    assert (ran.code, ran.out) == (2, "")
    assert "held.csv" not in ran.out
    meant = "BTC" if written.startswith("B") else "ETH"
    assert (
        f"`{written.partition('/')[0]}` on `sample` or in the sector file (`--positions`, line 3)" in ran.err
    )
    assert f"hint: did you mean `{meant}`? a coin of its own is named under `universe`" in ran.err
    assert not (tmp_path / "orders.json").exists()


def test_a_mistyped_position_is_refused_without_market_data(cli: Cli, tmp_path: Path) -> None:
    """The sector file knows the names, too."""
    (tmp_path / "held.csv").write_text("base,kind,notional\nETHH,future,2\n")
    argv = ("--sector", "l1", "--only", "ETH,SOL", "--beta", "ETH=1.25", "--beta", "SOL=1.6")
    ran = cli("hedge", *argv, "--positions", "held.csv")
    assert ran.code == 2
    assert "did you mean `ETH`?" in ran.err


def test_a_coin_that_the_sector_file_names_is_no_slip(cli: Cli, tmp_path: Path) -> None:
    """SOLO is a coin of its own where `universe` says so."""
    (tmp_path / "held.csv").write_text(f"{HEAD}SOLO/USDT:USDT,2\n")
    (tmp_path / "sectors.yaml").write_text("sectors: {l1: {members: [ETH, SOL]}}\nuniverse: [SOLO]\n")
    ran = cli("hedge", *SAMPLE, "--positions", "held.csv")
    assert ran.code == 0, ran.err


def test_a_position_that_nobody_knows_is_told_as_ever(cli: Cli, tmp_path: Path) -> None:
    """XYZQ is like no name here: it is told that it cannot be valued."""
    (tmp_path / "held.csv").write_text(f"{HEAD}XYZQ/USDT:USDT,2\n")
    ran = cli("hedge", *SAMPLE, "--positions", "held.csv")
    assert ran.code == 0
    assert "held, and not all of it can be known" in ran.out


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("venues", *SAMPLE, "--proxies", "zzz"), "no choice of `--proxies` `zzz`"),
        (("solve", *SAMPLE, "--proxies", "aut"), "did you mean `auto`?"),
        (("solve", *SAMPLE, "--neutral", "zzz"), "no neutral `zzz`"),
        (("solve", *SAMPLE, "--proxy-history", "no-such.csv"), "no-such.csv: does not exist"),
        (("proxies", *SAMPLE, "--proxy-history", "no-such.csv"), "no-such.csv: does not exist"),
        (("venues", *SAMPLE, "--proxy-history", "no-such.csv"), "no-such.csv: does not exist"),
        (("hedge", *SAMPLE, "--hedge-with", "quater"), "did you mean `quarter`?"),
        (("hedge", *SAMPLE, "--hedge-with", "BTCC"), "did you mean `BTC`?"),
        (("hedge", *SAMPLE, "--hedge-with", "ETHH/USDT:USDT"), "did you mean `ETH/USDT:USDT`?"),
        (("beta", *SAMPLE, "--benchmark", "BTCC"), "did you mean `BTC`?"),
        (("solve", *SAMPLE, "--benchmark", "BTC=0.5,EHT=0.5"), "did you mean `ETH`?"),
        (
            ("beta", *SAMPLE, "--benchmark", "BTC,ETH"),
            "repeat it, `--benchmark BTC --benchmark ETH`, or give weights",
        ),
    ],
)
def test_a_choice_that_does_not_exist_is_refused(argv: tuple[str, ...], told: str, cli: Cli) -> None:
    """Whether or not the answer would have looked at it."""
    ran = cli(*argv)
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert told in ran.err


def test_a_benchmark_that_is_not_in_the_file_and_like_nothing_is_the_exchanges_to_refuse(cli: Cli) -> None:
    """As today: the data cannot be had."""
    assert cli("beta", *SAMPLE, "--benchmark", "XYZQ").code == 3
