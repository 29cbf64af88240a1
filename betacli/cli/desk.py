"""What every command does last: deliver the report, and say what it was made from."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from betacli import names
from betacli.cli.options import OutputOptions
from betacli.cli.world import World
from betacli.document import Report

if TYPE_CHECKING:
    from betacli.core.model import Notice

KNOWN_SOURCES = (*names.EXCHANGES, names.FILES)


class Desk:
    """A group of commands, bound to the world they run in. Every command returns an exit code.

    `PANEL` is the heading the group's commands stand under in `betacli --help`.
    """

    PANEL: ClassVar[str] = "More"

    def __init__(self, here: World) -> None:
        self._here = here

    def _deliver(self, report: Report, output: OutputOptions) -> int:
        from betacli.cli.output import deliver, say_inputs  # noqa: PLC0415

        if output.plan is not None:
            report = replace(report, plan=output.plan)
        if getattr(report.inputs, "exchange", None) not in (None, *KNOWN_SOURCES):
            report = replace(report, exchange_unchecked=True)
        if any(name.startswith("BETACLI_") for name in self._here.environ):
            report = replace(report, warnings=(*self._strangers(), *report.warnings))
        if output.format == "csv":
            from betacli.plan.results import RESULTS  # noqa: PLC0415

            report = replace(report, rows=RESULTS[report.schema].csv())
        deliver(report, output.format, output.output, self._here, quiet=output.quiet, color=output.color)
        if output.verbose:
            say_inputs(report, self._here)
        return report.exit_code

    def _strangers(self) -> "list[Notice]":
        """Say which variables were meant for betacli, and are read by nothing."""
        from betacli.cli.variables import unknown_variables  # noqa: PLC0415
        from betacli.core.model import Notice  # noqa: PLC0415

        found = unknown_variables(self._here)
        return [Notice(id="unknown-variable", detail=f"the variable `{name}` {why}") for name, why in found]
