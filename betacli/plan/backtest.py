"""Which recipe forecasts the next month's beta best? Every preset, walked forward over the source's own history."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from betacli import document as doc
from betacli.core import backtest as walk
from betacli.core.beta import PRESETS
from betacli.core.calendar import DAY_MS, TIMEFRAMES_MS
from betacli.core.candles import iso
from betacli.core.model import Benchmark, Excluded, Member, Notice, Times, Universe
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Facts, Report, Table
from betacli.errors import BadOption, NoData
from betacli.plan.betas import default_tone, known
from betacli.plan.history import History, Reader, own_timeframe
from betacli.plan.measure import Inputs, Window
from betacli.plan.request import Run, find_sector
from betacli.plan.stopwatch import Stopwatch

BASELINE = "ols-90d"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """Which assets to walk over, against what.

    `sector` None takes every symbol the source can name, or all assets of the sector file. `timeframe` is that of
    the realised betas; None takes the source's own bars (4h where it is live). Bars before `start_ms` are not read.
    """

    run: Run
    benchmark: Benchmark
    start_ms: int = 0
    sector: str | None = None
    timeframe: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetScore:
    """How one preset did; None where unknown, with the `reason`.

    `used` is the preset measured: its daily sibling where the source has no bars as fine. `rmse` and `bias` (forecast −
    realised) are over all pairs; `residual_beta` is the mean |residual beta| of the baskets, averaged over refits,
    `ratio_to_ols_90d` that over the one of `ols-90d` on the same refits; their 95 % intervals are from the block
    bootstrap. `coverage` is the share of forecasts whose own 95 % interval agrees with the realised beta and its
    interval. `hedge_effectiveness` is 1 − Var(hedged) / Var(unhedged) over the months that followed, pooled over
    baskets and refits (Lien 2005: out of sample).
    """

    preset: str
    default: bool
    used: str | None
    timeframe: str | None
    rmse: float | None = None
    bias: float | None = None
    residual_beta: float | None = None
    residual_beta_ci_low: float | None = None
    residual_beta_ci_high: float | None = None
    ratio_to_ols_90d: float | None = None
    ratio_ci_low: float | None = None
    ratio_ci_high: float | None = None
    coverage: float | None = None
    hedge_effectiveness: float | None = None
    n_refits: int = 0
    n_pairs: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefitScore:
    """One refit: how many assets counted, and each preset's mean |residual beta| of the baskets."""

    time: str
    n_assets: int
    residual_beta: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolFacts:
    """The fixed rules of the comparison."""

    refit_days: int = walk.REFIT_DAYS
    horizon_days: int = walk.HORIZON_DAYS
    warm_up_days: int = walk.WARM_UP_DAYS
    min_present: float = walk.MIN_PRESENT
    n_baskets: int = walk.N_BASKETS
    basket_size: int = walk.BASKET_SIZE
    seed: int = walk.SEED
    block_refits: int = walk.BLOCK_REFITS
    n_resamples: int = walk.N_RESAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaBacktest:
    """Every preset's score on one source. `n_pairs` counts assets times refits."""

    benchmark: str
    timeframe: str
    protocol: ProtocolFacts
    n_assets: int
    n_refits: int
    n_pairs: int
    assets: tuple[str, ...]
    presets: tuple[PresetScore, ...]
    refits: tuple[RefitScore, ...]

    def document(self) -> Document:
        """Return the presets, the best first, and the protocol."""
        p = self.protocol
        scored = sorted(self.presets, key=lambda s: (s.residual_beta is None, s.residual_beta or 0.0))
        rows = tuple(
            (
                f"{s.preset} (default)" if s.default else s.preset, s.residual_beta, s.residual_beta_ci_low,
                s.residual_beta_ci_high, s.ratio_to_ols_90d, s.rmse, s.bias, s.coverage, s.hedge_effectiveness,
                s.n_refits, s.reason or (f"as {s.used}" if s.used != s.preset else ""),
            )
            for s in scored
        )  # fmt: skip
        facts = (
            ("refits", f"{self.n_refits}, every {p.refit_days} days, {_span(self.refits)}"),
            (
                "truth",
                f"the beta of the next {p.horizon_days} days by least squares on {self.timeframe} bars",
            ),
            ("pairs", f"{self.n_pairs:,} of an asset and a refit, the same for every preset"),
            (
                "baskets",
                f"{p.n_baskets} of {p.basket_size} assets per refit, equal weights, seed {p.seed}",
            ),
            (
                "coverage",
                "forecasts whose interval agrees with the realised beta's; 95 % if betas stood still",
            ),
            (
                "intervals",
                f"95 %, {p.n_resamples:,} resamples of blocks of {p.block_refits} neighbouring refits",
            ),
        )
        return Document(
            title=f"Forecasts of beta against {self.benchmark}, {self.n_assets} assets",
            blocks=(Table(columns=_COLUMNS, rows=rows), Facts(pairs=facts, title="Protocol")),
            records=self.presets,
        )


