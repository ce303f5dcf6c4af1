"""One pointed place or one box against the boxes that people drew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def points_inside(points: Values, boxes: Values) -> NDArray[np.bool_]:
    """Tell which points lie in which boxes, their edges included.

    The pointing game of Zhang et al., "Top-down neural attention by excitation backprop", IJCV 2018, with a
    tolerance of 0: theirs forgave 15 px.

    Args:
        points: float64 (..., 2), x and y.
        boxes: float64 (..., 4), x, y, width, height, in the same unit.

    Returns:
        bool, of the shape to which both broadcast.
    """
    low, high = boxes[..., :2], boxes[..., :2] + boxes[..., 2:]
    return np.asarray(((points >= low) & (points <= high)).all(axis=-1))


def intersection_over_union(first: Values, second: Values) -> Values:
    """Return the area that two boxes share as part of the area that they cover together.

    Args:
        first: float64 (..., 4), x, y, width, height; NaN = no box, which shares nothing.
        second: float64 (..., 4), each with an area.

    Returns:
        float64 in [0, 1], of the shape to which both broadcast.
    """
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=-1)
    together = np.prod(first[..., 2:], axis=-1) + np.prod(second[..., 2:], axis=-1) - shared
    return np.asarray(np.nan_to_num(shared / together, nan=0.0), dtype=np.float64)
