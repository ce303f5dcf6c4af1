"""What OpenAPI says of refusals and of bodies."""

from __future__ import annotations

from typing import Any

from cxrtune.serving.web.body import FORM, PICTURES
from cxrtune.serving.web.multipart import FIELD
from cxrtune.serving.web.refusals import REASONS, Reason
from cxrtune.serving.web.schema import ErrorAnswer

EVERYWHERE: tuple[Reason, ...] = (
    "invalid_http",
    "token_missing_or_wrong",
    "cross_origin",
    "wrong_host",
    "method_not_allowed",
    "internal_error",
)
BODY: tuple[Reason, ...] = (
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


def refusals(*reasons: Reason) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of answers with these reasons: by status, each reason with an example."""
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


def body(*, many: bool) -> dict[str, Any]:
    """Return what OpenAPI says of the body: a form with files, or one picture."""
    file = {"type": "string", "format": "binary"}
    files = {"type": "array", "items": file, "minItems": 1, **({} if many else {"maxItems": 1})}
    form = {
        "type": "object",
        "required": [FIELD],
        "properties": {FIELD: files},
        "additionalProperties": False,
    }
    return {
        "requestBody": {
            "required": True,
            "description": f"`{FORM}` with the field `{FIELD}`, or the bytes of one picture.",
            "content": {FORM: {"schema": form}} | {kind: {"schema": file} for kind in PICTURES},
        }
    }
