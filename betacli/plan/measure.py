"""From a request to betas: which bars, through the gates, to estimates. Every command starts here."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from betacli.core.beta import PRESETS, BetaEstimates, Recipe
from betacli.core.calendar import DAY_MS, TIMEFRAMES_MS
from betacli.core.candles import iso
from betacli.core.model import (
    Benchmark,
    Candles,
    Excluded,
    Floats,
    Member,
    Notice,
    Panel,
    Universe,
)
from betacli.core.returns import simple_returns
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import Measurement, thresholds_for
from betacli.errors import GateFailure, GatesFailed, NoData
from betacli.plan.benchmark import (
    BenchmarkSeries,
    benchmark_members,
    fixed_weights,
    refuse_mistyped,
    universe_weights,
)
from betacli.plan.cross_section import CrossSection, Peers, cross_section, home_of, peers_of, shrink_notices
from betacli.plan.gather import Gathered, gather
from betacli.plan.request import BetaRequest, homes
from betacli.plan.windows import fitting_recipe, no_interval, shortened, window_grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time the returns cover, ISO 8601: from the open of the first bar to the close of the last."""

    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorInput:
    """The recipe as it was applied.

    `shrink` is None where there were too few betas to shrink; `interval` is Student's, the normal, or None where the
    recipe has none; below `min_obs` returns there is no beta.
    """

    preset: str
    estimator: str
    timeframe: str
    window_days: float
    half_life_days: float | None
    errors: str
    band: float | None
    shrink: str | None
    interval: str | None
    min_obs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the answer was made from; None where no market data was read."""

    exchange: str | None
    simulated: bool
    config_sha256: str
    data_fingerprint: str | None
    timeframe: str | None
    window: Window | None
    estimator: EstimatorInput | None
    benchmark: str
    gates: tuple[Measurement, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """The assets with their betas, and the data behind them.

    `members`, `betas` (N,), `std_errors` (N,) and `overridden` (N,) are in one order; a beta given by hand has no
    standard error. `panel`, `returns` (T, N), `market` (T,) and `estimates` are None where no data was read.
    `listings` and `candles` also hold the benchmark's parts; `now_ms` is the moment of the answer by the source's clock.
    """

    sector: str
    title: str
    benchmark: Benchmark
    benchmark_weights: Mapping[str, float]
    members: tuple[Member, ...]
    betas: Floats
    std_errors: Floats
    overridden: tuple[bool, ...]
    recipe: Recipe
    now_ms: int
    inputs: Inputs
    notices: tuple[Notice, ...]
    excluded: tuple[Excluded, ...]
    listings: Mapping[str, Listing]
    candles: Mapping[str, Candles]
    panel: Panel | None = None
    returns: Floats | None = None
    market: Floats | None = None
    estimates: BetaEstimates | None = None
    cross: CrossSection | None = None

    @property
    def bases(self) -> tuple[str, ...]:
        """The assets' names."""
        return tuple(member.base for member in self.members)

    def require_members(self) -> None:
        """Raise `NoData` when every member was left out."""
        if not self.members:
            reasons = "; ".join(f"`{asset.base}` {asset.detail}" for asset in self.excluded)
            what = f"every member of `{self.sector}` is refused: {reasons}"
            raise NoData(what=what, way_out="choose another source, `--window` or `--as-of`")

    @property
    def basket_recipe(self) -> Recipe:
        """The recipe for one series on its own: there is no cross-section to shrink it to."""
        return replace(self.recipe, shrink=None)

    @property
    def bars_per_day(self) -> float:
        """How many bars of the recipe's timeframe a day has."""
        return DAY_MS / TIMEFRAMES_MS[self.recipe.timeframe]


