"""Which exchange can hold this basket, at what cost?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from betacli import document as doc
from betacli.core.checks import THRESHOLDS
from betacli.core.model import Notice, Universe
from betacli.document import Column, Document, Report, Table
from betacli.errors import ExchangeFailed
from betacli.plan.answer import report
from betacli.plan.attempt import Attempt
from betacli.plan.carrying import Holding
from betacli.plan.request import BasketRequest
from betacli.plan.stand_in import StandIn
from betacli.plan.venue_coins import against, compared
from betacli.plan.venue_rows import VenueAnswer, VenueRow

DATA_REFUSED = 3
Costs = Literal["fees", "entry", "funding", "convergence"]
WORDS: dict[Costs, str] = {
    "fees": "fees",
    "entry": "spread and slippage",
    "funding": "funding",
    "convergence": "basis to expiry",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTable:
    """The exchanges, the cheapest that holds the whole basket first, members themselves or others in their place."""

    sector: str
    horizon_days: float
    reference: str
    venues: tuple[VenueRow, ...]

    def document(self) -> Document:
        """Return one row an exchange; what the basis comes to has a column where a hedge is dated."""
        dated = any(v.failed is None and v.convergence != 0 for v in self.venues)
        nearing = (Column(header="basis to expiry", show=doc.signed_money),) if dated else ()
        columns = (
            Column(header="#", show=doc.text),
            Column(header="exchange", align="left", tone=lambda _: "strong"),
            Column(header="members", align="left"),
            Column(header="least ADV 30d", show=doc.count),
            Column(header="widest bps", show=doc.fixed(1)),
            Column(header="within 25 bps", show=doc.count),
            Column(header="leverage", show=doc.fixed(0, suffix="x")),
            Column(header="fees", show=doc.signed_money),
            Column(header="spread, slip", show=doc.signed_money),
            Column(header="funding", show=doc.signed_money),
            *nearing,
            Column(header="net bps", show=doc.fixed(1, sign=True), tone=lambda _: "strong"),
            Column(header="dated", align="left"),
            Column(header="why", align="left"),
        )
        rows = tuple(
            (
                v.rank, v.venue, doc.UNKNOWN if v.covered is None else f"{v.covered} of {v.asked}", v.adv_30d,
                v.spread_bps, v.depth_25_bps, v.max_leverage, v.fees, v.entry, v.funding,
                *((v.convergence,) if nearing else ()), None if v.cost_bps is None else -v.cost_bps,
                doc.UNKNOWN if v.dated_futures is None else ", ".join(v.dated_futures) or "none", "; ".join(v.reasons),
            )
            for v in self.venues
        )  # fmt: skip
        title = f"Where to hold {self.sector} for {self.horizon_days:g} days"
        return Document(title=title, blocks=(Table(columns=columns, rows=rows, keys=2),), records=self.venues)


def plan_venues(
    request: BasketRequest,
    universe: Universe,
    answers: Sequence[VenueAnswer],
    reference: str,
    holding: Holding,
) -> Report:
    """Answer the `venues` command: hold every exchange's coins against the reference's, and rank by cost.

    Raises:
        ExchangeFailed: no exchange answered.
        BetacliError: every one refuses its data, and this is why the reference does.
    """
    base = next((a for a in answers if a.row.venue == reference and a.found), None)
    base = base or next((a for a in answers if a.found), None)
    if base is None or base.found is None:
        refused = [
            a.error for a in sorted(answers, key=lambda a: a.row.venue != reference) if a.error is not None
        ]
        if refused and all(error.exit_code == DATA_REFUSED for error in refused):
            raise refused[0]
        told = "; ".join(dict.fromkeys(a.row.failed or "" for a in answers))
        raise ExchangeFailed(
            exchange=reference, reason="unreachable", detail=f"and no other answered: {told}"
        )
    limits = {**THRESHOLDS, **universe.checklist}
    rows = [_costed(compared(a, base, limits), a.found) for a in answers]
    roles = {a.row.venue: against(a.found) for a in answers}
    order = sorted(rows, key=_order)
    ranked = [row for row in order if row.cost_bps is not None]
    data = VenueTable(
        sector=request.betas.sector,
        horizon_days=holding.days(universe),
        reference=base.row.venue,
        venues=tuple(
            replace(
                row,
                rank=ranked.index(row) + 1 if row in ranked else None,
                reasons=_reasons(row, base.row, roles[row.venue], ranked),
            )
            for row in order
        ),
    )
    return report(
        "venues",
        request.betas.run,
        base.found.measured,
        data,
        [*_placing(answers), *_said(rows, base.row.venue, limits)],
    )


def _order(row: VenueRow) -> tuple[bool, int, float, int, str]:
    """Exchanges that answer first, then by members that cannot be held, then by cost; an unknown cost last."""
    cost = row.cost_bps if row.cost_bps is not None else float("inf")
    return (row.failed is not None, row.lacking, cost, len(row.stood_in), row.venue)


def _costed(row: VenueRow, found: Attempt | None) -> VenueRow:
    """Add up the cost where every part of it is known and every member can be held."""
    parts = _costs(row).values()
    if found is None or not found.notional or not row.whole:
        return row
    known = [part for part in parts if part is not None]
    return replace(row, cost_bps=-sum(known) / found.notional * 1e4) if len(known) == len(parts) else row


def _costs(row: VenueRow) -> dict[Costs, float | None]:
    """Return every part of the cost, below zero where it is paid."""
    return {
        "fees": row.fees,
        "entry": row.entry,
        "funding": row.funding,
        "convergence": row.convergence,
    }


def _reasons(
    row: VenueRow, base: VenueRow, roles: Mapping[str, str], ranked: Sequence[VenueRow]
) -> tuple[str, ...]:
    """Say what decides the rank of an exchange."""
    if row.failed is not None:
        return row.reasons
    told = list(row.reasons)
    if row.missing:
        told.append(f"lacks {', '.join(_lacked(row, member) for member in row.missing)}")
    if row.too_small:
        told.append(f"less than a contract there: {', '.join(row.too_small)}")
    if row.ending:
        told.append(f"ends within the horizon: {', '.join(row.ending)}")
    told += [*(_stands_in(one) for one in row.stand_ins), *_cheaper(row, ranked)]
    if row.other_coins:
        told.append(f"another coin than on {base.venue}: {_with_roles(row.other_coins, roles)}")
    if row.unverified:
        told.append(f"not verified to be the same coin: {_with_roles(row.unverified, roles)}")
    costs = _costs(row)
    lacking = [name for name, value in costs.items() if value is None]
    if lacking:
        told.append(f"cost unknown without {', '.join(WORDS[name] for name in lacking)}")
    elif row.cost_bps is not None:
        most = max(costs, key=lambda name: abs(costs[name] or 0.0))
        told.append(f"{WORDS[most]} {'paid' if (costs[most] or 0.0) < 0 else 'received'} is the largest part")
    return tuple(told)


def _with_roles(names: Sequence[str], roles: Mapping[str, str]) -> str:
    """Write assets down, the benchmark and the hedge as such."""
    return ", ".join(f"{name} ({roles[name]})" if name in roles else name for name in names)


def _lacked(row: VenueRow, member: str) -> str:
    """Name a member that cannot be held, with why nothing stands in for it where something was looked for."""
    why = row.no_stand_in.get(member)
    return member if why is None else f"{member} (nothing stands in: {why})"


def _stands_in(one: StandIn) -> str:
    """Say how a member without a contract is held, and what another asset in its place leaves untracked."""
    if one.kind == "spot":
        return f"holds {one.base} as spot"
    if one.kind == "venue":
        return f"{one.base} is held on {one.venue}"
    fit = f"R² {one.r_squared:.2f}, tracking error {one.tracking_error * 100:.1f} % a year"
    return f"holds {one.base} by {one.told}, another risk: {fit}"


def _cheaper(row: VenueRow, ranked: Sequence[VenueRow]) -> list[str]:
    """Say over which exchanges that hold every member itself another asset in the place of one makes this cheaper."""
    after = ranked[ranked.index(row) + 1 :] if row in ranked and row.stood_in else ()
    dearer = [other.venue for other in after if not other.stood_in]
    return [f"cheaper so than every member itself on {', '.join(dearer)}"] if dearer else []


def _placing(answers: Sequence[VenueAnswer]) -> list[Notice]:
    """Return what was said of where members are held, each with the exchanges it is true of."""
    where: dict[Notice, list[str]] = {}
    for answer in answers:
        for notice in dict.fromkeys(answer.said):
            where.setdefault(notice, []).append(f"`{answer.row.venue}`")
    return [replace(notice, detail=f"{', '.join(names)}: {notice.detail}") for notice, names in where.items()]


def _said(rows: Sequence[VenueRow], reference: str, limits: Mapping[str, float]) -> list[Notice]:
    """Name the exchanges that failed, and by which rule a ticker is the same coin."""
    failed: dict[str, list[str]] = {}
    for row in rows:
        if row.failed is not None:
            why = row.failed.removeprefix(f"`{row.venue}` ").removeprefix(f"{row.venue} ")
            failed.setdefault(why, []).append(f"`{row.venue}`")
    notices = [
        Notice(
            id="venue-failed",
            detail=f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} left out: {why}",
        )
        for why, names in failed.items()
    ]
    other = [f"{base} on {row.venue}" for row in rows for base in row.other_coins]
    rule = (
        f"a ticker is the same coin as on `{reference}` where prices per coin are within "
        f"{limits['same_coin_ratio'] * 100:.0f} % and returns correlate above {limits['same_coin_correlation']:g}"
    )
    if other:
        notices.append(Notice(id="other-coin", detail=f"{', '.join(other)}: not the same coin; {rule}"))
    elif len(rows) > 1:
        notices.append(Notice(id="same-coin", detail=rule, severity="note"))
    return notices
