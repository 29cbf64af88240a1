"""One exchange as a place for a basket and its hedge: what can be held there, and what that costs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from betacli.core.model import Notice, Universe, Unknown
from betacli.data.candles import MarketData
from betacli.errors import BetacliError
from betacli.plan.attempt import Attempt, attempt
from betacli.plan.carrying import Holding, converged, entry_both_ways, fees_both_ways
from betacli.plan.funding_rows import current_rows, projected
from betacli.plan.hedge_with import PERPETUAL
from betacli.plan.liquidity import liquidity_of
from betacli.plan.liquidity_rows import LiquidityRow
from betacli.plan.request import BasketRequest
from betacli.plan.stand_in import StandIn, Tracking


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRow:
    """One exchange as a place for the planned basket and its hedge. Money in quote currency; None is unknown.

    `covered` of `asked` members can be held there; `other_coins` share a ticker with the reference venue and are
    another coin, `unverified` could not be held against it: members, benchmark and hedge. `adv_30d`, `depth_25_bps`
    (the thinner side) and `max_leverage` are of the weakest contract, `spread_bps` of the widest. `cost_bps` of the
    basket's notional is what fees, half spreads with slippage both ways, and funding over the horizon come to; it is
    known where all three are and every member can be held, itself (as spot, too) or with others in the place of those
    `stood_in`. `too_small` are planned there with less than a contract, `ending` have a contract that ends within the
    horizon. `reasons` say what decides the rank, `unknown` what could not be learnt; `convergence` is what a dated
    hedge gains or loses toward the index, and part of the cost. `stand_ins` are held in the place of members without
    a contract there, `no_stand_in` says of others why nothing is.
    """

    rank: int | None
    venue: str
    reference: bool
    centralised: bool | None
    failed: str | None
    asked: int
    covered: int | None
    missing: tuple[str, ...]
    other_coins: tuple[str, ...]
    unverified: tuple[str, ...]
    adv_30d: float | None
    depth_25_bps: float | None
    spread_bps: float | None
    max_leverage: float | None
    dated_futures: tuple[str, ...] | None
    fees: float | None
    entry: float | None
    funding: float | None
    cost_bps: float | None
    reasons: tuple[str, ...]
    too_small: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()
    stood_in: tuple[str, ...] = ()
    convergence: float | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)
    stand_ins: tuple[StandIn, ...] = ()
    no_stand_in: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether everything that is planned can be held there, to the end of the horizon."""
        return self.lacking == 0 and not (self.too_small or self.ending or self.other_coins)

    @property
    def lacking(self) -> int:
        """How many members can be held there neither themselves nor with others in their place."""
        return self.asked - (self.covered or 0) - len(self.stood_in)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VenueAnswer:
    """What one exchange gave: its row, and the trade it was judged on; where it failed, with what error.

    `said` is what placing the members there said, `here` are those that are held there themselves, `tracked` is what
    stands in for others.
    """

    row: VenueRow
    found: Attempt | None
    error: BetacliError | None = None
    said: tuple[Notice, ...] = ()
    here: tuple[str, ...] = ()
    tracked: tuple[Tracking, ...] = ()


def failed_venue(name: str, request: BasketRequest, universe: Universe, error: BetacliError) -> VenueAnswer:
    """Return the row of an exchange that could not answer, with its reason."""
    row = VenueRow(
        rank=None, venue=name, reference=False, centralised=True, failed=error.message,
        asked=len(request.betas.members(universe)[1]), covered=None, missing=(), other_coins=(), unverified=(),
        adv_30d=None, depth_25_bps=None, spread_bps=None, max_leverage=None, dated_futures=None, fees=None, entry=None,
        funding=None, convergence=None, cost_bps=None, reasons=(error.message,),
    )  # fmt: skip
    return VenueAnswer(row=row, found=None, error=error)


