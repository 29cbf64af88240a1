"""Streams that cannot be written: a reader that left is no error, a full disk is."""

from betacli.errors import BadFile, Problem, safe


class ClosedPipe(Exception):  # noqa: N818  not an error: `| head` has read what it wanted
    """The reader of the standard output has gone.

    No `OSError`, because Typer takes those of a closed pipe for its own and exits with 1.
    """


def unwritable(path: str, error: OSError) -> BadFile:
    """Return the error for a place that cannot be written."""
    return BadFile(path=safe(path), problems=[Problem(what=f"cannot be written: {error.strerror or error}")])
