"""Text files in common encodings -> UTF-8, with a note if the encoding is a guess."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cxrtune.errors import DataError

Tell = Callable[[str], None]
"""Called with one sentence on what was not read as written in a file."""


def untold(_: str) -> None:
    """Ignore a message."""


_HEAD = 4096  # bytes that decide between UTF-16 without a byte order mark and binary data
_CONTROLS = bytes({*range(32)} - set(b"\t\n\v\f\r\x1a\x1b"))
_EXCEL = "is an Excel workbook and no text; save it as CSV"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_PACKED = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\0": lzma.decompress}
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark is the beginning of this one
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(frozen=True)
class Utf8:
    """The text of a file.

    Attributes:
        data: The text in UTF-8, without a byte order mark.
        packed: The bytes of the file after decompression, unchanged.
        encoding: Their encoding, such as `UTF-16`.
        guess: Description of what was guessed; empty if nothing was.
    """

    data: bytes
    packed: bytes
    encoding: str = "UTF-8"
    guess: str = ""

    @property
    def text(self) -> str:
        """The text."""
        return self.data.decode("utf-8")


def read_utf8(path: Path, remedy: str) -> Utf8:
    """Read a text file, possibly compressed with gzip, bzip2, xz or zip.

    UTF-8 and UTF-16, with or without a byte order mark, and UTF-32 with one, are detected. Lines in other
    encodings are read as Windows-1252, which includes Latin-1; this is a guess.

    Args:
        path: The file.
        remedy: What the user can do if the file is not text.

    Raises:
        DataError: The file cannot be read, or is not text.
    """
    try:
        return decode(_unpacked(path.read_bytes()))
    except OSError as error:
        why = (error.strerror or str(error) or "unknown cause").lower()
        raise DataError(f"cannot be read: {why}", path=path, remedy=remedy) from error
    except (EOFError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise DataError(f"cannot be unpacked: {error}", path=path, remedy=remedy) from error
    except ValueError as error:
        raise DataError(str(error), path=path, remedy=remedy) from error


def read_lines(path: Path, remedy: str, tell: Tell) -> list[str]:
    """Return the lines of a text file, without leading and trailing blanks and without empty lines.

    Raises:
        DataError: The file cannot be read, or is not text.
    """
    content = read_utf8(path, remedy)
    if content.guess:
        tell(f"{path.name} {content.guess}")
    # Not splitlines, which also splits at rare characters that may occur in names.
    lines = content.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line for raw in lines if (line := raw.strip())]


def decode(data: bytes) -> Utf8:
    """Convert the bytes of a text to UTF-8.

    Raises:
        ValueError: The bytes are not text; the message says why.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            text = _strictly(data[len(mark) :], encoding)
            return Utf8(text.encode(), data, f"{encoding[:6].rstrip('-').upper()} with a byte order mark")
    if b"\0" in data[:_HEAD]:
        return Utf8(_strictly(data, _utf_16(data[:_HEAD])).encode(), data, "UTF-16")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _as_windows_1252(data)
    return Utf8(data, data)


def _unpacked(data: bytes) -> bytes:
    for magic, unpack in _PACKED.items():
        if data.startswith(magic):
            return unpack(data)
    if data.startswith(b"PK\3\4"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if not name.startswith(("__MACOSX/", "."))]
            if any(name.startswith("xl/") for name in names):
                raise ValueError(_EXCEL)
            if len(names) != 1:
                raise ValueError(f"is an archive of {len(names):,} files, expected one")
            return archive.read(names[0])
    if data.startswith(_OLD_EXCEL):
        raise ValueError(_EXCEL)
    return data


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"is no text: it begins like {encoding.upper()} and is not") from error


def _utf_16(head: bytes) -> str:
    """Return the UTF-16 variant of bytes with zeros: for Latin letters, every other byte is zero."""
    even, odd, pairs = head[::2].count(0), head[1::2].count(0), max(1, len(head) // 2)
    if even == 0 and 3 * odd >= pairs:
        return "utf-16-le"
    if odd == 0 and 3 * even >= pairs:
        return "utf-16-be"
    raise ValueError("is no text: it holds zero bytes")


def _as_windows_1252(data: bytes) -> Utf8:
    # Line by line: tables may be joined from files of several programs.
    lines, first, count = [], 0, 0
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            first, count = first or number, count + 1
            lines.append(_line(line, number))
        else:
            lines.append(line)
    text = b"".join(lines)
    if 200 * (len(text) - len(text.translate(None, _CONTROLS))) > len(text):
        raise ValueError("is no text: it holds control characters")
    one = f"line {first:,}" if count == 1 else f"{count:,} lines, line {first:,} for one,"
    return Utf8(text, data, "Windows-1252", f"is not UTF-8 text: {one} read as Windows-1252")


def _line(line: bytes, number: int) -> bytes:
    try:
        return line.decode("cp1252").encode()
    except UnicodeDecodeError as error:
        raise ValueError(f"is no text in UTF-8 or Windows-1252 (line {number:,})") from error
