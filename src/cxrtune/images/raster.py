"""PNG and JPEG -> radiograph.

OpenCV decodes: measured on NIH's own files it takes 0.83 of Pillow's time (`benchmarks/decode.py`).
Pillow reads the header first, which costs 0.1 ms and tells format and size before any pixel is unpacked.
"""

from __future__ import annotations

import io
from typing import cast

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from cxrtune.errors import UnreadableImageError
from cxrtune.images.held_warnings import held_warnings
from cxrtune.images.radiograph import Pixels, Radiograph

MAX_PIXELS = 80_000_000
"""More than any radiograph has; a header that claims more is refused before decoding."""

MAX_SIDE = 16_384
"""Longer than any radiograph; padded to a square, a strip of 80 million pixels would fill any memory."""

_GREY_MODES = frozenset({"1", "L", "I;16", "I"})

# PNG ends with this chunk (ISO/IEC 15948, 11.2.5). Looking for it catches a truncated file before
# libpng does, which would write its complaint past us to the terminal.
_PNG_END = b"IEND\xaeB`\x82"


def decode_raster(data: bytes) -> Radiograph:
    """Decode a PNG or JPEG of any common kind.

    Grey, 8 or 16 bit, is taken as it is (1, 2 and 4 bit are spread over 8). Of colour, palette
    included, the luma is taken (ITU-R BT.601: equal channels stay exactly what they were). An
    alpha channel must be opaque. Rotation notes in EXIF are not followed. PNG carries checksums, so
    every flipped bit in its pixels is found; JPEG carries none.

    Args:
        data: The file's bytes.

    Raises:
        UnreadableImageError: The bytes are empty, truncated, damaged, of another kind, or too many pixels.
    """
    _check_header(data)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise UnreadableImageError("cannot be decoded: its header is beyond what OpenCV reads") from error
    if pixels is None:
        raise UnreadableImageError(_reason(data))
    return Radiograph(_grey(cast(Pixels, pixels)))


def _check_header(data: bytes) -> None:
    if not data:
        raise UnreadableImageError("the file is empty (0 bytes)")
    try:
        # What Pillow warns of (many pixels, odd chunks) is checked here, or left to the decoder.
        with held_warnings("PIL"), Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as header:
            kind, (width, height) = header.format, header.size
            # OpenCV heeds a transparent colour (PNG's tRNS chunk), but not a transparent grey.
            see_through = header.mode in _GREY_MODES and "transparency" in header.info
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(f"claims more than {MAX_PIXELS:,} pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UnreadableImageError("is neither a PNG nor a JPEG, or its header is damaged") from error
    if width * height > MAX_PIXELS:
        raise UnreadableImageError(f"claims {width} x {height} pixels, more than {MAX_PIXELS:,}")
    if max(width, height) > MAX_SIDE:
        raise UnreadableImageError(f"claims {width} x {height} pixels, a side longer than {MAX_SIDE:,}")
    if see_through:
        raise UnreadableImageError("declares one grey value transparent; what is behind it is not known")
    if kind == "PNG" and data.rfind(_PNG_END) < 0:
        raise UnreadableImageError("is truncated: the PNG's end is missing")


def _reason(data: bytes) -> str:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        return f"cannot be decoded: {error}"
    return "cannot be decoded"


def _grey(pixels: Pixels) -> Pixels:
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] == 4 and (pixels[..., 3] != np.iinfo(pixels.dtype).max).any():
        raise UnreadableImageError("is partly transparent; what is behind it is not known")
    code = cv2.COLOR_BGRA2GRAY if pixels.shape[2] == 4 else cv2.COLOR_BGR2GRAY
    return cast(Pixels, cv2.cvtColor(pixels, code))