def measure(
    request: BetaRequest, universe: Universe, source: MarketData | None, *, may_shorten: bool | None = None
) -> Measured:
    """Measure the betas of the members asked for.

    Args:
        request: what was asked.
        universe: the sectors and defaults.
        source: market data; None where every beta is given by hand and no source was named.
        may_shorten: the window may begin where the benchmark's history does; None where it is the preset's own.

    Raises:
        UnknownName: no such sector or member.
        BadOption: the source has no bars as fine as the recipe wants.
        GatesFailed: the benchmark cannot be trusted, or a member cannot and `allow_missing` is off.
        ExchangeFailed: the source does not answer.
    """
    sector, members = request.members(universe)
    notices = [*_shared(request, universe, members), *_unused(request, members)]
    if source is None:
        refuse_mistyped(request.benchmark, universe, request.benchmark.weights)
        return _by_hand(request, universe, sector.title, members, notices)
    preset, recipe, recipe_notices = fitting_recipe(request, source)
    notices.extend([*recipe_notices, *no_interval(preset, recipe)])
    parts = benchmark_members(request.benchmark, universe)
    fixed = request.benchmark.weights
    grid = window_grid(recipe, source.now_ms)
    peers = peers_of(recipe, request.sector, {member.base for member in members}, universe, fixed)
    data = gather(
        source,
        quote=universe.quote,
        members=members,
        parts=parts,
        peers=peers.members,
        timeframe=recipe.timeframe,
        grid=grid,
        thresholds=thresholds_for(universe.gates, len(grid)),
        may_shorten=recipe.window_days == PRESETS[preset].window_days if may_shorten is None else may_shorten,
    )
    unlisted = [base for base, failure in data.absent.items() if failure.gate == "listed"]
    refuse_mistyped(request.benchmark, universe, unlisted)
    notices.extend(shortened(recipe, data))
    series = _benchmark_series(request.benchmark, parts, data)
    kept, excluded = _admit(request, members, data, series)
    return _estimated(
        request,
        sector.title,
        kept,
        peers,
        home_of(universe, request.sector),
        series,
        data,
        recipe,
        now_ms=source.now_ms,
        inputs=_inputs(replace(request, preset=preset), universe, source, recipe, data, series),
        notices=(*notices, *source.notices, *series.notices, *data.notices),
        excluded=(*excluded, *series.excluded),
    )


def _unused(request: BetaRequest, members: tuple[Member, ...]) -> list[Notice]:
    """Say which betas given by hand are of no member asked for."""
    return [
        Notice(
            id="beta-unused",
            detail=f"`--beta {base}` is not used: `{base}` is not in `--only`",
            severity="note",
        )
        for base in sorted(set(request.overrides) - {member.base for member in members})
    ]


def _shared(request: BetaRequest, universe: Universe, members: tuple[Member, ...]) -> list[Notice]:
    """Say which members several of the sectors asked for hold."""
    where = homes(universe, request.sector)
    twice = [f"{m.base} of `{where[m.base][0]}`" for m in members if len(where[m.base]) > 1]
    if not twice:
        return []
    detail = f"in several of the sectors, counted once, as the first has it: {', '.join(twice)}"
    return [Notice(id="shared-members", detail=detail, severity="note")]


def _estimated(
    request: BetaRequest,
    title: str,
    kept: tuple[Member, ...],
    peers: Peers,
    home: Mapping[str, str],
    series: BenchmarkSeries,
    data: Gathered,
    recipe: Recipe,
    *,
    now_ms: int,
    inputs: Inputs,
    notices: tuple[Notice, ...],
    excluded: tuple[Excluded, ...],
) -> Measured:
    """Estimate the betas of the members that were admitted, and put those given by hand in their place."""
    bases = tuple(member.base for member in kept)
    refused = {m.base: data.member_failures(m.base, series.value) for m in peers.members}
    beside = tuple(base for base, failures in refused.items() if not failures)
    closes = np.array([data.close[base] for base in (*bases, *beside)]).reshape(-1, len(data.grid)).T
    panel = Panel(bases=bases, timeframe_ms=data.step_ms, open_ms=data.grid, close=closes[:, : len(bases)])
    returns = simple_returns(closes)
    cross = cross_section(returns, series.returns, DAY_MS / data.step_ms, bases, beside, peers, home)
    estimates = cross.estimate(recipe)
    left_out = [f"`{base}` {'; '.join(f.detail for f in why)}" for base, why in refused.items() if why]
    shrunk, said = shrink_notices(recipe, peers, home, {*bases, *beside}, left_out)
    if inputs.estimator is not None:
        shrink = recipe.shrink if shrunk else None
        inputs = replace(
            inputs, estimator=replace(inputs.estimator, shrink=shrink, interval=estimates.interval)
        )
    overridden = tuple(base in request.overrides for base in bases)
    given = np.array([request.overrides.get(base, np.nan) for base in bases])
    short = _short_histories(bases, estimates, len(data.grid) - 1)
    return Measured(
        sector=request.sector,
        title=title,
        benchmark=request.benchmark,
        benchmark_weights=series.weights,
        members=kept,
        betas=np.where(overridden, given, estimates.beta),
        std_errors=np.where(overridden, np.nan, estimates.std_error),
        overridden=overridden,
        recipe=recipe,
        now_ms=now_ms,
        inputs=inputs,
        notices=(*notices, *said, *short),
        excluded=excluded,
        listings=data.listings,
        candles=data.candles,
        panel=panel,
        returns=returns[:, : len(bases)],
        market=series.returns,
        estimates=estimates,
        cross=cross,
    )


