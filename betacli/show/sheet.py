"""CSV: rows of full precision, each with the context it was computed in.

The columns are those of every kind of row that a result can have, by its declared type: what a result holds today
changes none of them. The columns of the first kind come first, then the context, then what only other kinds have, then
what was added later.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from io import StringIO
from types import UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from betacli.document import Report
from betacli.errors import safe
from betacli.show.plain import exchange_of
from betacli.show.walking import Json, walk

Path: TypeAlias = tuple[str, ...]  # of attributes, from a record to the value of a column
ROW = "row"

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def as_csv(report: Report, _: object = None) -> str:
    """Return the document's records as rows under columns that do not depend on them.

    Where a result has several kinds of row, the last column, `row`, tells which one a row is.
    """
    records = report.data.document().records
    kinds = (
        report.rows.kinds
        if report.rows
        else {kind.__name__: kind for kind in dict.fromkeys(map(type, records))}
    )
    leaves = {kind: _leaves(kind, records) for kind in kinds.values()}
    around: dict[str, Json] = {
        "as_of": report.as_of,
        "exchange": walk(exchange_of(report)),
        "simulated": report.simulated,
    }
    first, *others = leaves.values() or ({},)
    added = () if report.rows is None else report.rows.added
    old = [name for name in first if name not in added]
    columns = [*dict.fromkeys((*old, *around, *(name for other in others for name in other), *added))]
    around["exchange_unchecked"] = report.exchange_unchecked
    columns += ["exchange_unchecked", *([ROW] if others else [])]
    names = {kind: name for name, kind in kinds.items()}
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(column) for column in columns])
    for record in records:
        own = {
            column: walk(_at(record, path))
            for column, path in leaves[type(record)].items()
            if _has(record, path)
        }
        row = {**around, ROW: names[type(record)], **own}
        writer.writerow([_cell(row.get(column)) for column in columns])
    return out.getvalue()


def _leaves(kind: type, records: Sequence[object]) -> dict[str, Path]:
    """Return the columns of a kind of row; those of a mapping are the keys that any of them has."""
    if is_dataclass(kind):
        return _fields(kind)
    if not issubclass(kind, Mapping):
        raise TypeError("a CSV record is a dataclass or a mapping")
    keys = (key for record in records if isinstance(record, Mapping) for key in record)
    return {safe(key): (str(key),) for key in keys}


def _fields(kind: type, prefix: str = "", path: Path = ()) -> dict[str, Path]:
    """Return the leaves of a dataclass by its types, a field of a nested one as `parent_child`."""
    hints = get_type_hints(kind)
    found: dict[str, Path] = {}
    for field in fields(kind):
        name, place = prefix + field.name, (*path, field.name)
        nested = [part for part in _parts(hints[field.name]) if isinstance(part, type) and is_dataclass(part)]
        below: dict[str, Path] = {}
        for part in nested:
            below |= _fields(part, f"{name}_", place)
        if taken := found.keys() & (below or {name}):
            raise ValueError(f"two fields of a CSV record are called `{min(taken)}`")
        found |= below or {name: place}
    return found


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)


def _has(record: object, path: Path) -> bool:
    """Whether a record has that column at all: a mapping may lack it, and the context then holds."""
    return not isinstance(record, Mapping) or path[0] in record


def _at(record: object, path: Path) -> object:
    """Return the value at a path, None where anything on the way is unknown."""
    for name in path:
        record = record.get(name) if isinstance(record, Mapping) else getattr(record, name, None)
    return record


def _cell(value: Json) -> str:
    """Write one cell: unknown and empty are empty, a list or a mapping is JSON, and no text is a formula."""
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value) else value
    return repr(value)
