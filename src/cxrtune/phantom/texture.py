"""Random fields whose grain is set in centimetres, so that they look alike at every picture size."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cxrtune.phantom.view import Map


def smooth_noise(rng: np.random.Generator, size: int, cells: int) -> Map:
    """Return a smooth random field with about `cells` waves across the picture.

    Args:
        rng: Source of randomness.
        size: Side of the picture, pixels.
        cells: Grid cells across the picture.

    Returns:
        float32, (S, S), mean about 0, standard deviation about 0.7, without unit.
    """
    coarse = rng.standard_normal((cells, cells), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def layered_noise(rng: np.random.Generator, size: int, layers: Sequence[tuple[int, float]]) -> Map:
    """Return the sum of smooth fields.

    Args:
        rng: Source of randomness.
        size: Side of the picture, pixels.
        layers: Cells across the picture and amplitude of each field.

    Returns:
        float32, (S, S), without unit.
    """
    total = np.zeros((size, size), dtype=np.float32)
    for cells, amplitude in layers:
        total += np.float32(amplitude) * smooth_noise(rng, size, cells)
    return total