def ask_venue(
    request: BasketRequest,
    universe: Universe,
    source: MarketData,
    holding: Holding,
    asked: Sequence[str],
    said: tuple[Notice, ...] = (),
) -> VenueAnswer:
    """Plan the basket on one exchange and add up what holding it there costs.

    Args:
        request: the question, with what stands in for members in their places.
        universe: the sectors, likewise.
        source: the exchange.
        holding: for how long, at which fees.
        asked: the members of the basket as they were asked for.
        said: what putting them in their places there said.

    Raises:
        ExchangeFailed, GatesFailed: the exchange does not answer, or its benchmark cannot be trusted.
    """
    found = attempt(request, universe, source)
    measured = found.measured
    rows, _ = liquidity_of(found, request, universe, source)
    traded = [row for row in rows if row.contract in {"active", "spot", "dated", "delisting"}]
    days = holding.days(universe)
    fees = entry = funding = None
    nearing = 0.0 if request.hedge_with == PERPETUAL else None
    unknown = _unknown(rows)
    if found.solved is not None:
        fees = fees_both_ways(holding, found.held, [])
        entry = entry_both_ways(rows, found.held)
        nearing = converged(found.hedge_parts, days, [])
        unknown |= {} if nearing is not None else {"convergence": "the basis of the dated hedge is not known"}
        funding, _, why_not = projected(current_rows(found.held, source, days * 24), found.notional)
        unknown |= {} if funding is not None else {"funding": why_not}
        unknown |= {} if fees is not None else {"fees": f"no {holding.fees} fee is told of every contract"}
    futures = source.futures(list(dict.fromkeys((*asked, *(x.base for x in found.held)))), universe.quote)
    told = [base for base, chain in futures.items() if not isinstance(chain, Unknown)]
    unknown |= {} if told else {"dated-futures": _first_reason(futures)}
    leverages = _leverages(found)
    if None in leverages or not leverages:
        unknown["max-leverage"] = "is not told of every contract without a key"
    stood_in = tuple(one.stand_in.base for one in request.tracked if not one.stand_in.is_itself)
    here = tuple(b for b in asked if b in measured.bases and measured.listings[b].venue is None)
    row = VenueRow(
        rank=None, venue=source.name, reference=False, centralised=None if source.simulated else True, failed=None,
        asked=len(asked), covered=len(here), missing=tuple(b for b in asked if b not in here and b not in stood_in),
        other_coins=(), unverified=(), adv_30d=_least([row.adv_30d for row in traded]),
        depth_25_bps=_least([_near(row) for row in traded]), spread_bps=_most([row.spread_bps for row in traded]),
        max_leverage=_least(leverages), dated_futures=tuple(b for b in told if futures[b]) if told else None, fees=fees,
        entry=entry, funding=funding, cost_bps=None, reasons=() if found.why_not is None else (found.why_not,),
        too_small=_too_small(found), ending=_ending(rows, days), stood_in=stood_in, convergence=nearing, unknown=unknown,
        stand_ins=tuple(one.stand_in for one in request.tracked), no_stand_in=request.betas.proxies_refused,
    )  # fmt: skip
    return VenueAnswer(row=row, found=found, said=said, here=here, tracked=request.tracked)


def _unknown(rows: Sequence[LiquidityRow]) -> dict[str, str]:
    """Return what could not be learnt, each with the names it is unknown of and why."""
    why: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        for what, reason in row.unknown.items():
            if what != "contract":
                why.setdefault(what, {}).setdefault(reason, []).append(row.base)
    return {
        what: "; ".join(f"{', '.join(dict.fromkeys(bases))}: {reason}" for reason, bases in of.items())
        for what, of in why.items()
    }


def _leverages(found: Attempt) -> list[float | None]:
    """Return the highest leverage of every future that is held."""
    markets = [x.listing.market if x.listing is not None else None for x in found.held if not x.spot]
    return [None if market is None else market.max_leverage for market in markets]


def _too_small(found: Attempt) -> tuple[str, ...]:
    """Return what is planned with less than the smallest order of its contract."""
    if found.solved is None:
        return ()
    legs = found.solved.plan.legs
    if found.too_small:
        return tuple(leg.base for leg in legs if leg.notional)
    parts = found.hedge_parts
    small = [leg.base for leg in legs if leg.notional and leg.rounded_notional == 0]
    return (
        *small,
        *(f"{part.base} (hedge)" for part in parts if part.notional and part.rounded_notional == 0),
    )


def _ending(rows: Sequence[LiquidityRow], days: float) -> tuple[str, ...]:
    """Return the contracts that end before the position is closed: delisted, or a dated hedge that is too short."""
    return tuple(
        f"{row.base} in {row.ends_in_days:.1f} days"
        for row in rows
        if row.ends_in_days is not None and row.ends_in_days < days and row.order
    )


def _near(row: LiquidityRow) -> float | None:
    """Return what rests within 25 bps on the thinner side."""
    return next((min(d.bid, d.ask) for d in row.depth if d.bps == 25), None)


def _least(values: Sequence[float | None]) -> float | None:
    known = _all_known(values)
    return min(known) if known else None


def _most(values: Sequence[float | None]) -> float | None:
    known = _all_known(values)
    return max(known) if known else None


def _all_known(values: Sequence[float | None]) -> Collection[float]:
    """Return the values where every one is known: the worst of some is not the worst of all."""
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else ()


def _first_reason(answers: Mapping[str, object]) -> str:
    return next((x.reason for x in answers.values() if isinstance(x, Unknown)), "nothing is told")
