"""The structure of a TIFF file, checked before a decoder is called (TIFF 6.0, part 1: baseline).

Supported are single images with grey, RGB or palette colours, 8 or 16 bits per sample, in strips or tiles,
uncompressed or losslessly compressed. Other TIFF files are refused with the name of the unsupported feature.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cxrtune.errors import UnreadableImageError

# Tags (TIFF 6.0, section 8, and the supplements for tiles and sample formats).
_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_OFFSETS, _ORIENTATION, _SAMPLES, _ROWS_PER_STRIP, _COUNTS, _PLANAR = 273, 274, 277, 278, 279, 284
_PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_COUNTS = 317, 322, 323, 324, 325
_FORMAT = 339

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE = 0, 1, 2, 3
_PHOTOMETRICS = {
    4: "a transparency mask",
    5: "CMYK colours",
    6: "YCbCr colours",
    8: "CIELab colours",
    32803: "a camera's colour filter array",
    34892: "raw camera data",
}
_UNCOMPRESSED = 1
_COMPRESSIONS = frozenset({_UNCOMPRESSED, 5, 8, 32773, 32946})  # LZW, deflate, PackBits, old deflate
_NAMES = {
    2: "CCITT (fax)",
    3: "CCITT (fax)",
    4: "CCITT (fax)",
    6: "old-style JPEG",
    7: "JPEG",
    34712: "JPEG 2000",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_CODES = {1: "B", 3: "H", 4: "I", 13: "I"}
_MOST_ENTRIES = 4096
_MOST_PARTS = 1 << 20  # strips or tiles; one per row of the tallest image is far below that
_REDUCED_OR_MASK = 0b101


@dataclass(frozen=True)
class Tiff:
    """Properties of a TIFF image, as stated by its file.

    Attributes:
        width: In pixels.
        height: In pixels.
        bits: Bits per sample, 8 or 16.
        samples: Samples per pixel: 1 (grey or palette), 3 (RGB), or 4 (RGB and alpha).
        photometric: `WHITE_IS_ZERO`, `BLACK_IS_ZERO`, `RGB` or `PALETTE`.
    """

    width: int
    height: int
    bits: int
    samples: int
    photometric: int


def read_tiff(data: bytes) -> Tiff:
    """Check the directory of a TIFF file against the file.

    Args:
        data: The bytes of the file.

    Raises:
        UnreadableImageError: The directory is damaged, or the kind of image is not supported.
    """
    order = "<" if data[:2] == b"II" else ">"
    if len(data) < 8:
        raise UnreadableImageError("is truncated: the TIFF's directory is missing")
    fields, following = _directory(data, order, struct.unpack_from(f"{order}I", data, 4)[0])
    _check_pages(data, order, following)
    for tag, name in ((_WIDTH, "width"), (_HEIGHT, "height"), (_PHOTOMETRIC, "photometric interpretation")):
        if len(fields.get(tag, ())) != 1:
            raise UnreadableImageError(f"is damaged: the TIFF has no {name}")
    tiff = Tiff(
        width=fields[_WIDTH][0],
        height=fields[_HEIGHT][0],
        bits=fields.get(_BITS, (1,))[0],
        samples=_one(fields, _SAMPLES, 1),
        photometric=fields[_PHOTOMETRIC][0],
    )
    _check_kind(tiff, fields)
    _check_parts(tiff, fields, len(data))
    return tiff


Fields = dict[int, tuple[int, ...]]


def _directory(data: bytes, order: str, start: int) -> tuple[Fields, int]:
    """Return the fields with whole numbers, and the offset of the next directory (0 if there is none)."""
    if start + 2 > len(data):
        raise UnreadableImageError("is truncated: the TIFF's directory is missing")
    (count,) = struct.unpack_from(f"{order}H", data, start)
    end = start + 2 + 12 * count
    if not 0 < count <= _MOST_ENTRIES or end + 4 > len(data):
        raise UnreadableImageError("is damaged: the TIFF's directory is not whole")
    fields: Fields = {}
    for entry in range(start + 2, end, 12):
        tag, kind, length = struct.unpack_from(f"{order}HHI", data, entry)
        size = _SIZES.get(kind, 1) * length
        place = entry + 8 if size <= 4 else struct.unpack_from(f"{order}I", data, entry + 8)[0]
        if place + size > len(data):
            raise UnreadableImageError("is truncated: a TIFF field lies behind the file's end")
        if kind in _CODES and 0 < length <= _MOST_PARTS:
            fields.setdefault(tag, struct.unpack_from(f"{order}{length}{_CODES[kind]}", data, place))
    return fields, int(struct.unpack_from(f"{order}I", data, end)[0])


def _check_pages(data: bytes, order: str, following: int) -> None:
    """Refuse further pages, except reduced copies of the image and masks (TIFF 6.0, NewSubfileType)."""
    seen: set[int] = set()
    while following:
        if following in seen or len(seen) > _MOST_ENTRIES:
            raise UnreadableImageError("is damaged: the TIFF's directories lead round in a circle")
        seen.add(following)
        fields, following = _directory(data, order, following)
        if not _one(fields, _SUBFILE, 0) & _REDUCED_OR_MASK:
            raise UnreadableImageError("is a TIFF of more than one page")


def _one(fields: Fields, tag: int, default: int) -> int:
    return fields.get(tag, (default,))[0]


def _check_kind(tiff: Tiff, fields: Fields) -> None:
    compression = _one(fields, _COMPRESSION, _UNCOMPRESSED)
    if compression not in _COMPRESSIONS:
        name = _NAMES.get(compression, f"number {compression}")
        raise UnreadableImageError(f"is a TIFF in a compression that is not read: {name}")
    if tiff.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE):
        what = _PHOTOMETRICS.get(tiff.photometric, f"photometric interpretation {tiff.photometric}")
        raise UnreadableImageError(f"is a TIFF of {what}, which is not read")
    bits = fields.get(_BITS, (1,))
    if tiff.bits not in (8, 16) or len(set(bits)) > 1 or (tiff.photometric == PALETTE and tiff.bits != 8):
        raise UnreadableImageError(f"is a TIFF of {tiff.bits} bits per sample, not 8 or 16")
    if set(fields.get(_FORMAT, (1,))) != {1}:
        raise UnreadableImageError("is a TIFF of signed or floating-point samples, not of unsigned ones")
    if tiff.samples not in ((3, 4) if tiff.photometric == RGB else (1,)):
        raise UnreadableImageError(f"is a TIFF of {tiff.samples} samples per pixel")
    if tiff.samples > 1 and _one(fields, _PLANAR, 1) != 1:
        raise UnreadableImageError("is a TIFF with a plane for each sample, which is not read")
    if _one(fields, _ORIENTATION, 1) != 1:
        raise UnreadableImageError("is a TIFF that asks to be turned or mirrored (Orientation)")
    if _one(fields, _PREDICTOR, 1) not in (1, 2):
        raise UnreadableImageError("is a TIFF with a floating-point predictor")


def _check_parts(tiff: Tiff, fields: Fields, length: int) -> None:
    """Check that the number of strips or tiles matches the size, and that they are within the file."""
    tiled = _TILE_OFFSETS in fields or _TILE_WIDTH in fields
    wide, high = (
        (_one(fields, _TILE_WIDTH, 0), _one(fields, _TILE_HEIGHT, 0))
        if tiled
        else (tiff.width, min(_one(fields, _ROWS_PER_STRIP, tiff.height), tiff.height))
    )
    if min(tiff.width, tiff.height, wide, high) < 1:
        raise UnreadableImageError(f"claims {tiff.width} x {tiff.height} pixels in parts of {wide} x {high}")
    if wide > 2 * tiff.width + 64 or high > 2 * tiff.height + 64:
        raise UnreadableImageError("is damaged: a TIFF tile is much larger than the image")
    across, down = -(-tiff.width // wide), -(-tiff.height // high)
    offsets = fields.get(_TILE_OFFSETS if tiled else _OFFSETS, ())
    counts = fields.get(_TILE_COUNTS if tiled else _COUNTS, ())
    if len(offsets) != across * down or len(counts) != len(offsets):
        raise UnreadableImageError(
            f"is damaged: it has {len(offsets):,} TIFF strips or tiles, not the {across * down:,} of its size"
        )
    if any(offset + count > length for offset, count in zip(offsets, counts, strict=True)):
        raise UnreadableImageError("is truncated: a part of the TIFF's pixels lies behind the file's end")
    claimed = across * wide * down * high if tiled else tiff.width * tiff.height
    claimed *= tiff.samples * tiff.bits // 8
    if _one(fields, _COMPRESSION, _UNCOMPRESSED) == _UNCOMPRESSED and sum(counts) < claimed:
        raise UnreadableImageError(f"claims {claimed:,} bytes of pixels and holds {sum(counts):,}")
