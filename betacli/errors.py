"""The exception tree, with the exit code of each branch.

    BetacliError                    1   a bug, unless a branch below says otherwise
    ├── Unusable                    2   the command line or a file cannot be used
    │   ├── BadOption                   one option, its value and what is wrong with it
    │   ├── UnknownName                 a name nobody knows, with the nearest that are known
    │   └── BadFile                     a file and every problem in it, each with line and column
    ├── DataRefused                 3   missing, stale or inconsistent data; no number is printed
    │   ├── NoData                      nothing there for the time that was asked for
    │   └── GatesFailed                 data that is there and cannot be trusted
    ├── ExchangeFailed              4   the exchange or the network
    ├── NoAnswer                    5   well put, but there is no answer
    │   ├── (core/infeasible.py)        no weights meet the limits, or have that beta within them
    │   ├── RoundsToNothing             the notional is too small for any contract
    │   └── CannotBeHeld                the exchange's largest leverage or position is too small for it
    ├── StoreUnusable               6   the candle store, a lock or an output file
    ├── SolverFailed                1   an optimisation that has an answer and did not find it
    └── Interrupted               130   by the keyboard, or by a signal to end

An error holds facts as attributes and builds its sentence from them. `message` says what happened, with the
numbers; `hint` says what to do. Neither ends with a full stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from betacli.wording import did_you_mean as did_you_mean  # noqa: PLC0414  messages are built with these everywhere
from betacli.wording import mistyped as mistyped  # noqa: PLC0414
from betacli.wording import quoted as quoted  # noqa: PLC0414
from betacli.wording import safe as safe  # noqa: PLC0414


@dataclass(eq=False, kw_only=True)
class BetacliError(Exception):
    """Base of everything betacli raises on purpose."""

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "bug"
    retryable: ClassVar[bool] = False

    @property
    def message(self) -> str:
        """What happened, with the numbers."""
        return "something went wrong inside betacli"

    @property
    def hint(self) -> str | None:
        """What the user can do about it."""
        return None

    def facts(self) -> dict[str, object]:
        """Return the attributes the sentence was built from, for machines."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        return self.message


# --- 2: the command line or a file cannot be used -------------------------------------------------------------


class Unusable(BetacliError):
    """The command line or a file cannot be used."""

    exit_code = 2
    kind = "unusable"


@dataclass(eq=False, kw_only=True)
class BadOption(Unusable):
    """One option with a value that means nothing."""

    kind = "bad_option"
    option: str
    value: str
    problem: str
    way_out: str | None = None

    @property
    def message(self) -> str:
        return f"`{self.option}` is `{self.value}`: {self.problem}"

    @property
    def hint(self) -> str | None:
        return self.way_out


@dataclass(eq=False, kw_only=True)
class BadUsage(Unusable):
    """A command line that cannot be parsed; the parser's own sentence says why."""

    kind = "bad_usage"
    problem: str
    way_out: str | None = None

    @property
    def message(self) -> str:
        return self.problem

    @property
    def hint(self) -> str | None:
        return self.way_out


