"""Entry point of `betacli` and `python -m betacli`."""

import gc
import os
import signal
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
    gc.set_threshold(50_000)  # a command makes little garbage: 20 ms
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # baskets are small, and the same bits on any number of cores
    from betacli.cli.process import run  # noqa: PLC0415  the imports of Typer, which `--version` need not pay

    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # ends as Ctrl-C does: whatever was begun is undone
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
