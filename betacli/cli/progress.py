"""Progress on stderr, where somebody watches."""

from collections.abc import Callable
from contextlib import suppress

from betacli.cli.world import World

WIDTH = 30


def progress(here: World, what: str) -> Callable[[int, int], None]:
    """Return a callback that draws a bar on stderr when that is a terminal, and does nothing otherwise."""
    if not here.stderr.isatty():
        return lambda _done, _total: None

    def draw(done: int, total: int) -> None:
        filled = WIDTH * done // max(1, total)
        end = "\r\x1b[2K" if done >= total else ""
        with suppress(OSError):  # nobody watches any more
            here.stderr.write(f"\r{what} [{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total}{end}")
            here.stderr.flush()

    return draw
