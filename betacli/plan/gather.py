"""Fetch every asset a question involves, once, and hold each against the gates of the role it plays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from betacli.core.calendar import DAY_MS, TIMEFRAMES_MS
from betacli.core.model import Candles, Floats, Member, Notice, Times, Unknown
from betacli.data.candles import Listing, MarketData
from betacli.data.gates import Inspection, Measurement, against_benchmark, inspect, shared, without_volume
from betacli.errors import GateFailure


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gathered:
    """What the source gave for members and benchmark parts, on one grid of bars.

    `close` holds (T,) closes by base. An asset that is absent from `close` has an entry in `absent`.
    """

    grid: Times
    step_ms: int
    thresholds: Mapping[str, float]
    listings: Mapping[str, Listing]
    candles: Mapping[str, Candles]
    close: Mapping[str, Floats]
    absent: Mapping[str, GateFailure]
    as_member: Mapping[str, Inspection]
    as_part: Mapping[str, Inspection]
    peers: frozenset[str] = frozenset()

    def part_failures(self, base: str) -> tuple[GateFailure, ...]:
        """Return the gates an asset fails as part of the benchmark, which must cover the whole window."""
        return (self.absent[base],) if base in self.absent else self.as_part[base].failures

    def member_failures(self, base: str, benchmark_value: Floats) -> tuple[GateFailure, ...]:
        """Return the gates an asset fails as a member, which may be younger than the window."""
        if base in self.absent:
            return (self.absent[base],)
        own = self.as_member[base].failures
        return own or tuple(
            against_benchmark(base, self.close[base], benchmark_value, self.step_ms, self.thresholds)
        )

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is odd about data that passes; that of peers alone is not shown."""
        inspections = {**self.as_part, **self.as_member}
        shown = sorted(inspections.keys() - self.peers)
        return tuple(notice for base in shown for notice in inspections[base].notices)

    def measurements(self, benchmark_value: Floats) -> tuple[Measurement, ...]:
        """Return what the gates measured, by asset and role."""
        both = (self.as_part, self.as_member)
        every = {m: None for role in both for base in sorted(role) for m in role[base].measurements}
        for base in sorted(self.as_member):
            close = self.close[base]
            every |= dict.fromkeys(shared(base, close, benchmark_value, self.step_ms, self.thresholds))
        return tuple(every)


def gather(
    source: MarketData,
    *,
    quote: str,
    members: Sequence[Member],
    parts: Sequence[Member],
    peers: Sequence[Member] = (),
    timeframe: str,
    grid: Times,
    thresholds: Mapping[str, float],
    may_shorten: bool = False,
) -> Gathered:
    """Find and fetch each asset once and inspect it in its role.

    With `may_shorten`, the grid begins where the youngest part of the benchmark does, if that leaves enough.

    Raises:
        ExchangeFailed: the source does not answer.
    """
    step = TIMEFRAMES_MS[timeframe]
    unique = {member.base: member for member in (*peers, *parts, *members)}
    found = source.find([unique[base] for base in sorted(unique)], quote)
    listings = {base: place for base, place in found.items() if isinstance(place, Listing)}
    fetched = source.candles(list(listings.values()), timeframe, int(grid[0]), int(grid[-1]) + step)
    candles = {base: bars for base, bars in fetched.items() if isinstance(bars, Candles)}
    absent = _absent(found, fetched)
    if may_shorten:
        grid = _begun(grid, step, [listings[p.base] for p in parts if p.base in candles], candles, thresholds)

    sound = {base: bars for base, bars in candles.items() if base not in absent}

    def inspected(role: Sequence[Member], *, whole_window: bool) -> dict[str, Inspection]:
        return {
            member.base: inspect(
                member.base,
                sound[member.base],
                grid,
                now_ms=source.now_ms,
                listed_ms=_listed_ms(listings[member.base]),
                whole_window=whole_window,
                thresholds=thresholds,
            )
            for member in role
            if member.base in sound
        }

    as_part = inspected(parts, whole_window=True)
    as_member = inspected((*members, *peers), whole_window=False)
    return Gathered(
        grid=grid,
        step_ms=step,
        thresholds=thresholds,
        listings=listings,
        candles=_told(candles, {**as_part, **as_member}),
        close={base: inspection.close for base, inspection in {**as_part, **as_member}.items()},
        absent=absent,
        as_member=as_member,
        as_part=as_part,
        peers=frozenset(peer.base for peer in peers) - {part.base for part in parts},
    )


def _told(candles: Mapping[str, Candles], inspections: Mapping[str, Inspection]) -> dict[str, Candles]:
    """Return the candles, without volumes where nobody knows their unit."""
    in_doubt = {base for base, inspection in inspections.items() if inspection.volume_in_doubt}
    return {base: without_volume(bars) if base in in_doubt else bars for base, bars in candles.items()}


def _absent(
    found: Mapping[str, Listing | Unknown], fetched: Mapping[str, Candles | Unknown]
) -> dict[str, GateFailure]:
    """Return why an asset has no bars: it is not listed, gives none, or is no longer traded."""
    absent = {
        base: GateFailure(base=base, gate=gate, detail=f"is refused: {answer.reason}")
        for gate, answers in (("listed", found), ("bars", fetched))
        for base, answer in answers.items()
        if isinstance(answer, Unknown)
    }
    for base, listing in found.items():
        if isinstance(listing, Listing) and listing.market is not None and not listing.market.active:
            detail = f"is refused: its contract `{listing.symbol}` is delisted or not traded"
            absent[base] = GateFailure(base=base, gate="active", detail=detail)
    return absent


def _begun(
    grid: Times,
    step: int,
    parts: Sequence[Listing],
    candles: Mapping[str, Candles],
    thresholds: Mapping[str, float],
) -> Times:
    """Return the grid from the first bar on that every part of the benchmark can have.

    A contract begins when it was listed, a file with its first bar. The grid stays whole where what is left would be
    shorter than a member must be.
    """
    began = int(grid[0])
    for listing in parts:
        if not len(candles[listing.base].open_ms):
            return grid
        first_ms = int(candles[listing.base].open_ms[0])
        if listing.market is not None and listing.market.listed_ms is not None:
            first_ms = min(first_ms, -(-listing.market.listed_ms // step) * step)
        elif listing.market is not None:
            return grid  # nobody says when it was listed: bars may be missing
        began = max(began, first_ms)
    left = grid[grid >= began]
    enough = (
        len(left) > thresholds["min_common_bars"]
        and (len(left) - 1) * step >= thresholds["min_days"] * DAY_MS
    )
    return left if enough else grid


def _listed_ms(listing: Listing) -> int | None:
    return listing.market.listed_ms if listing.market else None
