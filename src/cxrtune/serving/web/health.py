"""`GET /healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from cxrtune.serving.web.documented import refusals
from cxrtune.serving.web.refusals import Refusal
from cxrtune.serving.web.schema import Health
from cxrtune.serving.web.service import Service


def health_routes(service: Service) -> APIRouter:
    """Return the routes for whoever watches over the service."""
    router = APIRouter()

    @router.get("/healthz", summary="Does the process answer?", responses=refusals())
    async def healthz() -> Health:
        """200 as long as the process runs."""
        return Health(status="ok")

    @router.get("/readyz", summary="Can it score pictures?", responses=refusals("not_ready"))
    async def readyz() -> Health:
        """200 if engine and decoders work, else 503: restart it."""
        if not service.ready:
            raise Refusal("not_ready", "the engine or the decoders do not work", retry_after=30)
        return Health(status="ready")

    @router.get(
        "/metrics",
        summary="Counts for Prometheus",
        response_class=Response,
        responses=refusals() | {200: {"content": {"text/plain": {}}}},
    )
    async def metrics() -> Response:
        """Counts, latencies, queue, batch sizes and memory."""
        return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router
