"""What does each preset say of the same assets?"""

from dataclasses import dataclass, replace

from betacli import document as doc
from betacli.core.beta import PRESETS, Recipe
from betacli.core.model import Notice, Universe
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Report, Table
from betacli.errors import BadOption, DataRefused
from betacli.plan.answer import report
from betacli.plan.betas import default_tone, known
from betacli.plan.measure import Measured, measure
from betacli.plan.request import BetaRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetBeta:
    """One asset's beta by one preset; None where that preset's data is refused or too short, with the `reason`.

    A preset whose interval does not cover the truth has none; `PresetFacts` says how often it would.
    """

    base: str
    preset: str
    beta: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    n_obs: int | None
    n_eff: float | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetFacts:
    """A preset's recipe: bars, window, the fewest returns it needs, and what its interval is worth.

    `coverage` is how often its 95 % interval held the true beta of simulated markets; `interval` is False where that
    is outside 93-97 %, and then none is given.
    """

    preset: str
    default: bool
    timeframe: str
    window_days: float
    half_life_days: float | None
    min_obs: int
    coverage: float | None
    interval: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every asset's beta by every preset."""

    sector: str
    benchmark: str
    presets: tuple[PresetFacts, ...]
    betas: tuple[PresetBeta, ...]

    def document(self) -> Document:
        """Return presets down, assets across: there are more presets than a sector has members."""
        by_preset: dict[str, dict[str, float | None]] = {}
        for entry in self.betas:
            by_preset.setdefault(entry.preset, {})[entry.base] = entry.beta
        bases = tuple(dict.fromkeys(entry.base for entry in self.betas))
        columns = (
            Column(header="preset", align="left", tone=default_tone),
            *(Column(header=base, show=doc.fixed(3)) for base in bases),
            Column(header="interval holds", show=doc.percent),
        )
        rows = tuple(
            (
                f"{p.preset} (default)" if p.default else p.preset,
                *(by_preset[p.preset].get(base) for base in bases),
                p.coverage,
            )
            for p in self.presets
        )
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
        refused = None
        try:
            measured = measure(own, universe, source)
        except (DataRefused, BadOption) as error:
            notices.append(Notice(id="preset-refused", detail=f"`{preset}`: {error.message}"))
            measured, refused = None, error.message
        betas.extend(_by_preset(first.bases, preset, measured, refused))
    data = Comparison(
        sector=first.sector,
        benchmark=first.benchmark.name,
        presets=tuple(_facts(preset, recipe, universe) for preset, recipe in PRESETS.items()),
        betas=tuple(sorted(betas, key=lambda entry: entry.base)),
    )
    return report("beta-compare", request.run, first, data, notices)


def _facts(preset: str, recipe: Recipe, universe: Universe) -> PresetFacts:
    return PresetFacts(
        preset=preset,
        default=preset == universe.estimator,
        timeframe=recipe.timeframe,
        window_days=recipe.window_days,
        half_life_days=recipe.half_life_days,
        min_obs=recipe.min_obs,
        coverage=recipe.coverage,
        interval=recipe.has_interval,
    )


def _by_preset(
    bases: tuple[str, ...], preset: str, measured: Measured | None, refused: str | None
) -> list[PresetBeta]:
    found = measured.estimates if measured is not None else None
    place = {base: k for k, base in enumerate(measured.bases)} if measured is not None else {}
    left_out = {asset.base: asset.detail for asset in measured.excluded} if measured is not None else {}

    def entry(base: str) -> PresetBeta:
        k = place.get(base)
        if found is None or k is None:
            return PresetBeta(
                base=base, preset=preset, beta=None, std_error=None, ci_low=None, ci_high=None, n_obs=None, n_eff=None,
                reason=refused or left_out.get(base),
            )  # fmt: skip
        return PresetBeta(
            base=base,
            preset=preset,
            beta=known(found.beta[k]),
            std_error=known(found.std_error[k]),
            ci_low=known(found.ci_low[k]),
            ci_high=known(found.ci_high[k]),
            n_obs=int(found.n_obs[k]),
            n_eff=known(found.n_eff[k]),
            reason=found.why[k],
        )

    return [entry(base) for base in bases]
