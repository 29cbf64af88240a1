"""The candidates to stand in for a member: each regressed on the member's own price history, with what it costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from betacli.core.calendar import bars_per_year
from betacli.core.checks import THRESHOLDS
from betacli.core.model import Floats, Member, Universe
from betacli.core.proxy import SameCoin, Substitute, implied_beta, substitute
from betacli.errors import ExchangeFailed
from betacli.plan.betas import known
from betacli.plan.measure import Measured
from betacli.plan.own_history import Histories, Series, Sources, Span, another_coin, histories, series_of
from betacli.plan.own_history import Kind as History
from betacli.plan.stand_in import Kind

PEERS = 3  # the sub-basket holds so many


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRow:
    """One candidate for one member. None is unknown.

    `betas` are units of each of `held` per unit of the member, by least squares on the member's own returns, which
    came from its `history` at `history_source`; `std_error` is of a single one. `venue` names the exchange of the same
    coin elsewhere, `price_ratio` its price per coin over the history's. `tracking_error` is the standard deviation a
    year of what is left, `variance_added` its square: what replacing one unit of the member adds. `implied_beta` is
    Σ beta × the candidate's own beta to the benchmark, `own_beta` the member's by its own history. `accepted` tells
    whether it may stand in; `refused` why not; `named` that the sector file names it.
    """

    base: str
    candidate: str
    kind: Kind
    held: tuple[str, ...]
    history: History
    betas: tuple[float, ...]
    std_error: float | None
    r_squared: float
    correlation: float
    tracking_error: float
    variance_added: float
    implied_beta: float | None
    own_beta: float | None
    n_obs: int
    accepted: bool
    refused: str | None = None
    venue: str | None = None
    history_source: str | None = None
    price_ratio: float | None = None
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A row with what is behind it: the member's own prices, and where the coin itself is kept."""

    row: ProxyRow
    own: Series
    place: Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """The candidates for one member, the closest first; `why` there are none, and why other exchanges have none.

    `failed` are the exchanges that did not answer.
    """

    found: tuple[Candidate, ...]
    why: str | None = None
    lacking: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, ExchangeFailed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Try:
    """One candidate before its fit: what is held with its returns (T, K) and its betas to the benchmark."""

    kind: Kind
    name: str
    held: tuple[str, ...]
    returns: Floats
    betas: tuple[float, ...]
    place: Series | None = None
    same: SameCoin | None = None
    index: bool = False


def least_r_squared(universe: Universe) -> float:
    """Return the R² below which a candidate is refused."""
    return {**THRESHOLDS, **universe.checklist}["proxy_r_squared"]


def candidates(
    measured: Measured,
    universe: Universe,
    sources: Sources | None,
    member: Member,
    *,
    peers: Sequence[str],
    named: Sequence[str] = (),
) -> Candidates:
    """Regress a member's own returns on every candidate's, the closest first; or say why there are none.

    Args:
        measured: the sector with its betas; what `peers` and `named` name is in it.
        universe: the limits.
        sources: where the member's own prices may be found.
        member: the one without a contract.
        peers: members of the sector that may stand in, alone or the closest three of them together.
        named: what the sector file names instead; several make one sub-basket.
    """
    if measured.panel is None or measured.returns is None or measured.market is None or sources is None:
        return Candidates(found=(), why="no source of market data was named")
    span = Span(open_ms=measured.panel.open_ms, timeframe=measured.recipe.timeframe)
    listing, candles = measured.listings.get(member.base), measured.candles.get(member.base)
    contract = series_of(span, sources.source, listing, "contract", candles)
    seen = histories(span, universe, sources, member, contract)
    if seen.own is None:
        why = f"{seen.why}: give one with `--proxy-history`"
        return Candidates(found=(), why=why, lacking=seen.lacking, failed=seen.failed)
    bars = bars_per_year(measured.panel.timeframe_ms)
    direct = substitute(seen.own.returns, measured.market[:, None], bars)
    own_beta = direct.betas[0] if direct else None
    found: list[Candidate] = []
    least = least_r_squared(universe)

    def fit(one: _Try) -> None:
        returns = seen.own.returns if seen.own is not None else one.returns[:, 0]
        fitted = substitute(returns, one.returns, bars)
        if fitted is not None and seen.own is not None:
            row = _row(member.base, one, seen.own, fitted, own_beta, least)
            found.append(Candidate(row=row, own=seen.own, place=one.place))

    alone = [base for base in named if len(named) == 1 and base != measured.benchmark.name]
    singles = [base for base in dict.fromkeys((*peers, *alone)) if base != member.base]
    for base in singles:
        fit(_peers(measured, (base,)))
    best = sorted((c.row for c in found if c.row.candidate in peers), key=lambda row: -row.r_squared)[:PEERS]
    baskets = [tuple(named)] if len(named) > 1 else []
    if len(best) == PEERS:
        baskets.append(tuple(row.candidate for row in best))
    for held in dict.fromkeys(baskets):
        fit(_peers(measured, held))
    for one in (*_benchmark(measured), *_same_coin(member.base, seen, own_beta)):
        fit(one)
    found.sort(key=lambda c: (-c.row.r_squared, c.row.candidate))
    why_none = None if found else "too few returns in common with any candidate"
    return Candidates(found=tuple(found), why=why_none, lacking=seen.lacking, failed=seen.failed)


