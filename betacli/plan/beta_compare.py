"""What does each preset say of the same assets? And how did one beta move over time?"""

from dataclasses import dataclass, replace

import numpy as np

from betacli import document as doc
from betacli.core.beta import PRESETS
from betacli.core.candles import iso
from betacli.core.model import Notice, Universe
from betacli.core.rolling import rolling_beta
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Report, Table
from betacli.errors import BadOption, DataRefused
from betacli.plan.answer import report
from betacli.plan.betas import known
from betacli.plan.measure import Measured, measure
from betacli.plan.request import BetaRequest

POINTS_SHOWN = 24
SPARKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetBeta:
    """One asset's beta by one preset; None where that preset's data is refused or too short."""

    base: str
    preset: str
    beta: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    n_obs: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every asset's beta by every preset."""

    sector: str
    benchmark: str
    presets: tuple[str, ...]
    betas: tuple[PresetBeta, ...]

    def document(self) -> Document:
        """Return assets down, presets across."""
        columns = (
            Column(header="asset", align="left", tone=lambda _: "strong"),
            *(Column(header=preset, show=doc.fixed(3)) for preset in self.presets),
        )
        by_asset: dict[str, dict[str, float | None]] = {}
        for entry in self.betas:
            by_asset.setdefault(entry.base, {})[entry.preset] = entry.beta
        rows = tuple((base, *(betas.get(p) for p in self.presets)) for base, betas in by_asset.items())
        return Document(
            title=f"Betas of {self.sector} against {self.benchmark}, by preset",
            blocks=(Table(columns=columns, rows=rows),),
            records=self.betas,
        )


def plan_comparison(request: BetaRequest, universe: Universe, source: MarketData) -> Report:
    """Answer `beta --compare`: measure with every preset, each on its own window and timeframe."""
    first = measure(request, universe, source)
    first.require_members()
    betas: list[PresetBeta] = []
    notices: list[Notice] = []
    for preset, recipe in PRESETS.items():
        own = replace(request, preset=preset, recipe=recipe, allow_missing=True)
        try:
            measured = measure(own, universe, source)
        except (DataRefused, BadOption) as error:
            notices.append(Notice(id="preset-refused", detail=f"`{preset}`: {error.message}"))
            measured = None
        betas.extend(_by_preset(first.bases, preset, measured))
    data = Comparison(
        sector=first.sector,
        benchmark=first.benchmark.name,
        presets=tuple(PRESETS),
        betas=tuple(sorted(betas, key=lambda entry: entry.base)),
    )
    return report("beta-compare", request.run, first, data, notices)


def _by_preset(bases: tuple[str, ...], preset: str, measured: Measured | None) -> list[PresetBeta]:
    found = measured.estimates if measured is not None else None
    place = {base: k for k, base in enumerate(measured.bases)} if measured is not None else {}

    def entry(base: str) -> PresetBeta:
        k = place.get(base)
        if found is None or k is None:
            return PresetBeta(
                base=base, preset=preset, beta=None, std_error=None, ci_low=None, ci_high=None, n_obs=None
            )
        return PresetBeta(
            base=base,
            preset=preset,
            beta=known(found.beta[k]),
            std_error=known(found.std_error[k]),
            ci_low=known(found.ci_low[k]),
            ci_high=known(found.ci_high[k]),
            n_obs=int(found.n_obs[k]),
        )

    return [entry(base) for base in bases]


# --- rolling ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingPoint:
    """One asset's OLS beta over the window that ends at `as_of` (ISO 8601, a bar's close)."""

    base: str
    as_of: str
    beta: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingPath:
    """The path of each asset's beta: OLS over a moving window of `window_days`, one point a bar."""

    sector: str
    benchmark: str
    window_days: float
    points: tuple[RollingPoint, ...]

    def document(self) -> Document:
        """Return first, last, range and a sparkline per asset; CSV has every point."""
        columns = (
            Column(header="asset", align="left", tone=lambda _: "strong"),
            Column(header="first", show=doc.fixed(3)),
            Column(header="last", show=doc.fixed(3), tone=lambda _: "strong"),
            Column(header="lowest", show=doc.fixed(3)),
            Column(header="highest", show=doc.fixed(3)),
            Column(header="path", align="left"),
        )
        paths: dict[str, list[float]] = {}
        for point in self.points:
            if point.beta is not None:
                paths.setdefault(point.base, []).append(point.beta)
        rows = tuple(
            (base, path[0], path[-1], min(path), max(path), sparkline(path)) for base, path in paths.items()
        )
        return Document(
            title=f"Rolling betas of {self.sector} against {self.benchmark} over {self.window_days:g} days",
            blocks=(Table(columns=columns, rows=rows),),
            records=self.points,
        )


def sparkline(path: list[float]) -> str:
    """Draw a path in at most 24 characters, lowest to highest; a flat path is drawn low."""
    picked = [
        path[i] for i in np.linspace(0, len(path) - 1, min(POINTS_SHOWN, len(path))).round().astype(int)
    ]
    low, high = min(picked), max(picked)
    span = high - low or 1.0
    return "".join(SPARKS[round((value - low) / span * (len(SPARKS) - 1))] for value in picked)


def plan_rolling(request: BetaRequest, universe: Universe, source: MarketData) -> Report:
    """Answer `beta --rolling`: OLS over the recipe's window, moved bar by bar along twice its length."""
    doubled = replace(request.recipe, window_days=2 * request.recipe.window_days)
    measured = measure(replace(request, recipe=doubled), universe, source)
    measured.require_members()
    points: list[RollingPoint] = []
    if measured.panel is not None and measured.returns is not None and measured.market is not None:
        window = round(request.recipe.window_days * measured.bars_per_day)
        path = rolling_beta(measured.returns, measured.market, window)
        ends = measured.panel.open_ms[1:] + measured.panel.timeframe_ms
        points = [
            RollingPoint(base=base, as_of=iso(int(ends[t])), beta=known(path[t, k]))
            for k, base in enumerate(measured.bases)
            for t in range(window - 1, len(path))
        ]
    data = RollingPath(
        sector=measured.sector,
        benchmark=measured.benchmark.name,
        window_days=request.recipe.window_days,
        points=tuple(points),
    )
    detail = "rolling betas are plain OLS, whatever the preset; the window is the preset's"
    return report(
        "beta-rolling",
        request.run,
        measured,
        data,
        [Notice(id="rolling-ols", detail=detail, severity="note")],
    )
