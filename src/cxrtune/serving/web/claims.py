"""How many pixels a file's header claims, read before anything is unpacked."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image

from cxrtune.images.dicom import is_dicom

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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", Image.DecompressionBombWarning
            )  # the claim is what is wanted here
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as header:
                return Claim(*header.size)
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return None


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