def _peers(measured: Measured, held: tuple[str, ...]) -> _Try:
    places = [measured.bases.index(base) for base in held]
    returns = measured.returns if measured.returns is not None else np.empty((0, 0))
    return _Try(
        kind="peer" if len(held) == 1 else "peers",
        name=" + ".join(held),
        held=held,
        returns=returns[:, places],
        betas=tuple(float(measured.betas[k]) for k in places),
    )


def _benchmark(measured: Measured) -> Iterator[_Try]:
    """The benchmark: its one asset, or the index as a whole, which nobody can hold as one leg."""
    if measured.market is not None:
        name = measured.benchmark.name
        yield _Try(kind="benchmark", name=name, held=(name,), returns=measured.market[:, None], betas=(1.0,),
                   index=len(measured.benchmark.weights) != 1)  # fmt: skip


def _same_coin(base: str, seen: Histories, own_beta: float | None) -> Iterator[_Try]:
    """The coin itself: its spot market here, and its perpetual on other exchanges."""
    beta = (np.nan if own_beta is None else own_beta,)
    if seen.spot is not None:
        series, same = seen.spot
        yield _Try(kind="spot", name=f"{base} spot", held=(base,), returns=series.returns[:, None],
                   betas=beta, place=series, same=same)  # fmt: skip
    for name, (series, same) in seen.venues.items():
        yield _Try(kind="venue", name=f"{base} on {name}", held=(base,), returns=series.returns[:, None],
                   betas=beta, place=series, same=same)  # fmt: skip


def _row(
    base: str, one: _Try, own: Series, fit: Substitute, own_beta: float | None, least: float
) -> ProxyRow:
    refused = _refused(one, fit, least)
    return ProxyRow(
        base=base, candidate=one.name, kind=one.kind, held=one.held,
        venue=one.place.source if one.kind == "venue" and one.place else None, history=own.kind,
        history_source=own.source, betas=fit.betas, std_error=fit.std_error, r_squared=fit.r_squared,
        correlation=fit.correlation, tracking_error=fit.tracking_error, variance_added=fit.variance_added,
        implied_beta=known(implied_beta(fit.betas, one.betas)), own_beta=own_beta,
        price_ratio=one.same.price_ratio if one.same else None, n_obs=fit.n_obs, accepted=refused is None,
        refused=refused,
    )  # fmt: skip


def _refused(one: _Try, fit: Substitute, least: float) -> str | None:
    """Say why a candidate may not stand in."""
    if one.kind == "venue" and (one.same is None or one.same.verdict is None):
        return "nobody knows whether it is the same coin: there is no other recent price to hold it against"
    if one.same is not None and one.same.verdict is False:
        return another_coin(one.same)
    if one.kind == "benchmark" and one.index:
        return "an index is not one asset to hold"
    if fit.r_squared < least:
        return f"R² below {least:g}"
    if min(fit.betas) <= 0:
        return "a part of it would be short"
    return None
