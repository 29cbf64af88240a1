"""What all dialects share."""

from collections.abc import Mapping

Query = Mapping[str, str]


class RefusedQueryError(Exception):
    """An error the exchange answers with: status and body."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def decimals(step: str) -> int:
    """Return how many digits stand behind the point of `0.001`; none of `10`."""
    return len(step.partition(".")[2].rstrip("0"))


def known(market: object, symbol: str, refused: Exception) -> str:
    """Return a symbol that is listed.

    Raises:
        Exception: it is not.
    """
    if market.instrument(symbol) is None:
        raise refused
    return symbol
