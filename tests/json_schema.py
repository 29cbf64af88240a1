"""The part of JSON Schema 2020-12 that betacli prints, held against values.

A validator of our own, since none is among the test dependencies and these few keywords need no library; a keyword it
does not know fails the test, so that nothing goes unchecked. Objects are closed here: a field that the schema does not
tell of is a defect, though a reader of the schema may not rely on its absence.
"""

from typing import Any

KNOWN = {
    *(
        "$schema",
        "$id",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "enum",
        "const",
        "anyOf",
        "properties",
    ),
    *("required", "items", "prefixItems", "minItems", "maxItems", "additionalProperties", "format"),
}
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def problems(
    value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None, at: str = "$"
) -> list[str]:
    """Return every place where `value` is not what `schema` says."""
    root = schema if root is None else root
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    found: list[str] = []
    if "$ref" in schema:
        found += problems(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "anyOf" in schema:
        tried = [problems(value, option, root, at) for option in schema["anyOf"]]
        if all(tried):
            found += min(tried, key=len)
    if "type" in schema and not _has_type(value, schema["type"]):
        return [*found, f"{at}: {value!r} is no {schema['type']}"]
    if isinstance(value, dict):
        found += _object(value, schema, root, at)
    if isinstance(value, list):
        found += _array(value, schema, root, at)
    return found


def _has_type(value: Any, names: str | list[str]) -> bool:
    every = [names] if isinstance(names, str) else names
    if isinstance(value, bool):
        return "boolean" in every
    return any(isinstance(value, TYPES[name]) for name in every)


def _object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    properties, others = schema.get("properties"), schema.get("additionalProperties")
    found = [f"{at}: no `{name}`" for name in schema.get("required", ()) if name not in value]
    for name, entry in value.items():
        if properties is not None and name in properties:
            found += problems(entry, properties[name], root, f"{at}.{name}")
        elif others is not None:
            found += problems(entry, others, root, f"{at}.{name}")
        elif properties is not None:
            found.append(f"{at}: `{name}` is in no schema")
    return found


def _array(value: list[Any], schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    found = []
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        found.append(f"{at}: {len(value)} entries")
    fixed = schema.get("prefixItems", [])
    for place, entry in enumerate(value):
        inner = fixed[place] if place < len(fixed) else schema.get("items", {})
        found += problems(entry, inner, root, f"{at}[{place}]")
    return found
