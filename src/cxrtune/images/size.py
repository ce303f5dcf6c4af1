"""The largest size that an image may claim: what claims more is refused before anything is unpacked."""

from __future__ import annotations

from cxrtune.errors import UnreadableImageError

MAX_PIXELS = 80_000_000
"""More than any radiograph has; a header that claims more is refused before decoding."""

MAX_SIDE = 16_384
"""Longer than any radiograph; padded to a square, a strip of 80 million pixels would fill any memory."""


def check_size(width: int, height: int, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse a size that no radiograph has.

    Raises:
        UnreadableImageError: The image has no pixels, or too many.
    """
    claim = f"claims {width} x {height} pixels"
    if min(width, height) < 1:
        raise UnreadableImageError(claim)
    if width * height > max_pixels:
        raise UnreadableImageError(f"{claim}, more than {max_pixels:,}")
    if max(width, height) > MAX_SIDE:
        raise UnreadableImageError(f"{claim}, a side longer than {MAX_SIDE:,}")
