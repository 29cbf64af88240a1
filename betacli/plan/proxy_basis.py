"""What a stand-in leaves untracked: of one member, and of the basket against what it was meant to hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from betacli import document as doc
from betacli.core.calendar import bars_per_year
from betacli.core.carry import MIN_BARS
from betacli.core.model import Floats, Notice
from betacli.plan.measure import Measured
from betacli.plan.proxy_rows import Candidate
from betacli.plan.stand_in import StandIn, Tracking


def tracking_of(candidate: Candidate, measured: Measured, share: float) -> Tracking:
    """Return a chosen candidate as what stands in for its member."""
    row = candidate.row
    weights = np.array(row.betas) if row.kind == "peers" else np.ones(len(row.held))
    panel = measured.panel
    return Tracking(
        stand_in=StandIn(
            base=row.base,
            kind=row.kind,
            held=row.held,
            share=share,
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
        open_ms=np.zeros(0) if panel is None else np.asarray(panel.open_ms[1:], dtype=np.float64),
        left=candidate.left,
    )


def notice_of(stand_in: StandIn, already: Sequence[str]) -> Notice:
    """Name what stands in for a member, with what it costs; `already` are members of the basket."""
    s = stand_in
    where = " is held in the place of"
    if s.kind in {"peer", "peers", "benchmark"} and set(s.held) <= set(already):
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

    `tracking_error` is a year per unit of the member, `risk_annual` that times |weight|, per unit of the basket.
    """

    base: str
    held: str
    weight: float
    r_squared: float
    tracking_error: float
    risk_annual: float


def proxy_basis(
    tracked: Sequence[Tracking], weights: Mapping[str, float], measured: Measured
) -> tuple[tuple[ProxyBasisRow, ...], float | None]:
    """Return the basis of every stand-in, and of all together: the standard deviation a year of Σ weight × what is left.

    Where an asset stands for several, its weight is theirs in proportion to the base weight it carries of each. What
    two stand-ins leave may cancel or add up: the whole is that of the sum, not the root of summed squares. None where
    nothing stands in, or fewer than 20 bars have all of them.
    """
    carried = {member.base: member.share for member in measured.members}
    rows, total = [], None
    for one in tracked:
        s = one.stand_in
        weight = sum(
            weights.get(base, 0.0) * s.share * share / carried[base]
            for base, share in zip(s.held, s.shares, strict=True)
            if base in carried
        )
        rows.append(
            ProxyBasisRow(
                base=s.base,
                held=s.told,
                weight=weight,
                r_squared=s.r_squared,
                tracking_error=s.tracking_error,
                risk_annual=abs(weight) * s.tracking_error,
            )
        )
        left = weight * _on(one, measured)
        total = left if total is None else total + left
    if total is None or measured.panel is None:
        return tuple(rows), None
    seen = total[np.isfinite(total)]
    if len(seen) < MIN_BARS:
        return tuple(rows), None
    return tuple(rows), float(seen.std(ddof=1) * np.sqrt(bars_per_year(measured.panel.timeframe_ms)))


def _on(one: Tracking, measured: Measured) -> Floats:
    """Return what is left (T,) on the bars of the answer."""
    if measured.panel is None:
        return one.left
    opens = np.asarray(measured.panel.open_ms[1:], dtype=np.float64)
    found = np.full(len(opens), np.nan)
    _, ours, theirs = np.intersect1d(opens, one.open_ms, return_indices=True)
    found[ours] = one.left[theirs]
    return found
