"""How a group of options becomes the options of a command.

A group is a frozen dataclass whose fields are Typer options. `takes` gives a command the options of its groups and
hands it the groups, so that an option is written once and means the same everywhere.
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

import typer

WHAT, SIZE, LIMITS, DATA, OUTPUT = "What", "Size", "Limits", "Data", "Output"


def option(*flags: str, panel: str, help: str, metavar: str | None = None) -> Any:  # noqa: A002
    """Return a Typer option with its environment variable, `BETACLI_` and the long flag's name."""
    long = next(flag for flag in flags if flag.startswith("--"))
    variable = "BETACLI_" + long.split("/")[0].removeprefix("--").replace("-", "_").upper()
    return typer.Option(
        *flags, help=help, rich_help_panel=panel, metavar=metavar, envvar=variable, show_envvar=False
    )


def takes(*groups: type) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the options of `groups`; it is called with one instance of each, in order."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        parameters: list[inspect.Parameter] = []
        for group in groups:
            hints = get_type_hints(group, include_extras=True)
            for field in fields(group):
                default = inspect.Parameter.empty if field.default is MISSING else field.default
                parameters.append(
                    inspect.Parameter(
                        field.name,
                        inspect.Parameter.KEYWORD_ONLY,
                        default=default,
                        annotation=hints[field.name],
                    )
                )

        def flat(**values: object) -> int:
            return command(*(group(**{f.name: values[f.name] for f in fields(group)}) for group in groups))

        flat.__name__ = command.__name__
        flat.__doc__ = command.__doc__
        flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return flat

    return decorate
