"""What the cheap quality checks look at: measured where a picture is decoded, judged where it is scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxrtune.images.preprocess import Packed
from cxrtune.images.radiograph import Radiograph


@dataclass(frozen=True)
class Appearance:
    """Size and contrast of a picture.

    Attributes:
        height: Of the radiograph, in pixels.
        width: Of the radiograph, in pixels.
        contrast: Grey values of 255 between the 1st and the 99th percentile of what the network sees.
    """

    height: int
    width: int
    contrast: float


def appearance_of(radiograph: Radiograph, packed: Packed) -> Appearance:
    """Measure a picture.

    Args:
        radiograph: As it was decoded.
        packed: uint8 or float16 (S, S), what the network will see.
    """
    height, width = radiograph.pixels.shape
    low, high = np.percentile(packed, (1, 99))
    return Appearance(height, width, float(high - low))
