"""A map -> the place that it points at, and one box: a stated rule that was tuned on nothing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = 224
"""Places along a side at which every map is looked at, whatever its own size."""

RULE = (
    "A map points at the centre of its highest cell, which is where it has its maximum when it is enlarged "
    "bilinearly. For the box it is enlarged so to 224 x 224 places. The box is that of the connected places, "
    "diagonal neighbours included, that hold the maximum and lie at or above the middle between the map's "
    "minimum and maximum. A map that is the same everywhere has no box, and points at the image's centre."
)
"""The rule as the results state it."""

_AT_ONCE = 32  # enlarged maps in one go: their values then fit the cache

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Located:
    """What n maps point at; all shares of the image's sides, in [0, 1].

    Attributes:
        points: float64 (n, 2), x and y of the maximum.
        boxes: float64 (n, 4), x, y, width, height; NaN where a map has no box.
    """

    points: Values
    boxes: Values


def locate(maps: NDArray[np.floating]) -> Located:
    """Apply the rule.

    Of several cells that share the maximum, the one nearest to their mean is taken. The maximum is not looked
    for among the enlarged places: they miss the centres of inner cells by a little, and those of edge cells,
    which are enlarged to plateaus, not at all, so that edges would be preferred.

    Args:
        maps: (n, h, w), any finite numbers, higher = more evidence.
    """
    located = Located(np.full((len(maps), 2), 0.5), np.full((len(maps), 4), np.nan))
    varied = np.flatnonzero(maps.max(axis=(1, 2), initial=-np.inf) > maps.min(axis=(1, 2), initial=np.inf))
    for start in range(0, len(varied), _AT_ONCE):
        rows = varied[start : start + _AT_ONCE]
        for row, large in zip(rows, enlarge(maps[rows]), strict=True):
            located.points[row] = _highest(maps[row])
            located.boxes[row] = _box(large, located.points[row], maps[row])
    return located


def enlarge(maps: NDArray[np.floating]) -> Values:
    """Return float64 (n, 224, 224): maps enlarged bilinearly between the cells' centres, flat beyond them."""
    values = np.asarray(maps, dtype=np.float64)
    for axis in (1, 2):
        # Weights by hand, not by a matrix product or a library: the same bits on every machine.
        cells = values.shape[axis]
        place = np.clip((np.arange(GRID) + 0.5) * cells / GRID - 0.5, 0, cells - 1)
        low = np.floor(place).astype(np.intp)
        share = (place - low).reshape((-1, 1) if axis == 1 else (1, -1))
        above = np.take(values, np.minimum(low + 1, cells - 1), axis=axis)
        values = np.take(values, low, axis=axis) * (1 - share) + above * share
    return values


def _highest(cells: NDArray[np.floating]) -> Values:
    """Return x and y of the centre of the highest cell."""
    places = np.argwhere(cells == cells.max())
    distances = ((places - places.mean(axis=0)) ** 2).sum(axis=1)
    row, column = places[int(distances.argmin())]
    return np.array([(column + 0.5) / cells.shape[1], (row + 0.5) / cells.shape[0]])


def _box(large: Values, point: Values, cells: NDArray[np.floating]) -> Values:
    # Halves before the sum: two large numbers of one sign must not overflow.
    above = (large >= float(cells.max()) / 2 + float(cells.min()) / 2).astype(np.uint8)
    column, row = (point * GRID).astype(int).tolist()
    above[row, column] = 1  # so it is, but for maps of more cells than places
    _, _, _, sides = cv2.floodFill(above, None, (column, row), 2, flags=8)
    return np.array(sides) / GRID
