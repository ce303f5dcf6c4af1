"""HTTP connections with a time limit, on which the response always arrives.

uvicorn has no limit on the time that a request's head may take, and its own error responses are plain text.
"""

from __future__ import annotations

import asyncio
from typing import cast

import h11
from starlette.datastructures import Headers
from starlette.status import HTTP_408_REQUEST_TIMEOUT
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from cxrtune.serving.web.guard import HEADERS
from cxrtune.serving.web.refusals import Refusal, answer
from cxrtune.serving.web.settings import ServiceLimits

_SECONDS_FOR_UNREAD = 2.0


def connections_within(limits: ServiceLimits) -> type[asyncio.Protocol]:
    """Return a protocol for uvicorn: that of h11, with limits on the time of a head and on connections."""

    class Limited(_PatientProtocol):
        _limits = limits

    return cast(type[asyncio.Protocol], Limited)


class _PatientProtocol(H11Protocol):
    _limits: ServiceLimits
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to wait for the first request."""
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > self._limits.connections:
            transport.close()
            return
        self._start_clock()

    def data_received(self, data: bytes) -> None:
        """Receive bytes; the time limit runs while a head is incomplete."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_clock()
        elif self._clock is None:
            self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer when the connection is closed."""
        self._stop_clock()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is not valid HTTP in the format of all other errors."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            refused = answer(Refusal("invalid_http", "the request is no valid HTTP"))
            refused.headers.update(HEADERS)
            lines = [
                b"HTTP/1.1 400 Bad Request",
                b"connection: close",
                *(name + b": " + value for name, value in refused.raw_headers),
            ]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(refused.body)]))
        self.transport.close()

    def _start_clock(self) -> None:
        self._clock = self.loop.call_later(self._limits.head_seconds, self._give_up)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        self._clock = None
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.transport.close()


class UnreadBodies:
    """Middleware that reads the rest of a request's body before the response begins.

    A connection that is closed with unread bytes is reset, and the client may never see the response.
    Remaining data is read and discarded for a short time; if it does not end, the connection is closed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; read the rest of its body when the response begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, ended = False, False

        async def watched() -> Message:
            nonlocal begun, ended
            begun = True
            message = await receive()
            ended = ended or message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def drained(message: Message) -> None:
            if message["type"] == "http.response.start" and not ended:
                # A client that asked whether to send learns it from the response; a slow client has had its
                # time.
                asked = not begun and "expect" in Headers(scope=scope)
                if not asked and message["status"] != HTTP_408_REQUEST_TIMEOUT:
                    await _drain()
                if not ended:
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        async def _drain() -> None:
            try:
                async with asyncio.timeout(_SECONDS_FOR_UNREAD):
                    while not ended:
                        await watched()
            except TimeoutError:
                return

        await self._app(scope, watched, drained)
