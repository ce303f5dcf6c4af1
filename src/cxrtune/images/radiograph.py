"""One grey picture, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Radiograph:
    """A decoded radiograph, bright where the body absorbs most.

    Attributes:
        pixels: uint8 or uint16 (H, W), grey in [0, white].
        notes: What the reader decided on its own authority, such as a default for a missing element. Fixed
            texts and numbers only: nothing that names a person.
    """

    pixels: Pixels
    notes: tuple[str, ...] = ()

    @property
    def white(self) -> int:
        """The grey value of white, 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)
