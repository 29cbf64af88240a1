"""Is an exchange there, and what time does it think it is?"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from betacli.errors import ExchangeFailed


class Probed(Protocol):
    """The part of an exchange that a probe needs."""

    @property
    def server_ms(self) -> int:
        """Its time."""
        ...

    @property
    def clock_skew_ms(self) -> int | None:
        """How far its clock is ahead of ours, None where it does not tell its time."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueHealth:
    """One exchange: `status` is `reachable` or the kind of its refusal; times in milliseconds, None where unknown."""

    exchange: str
    status: str
    detail: str
    answer_ms: int | None
    clock_skew_ms: int | None


def probe(exchange: str, make: Callable[[], Probed], monotonic: Callable[[], float]) -> VenueHealth:
    """Ask an exchange for its time and its contracts."""
    started = monotonic()
    try:
        with closing(make()) as market:
            _ = market.server_ms
            skew = market.clock_skew_ms
    except ExchangeFailed as error:
        return VenueHealth(
            exchange=exchange, status=error.reason, detail=error.message, answer_ms=None, clock_skew_ms=None
        )
    took = round((monotonic() - started) * 1000)
    return VenueHealth(
        exchange=exchange,
        status="reachable",
        detail=f"answered in {took} ms",
        answer_ms=took,
        clock_skew_ms=skew,
    )
