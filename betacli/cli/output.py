"""The only writer to stdout: answers whole, errors with a hint, files atomically."""

import codecs
import errno
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from betacli.cli.closed import ClosedPipe, unwritable
from betacli.cli.world import World
from betacli.document import Report
from betacli.errors import BadFile, BetacliError, Problem, safe
from betacli.show.formats import FORMATS, Screen, error_envelope, stderr_notices, walk
from betacli.show.plain import broken, reflowed, to_ascii

_SECRETS = re.compile(
    r"(?i)\b(api[-_]?key|secret|signature|password|token|private[-_]?key)\b(\W{1,4})[^\s,&'\"})]+"
)


STDOUT = Path("-")
_COLOURS = {"error": "\x1b[1;31m", "hint": "\x1b[36m", "warning": "\x1b[33m"}
_SHORT_FORMAT = re.compile(r"-[qv]*O(.*)")


def redacted(text: str) -> str:
    """Return the text with anything that looks like a credential taken out."""
    return _SECRETS.sub(r"\1\2[redacted]", text)


def deliver(
    report: Report, fmt: str, path: Path | None, here: World, *, quiet: bool, color: bool | None
) -> None:
    """Write the report to stdout, or to a file that appears whole or not at all; `quiet` leaves a table's notices out."""
    if quiet and fmt == "table":
        report = replace(report, warnings=())
    if path is None or path == STDOUT:
        _write(FORMATS[fmt](report, screen_of(here, here.stdout, color)), fmt, here.stdout)
    else:
        write_file(path, FORMATS[fmt](report, Screen()))
    if not quiet:
        for line in stderr_notices(report, fmt):
            label, _, text = line.partition(": ")
            say(here, label, text)


def deliver_text(text: str, path: Path | None, here: World) -> None:
    """Write what is no report, such as a schema, to stdout or to a file that appears whole or not at all."""
    if path is None or path == STDOUT:
        _write(text, "json", here.stdout)
    else:
        write_file(path, text)


def deliver_help(text: str, here: World) -> None:
    """Write what explains to stdout: as it is, or broken between words where a terminal is narrower."""
    screen = screen_of(here, here.stdout, None)
    lines = text.split("\n") if screen.unicode else to_ascii(text).split("\n")
    if screen.width and max(map(len, lines)) > screen.width:
        lines = reflowed(lines, screen.width)
    _write("\n".join(lines), "table", here.stdout)


def say_inputs(report: Report, here: World) -> None:
    """Write to stderr what an answer was made from."""
    inputs = walk(report.inputs)
    told = inputs.items() if isinstance(inputs, dict) else ()
    for name, value in told:
        if name == "gates" and isinstance(value, list):
            passed = sum(isinstance(gate, dict) and gate["passed"] is True for gate in value)
            here.stderr.write(f"gates: {passed} of {len(value)} measurements passed\n")
        else:
            here.stderr.write(f"{name}: {value}\n")


def screen_of(here: World, stream: TextIO, color: bool | None) -> Screen:
    """Describe a stream: `--color` before `NO_COLOR` before `FORCE_COLOR` before what the stream is."""
    is_terminal = stream.isatty()
    environ = here.environ
    if color is None:
        if environ.get("NO_COLOR"):
            color = False
        elif environ.get("FORCE_COLOR"):
            color = True
        else:
            color = is_terminal and environ.get("TERM") != "dumb"
    return Screen(
        width=_width(here, stream) if is_terminal else None, colour=color, unicode=_speaks_unicode(stream)
    )


def _width(here: World, stream: TextIO) -> int:
    columns = here.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def _speaks_unicode(stream: TextIO) -> bool:
    try:
        return codecs.lookup(stream.encoding or "ascii").name in {"utf-8", "utf-16", "utf-32"}
    except LookupError:
        return False


def _write(text: str, fmt: str, stream: TextIO) -> None:
    """Write and flush; json, csv and md are UTF-8 whatever the locale says."""
    reconfigure = getattr(stream, "reconfigure", None)
    if fmt != "table" and reconfigure is not None and not _speaks_unicode(stream):
        reconfigure(encoding="utf-8")
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise ClosedPipe from None
    except OSError as error:
        raise unwritable("the standard output", error) from None


def write_file(path: Path, text: str) -> None:
    """Write a file whole: into a temporary file beside it, then moved. A link stays, and what it points to is written.

    Raises:
        BadFile: the folder or the file cannot be written; whatever was there before is untouched.
    """
    if not _can_be_named(path):
        raise unwritable(str(path), OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)))
    if path.exists() and not path.is_file():
        # A pipe or a device cannot be replaced by a file; write into it.
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise unwritable(str(path), error) from None
        return
    path = Path(os.path.realpath(path))
    if path.is_symlink():
        raise unwritable(str(path), OSError(errno.ELOOP, os.strerror(errno.ELOOP)))
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode(path))
        temporary.replace(path)
    except BaseException as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(str(path), error) from None
        raise


def create_files(texts: Mapping[Path, str]) -> None:
    """Write new files, all or none.

    Raises:
        BadFile: one of them is there already, or cannot be written.
    """
    for path in texts:
        if not _can_be_named(path):
            raise unwritable(str(path), OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)))
    there = [path for path in texts if path.exists() or path.is_symlink()]
    if there:
        problem = Problem(what="is there already, and is not overwritten", hint="name another file")
        raise BadFile(path=safe(there[0]), problems=[problem])
    done: list[Path] = []
    for path, text in texts.items():
        try:
            with path.open("x", encoding="utf-8") as file:
                done.append(path)
                file.write(text)
        except OSError as error:
            for partial in done:
                partial.unlink(missing_ok=True)
            raise unwritable(str(path), error) from None


def _can_be_named(path: Path) -> bool:
    """Whether the system can look the path up at all."""
    try:
        path.exists()
    except OSError:
        return False
    return True


def _mode(path: Path) -> int:
    """Return the permissions a file keeps, or those a new one gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def wants_json(argv: Sequence[str], here: World) -> bool:
    """Whether the command line asks for JSON, also where it cannot be parsed."""
    asked = None
    words = [*argv, ""]
    for word, following in pairwise(words):
        short = _SHORT_FORMAT.fullmatch(word)
        if word == "--format" or (short and not short[1]):
            asked = following
        elif short:
            asked = short[1]
        elif word.startswith("--format="):
            asked = word.removeprefix("--format=")
    return (here.environ.get("BETACLI_FORMAT") if asked is None else asked) == "json"


def say_error(error: BetacliError, argv: Sequence[str], here: World) -> None:
    """Write the error and its hint to stderr; with JSON, the envelope to stdout."""
    first, *others = error.message.split("\n")
    say(here, "error", first)
    for line in others:
        say(here, "", line, indent=len("error: "))
    if error.hint:
        say(here, "hint", error.hint)
    if wants_json(argv, here):
        _write(error_envelope(error), "json", here.stdout)


def say(here: World, label: str, text: str, *, indent: int = 0) -> None:
    """Write `label: text` to stderr, at a terminal broken between words, the further lines indented under the text."""
    screen = screen_of(here, here.stderr, None)
    shown = safe(text) if screen.unicode else to_ascii(safe(text))
    start = len(f"{label}: ") if label else indent
    rest = start if label else indent + 2
    lines = broken(shown, screen.width, first=start, rest=rest) if screen.width else [shown]
    colour = _COLOURS.get(label) if screen.colour else None
    head = f"{colour}{label}:\x1b[0m " if colour else f"{label}: " if label else " " * indent
    here.stderr.write("".join(f"{line}\n" for line in (f"{head}{lines[0]}", *lines[1:])))
