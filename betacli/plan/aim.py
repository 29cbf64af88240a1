"""What the weights of a basket stay near to: base weights, nothing (least variance), or what is held now."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from betacli.core.calendar import bars_per_year
from betacli.core.convex import Turnover
from betacli.core.model import Floats, Notice, Universe
from betacli.core.weights import limited
from betacli.data.candles import MarketData
from betacli.errors import BadOption, BadUsage, NoData
from betacli.plan.base_weights import base_weights
from betacli.plan.limits import sector_shares
from betacli.plan.measure import Measured
from betacli.plan.request import BasketRequest


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aim:
    """Base weights (N,) as shown, the weights (N,) to stay near to in risk, and the cost of leaving what is held.

    `carried` is of each stand-in, by asset held, which part of that asset's base weight is its member's.
    """

    base: Floats
    center: Floats
    turnover: Turnover | None = None
    carried: tuple[Mapping[str, float], ...] = ()


def aim_of(
    request: BasketRequest,
    universe: Universe,
    measured: Measured,
    notional: float,
    source: MarketData | None,
) -> tuple[Aim, list[Notice]]:
    """Return what the weights stay near to.

    Raises:
        NoData: what the weighting needs is unknown for some asset, or what is held of one.
        BadOption: the capitalisation limit is too low for so few assets.
        BadUsage: what is held now is needed, and was not given.
    """
    found = base_weights(request.weighting, measured, request.tracked)
    base, carried = found.weights, found.carried
    if request.cap_limit is not None:
        try:
            base = limited(base, request.cap_limit)
        except ValueError as error:
            raise BadOption(
                option="--cap-limit", value=f"{request.cap_limit:g}", problem=str(error), way_out="raise it"
            ) from None
    base = _by_sector(request, universe, measured, base)
    if request.objective == "min-variance":
        return Aim(base=base, center=np.zeros(len(base)), carried=carried), []
    if request.objective == "nearest":
        return Aim(base=base, center=base, carried=carried), []
    current = _held(request, universe, measured, source) / notional
    cost = request.turnover_cost
    if measured.panel is not None:
        cost /= bars_per_year(measured.panel.timeframe_ms)
    detail = (
        "weights stay near what is held: ½ the variance a year of the difference, and "
        f"{request.turnover_cost:g} for a turnover of 1"
    )
    turnover = Turnover(current=current, cost=cost)
    return Aim(base=base, center=current, turnover=turnover, carried=carried), [
        Notice(id="near-what-is-held", detail=detail, severity="note")
    ]


def _held(
    request: BasketRequest, universe: Universe, measured: Measured, source: MarketData | None
) -> Floats:
    """Return the signed notional (N,) held of each asset now, spot and futures together."""
    if request.positions is None:
        problem = "`--objective least-turnover` stays near what is held, and nothing says what that is"
        raise BadUsage(problem=problem, way_out="give a file of positions with `--positions`")
    from betacli.plan.positions import value_positions  # noqa: PLC0415  loaded where it is asked: a plain solve starts sooner

    positions = value_positions(
        request.positions,
        measured=measured,
        universe=universe,
        source=source,
        basket={base: measured.listings.get(base) for base in measured.bases},
        hedge={},
    )
    held = dict.fromkeys(measured.bases, 0.0)
    for position in positions.held:
        if position.role != "basket":
            continue
        if position.notional is None:
            what = f"what is held of `{position.base}` cannot be valued: {position.reason}"
            raise NoData(what=what, way_out="give its notional in the file of positions")
        held[position.base] += position.notional
    return np.array([held[base] for base in measured.bases])


def _by_sector(request: BasketRequest, universe: Universe, measured: Measured, base: Floats) -> Floats:
    """Scale base weights so that each sector with a weight of its own has it, and the others share the rest."""
    shares = sector_shares(request, universe, measured)
    total = float(base.sum())
    if not shares or not total:
        return base
    rest = np.ones(len(base)) - np.sum(list(shares.values()), axis=0)
    left = 1 - sum(request.sector_weight.values())
    scaled = np.zeros(len(base))
    for held, weight in [*((shares[name], request.sector_weight[name]) for name in shares), (rest, left)]:
        part = float((base * held).sum())
        scaled += base * held * (weight / part if part else 0.0)
    return scaled
