"""What every request to an exchange and every answer of it is held against.

Knows neither ccxt nor any exchange: `Guard` is mixed into whatever exchange class it is given.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from betacli.core.candles import iso
from betacli.data.bans import BanMemory
from betacli.data.pace import NoRoomError, Pace
from betacli.data.refusals import (
    COMPLAINTS,
    ESCAPES,
    SENTENCES,
    UNANSWERED,
    Refused,
    Verdict,
    host_of,
    judged,
    kin,
    place,
    words,
)
from betacli.data.venue import DictOf, EchoOf, ListOf, Part, Venue
from betacli.errors import ExchangeFailed, safe

# What the request that a task is about to send costs: ccxt names it in one call and sends in another.
_cost: ContextVar[float] = ContextVar("cost", default=1.0)


def holds(node: object, rule: Part, url: str = "") -> bool:
    """Tell whether this part of an answer is what it should be."""
    if isinstance(rule, EchoOf):
        return _echoes(node, rule.key, asked_symbol(url))
    if isinstance(rule, DictOf):
        sound = isinstance(node, dict) and rule.fields <= node.keys()
        return sound and not (rule.no_truths and _has_truth(node))
    if rule.or_one and isinstance(node, dict):
        node = [node]
    if not isinstance(node, list) or (rule.never_empty and not node):
        return False
    if rule.no_truths and any(_has_truth(entry) for entry in node):
        return False
    if rule.fields and not all(isinstance(entry, dict) and rule.fields <= entry.keys() for entry in node):
        return False
    return "symbol" not in rule.fields or all(
        isinstance(entry["symbol"], str) and entry["symbol"] for entry in node
    )


def asked_symbol(url: str) -> str | None:
    """Return the raw symbol a request is about: in its query, or the end of its path; None where about all."""
    target = urlsplit(url)
    asked = dict(parse_qsl(target.query))
    if "symbol" in asked:
        return asked["symbol"]
    last = target.path.rsplit("/", 1)[-1]
    return last if re.fullmatch(r"[A-Z0-9]+_[A-Z0-9]+", last) else None


def _echoes(node: object, key: str, asked: str | None) -> bool:
    """Tell whether the symbol that an answer names, in itself or in the entries of a list, is the one asked for."""
    named = [
        entry.get(key) for entry in (node if isinstance(node, list) else [node]) if isinstance(entry, dict)
    ]
    return asked is None or all(name is None or name == asked for name in named)


def _has_truth(entry: object) -> bool:
    """Tell whether there is `true` or `false` among numbers."""
    cells = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else (entry,)
    return any(isinstance(cell, bool) for cell in cells)


def rule_of(url: str, venue: Venue) -> tuple[str, tuple[Part, ...]]:
    """Return the endpoint a request goes to, and what its answer must hold."""
    path = urlsplit(url).path
    parts = path.split("/")
    for end, rules in venue.answers.items():
        wanted = end.split("/")[1:]
        found = parts[-len(wanted) :]
        if len(found) == len(wanted) and all(
            want in ("*", got) for want, got in zip(wanted, found, strict=True)
        ):
            return end, rules
    return path, ()


class Guard:
    """Mixed in before an exchange class of ccxt: nothing is sent out of turn, and only a sound answer passes.

    ccxt takes an HTML page, a truncated body or `null` with status 200 for "nothing there", and its error classes
    mislead; so answers are judged here, by status and body.
    """

    venue: Venue
    wall_ms: Callable[[], int]
    pending: dict[object, str]
    pace: Pace
    bans: BanMemory
    asked: set[str]

    # --- sending ----------------------------------------------------------------------------------------------

    async def throttle(self, cost: float | None = None) -> None:
        """Remember what the next request costs; `fetch` waits for its turn."""
        _cost.set(1.0 if cost is None else float(cost))

    async def fetch(
        self, url: str, method: str = "GET", headers: object = None, body: object = None
    ) -> dict[str, Any] | list[Any]:
        """Ask, and return an answer that is JSON and has its lists where they belong."""
        endpoint, rules = rule_of(url, self.venue)
        try:
            async with self.pace.turn(endpoint, _cost.get()):
                self._keep_away(url)
                try:
                    answer = await self._exchanged(url, method, headers, body)
                except Refused as refused:
                    self._heed(refused, url)
                    if refused.keep_away_s is None:
                        self.pace.prove(endpoint)
                    raise
                self.pace.prove(endpoint)
        except NoRoomError as full:
            detail = f"takes no more requests for {full.wait_s:.0f} s"
            raise self.refused("rate_limited", detail, url) from None
        if not isinstance(answer, dict | list):
            what = "an HTML page" if str(answer).lstrip()[:1] == "<" else f"`{safe(answer, 60)}`"
            raise self.refused("bad_response", f"answered with {what}, not with JSON", url, transient=True)
        missing = next((rule for rule in rules if not holds(_part(answer, rule.at), rule, url)), None)
        if isinstance(missing, EchoOf):
            raise self.refused("bad_response", "answered about another symbol", url, transient=True)
        if missing is not None:
            what = "list" if isinstance(missing, ListOf) else "part"
            lack = f"its {what} `{missing.at}`" if missing.at else "what belongs there"
            raise self.refused("bad_response", f"answered without {lack}", url, transient=True)
        return answer

    async def _exchanged(self, url: str, method: str, headers: object, body: object) -> object:
        request = object()
        self.pending[request] = url
        try:
            return await super().fetch(url, method, headers, body)  # type: ignore[misc]
        except (Refused, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a transport raises means: no answer
            raise self._unanswered(error, url) from None
        finally:
            del self.pending[request]

    def _keep_away(self, url: str) -> None:
        """Send nothing to a host that has banned us, in an earlier run as well."""
        host = host_of(url)
        if host in self.asked:
            return
        until_ms = self.bans.until_ms(host)
        if until_ms is not None and until_ms > self.wall_ms():
            failed = ExchangeFailed(
                exchange=self.venue.id,
                reason="banned",
                detail="has told us to stay away, and was not asked",
                until=iso(until_ms),
            )
            refused = Refused(failed)
            self.pace.stop(refused)
            raise refused
        self.asked.add(host)

    def _heed(self, refused: Refused, url: str) -> None:
        """Do as an exchange asks that wants to be left alone: now, and in the runs to come."""
        if refused.keep_away_s is None:
            return
        until_ms = self.wall_ms() + round(refused.keep_away_s * 1000)
        self.bans.remember(host_of(url), until_ms, refused.failed.reason)
        if refused.wait_s is None:
            self.pace.stop(refused)
        else:
            self.pace.hold(refused.wait_s)

    # --- judging ----------------------------------------------------------------------------------------------

    def refused(self, reason: str, detail: str, url: str, *, transient: bool = False) -> Refused:
        """Build what a request that came to nothing raises."""
        failed = ExchangeFailed(exchange=self.venue.id, reason=reason, detail=detail, tried=place(url))
        return Refused(failed, transient=transient)

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
        self._follow(headers)
        if code >= 300:
            raise self._rejected(code, url, headers, body, response)
        try:
            super().handle_errors(  # type: ignore[misc]
                code, reason, url, method, headers, body, response, request_headers, request_body
            )
        except ESCAPES:
            raise self.refused("bad_response", SENTENCES["bad_response"], url, transient=True) from None
        except Exception as error:  # noqa: BLE001 - ccxt's own tree, which is not importable here
            raise self._complaint(error, code, url, headers, body, response) from None

    def _follow(self, headers: Mapping[str, str]) -> None:
        """Keep count of what the exchange says is used of the budget."""
        for name, value in headers.items():
            if name.lower() == self.venue.used_header and value.strip().isdecimal():
                self.pace.follow(float(value))

    def _unanswered(self, error: Exception, url: str) -> Refused:
        """Classify a request that got no answer."""
        names = kin(error.__cause__) | kin(error)
        for name, reason, detail, transient in UNANSWERED:
            if name in names:
                return self.refused(reason, detail, url, transient=transient)
        return self.refused("bad_response", SENTENCES["bad_response"], url, transient=True)

    def _rejected(
        self, code: int, url: str, headers: Mapping[str, str], body: str, answer: object
    ) -> Refused:
        """Classify an answer with an error status."""
        verdict = judged(code, headers, body, answer, venue=self.venue, now_ms=self.wall_ms())
        if verdict is not None:
            return self._sentenced(verdict, code, url, body, answer)
        if isinstance(answer, dict):
            try:
                super().handle_errors(code, "", url, "GET", headers, body, answer, None, None)  # type: ignore[misc]
            except ESCAPES:
                pass
            except Exception as error:  # noqa: BLE001 - ccxt's own tree, which is not importable here
                return self._complaint(error, code, url, headers, body, answer)
        return self.refused("bad_response", _answered(code, body, answer), url)

    def _complaint(
        self, error: Exception, code: int, url: str, headers: Mapping[str, str], body: str, answer: object
    ) -> Refused:
        """Classify an error that stands in the body of an answer."""
        verdict = judged(code, headers, body, answer, venue=self.venue, now_ms=self.wall_ms())
        if verdict is not None:
            return self._sentenced(verdict, code, url, body, answer)
        said = words(body, answer)
        for name, reason, transient in COMPLAINTS:
            if name in kin(error):
                return self.refused(reason, f"{SENTENCES[reason]} ({said})", url, transient=transient)
        return self.refused("bad_response", f"answered with an error ({said})", url)

    def _sentenced(self, verdict: Verdict, code: int, url: str, body: str, answer: object) -> Refused:
        """Build the refusal for an answer whose meaning is known."""
        if verdict.reason == "bad_response":
            detail = _answered(code, body, answer)
        elif verdict.reason == "banned":
            detail = f"{SENTENCES['banned']} ({code})"
        else:
            said = words(body, answer)
            detail = (
                f"{SENTENCES[verdict.reason]} ({code}: {said})"
                if said
                else f"{SENTENCES[verdict.reason]} ({code})"
            )
        refused = self.refused(verdict.reason, detail, url, transient=verdict.transient)
        if verdict.ends_in_s is not None:
            refused.failed.until = iso(self.wall_ms() + round(verdict.ends_in_s * 1000))
        refused.wait_s, refused.keep_away_s = verdict.wait_s, verdict.keep_away_s
        return refused

    # --- reading ----------------------------------------------------------------------------------------------

    async def fetch_markets(self, params: object = None) -> list[Any]:
        """Return what is traded at the one host that is asked; ccxt would ask for contracts and spot markets both."""
        reader: Any = self
        asked = {**self.venue.market_params, **(params if isinstance(params, Mapping) else {})}
        if self.venue.markets is None:
            listed: list[Any] = await super().fetch_markets(asked)  # type: ignore[misc]
            return listed
        method, key = self.venue.markets
        answer = await getattr(reader, method)(asked)
        return list(reader.parse_markets(answer[key]) if key else answer)

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

    def convert_trading_view_to_ohlcv(
        self,
        columns: Mapping[str, Any],
        timestamp: str = "t",
        open: str = "o",  # noqa: A002 - ccxt's names
        high: str = "h",
        low: str = "l",
        close: str = "c",
        volume: str = "v",
        ms: bool = False,
    ) -> list[list[Any]]:
        """Turn columns into rows as ccxt does, with the quote volume behind.

        ccxt reads columns of different lengths as bars that lack something; here they are refused.
        """
        reader: Any = self
        names = (timestamp, open, high, low, close)
        traded = columns.get(volume, [None] * len(columns[close]))  # an index has no volume
        rows = [list(row) for row in zip(*(columns[name] for name in names), traded, strict=True)]
        amounts = columns.get("amount")
        for index, row in enumerate(rows):
            row[0] = reader.safe_integer(row, 0) if ms else reader.safe_timestamp(row, 0)
            row.append(amounts[index] if isinstance(amounts, list) and len(amounts) == len(rows) else None)
        return rows

    def parse_order_book(self, orderbook: object, *rest: Any, **named: Any) -> dict[str, Any]:
        """Return the book as ccxt reads it, with the raw one beside it."""
        book: dict[str, Any] = super().parse_order_book(orderbook, *rest, **named)  # type: ignore[misc]
        return {**book, "info": orderbook}


def _part(answer: object, at: str) -> object:
    node = answer
    for key in at.split(".") if at else ():
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _answered(code: int, body: str, answer: object) -> str:
    said = words(body, answer)
    return f"answered {code} ({said})" if said else f"answered {code}"


def misread(guard: Guard, error: Exception) -> Refused:
    """Classify what a parser raised over an answer that passed the guard."""
    url = str(getattr(guard, "last_request_url", None) or "")
    for name, reason, _ in COMPLAINTS:
        if name in kin(error):
            return guard.refused(reason, SENTENCES[reason], url)
    detail = f"{SENTENCES['bad_response']} ({type(error).__name__})"
    return guard.refused("bad_response", detail, url, transient=True)
