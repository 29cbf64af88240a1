"""The kinds of array. What they hold is for the type checker: naming it at run time would cost 3 ms of every run."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Indices = NDArray[np.intp]
    Words = NDArray[np.uint64]
    Senses = NDArray[np.int32]
else:
    Floats = Times = Flags = Indices = Words = Senses = np.ndarray
