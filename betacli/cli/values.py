"""What is written on the command line, read as a value of the domain or refused."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from betacli.errors import BadFile, BadOption, Problem, UnknownName, safe

MAX_BETA = 100.0


def there(path: Path | None) -> None:
    """Raise `BadFile` where a file or folder was named that does not exist, also where nothing would be read from it."""
    if path is None:
        return
    try:
        found = path.exists()
    except (OSError, ValueError):  # a name that no file can have
        found = False
    if not found:
        raise BadFile(path=safe(path), problems=[Problem(what="does not exist")])


def known_name(what: str, name: str, known: tuple[str, ...]) -> str:
    """Return the name, or raise `UnknownName` with the nearest."""
    if name not in known:
        raise UnknownName(what=what, name=name, known=known)
    return name


def number(
    option: str,
    value: float | None,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
) -> float | None:
    """Return a finite number within its range, or raise `BadOption`; Typer's own floats take `nan` and `inf`."""
    if value is None:
        return None
    problem = None
    if not math.isfinite(value):
        problem = "a finite number is needed"
    elif above is not None and value <= above:
        problem = f"must be above {above:g}"
    elif least is not None and value < least:
        problem = f"must be at least {least:g}"
    elif most is not None and value > most:
        problem = f"must be at most {most:g}"
    if problem:
        raise BadOption(option=option, value=f"{value:g}", problem=problem)
    return value


def share(option: str, written: str | None) -> float | None:
    """Read `2%` or `0.02` as a share above 0 and below 1.

    Raises:
        BadOption: it is neither, or beyond that.
    """
    if written is None:
        return None
    text = written.strip()
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        problem = "a share above 0 and below 100 % is needed"
        raise BadOption(option=option, value=written, problem=problem, way_out=f"write `{option} 2%`")
    return value


def listed(option: str, written: str | None) -> tuple[str, ...]:
    """Split `ETH,SOL`; a name given twice counts once."""
    if written is None:
        return ()
    found = [name.strip() for name in written.split(",")]
    if not all(found):
        raise BadOption(option=option, value=written, problem="a name is missing", way_out="write `ETH,SOL`")
    return tuple(dict.fromkeys(found))


def joined(option: str, written: Iterable[str] | None) -> str | None:
    """Return names given in repeated options, or with commas in one, as `l1+defi`; None where there is none."""
    names = [name for each in written or () for name in listed(option, each.strip(" ,") or each)]
    return "+".join(dict.fromkeys(names)) or None


def betas_by_hand(written: list[str] | None) -> dict[str, float]:
    """Read `ETH=1.25`, repeated."""
    betas: dict[str, float] = {}
    for entry in written or ():
        base, equals, text = entry.partition("=")
        try:
            beta = float(text)
        except ValueError:
            beta = math.nan
        if math.isfinite(beta) and abs(beta) > MAX_BETA:
            raise BadOption(option="--beta", value=entry, problem=f"no asset has a beta beyond ±{MAX_BETA:g}")
        if not (base and equals and math.isfinite(beta)):
            raise BadOption(
                option="--beta",
                value=entry,
                problem="a name, `=` and a number are needed",
                way_out="write `--beta ETH=1.25`",
            )
        if base in betas and betas[base] != beta:
            raise BadOption(
                option="--beta", value=entry, problem=f"`{base}` was already given {betas[base]:g}"
            )
        betas[base] = beta
    return betas


def weights_by_name(
    option: str,
    written: Iterable[str] | None,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
) -> dict[str, float]:
    """Read `l1=0.6`, repeated or joined by commas."""
    found: dict[str, float] = {}
    for entry in (part.strip() for each in written or () for part in each.split(",")):
        name, equals, text = entry.partition("=")
        try:
            weight = float(text)
        except ValueError:
            name = ""
            weight = math.nan
        if not (name and equals):
            problem, way_out = "a name, `=` and a number are needed", f"write `{option} name=0.5`"
            raise BadOption(option=option, value=entry, problem=problem, way_out=way_out)
        if name in found:
            raise BadOption(option=option, value=entry, problem=f"`{name}` was already given {found[name]:g}")
        number(option, weight, above=above, least=least, most=most)
        found[name] = weight
    return found


def band(option: str, written: str | None) -> tuple[float, float] | None:
    """Read `1.3:1.5` as two betas in order."""
    if written is None:
        return None
    low, colon, high = written.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        colon = ""
        ends = (0.0, 0.0)
    if not colon or not all(map(math.isfinite, ends)):
        problem = "two finite numbers with a colon are needed"
        raise BadOption(option=option, value=written, problem=problem, way_out=f"write `{option} 1.3:1.5`")
    if ends[0] > ends[1]:
        raise BadOption(option=option, value=written, problem="the first number is above the second")
    return ends


def count(option: str, value: int | None) -> int | None:
    """Return a whole number of at least one."""
    if value is not None and value < 1:
        raise BadOption(option=option, value=str(value), problem="must be at least 1")
    return value


def moment(written: str, option: str = "--as-of") -> int:
    """Return the milliseconds since the epoch of an ISO 8601 time; one without an offset is UTC.

    Raises:
        BadOption: the text is no such time.
    """
    try:
        when = datetime.fromisoformat(written.strip())
    except ValueError:
        way_out = "write `2026-01-31T07:00:00Z` or `2026-01-31`"
        raise BadOption(
            option=option, value=written, problem="not a time in ISO 8601", way_out=way_out
        ) from None
    try:
        return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
    except (OverflowError, OSError):
        raise BadOption(option=option, value=written, problem="not a time that can be counted") from None
