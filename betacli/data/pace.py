"""When a request may be sent: within the exchange's budget, after it has answered once, and not once it refuses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from betacli.data.venue import Budget

SHARE = 0.8  # of a published budget: another program behind the same address may need some


class NoRoomError(Exception):
    """The budget is used up for longer than there is time."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


@dataclass(slots=True)
class _Spent:
    """A request's weight. It counts until a window after its end: the exchange counted it some time before that."""

    weight: float
    ended_s: float | None = None


class Pace:
    """The rolling window of one exchange's budget, shared by all requests to it.

    The first request to an endpoint goes alone, and the others wait for its answer: an exchange that refuses us
    is asked once, not twenty times. `remaining_s` tells how long waiting is of use.
    """

    def __init__(self, budget: Budget, *, remaining_s: Callable[[], float]) -> None:
        self._limit = SHARE * budget.limit
        self._window_s = budget.window_s
        self._unit = budget.unit
        self._remaining_s = remaining_s
        self._spent: list[_Spent] = []
        self._queue = asyncio.Lock()
        self._first: dict[str, asyncio.Lock] = {}
        self._proven: set[str] = set()
        self._held_until_s = 0.0
        self._stopped: Exception | None = None

    @asynccontextmanager
    async def turn(self, endpoint: str, cost: float) -> AsyncIterator[None]:
        """Wait for a request's turn; inside, it is under way. `cost` is ccxt's."""
        weight = 1.0 if self._unit is None else cost / self._unit
        if endpoint not in self._proven:
            async with self._first.setdefault(endpoint, asyncio.Lock()):
                if endpoint not in self._proven:
                    async with self._under_way(weight):
                        yield
                    return
        async with self._under_way(weight):
            yield

    def prove(self, endpoint: str) -> None:
        """Note that the exchange answers requests to an endpoint."""
        self._proven.add(endpoint)

    def hold(self, seconds: float) -> None:
        """Send nothing for a while; then one request alone again."""
        self._held_until_s = max(self._held_until_s, _now_s() + seconds)
        self._proven.clear()

    def stop(self, why: Exception) -> None:
        """Send nothing any more: whoever waits for a turn gets `why`."""
        self._stopped = self._stopped or why

    def follow(self, used: float) -> None:
        """Count what others behind this address have used, as told by the exchange."""
        now_s = _now_s()
        others = used - self._used(now_s)
        if others > 0:
            self._spent.append(_Spent(others, now_s))

    @asynccontextmanager
    async def _under_way(self, weight: float) -> AsyncIterator[None]:
        spent = await self._reserve(weight)
        try:
            yield
        finally:
            spent.ended_s = _now_s()

    async def _reserve(self, weight: float) -> _Spent:
        async with self._queue:  # who came first goes first
            while (wait_s := self._wait_s(weight)) > 0:
                if wait_s > self._remaining_s():
                    raise NoRoomError(wait_s)
                await asyncio.sleep(wait_s)
            if self._stopped is not None:
                raise self._stopped
            spent = _Spent(weight)
            self._spent.append(spent)
            return spent

    def _wait_s(self, weight: float) -> float:
        """Return how long to wait at least; 0 once there is room, or nothing to wait for."""
        if self._stopped is not None:
            return 0.0
        now_s = _now_s()
        if self._held_until_s > now_s:
            return self._held_until_s - now_s
        too_much = self._used(now_s) + weight - self._limit
        for spent in self._spent:
            if too_much <= 0:
                break
            too_much -= spent.weight
            ended_s = now_s if spent.ended_s is None else spent.ended_s
            wait_s = ended_s + self._window_s - now_s
            if too_much <= 0 or spent is self._spent[-1]:
                return wait_s
        return 0.0

    def _used(self, now_s: float) -> float:
        """Forget what has left the window, and return the weight of the rest."""
        past_s = now_s - self._window_s
        self._spent = [s for s in self._spent if s.ended_s is None or s.ended_s > past_s]
        return sum(spent.weight for spent in self._spent)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