def _by_hand(
    request: BetaRequest, universe: Universe, title: str, members: tuple[Member, ...], notices: list[Notice]
) -> Measured:
    """Return betas that were all given by hand, without any market data."""
    detail = "every beta was given by hand and no source was named: no market data was read"
    return Measured(
        sector=request.sector,
        title=title,
        benchmark=request.benchmark,
        benchmark_weights=dict(request.benchmark.weights),
        members=members,
        betas=np.array([request.overrides[member.base] for member in members]),
        std_errors=np.full(len(members), np.nan),
        overridden=(True,) * len(members),
        recipe=request.recipe,
        now_ms=request.run.now_ms,
        inputs=Inputs(
            exchange=None,
            simulated=False,
            config_sha256=universe.sha256,
            data_fingerprint=None,
            timeframe=None,
            window=None,
            estimator=None,
            benchmark=request.benchmark.name,
            gates=(),
        ),
        notices=(*notices, Notice(id="no-market-data", detail=detail, severity="note")),
        excluded=(),
        listings={},
        candles={},
    )


def _benchmark_series(benchmark: Benchmark, parts: Sequence[Member], data: Gathered) -> BenchmarkSeries:
    """Return the benchmark's returns; every part must cover the whole window."""
    failures = [failure for part in parts for failure in data.part_failures(part.base)]
    if benchmark.is_universe:
        multipliers = {base: listing.coins for base, listing in data.listings.items()}
        return universe_weights(parts, data.close, failures, multipliers)
    if failures:
        raise GatesFailed(failures=failures, benchmark=True)
    return fixed_weights(benchmark, data.close)


def _admit(
    request: BetaRequest, members: tuple[Member, ...], data: Gathered, series: BenchmarkSeries
) -> tuple[tuple[Member, ...], tuple[Excluded, ...]]:
    """Return the members whose data can be trusted, and those left out under `--allow-missing`."""
    judged = {
        member.base: _told(request, member, data.member_failures(member.base, series.value))
        for member in members
    }
    failed = {base: failures for base, failures in judged.items() if failures}
    every = [failure for failures in failed.values() for failure in failures]
    if failed and not request.allow_missing:
        if failed.keys() <= request.proxies_down.keys():
            raise request.proxies_down[next(iter(failed))]
        raise GatesFailed(failures=every, benchmark=False)
    kept = tuple(member for member in members if member.base not in failed)
    excluded = tuple(
        Excluded(base=base, reason=failures[0].gate, detail="; ".join(f.detail for f in failures))
        for base, failures in failed.items()
    )
    return kept, excluded


def _told(request: BetaRequest, member: Member, failures: tuple[GateFailure, ...]) -> tuple[GateFailure, ...]:
    """Return what a member failed, with why nothing stands in for it where something was looked for."""
    why = request.proxies_refused.get(member.base)
    if why is None:
        return failures
    if member.proxy:
        why = f"its proxy `{member.proxy}` did not step in, see `betacli proxies`: {why}"
    return tuple(replace(failure, detail=f"{failure.detail}; {why}") for failure in failures)


def _short_histories(bases: Sequence[str], estimates: BetaEstimates, n_returns: int) -> list[Notice]:
    """Name the assets whose betas rest on fewer returns than the window has."""
    return [
        Notice(
            id="short-history",
            detail=f"`{base}` has {n_obs:,.0f} of the window's {n_returns:,} returns in common with the benchmark",
            severity="note" if n_obs >= 0.95 * n_returns else "warning",
        )
        for base, n_obs in zip(bases, estimates.n_obs, strict=True)
        if n_obs < n_returns
    ]


def _inputs(
    request: BetaRequest,
    universe: Universe,
    source: MarketData,
    recipe: Recipe,
    data: Gathered,
    series: BenchmarkSeries,
) -> Inputs:
    """Say what the answer was made from."""
    digest = hashlib.sha256()
    for base in sorted(data.close):
        listing = data.listings[base]
        where = "" if listing.venue is None else f"{listing.venue} "
        digest.update(f"{base} {listing.symbol} {where}{data.step_ms} ".encode())
        digest.update(data.grid.tobytes())
        digest.update(data.close[base].tobytes())
    digest.update(request.beside.encode())
    return Inputs(
        exchange=source.name,
        simulated=source.simulated,
        config_sha256=universe.sha256,
        data_fingerprint=digest.hexdigest(),
        timeframe=recipe.timeframe,
        window=Window(start=iso(int(data.grid[1])), end=iso(int(data.grid[-1]) + data.step_ms)),
        estimator=EstimatorInput(
            preset=request.preset,
            estimator=recipe.estimator,
            timeframe=recipe.timeframe,
            window_days=(len(data.grid) - 1) * data.step_ms / DAY_MS,
            half_life_days=recipe.half_life_days,
            errors=recipe.errors,
            band=recipe.band,
            shrink=recipe.shrink,
            interval=None,
            min_obs=recipe.min_obs,
        ),
        benchmark=request.benchmark.name,
        gates=data.measurements(series.value),
    )
