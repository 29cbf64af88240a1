"""What every command does last: deliver the report, and say what it was made from."""

from betacli.cli.options import OutputOptions
from betacli.cli.world import World
from betacli.document import Report


class Desk:
    """A group of commands, bound to the world they run in. Every command returns an exit code."""

    def __init__(self, here: World) -> None:
        self._here = here

    def _deliver(self, report: Report, output: OutputOptions) -> int:
        from betacli.cli.output import deliver, say_inputs  # noqa: PLC0415

        deliver(report, output.format, output.output, self._here, quiet=output.quiet, color=output.color)
        if output.verbose:
            say_inputs(report, self._here)
        return report.exit_code
