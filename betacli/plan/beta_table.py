"""What is each asset's beta, how sure is it, and does it hold still?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from betacli import document as doc
from betacli.core.beta import PRESETS, ols
from betacli.core.blocks import blocks
from betacli.core.model import Benchmark, Floats, Notice, Universe
from betacli.core.rolling import rolling_beta
from betacli.core.thresholds import BASIC
from betacli.core.watch import LATE_DAYS, watch, watch_peers
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Drawing, Report, Table, Tone
from betacli.errors import DataRefused
from betacli.plan.answer import report
from betacli.plan.base_weights import base_weights
from betacli.plan.betas import AssetBeta, BasketBeta, asset_betas, basket_beta, beta_notices, known
from betacli.plan.measure import Measured, measure
from betacli.plan.request import BetaRequest
from betacli.plan.spot_legs import refuse_spot_benchmark
from betacli.plan.stand_in import Tracking

PLAIN = "ols-90d"
SUB_WINDOWS = 3
SHORTEST = 20
WIDE = 0.50
COUPLED = 0.20


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaRow(AssetBeta):
    """An asset's beta with what tells whether to trust it. Unknown is None.

    `downside_beta` and `upside_beta` are OLS with an intercept on the bars in which the benchmark fell or rose, with
    their counts; `stability_low` and `stability_high` the range of OLS betas over thirds of the window, moved along
    it; `plain_beta` is `ols-90d` beside the recipe used; `correlation_14d` the correlation of the last 14 days.
    `flags` name what is wrong: `by-hand`, `low-r-squared`, `wide-interval`, `correlation-drop`, `decoupled`.
    """

    downside_beta: float | None
    n_down: int | None
    upside_beta: float | None
    n_up: int | None
    stability_low: float | None
    stability_high: float | None
    plain_beta: float | None
    correlation_14d: float | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRow(BetaRow):
    """An asset's beta with the benchmark it is to: a row of the CSV, which may hold several."""

    benchmark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorBetas:
    """The betas of a sector's members, and of the sector held at equal weights, against one benchmark.

    What stands in for a member carries its weight. `others` are the same against the other benchmarks that were asked for.
    """

    sector: str
    benchmark: str
    assets: tuple[BetaRow, ...]
    equal_weight: BasketBeta
    others: tuple["SectorBetas", ...] = ()

    def document(self) -> Document:
        """Return a table a benchmark."""
        every = (self, *self.others)
        names = " and ".join(betas.benchmark for betas in every)
        blocks = tuple(betas.table(title=betas.benchmark if self.others else "") for betas in every)
        records = tuple(
            BenchmarkRow(benchmark=betas.benchmark, **{f.name: getattr(row, f.name) for f in fields(row)})
            for betas in every
            for row in betas.assets
        )
        return Document(title=f"Betas of {self.sector} against {names}", blocks=blocks, records=records)

    def table(self, title: str) -> Table:
        """Return the betas as a table, the equal-weight sector in its footer."""
        columns = (
            Column(header="asset", align="left", tone=lambda _: "strong"),
            Column(header="beta", show=doc.beta, tone=lambda _: "strong"),
            Column(header="std error", show=doc.beta),
            Column(header="95 % low", show=doc.beta),
            Column(header="95 % high", show=doc.beta),
            Column(header="R²", show=doc.ratio, tone=_r_squared_tone),
            Column(header="corr", show=doc.ratio),
            Column(header="vol / year", show=doc.percent),
            Column(header="own vol", show=doc.percent),
            Column(header="returns", show=doc.count),
            Column(header="down", show=doc.fixed(2)),
            Column(header="up", show=doc.fixed(2)),
            Column(header="range", align="left"),
            Column(header=PLAIN, show=doc.fixed(2), tone=lambda _: "quiet"),
            Column(header="flags", align="left", tone=lambda _: "warning"),
        )
        rows = tuple(
            (
                a.base, a.beta, a.std_error, a.ci_low, a.ci_high, a.r_squared, a.correlation, a.vol_annual,
                a.residual_vol_annual, a.n_obs, a.downside_beta, a.upside_beta, _range(a), a.plain_beta,
                " ".join(a.flags),
            )
            for a in self.assets
        )  # fmt: skip
        e = self.equal_weight
        footer = (
            "equal weight", e.beta, e.std_error, e.ci_low, e.ci_high, e.r_squared, e.correlation, "", "", e.n_obs,
            "", "", "", "", "",
        )  # fmt: skip
        intervals = Drawing(
            kind="interval",
            beside=1,
            rows=tuple((a.ci_low, a.beta, a.ci_high) for a in self.assets),
            footer=(e.ci_low, e.beta, e.ci_high),
        )
        return Table(title=title, columns=columns, rows=rows, footer=footer, drawings=(intervals,))


