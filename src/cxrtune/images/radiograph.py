"""One grey picture, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Radiograph:
    """A decoded radiograph, bright where the body absorbs most.

    Attributes:
        pixels: uint8 or uint16 (H, W), in [0, white].
        white: The grey value of white, 255 or 65535.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    white: int
