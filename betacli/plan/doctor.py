"""Is everything there that the morning's run needs?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from betacli.core.candles import iso
from betacli.data.probe import VenueHealth
from betacli.document import Column, Document, Report, Table, Tone
from betacli.plan.request import Run

Status = Literal["ok", "warn", "fail"]
SKEW_WARN_MS = 2_000
SKEW_FAIL_MS = 30_000
DATA_REFUSED = 3
EXCHANGE = 4
_TONES: dict[str, Tone] = {"ok": "good", "warn": "warning", "fail": "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    topic: str
    name: str
    status: Status
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorInputs:
    """What the diagnosis was made for."""

    exchange: str
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Every finding; `exchange` is the one that plans ask by default."""

    exchange: str
    findings: tuple[Finding, ...]

    def document(self) -> Document:
        """Return the findings as a table."""
        columns = (
            Column(header="topic", align="left", tone=lambda _: "strong"),
            Column(header="name", align="left"),
            Column(header="status", align="left", tone=lambda value: _TONES.get(str(value))),
            Column(header="detail", align="left"),
        )
        rows = tuple((f.topic, f.name, f.status, f.detail) for f in self.findings)
        return Document(
            title="Doctor", blocks=(Table(columns=columns, rows=rows, keys=2),), records=self.findings
        )


def plan_doctor(
    run: Run,
    *,
    inputs: DoctorInputs,
    versions: Mapping[str, str],
    origins: Mapping[str, str],
    store: Sequence[Finding],
    proxy: str | None,
    venues: Sequence[VenueHealth],
    terminal: str,
) -> Report:
    """Answer `doctor`.

    The exit code is 4 when the default exchange cannot be asked, else 3 when the store is damaged or the clock is
    more than 30 s off, else 0.
    """
    findings = [
        *(
            Finding(topic="version", name=name, status="ok", detail=version)
            for name, version in versions.items()
        ),
        *(Finding(topic="config", name=key, status="ok", detail=origin) for key, origin in origins.items()),
        *store,
        Finding(topic="network", name="proxy", status="ok", detail=proxy or "none"),
        *(_venue(health, inputs.exchange) for health in venues),
        *_clock(venues),
        Finding(topic="terminal", name="output", status="ok", detail=terminal),
    ]
    return Report(
        schema="doctor",
        tool=run.tool,
        as_of=iso(run.now_ms),
        generated_at=run.generated_at,
        inputs=inputs,
        warnings=(),
        excluded=(),
        data=Diagnosis(exchange=inputs.exchange, findings=tuple(findings)),
        exit_code=_exit_code(findings, inputs.exchange),
    )


def _venue(health: VenueHealth, default: str) -> Finding:
    lost: Status = "fail" if health.exchange == default else "warn"
    status: Status = "ok" if health.status == "reachable" else lost
    told = health.detail if health.status == "reachable" else f"{health.status}: {health.detail}"
    return Finding(topic="exchange", name=health.exchange, status=status, detail=told)


def _clock(venues: Sequence[VenueHealth]) -> list[Finding]:
    """Hold this computer's clock against the exchanges that told their time: the middle one counts."""
    if not venues:
        return [Finding(topic="clock", name="skew", status="ok", detail="not asked: offline")]
    skews = sorted(health.clock_skew_ms for health in venues if health.clock_skew_ms is not None)
    if not skews:
        return [Finding(topic="clock", name="skew", status="warn", detail="no exchange told its time")]
    skew = skews[len(skews) // 2]
    size = abs(skew)
    status: Status = "fail" if size > SKEW_FAIL_MS else "warn" if size > SKEW_WARN_MS else "ok"
    way = "behind" if skew > 0 else "ahead of"
    detail = f"this computer is {size / 1000:.1f} s {way} the exchanges"
    return [Finding(topic="clock", name="skew", status=status, detail=detail)]


def _exit_code(findings: Sequence[Finding], default: str) -> int:
    failed = {(f.topic, f.name) for f in findings if f.status == "fail"}
    if ("exchange", default) in failed:
        return EXCHANGE
    return DATA_REFUSED if failed else 0
