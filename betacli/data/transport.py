"""Requests that end: one private event loop, retries, and one deadline over all of it."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import cache
from typing import Any, TypeVar

from betacli.data.guard import misread
from betacli.data.refusals import ESCAPES, Redirected, Refused, place
from betacli.errors import ExchangeFailed

T = TypeVar("T")

MAX_TRIES = 3
BACKOFF_S = 0.25  # before the second try; doubled before the third; each times 0.5 to 1.5
GRACE_S = 0.25  # for cancelled work to wind up, once the deadline has passed
MAX_BODY_BYTES = 64 * 2**20


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose name look-ups cannot outlive the run.

    The usual look-up runs in a pool whose threads the interpreter joins at exit, however long a dead name server
    takes; a daemon thread is left behind.
    """

    async def getaddrinfo(self, host: Any, port: Any, **how: Any) -> Any:
        """Look a name up in a thread of its own."""
        found: asyncio.Future[Any] = self.create_future()

        def settle(result: Any, error: OSError | None) -> None:
            if not found.done():
                found.set_result(result) if error is None else found.set_exception(error)

        def look_up() -> None:
            result, error = None, None
            try:
                result = socket.getaddrinfo(host, port, **how)
            except OSError as failure:
                error = failure
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                self.call_soon_threadsafe(settle, result, error)

        threading.Thread(target=look_up, daemon=True).start()
        return await found


async def together(works: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Run everything at once; the first failure ends the rest."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


class Transport:
    """One guarded exchange on one private event loop, under one deadline.

    `remaining_s` tells how many seconds are left until then; `jitter` returns numbers in [0, 1).
    """

    def __init__(
        self,
        exchange: Any,
        *,
        loop: asyncio.AbstractEventLoop,
        timeout_s: float,
        remaining_s: Callable[[], float],
        jitter: Callable[[], float],
        complaints: type[Exception],
    ) -> None:
        self.exchange = exchange
        self.loop = loop
        self.timeout_s = timeout_s
        self._remaining_s = remaining_s
        self._jitter = jitter
        self._caught = (*ESCAPES, complaints)
        self._slots = asyncio.Semaphore(exchange.venue.in_flight)

    @property
    def remaining_s(self) -> float:
        """Seconds left until the deadline."""
        return self._remaining_s()

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a batch of calls to its end, or to the deadline."""
        if self.remaining_s <= 0:
            raise self._expired()
        return self.loop.run_until_complete(self._bounded(work))

    async def call(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Make one call of the exchange, again where that may help and the time allows."""
        tries = 0
        while True:
            tries += 1
            try:
                async with self._slots:
                    return await ask()
            except Refused as refused:
                no = refused
            except self._caught as error:
                no = misread(self.exchange, error)
            pause_s = self._pause_s(no, tries)
            if pause_s is None or pause_s >= self.remaining_s:
                if tries > 1:
                    no.failed.tried += f", {tries} times"
                raise no.failed from None
            await asyncio.sleep(pause_s)

    def close(self) -> None:
        """Let go of the connections, within the grace."""
        if self.loop.is_closed():
            return
        try:
            left = asyncio.all_tasks(self.loop)  # after an interrupt
            for task in left:
                task.cancel()
            ending = {*left, self.loop.create_task(self._let_go())}
            self.loop.run_until_complete(asyncio.wait(ending, timeout=GRACE_S))
        finally:
            self.exchange.session = None
            self.loop.close()

    async def _bounded(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        task = asyncio.ensure_future(work())
        await asyncio.wait({task}, timeout=self.remaining_s)
        if task.done():
            return task.result()
        expired = self._expired()
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_S)
        raise expired

    def _pause_s(self, no: Refused, tries: int) -> float | None:
        """Return how long to wait before asking again, or None not to."""
        if tries >= MAX_TRIES:
            return None
        if no.wait_s is not None:
            return no.wait_s
        if no.transient:
            return BACKOFF_S * 2.0 ** (tries - 1) * (0.5 + self._jitter())
        return None

    def _expired(self) -> ExchangeFailed:
        waiting = list(dict.fromkeys(place(url) for url in self.exchange.pending.values()))
        return ExchangeFailed(
            exchange=self.exchange.venue.id,
            reason="timeout",
            detail=f"did not answer within {self.timeout_s:g} s",
            tried=", ".join(waiting[:3])
            or place(str(self.exchange.last_request_url or self.exchange.home_url)),
        )

    async def _let_go(self) -> None:
        session, self.exchange.session = self.exchange.session, None
        if session is not None:
            await session.close()
        await self.exchange.close_proxy_sessions()
        await self.exchange.close_connector()


def new_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop for one transport."""
    return _Loop()


@cache
def _trusting(cafile: str) -> Any:
    """Return the context that trusts what a file of certificates says; reading it takes 26 ms."""
    import ssl  # noqa: PLC0415

    return ssl.create_default_context(cafile=cafile)


async def open_session(exchange: Any) -> Any:
    """Return a session that reads no more than `MAX_BODY_BYTES` of an answer.

    It ignores the environment, and goes nowhere but where it is sent.
    """
    import aiohttp  # noqa: PLC0415 - only a run that goes online pays for it

    class BoundedResponse(aiohttp.ClientResponse):
        async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
            parts: list[bytes] = []
            size = 0
            async for part in self.content.iter_any():
                size += len(part)
                if size > MAX_BODY_BYTES:
                    self.close()
                    raise aiohttp.ClientPayloadError
                parts.append(part)
            return b"".join(parts).decode(encoding or "utf-8", errors)

    if exchange.ssl_context is None:
        exchange.ssl_context = _trusting(exchange.cafile) if exchange.verify else False

    async def stay(*_: object) -> None:
        raise Redirected

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(stay)
    connector = aiohttp.TCPConnector(
        ssl=exchange.ssl_context, family=socket.AF_UNSPEC, resolver=aiohttp.ThreadedResolver()
    )
    return aiohttp.ClientSession(
        connector=connector, trust_env=False, response_class=BoundedResponse, trace_configs=[trace]
    )
