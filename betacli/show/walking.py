"""Values as JSON holds them: every digit, text made inert, unknown as None."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from betacli.errors import safe

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


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