def _r_squared_tone(value: object) -> Tone | None:
    return "warning" if isinstance(value, float) and value < BASIC["low_r_squared"] else None


def _range(row: BetaRow) -> str:
    if row.stability_low is None or row.stability_high is None:
        return doc.UNKNOWN
    return f"{row.stability_low:.2f} to {row.stability_high:.2f}"


def plan_betas(
    request: BetaRequest,
    universe: Universe,
    source: MarketData | None,
    others: Sequence[Benchmark] = (),
    tracked: Sequence[Tracking] = (),
) -> Report:
    """Answer the `beta` command, against the request's benchmark and `others`; `tracked` stands in for members."""
    for benchmark in others:
        refuse_spot_benchmark(benchmark, universe, request.members(universe)[1])
    measured, data, notices = _against(request, universe, source, tracked)
    more = [
        _against(replace(request, benchmark=benchmark), universe, source, tracked) for benchmark in others
    ]
    notices += [notice for other, _, said in more for notice in (*other.notices, *said)]
    data = replace(data, others=tuple(betas for _, betas, _ in more))
    return report("beta", request.run, measured, data, notices)


def _against(
    request: BetaRequest, universe: Universe, source: MarketData | None, tracked: Sequence[Tracking]
) -> tuple[Measured, SectorBetas, list[Notice]]:
    """Measure the sector against one benchmark."""
    measured = measure(request, universe, source)
    measured.require_members()
    rows = _rows(measured, _plain(request, universe, source, measured), universe)
    data = SectorBetas(
        sector=measured.sector,
        benchmark=measured.benchmark.name,
        assets=rows,
        equal_weight=basket_beta(measured, _equal(measured, tracked)),
    )
    return measured, data, [*beta_notices(rows, universe), *_watch_notices(rows)]


def _equal(measured: Measured, tracked: Sequence[Tracking]) -> Floats:
    """Return equal weights (N,) of the members; what stands in for one carries its weight."""
    held = [one for one in tracked if set(one.stand_in.held) <= set(measured.bases)]
    return base_weights("equal", measured, held).weights


def _plain(
    request: BetaRequest, universe: Universe, source: MarketData | None, measured: Measured
) -> dict[str, float]:
    """Return the `ols-90d` betas by asset; empty where that recipe's data is refused."""
    if source is None or measured.estimates is None:
        return {}
    if measured.recipe == PRESETS[PLAIN]:
        return dict(zip(measured.bases, map(float, measured.estimates.beta), strict=True))
    plain = replace(request, preset=PLAIN, recipe=PRESETS[PLAIN], allow_missing=True)
    try:
        found = measure(plain, universe, source)
    except DataRefused:
        return {}
    betas = found.estimates.beta if found.estimates is not None else np.zeros(0)
    return dict(zip(found.bases, map(float, betas), strict=True))


