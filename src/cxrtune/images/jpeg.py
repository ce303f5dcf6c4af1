"""The structure of a JPEG stream, checked before a decoder is called (ITU-T T.81, annex B).

The time to decode a progressive stream grows with its number of scans, not with its length: a file of some
hundred kilobytes can occupy a decoder for a minute. Scans are therefore counted.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cxrtune.errors import UnreadableImageError

MOST_SCANS = 100
"""Maximum number of scans of one image.

Encoders write 1 to 12; libjpeg's own fuzzers stop at 500 for far smaller images.
"""

# Start of frame (T.81, table B.1): baseline, extended and progressive DCT; lossless; JPEG-LS (T.87, C.2.2).
BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS, JPEG_LS = 0xC0, 0xC1, 0xC2, 0xC3, 0xF7
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {JPEG_LS}
_END, SCAN, _FILL = 0xD9, 0xDA, 0xFF
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_AFTER_SAMPLES = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The end of a scan's samples: a marker that is neither a restart nor a stuffed byte (F.1.2.3, B.1.1.5)."""
_AFTER_JPEG_LS = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
"""The same for JPEG-LS, where a byte below 0x80 after 0xFF belongs to the samples (T.87, A.1)."""


@dataclass(frozen=True)
class Jpeg:
    """Properties of a JPEG image, as stated by its stream.

    Attributes:
        rows: Height in pixels.
        columns: Width in pixels.
        samples: Number of components.
        precision: Bits per sample.
        process: Start-of-frame marker, such as `BASELINE`.
        scans: Number of scans.
        ended: Whether the end of the image was found.
    """

    rows: int
    columns: int
    samples: int
    precision: int
    process: int
    scans: int
    ended: bool


def read_jpeg(data: bytes) -> Jpeg:
    """Check a JPEG stream's segments against its length, and count its scans.

    A stream without an end marker is accepted: the decoder finds out how much of the image there is.

    Args:
        data: The stream.

    Raises:
        UnreadableImageError: A segment is incomplete, there is no frame, or there are too many scans.
    """
    frame: Jpeg | None = None
    scans, ended = 0, False
    for marker, position, length in segments(data):
        if marker in _FRAMES:
            if frame is not None:
                raise UnreadableImageError("is damaged: the JPEG has two frames")
            frame = _frame(data, marker, position, length)
        elif marker == SCAN:
            scans += 1
            if frame is None:
                break
            if scans > MOST_SCANS:
                raise UnreadableImageError(f"has more than {MOST_SCANS} JPEG scans")
        ended = marker == _END
    if frame is None:
        raise UnreadableImageError("is damaged: the JPEG has no frame header")
    return replace(frame, scans=scans, ended=ended)


def read_frame_header(data: bytes) -> Jpeg:
    """Read the frame header of a JPEG stream and nothing after it (B.2.2).

    Args:
        data: The stream, or its beginning.

    Raises:
        UnreadableImageError: There is no frame header.
    """
    for marker, position, length in segments(data):
        if marker in _FRAMES:
            return _frame(data, marker, position, length)
    raise UnreadableImageError("is damaged: the JPEG has no frame header")


def _frame(data: bytes, marker: int, position: int, length: int) -> Jpeg:
    if length < 8:
        raise UnreadableImageError("is damaged: the JPEG's frame header is cut off")
    precision, rows, columns, samples = struct.unpack_from(">BHHB", data, position + 4)
    return Jpeg(rows, columns, samples, precision, marker, scans=0, ended=False)


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, position and length of each segment, to the end of the image or of the stream.

    Raises:
        UnreadableImageError: The stream does not begin like a JPEG stream, or a segment is incomplete.
    """
    if data[:2] != b"\xff\xd8":
        raise UnreadableImageError("is damaged: it does not begin as JPEG does")
    position, after_samples = 2, _AFTER_SAMPLES
    while position + 2 <= len(data):
        if data[position] != _FILL:
            raise UnreadableImageError("is damaged: a JPEG marker is missing")
        marker = data[position + 1]
        if marker == _FILL:  # fill byte (B.1.1.2)
            position += 1
            continue
        if marker == _END:
            yield marker, position, 0
            return
        if marker in _WITHOUT_LENGTH:
            position += 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if length < 2 or position + 2 + length > len(data):
            raise UnreadableImageError("is truncated: a JPEG segment is longer than what is left")
        yield marker, position, length
        position += 2 + length
        if marker == JPEG_LS:
            after_samples = _AFTER_JPEG_LS
        if marker == SCAN:
            found = after_samples.search(data, position)
            if found is None:
                return
            position = found.start()
