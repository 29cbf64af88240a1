"""Which recipe a source's bars allow, and the window of bars it is estimated on."""

from dataclasses import replace

import numpy as np

from betacli.core.beta import PRESETS, Recipe
from betacli.core.calendar import DAY_MS, TIMEFRAMES_MS, last_closed_open
from betacli.core.candles import iso
from betacli.core.model import Notice, Times
from betacli.data.candles import MarketData
from betacli.errors import BadOption, NoData
from betacli.plan.gather import Gathered
from betacli.plan.request import BetaRequest

MAX_RETURNS = 1_000_000


def fitting_recipe(request: BetaRequest, source: MarketData) -> tuple[str, Recipe, list[Notice]]:
    """Return preset and recipe, or the daily sibling's where the source has no bars that fine.

    A window or half-life that was asked for stays; a timeframe that was asked for has no sibling.
    """
    recipe, preset = request.recipe, PRESETS[request.preset]
    wanted, finest = TIMEFRAMES_MS[recipe.timeframe], TIMEFRAMES_MS[source.finest_timeframe]
    if wanted % finest == 0:
        return request.preset, recipe, []
    own = recipe.timeframe == preset.timeframe
    if recipe.daily_sibling is not None and own and TIMEFRAMES_MS["1d"] % finest == 0:
        sibling = PRESETS[recipe.daily_sibling]
        if recipe.window_days != preset.window_days:
            sibling = replace(sibling, window_days=recipe.window_days)
        if recipe.half_life_days != preset.half_life_days:
            sibling = replace(sibling, half_life_days=recipe.half_life_days)
        detail = (
            f"`{source.name}` has {source.finest_timeframe} bars, coarser than {recipe.timeframe}: "
            f"`{recipe.daily_sibling}` is used instead"
        )
        return recipe.daily_sibling, sibling, [Notice(id="daily-sibling", detail=detail)]
    raise BadOption(
        option="--timeframe",
        value=recipe.timeframe,
        problem=f"`{source.name}` has {source.finest_timeframe} bars, which do not make {recipe.timeframe} bars",
        way_out=f"use `--timeframe {source.finest_timeframe}` or coarser",
    )


def window_grid(recipe: Recipe, now_ms: int) -> Times:
    """Return the open times of the window's bars and of the one before, which the first return needs."""
    step = TIMEFRAMES_MS[recipe.timeframe]
    n_returns = round(recipe.window_days * DAY_MS / step)
    if n_returns < 2:
        raise BadOption(
            option="--window",
            value=f"{recipe.window_days:g}d",
            problem=f"holds {n_returns:,} {'bar' if n_returns == 1 else 'bars'} of {recipe.timeframe}",
            way_out="choose a longer `--window` or a finer `--timeframe`",
        )
    if n_returns > MAX_RETURNS:
        what = (
            f"a window of {recipe.window_days:g} days of {recipe.timeframe} bars is longer than any history"
        )
        raise NoData(what=what, way_out="choose a shorter `--window`")
    last = last_closed_open(now_ms, step)
    return np.arange(last - n_returns * step, last + step, step, dtype=np.int64)


def no_interval(preset: str, recipe: Recipe) -> list[Notice]:
    """Say that a preset's interval does not hold the truth as often as it would claim."""
    if recipe.has_interval or recipe.coverage is None:
        return []
    detail = f"`{preset}` has no interval: its 95 % one would hold the true beta in {recipe.coverage * 100:.1f} % of simulated samples"
    return [Notice(id="no-interval", detail=detail, severity="note")]


def shortened(recipe: Recipe, data: Gathered) -> list[Notice]:
    """Say that the preset's window is longer than the benchmark's history."""
    days = (len(data.grid) - 1) * data.step_ms / DAY_MS
    if days >= round(recipe.window_days * DAY_MS / data.step_ms) * data.step_ms / DAY_MS:
        return []
    detail = (
        f"the benchmark's bars begin at {iso(int(data.grid[0]))}: the window is {days:g} days instead of "
        f"{recipe.window_days:g}"
    )
    return [Notice(id="window-shortened", detail=detail)]
