"""Candles to a file that `--candles` reads back to the last bit: CSV, long, gzip where the name ends so."""

import gzip
import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from betacli.core.candles import iso
from betacli.core.model import Candles
from betacli.errors import BadFile, Problem, safe

COLUMNS = ("open", "high", "low", "close", "volume", "quote_volume")


def export_candles(path: Path, series: Iterable[Candles]) -> int:
    """Write every bar, one row each, and return how many; the file appears whole or not at all.

    A float is written with the digits that read back as the same float; NaN is an empty cell.

    Raises:
        BadFile: the file cannot be written; what was there before is untouched.
    """
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    written = _written(io.TextIOWrapper(packed, encoding="utf-8", newline=""), series)
            else:
                written = _written(io.TextIOWrapper(raw, encoding="utf-8", newline=""), series)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            what = f"cannot be written: {error.strerror or error}"
            raise BadFile(path=safe(path), problems=[Problem(what=what)]) from None
        raise
    return written


def _written(out: io.TextIOWrapper, series: Iterable[Candles]) -> int:
    rows = 0
    out.write(",".join(("timestamp", "symbol", *COLUMNS)) + "\n")
    for candles in series:
        columns = [getattr(candles, name).tolist() for name in COLUMNS]
        for time_ms, *values in zip(candles.open_ms.tolist(), *columns, strict=True):
            cells = ("" if value != value else repr(value) for value in values)  # noqa: PLR0124  NaN
            out.write(f"{iso(time_ms)},{candles.symbol},{','.join(cells)}\n")
        rows += len(candles.open_ms)
    out.flush()
    out.detach()
    return rows
