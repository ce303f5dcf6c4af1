"""Derive a point and a box from a class activation map, by a fixed rule that was not tuned on any data."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = 224
"""Number of positions per side at which every map is evaluated, whatever its own size."""

RULE = (
    "A map points at the centre of its highest cell, which is where it has its maximum when it is enlarged "
    "bilinearly. For the box it is enlarged so to 224 x 224 places. The box is that of the connected places, "
    "diagonal neighbours included, that hold the maximum and lie at or above the middle between the map's "
    "minimum and maximum. A map that is the same everywhere has no box, and points at the image's centre."
)
"""The rule, as described in the results."""

_AT_ONCE = 32  # enlarged maps per batch: their values then fit the cache

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Located:
    """Points and boxes of n maps, as fractions of the image's sides, in [0, 1].

    Attributes:
        points: float64 (n, 2), x and y of the maximum.
        boxes: float64 (n, 4), x, y, width, height; NaN if a map has no box.
    """

    points: Values
    boxes: Values


def locate(maps: NDArray[np.floating]) -> Located:
    """Apply the rule.

    Of several cells with the maximum, the one nearest to their mean is chosen. The maximum is not searched in
    the enlarged map: its positions miss the centres of inner cells by a little, but not those of edge cells,
    which become plateaus, so that edges would be favoured.

    Args:
        maps: (n, h, w), any finite numbers, higher = stronger activation.
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
    """Resize maps to float64 (n, 224, 224), bilinear between the cells' centres and constant beyond them."""
    values = np.asarray(maps, dtype=np.float64)
    for axis in (1, 2):
        # Explicit weights instead of a matrix product or a library give identical bits on every machine.
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
    # Values are halved before the sum: two large numbers of the same sign must not overflow.
    above = (large >= float(cells.max()) / 2 + float(cells.min()) / 2).astype(np.uint8)
    column, row = (point * GRID).astype(int).tolist()
    above[row, column] = 1  # already so, except in maps with more cells than positions
    _, _, _, sides = cv2.floodFill(above, None, (column, row), 2, flags=8)
    return np.array(sides) / GRID
