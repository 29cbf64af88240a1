"""Entry point of `betacli` and `python -m betacli`."""

import os
import sys


def main() -> None:
    """Run the command line and exit with its code; `--version` alone is answered without loading anything."""
    if sys.argv[1:] == ["--version"]:
        from betacli import __version__  # noqa: PLC0415

        try:
            sys.stdout.write(f"betacli {__version__}\n")
            sys.stdout.flush()
        except (OSError, AttributeError):  # full, or closed
            os._exit(2)  # the interpreter would try, and fail, to write it again
        return
    import gc  # noqa: PLC0415
    import signal  # noqa: PLC0415

    gc.set_threshold(500_000)  # a command makes little garbage: 20 ms
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # the same bits on any number of cores, and a faster start
    from betacli.cli.process import run  # noqa: PLC0415  the imports of Typer, which `--version` need not pay

    for number in (signal.SIGINT, signal.SIGTERM):
        if (
            signal.getsignal(number) is not signal.SIG_IGN
        ):  # as a shell asks for what it starts in the background
            signal.signal(number, _stop)
    sys.exit(run(sys.argv[1:]))


def entry() -> None:
    """Run the command line as a process of its own, and end it at once.

    Everything is written and closed when `main` is done: taking the modules down one by one would be a tenth of a warm
    `solve`. What was asked to happen at the end happens.
    """
    try:
        main()
    except SystemExit as done:
        if not isinstance(done.code, int):
            raise
        import atexit  # noqa: PLC0415
        from contextlib import suppress  # noqa: PLC0415

        atexit._run_exitfuncs()  # noqa: SLF001  as the interpreter itself does
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, AttributeError, ValueError):  # full, or closed: that was told
                stream.flush()
        os._exit(done.code)


def _stop(_number: int, _frame: object) -> None:
    """End as Ctrl-C does: whatever was begun is undone. That a task of asyncio was cut short is no news."""
    if "logging" in sys.modules:
        sys.modules["logging"].getLogger("asyncio").disabled = True
    raise KeyboardInterrupt


if __name__ == "__main__":
    entry()
