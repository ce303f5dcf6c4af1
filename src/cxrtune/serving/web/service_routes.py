"""What the service says of itself, `GET /v1/model`, `/healthz`, `/readyz` and `/metrics`; and its page."""

from __future__ import annotations

import hashlib
import mimetypes
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cxrtune.findings import spoken
from cxrtune.serving.web.answers import model_of
from cxrtune.serving.web.body import PICTURES
from cxrtune.serving.web.refusals import Refusal, described_refusals
from cxrtune.serving.web.schema import Accepted, Health, KnownFinding, ModelAnswer
from cxrtune.serving.web.service import Service

PAGE = Path(__file__).parent / "page"
# Python 3.11 and some systems' tables have other types, and a browser runs scripts of no other type.
mimetypes.add_type("text/javascript", ".js")


def service_routes(service: Service) -> APIRouter:
    """Return the routes that describe the model, and those for whoever watches over the service."""
    router = APIRouter()
    info, limits = service.predictor.info, service.settings.limits
    described = ModelAnswer(
        model=model_of(service.predictor.identity),
        recipe=info.recipe.name,
        input_size=info.recipe.preprocess.size,
        findings=[
            KnownFinding(
                finding=finding,
                spoken=spoken(finding),
                threshold=info.thresholds.get(finding),
                calibrated=finding in info.calibration,
            )
            for finding in info.findings
        ],
        threshold_rule=info.threshold_rule,
        quality_gate=info.gate is not None,
        accepts=Accepted(
            media_types=list(PICTURES), body_bytes=limits.body_bytes, files=limits.files, pixels=limits.pixels
        ),
        version=version("cxrtune"),
    )

    @router.get("/v1/model", summary="Describe the model", responses=described_refusals())
    async def model() -> ModelAnswer:
        """Findings, thresholds, what runs it, and what the service takes."""
        return described

    @router.get("/healthz", summary="Does the process answer?", responses=described_refusals())
    async def healthz() -> Health:
        """200 as long as the process runs."""
        return Health(status="ok")

    @router.get("/readyz", summary="Can it score pictures?", responses=described_refusals("not_ready"))
    async def readyz() -> Health:
        """200 if engine and decoders work, else 503: restart it."""
        if not service.ready:
            raise Refusal("not_ready", "the engine or the decoders do not work", retry_after=30)
        return Health(status="ready")

    @router.get(
        "/metrics",
        summary="Counts for Prometheus",
        response_class=Response,
        responses=described_refusals() | {200: {"content": {"text/plain": {}}}},
    )
    async def metrics() -> Response:
        """Counts, latencies, queue, batch sizes and memory."""
        return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router


def page_routes() -> list[Route]:
    """Return the routes of the page's files: `/` is index.html, the others are in `/page/`."""
    files = {path.name: _PageFile(path) for path in PAGE.iterdir()}
    below = (Route(f"/page/{name}", file.get) for name, file in files.items())
    return [Route("/", files["index.html"].get), *below]


class _PageFile:
    """A file of the page, in memory: StaticFiles opens it in another thread, at three times the cost."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        self._tag = f'"{hashlib.sha256(data).hexdigest()}"'
        # A browser may keep it, and must ask every time.
        headers = {"Cache-Control": "no-cache", "ETag": self._tag}
        self._whole = Response(data, media_type=mimetypes.guess_type(path.name)[0], headers=headers)
        self._unchanged = Response(status_code=304, headers=headers)

    async def get(self, request: Request) -> Response:
        """Answer with the file, or say that the browser has it."""
        known = request.headers.get("if-none-match", "").split(",")
        return self._unchanged if self._tag in map(str.strip, known) else self._whole
