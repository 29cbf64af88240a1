"""Would a desk sign this trade? Eight steps, each judged on the data at hand."""

from collections.abc import Collection
from dataclasses import dataclass

from betacli import document as doc
from betacli.core.checks import CHECKS, ORDER, THRESHOLDS, Status, overall, strictly
from betacli.core.model import Universe
from betacli.data.candles import MarketData
from betacli.document import Column, Document, Facts, Report, Table, Tone
from betacli.plan.answer import report
from betacli.plan.attempt import Attempt, attempt
from betacli.plan.evidence import gather_evidence
from betacli.plan.request import BasketRequest

ACTION_NEEDED = 10
TONES: dict[Status, Tone] = {"pass": "good", "warn": "warning", "fail": "bad", "manual": "strong"}
SHOWN: dict[Status, str] = {"pass": "pass", "warn": "WARN", "fail": "FAIL", "manual": "manual"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the checklist, the numbers and thresholds its status rests on, and what to do next."""

    number: int
    id: str
    title: str
    status: Status
    summary: str
    threshold: str | None
    next_step: str | None
    facts: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeInputs:
    """What was judged: the trade in quote currency, and the data behind it; None where it was not given."""

    notional: float | None
    equity: float | None
    basket_leverage: float | None
    hedge_to: float
    weighting: str
    exchange: str | None
    preset: str | None
    window: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """The steps and the verdict of all: fail before warn before manual before pass.

    `strict` tells that a warning counts as failed.
    """

    sector: str
    benchmark: str
    target_beta: float | None
    strict: bool
    inputs: TradeInputs
    steps: tuple[Step, ...]
    verdict: Status

    def document(self) -> Document:
        """Return what was judged, the steps, and what to do about those that do not pass."""
        columns = (
            Column(header="#"),
            Column(header="step", align="left", tone=lambda _: "strong"),
            Column(header="status", align="left", show=_status, tone=_tone),
            Column(header="what was found", align="left"),
        )
        rows = tuple((step.number, step.title, step.status, step.summary) for step in self.steps)
        blocks: list[Facts | Table] = [self._facts(), Table(columns=columns, rows=rows, keys=2)]
        todo = tuple(
            (s.number, s.title, s.status, s.next_step)
            for s in self.steps
            if s.status != "pass" and s.next_step
        )
        if todo:
            heads = (*columns[:3], Column(header="what to do", align="left"))
            blocks.append(Table(title="What to do next", columns=heads, rows=todo, keys=2))
        held = tuple((s.number, s.title, s.threshold) for s in self.steps if s.threshold)
        if held:
            limited = (*columns[:2], Column(header="held against", align="left", tone=lambda _: "quiet"))
            blocks.append(Table(title="Limits", columns=limited, rows=held, keys=2))
        return Document(
            title=f"Checklist for {self.sector} against {self.benchmark}",
            blocks=tuple(blocks),
            records=self.steps,
        )

    def _facts(self) -> Facts:
        x = self.inputs
        target = "none: base weights" if self.target_beta is None else doc.beta(self.target_beta)
        pairs = [
            ("verdict", self._verdict()),
            ("target beta", target),
            ("notional", doc.money(x.notional)),
            ("hedged to", doc.signed_beta(x.hedge_to)),
        ]
        if x.equity is not None:
            pairs.append(("equity", f"{doc.money(x.equity)} at {doc.times(x.basket_leverage)}"))
        if x.preset is not None and x.window is not None:
            pairs.append(("betas", f"{x.preset}, {x.window}"))
        if self.strict:
            pairs.append(("strict", "what warns has failed"))
        return Facts(pairs=tuple(pairs), tones=(("verdict", TONES[self.verdict]),))

    def _verdict(self) -> str:
        """Write the verdict with how many steps stand how: `FAIL: 1 of 8 steps, 2 WARN, 5 pass`."""
        counts = {status: sum(step.status == status for step in self.steps) for status in ORDER}
        whole = f"{len(self.steps)} {'step' if len(self.steps) == 1 else 'steps'}"
        others = [f"{n} {SHOWN[status]}" for status, n in counts.items() if n and status != self.verdict]
        return ", ".join([f"{SHOWN[self.verdict]}: {counts[self.verdict]} of {whole}", *others])


def _status(value: object) -> str:
    return next((shown for status, shown in SHOWN.items() if status == value), str(value))


def _tone(value: object) -> Tone | None:
    return next((tone for status, tone in TONES.items() if status == value), None)


def plan_checklist(
    request: BasketRequest,
    universe: Universe,
    source: MarketData | None,
    *,
    only: Collection[str] = (),
    strict: bool = False,
) -> Report:
    """Answer the `checklist` command.

    A member that fails a gate fails the sector step instead of refusing the whole; a benchmark that does is
    refused. A failed step makes exit code 10; `strict` fails what warns. `only` are steps to show.
    """
    found = attempt(request, universe, source)
    evidence, notices = gather_evidence(request, universe, source, found)
    thresholds = {**THRESHOLDS, **universe.checklist}
    steps = []
    for number, (check_id, (title, check)) in enumerate(CHECKS.items(), start=1):
        if only and check_id not in only:
            continue
        verdict = check(evidence, thresholds)
        if strict:
            verdict = strictly(verdict)
        steps.append(
            Step(
                number=number,
                id=check_id,
                title=title,
                status=verdict.status,
                summary=verdict.summary,
                threshold=verdict.threshold,
                next_step=verdict.next_step,
                facts=dict(verdict.facts),
            )
        )
    data = Checklist(
        sector=found.measured.sector,
        benchmark=found.measured.benchmark.name,
        target_beta=request.target,
        strict=strict,
        inputs=_inputs(request, found),
        steps=tuple(steps),
        verdict=overall([step.status for step in steps]),
    )
    code = ACTION_NEEDED if data.verdict == "fail" else 0
    said = (*found.notices, *notices)
    return report("checklist", request.betas.run, found.measured, data, said, exit_code=code)


def _inputs(request: BasketRequest, found: Attempt) -> TradeInputs:
    """Say what was judged: the trade as it was asked for, and the data it was judged on."""
    plan, measured = found.solved.plan if found.solved else None, found.measured
    estimator = measured.inputs.estimator
    return TradeInputs(
        notional=plan.notional if plan else request.notional,
        equity=plan.equity if plan else request.equity,
        basket_leverage=plan.basket_leverage if plan else request.leverage,
        hedge_to=request.hedge_to,
        weighting=request.weighting,
        exchange=measured.inputs.exchange,
        preset=estimator.preset if estimator else None,
        window=f"{measured.inputs.window.start} to {measured.inputs.window.end}"
        if measured.inputs.window
        else None,
    )
