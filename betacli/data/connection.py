"""A guarded exchange of ccxt, set up and connected: the venue's settings, the user's over them, and ours."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from betacli.data.bans import BanMemory
from betacli.data.guard import Guard
from betacli.data.loading import exchange_class
from betacli.data.pace import Pace
from betacli.data.refusals import ESCAPES
from betacli.data.settings import proxy_of, settings_of
from betacli.data.transport import Transport, new_loop, open_session
from betacli.data.venue import Venue
from betacli.errors import BadOption


def connect(
    venue: Venue,
    options: Mapping[str, object],
    *,
    environ: Mapping[str, str],
    bans: BanMemory,
    wall_ms: Callable[[], int],
    remaining_s: Callable[[], float],
    jitter: Callable[[], float],
    timeout_s: float,
) -> Transport:
    """Return the transport to an exchange; nothing is asked yet.

    Raises:
        BadOption: ccxt cannot be set up with the user's options.
    """
    listed, complaints = exchange_class(venue.id)
    loop = new_loop()
    try:
        exchange = _guarded(venue, listed, complaints, options, loop)
        for key, value in proxy_of(exchange.home_url, options, environ).items():
            setattr(exchange, key, value)
        exchange.wall_ms = wall_ms
        exchange.bans = bans
        exchange.asked = set()
        exchange.pending = {}
        exchange.own_session = False
        exchange.timeout_on_exit = 0
        exchange.pace = Pace(venue.budget, remaining_s=remaining_s)
        exchange.session = loop.run_until_complete(open_session(exchange))
    except BaseException:
        loop.close()
        raise
    return Transport(
        exchange,
        loop=loop,
        timeout_s=timeout_s,
        remaining_s=remaining_s,
        jitter=jitter,
        complaints=complaints,
    )


def _guarded(
    venue: Venue,
    listed: type[Any],
    complaints: type[Exception],
    options: Mapping[str, object],
    loop: asyncio.AbstractEventLoop,
) -> Any:
    """Build the exchange; refuse options that ccxt cannot be set up with, by name and without their values."""
    guarded = type(f"guarded_{venue.id}", (Guard, listed), {"venue": venue})
    url: str | None
    try:
        exchange = guarded({**settings_of(venue, options), "asyncio_loop": loop})
        url = exchange.implode_hostname(_first_url(exchange.urls, venue.host))
        target = urlsplit(url)
        if not target.hostname or target.port == 0 or exchange.timeout <= 0:
            url = None
    except (*ESCAPES, complaints):
        url = None
    if url is None:
        option, given = f"exchange_options.{venue.id}", ", ".join(map(str, options))
        raise BadOption(option=option, value=given, problem="ccxt cannot be set up with these")
    exchange.home_url = url
    return exchange


def _first_url(urls: Any, host: tuple[str, ...]) -> str:
    """Return the address at the end of a path into ccxt's `urls`; without a path, the first there is."""
    node = urls
    for key in host or ("api",):
        node = node[key]
    while isinstance(node, Mapping) and not host:
        node = next(iter(node.values()))
    if not isinstance(node, str):
        raise TypeError
    return node
