"""Error responses: one format, and one table of reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.responses import Response

from cxrtune.errors import CxrtuneError
from cxrtune.serving.web.schema import Error, ErrorAnswer, FileResult

Reason = Literal[
    "invalid_http",
    "malformed_body",
    "no_file",
    "token_missing_or_wrong",
    "cross_origin",
    "wrong_host",
    "not_found",
    "method_not_allowed",
    "body_too_slow",
    "body_too_large",
    "too_many_files",
    "unsupported_media_type",
    "unreadable_image",
    "invalid_parameter",
    "internal_error",
    "queue_full",
    "memory_full",
    "too_slow",
    "not_ready",
]


@dataclass(frozen=True)
class RefusalKind:
    """Meaning of a reason.

    Attributes:
        status: HTTP status code.
        what: Description for the documentation.
    """

    status: int
    what: str


REASONS: Mapping[Reason, RefusalKind] = {
    "invalid_http": RefusalKind(400, "The request is no valid HTTP."),
    "malformed_body": RefusalKind(400, "The body is no form, or is cut off."),
    "no_file": RefusalKind(400, "There is no file in the request, or one in another field than `files`."),
    "token_missing_or_wrong": RefusalKind(
        401, "The service wants a bearer token, and this is none or another."
    ),
    "cross_origin": RefusalKind(403, "Another site's page sent this."),
    "wrong_host": RefusalKind(403, "The service was called by a name that it does not answer to."),
    "not_found": RefusalKind(404, "There is nothing here."),
    "method_not_allowed": RefusalKind(405, "This address wants another method."),
    "body_too_slow": RefusalKind(408, "The body did not arrive in time."),
    "body_too_large": RefusalKind(413, "The body is larger than allowed."),
    "too_many_files": RefusalKind(413, "There are more files than allowed."),
    "unsupported_media_type": RefusalKind(
        415, "The body is neither a form nor PNG, JPEG, TIFF or DICOM, or it is compressed."
    ),
    "unreadable_image": RefusalKind(422, "No file of the request gives a radiograph; each says why."),
    "invalid_parameter": RefusalKind(422, "A parameter cannot be what it is."),
    "internal_error": RefusalKind(500, "The service failed; its log says where."),
    "queue_full": RefusalKind(503, "Too many images are waiting. Come again after Retry-After seconds."),
    "memory_full": RefusalKind(503, "Too many bodies are under way. Come again after Retry-After seconds."),
    "too_slow": RefusalKind(503, "The answer was not ready in time. Come again after Retry-After seconds."),
    "not_ready": RefusalKind(503, "The engine or the decoders do not work."),
}


EVERYWHERE: tuple[Reason, ...] = (
    "invalid_http",
    "token_missing_or_wrong",
    "cross_origin",
    "wrong_host",
    "method_not_allowed",
    "internal_error",
)
OF_BODY: tuple[Reason, ...] = (
    "malformed_body",
    "no_file",
    "body_too_slow",
    "body_too_large",
    "too_many_files",
    "unsupported_media_type",
    "unreadable_image",
    "invalid_parameter",
    "queue_full",
    "memory_full",
    "too_slow",
)


class Refusal(CxrtuneError):  # noqa: N818  a response, not a failure
    """A request, or one of its files, is refused.

    Attributes:
        reason: Machine-readable reason.
        retry_after: Seconds after which the client may retry, or None.
    """

    def __init__(
        self, reason: Reason, message: str, *, remedy: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.reason: Reason = reason
        self.retry_after = retry_after

    @property
    def error(self) -> Error:
        """The error in the response."""
        return Error(reason=self.reason, message=self.message, remedy=self.remedy)


def answer(refusal: Refusal, results: list[FileResult] | None = None) -> Response:
    """Return the response for a refusal.

    Args:
        refusal: The refusal.
        results: Results of the files, if they were processed.
    """
    headers = {"Cache-Control": "no-store"}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.reason == "token_missing_or_wrong":
        headers["WWW-Authenticate"] = "Bearer"
    content = ErrorAnswer(error=refusal.error, results=results)
    return Response(
        content.model_dump_json(exclude_none=True),
        status_code=REASONS[refusal.reason].status,
        media_type="application/json",
        headers=headers,
    )


def described_refusals(*reasons: Reason) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of these reasons: by status, with an example of each reason."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for reason in (*reasons, *EVERYWHERE):
        kind = REASONS[reason]
        entry = by_status.setdefault(
            kind.status,
            {"model": ErrorAnswer, "description": "", "content": {"application/json": {"examples": {}}}},
        )
        entry["description"] = f"{entry['description']} {kind.what}".strip()
        entry["content"]["application/json"]["examples"][reason] = {
            "value": {"error": {"reason": reason, "message": kind.what}}
        }
    if 503 in by_status:
        by_status[503]["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}
        }
    return by_status
