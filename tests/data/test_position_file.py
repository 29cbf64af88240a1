"""A positions file is read whole or refused whole, with every problem at its line and column."""

from pathlib import Path

import pytest

from betacli.data.position_file import Row, read_positions
from betacli.errors import BadFile


def read(folder: Path, text: str, name: str = "held.csv") -> tuple[Row, ...]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_positions(path)


def problems(folder: Path, text: str, name: str = "held.csv") -> list[tuple[int | None, int | None, str]]:
    with pytest.raises(BadFile) as caught:
        read(folder, text, name)
    assert caught.value.exit_code == 2
    return [(p.line, p.column, p.what) for p in caught.value.problems]


def test_the_same_account_in_three_formats(tmp_path: Path) -> None:
    """CSV, YAML and JSON say the same: 2.5 ETH of futures bought at 4,600, 12,000 of SOL spot."""
    csv = "symbol,kind,amount,notional,entry\nETH/USDT:USDT,,2.5,,4600\nSOL/USDT,spot,,12000,\n"
    yaml = (
        "- {symbol: ETH/USDT:USDT, amount: 2.5, entry_price: 4600}\n- symbol: SOL/USDT\n  notional: 12000\n"
    )
    json = '{"positions": [{"symbol": "ETH/USDT:USDT", "amount": 2.5, "entry": 4600},\n {"symbol": "SOL/USDT", "notional": 12000}]}'
    found = [read(tmp_path, csv), read(tmp_path, yaml, "held.yaml"), read(tmp_path, json, "held.json")]
    seen = [[(r.coin, r.kind, r.amount, r.notional, r.entry_price, r.quote) for r in rows] for rows in found]
    assert seen[0] == seen[1] == seen[2]
    assert seen[0] == [
        ("ETH", "future", 2.5, None, 4600.0, "USDT"),
        ("SOL", "spot", None, 12000.0, None, "USDT"),
    ]


@pytest.mark.parametrize(
    ("written", "coin", "coins", "kind", "expiry"),
    [
        ("ETH/USDT:USDT", "ETH", 1, "future", None),
        ("ETH/USDT", "ETH", 1, "spot", None),
        ("1000PEPE/USDT:USDT", "PEPE", 1000, "future", None),
        ("1000PEPE-USDT-SWAP", "PEPE", 1000, "future", None),
        ("kPEPE/USDC:USDC", "PEPE", 1000, "future", None),
        ("1MBABYDOGE-PERP", "BABYDOGE", 1_000_000, "future", None),
        ("BTC-PERP", "BTC", 1, "future", None),
        ("BTC/USD:BTC", "BTC", 1, "future", None),
        ("BTC/USDT:USDT-261225", "BTC", 1, "future", "2026-12-25"),
        ("BTC-2026-12-25", "BTC", 1, "future", "2026-12-25"),
        ("BTCUSDT_261225", "BTC", 1, "future", "2026-12-25"),
        ("1INCH/USDT", "1INCH", 1, "spot", None),
        ("KAVA/USDT", "KAVA", 1, "spot", None),
    ],
)
def test_symbols_as_venues_write_them(
    tmp_path: Path, written: str, coin: str, coins: int, kind: str, expiry: str | None
) -> None:
    """Coin, multiplier, kind and expiry are read from the symbol; an amount is turned into coins."""
    (row,) = read(tmp_path, f"symbol,amount\n{written},3\n")
    assert (row.coin, row.coins, row.kind, row.expiry) == (coin, coins, kind, expiry)
    assert row.amount == 3 * coins


@pytest.mark.parametrize("written", ["1000PEPE-USDT", "1000PEPEUSDT", "PEPE"])
def test_where_the_symbol_does_not_tell_the_kind_it_is_asked_for(tmp_path: Path, written: str) -> None:
    """`1000PEPE-USDT` may be spot or a future; with `kind` it is known."""
    assert "does not say whether" in problems(tmp_path, f"symbol,amount\n{written},1\n")[0][2]
    (row,) = read(tmp_path, f"symbol,kind,amount\n{written},future,1\n")
    assert (row.coin, row.kind) == ("PEPE", "future")


