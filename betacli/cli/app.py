"""The Typer app: which command takes which options, and how a command line is run."""

import os
from collections.abc import Callable, Collection
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial

import typer

from betacli.cli.about_commands import AboutCommands
from betacli.cli.account_options import AccountOptions
from betacli.cli.basket_commands import BasketCommands
from betacli.cli.basket_options import ExplainOptions, HedgeOptions, PlaceOptions, TargetOptions
from betacli.cli.closed import ClosedPipe
from betacli.cli.helping import COMPLETION, HelpfulCommand, HelpfulGroup, completion, without_rich
from betacli.cli.house_commands import HouseCommands
from betacli.cli.limit_options import LimitOptions, PairOptions
from betacli.cli.market_commands import MarketCommands
from betacli.cli.market_options import HoldingOptions, ProxyOptions, StepOptions, VenueOptions
from betacli.cli.options import (
    BacktestArguments,
    BetaOptions,
    ConfigArguments,
    ConfigOptions,
    DataOptions,
    HelpArguments,
    InitArguments,
    OutputOptions,
    SchemaArguments,
    SectorsArguments,
    StoreArguments,
    WhatOptions,
)
from betacli.cli.planning import option_types, optional, plan_of
from betacli.cli.taking import Given, is_option, options_of, takes
from betacli.cli.world import World
from betacli.errors import Interrupted

COMPLETE = "_BETACLI_COMPLETE"
COMPLETED = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")

_ParserError: type[Exception] = typer.BadParameter.__mro__[
    2
]  # the base of all that the parser raises, in Typer's own Click


Command = tuple[Callable[..., int], tuple[type, ...]]


def commands(here: World) -> tuple[Command, ...]:
    """Return every command with the groups of options it takes."""
    basket, house = BasketCommands(here), HouseCommands(here)
    about = AboutCommands(here, command_names)
    planned = (
        WhatOptions,
        PairOptions,
        TargetOptions,
        LimitOptions,
        AccountOptions,
        ExplainOptions,
        DataOptions,
        OutputOptions,
    )
    short = (
        WhatOptions, TargetOptions, LimitOptions, HedgeOptions, AccountOptions, ExplainOptions, DataOptions, OutputOptions,
    )  # fmt: skip
    hedged = (WhatOptions, TargetOptions, LimitOptions, HedgeOptions, DataOptions, OutputOptions)
    carried = (
        WhatOptions,
        TargetOptions,
        LimitOptions,
        HedgeOptions,
        HoldingOptions,
        DataOptions,
        OutputOptions,
    )
    market = MarketCommands(here)
    return (
        (basket.beta, (WhatOptions, BetaOptions, PlaceOptions, DataOptions, OutputOptions)),
        (basket.solve, planned),
        (basket.hedge, short),
        (
            basket.checklist,
            (WhatOptions, TargetOptions, LimitOptions, HedgeOptions, StepOptions, DataOptions, OutputOptions),
        ),
        (basket.backtest, (BacktestArguments, WhatOptions, DataOptions, OutputOptions)),
        (market.liquidity, hedged),
        (market.funding, carried),
        (market.basis, carried),
        (market.proxies, (WhatOptions, ProxyOptions, DataOptions, OutputOptions)),
        (market.venues, (WhatOptions, VenueOptions, *carried[1:])),
        (house.sectors, (SectorsArguments, ConfigOptions, OutputOptions)),
        (house.data, (StoreArguments, WhatOptions, DataOptions, OutputOptions)),
        (house.doctor, (DataOptions, OutputOptions)),
        (house.init, (InitArguments,)),
        (about.help, (HelpArguments,)),
        (about.schema, (SchemaArguments, OutputOptions)),
        (about.config, (ConfigArguments, Given, OutputOptions)),
    )


def command_names() -> tuple[str, ...]:
    """Return the names of all commands, as they are typed."""
    return tuple(command.__name__ for command, _ in commands(World.real()))


def every_group() -> tuple[type, ...]:
    """Return every group of options that any command takes."""
    return tuple(group for _, groups in commands(World.real()) for group in groups)


def build(here: World, words: Collection[str] | None = None) -> typer.Typer:
    """Return the Typer app whose commands run in `here`.

    Only commands named in `words` get their options, since making one command's options costs some 3 ms; the others
    are there by name. None gives every command its options.
    """
    app = typer.Typer(
        name="betacli",
        cls=HelpfulGroup,
        help="Plan sector baskets of crypto futures with the beta you want. Reads markets, places no orders.",
        epilog="`betacli help exit-codes` and `help formats`, `configuration`, `plans`, `environment` say more.",
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_globals)
    for command, groups in commands(here):
        name = command.__name__
        if words is None or name in words:
            every = optional(every_group()) if Given in groups else ()
            full = takes(*groups, plans=partial(plan_of, here), every=every)(command)
        else:
            full = _named(command)
        panel = command.__self__.PANEL  # type: ignore[attr-defined]
        app.command(name, cls=HelpfulCommand, rich_help_panel=panel)(full)
    return app


def _named(command: Callable[..., int]) -> Callable[[], int]:
    """Return a command's name and help without its options."""

    def bare() -> int:
        raise AssertionError(command.__name__)

    bare.__doc__ = command.__doc__
    return bare


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
    here = replace(here, options=lambda: option_types(every_group()))
    if argv[:1] == ["help"] and len(argv) == 2 and argv[1] in command_names():
        argv = [argv[1], "--help"]
    if len(argv) == 2 and argv[0] in COMPLETION:  # Typer's own flags take no shell, and guess
        here.stdout.write(completion(argv[0], argv[1]))
        return 0
    if COMPLETE in os.environ:
        without_rich()
    completed = " ".join(os.environ.get(name, "") for name in COMPLETED) if COMPLETE in os.environ else ""
    command = typer.main.get_command(build(here, {*argv, *completed.split()}))
    try:
        with redirect_stdout(here.stdout):  # Typer's own words: help, completion scripts
            code = command.main(args=argv or ["--help"], prog_name="betacli", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit:
        raise ClosedPipe from None  # Typer's own answer to a reader that left in the middle of the help
    except _ParserError as error:
        from betacli.cli.parsing import unparsed  # noqa: PLC0415

        raise unparsed(error, _homes()) from None
    if code == Interrupted.exit_code:
        raise KeyboardInterrupt  # which Typer has taken for itself
    return code if isinstance(code, int) else 0


def _homes() -> dict[str, str]:
    """Return every long option, with the first command that has it."""
    found: dict[str, str] = {}
    for command, groups in commands(World.real()):
        for field, hint in options_of([group for group in groups if group is not Given]):
            if is_option(hint):
                found.setdefault("--" + field.name.replace("_", "-"), command.__name__)
    return found
