"""Detection of file formats from the first bytes; the content decides, the name is only a hint.

Nothing is decoded here: the structure of PNG, JPEG and TIFF is checked by their own modules.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from cxrtune.errors import UnreadableImageError
from cxrtune.images.jpeg import read_frame_header
from cxrtune.images.tiff import read_tiff

Kind = Literal["PNG", "JPEG", "TIFF", "DICOM"]

RASTER_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff"})
DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".dic", ".ima"})
SUFFIXES = RASTER_SUFFIXES | DICOM_SUFFIXES
"""Suffixes of supported files."""

OTHER_SUFFIXES = frozenset(
    {
        *(".webp", ".bmp", ".gif", ".heic", ".heif", ".avif"),
        *(".jp2", ".j2k", ".j2c", ".jpx", ".jpf", ".jxl", ".jls"),
    }
)
"""Suffixes of unsupported images: in a folder, they are reported, not skipped."""

HEAD = 132
"""Bytes that determine the kind of a file: the prefix of DICOM follows a preamble of 128 (PS3.10, 7.1)."""

_READ: dict[bytes, Kind] = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_OTHERS: dict[bytes, str] = {
    b"BM": "a BMP file",
    b"GIF87a": "a GIF file",
    b"GIF89a": "a GIF file",
    b"\0\0\0\x0cjP  \r\n\x87\n": "a JPEG 2000 file",
    b"\xff\x4f\xff\x51": "a JPEG 2000 code stream",
    b"\xff\x0a": "a JPEG XL file",
    b"\0\0\0\x0cJXL \r\n\x87\n": "a JPEG XL file",
    b"II+\0": "a BigTIFF file",
    b"MM\0+": "a BigTIFF file",
    b"\x8aMNG\r\n\x1a\n": "an MNG animation",
    b"%PDF-": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"NRRD000": "an NRRD file",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\0\x05\x16\x07": "a macOS resource file (AppleDouble)",
    b"version https://git-lfs": "a Git LFS pointer: its content was not downloaded",
}
_BRANDS = {b"heic": "a HEIC file", b"heix": "a HEIC file", b"mif1": "a HEIF file", b"avif": "an AVIF file"}
_MARKUP = (b"<!doctype", b"<html", b"<?xml")

_BIT_DEPTH = 24  # ISO/IEC 15948, 11.2.2: after signature, chunk length and type, width and height
_BEFORE_FRAME = 1 << 18  # bytes of a JPEG file that are searched for its frame header

# All value representations (PS3.5 6.2), and those with two reserved bytes and a length of four (7.1.2).
_VRS = frozenset(
    b"""
    AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV
    """.split()
)
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
# Value representations of the first elements of a data set (PS3.6, groups 0002 and 0008).
_FIRST_VRS = frozenset(b"UL OB UI SH AE CS DA TM DT LO ST SQ".split())
_FIRST_GROUPS = (0x0002, 0x0008)
_LATE = 0x0100
"""Elements from this one on are not the first of a data set that begins with one of those groups."""

_LATER_GROUPS = (0x0008, 0x0010, 0x0012, 0x0018, 0x0020, 0x0028)
"""A data set begins with one of these if all elements before it have been removed."""

_SHORT = 1 << 16
"""Elements at the beginning are shorter than this."""


def kind_of(head: bytes) -> Kind | None:
    """Return which supported kind a file is, or None.

    Args:
        head: The file's first `HEAD` bytes, or all of it.
    """
    # A preamble may contain anything, such as the header of a TIFF file (PS3.10, 7.1).
    if head[HEAD - 4 : HEAD] == b"DICM":
        return "DICOM"
    for signature, kind in _READ.items():
        if head.startswith(signature):
            return kind
    return "DICOM" if is_dicom(head[:HEAD]) else None


def other_kind_of(head: bytes) -> str | None:
    """Return the name of an unsupported kind with its article, such as `a BMP file`; None if unknown.

    Args:
        head: The file's first `HEAD` bytes, or all of it.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP file"
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return _BRANDS[head[8:12]]
    if head[:HEAD].lstrip().lower().startswith(_MARKUP):
        return "a web page or XML document"
    return next((what for signature, what in _OTHERS.items() if head.startswith(signature)), None)


def not_read(head: bytes) -> str:
    """Return why a file of an unsupported kind is not read.

    Args:
        head: The file's first `HEAD` bytes, or all of it.
    """
    if not head:
        return "the file is empty (0 bytes)"
    other = other_kind_of(head)
    if other is not None:
        return f"is {other}; PNG, JPEG, TIFF and DICOM are read"
    return "is not a PNG, JPEG, TIFF or DICOM file, or its first bytes are damaged"


def is_dicom(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is DICOM.

    It is if `DICM` follows the preamble (PS3.10 7.1). Without a preamble, with or without `DICM`, it is
    treated as a data set if its first element is an early one of group 0002 or 0008, in any byte order, or if
    its first two elements may follow each other in a data set that begins with a later element.

    Args:
        head: The file's first 132 bytes, or all of it.
    """
    return head[128:132] == b"DICM" or _begins_like_a_data_set(head.removeprefix(b"DICM"))


def _begins_like_a_data_set(head: bytes) -> bool:
    """Return whether these bytes can be the beginning of a data set or of its file meta information."""
    if len(head) < 8:
        return False
    explicit = head[4:6] in _FIRST_VRS
    for order in ("little", "big"):
        group, element = int.from_bytes(head[:2], order), int.from_bytes(head[2:4], order)
        if group in _FIRST_GROUPS and element < _LATE:
            # Implicit VR is little endian only; the first element is short (PS3.5 7.1.3).
            return explicit or (order == "little" and int.from_bytes(head[4:8], "little") <= 128)
    return any(_begins_later(head, order) for order in "<>")


def _begins_later(head: bytes, order: str) -> bool:
    elements = _elements(head, order)
    first, second = next(elements, None), next(elements, None)
    if first is None or second is None:
        return False
    return first >> 16 in _LATER_GROUPS and first < second and second >> 16 in (*_LATER_GROUPS, 0x7FE0)


def _elements(head: bytes, order: str) -> Iterator[int]:
    """Yield the tags at the beginning, as long as they are complete and plausible."""
    explicit, position = head[4:6] in _VRS, 0
    while position + 8 <= len(head):
        group, element, vr, length = struct.unpack_from(f"{order}HH2sH", head, position)
        if not explicit:
            (length,) = struct.unpack_from(f"{order}L", head, position + 4)
        elif vr not in _VRS:
            return
        elif vr in _LONG_VRS:
            position += 4
            (length,) = struct.unpack_from(f"{order}L", head.ljust(position + 8, b"\xff"), position + 4)
        yield group << 16 | element
        if length >= _SHORT or length % 2:
            return
        position += 8 + length


def is_deep(path: Path) -> bool:
    """Return whether a file may hold grey values of more than 8 bits; DICOM always may.

    False if the path cannot be read or is not a file (reading a pipe would block); decoding reports why.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
            match kind_of(head):
                case "DICOM":
                    return True
                case "PNG":
                    return head[_BIT_DEPTH : _BIT_DEPTH + 1] == b"\x10"
                case "JPEG":
                    return read_frame_header(head + stream.read(_BEFORE_FRAME)).precision > 8
                case "TIFF":  # its directory may be anywhere in the file
                    return read_tiff(head + stream.read()).bits > 8
                case _:
                    return False
    except (OSError, UnreadableImageError):
        return False
