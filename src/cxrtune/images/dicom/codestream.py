"""What a compressed picture says of itself, read before any decoder is let near it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cxrtune.errors import UnreadableImageError
from cxrtune.images import jpeg

DCT, LOSSLESS, JPEG_LS = (
    frozenset({jpeg.BASELINE, jpeg.EXTENDED, jpeg.PROGRESSIVE}),
    frozenset({jpeg.LOSSLESS}),
    frozenset({jpeg.JPEG_LS}),
)
"""Processes of each kind of JPEG stream, by their start-of-frame markers."""

_JP2_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
_J2K_START = b"\xff\x4f\xff\x51"  # SOC, and SIZ at once after it (ITU-T T.800, A.4.1 and A.5.1)


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
    """

    data: bytes
    rows: int
    columns: int
    samples: int
    precision: int
    process: int


def jpeg_stream(data: bytes) -> CodeStream:
    """Read the frame header of a JPEG or JPEG-LS code stream (ITU-T T.81, B.2.2; T.87, C.2.2).

    Raises:
        UnreadableImageError: The stream's segments are not whole, or it has too many scans.
    """
    found = jpeg.read_jpeg(data)
    return CodeStream(data, found.rows, found.columns, found.samples, found.precision, found.process)


def jpeg2000_stream(data: bytes) -> CodeStream:
    """Read the SIZ marker of a JPEG 2000 code stream (ITU-T T.800, A.5.1).

    PS3.5 A.4.4 allows the bare code stream only. Where a whole JP2 file was put in its place, its code
    stream is taken and its boxes are not: a palette or a colour space there would contradict the data set.

    Raises:
        UnreadableImageError: The stream does not begin as it must, or its components differ.
    """
    if data.startswith(_JP2_SIGNATURE):
        data = data[max(0, data.find(_J2K_START)) :]
    if not data.startswith(_J2K_START) or len(data) < 45:
        raise UnreadableImageError("is damaged: its compressed pixels are not JPEG 2000")
    right, bottom, left, top = struct.unpack_from(">4I", data, 8)
    samples = int.from_bytes(data[40:42], "big")
    components = data[42 : 42 + 3 * samples]
    if len(components) < 3 * samples or samples == 0:
        raise UnreadableImageError("is damaged: its JPEG 2000 header is cut off")
    if components != components[:3] * samples:
        raise UnreadableImageError("has JPEG 2000 components of different kinds")
    if components[1:3] != b"\1\1":
        raise UnreadableImageError("has JPEG 2000 components with fewer pixels than the picture")
    # Ssiz: the highest bit says signed, the others one less than the precision.
    return CodeStream(data, bottom - top, right - left, samples, (components[0] & 0x7F) + 1, 0)
