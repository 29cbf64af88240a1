"""What the tool says about itself: the schemas of its answers, and where each setting comes from."""

from collections.abc import Sequence
from dataclasses import dataclass

from betacli.core.candles import iso
from betacli.document import Column, Document, Report, Table
from betacli.plan.request import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class NoInputs:
    """An answer that is made from nothing but the tool itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaRow:
    """One JSON Schema: the `schema` it stands for, its version, and what `data` is."""

    schema: str
    version: int
    describes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaList:
    """Every JSON Schema that can be printed."""

    schemas: tuple[SchemaRow, ...]

    def document(self) -> Document:
        """Return one row a schema."""
        columns = (
            Column(header="schema", align="left", tone=lambda _: "strong"),
            Column(header="version"),
            Column(header="data is", align="left"),
        )
        rows = tuple((row.schema, row.version, row.describes) for row in self.schemas)
        return Document(
            title="JSON Schemas: `betacli schema NAME` prints one",
            blocks=(Table(columns=columns, rows=rows),),
            records=self.schemas,
        )


def list_schemas(rows: Sequence[SchemaRow], run: Run) -> Report:
    """Answer `schema`."""
    return Report(
        schema="schema",
        tool=run.tool,
        as_of=iso(run.now_ms),
        generated_at=run.generated_at,
        inputs=NoInputs(),
        warnings=(),
        excluded=(),
        data=SchemaList(schemas=tuple(rows)),
    )


# --- config -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its name, its value, and `origin`: a flag, a plan, a variable, a file with its line, or `built-in`."""

    name: str
    value: str | float | bool | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigInputs:
    """The sector file that supplies the sectors, and the SHA-256 of what all files mean together."""

    config: str
    config_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigTable:
    """Every setting as a command would find it; `with_origin` adds their origins to the table."""

    settings: tuple[Setting, ...]
    with_origin: bool

    def document(self) -> Document:
        """Return one row a setting."""
        columns = [
            Column(header="setting", align="left", tone=lambda _: "strong"),
            Column(header="value", align="left"),
        ]
        rows: list[tuple[object, ...]] = [(s.name, _shown(s.value)) for s in self.settings]
        if self.with_origin:
            columns.append(Column(header="from", align="left", tone=lambda _: "quiet"))
            rows = [(*row, s.origin) for row, s in zip(rows, self.settings, strict=True)]
        return Document(
            title="Settings", blocks=(Table(columns=tuple(columns), rows=tuple(rows)),), records=self.settings
        )


def _shown(value: str | float | bool | None) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, float) else value


def show_config(settings: Sequence[Setting], inputs: ConfigInputs, run: Run, *, with_origin: bool) -> Report:
    """Answer `config show`."""
    return Report(
        schema="config-show",
        tool=run.tool,
        as_of=iso(run.now_ms),
        generated_at=run.generated_at,
        inputs=inputs,
        warnings=(),
        excluded=(),
        data=ConfigTable(settings=tuple(settings), with_origin=with_origin),
    )
