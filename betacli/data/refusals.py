"""Why a request came to nothing: our own kinds of failure, told from status, headers and body.

Exceptions are known by the names of their classes: the transport's and ccxt's are only importable at a cost.
"""

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from betacli.data.venue import Venue
from betacli.errors import ExchangeFailed, safe

TEXT_LIMIT = 200  # characters of an exchange's own words in a message
FIRST_BAN_S = 120.0  # the shortest that exchanges publish
LONGEST_WAIT_S = 10 * 365 * 86_400.0  # an end that lies later is a mistake

# What escapes from a parser that met an answer of the wrong shape.
ESCAPES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

_GEO = re.compile(
    r"cloudfront|restricted location|restricted jurisdiction|from your (?:country|region|location)"
    r"|regulatory restrictions|compliance rules|(?:not available|unavailable) in your (?:country|region|location)"
    r"|unsupported (?:country|region)",
    re.IGNORECASE,
)
_UNTIL = re.compile(
    r"(?:banned until|unblocked after|blocked until|retry after)\D{0,3}(\d{13})", re.IGNORECASE
)
_BANNED = re.compile(
    r"banned until|ip (?:has been |had been |is |was )?banned|unblocked after", re.IGNORECASE
)
_TOO_MANY = re.compile(
    r"-1003\b|too many (?:requests|visits)|request weight|too frequent|frequency limit|rate limit",
    re.IGNORECASE,
)
_NO_SYMBOL = re.compile(
    r"(?:invalid|unknown|unsupported|not supported?|illegal|no such)\W+(?:\w+\W+){0,2}(?:symbol|contract|pair)"
    r"|(?:symbol|contract|pair|-USDT)\w*\W+(?:\w+\W+){0,3}(?:invalid|not exist|not found|not support|err\b)",
    re.IGNORECASE,
)

_MAY_END = frozenset({"banned", "rate_limited", "bad_response"})

# (class, our reason, what happened, whether another try may help)
UNANSWERED: tuple[tuple[str, str, str, bool], ...] = (
    ("Redirected", "bad_response", "sends us to another address", False),
    ("TimeoutError", "timeout", "did not answer in time", True),
    ("gaierror", "unreachable", "cannot be reached: its host name has no address", True),
    ("ClientHttpProxyError", "unreachable", "cannot be reached: the proxy refused", False),
    ("ClientProxyConnectionError", "unreachable", "cannot be reached: the proxy does not answer", True),
    ("ClientConnectorDNSError", "unreachable", "cannot be reached: its host name has no address", True),
    (
        "ClientConnectorCertificateError",
        "unreachable",
        "cannot be reached: its certificate is not trusted",
        False,
    ),
    ("ClientSSLError", "unreachable", "cannot be reached: no encrypted connection", False),
    ("ClientConnectorError", "unreachable", "cannot be reached: no connection", True),
    ("ServerDisconnectedError", "unreachable", "cut the connection", True),
    ("ClientOSError", "unreachable", "cut the connection", True),
    ("ClientPayloadError", "bad_response", "cut its answer short", True),
    ("TooManyRedirects", "bad_response", "redirects without end", False),
    ("InvalidURL", "unreachable", "cannot be reached: its address is not a URL", False),
    ("InvalidProxySettings", "unreachable", "cannot be reached: more than one proxy is set", False),
    (
        "NotSupported",
        "unreachable",
        "cannot be reached: the proxy is of a kind that needs `aiohttp_socks`",
        False,
    ),
)
COMPLAINTS: tuple[tuple[str, str, bool], ...] = (
    ("RestrictedLocation", "geo_blocked", False),
    ("BadSymbol", "bad_symbol", False),
    ("RateLimitExceeded", "rate_limited", False),
    ("DDoSProtection", "rate_limited", False),
    ("AuthenticationError", "auth", False),
    ("PermissionDenied", "auth", False),
    ("ArgumentsRequired", "bad_response", False),
    ("RequestTimeout", "timeout", True),
    ("NetworkError", "bad_response", True),
)
SENTENCES: Mapping[str, str] = {
    "geo_blocked": "refuses requests from here",
    "banned": "has banned this address",
    "rate_limited": "wants fewer requests",
    "bad_symbol": "does not know the symbol",
    "auth": "refused the key or the permission",
    "bad_response": "gave an answer that cannot be used",
    "timeout": "did not answer in time",
}


class Redirected(Exception):  # noqa: N818 - told by its name
    """An answer that leads elsewhere; an exchange's interface has no reason to give one."""


