"""The service as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cxrtune.scoring.predictor import Predictor
from cxrtune.serving.web.connections import UnreadBodies
from cxrtune.serving.web.guard import Guard, SafeHeaders
from cxrtune.serving.web.monitoring import RequestLog
from cxrtune.serving.web.refusals import Reason, Refusal, answer
from cxrtune.serving.web.routes import heatmaps_routes, page_routes, predictions_routes, service_routes
from cxrtune.serving.web.schema import DISCLAIMER
from cxrtune.serving.web.service import Service
from cxrtune.serving.web.settings import ServiceSettings

_REASONS: dict[int, Reason] = {404: "not_found", 405: "method_not_allowed"}


def make_app(predictor: Predictor, settings: ServiceSettings = ServiceSettings()) -> FastAPI:  # noqa: B008  frozen
    """Make the service of one model.

    Args:
        predictor: Scores the pictures.
        settings: Limits, batching and access.
    """
    service = Service(predictor, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    # FastAPI's own pages about the API load scripts from another host.
    app = FastAPI(
        title="cxrtune",
        version=version("cxrtune"),
        description=f"Chest radiographs in, probabilities and heatmaps out. {DISCLAIMER}",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    for routes in (predictions_routes, heatmaps_routes, service_routes):
        app.include_router(routes(service))
    page = page_routes()
    app.router.routes.extend(page)
    paths = frozenset({*app.openapi()["paths"], *(route.path for route in page), "/openapi.json"})
    if settings.access.token is not None:
        _document_token(app)
    _answer_errors(app, service)
    # The last one added is the outermost.
    app.add_middleware(Guard, access=settings.access)
    app.add_middleware(RequestLog, paths=paths, metrics=service.metrics)
    app.add_middleware(SafeHeaders)
    app.add_middleware(UnreadBodies)
    return app


def _answer_errors(app: FastAPI, service: Service) -> None:
    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        service.metrics.refusals.labels(error.reason).inc()
        return answer(error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        name = str(first["loc"][-1])
        return answer(Refusal("invalid_parameter", f"the parameter {name} cannot be this: {first['msg']}"))

    async def by_status(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        reason = _REASONS.get(error.status_code, "invalid_http")
        refusal = answer(Refusal(reason, error.detail.lower(), remedy="The addresses are in /openapi.json."))
        refusal.headers.update(error.headers or {})
        return refusal

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, by_status)


def _document_token(app: FastAPI) -> None:
    described = app.openapi()
    described.setdefault("components", {})["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"}
    }
    described["security"] = [{"token": []}]
