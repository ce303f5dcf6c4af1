"""Access control and security headers.

Starlette's `TrustedHostMiddleware` always answers with status 400 and plain text. All errors of this service
have the format and the reasons of `refusals.py`, so host names are checked here.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cxrtune.serving.web.refusals import Refusal, answer
from cxrtune.serving.web.settings import Access

OPEN = frozenset({"/", "/healthz", "/readyz", "/openapi.json"})
"""Paths without a token, besides the page's files: they reveal nothing about model, images or load."""

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Forbids content from other hosts, inline scripts and styles, and embedding in frames (CSP Level 3)."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""Headers of every response, including those sent before the application is reached."""


class Guard:
    """Middleware that refuses requests which must not reach the service."""

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
        # Against DNS rebinding: a foreign page that reaches a loopback port still sends its own host name.
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


class SafeHeaders:
    """Middleware that adds security headers to every response, and `no-store` unless caching is specified."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to the response."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_cross_origin(headers: Headers, host: str) -> bool:
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    # The scheme is not compared: TLS may end at a proxy.
    return origin is not None and origin.partition("://")[2] != host
