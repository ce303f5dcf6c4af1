"""`POST /v1/predictions`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from cxrtune.serving.web.answers import model_of, prediction_of, result_of, why_none
from cxrtune.serving.web.body import read_files
from cxrtune.serving.web.documented import BODY, body, refusals
from cxrtune.serving.web.refusals import answer
from cxrtune.serving.web.schema import PredictionsAnswer
from cxrtune.serving.web.service import Service

_OPENAPI = body(many=True)

WithPicture = Annotated[
    bool, Query(description="Send the radiograph back as it was decoded: a browser shows no DICOM.")
]
PictureSide = Annotated[int, Query(ge=64, le=4096, description="Its longer side in pixels, at most.")]


def predictions_routes(service: Service) -> APIRouter:
    """Return the route that scores pictures."""
    router = APIRouter()

    @router.post(
        "/v1/predictions",
        summary="Score radiographs",
        response_model=PredictionsAnswer,
        responses=refusals(*BODY),
        openapi_extra=_OPENAPI,
    )
    async def predictions(
        request: Request, picture: WithPicture = False, picture_side: PictureSide = 2048
    ) -> Response:
        """One or many radiographs: probabilities, decisions, quality flags.

        A file that is no radiograph has an error in place of its prediction and does not fail the others; if
        none is one, the status is 422.
        """
        service.check_room()
        side = picture_side if picture else None
        with service.bodies.lease() as lease:
            files = await read_files(request, service.settings.limits, lease)
            answers = await service.answers(files, lambda scored: prediction_of(scored, side), aside=picture)
        results = [
            result_of(index, file, one) for index, (file, one) in enumerate(zip(files, answers, strict=True))
        ]
        service.count_refused(answers)
        refusal = why_none(answers)
        if refusal is not None:
            return answer(refusal, results)
        content = PredictionsAnswer(model=model_of(service.predictor.identity), results=results)
        return Response(content.model_dump_json(), media_type="application/json")

    return router
