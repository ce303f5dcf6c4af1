"""Who may ask: bearer token, host name, and no other site's page."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from cxrtune.serving.web.refusals import Refusal, answer
from cxrtune.serving.web.settings import Access

OPEN = frozenset({"/", "/healthz", "/readyz", "/openapi.json"})
"""Paths that need no token, besides the page's files: nothing there tells of model, pictures or load."""

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Guard:
    """Answers in place of the service what the service shall not see."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
            if refusal is not None:
                await answer(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, method: str, path: str, headers: Headers) -> Refusal | None:
        host = headers.get("host", "")
        # Against DNS rebinding: a page of elsewhere that reaches a loopback port still names elsewhere.
        if self._access.hosts is not None and _host_name(host) not in self._access.hosts:
            return Refusal(
                "wrong_host",
                "the service does not answer to this host name",
                remedy="Allow it in the settings of the service.",
            )
        if method in _CHANGING and _is_cross_origin(headers, host):
            return Refusal(
                "cross_origin", "another site's page sent this", remedy="Use the service's own page."
            )
        if path in OPEN or path.startswith("/page/") or self._access.token is None:
            return None
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(shown.strip().encode(), self._access.token.encode())
        if scheme.lower() == "bearer" and same:
            return None
        return Refusal(
            "token_missing_or_wrong",
            "this service wants a bearer token",
            remedy="Send it as: Authorization: Bearer TOKEN",
        )


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_cross_origin(headers: Headers, host: str) -> bool:
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    # Not the scheme: TLS may end at a proxy.
    return origin is not None and origin.partition("://")[2] != host
