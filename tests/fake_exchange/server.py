"""A loopback HTTP server that speaks an exchange's raw dialect, and fails as it is told to.

with FakeExchange(market, faults=[Fault("html", endpoint="klines")]) as fake:
    options = fake.options["binanceusdm"]
    ...
    fake.requests  # [("/fapi/v1/klines", {"symbol": "BTCUSDT", …}), …]
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from fake_exchange import binance
from fake_exchange.dialect import RefusedQueryError
from fake_exchange.faults import BODIES, CANDLES, Fault, ends
from fake_exchange.market import FakeMarket
from fake_exchange.spot import SPOT

REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 404: "Not Found"}


class FakeExchange:
    """One exchange on a port of its own, from `with` to the end of it."""

    def __init__(
        self,
        market: FakeMarket,
        faults: Sequence[Fault] = (),
        *,
        dialect: ModuleType = binance,
        latency_s: float = 0,
        closed: Sequence[str] = (),
        toll: "Toll | None" = None,
    ) -> None:
        """Describe the exchange.

        Args:
            market: what it knows.
            faults: what goes wrong.
            dialect: how it speaks.
            latency_s: how long every answer takes.
            closed: the ends of paths that it does not have.
            toll: the budget it enforces.
        """
        self.market = market
        self.faults = list(faults)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.of_spot: list[str] = []
        self.heads: list[str] = []
        self.latency_s = latency_s
        self.in_flight = self.most_in_flight = 0
        self._dialect = dialect
        self._closed = tuple(closed)
        self._toll = toll
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = ""

    @property
    def options(self) -> dict[str, dict[str, object]]:
        """What stands under `exchange_options` to reach this server."""
        return self._dialect.options(self.url)

    def paths(self) -> list[str]:
        """The last part of the path of every request, in order."""
        return [path.rsplit("/", 1)[-1] for path, _ in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._hang_up(server))
        self._loop.close()

    async def _hang_up(self, server: asyncio.Server) -> None:
        await asyncio.sleep(0.002)  # connections made just now have begun to be served, and can be ended
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0.001)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; tell whether the connection stays open."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        target = urlsplit(head.split(b" ", 2)[1].decode())
        query = dict(parse_qsl(target.query))
        self.requests.append((target.path, query))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.latency_s)
            symbol = self._dialect.symbol_of(target.path, query)
            spot = SPOT[self._dialect.ID].place(target.path, query)
            if spot is not None:
                self.of_spot.append(spot)
            fault = next((f for f in self.faults if f.strikes(spot or target.path, symbol)), None)
            if self._toll is not None and not self._toll.pay(self._dialect.weight(target.path, query)):
                status, refusal = self._dialect.refusal(self._toll.window_s)
                return await self._send(writer, status, json.dumps(refusal).encode(), None)
            status, body = self._content(target.path, query, fault, spot)
            return await self._send(writer, status, body, fault)
        finally:
            self.in_flight -= 1

    def _content(
        self, path: str, query: dict[str, str], fault: Fault | None, spot: str | None
    ) -> tuple[int, bytes]:
        speaker = self._dialect if spot is None else SPOT[self._dialect.ID]
        market = self.market if spot is None else self.market.on_spot
        route = self._route(path, speaker, spot or path)
        if fault is not None and fault.kind == "other_symbol":
            other = speaker.raw("BTCUSDT")
            mine = speaker.raw(fault.symbol)
            path = path.replace(mine, other)
            query = {key: other if value == mine else value for key, value in query.items()}
        if route is None:
            return 404, b"<html>404 Not found</html>"
        try:
            answer = route(market, {"symbol": path.rsplit("/", 1)[-1], **query} if "_" in path else query)
        except RefusedQueryError as refused:
            return refused.status, json.dumps(refused.body).encode()
        defect = fault.kind.removeprefix("candle:") if fault and fault.kind.startswith("candle:") else None
        if defect is not None:
            rows = CANDLES[defect](speaker.candle_rows(answer))
            answer = speaker.with_rows(answer, rows)
        return 200, json.dumps(answer).encode()

    def _route(
        self, path: str, speaker: ModuleType, place: str
    ) -> Callable[[FakeMarket, dict[str, str]], object] | None:
        if any(ends(place, end) for end in self._closed):
            return None
        routes = speaker.ROUTES
        return routes.get(path) or routes.get(f"{path.rsplit('/', 1)[0]}/*")

    async def _send(
        self, writer: asyncio.StreamWriter, status: int, body: bytes, fault: Fault | None
    ) -> bool:
        kind = fault.kind if fault else ""
        if kind == "reset":
            linger = struct.pack("ii", 1, 0)  # close with RST
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        if kind == "hang":
            await asyncio.Event().wait()
        if kind == "latency":
            await asyncio.sleep(fault.value)
        if kind == "redirect_loop":
            self.faults.append(Fault(kind, endpoint="/again"))
        reply = Reply(status, body).spoiled(fault)
        writer.write(reply.head())
        if kind == "drip":
            for at in range(len(body)):
                writer.write(body[at : at + 1])
                await writer.drain()
                await asyncio.sleep(fault.value)
        else:
            writer.write(reply.body)
        await writer.drain()
        if reply.length is not None:
            with contextlib.suppress(ConnectionError, OSError):
                writer.close()
                await writer.wait_closed()
        return reply.length is None


class Toll:
    """A published budget: `limit` in any `window_s`, counted when a request arrives.

    `refused` counts requests beyond it, `above` those that found more than `share` of it used.
    """

    def __init__(self, limit: float, window_s: float, share: float = 0.8) -> None:
        self.limit = limit
        self.window_s = window_s
        self.share = share
        self.refused = self.above = 0
        self.paid = self.most = 0.0
        self._window: deque[tuple[float, float]] = deque()

    def pay(self, weight: float) -> bool:
        """Count a request; tell whether it may pass."""
        now = time.monotonic()
        while self._window and self._window[0][0] <= now - self.window_s:
            self._window.popleft()
        used = weight + sum(paid for _, paid in self._window)
        self._window.append((now, weight))
        self.paid += weight
        self.most = max(self.most, used)
        self.above += used > self.share * self.limit
        self.refused += used > self.limit
        return used <= self.limit


@dataclass
class Reply:
    """An answer about to be sent; `length` is what the header claims where that is not the truth."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None

    def spoiled(self, fault: Fault | None) -> "Reply":
        """Return what a fault makes of it."""
        size = len(self.body)
        match fault.kind if fault else "":
            case "" | "drip" | "latency" | "other_symbol":
                made = self
            case kind if kind.startswith("candle:"):
                made = self
            case "redirect_loop":
                made = Reply(302, b"", (("Location", "/again"),))
            case "redirect":
                made = Reply(302, b"", (("Location", fault.body.decode()),))
            case "status":
                made = Reply(int(fault.value), fault.body, fault.headers)
            case "cut":
                made = replace(self, body=self.body[: size // 2], length=size)
            case "wrong_length":
                made = replace(self, length=size + 100)
            case "short_length":
                made = replace(self, length=size - 7)
            case kind:
                made = replace(self, body=BODIES[kind](self.body))
        return made

    def head(self) -> bytes:
        """Return the status line and the headers."""
        html = self.body.lstrip()[:1] == b"<"
        lines = [
            f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Other')}",
            *(f"{name}: {value}" for name, value in self.headers),
            f"Content-Type: {'text/html' if html else 'application/json'}",
            f"Content-Length: {len(self.body) if self.length is None else self.length}",
        ]
        return "\r\n".join([*lines, "", ""]).encode()
