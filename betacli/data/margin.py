"""Margin brackets out of an exchange's answers: in quote currency, one above the other, or unknown."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from betacli.core.model import MarginTier, Market, Price, Unknown
from betacli.data.answers import number

_UNSURE = "has margin brackets that contradict themselves"
NEAR = 0.02  # how far initial margin × leverage may be from 1
MOST_TIERS = 1_000


def listed_tiers(answer: object) -> tuple[MarginTier, ...] | Unknown:
    """Return brackets that an exchange lists with limits in quote currency, as Bybit does.

    Its rates are fractions or percent: initial margin times leverage is 1 or 100, and tells which.
    """
    entries = answer if isinstance(answer, list) else []
    rows = [entry.get("info") for entry in entries if isinstance(entry, Mapping)]
    known = []
    for row in rows:
        told = row if isinstance(row, Mapping) else {}
        names = ("riskLimitValue", "maintenanceMargin", "initialMargin", "maxLeverage")
        values = [number(told.get(name)) for name in names]
        if any(value is None or value <= 0 for value in values):
            return Unknown(reason="has a margin bracket that lacks its limit or its rate")
        known.append(tuple(value or 0.0 for value in values))
    if not known:
        return Unknown(reason="has no margin brackets")
    units = {_unit(initial * leverage) for _, _, initial, leverage in known}
    unit = units.pop() if len(units) == 1 else None
    if unit is None:
        return Unknown(reason="has margin brackets whose rates are neither fractions nor percent")
    known.sort()
    return _stacked([(cap, rate / unit, leverage) for cap, rate, _, leverage in known])


def counted_tiers(
    raw: Mapping[str, Any], market: Market | None, price: Price | Unknown
) -> tuple[MarginTier, ...] | Unknown:
    """Return brackets that a contract states in contracts, as MEXC's does; ccxt takes them for currency.

    Bracket k ends at `riskBaseVol + (k − 1) riskIncrVol` contracts, of contract size times price each.
    """
    if raw.get("riskLimitMode") not in {None, "INCREASE"} or raw.get("riskLimitCustom"):
        return Unknown(reason="has margin brackets in a form that betacli does not know")
    if isinstance(price, Unknown) or market is None:
        reason = price.reason if isinstance(price, Unknown) else "its contract is not known"
        return Unknown(reason=f"has margin brackets in contracts, whose worth is not known: it {reason}")
    names = ("riskBaseVol", "riskIncrVol", "maintenanceMarginRate", "initialMarginRate", "riskIncrMmr",
             "riskIncrImr", "riskLevelLimit")  # fmt: skip
    told = [number(raw.get(name)) for name in names]
    if any(value is None or value <= 0 for value in told):
        return Unknown(reason="has a margin bracket that lacks its limit or its rate")
    base, more, rate, initial, more_rate, more_initial, levels = (value or 0.0 for value in told)
    if levels != int(levels) or levels > MOST_TIERS:
        return Unknown(reason=_UNSURE)
    worth = float(market.contract_size) * price.value
    steps = range(int(levels))
    tiers = [
        ((base + k * more) * worth, rate + k * more_rate, 1 / (initial + k * more_initial)) for k in steps
    ]
    return _stacked([tier for tier in tiers if tier[2] >= 1])


def _stacked(tiers: Sequence[tuple[float, float, float]]) -> tuple[MarginTier, ...] | Unknown:
    """Return brackets of (cap, maintenance rate, leverage), smallest first, if each asks more than the one before."""
    rising = all(a[0] < b[0] and a[1] <= b[1] and a[2] >= b[2] for a, b in pairwise(tiers))
    sound = all(0 < rate < 1 and leverage >= 1 and rate < 1 / leverage * 1.001 for _, rate, leverage in tiers)
    if not tiers or not rising or not sound or not all(math.isfinite(cap) for cap, _, _ in tiers):
        return Unknown(reason=_UNSURE)
    floors = [0.0, *(cap for cap, _, _ in tiers)]
    return tuple(
        MarginTier(floor_notional=floor, cap_notional=cap, maintenance_rate=rate, max_leverage=leverage)
        for floor, (cap, rate, leverage) in zip(floors, tiers, strict=False)
    )


def _unit(product: float) -> float | None:
    return next((unit for unit in (1.0, 100.0) if abs(product / unit - 1) <= NEAR), None)
