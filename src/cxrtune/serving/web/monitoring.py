"""Metrics for Prometheus, and the log of requests.

For each request, route, status and time are logged, but never a name, a query or any part of a body;
uvicorn's access log would include the query. No metric label comes from a client.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cxrtune.logs import where
from cxrtune.serving.web.refusals import Refusal, answer

LOGGER = logging.getLogger("cxrtune.serving.web")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """The metrics of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "cxrtune_requests", "Requests by route and status.", ("route", "status"), registry=self.registry
        )
        self.request_seconds = Histogram(
            "cxrtune_request_seconds",
            "From a request's head to its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.refusals = Counter(
            "cxrtune_refusals", "Requests and files that were refused.", ("reason",), registry=self.registry
        )
        self.images = Counter("cxrtune_images", "Images that were scored.", registry=self.registry)
        self.decode_seconds = Histogram(
            "cxrtune_decode_seconds", "Of one image.", buckets=_SECONDS, registry=self.registry
        )
        self.batch_seconds = Histogram(
            "cxrtune_batch_seconds", "Of one batch in the engine.", buckets=_SECONDS, registry=self.registry
        )
        self.batch_images = Histogram(
            "cxrtune_batch_images", "Images a batch.", buckets=_SIZES, registry=self.registry
        )

    def watch(self, name: str, what: str, read: Callable[[], float]) -> None:
        """Add a gauge whose value is read each time the metrics are requested."""
        Gauge(name, what, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self.registry)


class RequestLog:
    """Middleware that logs and counts every request, and answers if the service fails."""

    def __init__(self, app: ASGIApp, paths: frozenset[str], metrics: Metrics) -> None:
        """Wrap an application.

        Args:
            app: The application to wrap.
            paths: Paths of the application; all others are recorded under one name.
            metrics: Metrics in which requests are counted.
        """
        self._app = app
        self._paths = paths
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and record its outcome."""
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
        except Exception as error:  # in any case, the client gets a response and no content is logged
            LOGGER.error("failed: %s", where(error))
            if not status:
                await answer(Refusal("internal_error", "the service failed"))(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - started
            # Only known values are logged: a path or a method from a client may contain anything.
            route = scope["path"] if scope["path"] in self._paths else "(other)"
            method = scope["method"] if scope["method"] in _METHODS else "(other)"
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.request_seconds.labels(route).observe(seconds)
            LOGGER.info("%s %s %d %.0f ms", method, route, status, seconds * 1000)
