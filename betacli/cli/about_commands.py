"""The commands that explain: help by topic, and the schema of every answer."""

from collections.abc import Callable

from betacli import names
from betacli.cli.desk import Desk
from betacli.cli.options import ConfigArguments, HelpArguments, OutputOptions, SchemaArguments
from betacli.cli.taking import Given
from betacli.cli.values import known_name
from betacli.cli.world import World


class AboutCommands(Desk):
    """`help`, `schema`, `config`."""

    PANEL = "Explain"

    def __init__(self, here: World, commands: Callable[[], tuple[str, ...]]) -> None:
        super().__init__(here)
        self._commands = commands

    def help(self, arguments: HelpArguments) -> int:
        """Explain a topic or a command: exit codes, formats, configuration, plans, environment.

        Example: betacli help exit-codes
        """
        from betacli.cli import topics  # noqa: PLC0415
        from betacli.cli.output import deliver_help  # noqa: PLC0415

        name = arguments.topic
        if name is None:
            deliver_help(topics.overview(self._commands()), self._here)
            return 0
        known_name("topic or command", name, (*names.TOPICS, *self._commands()))
        deliver_help(topics.text(name), self._here)
        return 0

    def schema(self, arguments: SchemaArguments, output: OutputOptions) -> int:
        """Print the JSON Schema of a command's JSON, or list the schemas there are.

        Example: betacli schema solve
        """
        from betacli.cli.describing import listed, schema_text  # noqa: PLC0415

        output.check()
        if arguments.name is None:
            return self._deliver(listed(self._here), output)
        from betacli.cli.output import deliver_text  # noqa: PLC0415

        deliver_text(schema_text(arguments.name), output.output, self._here)
        return 0

    def config(self, arguments: ConfigArguments, given: Given, output: OutputOptions) -> int:
        """Show every setting with its value, and with `--origin` where it comes from.

        Example: betacli config show --origin
        """
        from betacli.cli.settings import settings_report  # noqa: PLC0415

        output.check()
        known_name("action", arguments.action, ("show",))
        return self._deliver(settings_report(given, self._here, with_origin=arguments.origin), output)
