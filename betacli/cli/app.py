"""The Typer app: which command takes which options, and how a command line is run."""

import typer

from betacli import names
from betacli.cli.basket_commands import BasketCommands
from betacli.cli.basket_options import HedgeOptions, TargetOptions
from betacli.cli.closed import ClosedPipe
from betacli.cli.house_commands import HouseCommands
from betacli.cli.options import (
    BacktestArguments,
    BetaOptions,
    ConfigOptions,
    DataOptions,
    InitArguments,
    OutputOptions,
    SectorsArguments,
    StoreArguments,
    WhatOptions,
)
from betacli.cli.taking import takes
from betacli.cli.world import World
from betacli.errors import BadUsage

_ParserError: type[Exception] = typer.BadParameter.__mro__[
    2
]  # the base of all that the parser raises, in Typer's own Click


def build(here: World) -> typer.Typer:
    """Return the Typer app whose commands run in `here`."""
    codes = ", ".join(f"{code} {meaning}" for code, meaning in names.EXIT_CODES.items())
    app = typer.Typer(
        name="betacli",
        help="Plan sector baskets of crypto futures with the beta you want. Reads markets, places no orders.",
        epilog=f"Exit codes: {codes}.",
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    app.callback()(_globals)
    basket, house = BasketCommands(here), HouseCommands(here)
    planned = (WhatOptions, TargetOptions, DataOptions, OutputOptions)
    hedged = (WhatOptions, TargetOptions, HedgeOptions, DataOptions, OutputOptions)
    for command, groups in (
        (basket.beta, (WhatOptions, BetaOptions, DataOptions, OutputOptions)),
        (basket.solve, planned),
        (basket.hedge, hedged),
        (basket.checklist, hedged),
        (basket.backtest, (BacktestArguments, WhatOptions, DataOptions, OutputOptions)),
        (house.sectors, (SectorsArguments, ConfigOptions, OutputOptions)),
        (house.data, (StoreArguments, WhatOptions, DataOptions, OutputOptions)),
        (house.doctor, (DataOptions, OutputOptions)),
        (house.init, (InitArguments,)),
    ):
        app.command(command.__name__)(takes(*groups)(command))
    return app


def _say_version(wanted: bool) -> None:
    if wanted:
        from betacli import __version__  # noqa: PLC0415

        typer.echo(f"betacli {__version__}")
        raise typer.Exit


def _globals(
    _version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_say_version
    ),
) -> None:
    """Plan sector baskets of crypto futures with the beta you want. Reads markets, places no orders."""


def invoke(argv: list[str], here: World) -> int:
    """Parse and run one command line; without arguments, show the help.

    Raises:
        BadUsage: the command line cannot be parsed.
        BetacliError: what the command raised.
    """
    command = typer.main.get_command(build(here))
    try:
        code = command.main(args=argv or ["--help"], prog_name="betacli", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit:
        raise ClosedPipe from None  # Typer's own answer to a reader that left in the middle of the help
    except _ParserError as error:
        raise _unparsed(error) from None
    return code if isinstance(code, int) else 0


def _unparsed(error: Exception) -> BadUsage:
    """Put what the parser says into our words: a small letter first, no full stop, what was meant as the hint."""
    told = getattr(error, "format_message", lambda: str(error))()
    problem, _, meant = told.partition("(Possible options")[0].partition("Did you mean")
    possible = getattr(error, "possibilities", None) or ()
    way_out = "`betacli --help` lists the commands, `betacli COMMAND --help` its options"
    if possible or meant:
        way_out = (
            "did you mean "
            + (
                " or ".join(f"`{name}`" for name in sorted(possible))
                if possible
                else meant.strip(" ?'\n").join("``")
            )
            + "?"
        )
    problem = problem.strip().rstrip(".")
    return BadUsage(problem=problem[:1].lower() + problem[1:], way_out=way_out)
