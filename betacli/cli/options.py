"""The shared options, in groups, and how each becomes a value of the domain.

A group is a frozen dataclass whose fields are Typer options. `takes` gives a command the options of its groups and
hands it the groups, so that an option is written once and means the same everywhere.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from betacli import names
from betacli.errors import BadOption, UnknownName

MAX_BETA = 100.0
WHAT, SIZE, LIMITS, DATA, OUTPUT = "What", "Size", "Limits", "Data", "Output"


def _option(*flags: str, panel: str, help: str, metavar: str | None = None) -> Any:  # noqa: A002
    """Return a Typer option with its environment variable, `BETACLI_` and the long flag's name."""
    long = next(flag for flag in flags if flag.startswith("--"))
    variable = "BETACLI_" + long.split("/")[0].removeprefix("--").replace("-", "_").upper()
    return typer.Option(
        *flags, help=help, rich_help_panel=panel, metavar=metavar, envvar=variable, show_envvar=False
    )


@dataclass(frozen=True, kw_only=True)
class WhatOptions:
    """Which assets, against what."""

    sector: Annotated[
        str | None,
        _option("--sector", "-s", panel=WHAT, metavar="NAME", help="The sector: see `betacli sectors`."),
    ] = None
    only: Annotated[
        str | None,
        _option("--only", panel=WHAT, metavar="ETH,SOL", help="These members of the sector alone."),
    ] = None
    benchmark: Annotated[
        list[str] | None,
        _option(
            "--benchmark",
            panel=WHAT,
            metavar="BTC",
            help="An asset, `BTC=0.6,ETH=0.4`, or `universe`; `beta` takes several.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class BetaOptions:
    """How the betas of `beta` are shown."""

    compare: Annotated[bool, _option("--compare", panel=WHAT, help="Every preset side by side.")] = False
    rolling: Annotated[
        bool, _option("--rolling", panel=WHAT, help="The path of each beta along the window.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class BacktestArguments:
    """What to walk forward over."""

    what: Annotated[str, typer.Argument(metavar="betas", help="What to test: `betas`.")]
    since: Annotated[
        str | None,
        _option("--since", panel=DATA, metavar="TIME", help="Read bars from this UTC moment on."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """The beta wanted, and how large."""

    target: Annotated[
        float | None,
        _option(
            "--target", "-t", panel=WHAT, metavar="BETA", help="The basket's beta. Without it: base weights."
        ),
    ] = None
    notional: Annotated[
        float | None,
        _option("--notional", panel=SIZE, metavar="AMOUNT", help="Size of the basket, in quote currency."),
    ] = None
    equity: Annotated[
        float | None,
        _option("--equity", panel=SIZE, metavar="AMOUNT", help="The margin account, in quote currency."),
    ] = None
    leverage: Annotated[
        float | None,
        _option(
            "--leverage",
            panel=SIZE,
            metavar="X",
            help="Basket notional over equity. Two of the three fix the third.",
        ),
    ] = None
    weighting: Annotated[
        str,
        _option(
            "--weighting", panel=LIMITS, metavar="NAME", help=f"Base weights: {', '.join(names.WEIGHTINGS)}."
        ),
    ] = "equal"
    min_weight: Annotated[
        float | None,
        _option("--min-weight", panel=LIMITS, metavar="W", help="The least an asset may weigh. Default 0."),
    ] = None
    max_weight: Annotated[
        float | None,
        _option(
            "--max-weight",
            panel=LIMITS,
            metavar="W",
            help="The most an asset may weigh. Default 0.40, or 1 below three assets.",
        ),
    ] = None
    allow_short: Annotated[
        bool, _option("--allow-short", panel=LIMITS, help="Weights may go down to minus the maximum.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class HedgeOptions:
    """How much exposure to keep."""

    hedge_to: Annotated[
        float,
        _option(
            "--hedge-to", panel=WHAT, metavar="BETA", help="Benchmark exposure to keep, per unit of notional."
        ),
    ] = 0.0


@dataclass(frozen=True, kw_only=True)
class ConfigOptions:
    """Which sector file, as of when."""

    config: Annotated[
        Path | None,
        _option(
            "--config",
            panel=DATA,
            metavar="FILE",
            help="Sector file. Default ./sectors.yaml, then the user's, then the packaged one.",
        ),
    ] = None
    as_of: Annotated[
        str | None,
        _option("--as-of", panel=DATA, metavar="TIME", help="Answer as of this UTC moment (ISO 8601)."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class DataOptions(ConfigOptions):
    """Where the data comes from and how betas are made of it."""

    exchange: Annotated[
        str | None,
        _option(
            "--exchange",
            "-e",
            panel=DATA,
            metavar="ID",
            help=f"{', '.join(names.EXCHANGES)} (`sample` is simulated).",
        ),
    ] = None
    candles: Annotated[
        Path | None,
        _option(
            "--candles", panel=DATA, metavar="PATH", help="CSV, gzip or Parquet files instead of an exchange."
        ),
    ] = None
    estimator: Annotated[
        str | None, _option("--estimator", panel=DATA, metavar="PRESET", help=f"{', '.join(names.PRESETS)}.")
    ] = None
    timeframe: Annotated[
        str | None,
        _option(
            "--timeframe", panel=DATA, metavar="1d", help="Bars to measure on, in place of the preset's."
        ),
    ] = None
    window: Annotated[
        str | None,
        _option("--window", panel=DATA, metavar="90d", help="How far back, in place of the preset's."),
    ] = None
    half_life: Annotated[
        str | None, _option("--half-life", panel=DATA, metavar="60d", help="Age returns exponentially.")
    ] = None
    beta: Annotated[
        list[str] | None,
        _option(
            "--beta", panel=DATA, metavar="ETH=1.25", help="A beta by hand; repeatable, marked in the output."
        ),
    ] = None
    offline: Annotated[
        bool, _option("--offline", panel=DATA, help="Never use the network: answer from the candle store.")
    ] = False
    no_store: Annotated[
        bool, _option("--no-store", panel=DATA, help="Neither read nor fill the candle store.")
    ] = False
    timeout: Annotated[
        float, _option("--timeout", panel=DATA, metavar="SECONDS", help="Deadline of the whole command.")
    ] = 30.0
    allow_missing: Annotated[
        bool, _option("--allow-missing", panel=DATA, help="Leave out members whose data is refused.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """What is printed where."""

    format: Annotated[
        str, _option("--format", "-O", panel=OUTPUT, metavar="NAME", help=f"{', '.join(names.FORMATS)}.")
    ] = "table"
    output: Annotated[
        Path | None,
        _option("--output", "-o", panel=OUTPUT, metavar="FILE", help="Write to a file, whole or not at all."),
    ] = None
    color: Annotated[
        bool | None, _option("--color/--no-color", panel=OUTPUT, help="Colour, whatever the terminal says.")
    ] = None
    quiet: Annotated[bool, _option("--quiet", "-q", panel=OUTPUT, help="No notices on stderr.")] = False
    verbose: Annotated[
        bool, _option("--verbose", "-v", panel=OUTPUT, help="Say on stderr what is being done.")
    ] = False

    def check(self) -> None:
        """Raise `UnknownName` for a format that does not exist, before any work is done."""
        known_name("format", self.format, names.FORMATS)


@dataclass(frozen=True, kw_only=True)
class SectorsArguments:
    """What `sectors` should do, and with what."""

    action: Annotated[
        str, typer.Argument(metavar="[list|show|check]", help="List all, show one, or check a file.")
    ] = "list"
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME|FILE]", help="The sector to show, or the file to check.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class StoreArguments:
    """What `data` should do with the candle store, and with which of its series."""

    action: Annotated[
        str,
        typer.Argument(
            metavar="[status|verify|fetch|export|clear]",
            help="What is stored, is it sound, fill it, write a candle file, or delete.",
        ),
    ] = "status"
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The CSV file to export to; `.csv.gz` is packed.")
    ] = None
    symbol: Annotated[
        str | None,
        _option("--symbol", panel=WHAT, metavar="ETH/USDT:USDT", help="Export or clear this contract alone."),
    ] = None
    yes: Annotated[bool, _option("--yes", panel=WHAT, help="Do clear.")] = False


@dataclass(frozen=True, kw_only=True)
class InitArguments:
    """Where `init` writes."""

    path: Annotated[Path, typer.Argument(metavar="[FILE]", help="The sector file to write.")] = Path(
        "sectors.yaml"
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


# --- values ---------------------------------------------------------------------------------------------------


def known_name(what: str, name: str, known: tuple[str, ...]) -> str:
    """Return the name, or raise `UnknownName` with the nearest."""
    if name not in known:
        raise UnknownName(what=what, name=name, known=known)
    return name


def number(
    option: str,
    value: float | None,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
) -> float | None:
    """Return a finite number within its range, or raise `BadOption`; Typer's own floats take `nan` and `inf`."""
    if value is None:
        return None
    problem = None
    if not math.isfinite(value):
        problem = "a finite number is needed"
    elif above is not None and value <= above:
        problem = f"must be above {above:g}"
    elif least is not None and value < least:
        problem = f"must be at least {least:g}"
    elif most is not None and value > most:
        problem = f"must be at most {most:g}"
    if problem:
        raise BadOption(option=option, value=f"{value:g}", problem=problem)
    return value


def listed(option: str, written: str | None) -> tuple[str, ...]:
    """Split `ETH,SOL`; a name given twice counts once."""
    if written is None:
        return ()
    found = [name.strip() for name in written.split(",")]
    if not all(found):
        raise BadOption(option=option, value=written, problem="a name is missing", way_out="write `ETH,SOL`")
    return tuple(dict.fromkeys(found))


def betas_by_hand(written: list[str] | None) -> dict[str, float]:
    """Read `ETH=1.25`, repeated."""
    betas: dict[str, float] = {}
    for entry in written or ():
        base, equals, text = entry.partition("=")
        try:
            beta = float(text)
        except ValueError:
            beta = math.nan
        if math.isfinite(beta) and abs(beta) > MAX_BETA:
            raise BadOption(option="--beta", value=entry, problem=f"no asset has a beta beyond ±{MAX_BETA:g}")
        if not (base and equals and math.isfinite(beta)):
            raise BadOption(
                option="--beta",
                value=entry,
                problem="a name, `=` and a number are needed",
                way_out="write `--beta ETH=1.25`",
            )
        if base in betas and betas[base] != beta:
            raise BadOption(
                option="--beta", value=entry, problem=f"`{base}` was already given {betas[base]:g}"
            )
        betas[base] = beta
    return betas


def moment(written: str, option: str = "--as-of") -> int:
    """Return the milliseconds since the epoch of an ISO 8601 time; one without an offset is UTC.

    Raises:
        BadOption: the text is no such time.
    """
    try:
        when = datetime.fromisoformat(written.strip())
    except ValueError:
        way_out = "write `2026-01-31T07:00:00Z` or `2026-01-31`"
        raise BadOption(
            option=option, value=written, problem="not a time in ISO 8601", way_out=way_out
        ) from None
    try:
        return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
    except (OverflowError, OSError):
        raise BadOption(option=option, value=written, problem="not a time that can be counted") from None
