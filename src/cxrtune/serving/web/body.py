"""Body of a request -> files, within the limits and never on disk.

A form (RFC 7578) is parsed as it arrives: Starlette's own parser writes files larger than one megabyte to
disk, where patient data must not be stored.
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
    """Counts the bytes of all bodies in memory, and refuses requests beyond the limit."""

    def __init__(self, whole: int) -> None:
        self._whole = whole
        self.taken = 0

    @contextmanager
    def lease(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that reserves bytes for one request, or refuses; they are released on exit."""
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

    The content of a file decides its kind; the content type of a raw body only says that it is one image.

    Args:
        request: The request, with its body not yet read.
        limits: Limits on bytes, files and time.
        take: Reserves bytes; from `Budget.lease`.

    Raises:
        Refusal: The body has an unsupported type, is too large, too slow or malformed, or contains no file.
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
    """Return the OpenAPI description of the body: a form with files, or one image."""
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
    """Collects a body that is one image."""

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
        name: Name given by the client, without folders; None if there is none. It is returned to the client
            and used nowhere else.
        data: Content of the file.
    """

    name: str | None
    data: bytes


class FormReader:
    """Incremental parser of a form."""

    def __init__(self, boundary: bytes, most_files: int) -> None:
        """Create the parser.

        Args:
            boundary: Boundary from the content type.
            most_files: Maximum number of files; the first file beyond it is refused as soon as it begins.

        Raises:
            Refusal: The boundary is not valid.
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
        """Parse the next piece.

        Raises:
            Refusal: The form is malformed, has too many files, or contains fields that are not files.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise Refusal("malformed_body", _MALFORMED) from error

    def files(self) -> list[File]:
        """Return the files, once the last piece has been written.

        Raises:
            Refusal: The form is incomplete, or contains no file.
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
    """Return a file name without folders and non-printable characters; None if nothing is left."""
    text = (given or b"").decode("utf-8", errors="replace").replace("\\", "/")
    name = "".join(letter for letter in PurePosixPath(text).name if letter.isprintable())
    return name[:_LONGEST_NAME] if name not in ("", ".", "..") else None
