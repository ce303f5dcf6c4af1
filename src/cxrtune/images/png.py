"""The structure of a PNG file, checked before a decoder is called (ISO/IEC 15948).

The decoder receives only the chunks that the pixels need. Hostile files have used the other chunks (text,
profiles, animation) to crash processes or exhaust their memory, and none of them changes the image.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from cxrtune.errors import UnreadableImageError

_SIGNATURE_BYTES = 8
_AROUND = 12  # bytes of a chunk in addition to its data: length, type, checksum (5.3)
_MOST_CHUNKS = 1 << 16  # an image of 80 million pixels in chunks of 8 KB has a third of that
_LARGEST_PALETTE = 768
_HEADER_BYTES = 13

# Colour types (11.2.2) and the bit depths that each may have.
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
_DEPTHS = {
    GREY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GREY_ALPHA: (8, 16),
    RGBA: (8, 16),
}
_NEEDED = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})


@dataclass(frozen=True)
class Png:
    """Properties of a PNG image, as stated by its file.

    Attributes:
        width: In pixels.
        height: In pixels.
        depth: Bits per sample.
        colour: Colour type.
        transparency: Whether it has a tRNS chunk.
        animated: Whether it is an animation, for which the default image is used.
        data: A PNG file with only the chunks that the pixels need.
    """

    width: int
    height: int
    depth: int
    colour: int
    transparency: bool
    animated: bool
    data: bytes


def read_png(data: bytes) -> Png:
    """Check a PNG file's chunks against the file, and keep those that the pixels need.

    Args:
        data: The bytes of the file.

    Raises:
        UnreadableImageError: A chunk is incomplete, or the chunks are not those of a PNG file.
    """
    chunks, animated = _chunks(data)
    if not chunks or chunks[0][0] != b"IHDR" or chunks[0][2] - chunks[0][1] != _HEADER_BYTES + _AROUND:
        raise UnreadableImageError("is damaged: the PNG does not begin with its header")
    start = chunks[0][1] + 8
    width, height, depth, colour, compression, filters, interlace = struct.unpack_from(
        ">IIBBBBB", data, start
    )
    if depth not in _DEPTHS.get(colour, ()) or compression or filters or interlace > 1:
        raise UnreadableImageError("is damaged: the PNG's header holds values that do not exist")
    names = [name for name, _, _ in chunks]
    if names.count(b"IHDR") > 1 or names.count(b"PLTE") > 1 or names.count(b"tRNS") > 1:
        raise UnreadableImageError("is damaged: a PNG chunk is there twice")
    if any(name == b"PLTE" and end - begin - _AROUND > _LARGEST_PALETTE for name, begin, end in chunks):
        raise UnreadableImageError("is damaged: the PNG's palette is too large")
    if b"IDAT" not in names:
        raise UnreadableImageError("is damaged: the PNG holds no pixels")
    view = memoryview(data)
    plain = b"".join([view[:_SIGNATURE_BYTES], *(view[begin:end] for _, begin, end in chunks)])
    return Png(width, height, depth, colour, b"tRNS" in names, animated, plain)


def wrong_checksum(data: bytes) -> str | None:
    """Return the name of the first chunk whose checksum is wrong (5.5), or None.

    Args:
        data: `Png.data`.
    """
    view = memoryview(data)
    for name, begin, end in _chunks(data)[0]:
        if zlib.crc32(view[begin + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            return name.decode("ascii")
    return None


def _chunks(data: bytes) -> tuple[list[tuple[bytes, int, int]], bool]:
    """Return name, begin and end of the chunks that the pixels need, and whether there is an animation."""
    needed, animated, position = [], False, _SIGNATURE_BYTES
    for _ in range(_MOST_CHUNKS):
        if position + _AROUND > len(data):
            raise UnreadableImageError("is truncated: the PNG's end is missing")
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + _AROUND + length
        if not name.isalpha():
            raise UnreadableImageError("is damaged: a PNG chunk has no name")
        if end > len(data):
            claim = f"its {name.decode('ascii')} chunk claims {length:,} bytes"
            left = len(data) - position - _AROUND
            raise UnreadableImageError(f"is truncated: {claim}, and {left:,} are left")
        if name in _NEEDED:
            needed.append((name, position, end))
        elif name[:1].isupper():  # 5.4: an image with an unknown critical chunk cannot be decoded
            raise UnreadableImageError(f"has a PNG chunk that is not known ({name.decode('ascii')})")
        animated = animated or name == b"acTL"
        position = end
        if name == b"IEND":
            return needed, animated
    raise UnreadableImageError(f"has more than {_MOST_CHUNKS:,} PNG chunks")
