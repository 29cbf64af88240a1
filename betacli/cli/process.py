"""How a process of betacli starts and ends: one place turns errors into messages and exit codes."""

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from betacli.cli import world
from betacli.cli.closed import ClosedPipe, unwritable
from betacli.errors import BetacliError, Interrupted

BUG = 1
UNUSABLE = 2


def run(argv: Sequence[str], where: world.World | None = None) -> int:
    """Run one command line and return its exit code."""
    if where is None and sys.stdout is None:
        sys.stderr.write("error: the standard output is closed\n")
        return UNUSABLE
    here = where or world.World.real()
    with _ending(argv, here) as ending:
        from betacli.cli.app import invoke  # noqa: PLC0415  an import error is a bug like any other

        ending.code = invoke(list(argv), here)
    return ending.code


class _Ending:
    """The exit code, once it is known."""

    code: int = BUG


@contextmanager
def _ending(argv: Sequence[str], here: world.World) -> Iterator[_Ending]:
    """Decide how the process ends: an error's own code, 130 when interrupted, 1 for a bug; a closed pipe is no error."""
    ending = _Ending()
    try:
        yield ending
        here.stdout.flush()
    except BetacliError as error:
        ending.code = _told(error, argv, here)
    except KeyboardInterrupt:
        ending.code = _told(Interrupted(), argv, here)
    except (BrokenPipeError, ClosedPipe):
        ending.code = 0
        _silence(here)
    except OSError as error:
        ending.code = _told(unwritable("the standard output", error), argv, here)
        _silence(here)
    except Exception as error:  # noqa: BLE001  the one place where a bug becomes an exit code
        ending.code = _bug(error, argv, here)


def _told(error: BetacliError, argv: Sequence[str], here: world.World) -> int:
    """Write an error to stderr, and its envelope to stdout when JSON was asked for."""
    from betacli.cli.output import say_error  # noqa: PLC0415

    try:
        say_error(error, argv, here)
        here.stdout.flush()
    except (OSError, ClosedPipe, BetacliError):
        _silence(here)
    return error.exit_code


def _bug(error: Exception, argv: Sequence[str], here: world.World) -> int:
    """Write the traceback to a log file, redacted, and say where it is."""
    from betacli.cli.output import redacted, say  # noqa: PLC0415

    text = redacted("".join(traceback.format_exception(error)))
    place = _log(text, here)
    with suppress(OSError):
        say(here, "error", f"a bug in betacli: {type(error).__name__}")
        if place:
            say(here, "hint", f"please report it with {place}")
        else:
            here.stderr.write(text)
    if "json" in argv or "-Ojson" in argv or "--format=json" in argv:
        from betacli.errors import BetacliError as Bug  # noqa: PLC0415
        from betacli.show.formats import error_envelope  # noqa: PLC0415

        here.stdout.write(error_envelope(Bug()))
    return BUG


def _log(text: str, here: world.World) -> Path | None:
    """Append to the log file and return its path; None where it cannot be written."""
    try:
        folder = here.log_dir()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "betacli.log"
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8"
        ) as log:
            log.write(text + "\n")
    except OSError:
        return None
    return path


def _silence(here: world.World) -> None:
    """Send what is still buffered for a closed or full stream nowhere: the interpreter would complain at exit."""
    for ours, real in ((here.stdout, sys.stdout), (here.stderr, sys.stderr)):
        if ours is real and real is not None:
            with suppress(OSError):
                real.flush()
                continue
            os.dup2(os.open(os.devnull, os.O_WRONLY), real.fileno())
