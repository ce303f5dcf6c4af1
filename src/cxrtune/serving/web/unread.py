"""Bodies that nobody read: an early refusal must still arrive.

A connection that is closed with unread bytes is reset, and the client may never see the answer. What is
still coming is read for a moment and thrown away; if it does not end, the connection does.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.status import HTTP_408_REQUEST_TIMEOUT
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECONDS = 2.0


class UnreadBodies:
    """Reads what the service left of a body, before the answer begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; look after the body when the answer begins."""
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
                # Who asked whether to send is told by the answer itself; who is slow has had their time.
                asked = not begun and "expect" in Headers(scope=scope)
                if not asked and message["status"] != HTTP_408_REQUEST_TIMEOUT:
                    await _drain()
                if not ended:
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        async def _drain() -> None:
            try:
                async with asyncio.timeout(_SECONDS):
                    while not ended:
                        await watched()
            except TimeoutError:
                return

        await self._app(scope, watched, drained)
