"""Headers of compressed frames, read before a decoder is called: JPEG, JPEG-LS, JPEG 2000.

Section numbers refer to ITU-T T.800, annexes A and B, unless stated otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
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
_START = b"\xff\x4f\xff\x51"  # SOC, immediately followed by SIZ (A.4.1 and A.5.1)
_COD, _COC, _SOT = 0xFF52, 0xFF53, 0xFF90
_TILE_PART = 14  # minimum bytes of its header: SOT and SOD (A.4.2 and A.4.3)

# OpenJPEG allocates memory for each of these before it reads any pixel: about 10 KB, 0.4 KB and 1.5 KB. With
# these limits, the total is less than the 400 MB that the pixels of the largest image take.
MAX_TILES = 10_000
"""Maximum number of tiles: twice that of the largest image with 128 x 128 pixels per tile."""

MAX_BLOCKS = 500_000
"""Maximum number of code blocks: the largest image has 313,000 of 16 x 16 pixels; 64 x 64 are usual."""

MAX_PRECINCTS = 150_000
"""Maximum number of precincts: the largest image has 104,000 of 32 x 32 pixels in all levels.

Usual sizes are 128 x 128 or larger.
"""


@dataclass(frozen=True)
class CodeStream:
    """One frame's code stream and the size stated in its header.

    Attributes:
        data: The code stream, without the boxes of a JP2 file.
        rows: Height in pixels.
        columns: Width in pixels.
        samples: Number of components.
        precision: Bits per sample.
        process: Start-of-frame marker of JPEG, or 0 for JPEG 2000.
        reversible: Whether the transform of JPEG 2000 is lossless.
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
        UnreadableImageError: A segment is incomplete, or there are too many scans.
    """
    found = jpeg.read_jpeg(data)
    return CodeStream(data, found.rows, found.columns, found.samples, found.precision, found.process)


@dataclass(frozen=True)
class _Size:
    """Values of the SIZ marker (A.5.1)."""

    right: int
    bottom: int
    left: int
    top: int
    tile_width: int
    tile_height: int
    tiles_left: int
    tiles_top: int

    def tiles(self) -> int:
        """Return the number of tiles (B-3 to B-5).

        Raises:
            UnreadableImageError: The first tile does not contain the first pixel of the image.
        """
        right, bottom = self.tiles_left + self.tile_width, self.tiles_top + self.tile_height
        if not (self.tiles_left <= self.left < right and self.tiles_top <= self.top < bottom):
            raise UnreadableImageError("is damaged: the tiles of its JPEG 2000 pixels do not hold the image")
        across = -(-(self.right - self.tiles_left) // self.tile_width)
        return across * -(-(self.bottom - self.tiles_top) // self.tile_height)


def jpeg2000_stream(data: bytes) -> CodeStream:
    """Read size, precision and transform of a JPEG 2000 code stream.

    PS3.5 A.4.4 allows only the bare code stream. If there is a complete JP2 file instead, its code stream is
    used and its boxes are ignored: a palette or a colour space there would contradict the data set.

    Raises:
        UnreadableImageError: The beginning of the stream is not valid, or its components differ.
    """
    if data.startswith(_JP2_SIGNATURE):
        data = data[max(0, data.find(_START)) :]
    if not data.startswith(_START) or len(data) < 45:
        raise UnreadableImageError("is damaged: its compressed pixels are not JPEG 2000")
    size = _size(data)
    samples = int.from_bytes(data[40:42], "big")
    components = data[42 : 42 + 3 * samples]
    if len(components) < 3 * samples or samples == 0:
        raise UnreadableImageError("is damaged: its JPEG 2000 header is cut off")
    if components != components[:3] * samples:
        raise UnreadableImageError("has JPEG 2000 components of different kinds")
    if components[1:3] != b"\1\1":
        raise UnreadableImageError("has JPEG 2000 components with fewer pixels than the image")
    # Table A.20: transform 1 is the reversible 5-3. In SPcod it follows style, SGcod and four bytes.
    reversible = any(marker == _COD and body[9:10] == b"\1" for marker, _, body in _segments(data))
    # Ssiz: the highest bit means signed, the others are the precision minus one.
    precision = (components[0] & 0x7F) + 1
    return CodeStream(data, size.bottom - size.top, size.right - size.left, samples, precision, 0, reversible)


def check_jpeg2000(data: bytes) -> None:
    """Refuse a code stream that is too expensive to decode for its size, or that lacks tiles.

    Args:
        data: A code stream that `jpeg2000_stream` has read, with the size of the data set.

    Raises:
        UnreadableImageError: The stream claims too many tiles, code blocks or precincts, or tiles are
            missing.
    """
    size = _size(data)
    tiles = size.tiles()
    if tiles > min(MAX_TILES, len(data) // _TILE_PART):
        raise UnreadableImageError(f"claims {tiles:,} tiles in its JPEG 2000 pixels")
    end = len(data)
    for marker, end, body in _segments(data):  # noqa: B007 the last one's end is where the tiles begin
        if marker == _COD:  # A.6.1: style, four bytes, parameters
            _check_blocks(size, body[:1], body[5:])
        elif marker == _COC:  # A.6.2: component, in one byte since there are at most three; style, parameters
            _check_blocks(size, body[1:2], body[2:])
    # OpenJPEG decodes missing tiles as black. It detects itself if a single tile is truncated.
    found = len(set(_tiles_found(data, end))) if tiles > 1 else 1
    if found < tiles:
        missing = f"{tiles - found:,} of {tiles:,}"
        raise UnreadableImageError(f"is truncated: {missing} tiles of its JPEG 2000 pixels are missing")


def _size(data: bytes) -> _Size:
    return _Size(*struct.unpack_from(">8I", data, 8))


def _segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield marker, end and body of each segment of the main header."""
    position = 2
    while position + 4 <= len(data):
        marker, length = struct.unpack_from(">HH", data, position)
        if marker == _SOT or marker < 0xFF00 or length < 2:
            break
        end = position + 2 + length
        yield marker, end, data[position + 4 : end]
        position = end


def _check_blocks(size: _Size, style: bytes, parameters: bytes) -> None:
    """Check code blocks and precincts (A.6.1 and tables A.18 to A.21)."""
    if not style or len(parameters) < 5:
        raise UnreadableImageError("is damaged: its JPEG 2000 header is cut off")
    columns, rows = size.right - size.left, size.bottom - size.top
    levels, width, height = parameters[:3]
    blocks = (1 + (columns >> min(width + 2, 32))) * (1 + (rows >> min(height + 2, 32)))
    precincts = 0
    # The first size is that of the smallest level; without sizes, each level is one precinct.
    for level, sizes in enumerate(parameters[5 : 6 + levels] if style[0] & 1 else b""):
        shrunk = min(levels - level, 32)
        across = 1 + (columns >> shrunk + (sizes & 15))
        precincts += across * (1 + (rows >> shrunk + (sizes >> 4)))
    if blocks > MAX_BLOCKS or precincts > MAX_PRECINCTS:
        raise UnreadableImageError("claims more code blocks in its JPEG 2000 pixels than an image has")


def _tiles_found(data: bytes, position: int) -> Iterator[int]:
    """Yield the index of each tile that has a complete tile-part (A.4.2)."""
    while position + _TILE_PART <= len(data):
        marker, _, tile, length = struct.unpack_from(">HHHI", data, position)
        whole = length == 0 or position + length <= len(data)
        if marker != _SOT or not whole:
            break
        yield tile
        if length < _TILE_PART:  # 0: the last part, which extends to the end of the stream
            break
        position += length
