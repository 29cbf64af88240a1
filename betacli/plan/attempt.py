"""Solve and hedge as far as that goes: what looks at a planned trade also wants to see one that cannot be made."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from betacli.core.model import Notice, Universe
from betacli.data.candles import MarketData
from betacli.errors import NoAnswer, RoundsToNothing
from betacli.plan.basket import Solved, solve_basket
from betacli.plan.hedge import Hedged, hedge_basket
from betacli.plan.hedge_plan import HedgePart
from betacli.plan.held import HeldContract, held_contracts, orders_of
from betacli.plan.measure import Measured, measure
from betacli.plan.request import BasketRequest

_OF_THE_ACCOUNT = {"no-equity", "maintenance-assumed", "maintenance-unknown", "margin-unknown"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attempt:
    """A trade as far as it could be planned.

    `why_not` says why there is no basket; `too_small` that no leg reaches the smallest order of its contract, in which
    case the basket is solved without contracts.
    """

    measured: Measured
    solved: Solved | None
    hedged: Hedged | None
    why_not: str | None
    too_small: bool
    notices: tuple[Notice, ...]

    @property
    def market_notices(self) -> tuple[Notice, ...]:
        """What was said, without what concerns the account alone."""
        return tuple(notice for notice in self.notices if notice.id not in _OF_THE_ACCOUNT)

    @property
    def held(self) -> tuple[HeldContract, ...]:
        """Every contract of basket and hedge; without a basket every member, at nothing."""
        if self.solved is None:
            return held_contracts(self.measured, [_Nothing(base=base) for base in self.measured.bases])
        return held_contracts(
            self.measured, self.solved.plan.legs, self.hedged.contracts if self.hedged else ()
        )

    @property
    def hedge_parts(self) -> tuple[HedgePart, ...]:
        """Every future of the hedge; none without a basket."""
        return self.hedged.plan.hedge.parts if self.hedged else ()

    @property
    def orders(self) -> Mapping[str, float]:
        """The signed notional in each market by its key, in quote currency; a leg that is also hedge counts once."""
        return orders_of(self.held) if self.solved else {}

    @property
    def notional(self) -> float:
        """The basket's notional; 0 without one."""
        return self.solved.plan.notional if self.solved else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nothing:
    base: str
    notional: float = 0.0


def attempt(request: BasketRequest, universe: Universe, source: MarketData | None) -> Attempt:
    """Measure, solve and hedge; a member that fails a gate is left out, a benchmark that does is refused.

    Raises:
        GatesFailed: the benchmark cannot be trusted.
        ExchangeFailed: the source does not answer.
    """
    lenient = replace(request, betas=replace(request.betas, allow_missing=True))
    measured = measure(lenient.betas, universe, source)
    solved, hedged, why_not, too_small = None, None, None, False
    notices: list[Notice] = []
    if not measured.members:
        why_not = "no member can be used, so there is no basket"
    else:
        try:
            solved = solve_basket(lenient, universe, source, measured)
        except RoundsToNothing as error:
            too_small = True
            notices.append(Notice(id="leg-not-held", detail=error.message))
            solved = solve_basket(lenient, universe, None, measured)
        except NoAnswer as error:
            why_not = error.message
    if solved is not None:
        hedged = hedge_basket(lenient, universe, source, solved)
        said = (*solved.notices, *hedged.notices)
        notices += [notice for notice in said if not (too_small and notice.id == "contracts-unknown")]
    return Attempt(
        measured=measured,
        solved=solved,
        hedged=hedged,
        why_not=why_not,
        too_small=too_small,
        notices=tuple(notices),
    )
