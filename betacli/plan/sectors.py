"""Which sectors are there, and what is in one?"""

from dataclasses import dataclass

from betacli import document as doc
from betacli.core.candles import iso
from betacli.core.model import Universe
from betacli.document import Column, Describable, Document, Facts, Report, Table
from betacli.plan.request import Run, find_sector


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorInputs:
    """Where the sectors come from."""

    config: str
    config_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedInput:
    """Which file was checked."""

    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorRow:
    """One sector with its members' names."""

    sector: str
    title: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorList:
    """Every sector of the sector file."""

    sectors: tuple[SectorRow, ...]

    def document(self) -> Document:
        """Return one row a sector."""
        columns = (
            Column(header="sector", align="left", tone=lambda _: "strong"),
            Column(header="title", align="left"),
            Column(header="#", show=doc.count),
            Column(header="members", align="left"),
        )
        rows = tuple((s.sector, s.title, len(s.members), " ".join(s.members)) for s in self.sectors)
        return Document(title="Sectors", blocks=(Table(columns=columns, rows=rows),), records=self.sectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """What the sector file says of one member; what it does not say is None."""

    base: str
    symbol: str | None
    min_weight: float | None
    max_weight: float | None
    supply: float | None
    supply_as_of: str | None
    proxy: str | None
    hold: str | None = None
    weight: float | None = None
    group: str | None = None
    cap_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorDetail:
    """One sector and the defaults a basket of it starts from."""

    sector: str
    title: str
    benchmark: str
    exchange: str
    quote: str
    notional: float
    estimator: str
    max_weight: float
    members: tuple[MemberRow, ...]

    def document(self) -> Document:
        """Return the defaults and the members."""
        columns = (
            Column(header="asset", align="left", tone=lambda _: "strong"),
            Column(header="symbol", align="left"),
            Column(header="min weight", show=_limit),
            Column(header="max weight", show=_limit),
            Column(header="supply", show=doc.significant),
            Column(header="supply as of", align="left"),
            Column(header="proxy", align="left"),
            Column(header="held as", align="left"),
            Column(header="share", show=_given),
            Column(header="group", align="left"),
        )
        shown = {column.header for column in columns} - self._unused()
        rows = tuple(
            (
                m.base,
                m.symbol or "found",
                m.min_weight,
                m.max_weight,
                m.supply,
                m.supply_as_of or "",
                m.proxy or "",
                m.hold or "",
                m.weight,
                m.group or "",
            )
            for m in self.members
        )
        kept = [k for k, column in enumerate(columns) if column.header in shown]
        table = Table(
            columns=tuple(columns[k] for k in kept), rows=tuple(tuple(row[k] for k in kept) for row in rows)
        )
        pairs = (
            ("title", self.title),
            ("benchmark", self.benchmark),
            ("exchange", f"{self.exchange}, quoted in {self.quote}"),
            ("notional", doc.money(self.notional)),
            ("estimator", self.estimator),
            ("max weight", doc.percent(self.max_weight)),
        )
        return Document(
            title=f"Sector {self.sector}",
            blocks=(Facts(pairs=pairs), table),
            records=self.members,
        )

    def _unused(self) -> set[str]:
        """Return the columns about which the file says nothing of any member."""
        said = {
            "held as": any(m.hold for m in self.members),
            "share": any(m.weight for m in self.members),
            "group": any(m.group for m in self.members),
        }
        return {header for header, some in said.items() if not some}


def _given(value: object) -> str:
    """Write a number of the file; nothing where it has none."""
    return "" if value is None else doc.significant(value)


def _limit(weight: object) -> str:
    """Write a limit of a member's own; where none is set, the sector's holds."""
    return "" if weight is None else doc.percent(weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """A sector file without a problem, and how much it holds."""

    path: str
    sectors: int
    assets: int
    plans: int

    def document(self) -> Document:
        """Return the counts."""
        pairs = (("sectors", str(self.sectors)), ("assets", str(self.assets)), ("plans", str(self.plans)))
        return Document(title=f"{self.path} is fine", blocks=(Facts(pairs=pairs),), records=(self,))


def list_sectors(universe: Universe, run: Run) -> Report:
    """Answer `sectors`."""
    rows = tuple(
        SectorRow(sector=sector.name, title=sector.title, members=sector.bases) for sector in universe.sectors
    )
    return _report("sectors", universe, run, SectorList(sectors=rows))


def show_sector(universe: Universe, run: Run, name: str) -> Report:
    """Answer `sectors show NAME`.

    Raises:
        UnknownName: there is no such sector.
    """
    sector = find_sector(universe, name)
    members = tuple(
        MemberRow(
            base=m.base,
            symbol=m.symbol,
            min_weight=m.min_weight,
            max_weight=m.max_weight,
            supply=m.supply,
            supply_as_of=m.supply_as_of,
            proxy=m.proxy,
            hold=m.hold,
            weight=m.weight,
            group=m.group,
            cap_usd=m.cap_usd,
        )
        for m in sector.members
    )
    detail = SectorDetail(
        sector=sector.name,
        title=sector.title,
        benchmark=universe.benchmark.name,
        exchange=universe.exchange,
        quote=universe.quote,
        notional=universe.notional,
        estimator=universe.estimator,
        max_weight=universe.max_weight,
        members=members,
    )
    return _report("sectors-show", universe, run, detail)


def check_sectors(checked: CheckedFile, run: Run) -> Report:
    """Answer `sectors check` for a file that has no problem."""
    return Report(
        schema="sectors-check",
        tool=run.tool,
        as_of=iso(run.now_ms),
        generated_at=run.generated_at,
        inputs=CheckedInput(config=checked.path),
        warnings=(),
        excluded=(),
        data=checked,
    )


def _report(schema: str, universe: Universe, run: Run, data: Describable) -> Report:
    return Report(
        schema=schema,
        tool=run.tool,
        as_of=iso(run.now_ms),
        generated_at=run.generated_at,
        inputs=SectorInputs(config=universe.origins.get("sectors", ""), config_sha256=universe.sha256),
        warnings=(),
        excluded=(),
        data=data,
    )
