"""What can go wrong with an answer, by name, and the schedule that says which answers it happens to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Rows = list[list[Any]]

HTML = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>We are back soon.</body></html>"


def ends(path: str, end: str) -> bool:
    """Tell whether a path ends so; `/*` stands for one more part of it."""
    if end.endswith("/*"):
        return path.rsplit("/", 1)[0].endswith(end.removesuffix("/*"))
    return path.endswith(end)


@dataclass
class Fault:
    """One entry of the schedule.

    `kind` is a name below, or `status`; `other_symbol` is the answer about BTC; `endpoint` is the end of the path it happens to and `symbol` the raw symbol
    in its query (all, where empty); it skips `skip` requests and then happens `times` times (always, where None).
    `value` is seconds of `latency` and of each byte of `drip`, or the code of `status`.
    """

    kind: str
    endpoint: str = ""
    symbol: str = ""
    times: int | None = None
    skip: int = 0
    value: float = 0.0
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def strikes(self, path: str, symbol: str) -> bool:
        """Tell whether this request is hit, and count it."""
        if not ends(path, self.endpoint) or (self.symbol and self.symbol != symbol):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            if not self.times:
                return False
            self.times -= 1
        return True


# How the bytes are sent; the server knows how.
WIRE = (
    "latency",
    "drip",
    "hang",
    "reset",
    "cut",
    "wrong_length",
    "short_length",
    "redirect_loop",
    "redirect",
    "status",
    "other_symbol",
)

# A good status with another body.
BODIES: dict[str, Callable[[bytes], bytes]] = {
    "html": lambda _: HTML,
    "empty": lambda _: b"",
    "null": lambda _: b"null",
    "number": lambda _: b"12345",
    "string": lambda _: b'"maintenance"',
    "truncated": lambda body: body[: len(body) // 2],
    "nan": lambda _: b'[[1704067200000, NaN, NaN, NaN, NaN, NaN, 1704153599999, "1", 1, "1", "1", "0"]]',
    "empty_list": lambda _: b"[]",
    "empty_object": lambda _: b"{}",
    "mistyped_object": lambda _: b'{"symbols": {"BTCUSDT": 1}, "bids": 1, "asks": "x", "serverTime": "soon"}',
    "mistyped_list": lambda _: b'[1, "two", null, {"symbol": ["BTCUSDT"]}]',
    "list_of_null": lambda _: b"[null, null]",
    "deep": lambda _: b"[" * 100_000,
}


def _changed(row: list[Any], **values: str) -> list[Any]:
    places = {"open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}
    row = list(row)
    for name, value in values.items():
        row[places[name]] = value
    return row


def _middle(change: Callable[[list[Any]], list[Any]]) -> Callable[[Rows], Rows]:
    """Change the row in the middle."""

    def changed(rows: Rows) -> Rows:
        half = len(rows) // 2
        return [*rows[:half], change(rows[half]), *rows[half + 1 :]] if rows else rows

    return changed


def _shuffled(rows: Rows) -> Rows:
    return [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]


FUTURE_MS = 10 * 365 * 86_400_000

# Candle defects: rows of klines to other rows. Those in HARMLESS leave a result unchanged or with bars missing.
CANDLES: dict[str, Callable[[Rows], Rows]] = {
    "duplicate": lambda rows: [*rows, *rows[-3:]],
    "unordered": _shuffled,
    "missing_bars": lambda rows: rows[:5] + rows[8:],
    "conflicting": lambda rows: (
        [*rows, _changed(rows[len(rows) // 2], close=rows[len(rows) // 2][2])] if rows else rows
    ),
    "seconds": lambda rows: [[row[0] // 1000, *row[1:]] for row in rows],
    "null_time": _middle(lambda row: [None, *row[1:]]),
    "text_time": _middle(lambda row: ["yesterday", *row[1:]]),
    "future": lambda rows: [*rows, [rows[-1][0] + FUTURE_MS, *rows[-1][1:]]] if rows else rows,
    "off_grid": _middle(lambda row: [row[0] + 1_000, *row[1:]]),
    "zero": _middle(lambda row: _changed(row, close="0")),
    "negative": _middle(lambda row: _changed(row, low="-1", close="-1")),
    "nan": _middle(lambda row: _changed(row, close="NaN")),
    "inf": _middle(lambda row: _changed(row, high="Infinity", close="Infinity")),
    "null_close": _middle(lambda row: _changed(row, close=None)),
    "text_close": _middle(lambda row: _changed(row, close="n/a")),
    "high_below_low": _middle(lambda row: _changed(row, high=row[3], low=row[2])),
    "close_outside": _middle(lambda row: _changed(row, close=str(float(row[2]) * 2))),
    "negative_volume": _middle(lambda row: _changed(row, volume="-5")),
    "true_close": _middle(lambda row: _changed(row, close=True)),
    "true_volume": _middle(lambda row: _changed(row, volume=True)),
    "short_row": _middle(lambda row: row[:3]),
    "row_is_text": _middle(lambda _: "1704067200000"),
    "row_is_null": _middle(lambda _: None),
}
HARMLESS = ("duplicate", "unordered", "missing_bars")
