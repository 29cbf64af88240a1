"""The options that say where a member is held, and by which prices what stands in for it is chosen."""

from pathlib import Path
from typing import Annotated

from betacli import names
from betacli.cli import completing
from betacli.cli.taking import DATA, LIMITS, option

Spot = Annotated[
    str | None,
    option(
        "--spot",
        panel=LIMITS,
        metavar="ADA,DOT",
        complete=completing.members,
        help="Hold these members as spot; the hedge covers their beta.",
    ),
]
Proxies = Annotated[
    str,
    option(
        "--proxies",
        panel=LIMITS,
        metavar="file",
        complete=completing.one_of(names.PROXIES),
        help="For members without a contract: file (their `proxy:`), auto (the closest, never spot), none.",
    ),
]
ProxyHistory = Annotated[
    Path | None,
    option(
        "--proxy-history",
        panel=DATA,
        metavar="PATH",
        help="Candle files with the prices of members that have no contract.",
    ),
]
ProxyVenues = Annotated[
    str | None,
    option(
        "--proxy-venues",
        panel=DATA,
        metavar="bybit,mexc",
        complete=completing.several_of(names.VENUES),
        help="Other exchanges on which the same coin may stand in.",
    ),
]
