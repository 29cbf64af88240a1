"""The formats a report is written in. JSON is the result walked; the others are drawn from its document.

JSON, CSV and Markdown are for files and scripts: the same bytes whatever the screen. A format is one function
that returns the whole text, and one line in `FORMATS`.
"""

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from io import StringIO
from typing import TypeAlias

from betacli.document import Report, Table
from betacli.errors import BetacliError, safe
from betacli.show.plain import Screen, cell_width, context, exchange_of, excluded_of, grid, marks_of, padded
from betacli.show.terminal import table

__all__ = ["FORMATS", "Screen", "error_envelope", "render", "stderr_notices", "walk"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
SCHEMA_VERSION = 1


# --- values -> JSON -----------------------------------------------------------------------------------------------


def walk(value: object) -> Json:
    """Return a value as JSON holds it, dataclasses field by field and numbers with every digit.

    NaN and infinities are unknown: None. Text is made inert. A value that JSON has no certain form for raises
    TypeError, rather than being written as whatever `str` makes of it.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: walk(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): walk(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [walk(entry) for entry in value]
    if hasattr(value, "dtype"):
        return walk(_plain(value))
    return _scalar(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a JSON key must be text, not {type(key).__name__}")
    return safe(key)


def _plain(value: object) -> object:
    """Turn a numpy scalar or array into Python's own; kinds whose meaning would be lost on the way are refused."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    plain = value.tolist() if kind in "biufUO" and hasattr(value, "tolist") else value
    if hasattr(plain, "dtype"):
        raise TypeError(f"no JSON form for {type(value).__name__} of kind `{kind}`")
    return plain


def _scalar(value: object) -> Json:
    if isinstance(value, Enum):
        return walk(value.value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, date):
        return _time(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _number(value: float | Decimal) -> int | float | None:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        if value.adjusted() < 40 and value == int(value):
            return int(value)
    number = float(value)
    return number + 0.0 if math.isfinite(number) else None  # + 0.0 makes -0.0 a plain zero


def _time(value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is None:
        raise TypeError("a datetime without a time zone has no certain moment")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def json_text(value: object) -> str:
    """Return a frozen value as JSON, walked field by field."""
    return _json_text(walk(value))


def _json_text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


# --- JSON ---------------------------------------------------------------------------------------------------------


def as_json(report: Report, _: Screen) -> str:
    """Return the report walked field by field in the envelope every command shares."""
    generated: dict[str, Json] = {} if report.generated_at is None else {"generated_at": report.generated_at}
    explained: dict[str, Json] = {"explanation": walk(report.explanation)} if report.explanation else {}
    return _json_text(
        {
            "schema": f"betacli/{report.schema}",
            "schema_version": SCHEMA_VERSION,
            "tool": walk({"name": "betacli", **report.tool}),
            **generated,
            "as_of": report.as_of,
            "inputs": _inputs(report),
            "status": report.status,
            "warnings": [
                {"id": safe(w.id), "detail": safe(w.detail), "severity": w.severity} for w in report.warnings
            ],
            "excluded": walk(report.excluded),
            "data": walk(report.data),
            **explained,
        }
    )


def _inputs(report: Report) -> Json:
    inputs = walk(report.inputs)
    added: dict[str, Json] = {} if report.plan is None else {"plan": safe(report.plan)}
    if report.exchange_unchecked:
        added["exchange_unchecked"] = True
    return {**inputs, **added} if isinstance(inputs, dict) else inputs


def error_envelope(error: BetacliError) -> str:
    """Return an error as JSON: what happened, what to do, and the facts the sentence was built from."""
    told: dict[str, Json] = {
        "kind": error.kind,
        "message": _lines(error.message),
        "hint": None if error.hint is None else _lines(error.hint),
        "retryable": error.retryable,
        "exit_code": error.exit_code,
    }
    facts = {name: walk(fact) for name, fact in error.facts().items() if name not in told}
    return _json_text(
        {
            "schema": "betacli/error",
            "schema_version": SCHEMA_VERSION,
            "status": "refused",
            "error": {**told, **facts},
        }
    )


def _lines(text: str) -> str:
    return "\n".join(safe(line) for line in text.split("\n"))


# --- CSV ----------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def as_csv(report: Report, _: Screen) -> str:
    """Return the document's records as rows of full precision, each with the context it was computed in."""
    nested: set[str] = set()
    rows = [_flat(walk(record), nested) for record in report.data.document().records]
    around: dict[str, Json] = {
        "as_of": report.as_of,
        "exchange": walk(exchange_of(report)),
        "simulated": report.simulated,
        **({"exchange_unchecked": True} if report.exchange_unchecked else {}),
    }
    # In the order first seen. A record's own `exchange` stands where the record has it; a name that is a nested
    # value in one row and missing in another has its columns already.
    keys = [key for key in dict.fromkeys(key for row in [*rows, around] for key in row) if key not in nested]
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(key) for key in keys])
    writer.writerows([_cell({**around, **row}.get(key)) for key in keys] for row in rows)
    return out.getvalue()


def _flat(record: Json, nested: set[str], prefix: str = "") -> dict[str, Json]:
    """Return the leaves of a record, a field of a nested value as `parent_child`; note the parents in `nested`."""
    if not isinstance(record, dict):
        raise TypeError("a CSV record is a dataclass or a mapping")
    leaves: dict[str, Json] = {}
    for name, entry in record.items():
        key = prefix + name
        found = _flat(entry, nested, f"{key}_") if isinstance(entry, dict) else {key: entry}
        if isinstance(entry, dict):
            nested.add(key)
        if taken := leaves.keys() & found.keys():
            raise ValueError(f"two fields of a CSV record are called `{min(taken)}`")
        leaves |= found
    return leaves


def _cell(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value) else value
    return repr(value)


def stderr_notices(report: Report, fmt: str) -> list[str]:
    """Return the notices that `fmt` has no place for; the other formats hold them beside the numbers."""
    if fmt != "csv":
        return []
    return [
        *(f"{notice.severity}: {safe(notice.detail)}" for notice in report.warnings),
        *(safe(f"excluded: {base} ({reason}) {detail}") for base, reason, detail in excluded_of(report)),
    ]


# --- Markdown -----------------------------------------------------------------------------------------------------

_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
# What would format, and the two ways in which GitHub makes a link of bare text. An underscore inside a word is text.
_MARKS = re.compile(r"[\\`*\[\]<>&|~$#]|(?<![^\W_])_|_(?![^\W_])|(?<=[A-Za-z]):(?=//)|(?<=\b[wW]{3})\.")
_CODE = re.compile(r"(`[^`]+`)")


def as_md(report: Report, _: Screen) -> str:
    """Return the report as GitHub's Markdown, foreign text inert, legible as plain mail too."""
    document = report.data.document()
    around = [_escaped(part) for part in context(report)] + [f"**{mark}**" for mark in marks_of(report)]
    parts = [f"# {_escaped(document.title)}", " · ".join(around)]
    for block in document.blocks:
        if block.title:
            parts.append(f"## {_escaped(block.title)}")
        parts.append(_md_table(block) if isinstance(block, Table) else _md_facts(block.pairs))
    for number, step in enumerate(report.explanation, start=1):
        parts.append(f"## {number}. {_escaped(step.title)}")
        parts.append("\n".join(f"- {_sentence(line)}" for line in step.lines))
    if report.warnings:
        notices = [f"- **{notice.severity}**: {_sentence(notice.detail)}" for notice in report.warnings]
        parts += ["## Notices", "\n".join(notices)]
    if report.excluded:
        excluded = [
            f"- **{_escaped(base)}** ({_escaped(reason)}) {_sentence(detail)}"
            for base, reason, detail in excluded_of(report)
        ]
        parts += ["## Left out", "\n".join(excluded)]
    return "\n\n".join(parts) + "\n"


def _escaped(value: object) -> str:
    return _unformatted(safe(value))


def _unformatted(text: str) -> str:
    return _MARKS.sub(lambda mark: _ENTITIES.get(mark[0]) or f"\\{mark[0]}", text)


def _sentence(text: str) -> str:
    """Escape a notice, except what stands between two backticks: names, which stay code."""
    pieces = _CODE.split(safe(text))
    return "".join(piece if odd % 2 else _unformatted(piece) for odd, piece in enumerate(pieces))


def _md_table(block: Table) -> str:
    cells = grid(block, _escaped)
    if not cells.rows:
        return "none"
    rows = [[cell.text for cell in line] for line in [cells.header, *cells.rows]]
    if cells.footer:
        rows.append([f"**{cell.text}**" if cell.text else "" for cell in cells.footer])
    return _pipes(rows, [column.align for column in cells.columns])


def _md_facts(pairs: Iterable[tuple[str, str]]) -> str:
    return _pipes(
        [["", ""], *([_escaped(label), _escaped(value)] for label, value in pairs)], ["left", "left"]
    )


def _pipes(rows: Sequence[Sequence[str]], aligns: Sequence[str]) -> str:
    """Draw rows, the first of them the header, as a pipe table whose columns line up."""
    widths = [max(4, *(cell_width(text) for text in column)) for column in zip(*rows, strict=True)]
    rule = [
        "-" * (width - 1) + (":" if align == "right" else "-")
        for width, align in zip(widths, aligns, strict=True)
    ]

    def line(texts: Sequence[str]) -> str:
        filled = (
            padded(text, width, align) for text, width, align in zip(texts, widths, aligns, strict=True)
        )
        return "| " + " | ".join(a + text + b for text, (a, b) in zip(texts, filled, strict=True)) + " |"

    return "\n".join([line(rows[0]), line(rule), *(line(row) for row in rows[1:])])


# --- the formats --------------------------------------------------------------------------------------------------

FORMATS: dict[str, Callable[[Report, Screen], str]] = {
    "table": table,
    "json": as_json,
    "csv": as_csv,
    "md": as_md,
}


def render(report: Report, fmt: str, screen: Screen) -> str:
    """Return the whole text of a report in a format, ending in one newline."""
    return FORMATS[fmt](report, screen)
