"""What is written down of a request: route, status, time. Never a name, a query, or anything of a body."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cxrtune.logs import where
from cxrtune.serving.web.metrics import Metrics
from cxrtune.serving.web.refusals import Refusal, answer

LOGGER = logging.getLogger("cxrtune.serving.web")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestLog:
    """Logs and counts every request, and answers when the service fails."""

    def __init__(self, app: ASGIApp, paths: frozenset[str], metrics: Metrics) -> None:
        """Wrap an application.

        Args:
            app: The application.
            paths: Those that it knows; any other is written down as one.
            metrics: Where requests are counted.
        """
        self._app = app
        self._paths = paths
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and write down what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # whatever it is, the client gets an answer and the log no content
            LOGGER.error("failed: %s", where(error))
            if not status:
                await answer(Refusal("internal_error", "the service failed"))(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - started
            # Only what we know ourselves: a path or a method from outside may say anything.
            route = scope["path"] if scope["path"] in self._paths else "(other)"
            method = scope["method"] if scope["method"] in _METHODS else "(other)"
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.request_seconds.labels(route).observe(seconds)
            LOGGER.info("%s %s %d %.0f ms", method, route, status, seconds * 1000)
