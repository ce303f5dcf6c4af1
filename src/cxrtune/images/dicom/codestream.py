"""What a compressed picture says of itself, read before any decoder is let near it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cxrtune.errors import UnreadableImageError

# Start of frame: baseline, extended and progressive DCT, lossless (ITU-T T.81, table B.1); JPEG-LS (T.87).
DCT, LOSSLESS, JPEG_LS = frozenset({0xC0, 0xC1, 0xC2}), frozenset({0xC3}), frozenset({0xF7})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | JPEG_LS
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_END_OR_SCAN = frozenset({0xD9, 0xDA})


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
        UnreadableImageError: There is no frame header before the first scan.
    """
    if data[:2] != b"\xff\xd8":
        raise UnreadableImageError("is damaged: its compressed pixels are not JPEG")
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte (B.1.1.2)
            position += 1
            continue
        if marker in _WITHOUT_LENGTH:
            position += 2
            continue
        if marker in _END_OR_SCAN:
            break
        if marker in _FRAMES and position + 10 <= len(data):
            precision, rows, columns, samples = struct.unpack_from(">BHHB", data, position + 4)
            return CodeStream(data, rows, columns, samples, precision, marker)
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    raise UnreadableImageError("is damaged: its JPEG pixels have no frame header")
