"""How many pixels a file's header claims, read before anything is unpacked."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom import is_dicom
from cxrtune.images.dicom.codestream import jpeg_stream

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_SIZE_ENDS = 24
_DEFLATED = b"1.2.840.10008.1.2.1.99"  # PS3.5 A.5
_META = 4096  # bytes in which the transfer syntax stands (PS3.10 7.1)


@dataclass(frozen=True)
class Claim:
    """A picture's size by its header."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


def claimed_size(data: bytes) -> Claim | None:
    """Return what a PNG, JPEG or DICOM header claims.

    None where the header cannot be read: the decoder says why. Of a deflated DICOM file as well, as reading
    its header means inflating it, for which the decoder has a limit of its own.
    """
    return _of_dicom(data) if is_dicom(data[:132]) else _of_raster(data)


def _of_raster(data: bytes) -> Claim | None:
    # ISO/IEC 15948, 5.2 and 11.2.2: the signature, then IHDR, which begins with the size.
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) >= _PNG_SIZE_ENDS:
        return Claim(*struct.unpack_from(">II", data, 16))
    try:
        frame = jpeg_stream(data)
    except UnreadableImageError:
        return None
    return Claim(frame.columns, frame.rows)


def _of_dicom(data: bytes) -> Claim | None:
    from pydicom import dcmread

    if _DEFLATED in data[:_META]:
        return None
    try:
        header = dcmread(
            io.BytesIO(data), force=True, stop_before_pixels=True, specific_tags=["Rows", "Columns"]
        )
        return Claim(int(header.Columns), int(header.Rows))
    except Exception:  # pydicom raises whatever a damaged value leads to; the decoder names it
        return None
