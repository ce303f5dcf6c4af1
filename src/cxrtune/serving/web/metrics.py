"""What the service counts, for Prometheus. No label comes from a client."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """The counts of one service."""

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
        self.pictures = Counter("cxrtune_pictures", "Pictures that were scored.", registry=self.registry)
        self.decode_seconds = Histogram(
            "cxrtune_decode_seconds", "Of one picture.", buckets=_SECONDS, registry=self.registry
        )
        self.batch_seconds = Histogram(
            "cxrtune_batch_seconds", "Of one batch in the engine.", buckets=_SECONDS, registry=self.registry
        )
        self.batch_pictures = Histogram(
            "cxrtune_batch_pictures", "Pictures a batch.", buckets=_SIZES, registry=self.registry
        )

    def watch(self, name: str, what: str, read: Callable[[], float]) -> None:
        """Report a value that is asked for whenever somebody looks."""
        Gauge(name, what, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)
