"""How a group of options becomes the options of a command.

A group is a frozen dataclass whose fields are Typer options. `takes` gives a command the options of its groups and
hands it the groups, so that an option is written once and means the same everywhere. A plan named by `--plan` stands
for the options it names: `taking` is where it takes their place.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_type_hints

import typer

WHAT, SIZE, LIMITS, DATA, OUTPUT = "What", "Size", "Limits", "Data", "Output"
RIVALS = {"exchange": "candles", "candles": "exchange"}  # naming one source of prices takes the other's place

Origin = Literal["flag", "plan", "variable", "default"]
Plans = Callable[[str, Path | None], Mapping[str, object]]


def option(
    *flags: str,
    panel: str,
    help: str,  # noqa: A002
    metavar: str | None = None,
    complete: Callable[..., Any] | None = None,
) -> Any:
    """Return a Typer option with its environment variable, `BETACLI_` and the long flag's name."""
    long = next(flag for flag in flags if flag.startswith("--"))
    return typer.Option(
        *flags,
        help=help,
        rich_help_panel=panel,
        metavar=metavar,
        envvar=variable_of(long),
        show_envvar=False,
        autocompletion=complete,
    )


def variable_of(flag: str) -> str:
    """Return the environment variable of an option: `BETACLI_HALF_LIFE` of `--half-life`."""
    return "BETACLI_" + flag.split("/", maxsplit=1)[0].removeprefix("--").replace("-", "_").upper()


@dataclass(frozen=True, kw_only=True)
class Given:
    """Every option of the tool with its value, and where that came from, for the command that shows them."""

    values: Mapping[str, object]
    origins: Mapping[str, Origin]


def options_of(groups: Sequence[type]) -> Iterator[tuple[Field[Any], Any]]:
    """Yield the fields of groups with their annotations, each name once."""
    seen: set[str] = set()
    for group in groups:
        hints = get_type_hints(group, include_extras=True)
        for field in fields(group):
            if field.name not in seen:
                seen.add(field.name)
                yield field, hints[field.name]


def is_option(annotation: Any) -> bool:
    """Whether an annotated field is an option, and no argument."""
    return any(isinstance(part, typer.models.OptionInfo) for part in getattr(annotation, "__metadata__", ()))


def takes(
    *groups: type, plans: Plans | None = None, every: Sequence[type] = ()
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the options of `groups`; it is called with one instance of each, in order.

    `plans` looks a plan up by name, in a sector file where one was given; `every` are the groups whose options stand
    behind `Given`.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        chosen = [group for group in groups if group is not Given] + (list(every) if Given in groups else [])
        found = {field.name: (field, hint) for field, hint in options_of(chosen)}
        parameters = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is MISSING else field.default,
                annotation=hint,
            )
            for name, (field, hint) in found.items()
        ]

        def flat(ctx: typer.Context, **values: Any) -> int:
            origins = {name: _origin(ctx, name) for name in values}
            if plans is not None and values.get("plan"):
                planned = plans(values["plan"], values.get("config"))
                _apply(planned, values, origins, {name: hint for name, (_, hint) in found.items()})
            given = Given(values=values, origins=origins)
            return command(
                *(
                    given if group is Given else group(**{f.name: values[f.name] for f in fields(group)})
                    for group in groups
                )
            )

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        flat.__name__ = command.__name__
        flat.__doc__ = command.__doc__
        flat.__signature__ = inspect.Signature([context, *parameters])  # type: ignore[attr-defined]
        flat.__annotations__ = {parameter.name: parameter.annotation for parameter in (context, *parameters)}
        return flat

    return decorate


def _origin(ctx: typer.Context, name: str) -> Origin:
    source = ctx.get_parameter_source(name)
    known: dict[str, Origin] = {"COMMANDLINE": "flag", "ENVIRONMENT": "variable"}
    return known.get(source.name, "default") if source is not None else "default"


def _apply(
    plan: Mapping[str, object], values: dict[str, Any], origins: dict[str, Origin], hints: Mapping[str, Any]
) -> None:
    """Put the plan's options in their places, except where a flag was given."""
    for name, value in plan.items():
        rival = RIVALS.get(name)
        if name not in values or origins[name] == "flag" or (rival and origins.get(rival) == "flag"):
            continue
        values[name], origins[name] = _as_option(value, hints[name]), "plan"
        if rival in values and rival not in plan:
            values[rival], origins[rival] = None, "default"


def _as_option(value: object, hint: Any) -> object:
    """Return a plan's value as the option would have read it."""
    kinds = {
        part for part in getattr(hint.__origin__, "__args__", (hint.__origin__,)) if part is not type(None)
    }
    if any(getattr(kind, "__origin__", kind) is list for kind in kinds):
        return [str(part) for part in value] if isinstance(value, tuple | list) else [str(value)]
    if isinstance(value, tuple | list):
        return ",".join(str(part) for part in value)
    return Path(str(value)) if Path in kinds else value
