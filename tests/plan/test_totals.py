"""Every total that `solve` and `hedge` print, recomputed from the legs that they print, in every format.

Tables and Markdown are read back as text: a total may differ from the sum of its printed parts by half a unit of the
last digit for each part. JSON and CSV hold full precision and must agree to 1e-9.
"""

import csv
import io
import json
import math
import random
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import Cli

COMMON = ("--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z")
HAND = ("--sector", "l1", "--only", "ETH,SOL", "--beta", "ETH=1.25", "--beta", "SOL=1.60")
HELD = "symbol,kind,amount,notional\nETH/USDT:USDT,,2.5,\nETH/USDT,,1,\nSOL/USDT:USDT,,-30,\nBTC/USDT:USDT,,-0.4,\n"
HELD += "DOGE-USDT,future,,5000\nBTC/USDT,,0.1,\n"
L1 = ("--sector", "l1", *COMMON)
FOUR = ("--sector", "l1", "--only", "ETH,SOL,BNB,ADA", *COMMON)

SOLVE = {
    "base weights": L1,
    "target": (*L1, "--target", "1.4"),
    "small": (*L1, "--target", "1.4", "--notional", "2000"),
    "short": (*FOUR, "--target", "1.0", "--allow-short", "--max-weight", "0.8"),
    "cap on equity": (*L1, "--weighting", "cap", "--equity", "12345.67", "--leverage", "3"),
    "two sectors": ("--sector", "l1", "--sector", "defi", *COMMON, "--target", "1.3"),
    "held": (*FOUR, "--positions", "held.csv", "--min-trade", "500"),
    "by hand": (*HAND, "--target", "1.4"),
}
HEDGE = {
    "plain": (*FOUR, "--target", "1.4"),
    "levered": (*L1, "--target", "1.4", "--leverage", "5"),
    "kept": (*FOUR, "--hedge-to", "0.3", "--equity", "30000", "--notional", "77777.77"),
    "future": (*FOUR, "--hedge-with", "next-quarter", "--leverage", "2"),
    "index": (*FOUR, "--benchmark", "BTC=0.6,ETH=0.4", "--leverage", "4"),
    "itself": (*FOUR, "--benchmark", "ETH", "--leverage", "4"),
    "risk": (*FOUR, "--target", "1.3", "--equity", "10000", "--risk", "2%"),
    "held": (*FOUR, "--target", "1.4", "--leverage", "5", "--positions", "held.csv", "--min-trade", "500"),
    "held itself": (*FOUR, "--benchmark", "ETH", "--leverage", "4", "--positions", "held.csv"),
    "by hand": (*HAND, "--target", "1.4", "--notional", "100000", "--leverage", "5"),
}


SUMMED = {
    "leg": ("notional", "initial margin", "maintenance"),
    "contract": ("held", "planned", "trade", "after"),
    "position": ("notional", "notional × beta"),
}


def drawn(seed: int) -> tuple[str, tuple[str, ...]]:
    """Return a command with options drawn by a seed."""
    rng = random.Random(seed)
    names = rng.sample(
        ["ADA", "ALGO", "ATOM", "AVAX", "BNB", "DOT", "ETH", "NEAR", "SOL", "TRX"], rng.randint(3, 8)
    )
    argv = ["--sector", "l1", "--only", ",".join(names), *COMMON, "--max-weight", "0.7"]
    argv += ["--notional", f"{10 ** rng.uniform(3.5, 6):.2f}", "--equity", f"{10 ** rng.uniform(6, 7):.2f}"]
    argv += ["--weighting", rng.choice(["equal", "inverse-volatility", "liquidity"])]
    argv += rng.choice([[], ["--allow-short"]])
    if rng.random() < 0.5:
        argv += ["--positions", "held.csv", "--min-trade", str(rng.choice([0, 1000, 50_000]))]
    command = rng.choice(["solve", "hedge"])
    if command == "hedge":
        argv += [
            "--hedge-to",
            f"{rng.uniform(-0.5, 1):.2f}",
            "--hedge-with",
            rng.choice(["perp", "quarter", "ETH"]),
        ]
    return command, tuple(argv)


CASES = [
    *(pytest.param("solve", argv, id=f"solve {name}") for name, argv in SOLVE.items()),
    *(pytest.param("hedge", argv, id=f"hedge {name}") for name, argv in HEDGE.items()),
    *(pytest.param(*drawn(seed), id=f"drawn {seed}") for seed in range(10)),
]


