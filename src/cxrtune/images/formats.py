"""What a file is, told from its first bytes; the content decides, a name is only a hint."""

from __future__ import annotations

from typing import Literal

from cxrtune.images.dicom.recognise import is_dicom

Kind = Literal["PNG", "JPEG", "TIFF", "DICOM"]

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom", ".dic", ".ima"})
"""Of files that are read."""

OTHER_SUFFIXES = frozenset(
    {
        ".webp",
        ".bmp",
        ".gif",
        ".jp2",
        ".j2k",
        ".j2c",
        ".jpx",
        ".jpf",
        ".jxl",
        ".jls",
        ".heic",
        ".heif",
        ".avif",
    }
)
"""Of images that are not read: in a folder they are told, not passed over."""

HEAD = 132
"""Bytes that tell what a file is: DICOM says so behind a preamble of 128 (PS3.10, 7.1)."""

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


def kind_of(head: bytes) -> Kind | None:
    """Return which of the kinds that are read a file is, or None.

    Args:
        head: The file's first `HEAD` bytes, or all of it.
    """
    # A preamble may be anything, such as the header of a TIFF file (PS3.10, 7.1).
    if head[HEAD - 4 : HEAD] == b"DICM":
        return "DICOM"
    for signature, kind in _READ.items():
        if head.startswith(signature):
            return kind
    return "DICOM" if is_dicom(head[:HEAD]) else None


def other_kind_of(head: bytes) -> str | None:
    """Return what a file is that is not read, with its article, such as `a BMP file`; None if unknown.

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
    """Return why a file is not read that is none of the kinds that are.

    Args:
        head: The file's first `HEAD` bytes, or all of it.
    """
    if not head:
        return "the file is empty (0 bytes)"
    other = other_kind_of(head)
    if other is not None:
        return f"is {other}; PNG, JPEG, TIFF and DICOM are read"
    return "is not a PNG, JPEG, TIFF or DICOM file, or its first bytes are damaged"
