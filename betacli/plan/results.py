"""Every result a command can print: the name in its `schema`, and the dataclasses behind it and its CSV.

A command that is added gets a line here, and with it a JSON Schema and a CSV whose columns never change with the data;
a test finds a name that has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from betacli.document import Rows

INPUTS = "betacli.plan.measure:Inputs"
EXCLUDED = "betacli.core.model:Excluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Where the dataclasses of a result are, as `module:Class`; loaded when asked.

    `rows` are the kinds of row its CSV can have, by name; without it, the result itself is the only one. `added` are the
    columns that came after the first release: a column that is added goes to their end, so that none before it moves.
    """

    data: str
    rows: Mapping[str, str] | None = None
    added: tuple[str, ...] = ()
    inputs: str = INPUTS
    excluded: str = EXCLUDED

    def types(self) -> tuple[type, type, type]:
        """Return the classes of `data`, `inputs` and one entry of `excluded`."""
        return _found(self.data), _found(self.inputs), _found(self.excluded)

    def csv(self) -> Rows:
        """Return what the rows of its CSV are."""
        kinds = {name: _found(place) for name, place in (self.rows or {"result": self.data}).items()}
        return Rows(kinds=kinds, added=self.added)


def _found(place: str) -> type:
    module, _, name = place.partition(":")
    found: type = getattr(import_module(module), name)
    return found


_SECTORS = "betacli.plan.sectors:SectorInputs"
_STORE = "betacli.plan.store:StoreInputs"
_LEG = "betacli.plan.basket_plan:Leg"
_UNITS = ("multiplier", "contract_size")
_TODAY = {"trade": "betacli.plan.trades:Trade", "held": "betacli.plan.positions:HeldPosition"}

RESULTS: dict[str, Result] = {
    "beta": Result(
        data="betacli.plan.beta_table:SectorBetas",
        rows={"asset": "betacli.plan.beta_table:BenchmarkRow"},
        added=("benchmark",),
    ),
    "beta-compare": Result(
        data="betacli.plan.beta_compare:Comparison", rows={"beta": "betacli.plan.beta_compare:PresetBeta"}
    ),
    "beta-rolling": Result(
        data="betacli.plan.beta_rolling:RollingPath", rows={"point": "betacli.plan.beta_rolling:RollingPoint"}
    ),
    "solve": Result(data="betacli.plan.basket:BasketPlan", rows={"leg": _LEG, **_TODAY}, added=_UNITS),
    "solve-spread": Result(data="betacli.plan.spread:SpreadPlan", rows={"leg": _LEG}, added=_UNITS),
    "hedge": Result(
        data="betacli.plan.hedge:HedgePlan",
        rows={"leg": _LEG, "hedge": "betacli.plan.hedge_plan:HedgePart", **_TODAY},
        added=_UNITS,
    ),
    "checklist": Result(
        data="betacli.plan.checklist:Checklist", rows={"step": "betacli.plan.checklist:Step"}
    ),
    "liquidity": Result(
        data="betacli.plan.liquidity:LiquidityTable",
        rows={"name": "betacli.plan.liquidity_rows:LiquidityRow"},
        added=("unknown",),
    ),
    "funding": Result(
        data="betacli.plan.funding:FundingPlan",
        rows={"contract": "betacli.plan.funding_rows:FundingRow"},
        added=("unknown",),
    ),
    "basis": Result(
        data="betacli.plan.basis:BasisPlan",
        rows={"contract": "betacli.plan.basis_rows:BasisRow"},
        added=("unknown",),
    ),
    "proxies": Result(
        data="betacli.plan.proxies:ProxyTable", rows={"candidate": "betacli.plan.proxy_rows:ProxyRow"}
    ),
    "venues": Result(
        data="betacli.plan.venues:VenueTable",
        rows={"venue": "betacli.plan.venues:VenueRow"},
        added=("unknown", "stand_ins", "no_stand_in"),
    ),
    "backtest-betas": Result(
        data="betacli.plan.backtest:BetaBacktest", rows={"preset": "betacli.plan.backtest:PresetScore"}
    ),
    "sectors": Result(
        data="betacli.plan.sectors:SectorList",
        rows={"sector": "betacli.plan.sectors:SectorRow"},
        inputs=_SECTORS,
    ),
    "sectors-show": Result(
        data="betacli.plan.sectors:SectorDetail",
        rows={"member": "betacli.plan.sectors:MemberRow"},
        inputs=_SECTORS,
    ),
    "sectors-check": Result(
        data="betacli.plan.sectors:CheckedFile", inputs="betacli.plan.sectors:CheckedInput"
    ),
    "data-status": Result(
        data="betacli.plan.store:StoreStatus", rows={"series": "betacli.plan.store:SeriesRow"}, inputs=_STORE
    ),
    "data-verify": Result(
        data="betacli.plan.store:StoreVerdict", rows={"series": "betacli.plan.store:SeriesRow"}, inputs=_STORE
    ),
    "data-fetch": Result(
        data="betacli.plan.store:FetchSummary", rows={"asset": "betacli.plan.store:FetchedRow"}, inputs=_STORE
    ),
    "data-export": Result(data="betacli.plan.store:Exported", inputs=_STORE),
    "data-clear": Result(data="betacli.plan.store:Cleared", inputs=_STORE),
    "doctor": Result(
        data="betacli.plan.doctor:Diagnosis",
        rows={"finding": "betacli.plan.doctor:Finding"},
        inputs="betacli.plan.doctor:DoctorInputs",
    ),
    "schema": Result(
        data="betacli.plan.about:SchemaList",
        rows={"schema": "betacli.plan.about:SchemaRow"},
        inputs="betacli.plan.about:NoInputs",
    ),
    "config-show": Result(
        data="betacli.plan.about:ConfigTable",
        rows={"setting": "betacli.plan.about:Setting"},
        inputs="betacli.plan.about:ConfigInputs",
    ),
}
