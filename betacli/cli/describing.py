"""The `schema` command: JSON Schemas by name, from the dataclasses of the results."""

import inspect
import json
from importlib import import_module

from betacli.cli.asking import run_of
from betacli.cli.options import ConfigOptions
from betacli.cli.values import known_name
from betacli.cli.world import World
from betacli.document import Report
from betacli.plan.about import SchemaRow, list_schemas
from betacli.plan.results import RESULTS
from betacli.show.formats import SCHEMA_VERSION
from betacli.show.schema import error_schema, report_schema

ERROR = "error"
DEFINES_ERRORS = (
    "betacli.core.infeasible",
    "betacli.data.store",
)  # beside `errors.py`; a test finds one that is missing


def schema_text(name: str) -> str:
    """Return one JSON Schema as text.

    Raises:
        UnknownName: no answer has that name.
    """
    known_name("schema", name, (*RESULTS, ERROR))
    if name == ERROR:
        for module in DEFINES_ERRORS:  # an error that nobody has imported would be no branch of the tree
            import_module(module)
    schema = error_schema() if name == ERROR else report_schema(name, *RESULTS[name].types())
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def listed(here: World) -> Report:
    """Return the report of all schemas."""
    rows = [
        SchemaRow(schema=f"betacli/{name}", version=SCHEMA_VERSION, describes=_summary(result.types()[0]))
        for name, result in RESULTS.items()
    ]
    told = "an error with `-O json`: kind, message, hint, whether waiting helps"
    rows.append(SchemaRow(schema=f"betacli/{ERROR}", version=SCHEMA_VERSION, describes=told))
    return list_schemas(rows, run_of(ConfigOptions(), here))


def _summary(data: type) -> str:
    """Return the first sentence of a result's docstring, without its full stop."""
    first = inspect.cleandoc(data.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    return first.split(". ")[0].rstrip(".")