def run(cli: Cli, command: str, argv: tuple[str, ...], fmt: str) -> str:
    Path("held.csv").write_text(HELD)
    ran = cli(command, *argv, "-O", fmt)
    assert ran.code == 0, ran.err
    return ran.out


# --- tables read back --------------------------------------------------------------------------------------------------


@dataclass
class Grid:
    """A table as text: its columns by header, its rows and its footer as cells."""

    header: list[str]
    rows: list[list[str]]
    footer: list[str] | None

    def column(self, name: str) -> list[str]:
        k = self.header.index(name)
        return [row[k] for row in self.rows]

    def total(self, name: str) -> str:
        assert self.footer is not None
        return self.footer[self.header.index(name)]


def grids_of_text(text: str) -> dict[str, Grid]:
    """Read the tables of the text format, by the first header: a rule under the header, one above the footer."""
    lines = text.split("\n")
    found: dict[str, Grid] = {}
    rules = [k for k, line in enumerate(lines) if line and set(line) == {"─"}]
    for k in rules:
        if (
            k + 1 >= len(lines)
            or not lines[k - 1].strip()
            or (k in rules and _is_footer_rule(lines, k, rules))
        ):
            continue
        end = k + 1
        while end < len(lines) and lines[end].strip():
            end += 1
        block = [lines[k - 1], *[line for line in lines[k + 1 : end] if set(line) != {"─"}]]
        has_footer = any(k < r < end for r in rules)
        cells = _cells(block)
        body = cells[1:]
        found[cells[0][0]] = Grid(
            cells[0], body[:-1] if has_footer else body, body[-1] if has_footer else None
        )
    return found


def _is_footer_rule(lines: list[str], k: int, rules: list[int]) -> bool:
    above = k - 1
    while above >= 0 and lines[above].strip():
        if above in rules:
            return True
        above -= 1
    return False


def _cells(block: list[str]) -> list[list[str]]:
    """Cut lines where two or more character columns are blank in all of them."""
    width = max(map(len, block))
    padded = [line.ljust(width) for line in block]
    blank = "".join(" " if all(line[c] == " " for line in padded) else "x" for c in range(width))
    spans = [match.span() for match in re.finditer(r"x+(?: x+)*", blank)]
    return [[line[a:b].strip() for a, b in spans] for line in padded]


def grids_of_md(text: str) -> dict[str, Grid]:
    """Read the pipe tables of the Markdown format, by the first header; a bold last row is the footer."""
    found: dict[str, Grid] = {}
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        raw = [line.strip("|\n") for line in block.strip().split("\n")]
        rows = [[cell.strip().replace("\\", "") for cell in re.split(r"(?<!\\)\|", line)] for line in raw]
        header, body = rows[0], rows[2:]
        footer = body.pop() if any(cell.startswith("**") for cell in body[-1]) else None
        found[header[0]] = Grid(header, body, [c.strip("*") for c in footer] if footer else None)
    return found


def value(cell: str) -> float | None:
    """Return the number of a cell, a percentage as it is written; None for `n/a`, blanks and words."""
    try:
        return float(cell.replace(",", "").replace("%", "").replace("x", "").strip())
    except ValueError:
        return None


def unit(cell: str) -> float:
    """Return half a unit of the last digit of a cell."""
    digits = cell.rstrip(" %x").partition(".")[2]
    return 0.5 * 10.0 ** -len(digits)


def assert_sums(grid: Grid, name: str) -> None:
    """The total of a column is the sum of what is printed in it, to the rounding of each part."""
    total = value(grid.total(name))
    cells = [cell for cell in grid.column(name) if cell]
    parts = [value(cell) for cell in cells]
    if total is None:
        assert None in parts, name
        return
    known = [part for part in parts if part is not None]
    slack = sum(map(unit, cells)) + unit(grid.total(name)) + 1e-9
    assert math.fsum(known) == pytest.approx(total, abs=slack), name


def assert_weighted(grid: Grid, by: str, scale: float) -> None:
    """The beta under the legs is Σ printed beta × printed size, per unit of the basket."""
    total = value(grid.total("beta"))
    if total is None:
        return
    pairs = [
        (value(b), value(q))
        for b, q in zip(grid.column("beta"), grid.column(by), strict=True)
        if value(q) is not None
    ]
    found = sum((b or 0.0) * (q or 0.0) for b, q in pairs) / scale
    slack = sum((abs(q or 0.0) / scale) * 5e-5 + abs(b or 0.0) * 0.005 / scale for b, q in pairs) + 6e-5
    assert found == pytest.approx(total, abs=slack)


