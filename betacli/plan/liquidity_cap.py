"""`--liquidity-cap`: no name may weigh more than the largest order its market takes within the limits."""

from dataclasses import replace

import numpy as np

from betacli.core.infeasible import BoundsCannotSum
from betacli.core.model import Notice, Universe
from betacli.core.target import Bounds
from betacli.data.candles import MarketData
from betacli.errors import BadOption, NoData
from betacli.plan.liquidity_rows import LiquidityRow, limits_of, members_asked, rows_of
from betacli.plan.measure import Measured


def capped(
    bounds: Bounds, notional: float, measured: Measured, universe: Universe, source: MarketData | None
) -> tuple[Bounds, list[Notice]]:
    """Narrow the bounds to what volume, book and open interest allow of each name, both ways.

    Raises:
        NoData: of some name neither volume nor order book is known.
        BadOption: a member must weigh more than its market takes.
        BoundsCannotSum: together they take less than the notional.
    """
    rows, said = rows_of(measured, members_asked(measured, measured.bases, {}), source, limits_of(universe))
    lacking = [row.base for row in rows if row.max_notional is None]
    if lacking:
        what = f"`--liquidity-cap` needs a volume or an order book, which {', '.join(lacking)} lack"
        raise NoData(what=what, way_out="name a source that states quote volume, or leave the names out")
    caps = np.array([row.max_notional for row in rows], dtype=np.float64) / notional
    lower, upper = np.maximum(bounds.lower, -caps), np.minimum(bounds.upper, caps)
    for base, low, high in zip(bounds.bases, bounds.lower, upper, strict=True):
        if low > high:
            raise BadOption(
                option="--liquidity-cap",
                value=f"{high:.4g}",
                problem=f"`{base}` must weigh at least {low:g}, which its market does not take",
                way_out="lower `--notional` or the member's `min_weight`",
            )
    takes = float(upper.sum())
    if takes < 1 <= float(bounds.upper.sum()):
        raise BoundsCannotSum(
            name=bounds.name,
            lower_sum=float(lower.sum()),
            upper_sum=takes,
            n_assets=len(caps),
            takes=takes * notional,
        )
    notices = _told(rows, caps < bounds.upper, caps)
    unread = [notice for notice in said if notice.id in {"order-book-unknown", "open-interest-unknown"}]
    return replace(bounds, lower=lower, upper=upper), [*notices, *unread]


def _told(rows: tuple[LiquidityRow, ...], binds: np.ndarray, caps: np.ndarray) -> list[Notice]:
    """Name the weights that the caps narrow and the limit that sets each, and caps that rest on the volume alone."""
    tight = [
        f"{row.base} {cap:.4g} by {(row.max_set_by or '').removesuffix('_bps').replace('_', ' ')}"
        for row, cap, narrows in zip(rows, caps, binds, strict=True)
        if narrows
    ]
    if not tight:
        detail = "liquidity allows more of every name than the other bounds do"
        return [Notice(id="liquidity-cap", detail=detail, severity="note")]
    return [Notice(id="liquidity-cap", detail=f"largest weights by liquidity: {', '.join(tight)}")]
