"""How a step of the checklist is judged: what it found, each with its limit and what to do, becomes one verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from betacli.core.evidence import Status, Verdict

Thresholds = Mapping[str, float]
ORDER: tuple[Status, ...] = ("fail", "warn", "manual", "pass")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing a step found, what to do about it, and the limit it was held against."""

    status: Status
    said: str
    todo: str | None = None
    limit: str | None = None


def overall(statuses: Sequence[Status]) -> Status:
    """Return the verdict of several: fail before warn before manual before pass."""
    return next((status for status in ORDER if status in statuses), "pass")


def strictly(verdict: Verdict) -> Verdict:
    """Return a verdict in which a warning has failed."""
    if verdict.status != "warn":
        return verdict
    return replace(verdict, status="fail")


def verdict_of(found: Sequence[Found], facts: Mapping[str, object]) -> Verdict:
    """Put findings together: the worst status, every sentence, and what to do about those that do not pass."""
    todo = dict.fromkeys(x.todo for x in found if x.todo and x.status != "pass")
    return Verdict(
        status=overall([x.status for x in found]),
        summary="; ".join(x.said for x in found),
        facts=facts,
        next_step="; ".join(str(text) for text in todo) or None,
        threshold="; ".join(dict.fromkeys(x.limit for x in found if x.limit)) or None,
    )


def percent(share: float, digits: int = 0, *, sign: str = "") -> str:
    """Write a fraction in percent; what rounds to zero has no sign."""
    number = round(share * 100, digits)
    return f"{number:{sign if number else ''},.{digits}f} %" if number else f"{0:.{digits}f} %"


def graded(value: float, warn: float, fail: float, *, higher_is_worse: bool = True) -> Status:
    """Return fail, warn or pass for a value against two thresholds."""
    sign = 1 if higher_is_worse else -1
    if sign * value > sign * fail:
        return "fail"
    return "warn" if sign * value > sign * warn else "pass"


def limits(t: Thresholds, what: str, name: str, way: str = "above") -> str:
    """Write the two thresholds of one name: `share: warn above 0.01, fail above 0.05`."""
    return f"{what}: warn {way} {t[f'{name}_warn']:g}, fail {way} {t[f'{name}_fail']:g}"


def no_basket(what: str, facts: Mapping[str, object]) -> Verdict:
    """Return the verdict of a step that needs a basket where there is none."""
    said = f"there is no basket to {what} (step 5)"
    return Verdict(status="fail", summary=said, facts=facts, next_step="first make step 5 pass")