@pytest.mark.parametrize("fmt", ["table", "md"])
@pytest.mark.parametrize(("command", "argv"), CASES)
def test_printed_totals_are_the_totals_of_what_is_printed(
    cli: Cli, command: str, argv: tuple[str, ...], fmt: str
) -> None:
    """Sums, betas, margins and scenarios of every table follow from its own rows."""
    text = run(cli, command, argv, fmt)
    grids = grids_of_text(text) if fmt == "table" else grids_of_md(text)
    legs = grids["asset"]
    assert len(legs.rows) >= 2
    basket = [row for row in legs.rows if row[legs.header.index("note")] != "hedge"]
    notionals = [value(row[legs.header.index("notional")]) or 0.0 for row in basket]
    for name in ("notional", "rounded"):
        assert_sums(legs, name)
    if command == "solve":
        for name in ("base weight", "weight"):
            assert_sums(legs, name)
    if "held.csv" not in argv or command == "solve":
        assert_weighted(legs, "notional", sum(notionals))
    for name, columns in SUMMED.items():
        for column in columns if name in grids else ():
            assert_sums(grids[name], column)
    if "contract" in grids:
        assert_trades(grids["contract"])
    for name, grid in grids.items():
        if name.endswith(" moves") and "account" in grid.header:
            assert_moves(grid)


def assert_trades(trades: Grid) -> None:
    """Held and traded is after, and the words say which way."""
    for row in trades.rows:
        cells = dict(zip(trades.header, row, strict=True))
        held, trade, after = (value(cells[name]) or 0.0 for name in ("held", "trade", "after"))
        assert held + trade == pytest.approx(after, abs=0.016)
        way = "buy " if trade > 0 else "sell " if trade < 0 else "nothing"
        assert cells["today"].startswith(way)


def assert_moves(moves: Grid) -> None:
    """Basket, hedge and what else is held add up to the account."""
    for row in moves.rows:
        cells = dict(zip(moves.header, row, strict=True))
        parts = [value(cells[name]) for name in ("basket", "hedge", "other positions") if name in cells]
        if None not in parts:
            assert math.fsum(part or 0.0 for part in parts) == pytest.approx(
                value(cells["account"]), abs=0.021
            )


def test_a_wrong_total_is_seen(cli: Cli) -> None:
    """The reader of tables finds a total that is a cent too much per leg, so that these tests can fail."""
    text = run(cli, "hedge", HEDGE["levered"], "table")
    for grids in (grids_of_text(text), grids_of_md(run(cli, "hedge", HEDGE["levered"], "md"))):
        legs = grids["asset"]
        assert len(legs.rows) == 11
        assert legs.footer is not None
        k = legs.header.index("notional")
        legs.footer[k] = f"{(value(legs.footer[k]) or 0.0) + 0.12:.2f}"
        with pytest.raises(AssertionError):
            assert_sums(legs, "notional")
        assert {"asset", "BTC moves", "leg", "basket beta"} <= set(grids)


# --- full precision ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "argv"), CASES)
def test_json_and_csv_agree_and_add_up(cli: Cli, command: str, argv: tuple[str, ...]) -> None:
    """Every sum, beta, margin and rounding of the JSON from its own legs to 1e-9; the CSV has the same legs."""
    data = json.loads(run(cli, command, argv, "json"))["data"]
    rows = list(csv.DictReader(io.StringIO(run(cli, command, argv, "csv"))))
    basket = data if command == "solve" else data["basket"]
    assert_basket(basket)
    records = list(basket["legs"])
    if command == "hedge":
        assert_hedge(data)
        records += data["hedge"]["parts"]
    if data["today"]:
        assert_today(data["today"])
        records += data["today"]["trades"]
        records += [position for position in data["today"]["positions"] if not position["traded"]]
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        for name in ("beta", "notional", "contracts", "amount"):
            told = record.get(name)  # a position that is held has no contracts
            assert row[name] == ("" if told is None else row[name])
            assert told is None or float(row[name]) == pytest.approx(told, rel=1e-12)


def near(found: float, told: float | None, scale: float = 1.0) -> None:
    assert found == pytest.approx(told, rel=1e-9, abs=1e-9 * max(scale, 1.0))


