"""The commands about the tool itself: its sectors, its store, its surroundings."""

import json
from pathlib import Path

from betacli.cli.desk import Desk
from betacli.cli.options import (
    ConfigOptions,
    DataOptions,
    InitArguments,
    OutputOptions,
    SectorsArguments,
    StoreArguments,
    WhatOptions,
)
from betacli.cli.values import known_name
from betacli.errors import BadUsage


class HouseCommands(Desk):
    """`sectors`, `data`, `doctor`, `init`."""

    PANEL = "Sectors and data"

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
        options = self._here.options() if self._here.options else None
        schema = path.with_suffix(".schema.json")
        create_files({path: template(schema.name), schema: json.dumps(json_schema(options), indent=2) + "\n"})
        self._here.stdout.write(f"wrote {path} and {schema}\n")
        return 0
