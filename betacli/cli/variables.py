"""Variables of the environment that look like betacli's and are none: a slip would otherwise go unnoticed."""

from collections.abc import Iterator

from betacli.cli.planning import NEVER_PLANNED
from betacli.cli.taking import variable_of
from betacli.cli.world import World
from betacli.errors import did_you_mean, safe

PREFIX = "BETACLI_"
OTHERS = ("BETACLI_CACHE_DIR",)


def unknown_variables(here: World) -> Iterator[tuple[str, str]]:
    """Yield each variable that no option reads, with what is wrong with it."""
    written = sorted(name for name in here.environ if name.startswith(PREFIX))
    if not written or here.options is None:
        return
    options = (*here.options(), *NEVER_PLANNED)
    known = {*OTHERS, *(variable_of(f"--{name.replace('_', '-')}") for name in options)}
    for name in written:
        if name not in known:
            near = did_you_mean(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known])
            told = near.replace("`", f"`{PREFIX}", 1) if near else "`betacli help environment` says which are"
            yield safe(name, 60), f"is read by nothing: {told}"
