"""One number per image and measure: whether a map points into a box, and how far its own box agrees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.localization.box_rule import Located

Values = NDArray[np.float64]
THRESHOLDS: tuple[str, ...] = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7")
"""Wang et al., CVPR 2017, table 4: a picture counts if the IoU is at least this."""
POINTING, MEAN_IOU = "pointing", "mean_iou"
MEASURES: tuple[str, ...] = (POINTING, MEAN_IOU, *(f"iou_{threshold}" for threshold in THRESHOLDS))
"""The columns of the values, in order."""
_LEAST = np.array([float(threshold) for threshold in THRESHOLDS])


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


def values_of_maps(located: Located, boxes: Values, pictures: NDArray[np.intp]) -> Values:
    """Return float64 (n, 9), in [0, 1]: every measure of n pictures, each by its own map.

    Args:
        located: What the n maps point at.
        boxes: float64 (m, 4), x, y, width, height; a picture's own boxes stand together, in their order.
        pictures: intp (m,), which of the n pictures each box is in, ascending; every picture has a box.
    """
    points, predicted = located.points[pictures], located.boxes[pictures]
    return _values(points[None], predicted[None], boxes, pictures)


def values_of_control(located: Located, boxes: Values, pictures: NDArray[np.intp]) -> Values:
    """Return the same of a control whose k maps are those of every picture: the mean over the k."""
    return _values(located.points[:, None], located.boxes[:, None], boxes, pictures)


def _values(points: Values, predicted: Values, boxes: Values, pictures: NDArray[np.intp]) -> Values:
    starts = np.flatnonzero(np.diff(pictures, prepend=-1))
    inside = np.logical_or.reduceat(points_inside(points, boxes), starts, axis=1)
    best = np.maximum.reduceat(intersection_over_union(predicted, boxes), starts, axis=1)
    reached = (best[:, :, None] >= _LEAST).mean(axis=0)
    return np.column_stack([inside.mean(axis=0), best.mean(axis=0), reached])
