"""Where the time goes, by a clock that is handed in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """What one step of the work took: seconds by the clock handed in, and its fraction of the whole."""

    step: str
    seconds: float
    share: float


class Stopwatch:
    """Time the steps of the work by a clock that is handed in."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time the block takes to a step."""
        start = self._timer()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + self._timer() - start

    @property
    def steps(self) -> tuple[StepTime, ...]:
        """The steps in the order they were first taken."""
        whole = sum(self._seconds.values()) or 1.0
        return tuple(
            StepTime(step=name, seconds=taken, share=taken / whole) for name, taken in self._seconds.items()
        )