_COLUMNS = (
    Column(header="preset", align="left", tone=default_tone),
    Column(header="|residual beta|", show=doc.beta, tone=lambda _: "strong"),
    Column(header="95 % low", show=doc.beta),
    Column(header="95 % high", show=doc.beta),
    Column(header=f"vs {BASELINE}", show=doc.ratio),
    Column(header="RMSE", show=doc.beta),
    Column(header="bias", show=doc.signed_beta),
    Column(header="coverage", show=doc.percent),
    Column(header="hedge eff.", show=doc.percent),
    Column(header="refits", show=doc.count),
    Column(header="", align="left", tone=lambda _: "quiet"),
)


def _span(refits: Sequence[RefitScore]) -> str:
    return f"{refits[0].time[:10]} to {refits[-1].time[:10]}" if refits else "none"


# --- the answer ---------------------------------------------------------------------------------------------------


def plan_backtest(
    request: BacktestRequest,
    universe: Universe,
    source: MarketData,
    *,
    progress: Progress | None = None,
    watch: Stopwatch | None = None,
) -> Report:
    """Answer `backtest betas`.

    Args:
        request: which assets, against what.
        universe: the sectors and defaults; its `estimator` is the default preset.
        source: where the bars come from.
        progress: called with the refits forecast and all there are to forecast.
        watch: times the steps.

    Raises:
        UnknownName: no such sector.
        BadOption: the benchmark is the universe, or the source has no bars as fine as the timeframe asked for.
        GatesFailed: the source has no bars of the benchmark.
        NoData: fewer than five assets, or too short a history for one refit.
        ExchangeFailed: the source does not answer.
    """
    watch = watch or Stopwatch(lambda: 0.0)
    if request.benchmark.is_universe:
        problem = "the universe has no weights that are known for all of history"
        way_out = "choose an asset or weights: `BTC`, `BTC=0.6,ETH=0.4`"
        raise BadOption(option="--benchmark", value="universe", problem=problem, way_out=way_out)
    timeframe = own_timeframe(source, request.timeframe)
    with watch.step("read and align"):
        reader = Reader(source, universe, request.benchmark, _members(request, universe))
        history = reader.history(timeframe, request.start_ms)
    refits = walk.refit_times(history.bars)
    _require(history, refits)
    used = {preset: _fitting(preset, timeframe) for preset in PRESETS}
    measured = tuple(dict.fromkeys(name for name in used.values() if name is not None))
    with watch.step("realised betas"):
        truth = walk.realise(history.bars, refits)
    tick = _counter(progress, len(measured) * len(refits))
    by_timeframe = {timeframe: history}
    forecasts = []
    for name in measured:
        recipe = PRESETS[name]
        with watch.step("read and align"):
            if recipe.timeframe not in by_timeframe:
                by_timeframe[recipe.timeframe] = reader.history(recipe.timeframe, request.start_ms)
        with watch.step(f"forecast {name}"):
            forecasts.append(walk.forecast(recipe, by_timeframe[recipe.timeframe].bars, refits, tick))
    with watch.step("baskets"):
        track = walk.score(history.bars, refits, truth, forecasts)
    with watch.step("bootstrap"):
        data = _answer(request, universe, history, timeframe, refits, used, measured, track)
    return _report(request, universe, source, reader, by_timeframe, timeframe, data)


def _members(request: BacktestRequest, universe: Universe) -> tuple[Member, ...] | None:
    """Return the members of the sector asked for; None where every asset is wanted."""
    if request.sector is None:
        return None
    return find_sector(universe, request.sector).members


