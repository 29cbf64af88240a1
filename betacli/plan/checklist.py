"""Would a desk sign this trade? Eight steps, each judged on the data at hand."""

from dataclasses import dataclass, replace

import numpy as np

from betacli.core.beta import estimate
from betacli.core.calendar import DAY_MS
from betacli.core.candles import iso
from betacli.core.checks import CHECKS, THRESHOLDS, Evidence, LegEvidence, Status, overall
from betacli.core.model import Notice, Universe
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Report, Table, Tone
from betacli.errors import NoAnswer, RoundsToNothing
from betacli.plan.answer import report
from betacli.plan.base_weights import daily_volume
from betacli.plan.basket import Solved, solve_basket
from betacli.plan.betas import AssetBeta, asset_betas, basket_beta
from betacli.plan.book import Book
from betacli.plan.hedge import hedge_basket
from betacli.plan.hedge_plan import HedgePlan
from betacli.plan.measure import Measured, measure
from betacli.plan.request import BasketRequest

ACTION_NEEDED = 10
TONES: dict[Status, Tone] = {"pass": "good", "warn": "warning", "fail": "bad", "manual": "quiet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the checklist with the numbers its status rests on."""

    number: int
    id: str
    title: str
    status: Status
    summary: str
    facts: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """The eight steps and the verdict of all: fail before warn before manual before pass."""

    sector: str
    benchmark: str
    target_beta: float | None
    steps: tuple[Step, ...]
    verdict: Status

    def document(self) -> Document:
        """Return the steps as a table."""
        columns = (
            Column(header="#"),
            Column(header="step", align="left", tone=lambda _: "strong"),
            Column(header="status", align="left", tone=_tone),
            Column(header="what was found", align="left"),
        )
        rows = tuple((step.number, step.title, step.status, step.summary) for step in self.steps)
        footer = ("", "verdict", self.verdict, "")
        return Document(
            title=f"Checklist for {self.sector} against {self.benchmark}",
            blocks=(Table(columns=columns, rows=rows, footer=footer),),
            records=self.steps,
        )


def _tone(value: object) -> Tone | None:
    return next((tone for status, tone in TONES.items() if status == value), None)


def plan_checklist(request: BasketRequest, universe: Universe, source: MarketData | None) -> Report:
    """Answer the `checklist` command.

    A member that fails a gate fails the sector step instead of refusing the whole; a benchmark that does is
    refused. A failed step makes exit code 10.
    """
    lenient = replace(request, betas=replace(request.betas, allow_missing=True))
    measured = measure(lenient.betas, universe, source)
    evidence, notices = gather_evidence(lenient, universe, source, measured)
    evidence = replace(evidence, missing_allowed=request.betas.allow_missing)
    thresholds = {**THRESHOLDS, **universe.checklist}
    steps = []
    for number, (check_id, (title, check)) in enumerate(CHECKS.items(), start=1):
        found = check(evidence, thresholds)
        steps.append(
            Step(
                number=number,
                id=check_id,
                title=title,
                status=found.status,
                summary=found.summary,
                facts=dict(found.facts),
            )
        )
    verdict = overall([step.status for step in steps])
    data = Checklist(
        sector=measured.sector,
        benchmark=measured.benchmark.name,
        target_beta=request.target,
        steps=tuple(steps),
        verdict=verdict,
    )
    code = ACTION_NEEDED if verdict == "fail" else 0
    return report("checklist", request.betas.run, measured, data, notices, exit_code=code)


def gather_evidence(
    request: BasketRequest, universe: Universe, source: MarketData | None, measured: Measured
) -> tuple[Evidence, list[Notice]]:
    """Solve and hedge as far as that goes, and collect what the checks look at."""
    asked = request.betas.members(universe)[1]
    assets = asset_betas(measured)
    solved, plan, why_not, too_small = None, None, None, False
    notices: list[Notice] = []
    if not measured.members:
        why_not = "no member can be used, so there is no basket"
    else:
        try:
            solved = solve_basket(request, universe, source, measured)
        except RoundsToNothing as error:
            too_small = True
            notices.append(Notice(id="leg-not-held", detail=error.message))
            solved = solve_basket(request, universe, None, measured)
        except NoAnswer as error:
            why_not = error.message
    if solved is not None:
        hedged = hedge_basket(request, universe, source, solved)
        plan = hedged.plan
        said = (*solved.notices, *hedged.notices)
        notices += [notice for notice in said if not (too_small and notice.id == "contracts-unknown")]
    held = None if plan is None else plan.rounded or plan
    equal = np.full(len(assets), 1 / max(1, len(assets)))
    evidence = Evidence(
        benchmark=measured.benchmark.name,
        last_bar=measured.inputs.window.end if measured.inputs.window else None,
        n_returns=None if measured.market is None else int(np.isfinite(measured.market).sum()),
        sector=measured.sector,
        sector_r_squared=basket_beta(measured, equal).r_squared if assets else None,
        members_asked=len(asked),
        members_kept=len(assets),
        excluded=tuple(member.base for member in asked if member.base not in measured.bases),
        missing_allowed=request.betas.allow_missing,
        legs=_legs(measured, assets, solved, too_small=too_small),
        target=request.target,
        attainable=None if solved is None else (solved.plan.attainable.low, solved.plan.attainable.high),
        basket_beta=None if solved is None else solved.plan.beta,
        effective_assets=None if solved is None else solved.plan.effective_assets,
        max_weight=request.max_weight,
        no_basket=why_not,
        equity=request.equity if plan is None else plan.equity,
        account_leverage=None if held is None else held.account_leverage,
        initial_margin=None if plan is None else plan.margin.initial,
        liquidation_known=held is not None and held.liquidation.known,
        liquidation_moves=_moves(held),
        worst_move=_worst_move(measured),
        basket_r_squared=None if solved is None else solved.plan.r_squared,
        hedge_notional=None if plan is None else plan.hedge.notional,
        hedge_asked=request.hedge_to,
        rounded_aggregate=None if plan is None else plan.rounded_aggregate_beta,
        planned_aggregate=None if plan is None else plan.aggregate_beta,
        drift=None if solved is None else _drift(solved),
        next_due=_next_due(measured, universe),
    )
    return evidence, notices


def _next_due(measured: Measured, universe: Universe) -> str:
    days = {**THRESHOLDS, **universe.checklist}["rebalance_days"]
    return iso(measured.now_ms + round(days * DAY_MS))


def _moves(plan: HedgePlan | Book | None) -> tuple[float, ...]:
    """Return every liquidating move, at the estimated beta and two standard errors off."""
    if plan is None:
        return ()
    found = (plan.liquidation.at_beta, plan.liquidation.at_beta_low, plan.liquidation.at_beta_high)
    return tuple(move for move in found if move is not None)


def _worst_move(measured: Measured) -> float | None:
    """Return the benchmark's largest move of one bar in the window, as a positive fraction."""
    if measured.market is None:
        return None
    return float(np.nanmax(np.abs(measured.market)))


def _legs(
    measured: Measured, assets: tuple[AssetBeta, ...], solved: Solved | None, *, too_small: bool
) -> tuple[LegEvidence, ...]:
    """Return what is known of each asset's contract, volume and beta; without a basket, its notional is 0."""
    legs = {leg.base: leg for leg in solved.plan.legs} if solved else {}

    def evidence(asset: AssetBeta) -> LegEvidence:
        listing, leg = measured.listings.get(asset.base), legs.get(asset.base)
        market = listing.market if listing else None
        width = None if asset.ci_high is None or asset.beta is None else asset.ci_high - asset.beta
        notional = leg.notional if leg else 0.0
        return LegEvidence(
            base=asset.base,
            notional=notional,
            tradable=market.active if market else None,
            why_not="not active" if market and not market.active else None,
            daily_volume=daily_volume(measured, asset.base),
            half_width=width,
            r_squared=asset.r_squared,
            overridden=asset.overridden,
            shortfall=bool(notional) and (too_small or (leg is not None and leg.rounded_notional == 0)),
        )

    return tuple(evidence(asset) for asset in assets)


def _drift(solved: Solved) -> float | None:
    """Return how far the basket's beta moved from the window's earlier half to its later, over the whole's beta."""
    measured = solved.measured
    if measured.returns is None or measured.market is None:
        return None
    held = solved.weights != 0
    basket = (measured.returns[:, held] @ solved.weights[held])[:, None]
    half = len(basket) // 2
    early = estimate(measured.basket_recipe, basket[:half], measured.market[:half], measured.bars_per_day)
    late = estimate(measured.basket_recipe, basket[half:], measured.market[half:], measured.bars_per_day)
    if not solved.plan.beta:
        return None
    drift = float(late.beta[0] - early.beta[0]) / abs(solved.plan.beta)
    return drift if np.isfinite(drift) else None
