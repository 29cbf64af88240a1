"""What every answer of an exchange is held against, and our own kinds of failure.

Knows neither ccxt nor any exchange: `Guard` is mixed into whatever exchange class it is given.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from betacli.core.candles import iso
from betacli.data.venues import ListOf, Venue
from betacli.errors import ExchangeFailed, safe

TEXT_LIMIT = 200  # characters of an exchange's own words in a message

# What escapes from a parser that met an answer of the wrong shape.
ESCAPES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

_GEO = re.compile(
    r"cloudfront|restricted location|restricted jurisdiction|from your country|regulatory restrictions"
    r"|not available in your (?:country|region)",
    re.IGNORECASE,
)
_BANNED_UNTIL = re.compile(r"banned until (\d{13})", re.IGNORECASE)
_TOO_MANY = re.compile(r"-1003\b|too many (?:requests|visits)|request weight", re.IGNORECASE)

# By the name of the class: the transport's and ccxt's exceptions are only importable at a cost.
# (class, our reason, what happened, whether another try may help)
_UNANSWERED: tuple[tuple[str, str, str, bool], ...] = (
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
_COMPLAINTS: tuple[tuple[str, str, bool], ...] = (
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
_SENTENCES: Mapping[str, str] = {
    "geo_blocked": "refuses requests from here",
    "banned": "has banned this address",
    "rate_limited": "wants fewer requests",
    "bad_symbol": "does not know the symbol",
    "auth": "refused the key or the permission",
    "bad_response": "gave an answer that cannot be used",
    "timeout": "did not answer in time",
}


class Refused(Exception):  # noqa: N818 - it is the request that was refused
    """One request that came to nothing: the error it becomes, and whether to ask again."""

    def __init__(
        self, failed: ExchangeFailed, *, transient: bool = False, wait_s: float | None = None
    ) -> None:
        super().__init__(failed.message)
        self.failed = failed
        self.transient = transient
        self.wait_s = wait_s


def place(url: str) -> str:
    """Return host and path of a URL: what was tried, without what may be secret."""
    parts = urlsplit(url)
    return f"{parts.hostname}{':' + str(parts.port) if parts.port else ''}{parts.path}"


def _kin(error: BaseException | None) -> frozenset[str]:
    """Return the names of an exception's class and of all it derives from."""
    return frozenset(kind.__name__ for kind in type(error).__mro__)


def _words(body: str, answer: object) -> str:
    """Return what the exchange said, as far as it can be shown."""
    if isinstance(answer, dict):
        said = next((answer[key] for key in ("msg", "message", "retMsg") if answer.get(key)), None)
        return safe(said if said is not None else json.dumps(answer), TEXT_LIMIT)
    return "an HTML page" if body.lstrip()[:1] == "<" else safe(body, TEXT_LIMIT)


def _holds(node: object, rule: ListOf) -> bool:
    """Tell whether this part of an answer is the list it should be."""
    if not isinstance(node, list) or (rule.never_empty and not node):
        return False
    return not rule.fields or all(isinstance(entry, dict) and rule.fields <= entry.keys() for entry in node)


