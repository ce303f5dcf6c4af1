"""What a compressed picture says of itself, read before any decoder is let near it."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.images import jpeg

DCT, LOSSLESS, JPEG_LS = (
    frozenset({jpeg.BASELINE, jpeg.EXTENDED, jpeg.PROGRESSIVE}),
    frozenset({jpeg.LOSSLESS}),
    frozenset({jpeg.JPEG_LS}),
)
"""Processes of each kind of JPEG stream, by their start-of-frame markers."""


@dataclass(frozen=True)
class CodeStream:
    """One frame's code stream and the size that its own header states.

    Attributes:
        data: The code stream, without the wrapping of a JP2 file.
        rows: Height in pixels.
        columns: Width in pixels.
        samples: Number of components.
        precision: Bits a sample.
        process: JPEG's start-of-frame marker, or 0 for JPEG 2000.
        reversible: The transform of JPEG 2000 loses nothing.
    """

    data: bytes
    rows: int
    columns: int
    samples: int
    precision: int
    process: int
    reversible: bool = False


def jpeg_stream(data: bytes) -> CodeStream:
    """Read the frame header of a JPEG or JPEG-LS code stream (ITU-T T.81, B.2.2; T.87, C.2.2).

    Raises:
        UnreadableImageError: The stream's segments are not whole, or it has too many scans.
    """
    found = jpeg.read_jpeg(data)
    return CodeStream(data, found.rows, found.columns, found.samples, found.precision, found.process)
