"""What the parser says of a command line it cannot read, in the words of betacli: names in backticks, and a way out.

The exceptions are those of Typer's own Click, which is never imported: their attributes tell which is which.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from betacli.errors import BadUsage, did_you_mean, quoted, safe

LONGEST = 60  # of foreign text in a message
HELP = "`betacli --help` lists the commands, `betacli COMMAND --help` its options"
_NEEDED = {
    "float": "a number is needed",
    "int": "a whole number is needed",
    "boolean": "`true` or `false` is needed",
}
_NO_COMMAND = re.compile(r"No such command '(.*)'\.", re.DOTALL)
_WRONG_KIND = re.compile(r"'(.*)' is not a valid (float|int|boolean)\b.*", re.DOTALL)
_TOO_MANY = re.compile(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", re.DOTALL)


def unparsed(error: Exception, options: Mapping[str, str]) -> BadUsage:
    """Return the error to show for one of the parser's.

    Args:
        error: the parser's own.
        options: every long option of the tool, with a command that has it.
    """
    message = str(getattr(error, "message", error))
    context, param = getattr(error, "ctx", None), getattr(error, "param", None)
    name = getattr(error, "option_name", None)
    if name is not None:
        return (
            _no_option(name, context, options) if hasattr(error, "possibilities") else _misused(name, message)
        )
    if found := _NO_COMMAND.match(message):
        known = getattr(context.command, "commands", ()) if context else ()
        return BadUsage(
            problem=f"there is no command `{_shown(found[1])}`", way_out=did_you_mean(found[1], known) or HELP
        )
    if param is not None:
        return _bad_value(param, context, message)
    if found := _TOO_MANY.match(message):
        extra, command = found[1].split(" "), context.command_path if context else "betacli"
        problem = f"`{command}` takes no {quoted((_shown(word) for word in extra), limit=4)}"
        return BadUsage(problem=problem, way_out=f"`{command} --help` lists what it takes")
    problem = re.sub(r"'([^']*)'", r"`\1`", safe(message)).rstrip(".")
    return BadUsage(problem=problem[:1].lower() + problem[1:], way_out=HELP)


def _shown(text: str) -> str:
    return safe(text, LONGEST)


def _no_option(name: str, context: Any, options: Mapping[str, str]) -> BadUsage:
    """Say that an option does not exist, or not here."""
    command = context.command_path if context else "betacli"
    own = list(_flags(context))
    if context is not None and context.parent is None:
        problem = f"there is no option `{_shown(name)}` before the command"
        if name in options:
            return BadUsage(
                problem=problem, way_out=f"options follow the command: `betacli {options[name]} {name} …`"
            )
        return BadUsage(problem=problem, way_out=did_you_mean(name, own) or HELP)
    problem = f"`{command}` has no option `{_shown(name)}`"
    other = f"`betacli {options[name]}` has it" if name in options else None
    way_out = other or did_you_mean(name, own) or f"`{command} --help` lists its options"
    return BadUsage(problem=problem, way_out=way_out)


def _flags(context: Any) -> Iterator[str]:
    for param in context.command.get_params(context) if context else ():
        yield from (flag for flag in (*param.opts, *param.secondary_opts) if flag.startswith("--"))


def _misused(name: str, message: str) -> BadUsage:
    """Say that an option lacks its value, or has one that it does not take."""
    needs = "takes no value" if "does not take" in message else "needs a value"
    return BadUsage(problem=f"`{_shown(name)}` {needs}", way_out=HELP)


def _help_of(context: Any) -> str:
    return f"`{context.command_path} --help` lists its options" if context else HELP


def _bad_value(param: Any, context: Any, message: str) -> BadUsage:
    """Say what is wrong with a value, and where it comes from: the flag, or its variable."""
    command = context.command_path if context else "betacli"
    if param.param_type_name == "argument":
        name = param.make_metavar(context)
    else:
        name = max(param.opts, key=len)
        source = context.get_parameter_source(param.name) if context else None
        if source is not None and source.name == "ENVIRONMENT":
            name = param.envvar
    found = _WRONG_KIND.match(message)
    if found:
        is_band = param.name == "target" and ":" in found[1]
        way_out = f"a band is `--target-band {_shown(found[1])}`" if is_band else _help_of(context)
        return BadUsage(problem=f"`{name}` is `{_shown(found[1])}`: {_NEEDED[found[2]]}", way_out=way_out)
    if not message:
        return BadUsage(problem=f"`{name}` is missing", way_out=f"write `{command} {name}`")
    problem = re.sub(r"'([^']*)'", r"`\1`", safe(message)).rstrip(".")
    return BadUsage(problem=f"`{name}`: {problem[:1].lower()}{problem[1:]}", way_out=_help_of(context))