@dataclass(eq=False, kw_only=True)
class UnknownName(Unusable):
    """A name that nobody knows."""

    kind = "unknown_name"
    what: str
    name: str
    known: Sequence[str]
    where: str = ""
    otherwise: str = ""

    @property
    def message(self) -> str:
        return f"there is no {self.what} `{self.name}`{self.where}"

    @property
    def hint(self) -> str | None:
        if not self.known:
            return None
        listed = quoted(self.known, limit=40)
        near = did_you_mean(self.name, self.known)
        if near and len(self.known) == 1:
            return f"{near} {self.otherwise}".strip()
        one = "the only one is" if len(self.known) == 1 else "there are"
        told = f"{one} {listed}; {self.otherwise}" if self.otherwise else f"{one} {listed}"
        return f"{near} {told}" if near else told


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a file; `line` and `column` count from 1, and are None where they mean nothing."""

    what: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None


@dataclass(eq=False, kw_only=True)
class BadFile(Unusable):
    """A file that cannot be used, with every problem found in it; the hint of each stands with it."""

    kind = "bad_file"
    path: str
    problems: Sequence[Problem]

    @property
    def message(self) -> str:
        return "\n       ".join(line for problem in self.problems for line in self._told(problem))

    @property
    def hint(self) -> str | None:
        hints = {problem.hint for problem in self.problems}
        return hints.pop() if len(hints) == 1 else None

    def _told(self, problem: Problem) -> list[str]:
        """Return what is wrong, and the hint under its own problem where not all have the same."""
        hint = [f"hint: {problem.hint}"] if problem.hint and self.hint is None else []
        return [self._sentence(problem), *hint]

    def _sentence(self, problem: Problem) -> str:
        place = [self.path, problem.line, problem.column]
        return f"{':'.join(str(part) for part in place if part is not None)}: {problem.what}"


# --- 3: data refused ------------------------------------------------------------------------------------------


class DataRefused(BetacliError):
    """Data that is missing, stale or inconsistent; no number is printed from it."""

    exit_code = 3
    kind = "data_refused"


@dataclass(eq=False, kw_only=True)
class NoData(DataRefused):
    """Nothing there for the time that was asked for."""

    kind = "no_data"
    what: str
    way_out: str | None = None

    @property
    def message(self) -> str:
        return self.what

    @property
    def hint(self) -> str | None:
        return self.way_out


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFailure:
    """One gate that one asset did not pass: what was measured and the threshold it missed."""

    base: str
    gate: str
    detail: str
    measured: float | None = None
    threshold: float | None = None


@dataclass(eq=False, kw_only=True)
class GatesFailed(DataRefused):
    """Assets whose data cannot be trusted; `benchmark` is True when one of them is (part of) the benchmark."""

    kind = "gate_failed"
    failures: Sequence[GateFailure]
    benchmark: bool

    @property
    def message(self) -> str:
        who = "the benchmark" if self.benchmark else "the data"
        lines = [f"`{failure.base}` {failure.detail} (gate `{failure.gate}`)" for failure in self.failures]
        return f"{who} cannot be trusted: " + "\n       ".join(lines)

    @property
    def hint(self) -> str | None:
        if self.benchmark:
            return f"{self._stale}every beta rests on the benchmark: choose another source, `--window` or `--benchmark`"
        ways = "leave the names out with `--allow-missing`, or choose others with `--only`"
        return f"{self._stale}{ways}"

    @property
    def _stale(self) -> str:
        stale = any(failure.gate == "max_age_bars" for failure in self.failures)
        return "for an answer as of the last bar, give its time with `--as-of`; " if stale else ""


# --- 4: exchange and network ----------------------------------------------------------------------------------


@dataclass(eq=False, kw_only=True)
class ExchangeFailed(BetacliError):
    """The exchange did not answer, or its answer cannot be used.

    `reason` is one of `geo_blocked`, `banned`, `rate_limited`, `unreachable`, `timeout`, `bad_response`,
    `bad_symbol` and `auth`; it is the error's kind.
    """

    exit_code = 4
    exchange: str
    reason: str
    detail: str
    tried: str = ""
    until: str | None = None

    REASONS: ClassVar[tuple[str, ...]] = (
        *(
            "geo_blocked",
            "banned",
            "rate_limited",
            "unreachable",
            "timeout",
            "bad_response",
            "bad_symbol",
            "auth",
        ),
    )
    WAITING_HELPS: ClassVar[frozenset[str]] = frozenset(
        {"banned", "rate_limited", "unreachable", "timeout", "bad_response"}
    )

    @property
    def kind(self) -> str:  # type: ignore[override]
        return self.reason

    @property
    def retryable(self) -> bool:  # type: ignore[override]
        return self.reason in self.WAITING_HELPS

    @property
    def message(self) -> str:
        tried = f" (tried: {self.tried})" if self.tried else ""
        until = f" until {self.until}" if self.until else ""
        return f"`{self.exchange}` {self.detail}{until}{tried}"

    @property
    def hint(self) -> str | None:
        ways = {
            "geo_blocked": "the exchange refuses this country: choose another with `--exchange`, or set a proxy "
            "under `exchange_options`",
            "banned": "wait for the ban to end; every request before then makes it longer",
            "rate_limited": "wait a minute, or ask for fewer assets with `--only`",
            "timeout": "raise `--timeout`, or try without a network with `--exchange sample`",
            "unreachable": "check the network and the proxy, or try without either with `--exchange sample`",
            "bad_response": "the exchange may be in maintenance: try again, or another with `--exchange`",
            "bad_symbol": "give the exact contract with `symbol:` in the sector file",
            "auth": "betacli needs no keys: remove them from `exchange_options`",
        }
        return ways.get(self.reason)


# --- 5: no answer ---------------------------------------------------------------------------------------------


class NoAnswer(BetacliError):
    """The question is well put, but it has no answer."""

    exit_code = 5
    kind = "no_answer"


@dataclass(eq=False, kw_only=True)
class RoundsToNothing(NoAnswer):
    """No leg reaches the smallest order its contract accepts."""

    kind = "rounds_to_nothing"
    notional: float
    needs: Sequence[str]

    @property
    def message(self) -> str:
        return f"a notional of {self.notional:,.2f} buys no contract: {'; '.join(self.needs)}"

    @property
    def hint(self) -> str | None:
        return "raise `--notional`, or hold fewer names with `--only`"


@dataclass(eq=False, kw_only=True)
class CannotBeHeld(NoAnswer):
    """More initial margin than equity at the highest leverage allowed, or a leg beyond the exchange's largest."""

    kind = "cannot_be_held"
    exchange: str
    equity: float | None
    initial_margin: float | None
    too_large: Sequence[str]

    @property
    def message(self) -> str:
        if self.too_large:
            return f"`{self.exchange}` holds no position this large: {', '.join(self.too_large)}"
        needs = f"wants {self.initial_margin:,.2f} of initial margin at the highest leverage allowed"
        return f"`{self.exchange}` {needs}; the equity is {self.equity:,.2f}"

    @property
    def hint(self) -> str | None:
        return "lower `--notional`, `--leverage` or `--risk`, or raise `--equity`"


# --- 6: the store ---------------------------------------------------------------------------------------------


@dataclass(eq=False, kw_only=True)
class StoreUnusable(BetacliError):
    """The candle store or one of its locks cannot be used, or an output file cannot be written."""

    exit_code = 6
    kind = "store_unusable"
    path: str
    problem: str

    @property
    def message(self) -> str:
        return f"`{self.path}` {self.problem}"


# --- 1: bugs that are caught -----------------------------------------------------------------------------------


@dataclass(eq=False, kw_only=True)
class SolverFailed(BetacliError):
    """The quadratic program has an answer, and the solver did not find it: a bug, not the user's mistake."""

    kind = "solver_failed"
    exit_flag: int
    residual: float

    @property
    def message(self) -> str:
        return f"the solver stopped with exit flag {self.exit_flag} and a KKT residual of {self.residual:.3g}"


class Interrupted(BetacliError):
    """The command was told to stop, by SIGINT or SIGTERM."""

    exit_code, kind, message = 130, "interrupted", "interrupted"