def _wait_s(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Return the seconds of a `Retry-After` header, which are a number or a date."""
    written = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if re.fullmatch(r"\d{1,9}", written):
        return float(written)
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(written).timestamp() - now_ms / 1000)
    return None


class Guard:
    """Mixed in before an exchange class of ccxt: nothing but a sound answer passes.

    ccxt takes an HTML page, a truncated body or `null` with status 200 for "nothing there", and its error classes
    mislead; so answers are judged here, by status and body.
    """

    venue: Venue
    wall_ms: Callable[[], int]
    pending: dict[object, str]

    def refused(
        self,
        reason: str,
        detail: str,
        url: str,
        *,
        until_ms: int | None = None,
        transient: bool = False,
        wait_s: float | None = None,
    ) -> Refused:
        """Build what a request that came to nothing raises."""
        until = None if until_ms is None else iso(until_ms)
        failed = ExchangeFailed(
            exchange=self.venue.id, reason=reason, detail=detail, tried=place(url), until=until
        )
        return Refused(failed, transient=transient, wait_s=wait_s)

    async def fetch(
        self, url: str, method: str = "GET", headers: object = None, body: object = None
    ) -> dict[str, Any] | list[Any]:
        """Ask, and return an answer that is JSON and has its lists where they belong."""
        request = object()
        self.pending[request] = url
        try:
            answer = await super().fetch(url, method, headers, body)  # type: ignore[misc]
        except (Refused, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a transport raises means: no answer
            raise self._unanswered(error, url) from None
        finally:
            del self.pending[request]
        if not isinstance(answer, dict | list):
            what = "an HTML page" if str(answer).lstrip()[:1] == "<" else f"`{safe(answer, 60)}`"
            raise self.refused("bad_response", f"answered with {what}, not with JSON", url, transient=True)
        missing = self._missing_list(answer, url)
        if missing is not None:
            raise self.refused("bad_response", f"answered without {missing}", url, transient=True)
        return answer

    def handle_errors(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: Mapping[str, str],
        body: str,
        response: object,
        request_headers: object,
        request_body: object,
    ) -> None:
        """Raise for an answer that is an error: by status first, then by what ccxt reads in the body."""
        if code >= 400:
            raise self._rejected(code, url, headers, body, response)
        try:
            super().handle_errors(  # type: ignore[misc]
                code, reason, url, method, headers, body, response, request_headers, request_body
            )
        except ESCAPES:
            raise self.refused("bad_response", _SENTENCES["bad_response"], url, transient=True) from None
        except Exception as error:  # noqa: BLE001 - ccxt's own tree, which is not importable here
            raise self._complaint(error, url, headers, body, response) from None

    def parse_ohlcvs(
        self, rows: Sequence[object], market: object = None, *_: object, **__: object
    ) -> list[list[Any]]:
        """Return every candle as ccxt reads it, with the quote volume behind; nothing sorted, nothing left out.

        ccxt would sort the rows and drop those before `since`, and with them the signs of a broken answer.
        """
        key = self.venue.quote_volume
        reader: Any = self
        return [
            [*reader.parse_ohlcv(row, market), None if key is None else reader.safe_number(row, key)]
            for row in rows
        ]

    def _missing_list(self, answer: object, url: str) -> str | None:
        path = urlsplit(url).path
        for end, wanted in self.venue.lists.items():
            if not path.endswith(end):
                continue
            for rule in wanted:
                node = answer
                for key in rule.at.split(".") if rule.at else ():
                    node = node.get(key) if isinstance(node, dict) else None
                if not _holds(node, rule):
                    return f"its list of `{rule.at}`" if rule.at else "the list that belongs there"
        return None

    def _unanswered(self, error: Exception, url: str) -> Refused:
        """Classify a request that got no answer."""
        kin = _kin(error.__cause__) | _kin(error)
        for name, reason, detail, transient in _UNANSWERED:
            if name in kin:
                return self.refused(reason, detail, url, transient=transient)
        return self.refused("bad_response", _SENTENCES["bad_response"], url, transient=True)

    def _rejected(
        self, code: int, url: str, headers: Mapping[str, str], body: str, answer: object
    ) -> Refused:
        """Classify an answer with an error status."""
        words = _words(body, answer)
        said = f"({code}: {words})" if words else f"({code})"
        wait_s = _wait_s(headers, self.wall_ms())
        if code == 451 or (code == 403 and _GEO.search(body)):
            return self.refused("geo_blocked", f"{_SENTENCES['geo_blocked']} {said}", url)
        banned = _BANNED_UNTIL.search(body)
        if code == 418 or banned:
            until_ms = int(banned[1]) if banned else None
            if until_ms is None and wait_s is not None:
                until_ms = self.wall_ms() + round(wait_s * 1000)
            return self.refused("banned", f"{_SENTENCES['banned']} ({code})", url, until_ms=until_ms)
        if code in {429, 403} or _TOO_MANY.search(body):
            return self.refused("rate_limited", f"{_SENTENCES['rate_limited']} {said}", url, wait_s=wait_s)
        if code == 401:
            return self.refused("auth", f"{_SENTENCES['auth']} {said}", url)
        if code < 500 and isinstance(answer, dict):
            try:
                super().handle_errors(code, "", url, "GET", headers, body, answer, None, None)  # type: ignore[misc]
            except ESCAPES:
                pass
            except Exception as error:  # noqa: BLE001 - ccxt's own tree, which is not importable here
                return self._complaint(error, url, headers, body, answer)
        return self.refused(
            "bad_response", f"answered {code} {said}", url, transient=code >= 500 or code == 408
        )

    def _complaint(
        self, error: Exception, url: str, headers: Mapping[str, str], body: str, answer: object
    ) -> Refused:
        """Classify an error that stands in the body of an answer."""
        words = _words(body, answer)
        if _GEO.search(body):
            return self.refused("geo_blocked", f"{_SENTENCES['geo_blocked']} ({words})", url)
        if _BANNED_UNTIL.search(body) or _TOO_MANY.search(body):
            return self._rejected(429, url, headers, body, answer)
        kin = _kin(error)
        for name, reason, transient in _COMPLAINTS:
            if name in kin:
                return self.refused(reason, f"{_SENTENCES[reason]} ({words})", url, transient=transient)
        return self.refused("bad_response", f"answered with an error ({words})", url)


def misread(guard: Guard, error: Exception) -> Refused:
    """Classify what a parser raised over an answer that passed the guard."""
    url = str(getattr(guard, "last_request_url", None) or "")
    kin = _kin(error)
    for name, reason, _ in _COMPLAINTS:
        if name in kin:
            return guard.refused(reason, _SENTENCES[reason], url)
    detail = f"{_SENTENCES['bad_response']} ({type(error).__name__})"
    return guard.refused("bad_response", detail, url, transient=True)
