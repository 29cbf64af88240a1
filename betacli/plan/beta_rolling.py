"""How did one beta move over time?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from betacli import document as doc
from betacli.core.beta import BetaEstimates
from betacli.core.calendar import DAY_MS
from betacli.core.candles import iso
from betacli.core.model import Notice, Universe
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Drawing, Report, Table
from betacli.plan.answer import report
from betacli.plan.betas import known
from betacli.plan.measure import Measured, measure
from betacli.plan.request import BetaRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingPoint:
    """One asset's beta over the window that ends at `as_of` (ISO 8601, a bar's close), with its 95 % interval."""

    base: str
    as_of: str
    beta: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingPath:
    """The path of each asset's beta: the preset's recipe over a moving window of `window_days`, one point a day.

    Bars longer than a day have one point each. The last point is the beta of the answer's moment.
    """

    sector: str
    benchmark: str
    window_days: float
    points: tuple[RollingPoint, ...]

    def document(self) -> Document:
        """Return first, last and range per asset, at a terminal with the path; CSV has every point."""
        columns = (
            Column(header="asset", align="left", tone=lambda _: "strong"),
            Column(header="first", show=doc.fixed(3)),
            Column(header="last", show=doc.fixed(3), tone=lambda _: "strong"),
            Column(header="lowest", show=doc.fixed(3)),
            Column(header="highest", show=doc.fixed(3)),
        )
        paths: dict[str, list[float]] = {point.base: [] for point in self.points}
        for point in self.points:
            if point.beta is not None:
                paths[point.base].append(point.beta)
        rows = tuple(
            (base, path[0], path[-1], min(path), max(path)) if path else (base, *(None,) * 4)
            for base, path in paths.items()
        )
        drawn = Drawing(kind="path", beside=4, rows=tuple(map(tuple, paths.values())))
        return Document(
            title=f"Rolling betas of {self.sector} against {self.benchmark} over {self.window_days:g} days",
            blocks=(Table(columns=columns, rows=rows, drawings=(drawn,)),),
            records=self.points,
        )


def plan_rolling(request: BetaRequest, universe: Universe, source: MarketData) -> Report:
    """Answer `beta --rolling`: the recipe over its window, moved along a history of twice its length."""
    doubled = replace(request.recipe, window_days=2 * request.recipe.window_days)
    measured = measure(replace(request, recipe=doubled), universe, source, may_shorten=True)
    measured.require_members()
    window_days = measured.recipe.window_days / 2
    ends, refits = _refits(measured, window_days)
    points = tuple(
        RollingPoint(
            base=base,
            as_of=iso(end),
            beta=known(betas.beta[k]),
            ci_low=known(betas.ci_low[k]),
            ci_high=known(betas.ci_high[k]),
        )
        for k, base in enumerate(measured.bases)
        for end, betas in zip(ends, refits, strict=True)
    )
    data = RollingPath(
        sector=measured.sector, benchmark=measured.benchmark.name, window_days=window_days, points=points
    )
    said = []
    if len(ends) == 1:
        detail = f"the history is no longer than one window of {window_days:g} days: the path is one point"
        said.append(Notice(id="one-point", detail=detail))
    by_hand = [base for base, flag in zip(measured.bases, measured.overridden, strict=True) if flag]
    if by_hand:
        detail = f"a beta by hand has no path; these are measured: {', '.join(by_hand)}"
        said.append(Notice(id="beta-by-hand", detail=detail, severity="note"))
    return report("beta-rolling", request.run, measured, data, said)


def _refits(measured: Measured, window_days: float) -> tuple[list[int], list[BetaEstimates]]:
    """Return the moments at which a window ends, once a day, and the estimates on each window."""
    cross, panel = measured.cross, measured.panel
    if cross is None or panel is None:
        return [], []
    window = min(round(window_days * measured.bars_per_day), len(cross.market))
    closes = panel.open_ms[1:] + panel.timeframe_ms
    places = list(_once_a_day(len(cross.market), window, max(1, DAY_MS // panel.timeframe_ms)))
    estimates = [cross.estimate(measured.recipe, slice(end - window, end)) for end in places]
    return [int(closes[end - 1]) for end in places], estimates


def _once_a_day(n_bars: int, window: int, bars_a_day: int) -> Iterator[int]:
    """Yield the numbers of bars at which a window ends, a day apart, the last one at the last bar."""
    first = n_bars - (n_bars - window) // bars_a_day * bars_a_day
    yield from range(first, n_bars + 1, bars_a_day)
