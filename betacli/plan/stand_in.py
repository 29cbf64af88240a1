"""What is held in the place of a member that has no contract."""

from dataclasses import dataclass
from typing import Literal

from betacli.core.model import Floats, Member, Times

Kind = Literal["spot", "venue", "peer", "peers", "benchmark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """One member and what is held instead. `shares` sum to 1: the part of its base weight that each of `held` carries.

    `venue` names the exchange of the same coin elsewhere. The others are those of the proxy table: `betas` per unit of
    the member, `tracking_error` a year, of the fit to its own prices from `history`.
    """

    base: str
    kind: Kind
    held: tuple[str, ...]
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

    @property
    def is_itself(self) -> bool:
        """Whether the coin itself is held, elsewhere or as spot."""
        return self.kind in {"spot", "venue"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracking:
    """A stand-in with the member it is for and that member's own prices.

    `home` is the sector it is counted in; `returns` (T,) stand at the bars that open at `open_ms` (T,); `last_close` is
    per coin, `vol_annual` a fraction a year.
    """

    stand_in: StandIn
    member: Member
    home: str
    open_ms: Times
    returns: Floats
    last_close: float
    vol_annual: float