def test_every_problem_at_once(tmp_path: Path) -> None:
    """Nine bad lines, nine problems, each where it stands; the good line between them is no problem."""
    text = (
        "symbol,base,kind,amount,notional,entry\n"  # 1
        "ETH/USDT:USDT,,,nan,,\n"  # 2: 18
        "ETH/USDT:USDT,ETH,,1,,\n"  # 3: 15
        ",,future,1,,\n"  # 4: neither
        "SOL/USDT:USDT,,,1,2,\n"  # 5: both sizes
        'SOL/USDT,,spot,"-1",,\n'  # 6: short spot
        "ADA/USDT:USDT,,spot,1,,\n"  # 7: kind contradicts
        'ADA/USDT:USDT,,,"1,000",,\n'  # 8: separator
        "BNB/USDT:USDT,,,1,,0\n"  # 9: entry
        "DOT/USDT:USDT,,,1,,\n"  # 10: good
        "AVAX/USDT:USDT,,1\n"  # 11: too few values
    )
    found = problems(tmp_path, text)
    assert [line for line, _, _ in found] == [2, 3, 4, 5, 6, 7, 8, 9, 11]
    assert found[0] == (2, 17, "`nan`: expected a number such as `-0.25`, without separators")
    assert found[1][:2] == (3, 15)
    assert "cannot be held short" in found[4][2]
    assert found[4][1] == 17
    assert "but `ADA/USDT:USDT` is a future" in found[5][2]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e400", "0x10", "1_000", "", "1e16", "٣"])
def test_numbers_that_are_none(tmp_path: Path, number: str) -> None:
    """What is no finite number of a sensible size is refused, by its line."""
    found = problems(tmp_path, f"symbol,amount\nETH/USDT:USDT,{number}\n")
    assert found[0][0] == 2


def test_duplicates_are_refused(tmp_path: Path) -> None:
    """The same contract under two spellings stands twice; spot and future of one coin do not."""
    found = problems(tmp_path, "symbol,kind,amount\nETH/USDT:USDT,,1\nETH-USDT,future,2\n")
    assert found == [(3, 1, "`ETH-USDT` stands twice; the first is at line 2")]
    text = (
        "symbol,amount\nETH/USDT:USDT,1\nETH/USDT,2\nETH/USDC:USDC,3\nETH/USD:ETH,4\nETH/USDT:USDT-261225,5\n"
    )
    assert len(read(tmp_path, text)) == 5


def test_unknown_columns_and_shapes(tmp_path: Path) -> None:
    """A misspelt key is told with the one that was meant; a scalar is no list; a list is no value."""
    assert problems(tmp_path, "symbl,amount\nETH,1\n")[0] == (1, 1, "unknown key `symbl`")
    assert problems(tmp_path, "- {symbol: [ETH], amount: 1}\n", "h.yaml")[0][2].startswith(
        "`symbol` is a list"
    )
    assert problems(tmp_path, "hello\n", "h.yaml")[0][2].endswith("expected a list")
    assert problems(tmp_path, "held: []\n", "h.yaml")[0][2] == "unknown key `held`"
    assert problems(tmp_path, "- 3\n", "h.yaml")[0][2].startswith("a position is a single value")


def test_empty_files(tmp_path: Path) -> None:
    """A heading alone or an empty list is an empty account; nothing at all is a mistake."""
    assert read(tmp_path, "symbol,amount\n") == ()
    assert read(tmp_path, "positions: []\n", "h.yaml") == ()
    assert problems(tmp_path, "")[0][2] == "the file is empty"
    assert problems(tmp_path, "", "h.json")[0][2] == "the file is empty"
    assert "are read from" in problems(tmp_path, "x", "held.txt")[0][2]


def test_an_open_quote_is_told(tmp_path: Path) -> None:
    """A quote that is not closed ends the line, not the program."""
    assert (2, 15, "a quote is not closed") in problems(tmp_path, 'symbol,amount\nETH/USDT:USDT,"1\n')
