"""The options of commands that plan a basket: its beta, its size, its limits, its hedge."""

from dataclasses import dataclass
from typing import Annotated

from betacli import names
from betacli.cli import completing
from betacli.cli.place_options import Proxies, ProxyHistory, ProxyVenues, Spot
from betacli.cli.taking import LIMITS, OUTPUT, SIZE, WHAT, option


@dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """The beta wanted, and how large."""

    target: Annotated[
        float | None,
        option(
            "--target", "-t", panel=WHAT, metavar="BETA", help="The basket's beta. Without it: base weights."
        ),
    ] = None
    notional: Annotated[
        float | None,
        option("--notional", panel=SIZE, metavar="AMOUNT", help="Size of the basket, in quote currency."),
    ] = None
    equity: Annotated[
        float | None,
        option("--equity", panel=SIZE, metavar="AMOUNT", help="The margin account, in quote currency."),
    ] = None
    leverage: Annotated[
        float | None,
        option(
            "--leverage",
            panel=SIZE,
            metavar="X",
            help="Basket notional over equity. Two of the three fix the third.",
        ),
    ] = None
    risk: Annotated[
        str | None,
        option(
            "--risk",
            panel=SIZE,
            metavar="2%",
            help="Size by the equity a one-in-twenty day costs the hedged account.",
        ),
    ] = None
    weighting: Annotated[
        str,
        option(
            "--weighting",
            panel=LIMITS,
            complete=completing.one_of(names.WEIGHTINGS),
            metavar="NAME",
            help=f"Base weights: {', '.join(names.WEIGHTINGS)}.",
        ),
    ] = "equal"
    min_weight: Annotated[
        float | None,
        option("--min-weight", panel=LIMITS, metavar="W", help="The least an asset may weigh. Default 0."),
    ] = None
    max_weight: Annotated[
        float | None,
        option(
            "--max-weight",
            panel=LIMITS,
            metavar="W",
            help="The most an asset may weigh. Default 0.40, or 1 below three assets.",
        ),
    ] = None
    allow_short: Annotated[
        bool, option("--allow-short", panel=LIMITS, help="Weights may go down to minus the maximum.")
    ] = False
    spot: Spot = None
    proxies: Proxies = "file"
    proxy_history: ProxyHistory = None
    proxy_venues: ProxyVenues = None
    liquidity_cap: Annotated[
        bool,
        option(
            "--liquidity-cap",
            panel=LIMITS,
            help="No asset above the largest order its market takes: see `betacli liquidity`.",
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class PlaceOptions:
    """Where members are held, for a command that asks no more of a basket."""

    spot: Spot = None
    proxies: Proxies = "file"
    proxy_history: ProxyHistory = None
    proxy_venues: ProxyVenues = None

    @property
    def target(self) -> TargetOptions:
        """The same of a basket of base weights."""
        return TargetOptions(
            spot=self.spot,
            proxies=self.proxies,
            proxy_history=self.proxy_history,
            proxy_venues=self.proxy_venues,
        )


@dataclass(frozen=True, kw_only=True)
class ExplainOptions:
    """How much is said."""

    explain: Annotated[
        bool,
        option("--explain", panel=OUTPUT, help="Write the arithmetic down, step by step with its numbers."),
    ] = False


@dataclass(frozen=True, kw_only=True)
class HedgeOptions:
    """How much exposure to keep."""

    hedge_to: Annotated[
        float,
        option(
            "--hedge-to", panel=WHAT, metavar="BETA", help="Benchmark exposure to keep, per unit of notional."
        ),
    ] = 0.0
    hedge_with: Annotated[
        str,
        option(
            "--hedge-with",
            panel=WHAT,
            metavar="CONTRACT",
            complete=completing.hedges,
            help="`perp`, `quarter`, `next-quarter`, `BTC-2026-12-25`, or a symbol.",
        ),
    ] = "perp"
