"""What a stand-in leaves untracked: the basket that was meant against the basket that is held."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from betacli import document as doc
from betacli.core.calendar import bars_per_year
from betacli.core.carry import MIN_BARS
from betacli.core.model import Floats, Member, Notice
from betacli.core.returns import vol_annual
from betacli.plan.basket import Solved
from betacli.plan.measure import Measured
from betacli.plan.proxy_rows import Candidate
from betacli.plan.stand_in import StandIn, Tracking


def tracking_of(candidate: Candidate, measured: Measured, member: Member, home: str) -> Tracking:
    """Return a chosen candidate as what stands in for its member.

    Raises:
        ValueError: there is no market data.
    """
    row, panel, own = candidate.row, measured.panel, candidate.own
    if panel is None:
        raise ValueError(row.base)
    weights = np.array(row.betas) if row.kind == "peers" else np.ones(len(row.held))
    return Tracking(
        stand_in=StandIn(
            base=row.base,
            kind=row.kind,
            held=row.held,
            shares=tuple(map(float, weights / weights.sum())),
            venue=row.venue,
            betas=row.betas,
            r_squared=row.r_squared,
            tracking_error=row.tracking_error,
            variance_added=row.variance_added,
            implied_beta=row.implied_beta,
            history=row.history_source or row.history,
            n_obs=row.n_obs,
        ),
        member=member,
        home=home,
        open_ms=panel.open_ms[1:],
        returns=own.returns,
        last_close=own.last_close,
        vol_annual=float(vol_annual(own.returns[:, None], panel.timeframe_ms)[0]),
    )


def notice_of(stand_in: StandIn, already: Sequence[str]) -> Notice:
    """Name what stands in for a member, with what it costs; `already` are members of the basket."""
    s = stand_in
    where = " is held in the place of"
    if not s.is_itself and set(s.held) <= set(already):
        where = ", in the basket already, stands for"
    betas = " ".join(f"{beta:.3f}" for beta in s.betas)
    detail = (
        f"`{s.told}`{where} `{s.base}`: proxy beta {betas}, R² {s.r_squared:.2f}, "
        f"tracking error {s.tracking_error * 100:.1f} % a year, implied beta {doc.beta(s.implied_beta)}"
    )
    return Notice(id="proxy", detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyBasisRow:
    """The basis of one stand-in: `weight` of the basket that stands for the member, and what it leaves untracked.

    `tracking_error` is that of the fit, a year per unit of the member, holding its proxy beta of what stands in.
    `risk_annual` is that of what is held: the standard deviation of weight × (the member's return − that of what
    carries its weight), per unit of the basket. None with fewer than 20 bars in common.
    """

    base: str
    held: str
    weight: float
    r_squared: float
    tracking_error: float
    risk_annual: float | None


def proxy_basis(solved: Solved) -> tuple[tuple[ProxyBasisRow, ...], float | None]:
    """Return the basis of every stand-in, and of all together: the basket that was meant less the one that is held.

    A leg that carries the base weight of several stands for each in that proportion. What two stand-ins leave may
    cancel or add up: the whole is that of the sum, not the root of summed squares. None where nothing stands in, or
    fewer than 20 bars have all of them.
    """
    rows: list[ProxyBasisRow] = []
    total: Floats | None = None
    for one, carried in zip(solved.tracked, solved.carried, strict=True):
        s = one.stand_in
        weights = {base: solved.weight_of(base) * part for base, part in carried.items()}
        weight = sum(weights.values())
        left = weight * _own(one, solved.measured) - _held(weights, solved.measured)
        total = left if total is None else total + left
        rows.append(
            ProxyBasisRow(
                base=s.base,
                held=s.told,
                weight=weight,
                r_squared=s.r_squared,
                tracking_error=s.tracking_error,
                risk_annual=_yearly(left, solved.measured),
            )
        )
    return tuple(rows), None if total is None else _yearly(total, solved.measured)


def _yearly(left: Floats, measured: Measured) -> float | None:
    seen = left[np.isfinite(left)]
    if measured.panel is None or len(seen) < MIN_BARS:
        return None
    return float(seen.std(ddof=1) * np.sqrt(bars_per_year(measured.panel.timeframe_ms)))


def _held(weights: dict[str, float], measured: Measured) -> Floats:
    """Return Σ weight × return (T,) of what carries a member's weight."""
    if measured.returns is None:
        return np.zeros(0)
    places = [measured.bases.index(base) for base in weights]
    return np.asarray(measured.returns[:, places] @ np.array(list(weights.values())))


def _own(one: Tracking, measured: Measured) -> Floats:
    """Return the member's own returns (T,) on the bars of the answer."""
    if measured.panel is None:
        return one.returns
    found = np.full(len(measured.panel.open_ms) - 1, np.nan)
    _, ours, theirs = np.intersect1d(measured.panel.open_ms[1:], one.open_ms, return_indices=True)
    found[ours] = one.returns[theirs]
    return found
