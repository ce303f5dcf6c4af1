"""`GET /v1/model`."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter

from cxrtune.findings import spoken
from cxrtune.serving.web.answers import model_of
from cxrtune.serving.web.body import PICTURES
from cxrtune.serving.web.documented import refusals
from cxrtune.serving.web.schema import Accepted, KnownFinding, ModelAnswer
from cxrtune.serving.web.service import Service


def model_routes(service: Service) -> APIRouter:
    """Return the route that describes the model."""
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

    @router.get("/v1/model", summary="Describe the model", responses=refusals())
    async def model() -> ModelAnswer:
        """Findings, thresholds, what runs it, and what the service takes."""
        return described

    return router
