"""A request's body -> files, within the limits and never on disk.

A form (RFC 7578) is read as it arrives: Starlette's own reader writes files beyond a megabyte to disk, and
nothing of a patient belongs there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from cxrtune.serving.web.refusals import Refusal
from cxrtune.serving.web.settings import ServiceLimits

FORM = "multipart/form-data"
IMAGES = ("image/png", "image/jpeg", "image/tiff", "application/dicom")
FIELD = "files"
_LONGEST_BOUNDARY = 70  # RFC 2046, 5.1.1
_LONGEST_NAME = 200
_MALFORMED = "the form is malformed"


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
    """Read a body: a form with files, or one image.

    What is in the files decides what they are; a raw body's content type only says that it is one image.

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
    """Return what OpenAPI says of the body: a form with files, or one image."""
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
            "description": f"`{FORM}` with the field `{FIELD}`, or the bytes of one image.",
            "content": {FORM: {"schema": form}} | {kind: {"schema": file} for kind in IMAGES},
        }
    }


class _BodyReader(Protocol):
    def write(self, data: bytes) -> None: ...

    def files(self) -> list[File]: ...


class _Whole:
    """Takes a body that is one image."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> None:
        self._data += data

    def files(self) -> list[File]:
        if not self._data:
            raise Refusal("no_file", "the body is empty", remedy="Send an image.")
        return [File(None, bytes(self._data))]


def _reader(request: Request, limits: ServiceLimits) -> _BodyReader:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(
            "unsupported_media_type",
            "the body is compressed",
            remedy="Send it as it is: images are compressed.",
        )
    if kind == FORM.encode():
        return FormReader(options.get(b"boundary", b""), limits.files)
    if kind.decode("latin-1") in IMAGES:
        return _Whole()
    raise Refusal(
        "unsupported_media_type",
        "the body is neither a form nor an image",
        remedy=f"Send {FORM} with the field `files`, or one image as {', '.join(IMAGES)}.",
    )


def _too_large(limits: ServiceLimits) -> Refusal:
    return Refusal("body_too_large", f"the body is larger than {limits.body_bytes:,} bytes")


@dataclass(frozen=True)
class File:
    """One file of a request.

    Attributes:
        name: As the client named it, without folders; None where it did not. It is repeated to the client
            and goes nowhere else.
        data: The bytes.
    """

    name: str | None
    data: bytes


class FormReader:
    """Takes a form piece by piece."""

    def __init__(self, boundary: bytes, most_files: int) -> None:
        """Begin.

        Args:
            boundary: Of the content type.
            most_files: More are refused as soon as they begin.

        Raises:
            Refusal: The boundary cannot be one.
        """
        if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
            raise Refusal(
                "malformed_body", f"the form's boundary has {len(boundary)} bytes, expected 1 to 70"
            )
        self._most = most_files
        self._files: list[File] = []
        self._ended = False
        self._field, self._value, self._headers = b"", b"", {}  # type: tuple[bytes, bytes, dict[bytes, bytes]]
        self._name: str | None = None
        self._data = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._part_data,
                "on_part_end": self._part_ends,
                "on_end": self._end,
            },
        )

    def write(self, data: bytes) -> None:
        """Take the next piece.

        Raises:
            Refusal: The form is malformed, has too many files, or has something else than files.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise Refusal("malformed_body", _MALFORMED) from error

    def files(self) -> list[File]:
        """Return the files, after the last piece.

        Raises:
            Refusal: The form has no end, or no file.
        """
        if not self._ended:
            raise Refusal("malformed_body", "the form is cut off: its last boundary is missing")
        if not self._files:
            raise Refusal("no_file", "the form is empty", remedy=f"Send images in the field `{FIELD}`.")
        return self._files

    def _part_begins(self) -> None:
        if len(self._files) >= self._most:
            raise Refusal("too_many_files", f"there are more than {self._most} files in the request")
        self._headers = {}
        self._data = bytearray()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if options.get(b"name") != FIELD.encode():
            raise Refusal(
                "no_file", f"the form has another field than `{FIELD}`", remedy="Send nothing but images."
            )
        if self._headers.get(b"content-transfer-encoding", b"binary").lower() not in (
            b"binary",
            b"8bit",
            b"7bit",
        ):
            raise Refusal("malformed_body", "a file of the form is encoded, expected plain bytes")
        self._name = plain_name(options.get(b"filename"))

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += memoryview(data)[start:end]

    def _part_ends(self) -> None:
        self._files.append(File(self._name, bytes(self._data)))
        self._data = bytearray()

    def _end(self) -> None:
        self._ended = True


def plain_name(given: bytes | None) -> str | None:
    """Return a file's name without folders and without what cannot be printed; None if nothing is left."""
    text = (given or b"").decode("utf-8", errors="replace").replace("\\", "/")
    name = "".join(letter for letter in PurePosixPath(text).name if letter.isprintable())
    return name[:_LONGEST_NAME] if name not in ("", ".", "..") else None