def _fitting(preset: str, timeframe: str) -> str | None:
    """Return the preset itself, its daily sibling where bars are coarser, or None where neither can be measured."""
    for name in (preset, PRESETS[preset].daily_sibling):
        if name is not None and TIMEFRAMES_MS[PRESETS[name].timeframe] % TIMEFRAMES_MS[timeframe] == 0:
            return name
    return None


def _require(history: History, refits: Times) -> None:
    """Raise `NoData` where there is nothing to walk over."""
    if len(history.bases) < walk.BASKET_SIZE:
        what = f"a backtest draws baskets of {walk.BASKET_SIZE} assets, and there are {len(history.bases)}"
        raise NoData(what=what, way_out="choose a larger sector, or leave `--sector` out")
    if not len(refits):
        days = (int(history.open_ms[-1]) - int(history.open_ms[0])) / DAY_MS
        what = (
            f"the benchmark has {days:.0f} days of bars; one refit needs {walk.WARM_UP_DAYS} before it and "
            f"{walk.HORIZON_DAYS} after"
        )
        raise NoData(what=what, way_out="choose a source with a longer history")


def _counter(progress: Progress | None, total: int) -> Callable[[], None]:
    """Return a function that counts its calls and tells them."""
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return tick


def _answer(
    request: BacktestRequest,
    universe: Universe,
    history: History,
    timeframe: str,
    refits: Times,
    used: Mapping[str, str | None],
    measured: tuple[str, ...],
    track: walk.Track,
) -> BetaBacktest:
    """Put the scores of every recipe into words and rows."""
    if not track.pairs.any():
        what = f"at none of {len(refits)} refits do {walk.BASKET_SIZE} assets have {walk.MIN_PRESENT * 100:.0f} % of their bars"
        raise NoData(what=what, way_out="choose more assets, or a source with fewer gaps")
    counted = np.atleast_1d(track.pairs.any(axis=0))
    rows = dict(zip(measured, range(len(measured)), strict=True))
    return BetaBacktest(
        benchmark=request.benchmark.name,
        timeframe=timeframe,
        protocol=ProtocolFacts(),
        n_assets=int(counted.sum()),
        n_refits=int(track.pairs.any(axis=1).sum()),
        n_pairs=int(track.pairs.sum()),
        assets=tuple(base for base, counts in zip(history.bases, counted, strict=True) if counts),
        presets=tuple(
            _preset_score(preset, preset == universe.estimator, name, rows, track)
            for preset, name in used.items()
        ),
        refits=_refit_scores(refits, used, rows, track),
    )


def _preset_score(
    preset: str, default: bool, name: str | None, rows: Mapping[str, int], track: walk.Track
) -> PresetScore:
    """Sum one preset up over the refits it is scored at."""
    if name is None:
        reason = f"needs {PRESETS[preset].timeframe} bars, and has no daily sibling"
        return PresetScore(preset=preset, default=default, used=None, timeframe=None, reason=reason)
    row, timeframe = rows[name], PRESETS[name].timeframe
    seen = track.scored[row]
    if not seen.any():
        reason = (
            f"has no beta for more than {(1 - walk.MIN_FORECAST) * 100:.0f} % of the assets at every refit"
        )
        return PresetScore(preset=preset, default=default, used=name, timeframe=timeframe, reason=reason)
    n_pairs = int(track.pairs[seen].sum())
    residual = track.residual_beta[row, seen]
    low, high = walk.resampled_ratio(residual, np.ones(len(residual)))
    ratio, ratio_low, ratio_high = _against_baseline(row, rows.get(BASELINE), track)
    judged = float(track.judged[row].sum())
    return PresetScore(
        preset=preset,
        default=default,
        used=name,
        timeframe=timeframe,
        rmse=float(np.sqrt(track.square[row].sum() / n_pairs)),
        bias=float(track.error[row].sum() / n_pairs),
        residual_beta=float(residual.mean()),
        residual_beta_ci_low=known(low),
        residual_beta_ci_high=known(high),
        ratio_to_ols_90d=ratio,
        ratio_ci_low=ratio_low,
        ratio_ci_high=ratio_high,
        coverage=float(track.inside[row].sum() / judged) if judged else None,
        hedge_effectiveness=1 - float(track.hedged[row].sum() / track.unhedged[seen].sum()),
        n_refits=int(seen.sum()),
        n_pairs=n_pairs,
    )


