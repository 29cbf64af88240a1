"""The commands. Each one reads its options, asks the plan layer one question, and delivers the report."""

import json
from collections.abc import Callable
from pathlib import Path

import typer

from betacli import names
from betacli.cli.closed import ClosedPipe
from betacli.cli.options import (
    BacktestArguments,
    BetaOptions,
    ConfigOptions,
    DataOptions,
    HedgeOptions,
    InitArguments,
    OutputOptions,
    SectorsArguments,
    StoreArguments,
    TargetOptions,
    WhatOptions,
    known_name,
    takes,
)
from betacli.cli.progress import progress
from betacli.cli.world import World
from betacli.document import Report
from betacli.errors import BadUsage

_ParserError: type[Exception] = typer.BadParameter.__mro__[
    2
]  # the base of all that the parser raises, in Typer's own Click


class Commands:
    """The commands, bound to the world they run in. Every method returns an exit code."""

    def __init__(self, here: World) -> None:
        self._here = here

    def beta(self, what: WhatOptions, shown: BetaOptions, data: DataOptions, output: OutputOptions) -> int:
        """Measure each member's beta, with its standard error and interval.

        Example: betacli beta --sector l1 --exchange sample
        """
        from betacli.cli import asking  # noqa: PLC0415  numpy, which `--help` need not pay
        from betacli.plan.beta_compare import plan_comparison, plan_rolling  # noqa: PLC0415
        from betacli.plan.beta_table import plan_betas  # noqa: PLC0415

        output.check()
        views = shown.compare + shown.rolling + (len(what.benchmark or ()) > 1)
        if views > 1:
            problem = "`--compare`, `--rolling` and several benchmarks are three views"
            raise BadUsage(problem=problem, way_out="choose one")
        universe = asking.read_universe(data, self._here)
        request = asking.beta_request(what, data, universe, self._here)
        others = asking.benchmarks_of(what, universe)[1:]
        with asking.market_for(request, universe, data, self._here) as market:
            if (shown.compare or shown.rolling) and market is None:
                raise BadUsage(
                    problem="betas by hand have no other presets and no path", way_out="name a source"
                )
            if shown.compare and market is not None:
                report = plan_comparison(request, universe, market)
            elif shown.rolling and market is not None:
                report = plan_rolling(request, universe, market)
            else:
                report = plan_betas(request, universe, market, others)
        return self._deliver(report, output)

    def backtest(
        self, arguments: BacktestArguments, what: WhatOptions, data: DataOptions, output: OutputOptions
    ) -> int:
        """Score every preset on the month that followed each of its forecasts.

        Example: betacli backtest betas --candles closes.csv.gz
        """
        from betacli.cli import asking  # noqa: PLC0415
        from betacli.plan.backtest import plan_backtest  # noqa: PLC0415
        from betacli.plan.stopwatch import Stopwatch  # noqa: PLC0415

        output.check()
        known_name("backtest", arguments.what, ("betas",))
        universe = asking.read_universe(data, self._here)
        request = asking.backtest_request(arguments, what, data, universe, self._here)
        watch = Stopwatch(self._here.monotonic)
        with asking.history_of(request.run, universe, data, self._here) as source:
            report = plan_backtest(
                request, universe, source, progress=progress(self._here, "forecast"), watch=watch
            )
        if output.verbose:
            for step in watch.steps:
                self._here.stderr.write(f"{step.step}: {step.seconds:.3f} s, {step.share:.0%}\n")
        return self._deliver(report, output)

    def solve(
        self, what: WhatOptions, target: TargetOptions, data: DataOptions, output: OutputOptions
    ) -> int:
        """Solve the basket weights that have exactly the target beta.

        Example: betacli solve --sector l1 --target 1.4 --exchange sample
        """
        from betacli.plan.basket import plan_basket  # noqa: PLC0415

        return self._basket(plan_basket, what, target, HedgeOptions(), data, output)

    def hedge(
        self,
        what: WhatOptions,
        target: TargetOptions,
        hedge: HedgeOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Size the benchmark short that neutralises the basket, and show what it does to the account.

        Example: betacli hedge --sector l1 --target 1.4 --leverage 5 --exchange sample
        """
        from betacli.plan.hedge import plan_hedge  # noqa: PLC0415

        return self._basket(plan_hedge, what, target, hedge, data, output)

    def checklist(
        self,
        what: WhatOptions,
        target: TargetOptions,
        hedge: HedgeOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Judge the trade in eight steps; exit 10 when one fails.

        Example: betacli checklist --sector l1 --target 1.4 --leverage 5 --exchange sample
        """
        from betacli.plan.checklist import plan_checklist  # noqa: PLC0415

        return self._basket(plan_checklist, what, target, hedge, data, output)

    def sectors(self, arguments: SectorsArguments, config: ConfigOptions, output: OutputOptions) -> int:
        """List the sectors, show one, or check a sector file.

        Example: betacli sectors show l1
        """
        from betacli.cli import asking  # noqa: PLC0415
        from betacli.plan import sectors as plan  # noqa: PLC0415

        output.check()
        action = known_name("action", arguments.action, ("list", "show", "check"))
        run = asking.run_of(config, self._here)
        if action == "check":
            named = Path(arguments.name) if arguments.name else config.config
            return self._deliver(plan.check_sectors(asking.checked(named, self._here), run), output)
        universe = asking.read_universe(config, self._here)
        if action == "list":
            return self._deliver(plan.list_sectors(universe, run), output)
        if arguments.name is None:
            raise BadUsage(problem="`sectors show` needs a sector", way_out="`betacli sectors` lists them")
        return self._deliver(plan.show_sector(universe, run, arguments.name), output)

    def data(
        self, arguments: StoreArguments, what: WhatOptions, data: DataOptions, output: OutputOptions
    ) -> int:
        """Show, check, fill, export or clear the candle store.

        Example: betacli data fetch --sector l1 --exchange binanceusdm
        """
        from betacli.cli.storing import answer  # noqa: PLC0415

        output.check()
        report, code = answer(arguments, what, data, self._here)
        return self._deliver(report, output) or code

    def doctor(self, data: DataOptions, output: OutputOptions) -> int:
        """Look at versions, configuration, store, clock, proxy and exchanges; exit 0, 3 or 4.

        Example: betacli doctor
        """
        from betacli.cli.diagnosing import diagnose  # noqa: PLC0415

        output.check()
        return self._deliver(diagnose(data, self._here), output)

    def init(self, arguments: InitArguments) -> int:
        """Write a commented sector file and its editor schema; never overwrites.

        Example: betacli init
        """
        from betacli.cli.output import create_files  # noqa: PLC0415
        from betacli.data.sectors import json_schema, template  # noqa: PLC0415

        path = self._here.project_dir / arguments.path
        schema = path.with_suffix(".schema.json")
        create_files({path: template(schema.name), schema: json.dumps(json_schema(), indent=2) + "\n"})
        self._here.stdout.write(f"wrote {path} and {schema}\n")
        return 0

    def _basket(
        self,
        plan: Callable[..., Report],
        what: WhatOptions,
        target: TargetOptions,
        hedge: HedgeOptions,
        data: DataOptions,
        output: OutputOptions,
    ) -> int:
        """Answer a question about a basket with one of the plan layer's functions."""
        from betacli.cli import asking  # noqa: PLC0415

        output.check()
        if len(what.benchmark or ()) > 1:
            raise BadUsage(problem="a basket has one benchmark", way_out="give `--benchmark` once")
        universe = asking.read_universe(data, self._here)
        betas = asking.beta_request(what, data, universe, self._here)
        request = asking.basket_request(betas, target, hedge)
        with asking.market_for(betas, universe, data, self._here) as market:
            report = plan(request, universe, market)
        return self._deliver(report, output)

    def _deliver(self, report: Report, output: OutputOptions) -> int:
        from betacli.cli.output import deliver, say_inputs  # noqa: PLC0415

        deliver(report, output.format, output.output, self._here, quiet=output.quiet, color=output.color)
        if output.verbose:
            say_inputs(report, self._here)
        return report.exit_code


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
    commands = Commands(here)
    basket = (WhatOptions, TargetOptions, DataOptions, OutputOptions)
    hedged = (WhatOptions, TargetOptions, HedgeOptions, DataOptions, OutputOptions)
    for command, groups in (
        (commands.beta, (WhatOptions, BetaOptions, DataOptions, OutputOptions)),
        (commands.solve, basket),
        (commands.hedge, hedged),
        (commands.checklist, hedged),
        (commands.backtest, (BacktestArguments, WhatOptions, DataOptions, OutputOptions)),
        (commands.sectors, (SectorsArguments, ConfigOptions, OutputOptions)),
        (commands.data, (StoreArguments, WhatOptions, DataOptions, OutputOptions)),
        (commands.doctor, (DataOptions, OutputOptions)),
        (commands.init, (InitArguments,)),
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