class Refused(Exception):  # noqa: N818 - it is the request that was refused
    """One request that came to nothing: the error it becomes, and whether to ask again.

    `wait_s` is how long the exchange asks us to stay away before another try; `keep_away_s`, how long the host is
    not to be asked again by anybody, also where it did not say so itself.
    """

    def __init__(
        self,
        failed: ExchangeFailed,
        *,
        transient: bool = False,
        wait_s: float | None = None,
        keep_away_s: float | None = None,
    ) -> None:
        super().__init__(failed.message)
        self.failed = failed
        self.transient = transient
        self.wait_s = wait_s
        self.keep_away_s = keep_away_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer that is an error means. The end of a ban is in seconds from now, None where it is not told."""

    reason: str
    transient: bool = False
    ends_in_s: float | None = None
    keep_away_s: float | None = None

    @property
    def wait_s(self) -> float | None:
        """How long to wait before asking again, where that is of use."""
        return None if self.reason == "banned" else self.ends_in_s


def place(url: str) -> str:
    """Return host and path of a URL: what was tried, without what may be secret."""
    parts = urlsplit(url)
    return f"{host_of(url)}{parts.path}"


def host_of(url: str) -> str:
    """Return host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.hostname}{':' + str(parts.port) if parts.port else ''}"


def kin(error: BaseException | None) -> frozenset[str]:
    """Return the names of an exception's class and of all it derives from."""
    return frozenset(kind.__name__ for kind in type(error).__mro__)


def words(body: str, answer: object) -> str:
    """Return what the exchange said, as far as it can be shown."""
    if isinstance(answer, dict):
        said = next((answer[key] for key in ("msg", "message", "retMsg", "ret_msg") if answer.get(key)), None)
        return safe(said if said is not None else json.dumps(answer), TEXT_LIMIT)
    return "an HTML page" if body.lstrip()[:1] == "<" else safe(body, TEXT_LIMIT)


def judged(
    status: int, headers: Mapping[str, str], body: str, answer: object, *, venue: Venue, now_ms: int
) -> Verdict | None:
    """Tell what an answer that is an error means, by its status and body; None where neither says.

    The body of a status below 400 is an error because ccxt, or a code in it, says so.
    """
    reason = _reason(status, body, answer, venue.codes.get(_code(answer) or ""), venue)
    if reason is None:
        return None
    ends_in_s = _ends_in_s(headers, body, venue, now_ms) if reason in _MAY_END else None
    keep_away_s = ends_in_s
    if keep_away_s is None and reason == "banned":
        keep_away_s = venue.ban_statuses.get(status, FIRST_BAN_S)
    elif keep_away_s is None and reason == "rate_limited":
        keep_away_s = venue.budget.window_s
    return Verdict(
        reason=reason, transient=reason == "bad_response", ends_in_s=ends_in_s, keep_away_s=keep_away_s
    )


def _reason(status: int, body: str, answer: object, known: str | None, venue: Venue) -> str | None:
    """Return our kind of failure; `known` is what the code in the body means."""
    spoken = status < 500
    rules = (
        (
            "geo_blocked",
            status == 451
            or known == "geo_blocked"
            or ((status == 403 or status < 300) and _GEO.search(body)),
        ),
        (
            "banned",
            status == 418 or status in venue.ban_statuses or known == "banned" or _BANNED.search(body),
        ),
        (
            "rate_limited",
            status in {403, 429} or known == "rate_limited" or (spoken and _TOO_MANY.search(body)),
        ),
        ("auth", status == 401 or known == "auth"),
        (
            "bad_symbol",
            known == "bad_symbol" or (spoken and isinstance(answer, dict) and _NO_SYMBOL.search(body)),
        ),
        ("bad_response", not spoken or status == 408 or known == "busy"),
    )
    return next((reason for reason, holds in rules if holds), None)


def _code(answer: object) -> str | None:
    """Return the error code in a body, as text."""
    if not isinstance(answer, Mapping):
        return None
    found = next(
        (answer[key] for key in ("code", "retCode", "ret_code") if answer.get(key) is not None), None
    )
    return None if found is None else str(found)


def _ends_in_s(headers: Mapping[str, str], body: str, venue: Venue, now_ms: int) -> float | None:
    """Return in how many seconds the exchange will listen again, where it says so."""
    told = _UNTIL.search(body)
    low = {name.lower(): value.strip() for name, value in headers.items()}
    reset = low.get(venue.reset_header or "", "")
    if told:
        seconds: float | None = (int(told[1]) - now_ms) / 1000
    elif "retry-after" in low:
        seconds = _retry_after_s(low["retry-after"], now_ms)
    elif re.fullmatch(r"\d{13}", reset) and int(reset) > now_ms:
        seconds = (int(reset) - now_ms) / 1000
    else:
        seconds = None
    return None if seconds is None else min(max(0.0, seconds), LONGEST_WAIT_S)


def _retry_after_s(written: str, now_ms: int) -> float | None:
    """Return the seconds of a `Retry-After` header, which are a number or a date."""
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,3})?", written):
        return float(written)
    with contextlib.suppress(ValueError, TypeError):
        return parsedate_to_datetime(written).timestamp() - now_ms / 1000
    return None
