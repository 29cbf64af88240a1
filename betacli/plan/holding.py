"""One position of an account, whatever it is for: a leg of the basket, of the hedge, or something held beside them."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["basket", "hedge", "outside"]
Kind = Literal["spot", "future"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A position: signed `notional` and `price` in quote currency, beta to the benchmark; unknown is None.

    Spot is held outside the margin account, and so is what is held at another `venue`: it gains and loses, needs no
    margin here, and does not save from liquidation.
    """

    base: str
    symbol: str | None
    role: Role
    kind: Kind = "future"
    notional: float | None
    beta: float | None
    price: float | None = None
    venue: str | None = None

    @property
    def key(self) -> str:
        """What names its contract: the symbol, or the base where no contract is known."""
        return self.symbol or self.base

    @property
    def margined(self) -> bool:
        """Whether it stands on the margin account."""
        return self.kind == "future" and self.venue is None
