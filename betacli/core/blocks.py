"""Columns a few at a time: what is done to each asset alone needs no memory for all at once."""

from collections.abc import Callable, Iterator

import numpy as np

from betacli.core.arrays import Floats

CELLS = 400_000  # of float64 in one block: 3 MB, and as much again for each step of a formula


def blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Yield slices that cover the columns of an (n_rows, n_columns) array; one where it is small."""
    step = max(1, CELLS // max(1, n_rows))
    for first in range(0, n_columns, step):
        yield slice(first, min(first + step, n_columns))


def by_column(values: Floats, figure: Callable[[Floats], Floats]) -> Floats:
    """Return a figure (N,) of each column of (T, N), taken a few columns at a time."""
    n_rows, n_columns = values.shape
    found = [figure(values[:, block]) for block in blocks(n_rows, n_columns)]
    return np.concatenate(found) if found else figure(values)
