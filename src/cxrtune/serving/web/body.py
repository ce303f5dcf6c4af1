"""A request's body -> files, within the limits and never on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from cxrtune.serving.web.multipart import FIELD, File, FormReader
from cxrtune.serving.web.refusals import Refusal
from cxrtune.serving.web.settings import ServiceLimits

FORM = "multipart/form-data"
PICTURES = ("image/png", "image/jpeg", "image/tiff", "application/dicom")


class Budget:
    """Counts the bytes of all bodies that are in memory, and refuses what is too much."""

    def __init__(self, whole: int) -> None:
        self._whole = whole
        self.taken = 0

    @contextmanager
    def lease(self) -> Iterator[Callable[[int], None]]:
        """Return what takes bytes for one request, or refuses; afterwards they are given back."""
        mine = 0

        def take(count: int) -> None:
            nonlocal mine
            if self.taken + count > self._whole:
                raise Refusal(
                    "memory_full",
                    "too many bodies are under way",
                    remedy="Come again in a few seconds.",
                    retry_after=5,
                )
            self.taken += count
            mine += count

        try:
            yield take
        finally:
            self.taken -= mine


async def read_files(request: Request, limits: ServiceLimits, take: Callable[[int], None]) -> list[File]:
    """Read a body: a form with files, or one picture.

    What is in the files decides what they are; a raw body's content type only says that it is one picture.

    Args:
        request: Its body is not read yet.
        limits: On bytes, files and time.
        take: Of the lease that the bytes are taken from.

    Raises:
        Refusal: The body is of another type, too large, too slow, malformed, or has no file.
    """
    reader = _reader(request, limits)
    claimed = request.headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed) > limits.body_bytes:
        raise _too_large(limits)
    length = 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for piece in request.stream():
                length += len(piece)
                if length > limits.body_bytes:
                    raise _too_large(limits)
                take(len(piece))
                reader.write(piece)
    except TimeoutError as error:
        raise Refusal("body_too_slow", f"the body did not arrive within {limits.body_seconds:g} s") from error
    except ClientDisconnect as error:
        raise Refusal("malformed_body", "the client went away before the body's end") from error
    return reader.files()


def described_body(*, many: bool) -> dict[str, Any]:
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


class _BodyReader(Protocol):
    def write(self, data: bytes) -> None: ...

    def files(self) -> list[File]: ...


class _Whole:
    """Takes a body that is one picture."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> None:
        self._data += data

    def files(self) -> list[File]:
        if not self._data:
            raise Refusal("no_file", "the body is empty", remedy="Send a picture.")
        return [File(None, bytes(self._data))]


def _reader(request: Request, limits: ServiceLimits) -> _BodyReader:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(
            "unsupported_media_type",
            "the body is compressed",
            remedy="Send it as it is: pictures are compressed.",
        )
    if kind == FORM.encode():
        return FormReader(options.get(b"boundary", b""), limits.files)
    if kind.decode("latin-1") in PICTURES:
        return _Whole()
    raise Refusal(
        "unsupported_media_type",
        "the body is neither a form nor a picture",
        remedy=f"Send {FORM} with the field `files`, or one picture as {', '.join(PICTURES)}.",
    )


def _too_large(limits: ServiceLimits) -> Refusal:
    return Refusal("body_too_large", f"the body is larger than {limits.body_bytes:,} bytes")
