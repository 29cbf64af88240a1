"""JSON Schema (2020-12) of what commands print, made from the dataclasses of their results.

A field's type gives its schema, `None` among its types makes it nullable, and the sentence of the docstring that
names it in backticks describes it. Objects stay open, and a field with a default is not required: one that is added
later changes no version, and what was written before it is still valid.
"""

import ast
import inspect
import re
import types
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from betacli.errors import BetacliError, ExchangeFailed
from betacli.show.formats import SCHEMA_VERSION

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "number"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    Any: {},
    object: {},
}
_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}


def report_schema(name: str, data: type, inputs: type, excluded: type) -> Schema:
    """Return the schema of a command's JSON.

    Args:
        name: the command's name, as in `betacli/NAME`.
        data: the dataclass of the result.
        inputs: the dataclass of what it was made from.
        excluded: the dataclass of an asset that was left out.
    """
    known = _Definitions()
    properties: Schema = {
        "schema": {"const": f"betacli/{name}"},
        "schema_version": {"const": SCHEMA_VERSION},
        "tool": _object({"name": {"const": "betacli"}, "version": _TEXT, "ccxt": _TEXT}, {"ccxt"}),
        "generated_at": _TIME | {"description": "When it was made; left out under `--as-of`."},
        "as_of": _TIME | {"description": "The UTC moment the answer is for."},
        "inputs": known.of(inputs),
        "status": {"enum": ["ok", "warning"], "description": "`warning` when a warning is more than a note."},
        "warnings": {
            "type": "array",
            "items": _object({"id": _TEXT, "detail": _TEXT, "severity": _SEVERITY}),
        },
        "excluded": {"type": "array", "items": known.of(excluded)},
        "explanation": {"type": "array", "items": _STEP, "description": "With `--explain` alone."},
        "data": known.of(data),
    }
    optional = {"generated_at", "explanation"}
    own = known.made.get(inputs.__name__, {}).get("properties", {})
    own.setdefault(
        "plan", _TEXT | {"description": "The plan whose options were used; left out without `--plan`."}
    )
    own.setdefault("exchange_unchecked", _UNCHECKED)
    return _whole(f"betacli {name}", f"betacli/{name}", _object(properties, optional)) | {"$defs": known.made}


_UNCHECKED: Schema = {
    "const": True,
    "description": "Nobody has checked how this exchange answers; left out for those betacli knows.",
}
_SEVERITY: Schema = {"enum": ["note", "warning"]}


def _object(properties: Schema, optional: Collection[str] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


_STEP: Schema = _object({"title": _TEXT, "lines": {"type": "array", "items": _TEXT}})


def error_schema() -> Schema:
    """Return the schema of an error with `-O json`; kinds and exit codes are those of the exception tree."""
    errors = _every(BetacliError)
    named = {error.kind for error in errors if isinstance(error.kind, str)}
    kinds = sorted(named | set(ExchangeFailed.REASONS))
    error = _object(
        {
            "kind": {"enum": kinds, "description": "Stable name for scripts."},
            "message": _TEXT | {"description": "What happened, with the numbers."},
            "hint": {"type": ["string", "null"], "description": "What to do about it."},
            "retryable": {"type": "boolean", "description": "True only where waiting helps."},
            "exit_code": {"enum": sorted({error.exit_code for error in errors})},
        }
    )
    error["description"] = (
        "The facts the message was built from stand beside these, by the kind of the error."
    )
    properties = {
        "schema": {"const": "betacli/error"},
        "schema_version": {"const": SCHEMA_VERSION},
        "status": {"const": "refused"},
        "error": error,
    }
    return _whole("betacli error", "betacli/error", _object(properties))


def _every(error: type[BetacliError]) -> list[type[BetacliError]]:
    return [error, *(each for below in error.__subclasses__() for each in _every(below))]


def _whole(title: str, name: str, schema: Schema) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": f"urn:{name.replace('/', ':')}:{SCHEMA_VERSION}",
        "title": title,
        **schema,
    }


class _Definitions:
    """Dataclasses met on the way, each described once under `$defs`."""

    def __init__(self) -> None:
        self.made: Schema = {}
        self._types: dict[str, type] = {}

    def of(self, kind: Any) -> Schema:
        """Return the schema of a type."""
        if isinstance(kind, types.UnionType) or get_origin(kind) is Union:
            return _either([self.of(part) for part in get_args(kind)])
        if get_origin(kind) is Literal:
            return {"enum": list(get_args(kind))}
        if isinstance(kind, type) and is_dataclass(kind):
            return self._reference(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"enum": [member.value for member in kind]}
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        return self._container(kind)

    def _container(self, kind: Any) -> Schema:
        origin, parts = get_origin(kind) or kind, get_args(kind)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(parts[1]) if parts else {}}
        if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
            if origin is tuple and parts and parts[-1] is not Ellipsis:
                items = [self.of(part) for part in parts]
                return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
            return {"type": "array", "items": self.of(parts[0]) if parts else {}}
        raise TypeError(f"no JSON Schema for {kind}")

    def _reference(self, kind: type) -> Schema:
        name = kind.__name__
        if self._types.setdefault(name, kind) is not kind:
            name = f"{kind.__module__.rsplit('.', 1)[-1]}_{name}"
            self._types[name] = kind
        if name not in self.made:
            self.made[name] = {}  # a result may hold others of its own kind
            hints = _hints(kind)
            told = _told(kind)
            properties: Schema = {}
            for field in fields(kind):
                properties[field.name] = self.of(hints[field.name])
                if field.name in told:
                    properties[field.name]["description"] = told[field.name]
            summary = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
            self.made[name] = {"description": summary, **_object(properties, _added(kind))}
        return {"$ref": f"#/$defs/{name}"}


def _added(kind: type) -> set[str]:
    """Return the fields that a result of an earlier release may lack: those with a default."""
    return {
        field.name
        for field in fields(kind)
        if field.default is not MISSING or field.default_factory is not MISSING
    }


def _hints(kind: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields, also of those whose modules it names under `TYPE_CHECKING` alone."""
    known: dict[str, Any] = {}
    for base in kind.__mro__[:-1]:
        source = inspect.getsource(import_module(base.__module__))
        for node in ast.walk(ast.parse(source)):
            if (
                isinstance(node, ast.If)
                and isinstance(node.test, ast.Name)
                and node.test.id == "TYPE_CHECKING"
            ):
                for line in (line for line in node.body if isinstance(line, ast.ImportFrom)):
                    module = import_module(str(line.module))
                    known |= {alias.name: getattr(module, alias.name) for alias in line.names}
    return get_type_hints(kind, localns=known)


def _either(options: list[Schema]) -> Schema:
    """Return the schema of one of several, short where all are plain types."""
    if all(set(option) == {"type"} for option in options):
        return {"type": list(dict.fromkeys(option["type"] for option in options))}
    return {"anyOf": options}


def _told(kind: type) -> dict[str, str]:
    """Return, by field, the clause of the docstring that names it first."""
    text = " ".join(inspect.cleandoc(kind.__doc__ or "").split())
    names = {field.name for field in fields(kind)}
    found: dict[str, str] = {}
    for clause in re.split(r"(?<=[.;])\s+", text):
        for name in re.findall(r"`(\w+)`", clause):
            if name in names:
                found.setdefault(name, clause.rstrip(";."))
    return found
