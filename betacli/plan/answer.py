"""Put a result into the report that every format shows."""

from collections.abc import Sequence

from betacli.core.candles import iso
from betacli.core.model import Notice
from betacli.document import Describable, Report, Steps
from betacli.plan.measure import Measured
from betacli.plan.request import Run


def report(
    schema: str,
    run: Run,
    measured: Measured,
    data: Describable,
    notices: Sequence[Notice] = (),
    *,
    exit_code: int = 0,
    explanation: tuple[Steps, ...] = (),
) -> Report:
    """Return the report of one command; equal notices are said once, warnings first."""
    every = dict.fromkeys((*measured.notices, *notices))
    return Report(
        schema=schema,
        tool=run.tool,
        as_of=iso(measured.now_ms),
        generated_at=run.generated_at,
        inputs=measured.inputs,
        warnings=tuple(sorted(every, key=lambda notice: notice.severity != "warning")),
        excluded=measured.excluded,
        data=data,
        simulated=measured.inputs.simulated,
        exit_code=exit_code,
        explanation=explanation,
    )
