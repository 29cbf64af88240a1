"""Base weights from what is known of the assets: supplies, prices, volatilities, volumes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.calendar import DAY_MS
from betacli.core.returns import vol_annual
from betacli.core.weights import NEEDS, WEIGHTINGS, WeightInputs
from betacli.errors import NoData
from betacli.plan.measure import Measured

if TYPE_CHECKING:  # a plain solve starts sooner without it
    from betacli.plan.stand_in import Tracking

VOLUME_DAYS = 30
_WANTED = {
    "cap": "a `supply` in the sector file and a price",
    "vol_annual": "market data in which it moves",
    "daily_volume": "a source that states quote volume",
    "custom": "a `weight` in the sector file",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaseWeights:
    """Base weights (N,) of what is held, and of each stand-in what part of a leg's is its member's, by asset."""

    weights: Floats
    carried: tuple[Mapping[str, float], ...] = ()


def base_weights(weighting: str, measured: Measured, tracked: "Sequence[Tracking]" = ()) -> BaseWeights:
    """Return the base weights of a weighting; what stands in for a member carries that member's own.

    Members that something stands in for are weighed as the others are, by their own prices, and their weights then
    handed to what is held for them.

    Raises:
        NoData: what the weighting needs is unknown for some asset.
    """
    own = [k for k, member in enumerate(measured.members) if member.own]
    moved = [one for one in tracked if not one.stand_in.is_itself]
    names = [*(measured.bases[k] for k in own), *(one.stand_in.base for one in moved)]
    need = NEEDS.get(weighting)
    inputs = _inputs(measured, own, moved, need)
    if need is not None:
        lacking = [name for name, x in zip(names, getattr(inputs, need), strict=True) if not np.isfinite(x)]
        if lacking:
            what = f"`--weighting {weighting}` needs {_WANTED[need]}, which {', '.join(lacking)} lack"
            raise NoData(what=what, way_out="leave them out with `--only`, or use `--weighting equal`")
    found = WEIGHTINGS[weighting](inputs)
    weights = np.zeros(len(measured.members))
    weights[own] = found[: len(own)]
    carried = np.zeros((len(moved), len(weights)))
    for j, one in enumerate(moved):
        for base, share in zip(one.stand_in.held, one.stand_in.shares, strict=True):
            carried[j, measured.bases.index(base)] += found[len(own) + j] * share
    weights += carried.sum(axis=0)
    return BaseWeights(weights=weights, carried=_parts(measured, tracked, moved, weights, carried))


def _parts(
    measured: Measured,
    tracked: "Sequence[Tracking]",
    moved: "Sequence[Tracking]",
    weights: Floats,
    carried: Floats,
) -> tuple[Mapping[str, float], ...]:
    """Return of each stand-in, by asset held, which part of that asset's base weight is its member's."""
    found: list[Mapping[str, float]] = []
    for one in tracked:
        if one.stand_in.is_itself:
            found.append({one.stand_in.base: 1.0})
            continue
        row = carried[moved.index(one)]
        places = [measured.bases.index(base) for base in one.stand_in.held]
        found.append({measured.bases[k]: float(row[k] / weights[k]) if weights[k] else 0.0 for k in places})
    return tuple(found)


def _inputs(
    measured: Measured, own: Sequence[int], moved: "Sequence[Tracking]", need: str | None
) -> WeightInputs:
    """Return what the weighting looks at: of members with a market, then of those that something stands in for."""
    bases = [measured.bases[k] for k in own]
    # A store reads volumes when they are asked for.
    volumes = [daily_volume(measured, base) or np.nan for base in bases] if need == "daily_volume" else []
    vol = np.full(len(own), np.nan)
    if measured.returns is not None and measured.panel is not None:
        vol = vol_annual(measured.returns[:, own], measured.panel.timeframe_ms)
    vol = np.array([*vol, *(one.vol_annual for one in moved)])
    nothing = [np.nan] * len(moved)
    members = [*(measured.members[k] for k in own), *(one.member for one in moved)]
    return WeightInputs(
        cap=np.array([*(_cap(measured, k) for k in own), *(_own_cap(one) for one in moved)]),
        vol_annual=np.where(vol > 0, vol, np.nan),
        daily_volume=np.array([*(volumes or [np.nan] * len(own)), *nothing]),
        custom=np.array([np.nan if m.weight is None else m.weight for m in members]),
    )


def _own_cap(one: "Tracking") -> float:
    """Return supply × the last close of a member's own prices, per coin."""
    return float("nan") if one.member.supply is None else one.member.supply * one.last_close


def _cap(measured: Measured, k: int) -> float:
    """Return supply × the last close, NaN where either is unknown; a contract of 1000 coins counts them."""
    member = measured.members[k]
    if member.supply is None or measured.panel is None:
        return float("nan")
    close = measured.panel.close[:, k]
    seen = close[np.isfinite(close)]
    listing = measured.listings.get(member.base)
    coins = listing.coins if listing else 1
    return member.supply / coins * float(seen[-1]) if len(seen) else float("nan")


def daily_volume(measured: Measured, base: str) -> float | None:
    """Return the average daily quote volume of the last 30 days, or None where the source states none."""
    candles = measured.candles.get(base)
    if candles is None or not len(candles.open_ms):
        return None
    recent = candles.quote_volume[candles.open_ms >= candles.open_ms[-1] - (VOLUME_DAYS - 1) * DAY_MS]
    known: Floats = recent[np.isfinite(recent)]
    return float(known.mean()) * DAY_MS / candles.timeframe_ms if len(known) else None
