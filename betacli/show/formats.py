"""The formats a report is written in. JSON is the result walked; the others are drawn from its document.

JSON, CSV and Markdown are for files and scripts: the same bytes whatever the screen. A format is one function
that returns the whole text, and one line in `FORMATS`.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence

from betacli.document import Report, Table
from betacli.errors import BetacliError, safe
from betacli.show.plain import Screen, cell_width, context, excluded_of, grid, marks_of, padded
from betacli.show.sheet import as_csv
from betacli.show.terminal import table
from betacli.show.walking import Json, walk

__all__ = ["FORMATS", "Screen", "error_envelope", "render", "stderr_notices", "walk"]

SCHEMA_VERSION = 1


# --- JSON text ----------------------------------------------------------------------------------------------------


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


# --- what a format has no place for -------------------------------------------------------------------------------


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
