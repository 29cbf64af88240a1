"""CSV is a contract: which columns there are is a property of the command, and never of the data."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from betacli.plan.results import RESULTS
from conftest import Cli

SAMPLE = ("--sector", "l1", "--exchange", "sample")
HELD = "base,kind,amount\nETH,spot,1\nDOGE,future,1000\nSOL,future,2\n"


def read(text: str) -> tuple[list[str], list[dict[str, str]]]:
    header, *rows = csv.reader(io.StringIO(text))
    assert len(set(header)) == len(header)
    return header, [dict(zip(header, row, strict=True)) for row in rows]


def csv_of(cli: Cli, *argv: str) -> tuple[list[str], list[dict[str, str]]]:
    ran = cli(*argv, "-O", "csv")
    assert ran.code in {0, 10}, ran.err
    return read(ran.out)


@pytest.mark.parametrize("command", ["solve", "hedge"])
def test_positions_change_no_column(command: str, cli: Cli, tmp_path: Path) -> None:
    """Legs, the hedge, trades and what is held beside them have a `row` each, under one header."""
    (tmp_path / "held.csv").write_text(HELD)
    plain, legs = csv_of(cli, command, *SAMPLE, "--target", "1.4")
    header, rows = csv_of(cli, command, *SAMPLE, "--target", "1.4", "--positions", "held.csv")
    assert header == plain
    assert header[-1] == "row"
    kinds = {"leg", "hedge"} if command == "hedge" else {"leg"}
    assert {row["row"] for row in legs} == kinds
    assert {row["row"] for row in rows} == kinds | {"trade", "held"}
    held = [row for row in rows if row["row"] == "held"]
    assert [(row["written"], row["amount"]) for row in held] == [("ETH", "1.0"), ("DOGE", "1000.0")]
    assert all(row["notional"] and row["beta"] for row in held)


def test_a_dated_hedge_changes_no_column(cli: Cli) -> None:
    """What only a dated future has is empty for a perpetual."""
    perpetual, _ = csv_of(cli, "hedge", *SAMPLE)
    dated, rows = csv_of(cli, "hedge", *SAMPLE, "--hedge-with", "quarter")
    assert dated == perpetual
    assert rows[-1]["dated_expiry"]


def test_the_checklist_has_its_facts_in_one_cell(cli: Cli) -> None:
    """Whatever a step found, eight columns of its own: the facts are JSON, as in the JSON."""
    header, rows = csv_of(cli, "checklist", *SAMPLE, "--target", "1.4", "--leverage", "3")
    few, one = csv_of(cli, "checklist", *SAMPLE, "--step", "size")
    assert header == few
    assert header[:8] == ["number", "id", "title", "status", "summary", "threshold", "next_step", "facts"]
    told = json.loads(cli("checklist", *SAMPLE, "--target", "1.4", "--leverage", "3", "-O", "json").out)
    assert [json.loads(row["facts"]) for row in rows] == [step["facts"] for step in told["data"]["steps"]]
    assert len(one) == 1


def test_benchmarks_change_no_column(cli: Cli) -> None:
    """One benchmark or several, each row names its own."""
    one, rows = csv_of(cli, "beta", *SAMPLE)
    two, more = csv_of(cli, "beta", *SAMPLE, "--benchmark", "BTC", "--benchmark", "ETH")
    assert one == two
    assert {row["benchmark"] for row in rows} == {"BTC"}
    assert {row["benchmark"] for row in more} == {"BTC", "ETH"}


@pytest.mark.parametrize("action", ["status", "verify"])
def test_an_empty_store_has_a_whole_header(action: str, cli: Cli) -> None:
    """No rows, and every column."""
    header, rows = csv_of(cli, "data", action)
    assert rows == []
    assert header[:4] == ["exchange", "symbol", "timeframe", "bars"]


def test_an_empty_list_is_an_empty_cell(cli: Cli) -> None:
    """`[]` would be text to a spreadsheet."""
    _, rows = csv_of(cli, "venues", *SAMPLE)
    assert (rows[0]["missing"], rows[0]["unknown"]) == ("", "")


def columns(name: str) -> Iterator[str]:
    from betacli.show.sheet import _fields

    for kind in RESULTS[name].csv().kinds.values():
        yield from _fields(kind)


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_declares_its_columns(name: str) -> None:
    """Each kind of row is a dataclass whose types can be read."""
    assert list(columns(name))
