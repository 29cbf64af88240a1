"""What is held in the place of a member that has no contract."""

from dataclasses import dataclass
from typing import Literal

from betacli.core.model import Floats

Kind = Literal["spot", "venue", "peer", "peers", "benchmark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """One member and what is held instead. `shares` sum to 1: the part of its base weight that each of `held` carries.

    `share` is the base weight of the member itself, in members. `venue` names the exchange of the same coin elsewhere.
    The others are those of the proxy table: `betas` per unit of the member, `tracking_error` a year.
    """

    base: str
    kind: Kind
    held: tuple[str, ...]
    share: float
    shares: tuple[float, ...]
    venue: str | None
    betas: tuple[float, ...]
    r_squared: float
    tracking_error: float
    variance_added: float
    implied_beta: float | None
    history: str
    n_obs: int

    @property
    def told(self) -> str:
        """What is held, as a reader would say it."""
        if self.kind == "spot":
            return f"{self.base} spot"
        return f"{self.base} on {self.venue}" if self.kind == "venue" else " + ".join(self.held)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracking:
    """A stand-in with what its fit leaves, (T,) returns by the open of their bars."""

    stand_in: StandIn
    open_ms: Floats
    left: Floats
