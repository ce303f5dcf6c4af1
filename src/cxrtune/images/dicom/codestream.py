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
