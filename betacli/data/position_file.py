"""What an account holds, from a file: CSV, YAML or JSON; every problem of the file at once, with line and column.

    symbol,amount,entry                  base,kind,notional
    ETH/USDT:USDT,1.5,4600               SOL,spot,12000
    BTC/USDT:USDT,-0.9,                  BTC,future,-60000

An amount is signed and in units of what the row names (`1000PEPE` counts thousands); a notional is in quote currency.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from betacli.data.coins import MULTIPLIERS
from betacli.data.node_reader import in_order, shape
from betacli.data.yaml_nodes import Items, Pairs, Scalar, compose, read_text
from betacli.errors import BadFile, Problem, did_you_mean, quoted, safe

COLUMNS = ("symbol", "base", "kind", "amount", "notional", "entry")
MOST = 1e15
SUFFIXES = (".csv", ".yaml", ".yml", ".json")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_FIELD = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,"]*))\s*(,|$)')
_NAME = r"[A-Za-z0-9$._]{1,32}"
_QUOTES = "USDT|USDC|USD|FDUSD"
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"(?P<base>{_NAME})/(?P<quote>[A-Za-z0-9]+):(?P<settle>[A-Za-z0-9]+)(?:-(?P<day>\d{{6}}))?",
        rf"(?P<base>{_NAME})/(?P<quote>[A-Za-z0-9]+)",
        rf"(?P<base>{_NAME})-(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})",
        rf"(?P<base>{_NAME}?)(?:-?(?P<quote>{_QUOTES}))?[-_](?P<day>\d{{6}})",
        rf"(?P<base>{_NAME})(?:-(?P<quote>{_QUOTES}))?-(?P<perp>SWAP|PERP)",
        rf"(?P<base>{_NAME})-(?P<quote>{_QUOTES})",
        rf"(?P<base>{_NAME}?)(?P<quote>{_QUOTES})",
        rf"(?P<base>{_NAME})",
    )
)
_MULTIPLIED = re.compile(rf"({'|'.join(sorted(MULTIPLIERS, key=len, reverse=True))})([A-Z].*)")

Kind = Literal["spot", "future"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One position as the file names it.

    `coin` is the name without a multiplier, `coins` how many of them one unit of the name is; `symbol` ccxt's own
    where it was written; `quote` None where it was not; `expiry` an ISO date for a dated future. One of `amount`
    (signed, in coins) and `notional` (signed, in quote currency) is None. `entry_price` is for one unit of the name.
    """

    written: str
    base: str
    coin: str
    coins: int
    symbol: str | None
    quote: str | None
    settle: str | None
    expiry: str | None
    kind: Kind
    amount: float | None
    notional: float | None
    entry_price: float | None
    line: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of the file where it stands."""

    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    base: str
    symbol: str | None
    quote: str | None
    settle: str | None
    expiry: str | None
    kind: Kind | None


Cells = Mapping[str, Cell]


def read_positions(path: Path) -> tuple[Row, ...]:
    """Return what the account holds, in the order of the file.

    Raises:
        BadFile: the file cannot be read, or has problems.
    """
    if path.suffix.lower() not in SUFFIXES:
        problem = Problem(
            what=f"positions are read from {quoted(SUFFIXES)}", hint="rename or convert the file"
        )
        raise BadFile(path=safe(path), problems=[problem])
    text = read_text(path)
    problems: list[Problem] = []
    cells = list(_csv(text, problems) if path.suffix.lower() == ".csv" else _nodes(text, problems))
    rows = [row for entry in cells if (row := _row(entry, problems)) is not None]
    _twice(rows, problems)
    if problems:
        raise BadFile(path=safe(path), problems=in_order(problems))
    return tuple(rows)


# --- cells --------------------------------------------------------------------------------------------------------


def _csv(text: str, problems: list[Problem]) -> Iterator[Cells]:
    """Yield the rows of a table with a heading; blank lines and those that begin with `#` are left out."""
    heading: list[str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        fields = _fields(line, number, problems)
        if heading is None:
            heading = [_column(cell, problems) for cell in fields]
            continue
        if len(fields) != len(heading):
            what = f"has {len(fields)} values under {len(heading)} columns"
            problems.append(Problem(what=what, line=number, column=1))
            continue
        yield {name: cell for name, cell in zip(heading, fields, strict=True) if cell.text}
    if heading is None:
        hint = "the first line names the columns, such as `symbol,amount`"
        problems.append(Problem(what="the file is empty", hint=hint))


def _fields(line: str, number: int, problems: list[Problem]) -> list[Cell]:
    cells: list[Cell] = []
    start = 0
    while True:
        found = _FIELD.match(line, start)
        if found is None:
            problems.append(Problem(what="a quote is not closed", line=number, column=start + 1))
            return cells
        plain = (found[2] or "").strip()
        place = found.start(1) if found[1] is not None else found.start(2)
        text = plain if found[1] is None else found[1].replace('""', '"').strip()
        cells.append(Cell(text, number, place + 1))
        start = found.end()
        if found[3] == "":
            return cells


def _nodes(text: str, problems: list[Problem]) -> Iterator[Cells]:
    """Yield the mappings of a list, which may stand under `positions`."""
    root, found = compose(text)
    problems.extend(found)
    if root is None:
        if not found:
            problems.append(
                Problem(what="the file is empty", hint="write `positions: []` for an empty account")
            )
        return
    if isinstance(root, Pairs):
        keys = [key for key, _ in root.pairs if key.text != "positions"]
        problems.extend(_unknown(Cell(key.text, key.line, key.column), ("positions",)) for key in keys)
        listed = [node for key, node in root.pairs if key.text == "positions"]
        if not listed:
            what = "expected a list of positions, or one under `positions`"
            problems.append(Problem(what=what, line=root.line, column=root.column))
            return
        root = listed[0]
    if not isinstance(root, Items):
        what = f"`positions` {shape(root)}: expected a list"
        problems.append(Problem(what=what, line=root.line, column=root.column))
        return
    for node in root.nodes:
        if not isinstance(node, Pairs):
            what = f"a position {shape(node)}: expected keys such as `symbol` and `amount`"
            problems.append(Problem(what=what, line=node.line, column=node.column))
            continue
        yield dict(_of(node, problems))


def _of(node: Pairs, problems: list[Problem]) -> Iterator[tuple[str, Cell]]:
    for key, value in node.pairs:
        name = _column(Cell(key.text, key.line, key.column), problems)
        if not isinstance(value, Scalar):
            what = f"`{safe(key.text, 60)}` {shape(value)}: expected a single value"
            problems.append(Problem(what=what, line=value.line, column=value.column))
        elif name and not value.is_null:
            yield name, Cell(value.text.strip(), value.line, value.column)


def _column(cell: Cell, problems: list[Problem]) -> str:
    name = {"entry_price": "entry"}.get(cell.text.lower(), cell.text.lower())
    if name not in COLUMNS:
        problems.append(_unknown(cell, COLUMNS))
        return ""
    return name


def _unknown(cell: Cell, known: tuple[str, ...]) -> Problem:
    hint = did_you_mean(cell.text[:60], known) or f"there are {quoted(known)}"
    return Problem(what=f"unknown key `{safe(cell.text, 60)}`", line=cell.line, column=cell.column, hint=hint)


# --- rows ---------------------------------------------------------------------------------------------------------


def _row(cells: Cells, problems: list[Problem]) -> Row | None:
    """Return one position, or None after saying what is wrong with it."""
    before = len(problems)
    named = _one_of(cells, ("symbol", "base"), problems)
    sized = _one_of(cells, ("amount", "notional"), problems)
    if named is None:
        return None
    name = _name(named, is_base="base" in cells, problems=problems)
    size = None if sized is None else _number(sized, problems)
    entry = _number(cells["entry"], problems) if "entry" in cells else None
    if entry is not None and entry <= 0:
        problems.append(_wrong(cells["entry"], "an entry price is above 0"))
    kind = _kind(cells.get("kind"), name, named, problems)
    if sized is not None and size is not None and size < 0 and kind == "spot":
        problems.append(_wrong(sized, "spot cannot be held short"))
    if len(problems) > before or name is None or kind is None or size is None:
        return None
    coin, coins = _coin(name.base)
    is_amount = "amount" in cells
    return Row(
        written=named.text,
        base=name.base,
        coin=coin,
        coins=coins,
        symbol=name.symbol,
        quote=name.quote,
        settle=name.settle,
        expiry=name.expiry,
        kind=kind,
        amount=size * coins if is_amount else None,
        notional=None if is_amount else size,
        entry_price=entry,
        line=named.line,
    )


def _one_of(cells: Cells, names: tuple[str, str], problems: list[Problem]) -> Cell | None:
    """Return the one of two values that is there."""
    there = [cells[name] for name in names if name in cells]
    if len(there) == 1:
        return there[0]
    place = there[1] if there else next(iter(cells.values()), Cell("", 1, 1))
    what = (
        f"both `{names[0]}` and `{names[1]}` are given" if there else f"neither `{names[0]}` nor `{names[1]}`"
    )
    problems.append(Problem(what=what, line=place.line, column=place.column, hint="give one of the two"))
    return None


def _number(cell: Cell, problems: list[Problem]) -> float | None:
    value = float(cell.text) if _NUMBER.fullmatch(cell.text) else math.nan
    if not math.isfinite(value):
        problems.append(_wrong(cell, "expected a number such as `-0.25`, without separators"))
        return None
    if abs(value) > MOST:
        problems.append(_wrong(cell, f"is beyond ±{MOST:g}"))
        return None
    return value


def _wrong(cell: Cell, what: str) -> Problem:
    return Problem(what=f"`{safe(cell.text, 60)}`: {what}", line=cell.line, column=cell.column)


def _name(cell: Cell, *, is_base: bool, problems: list[Problem]) -> _Name | None:
    """Read `ETH/USDT:USDT`, `ETH/USDT`, `1000PEPE-USDT`, `BTC-2026-12-25`, `BTCUSDT` or an asset's name."""
    forms = _FORMS[-1:] if is_base else _FORMS
    found = next((match for form in forms if (match := form.fullmatch(cell.text))), None)
    parts = {} if found is None else found.groupdict()
    expiry, valid = _expiry(parts.get("iso"), parts.get("day"))
    if found is None or not valid:
        what = (
            "expected an asset's name"
            if is_base
            else "expected a symbol such as `ETH/USDT:USDT` or `ETH/USDT`"
        )
        problems.append(_wrong(cell, what))
        return None
    kind: Kind | None = None
    if parts.get("settle") or expiry or parts.get("perp"):
        kind = "future"
    elif "/" in cell.text:
        kind = "spot"
    return _Name(
        base=parts["base"],
        symbol=cell.text if "/" in cell.text else None,
        quote=parts.get("quote"),
        settle=parts.get("settle"),
        expiry=expiry,
        kind=kind,
    )


