"""RLE Lossless (PS3.5 annex G), never unpacking more than the picture holds.

pydicom's own decoder unpacks a segment whole before it looks at its length; a hostile one grows by 64.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cxrtune.errors import UnreadableImageError

_HEADER = struct.Struct("<16L")


def decode_rle(frame: bytes, planes: int, pixels: int) -> NDArray[np.uint8]:
    """Unpack one frame.

    Args:
        frame: The frame: a header and one segment a byte plane, the highest byte of a sample first (G.2).
        planes: How many segments there must be: samples a pixel times bytes a sample.
        pixels: How many bytes each must give.

    Returns:
        uint8 (planes, pixels), each in [0, 255].

    Raises:
        UnreadableImageError: The number of segments is another, or one of them is too short.
    """
    if len(frame) < _HEADER.size:
        raise UnreadableImageError("is damaged: its RLE header is cut off")
    count, *offsets = _HEADER.unpack_from(frame)
    if count != planes:
        raise UnreadableImageError(f"is damaged: it has {count:,} RLE segments, not {planes}")
    edges = [*offsets[:planes], len(frame)]
    if edges[0] < _HEADER.size or any(a > b for a, b in pairwise(edges)):
        raise UnreadableImageError("is damaged: its RLE segments overlap")
    segments = (frame[a:b] for a, b in pairwise(edges))
    planes_of_bytes = [np.frombuffer(_unpacked(segment, pixels), np.uint8) for segment in segments]
    return cast(NDArray[np.uint8], np.stack(planes_of_bytes))


def _unpacked(segment: bytes, length: int) -> bytes:
    # G.3.2: below 128 that many bytes and one follow as they are; above, one is repeated 257 - n times.
    found, position = bytearray(), 0
    while len(found) < length and position + 1 < len(segment):
        head = segment[position]
        if head < 128:
            found += segment[position + 1 : position + 2 + head]
            position += 2 + head
        elif head > 128:
            found += segment[position + 1 : position + 2] * (257 - head)
            position += 2
        else:
            position += 1
    if len(found) < length:
        raise UnreadableImageError("is damaged: an RLE segment holds fewer pixels than claimed")
    return bytes(found[:length])
