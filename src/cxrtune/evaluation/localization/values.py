"""One number a picture and measure: whether it points into a box, and how far its own box agrees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.localization.box_rule import Located
from cxrtune.evaluation.localization.overlap import intersection_over_union, points_inside

THRESHOLDS: tuple[str, ...] = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7")
"""Wang et al., CVPR 2017, table 4: a picture counts if the IoU is at least this."""

POINTING, MEAN_IOU = "pointing", "mean_iou"
MEASURES: tuple[str, ...] = (POINTING, MEAN_IOU, *(f"iou_{threshold}" for threshold in THRESHOLDS))
"""The columns of the values, in order."""

_LEAST = np.array([float(threshold) for threshold in THRESHOLDS])

Values = NDArray[np.float64]


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
