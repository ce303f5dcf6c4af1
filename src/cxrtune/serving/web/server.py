"""The application with its middleware, and the process: socket, uvicorn and clean shutdown."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cxrtune.errors import UsageError
from cxrtune.loopback import as_seen_from_here
from cxrtune.scoring.predictor import Predictor
from cxrtune.serving.web.connections import UnreadBodies, connections_within
from cxrtune.serving.web.guard import Guard, SafeHeaders
from cxrtune.serving.web.monitoring import RequestLog
from cxrtune.serving.web.refusals import Reason, Refusal, answer
from cxrtune.serving.web.routes import heatmaps_routes, page_routes, predictions_routes, service_routes
from cxrtune.serving.web.schema import DISCLAIMER
from cxrtune.serving.web.service import Service
from cxrtune.serving.web.settings import ServiceSettings
from cxrtune.stopping import stop_signals_to

_REASONS: dict[int, Reason] = {404: "not_found", 405: "method_not_allowed"}
_BACKLOG = 2048
_SPARE_FILES = 256


def make_app(predictor: Predictor, settings: ServiceSettings) -> FastAPI:
    """Create the application that serves one model.

    Args:
        predictor: Scores the images.
        settings: Limits, batching and access.
    """
    service = Service(predictor, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    # FastAPI's own documentation pages load scripts from another host.
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
    # The middleware that is added last is the outermost.
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


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 selects a free one.

    Raises:
        UsageError: The port cannot be opened.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio disables Nagle's algorithm, which delays responses, only if the protocol is given.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        raise UsageError(
            f"cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}",
            remedy="Choose another `port`, or 0 for a free one.",
        ) from error
    return taken


def url_of(taken: socket.socket) -> str:
    """Return the URL for a browser on this machine."""
    host, port = taken.getsockname()[:2]
    shown = as_seen_from_here(host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def serve(
    predictor: Predictor, settings: ServiceSettings, taken: socket.socket, ready: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are answered first.

    Args:
        predictor: Scores the images.
        settings: Limits, batching and access.
        taken: Listening socket, from `listen`.
        ready: Called once the service accepts requests.
    """
    _allow_files(settings.limits.connections)
    asyncio.run(make_server(predictor, settings, ready).serve(sockets=[taken]))


def make_server(predictor: Predictor, settings: ServiceSettings, ready: Callable[[], None]) -> uvicorn.Server:
    """Create the server, for use in your own event loop.

    Args:
        predictor: Scores the images.
        settings: Limits, batching and access.
        ready: Called once the service accepts requests.
    """
    config = uvicorn.Config(
        make_app(predictor, settings),
        http=connections_within(settings.limits),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=round(settings.limits.stop_seconds),
    )
    return _Server(config, ready)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and call `ready`."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on the signals without raising them again, as uvicorn would: a clean stop is no failure."""
        with stop_signals_to(self.handle_exit):
            yield


def _allow_files(connections: int) -> None:
    # Each connection needs an open file; the soft limit is often 1,024.
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
