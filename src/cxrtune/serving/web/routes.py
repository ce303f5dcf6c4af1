"""The routes: scores, heatmaps, description and state of the service, and its page."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response
from starlette.routing import Route

from cxrtune.findings import spoken
from cxrtune.scoring.heatmap import OPACITY
from cxrtune.scoring.prediction import Prediction
from cxrtune.serving.web.answers import (
    Layer,
    heat_image,
    model_of,
    png_of,
    prediction_of,
    result_of,
    why_none,
)
from cxrtune.serving.web.body import IMAGES, described_body, read_files
from cxrtune.serving.web.refusals import OF_BODY, Refusal, answer, described_refusals
from cxrtune.serving.web.schema import (
    Accepted,
    Health,
    Heatmap,
    HeatmapsAnswer,
    KnownFinding,
    ModelAnswer,
    PredictionsAnswer,
)
from cxrtune.serving.web.service import Service

PNG = "image/png"
PAGE = Path(__file__).parent / "page"
# Python 3.11 and some systems map it to other types, with which browsers do not run scripts.
mimetypes.add_type("text/javascript", ".js")

WithImage = Annotated[
    bool, Query(description="Send the radiograph back as it was decoded: a browser shows no DICOM.")
]
ImageSide = Annotated[int, Query(ge=64, le=4096, description="Its longer side in pixels, at most.")]
Wanted = Annotated[list[str] | None, Query(description="Which findings; all of the model's if left out.")]
WantedLayer = Annotated[
    Layer,
    Query(
        description="`overlay`: over the radiograph. `heat`: the colour alone, transparent where nothing is."
    ),
]
Side = Annotated[int, Query(ge=64, le=4096, description="The longer side in pixels, at most.")]
Opacity = Annotated[float, Query(ge=0, le=1, description="Of the overlay where the heat is strongest.")]


def predictions_routes(service: Service) -> APIRouter:
    """Return the route that scores images."""
    router = APIRouter()

    @router.post(
        "/v1/predictions",
        summary="Score radiographs",
        response_model=PredictionsAnswer,
        responses=described_refusals(*OF_BODY),
        openapi_extra=described_body(many=True),
    )
    async def predictions(
        request: Request, image: WithImage = False, image_side: ImageSide = 2048
    ) -> Response:
        """One or many radiographs: probabilities, decisions, quality flags.

        A file that is no radiograph has an error in place of its prediction and does not fail the others; if
        none is one, the status is 422.
        """
        service.check_room()
        side = image_side if image else None
        with service.bodies.lease() as take:
            files = await read_files(request, service.settings.limits, take)
            answers = await service.answers(files, lambda scored: prediction_of(scored, side), aside=image)
        results = [
            result_of(index, file, one) for index, (file, one) in enumerate(zip(files, answers, strict=True))
        ]
        refusal = why_none(answers)
        if refusal is not None:
            return answer(refusal, results)
        content = PredictionsAnswer(model=model_of(service.predictor.identity), results=results)
        return Response(content.model_dump_json(), media_type="application/json")

    return router


def heatmaps_routes(service: Service) -> APIRouter:
    """Return the route for heatmaps (class activation maps) of findings."""
    router = APIRouter()
    known = service.predictor.info.findings
    spec = service.predictor.info.recipe.preprocess
    documented = described_refusals(*OF_BODY)
    documented[200] = {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}}

    @router.post(
        "/v1/heatmaps",
        summary="Show where the evidence is",
        response_model=HeatmapsAnswer,
        responses=documented,
        openapi_extra=described_body(many=False),
    )
    async def heatmaps(
        request: Request,
        finding: Wanted = None,
        layer: WantedLayer = "overlay",
        side: Side = 1024,
        opacity: Opacity = OPACITY,
    ) -> Response:
        """One radiograph: a heatmap a finding.

        With `Accept: image/png` and one `finding`, the answer is the image itself. A heatmap says where in
        this image the evidence is, never how likely the finding is: its scale is its own.
        """
        places = _places(finding, known)
        service.check_room()

        def finish(scored: Prediction) -> list[Heatmap]:
            return [
                Heatmap(
                    finding=known[place],
                    strongest=max(0.0, float(scored.cam[place].max())),
                    image=heat_image(scored, place, spec, layer, side, opacity),
                )
                for place in places
            ]

        with service.bodies.lease() as take:
            files = await read_files(request, service.settings.limits, take)
            if len(files) > 1:
                raise Refusal("too_many_files", "heatmaps are of one file", remedy="Send one file a request.")
            answers = await service.answers(files, finish, aside=True)
        (found,) = answers
        if isinstance(found, Refusal):
            return answer(found, [result_of(0, files[0], found)])
        if len(found) == 1 and _wants_png(request):
            return Response(png_of(found[0].image), media_type=PNG)
        content = HeatmapsAnswer(model=model_of(service.predictor.identity), layer=layer, heatmaps=found)
        return Response(content.model_dump_json(), media_type="application/json")

    return router


def _places(wanted: Sequence[str] | None, known: Sequence[str]) -> list[int]:
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        raise Refusal(
            "invalid_parameter",
            "this model does not know one of the findings asked for",
            remedy=f"It knows {', '.join(known)}.",
        )
    return [place for place, name in enumerate(known) if not wanted or name in wanted]


def _wants_png(request: Request) -> bool:
    return PNG in request.headers.get("accept", "").lower()


def service_routes(service: Service) -> APIRouter:
    """Return the routes that describe the model, and those for monitoring the service."""
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
        ood_check=info.gate is not None,
        accepts=Accepted(
            media_types=list(IMAGES), body_bytes=limits.body_bytes, files=limits.files, pixels=limits.pixels
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

    @router.get("/readyz", summary="Can it score images?", responses=described_refusals("not_ready"))
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
    """A file of the page, in memory; StaticFiles opens it in another thread and takes three times as long."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        self._tag = f'"{hashlib.sha256(data).hexdigest()}"'
        # A browser may cache it, and must revalidate it every time.
        headers = {"Cache-Control": "no-cache", "ETag": self._tag}
        self._whole = Response(data, media_type=mimetypes.guess_type(path.name)[0], headers=headers)
        self._unchanged = Response(status_code=304, headers=headers)

    async def get(self, request: Request) -> Response:
        """Answer with the file, or say that the browser has it."""
        known = request.headers.get("if-none-match", "").split(",")
        return self._unchanged if self._tag in map(str.strip, known) else self._whole
