"""What is remembered of hosts that told us to stay away, so that the next run does not ask again."""

from typing import Protocol


class BanMemory(Protocol):
    """Hosts that refuse us, and until when. It outlives the run that was refused."""

    def until_ms(self, host: str) -> int | None:
        """Return the end of the host's ban in milliseconds since the epoch, or None where none is known."""
        ...

    def remember(self, host: str, until_ms: int, reason: str) -> None:
        """Keep a ban until its end."""
        ...


class NoBanMemory:
    """Remembers nothing: where no store can be had."""

    def until_ms(self, host: str) -> int | None:  # noqa: ARG002  the protocol's
        """Return None."""
        return None

    def remember(self, host: str, until_ms: int, reason: str) -> None:
        """Forget at once."""
