"""The options that commands share, in groups: which assets, from where, printed how."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from betacli import names
from betacli.cli import completing
from betacli.cli.taking import DATA, OUTPUT, WHAT, option
from betacli.cli.values import joined, known_name
from betacli.errors import BadUsage


@dataclass(frozen=True, kw_only=True)
class WhatOptions:
    """Which assets, against what."""

    sector: Annotated[
        list[str] | None,
        option(
            "--sector",
            "-s",
            panel=WHAT,
            metavar="NAME",
            complete=completing.sectors,
            help="The sector: see `betacli sectors`. Repeat it for one basket of several.",
        ),
    ] = None
    only: Annotated[
        str | None,
        option(
            "--only",
            panel=WHAT,
            metavar="ETH,SOL",
            complete=completing.members,
            help="These members of the sector alone.",
        ),
    ] = None
    benchmark: Annotated[
        list[str] | None,
        option(
            "--benchmark",
            panel=WHAT,
            metavar="BTC",
            complete=completing.benchmarks,
            help="An asset, `BTC=0.6,ETH=0.4`, or `universe`; `beta` takes several.",
        ),
    ] = None

    @property
    def sector_name(self) -> str | None:
        """The sectors asked for as one name, `l1+defi`; None where none was."""
        return joined("--sector", self.sector)


@dataclass(frozen=True, kw_only=True)
class BetaOptions:
    """How the betas of `beta` are shown."""

    compare: Annotated[bool, option("--compare", panel=WHAT, help="Every preset side by side.")] = False
    rolling: Annotated[
        bool, option("--rolling", panel=WHAT, help="The path of each beta along the window.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class BacktestArguments:
    """What to walk forward over."""

    what: Annotated[
        str,
        typer.Argument(
            metavar="betas", autocompletion=completing.one_of(("betas",)), help="What to test: `betas`."
        ),
    ]
    since: Annotated[
        str | None,
        option("--since", panel=DATA, metavar="TIME", help="Read bars from this UTC moment on."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ConfigOptions:
    """Which sector file, as of when."""

    config: Annotated[
        Path | None,
        option(
            "--config",
            panel=DATA,
            metavar="FILE",
            help="Sector file. Default ./sectors.yaml, then the user's, then the packaged one.",
        ),
    ] = None
    as_of: Annotated[
        str | None,
        option("--as-of", panel=DATA, metavar="TIME", help="Answer as of this UTC moment (ISO 8601)."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class DataOptions(ConfigOptions):
    """Where the data comes from and how betas are made of it."""

    exchange: Annotated[
        str | None,
        option(
            "--exchange",
            "-e",
            panel=DATA,
            metavar="ID",
            complete=completing.one_of(names.EXCHANGES),
            help=f"{', '.join(names.EXCHANGES)} (`sample` is simulated).",
        ),
    ] = None
    exchange_unchecked: Annotated[
        bool,
        option(
            "--exchange-unchecked",
            panel=DATA,
            help="Let `--exchange` be any exchange of ccxt, though nobody has checked how it answers.",
        ),
    ] = False
    candles: Annotated[
        Path | None,
        option(
            "--candles", panel=DATA, metavar="PATH", help="CSV, gzip or Parquet files instead of an exchange."
        ),
    ] = None
    estimator: Annotated[
        str | None,
        option(
            "--estimator",
            panel=DATA,
            complete=completing.one_of(names.PRESETS),
            metavar="PRESET",
            help=f"{', '.join(names.PRESETS)}.",
        ),
    ] = None
    timeframe: Annotated[
        str | None,
        option(
            "--timeframe",
            panel=DATA,
            complete=completing.one_of(names.TIMEFRAMES),
            metavar="1d",
            help="Bars to measure on, in place of the preset's.",
        ),
    ] = None
    window: Annotated[
        str | None,
        option("--window", panel=DATA, metavar="90d", help="How far back, in place of the preset's."),
    ] = None
    half_life: Annotated[
        str | None, option("--half-life", panel=DATA, metavar="60d", help="Age returns exponentially.")
    ] = None
    beta: Annotated[
        list[str] | None,
        option(
            "--beta", panel=DATA, metavar="ETH=1.25", help="A beta by hand; repeatable, marked in the output."
        ),
    ] = None
    offline: Annotated[
        bool, option("--offline", panel=DATA, help="Never use the network: answer from the candle store.")
    ] = False
    no_store: Annotated[
        bool, option("--no-store", panel=DATA, help="Neither read nor fill the candle store.")
    ] = False
    timeout: Annotated[
        float, option("--timeout", panel=DATA, metavar="SECONDS", help="Deadline of the whole command.")
    ] = 30.0
    allow_missing: Annotated[
        bool, option("--allow-missing", panel=DATA, help="Leave out members whose data is refused.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """What is printed where, and the plan that stands for options: every command has these."""

    plan: Annotated[
        str | None,
        option(
            "--plan",
            "-p",
            panel=WHAT,
            complete=completing.plans,
            metavar="NAME",
            help="Options by name: see `betacli help plans`.",
        ),
    ] = None

    format: Annotated[
        str,
        option(
            "--format",
            "-O",
            panel=OUTPUT,
            complete=completing.one_of(names.FORMATS),
            metavar="NAME",
            help=f"{', '.join(names.FORMATS)}.",
        ),
    ] = "table"
    output: Annotated[
        Path | None,
        option(
            "--output",
            "-o",
            panel=OUTPUT,
            metavar="FILE",
            help="Write to a file, whole or not at all; `-` is stdout.",
        ),
    ] = None
    color: Annotated[
        bool | None, option("--color/--no-color", panel=OUTPUT, help="Colour, whatever the terminal says.")
    ] = None
    quiet: Annotated[
        bool,
        option(
            "--quiet",
            "-q",
            panel=OUTPUT,
            help="No notices, neither in a table nor on stderr; json and md keep them, errors are told.",
        ),
    ] = False
    verbose: Annotated[
        bool, option("--verbose", "-v", panel=OUTPUT, help="Say on stderr what is being done.")
    ] = False

    def check(self) -> None:
        """Refuse a format that does not exist and an output that is no file, before any work is done."""
        known_name("format", self.format, names.FORMATS)
        if self.output == Path():  # which is what an empty text becomes
            raise BadUsage(
                problem="`--output` is empty", way_out="name a file, or `-` for the standard output"
            )


@dataclass(frozen=True, kw_only=True)
class SectorsArguments:
    """What `sectors` should do, and with what."""

    action: Annotated[
        str,
        typer.Argument(
            metavar="[list|show|check]",
            autocompletion=completing.one_of(("list", "show", "check")),
            help="List all, show one, or check a file.",
        ),
    ] = "list"
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE]",
            autocompletion=completing.shown_sectors,
            help="The sector to show, or the file to check.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class StoreArguments:
    """What `data` should do with the candle store, and with which of its series."""

    action: Annotated[
        str,
        typer.Argument(
            metavar="[status|verify|fetch|export|clear]",
            autocompletion=completing.one_of(("status", "verify", "fetch", "export", "clear")),
            help="What is stored, is it sound, fill it, write a candle file, or delete.",
        ),
    ] = "status"
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The CSV file to export to; `.csv.gz` is packed.")
    ] = None
    symbol: Annotated[
        str | None,
        option("--symbol", panel=WHAT, metavar="ETH/USDT:USDT", help="Export or clear this contract alone."),
    ] = None
    yes: Annotated[bool, option("--yes", panel=WHAT, help="Do clear.")] = False


@dataclass(frozen=True, kw_only=True)
class InitArguments:
    """Where `init` writes."""

    path: Annotated[Path, typer.Argument(metavar="[FILE]", help="The sector file to write.")] = Path(
        "sectors.yaml"
    )


@dataclass(frozen=True, kw_only=True)
class HelpArguments:
    """What to explain."""

    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC|COMMAND]",
            autocompletion=completing.topics,
            help="Without one, the topics and commands.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ConfigArguments:
    """What `config` should do."""

    action: Annotated[str, typer.Argument(metavar="[show]", help="Show every setting and its value.")] = (
        "show"
    )
    origin: Annotated[
        bool, typer.Option("--origin", rich_help_panel=OUTPUT, help="And where each one comes from.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class SchemaArguments:
    """Whose JSON to describe."""

    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[COMMAND]",
            autocompletion=completing.schemas,
            help="Whose JSON; `error` for errors. Without one, the list.",
        ),
    ] = None
