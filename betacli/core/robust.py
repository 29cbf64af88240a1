"""The median, without what NumPy's own imports on the way: masked arrays, 30 ms of every run."""

import numpy as np

from betacli.core.arrays import Floats


def median(values: Floats) -> float:
    """Return the median of (n,) finite values; NaN of none."""
    n = len(values)
    if not n:
        return float("nan")
    low, high = (n - 1) // 2, n // 2
    sorted_there = np.partition(values, (low, high))
    return float(sorted_there[low] + sorted_there[high]) / 2