def _expiry(iso: str | None, day: str | None) -> tuple[str | None, bool]:
    """Return an expiry as an ISO date, and whether what was written is one."""
    written = iso or (f"20{day[:2]}-{day[2:4]}-{day[4:]}" if day else None)
    if written is None:
        return None, True
    try:
        return date.fromisoformat(written).isoformat(), True
    except ValueError:
        return None, False


def _kind(cell: Cell | None, name: _Name | None, named: Cell, problems: list[Problem]) -> Kind | None:
    told = name.kind if name is not None else None
    if cell is None:
        if name is not None and told is None:
            hint = "add `kind`, `spot` or `future`"
            what = f"`{safe(named.text, 60)}` does not say whether it is spot or a future"
            problems.append(Problem(what=what, line=named.line, column=named.column, hint=hint))
        return told
    kind: Kind | None = next((known for known in ("spot", "future") if cell.text.lower() == known), None)
    if kind is None:
        problems.append(_wrong(cell, "expected `spot` or `future`"))
    elif told is not None and kind != told:
        problems.append(
            _wrong(cell, f"but `{safe(named.text, 60)}` is {'a future' if told == 'future' else 'spot'}")
        )
    return kind


def _coin(base: str) -> tuple[str, int]:
    """Return the coin and how many of it one unit is: 1000 PEPE for `1000PEPE`."""
    found = _MULTIPLIED.fullmatch(base)
    return (base, 1) if found is None else (found[2], MULTIPLIERS[found[1]])


def _twice(rows: list[Row], problems: list[Problem]) -> None:
    """Report positions that stand twice, and those that may: a perpetual without a quote beside another of its coin."""
    for k, row in enumerate(rows):
        first = next((other for other in rows[:k] if _same(other, row)), None)
        if first is not None:
            what = f"`{safe(row.written, 60)}` stands twice; the first is at line {first.line}"
            hint = "add the two up, or write ccxt's symbol of each"
            problems.append(Problem(what=what, line=row.line, column=1, hint=hint))


def _same(one: Row, other: Row) -> bool:
    """Whether two rows may mean one contract."""
    if (one.coin, one.kind, one.expiry) != (other.coin, other.kind, other.expiry):
        return False
    inverse = [row.settle is not None and row.settle != row.quote for row in (one, other)]
    alike = one.quote == other.quote or None in {one.quote, other.quote}
    return alike and inverse[0] == inverse[1]
