"""The benchmark's returns: one asset, fixed weights, or the capitalisation-weighted universe."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from betacli.core.model import Benchmark, Excluded, Floats, Member, Notice, Universe
from betacli.core.returns import simple_returns
from betacli.errors import BadOption, GateFailure, GatesFailed, UnknownName, mistyped

MIN_CAP_COVERED = 0.95
_BASE = re.compile(r"[A-Za-z0-9$._-]{1,32}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BenchmarkSeries:
    """The benchmark on the grid: returns (T − 1,), a value (T,) that is finite where the benchmark has a bar.

    `weights` are the parts' fractions, for the universe those at the last bar.
    """

    returns: Floats
    value: Floats
    weights: Mapping[str, float]
    notices: tuple[Notice, ...] = ()
    excluded: tuple[Excluded, ...] = ()


def parse_benchmark(written: str) -> Benchmark:
    """Read `--benchmark`: an asset, `universe`, or weights such as `BTC=0.6,ETH=0.4`.

    Raises:
        BadOption: a part is no asset or stands twice, or the weights are not above zero or do not sum to one.
    """
    if written == "universe":
        return Benchmark(weights={})
    weights: dict[str, float] = {}
    for part in written.split(","):
        base, _, share = part.strip().partition("=")
        try:
            weights[base] = float(share) if share else 1.0
        except ValueError:
            weights[base] = float("nan")
    way_out = "write `BTC`, `BTC=0.6,ETH=0.4` or `universe`"
    if "," in written and "=" not in written:
        problem = "several assets are several benchmarks, or one with weights"
        each = " ".join(f"--benchmark {part.strip()}" for part in written.split(","))
        way_out = f"repeat it, `{each}`, or give weights such as `BTC=0.6,ETH=0.4`"
        raise BadOption(option="--benchmark", value=written, problem=problem, way_out=way_out)
    if not all(_BASE.fullmatch(base) for base in weights) or len(weights) != len(written.split(",")):
        problem = "each part must be another asset"
        raise BadOption(option="--benchmark", value=written, problem=problem, way_out=way_out)
    total = sum(weights.values())
    if not all(share > 0 for share in weights.values()) or abs(total - 1) > 1e-9:
        problem = f"the weights must be above zero and sum to 1; they sum to {total:g}"
        raise BadOption(option="--benchmark", value=written, problem=problem, way_out=way_out)
    return Benchmark(weights=dict(sorted(weights.items())))


def benchmark_members(benchmark: Benchmark, universe: Universe) -> tuple[Member, ...]:
    """Return the assets the benchmark is made of, by name: for the universe, all that have a supply.

    Raises:
        BadOption: the universe has no asset with a supply.
    """
    assets = universe.assets
    if benchmark.is_universe:
        supplied = tuple(assets[base] for base in sorted(assets) if assets[base].supply is not None)
        if not supplied:
            problem = "no asset of the sector file has a `supply` to weigh it by"
            way_out = "give members a `supply` and `supply_as_of`, or choose another benchmark"
            raise BadOption(option="--benchmark", value="universe", problem=problem, way_out=way_out)
        return supplied
    return tuple(assets.get(base, Member(base=base)) for base in sorted(benchmark.weights))


def refuse_mistyped(benchmark: Benchmark, universe: Universe, unlisted: Collection[str]) -> None:
    """Refuse a part that is not listed and nearly has the name of an asset of the sector file.

    Raises:
        UnknownName: there is such a part.
    """
    known = {*universe.assets, *universe.benchmark.weights}
    for base in sorted((benchmark.weights.keys() & unlisted) - known):
        if near := mistyped(base, sorted(known)):
            raise UnknownName(
                what="asset", name=base, known=(near,), where=" to measure against (`--benchmark`)"
            )


def fixed_weights(benchmark: Benchmark, closes: Mapping[str, Floats]) -> BenchmarkSeries:
    """Return Σ w_k r_k, NaN where any part has no return; closes (T,) by base."""
    bases = sorted(benchmark.weights)
    matrix = np.column_stack([closes[base] for base in bases])
    shares = np.array([benchmark.weights[base] for base in bases])
    value = np.where(np.isfinite(matrix).all(axis=1), 1.0, np.nan)
    return BenchmarkSeries(
        returns=np.asarray(simple_returns(matrix) @ shares), value=value, weights=dict(benchmark.weights)
    )


def universe_weights(
    members: Sequence[Member],
    closes: Mapping[str, Floats],
    failures: Sequence[GateFailure],
    multipliers: Mapping[str, int],
) -> BenchmarkSeries:
    """Return the return of Σ supply × price over the members whose closes can be trusted.

    Args:
        members: the universe, each with a supply.
        closes: (T,) by base, for every member that has any; prices per base unit.
        failures: the gates members failed; these are dropped, by name.
        multipliers: coins per base unit, where not 1.

    Raises:
        GatesFailed: what is left covers less than 95 % of the capitalisation, or a dropped member's capitalisation
            is unknown.
    """
    failed = {failure.base: failure for failure in failures}
    caps: dict[str, float] = {}
    for member in members:
        close = closes.get(member.base)
        seen = close[np.isfinite(close)] if close is not None else np.zeros(0)
        supply = (member.supply or 0.0) / multipliers.get(member.base, 1)
        if len(seen):
            caps[member.base] = supply * float(seen[-1])
        elif member.cap_usd is not None:
            caps[member.base] = member.cap_usd
    unsized = [failed[m.base] for m in members if m.base in failed and m.base not in caps]
    kept = [member for member in members if member.base not in failed]
    total = sum(caps.values())
    covered = sum(caps[member.base] for member in kept) / total if total else 0.0
    if unsized or covered < MIN_CAP_COVERED:
        raise GatesFailed(failures=[*failures], benchmark=True)
    notices: tuple[Notice, ...] = ()
    if failed:
        names = ", ".join(sorted(failed))
        detail = f"the universe leaves out {names}; what is left covers {covered * 100:.2f} % of the capitalisation"
        notices = (Notice(id="universe-partial", detail=detail),)
    matrix = np.column_stack([
        closes[m.base] * ((m.supply or 0.0) / multipliers.get(m.base, 1)) for m in kept
    ])  # fmt: skip
    value = matrix.sum(axis=1)
    last = {m.base: caps[m.base] / sum(caps[k.base] for k in kept) for m in kept}
    return BenchmarkSeries(
        returns=simple_returns(value),
        value=value,
        weights=last,
        notices=notices,
        excluded=tuple(
            Excluded(base=base, reason=failure.gate, detail=f"{failure.detail} (universe benchmark)")
            for base, failure in sorted(failed.items())
        ),
    )
