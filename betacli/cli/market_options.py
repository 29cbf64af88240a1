"""The options of commands about markets: how long a position is held, at which fees, and which steps are judged."""

from dataclasses import dataclass
from typing import Annotated

from betacli import names
from betacli.cli import completing
from betacli.cli.place_options import ProxyHistory
from betacli.cli.taking import DATA, LIMITS, WHAT, option


@dataclass(frozen=True, kw_only=True)
class HoldingOptions:
    """How long, and at which fees."""

    horizon: Annotated[
        str | None,
        option(
            "--horizon",
            panel=WHAT,
            metavar="7d",
            help="How long the position is held. Default: `rebalance_days` of the sector file, 7 d.",
        ),
    ] = None
    fees: Annotated[
        str,
        option(
            "--fees",
            panel=LIMITS,
            metavar="taker",
            complete=completing.one_of(names.FEES),
            help="Which of the market's fees: taker, maker.",
        ),
    ] = "taker"
    fee_bps: Annotated[
        float | None,
        option(
            "--fee-bps", panel=LIMITS, metavar="BPS", help="The fee of one fill, in place of every market's."
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class StepOptions:
    """Which steps of the checklist, and how hard."""

    step: Annotated[
        str | None,
        option(
            "--step",
            panel=WHAT,
            metavar="liquidity,4",
            complete=completing.several_of(names.STEPS),
            help="These steps alone, by name or number; `--only` takes their names too.",
        ),
    ] = None
    strict: Annotated[bool, option("--strict", panel=LIMITS, help="A step that warns fails.")] = False


@dataclass(frozen=True, kw_only=True)
class VenueOptions:
    """Which exchanges."""

    venues: Annotated[
        str | None,
        option(
            "--venues",
            panel=WHAT,
            metavar="bybit,mexc",
            complete=completing.several_of(names.EXCHANGES),
            help="These exchanges alone; all by default.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ProxyOptions:
    """Where the prices of members without a contract come from."""

    proxy_history: ProxyHistory = None
    proxy_venues: Annotated[
        str | None,
        option(
            "--proxy-venues",
            panel=DATA,
            metavar="bybit,mexc",
            complete=completing.several_of(names.VENUES),
            help="Exchanges to look for the same coin on, or none. Default: all others, for members without a contract.",
        ),
    ] = None