def assert_basket(basket: dict) -> None:
    legs, size = basket["legs"], basket["notional"]
    near(math.fsum(leg["weight"] for leg in legs), 1.0)
    near(math.fsum(leg["base_weight"] for leg in legs), 1.0)
    near(math.fsum(leg["notional"] for leg in legs), size, size)
    near(math.fsum(leg["weight"] * leg["beta"] for leg in legs), basket["beta"])
    rounded = basket["rounded"]
    if rounded["notional"] is not None:
        held = [leg["rounded_notional"] for leg in legs]
        near(math.fsum(held), rounded["notional"], size)
        near(math.fsum(held) / size, rounded["deployed"])
        near(
            math.fsum(q * leg["beta"] for q, leg in zip(held, legs, strict=True)) / math.fsum(held),
            rounded["beta"],
        )
        for leg in legs:
            near(leg["contracts"] * leg["price"], leg["rounded_notional"], size)
    if basket["equity"]:
        near(size / basket["equity"], basket["basket_leverage"])
        near(basket["beta"] * size / basket["equity"], basket["effective_beta_exposure"])


def assert_hedge(data: dict) -> None:
    basket, parts = data["basket"], data["hedge"]["parts"]
    size = basket["notional"]
    near(math.fsum(part["notional"] for part in parts), data["hedge"]["notional"], size)
    if data["today"] is None:
        every = [*basket["legs"], *parts]
        near(math.fsum(q["notional"] for q in every), data["net_notional"], size)
        near(math.fsum(abs(q["notional"]) for q in every), data["gross_notional"], size)
        near(math.fsum(q["notional"] * q["beta"] for q in every) / size, data["aggregate_beta"])
        if data["rounded"]:
            held = math.fsum(q["rounded_notional"] * q["beta"] for q in every)
            near(held / basket["rounded"]["notional"], data["rounded_aggregate_beta"])
            near(
                math.fsum(abs(q["rounded_notional"]) for q in every), data["rounded"]["gross_notional"], size
            )
    near(data["aggregate_beta"] or 0.0, data["hedge"]["hedge_to"], 1.0)
    for book in (data, data["rounded"]):
        if book:
            assert_book(book, data["equity"])


def assert_book(book: dict, equity: float | None) -> None:
    legs = book["margin"]["legs"]
    for name in ("initial", "maintenance"):
        parts = [leg[name] for leg in legs]
        if book["margin"][name] is not None:
            near(math.fsum(parts), book["margin"][name], 1e6)
        else:
            assert None in parts
    for leg in legs:
        if leg["max_leverage"]:
            near(abs(leg["notional"]) / leg["max_leverage"], leg["initial"], 1e3)
        if leg["maintenance_rate"] is not None:
            near(abs(leg["notional"]) * leg["maintenance_rate"], leg["maintenance"], 1e3)
    if equity:
        near(math.fsum(abs(leg["notional"]) for leg in legs) / equity, book["account_leverage"])
    for s in book["scenarios"]:
        near(s["basket_pnl"] + s["hedge_pnl"] + s["outside_pnl"], s["net_pnl"], abs(s["basket_pnl"]))
        if equity:
            near(s["net_pnl"] / equity, s["equity_change"])
    plain = {one["benchmark_move"]: one for one in book["outcomes"] if one["case"] == "estimated"}
    for s in book["scenarios"]:
        near(plain[s["benchmark_move"]]["net_pnl"], s["net_pnl"], abs(s["basket_pnl"]))


def assert_today(today: dict) -> None:
    trades, positions = today["trades"], today["positions"]
    made = [t for t in trades if t["order"] != "none"]
    near(math.fsum(abs(t["notional"]) for t in made), today["turnover"], 1e6)
    beside = math.fsum(p["beta_notional"] for p in positions if not p["traded"])
    near(math.fsum(t["held_notional"] * t["beta"] for t in trades) + beside, today["held_beta_notional"], 1e6)
    near(
        math.fsum(t["after_notional"] * t["beta"] for t in trades) + beside, today["after_beta_notional"], 1e6
    )
    near(math.fsum(t["left_over_beta"] or 0.0 for t in trades), today["left_over_beta"])
    for trade in trades:
        done = trade["notional"] if trade["order"] != "none" else 0.0
        near(trade["held_notional"] + done, trade["after_notional"], 1e6)
    for p in positions:
        near(p["notional"] * p["beta"], p["beta_notional"], 1e6)
