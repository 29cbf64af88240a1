"""The options about the account: what it holds, what is too small to trade, and where the orders are written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from betacli.cli.taking import OUTPUT, SIZE, option


@dataclass(frozen=True, kw_only=True)
class AccountOptions:
    """What is held, and what becomes of today's trades."""

    positions: Annotated[
        Path | None,
        option(
            "--positions",
            panel=SIZE,
            metavar="FILE",
            help="What the account holds (CSV, YAML, JSON): answers today's trades.",
        ),
    ] = None
    min_trade: Annotated[
        float,
        option(
            "--min-trade", panel=SIZE, metavar="AMOUNT", help="Leave out smaller trades, in quote currency."
        ),
    ] = 0.0
    tickets: Annotated[
        Path | None,
        option(
            "--tickets",
            panel=OUTPUT,
            metavar="FILE",
            help="Write the orders for ccxt's create_orders (JSON). Nothing is sent.",
        ),
    ] = None
