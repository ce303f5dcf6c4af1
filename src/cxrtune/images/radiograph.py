"""Decoded radiographs, and the maximum size that a file may claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.errors import UnreadableImageError

MAX_PIXELS = 80_000_000
"""Maximum number of pixels, more than any radiograph has; larger claims are refused before decoding."""

MAX_SIDE = 16_384
"""Maximum side, longer than that of any radiograph.

Padded to a square, a strip of 80 million pixels would fill any memory.
"""

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Radiograph:
    """A decoded radiograph; bright where the body absorbs most.

    Attributes:
        pixels: uint8 or uint16 (H, W), grey in [0, white].
        notes: Decisions of the reader, such as a default for a missing element. Only fixed texts and numbers:
            nothing that names a person.
    """

    pixels: Pixels
    notes: tuple[str, ...] = ()

    @property
    def white(self) -> int:
        """The grey value of white, 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)


def check_size(width: int, height: int, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse a size that is not plausible for a radiograph.

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
