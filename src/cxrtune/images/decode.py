"""Any file -> radiograph."""

from __future__ import annotations

import os
from pathlib import Path

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom import Allowance, decode_dicom
from cxrtune.images.formats import DICOM_SUFFIXES, HEAD, RASTER_SUFFIXES, Kind, kind_of, not_read
from cxrtune.images.radiograph import MAX_PIXELS, Radiograph
from cxrtune.images.raster import decode_raster

MAX_BYTES = 1 << 30
"""Longer than the file of any radiograph; a longer one is refused before it fills the memory."""

_OWN_NAME: dict[Kind, str] = {"PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "DICOM": ".dcm"}


def read_radiograph(path: Path, allow: frozenset[Allowance] = frozenset()) -> Radiograph:
    """Read and decode one file.

    A name that says raster with DICOM inside, or the other way round, is refused: one of the two is a
    mistake. A name that says neither says nothing.

    Args:
        path: The file.
        allow: What is let in of DICOM that is refused otherwise.

    Raises:
        UnreadableImageError: The file cannot be read, is not what its name says, or gives no radiograph.
    """
    try:
        with path.open("rb") as file:
            # Asking before reading: a read of so many bytes at most would take that much memory at once.
            fits = os.fstat(file.fileno()).st_size <= MAX_BYTES
            data = file.read() if fits else b""
    except OSError as error:
        raise UnreadableImageError(
            f"cannot be read: {(error.strerror or 'unknown cause').lower()}", path=path
        ) from error
    try:
        if not fits:
            raise UnreadableImageError(f"is longer than {MAX_BYTES:,} bytes")
        _check_name(path.suffix.lower(), kind_of(data[:HEAD]))
        return decode_radiograph(data, allow)
    except UnreadableImageError as error:
        raise UnreadableImageError(error.reason, path=path) from error


def decode_radiograph(
    data: bytes, allow: frozenset[Allowance] = frozenset(), max_pixels: int = MAX_PIXELS
) -> Radiograph:
    """Decode a PNG, JPEG, TIFF or DICOM file by what is in it.

    Args:
        data: The file's bytes.
        allow: What is let in of DICOM that is refused otherwise.
        max_pixels: A header that claims more is refused before anything is decoded.

    Raises:
        UnreadableImageError: The bytes are of another kind or give no radiograph.
    """
    kind = kind_of(data[:HEAD])
    if kind is None:
        raise UnreadableImageError(not_read(data[:HEAD]))
    if kind == "DICOM":
        return decode_dicom(data, allow, max_pixels)
    return decode_raster(data, kind, max_pixels)


def _check_name(suffix: str, kind: Kind | None) -> None:
    names = RASTER_SUFFIXES if kind == "DICOM" else DICOM_SUFFIXES
    if kind is not None and suffix in names:
        raise UnreadableImageError(
            f"is a {kind} file, but its name ends in {suffix}: rename it to end in {_OWN_NAME[kind]}"
        )