def _rows(measured: Measured, plain: Mapping[str, float], universe: Universe) -> tuple[BetaRow, ...]:
    """Add to each asset's beta what tells whether to trust it."""
    assets = asset_betas(measured)
    low = universe.checklist.get("low_r_squared", BASIC["low_r_squared"])
    extra = _Extra.of(measured)

    def row(k: int, asset: AssetBeta) -> BetaRow:
        flags = {
            "by-hand": asset.overridden,
            "low-r-squared": asset.r_squared is not None and asset.r_squared < low,
            "wide-interval": asset.ci_high is not None
            and asset.beta is not None
            and asset.ci_high - asset.beta > WIDE,
            "correlation-drop": extra.dropped[k],
            "decoupled": extra.decoupled[k],
        }
        return BetaRow(
            **{field.name: getattr(asset, field.name) for field in fields(AssetBeta)},
            downside_beta=known(extra.downside[k]),
            n_down=int(extra.n_down[k]) if extra.measured else None,
            upside_beta=known(extra.upside[k]),
            n_up=int(extra.n_up[k]) if extra.measured else None,
            stability_low=known(extra.low[k]),
            stability_high=known(extra.high[k]),
            plain_beta=known(plain.get(asset.base, np.nan)),
            correlation_14d=known(extra.late[k]),
            flags=tuple(name for name, raised in flags.items() if raised),
        )

    return tuple(row(k, asset) for k, asset in enumerate(assets))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Extra:
    """What is measured beside the beta, each (N,); all NaN and False without data."""

    measured: bool
    downside: Floats
    n_down: Floats
    upside: Floats
    n_up: Floats
    low: Floats
    high: Floats
    late: Floats
    dropped: Sequence[bool]
    decoupled: Sequence[bool]

    @classmethod
    def of(cls, measured: Measured) -> "_Extra":
        """Measure the sides, the stability and the correlation watch."""
        n = len(measured.members)
        nan, no = np.full(n, np.nan), (False,) * n
        if measured.returns is None or measured.market is None or measured.estimates is None:
            return cls(
                measured=False, downside=nan, n_down=nan, upside=nan, n_up=nan, low=nan, high=nan, late=nan,
                dropped=no, decoupled=no,
            )  # fmt: skip
        returns, market = measured.returns, measured.market
        down = ols(returns, np.where(market < 0, market, np.nan), None)
        up = ols(returns, np.where(market > 0, market, np.nan), None)
        low, high = stability(returns, market)
        n_late = round(LATE_DAYS * measured.bars_per_day)
        with_market = watch(returns, market, n_late)
        with_peers = watch_peers(returns, measured.estimates.beta, market, n_late)
        coupled = with_peers.early > COUPLED
        return cls(
            measured=True,
            downside=down.beta,
            n_down=down.n_obs,
            upside=up.beta,
            n_up=up.n_obs,
            low=low,
            high=high,
            late=with_market.late,
            dropped=with_market.fallen,
            decoupled=tuple(bool(c) and f for c, f in zip(coupled, with_peers.fallen, strict=True)),
        )


def stability(returns: Floats, market: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and highest OLS beta (N,) over a third of the window, moved along it bar by bar.

    Args:
        returns: (T, N), NaN where missing.
        market: (T,), NaN where missing.
    """
    parts = [_stability(returns[:, block], market) for block in blocks(*returns.shape)]
    low, high = zip(*parts, strict=True) if parts else ((), ())
    return np.concatenate([*low, np.zeros(0)]), np.concatenate([*high, np.zeros(0)])


def _stability(returns: Floats, market: Floats) -> tuple[Floats, Floats]:
    length = min(len(market), max(SHORTEST, len(market) // SUB_WINDOWS))
    betas = rolling_beta(returns, market, length)[length - 1 :]
    seen = np.isfinite(betas)
    any_seen = seen.any(axis=0)
    low = np.where(seen, betas, np.inf).min(axis=0)
    high = np.where(seen, betas, -np.inf).max(axis=0)
    return np.where(any_seen, low, np.nan), np.where(any_seen, high, np.nan)


def _watch_notices(rows: Sequence[BetaRow]) -> list[Notice]:
    """Say whose hedge is not a hedge, with the numbers."""
    notices = []
    for row in rows:
        if (
            "correlation-drop" in row.flags
            and row.correlation_14d is not None
            and row.correlation is not None
        ):
            detail = (
                f"`{row.base}` has a correlation of {row.correlation_14d:.2f} with the benchmark over the last "
                f"{LATE_DAYS} days, {row.correlation:.2f} over the window: fallen at 1 % (Fisher's z against the "
                "earlier part); its hedge may not be a hedge"
            )
            notices.append(Notice(id="correlation-drop", detail=detail))
        if "decoupled" in row.flags:
            detail = (
                f"`{row.base}` no longer moves with its sector: what the benchmark leaves of it has lost its "
                f"correlation with its peers over the last {LATE_DAYS} days (Fisher's z, 1 %)"
            )
            notices.append(Notice(id="decoupled", detail=detail))
    return notices