def _against_baseline(row: int, baseline: int | None, track: walk.Track) -> tuple[float | None, ...]:
    """Return the ratio of residual betas to those of `ols-90d` on the refits both have, with its paired interval."""
    if baseline is None:
        return None, None, None
    both = track.scored[row] & track.scored[baseline]
    ours, theirs = track.residual_beta[row, both], track.residual_beta[baseline, both]
    if not theirs.sum():
        return None, None, None
    return tuple(known(v) for v in (ours.sum() / theirs.sum(), *walk.resampled_ratio(ours, theirs)))


def _refit_scores(
    refits: Times, used: Mapping[str, str | None], rows: Mapping[str, int], track: walk.Track
) -> tuple[RefitScore, ...]:
    """Return the refits at which anything was scored, in time."""

    def residual(name: str | None, k: int) -> float | None:
        scored = name is not None and bool(track.scored[rows[name], k])
        return float(track.residual_beta[rows[name], k]) if name is not None and scored else None

    return tuple(
        RefitScore(
            time=iso(int(refits[k])),
            n_assets=int(track.pairs[k].sum()),
            residual_beta={preset: residual(name, int(k)) for preset, name in used.items()},
        )
        for k in np.flatnonzero(track.pairs.any(axis=1))
    )


def _report(
    request: BacktestRequest,
    universe: Universe,
    source: MarketData,
    reader: Reader,
    by_timeframe: Mapping[str, History],
    timeframe: str,
    data: BetaBacktest,
) -> Report:
    """Wrap the result with what it was made from and what was left out."""
    history = by_timeframe[timeframe]
    digest = hashlib.sha256()
    for name, part in by_timeframe.items():
        digest.update(f"{name} {' '.join(map(reader.symbol, part.bases))} ".encode())
        for values in (part.open_ms, part.close, part.bars.market):
            digest.update(np.ascontiguousarray(values).tobytes())
    nothing = (
        f"has at no refit {walk.MIN_PRESENT * 100:.0f} % of the bars of the {walk.WARM_UP_DAYS} days before and of the "
        f"{walk.HORIZON_DAYS} after"
    )
    return Report(
        schema="backtest-betas",
        tool=request.run.tool,
        as_of=iso(request.run.now_ms),
        generated_at=request.run.generated_at,
        inputs=Inputs(
            exchange=source.name,
            simulated=source.simulated,
            config_sha256=universe.sha256,
            data_fingerprint=digest.hexdigest(),
            timeframe=timeframe,
            window=Window(
                start=iso(int(history.open_ms[0])),
                end=iso(int(history.open_ms[-1]) + history.bars.timeframe_ms),
            ),
            estimator=None,
            benchmark=request.benchmark.name,
            gates=(),
        ),
        warnings=tuple(
            sorted((*source.notices, *_notices(data, history)), key=lambda n: n.severity != "warning")
        ),
        excluded=tuple(
            Excluded(
                base=base,
                reason="bars" if base in history.absent else "history",
                detail=history.absent.get(base, nothing),
            )
            for base in history.bases
            if base not in data.assets
        ),
        data=data,
        simulated=source.simulated,
    )


def _notices(data: BetaBacktest, history: History) -> tuple[Notice, ...]:
    """Say what is odd about the comparison."""
    notices = []
    if data.n_refits < 2 * walk.BLOCK_REFITS:
        detail = f"{data.n_refits} refits are too few for intervals: {2 * walk.BLOCK_REFITS} are needed"
        notices.append(Notice(id="few-refits", detail=detail))
    if history.jumped:
        detail = f"returns beyond a redenomination's size are taken as missing: {', '.join(history.jumped)}"
        notices.append(Notice(id="redenomination", detail=detail))
    siblings = [f"{s.preset} as {s.used}" for s in data.presets if s.used not in {None, s.preset}]
    if siblings:
        detail = f"bars of {data.timeframe} are coarser than these presets want: {', '.join(siblings)}"
        notices.append(Notice(id="daily-sibling", detail=detail, severity="note"))
    return tuple(notices)
