"""Base weights from what is known of the assets: supplies, prices, volatilities, volumes."""

import numpy as np

from betacli.core.arrays import Floats
from betacli.core.calendar import DAY_MS
from betacli.core.returns import vol_annual
from betacli.core.weights import NEEDS, WEIGHTINGS, WeightInputs
from betacli.errors import NoData
from betacli.plan.measure import Measured

VOLUME_DAYS = 30
_WANTED = {
    "cap": "a `supply` in the sector file and a price",
    "vol_annual": "market data in which it moves",
    "daily_volume": "a source that states quote volume",
    "custom": "a `weight` in the sector file",
}


def base_weights(weighting: str, measured: Measured) -> Floats:
    """Return the base weights (N,) of a weighting; what stands in for a member carries that member's too.

    Raises:
        NoData: what the weighting needs is unknown for some asset.
    """
    n, need = len(measured.members), NEEDS.get(weighting)
    # A store reads volumes when they are asked for.
    volumes = [daily_volume(measured, base) or np.nan for base in measured.bases if need == "daily_volume"]
    vol = np.full(n, np.nan)
    if measured.returns is not None and measured.panel is not None:
        vol = vol_annual(measured.returns, measured.panel.timeframe_ms)
    inputs = WeightInputs(
        cap=np.array([_cap(measured, k) for k in range(n)]),
        vol_annual=np.where(vol > 0, vol, np.nan),
        daily_volume=np.array(volumes or np.full(n, np.nan), dtype=np.float64),
        custom=np.array([np.nan if m.weight is None else m.weight for m in measured.members]),
    )
    if need is not None:
        lacking = [
            base for base, x in zip(measured.bases, getattr(inputs, need), strict=True) if not np.isfinite(x)
        ]
        if lacking:
            what = f"`--weighting {weighting}` needs {_WANTED[need]}, which {', '.join(lacking)} lack"
            raise NoData(what=what, way_out="leave them out with `--only`, or use `--weighting equal`")
    weights = WEIGHTINGS[weighting](inputs)
    shares = np.array([member.share for member in measured.members])
    if weighting == "custom" or (shares == 1).all():
        return weights  # of custom weights, what stands in for a member has its weight added
    total = float((weights * shares).sum())
    return np.asarray(weights * shares / total) if total else weights


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
