"""Every result a command can print: the name in its `schema`, and the dataclasses behind it.

A command that is added gets a line here, and with it a JSON Schema; a test finds a name that has none.
"""

from dataclasses import dataclass
from importlib import import_module

INPUTS = "betacli.plan.measure:Inputs"
EXCLUDED = "betacli.core.model:Excluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Where the dataclasses of a result are, as `module:Class`; loaded when asked."""

    data: str
    inputs: str = INPUTS
    excluded: str = EXCLUDED

    def types(self) -> tuple[type, type, type]:
        """Return the classes of `data`, `inputs` and one entry of `excluded`."""
        return _found(self.data), _found(self.inputs), _found(self.excluded)


def _found(place: str) -> type:
    module, _, name = place.partition(":")
    found: type = getattr(import_module(module), name)
    return found


_SECTORS = "betacli.plan.sectors:SectorInputs"
_STORE = "betacli.plan.store:StoreInputs"

RESULTS: dict[str, Result] = {
    "beta": Result(data="betacli.plan.beta_table:SectorBetas"),
    "beta-compare": Result(data="betacli.plan.beta_compare:Comparison"),
    "beta-rolling": Result(data="betacli.plan.beta_rolling:RollingPath"),
    "solve": Result(data="betacli.plan.basket:BasketPlan"),
    "solve-spread": Result(data="betacli.plan.spread:SpreadPlan"),
    "hedge": Result(data="betacli.plan.hedge:HedgePlan"),
    "checklist": Result(data="betacli.plan.checklist:Checklist"),
    "liquidity": Result(data="betacli.plan.liquidity:LiquidityTable"),
    "funding": Result(data="betacli.plan.funding:FundingPlan"),
    "basis": Result(data="betacli.plan.basis:BasisPlan"),
    "proxies": Result(data="betacli.plan.proxies:ProxyTable"),
    "venues": Result(data="betacli.plan.venues:VenueTable"),
    "backtest-betas": Result(data="betacli.plan.backtest:BetaBacktest"),
    "sectors": Result(data="betacli.plan.sectors:SectorList", inputs=_SECTORS),
    "sectors-show": Result(data="betacli.plan.sectors:SectorDetail", inputs=_SECTORS),
    "sectors-check": Result(
        data="betacli.plan.sectors:CheckedFile", inputs="betacli.plan.sectors:CheckedInput"
    ),
    "data-status": Result(data="betacli.plan.store:StoreStatus", inputs=_STORE),
    "data-verify": Result(data="betacli.plan.store:StoreVerdict", inputs=_STORE),
    "data-fetch": Result(data="betacli.plan.store:FetchSummary", inputs=_STORE),
    "data-export": Result(data="betacli.plan.store:Exported", inputs=_STORE),
    "data-clear": Result(data="betacli.plan.store:Cleared", inputs=_STORE),
    "doctor": Result(data="betacli.plan.doctor:Diagnosis", inputs="betacli.plan.doctor:DoctorInputs"),
    "schema": Result(data="betacli.plan.about:SchemaList", inputs="betacli.plan.about:NoInputs"),
    "config-show": Result(data="betacli.plan.about:ConfigTable", inputs="betacli.plan.about:ConfigInputs"),
}
