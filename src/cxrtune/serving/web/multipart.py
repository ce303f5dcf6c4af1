"""A form as it arrives -> its files, in memory (RFC 7578).

Starlette's own reader writes files beyond a megabyte to disk; nothing of a patient belongs there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from cxrtune.serving.web.refusals import Refusal

FIELD = "files"
_LONGEST_BOUNDARY = 70  # RFC 2046, 5.1.1
_LONGEST_NAME = 200
_MALFORMED = "the form is malformed"


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
            raise Refusal("no_file", "the form is empty", remedy=f"Send pictures in the field `{FIELD}`.")
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
                "no_file", f"the form has another field than `{FIELD}`", remedy="Send nothing but pictures."
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
