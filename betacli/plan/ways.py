"""What could be done where a target beta is out of reach: each way tried before it is named."""

import math
from collections.abc import Callable
from dataclasses import replace

from betacli.core.infeasible import TargetOutOfReach, down, exact, inward, up
from betacli.core.model import Universe
from betacli.core.target import attainable
from betacli.errors import BetacliError
from betacli.plan.limits import limits_of
from betacli.plan.measure import Measured
from betacli.plan.request import BasketRequest


def with_ways(
    error: TargetOutOfReach, request: BasketRequest, universe: Universe, measured: Measured
) -> TargetOutOfReach:
    """Return the error with the ways out that work: another target, other limits, more notional, a benchmark leg."""
    above = error.target > error.high
    end = error.high if above else error.low
    ways = [_nearer(error, request, above=above)]

    def helps(**changed: object) -> bool:
        if request.liquidity_cap:
            return False  # whether the market takes more is not known here
        other = replace(request, **changed)  # type: ignore[arg-type]
        try:
            bounds = limits_of(other, universe, measured)[0]
            reach = attainable(measured.betas, bounds)
        except BetacliError:
            return False
        return reach.low <= error.target <= reach.high

    if error.max_weight < 1 and helps(max_weight=1.0):
        ways.append(f"raise `--max-weight` to {_least_cap(error.max_weight, helps):.2f}")
    if not request.allow_short and helps(allow_short=True):
        ways.append("allow shorts with `--allow-short`")
    for name, changed in (
        ("--max-gross", {"max_gross": None}),
        ("--max-assets", {"max_assets": None}),
        ("--sector-weight", {"sector_weight": {}}),
    ):
        if getattr(request, next(iter(changed))) and helps(**changed):
            ways.append(f"raise `{name}`" if name != "--sector-weight" else f"change `{name}`")
    which = "highest" if above else "lowest"
    times, leg = f"{error.target / end:.2f}" if end > 0 and error.target > 0 else "", abs(error.target - end)
    if times not in {"", "1.00", "0.00"}:
        exposure = f"its exposure is that of beta {exact(error.target)}"
        ways.append(f"hold the {which}-beta basket at {times}x the notional: {exposure}")
    side = "long" if above else "short"
    if f"{leg:.2f}" != "0.00":
        that = "that basket" if len(ways) > 1 and which in ways[-1] else f"the {which}-beta basket"
        ways.append(f"hold {that} with a {side} of {leg:.2f}x the notional in {measured.benchmark.name}")
    error.ways = ways
    return error


def _nearer(error: TargetOutOfReach, request: BasketRequest, *, above: bool) -> str:
    """Return the way out that asks for another beta: one that can be reached, or a band that holds one."""
    word = "lower" if above else "raise"
    low, high = inward(error.low, error.high)
    if request.target_band is not None:
        width = request.target_band[1] - request.target_band[0]
        if above:
            low = max(low, up(float(high) - width), key=float)
        else:
            high = min(high, down(float(low) + width), key=float)
        return f"{word} `--target-band` to {low}:{high}"
    if request.max_assets is not None:  # so few assets may have the end of the interval, and nothing near it
        end = error.high if above else error.low
        return f"ask for `--target-band {down(end)}:{up(end)}` instead"
    return f"{word} `--target` to {high if above else low}"


def _least_cap(cap: float, helps: Callable[..., bool]) -> float:
    """Return the smallest cap in whole percent that brings the target within reach."""
    low, high = math.floor(cap * 100 + 1e-9), 100
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if helps(max_weight=middle / 100) else (middle, high)
    return high / 100
