"""Projection of patient coordinates to pixels, thickness maps of tubes, and random fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]
"""float32, (S, S): one number per pixel, mostly a thickness along the beam in cm."""

Points = npt.NDArray[np.float64]
"""float64, (..., 3): patient coordinates x, y, z in cm."""


def power(values: npt.NDArray[np.floating] | float, exponent: float) -> npt.NDArray[np.float32]:
    """Raise non-negative values to a fractional power; returns float32 in the same shape.

    Zeros are increased slightly: they make the vectorised loop leave its fast path and take ten times as
    long.
    """
    base = np.maximum(np.asarray(values, dtype=np.float32), np.float32(1e-12))
    return np.asarray(np.power(base, np.float32(exponent)), dtype=np.float32)


@dataclass(frozen=True)
class View:
    """Parallel projection of the patient on a square image.

    Attributes:
        size: Side of the image, pixels.
        field_of_view: Side of the image, cm.
        centre: Patient coordinates (x, y) of the image's centre, cm.
        tilt: Rotation in the image plane, radians.
        yaw: Rotation about the patient's long axis, radians.
    """

    size: int
    field_of_view: float
    centre: tuple[float, float]
    tilt: float
    yaw: float

    @property
    def scale(self) -> float:
        """Pixels per centimetre."""
        return self.size / self.field_of_view

    @cached_property
    def grid(self) -> tuple[Map, Map]:
        """Patient coordinates x and y of every pixel centre, each float32, (S, S), cm."""
        axis = (np.arange(self.size, dtype=np.float32) + 0.5) / self.scale - self.field_of_view / 2
        u, v = axis[None, :], axis[:, None]
        cosine, sine = np.float32(np.cos(self.tilt)), np.float32(np.sin(self.tilt))
        x = cosine * u - sine * v + np.float32(self.centre[0])
        y = sine * u + cosine * v + np.float32(self.centre[1])
        return x, y

    def to_pixels(self, points: Points) -> npt.NDArray[np.float64]:
        """Return the pixel coordinates (column, row) of points.

        Args:
            points: float64, (..., 3), patient coordinates in cm.

        Returns:
            float64, (..., 2), pixels; (0, 0) is the centre of the first pixel.
        """
        x = points[..., 0] + self.yaw * points[..., 2] - self.centre[0]
        y = points[..., 1] - self.centre[1]
        cosine, sine = np.cos(self.tilt), np.sin(self.tilt)
        u, v = cosine * x + sine * y, -sine * x + cosine * y
        return (np.stack([u, v], axis=-1) + self.field_of_view / 2) * self.scale - 0.5

    def tubes(
        self,
        path: Points,
        height: Points,
        depth: Points,
        density: Points | float = 1.0,
        *,
        cortex: float | None = None,
        marrow: float = 0.0,
    ) -> Map:
        """Return the thickness along the beam of tubes with elliptic cross-sections.

        The projection of an ellipse follows a half-ellipse law in every direction, so the sum over the
        samples is the exact line integral, even if a tube runs along the beam.

        Args:
            path: float64, (T, N, 3), centre lines in cm.
            height: float64, broadcast to (T, N), half axis across the path in the image plane, cm.
            depth: float64, broadcast to (T, N), half axis across the path and the first one, cm.
            density: float64, broadcast to (T, N), factor on the thickness, without unit.
            cortex: Thickness of the wall of hollow tubes, cm; None for solid ones.
            marrow: Weight of the inside of hollow tubes relative to their wall.

        Returns:
            float32, (S, S), thickness times density, cm.
        """
        count = _samples(path, self.scale)
        path = _resample(path, count)
        height, depth, density = (
            _resample(np.broadcast_to(value, path.shape[:1] + np.shape(value)[1:])[..., None], count)[..., 0]
            if np.ndim(value) == 2 and np.shape(value)[1] > 1
            else np.broadcast_to(np.asarray(value, dtype=np.float64), path.shape[:2])
            for value in (height, depth, density)
        )
        length, across, extent = _frames(path, height, depth, self.yaw)
        pixels = self.to_pixels(path)
        rotation = np.array([[np.cos(self.tilt), -np.sin(self.tilt)], [np.sin(self.tilt), np.cos(self.tilt)]])
        across = across @ rotation
        strips = max(3, int(np.ceil(2.05 * float(extent.max()) * self.scale)))
        u = (np.arange(strips) + 0.5) / strips * 2 - 1
        law = np.sqrt(1 - u**2)
        mass = np.pi * height * depth * length * density
        volume = mass[..., None] * (law / law.sum())
        if cortex is not None:
            narrower = np.maximum(1 - cortex / np.maximum(extent, 1e-6), 0.05)[..., None]
            inner = np.maximum(height - cortex, 0.02) * np.maximum(depth - cortex, 0.02) / (height * depth)
            hollow = np.sqrt(np.maximum(1 - (u / narrower) ** 2, 0))
            hollow /= np.maximum(hollow.sum(axis=-1, keepdims=True), 1e-6)
            volume -= (1 - marrow) * (mass * inner)[..., None] * hollow
        reach = extent[..., None] * (u * self.scale)
        columns = pixels[..., :1] + across[..., :1] * reach
        rows = pixels[..., 1:] + across[..., 1:] * reach
        return self._splat(columns.ravel(), rows.ravel(), volume.ravel())

    def _splat(
        self, column: npt.NDArray[np.float64], row: npt.NDArray[np.float64], volume: npt.NDArray[np.float64]
    ) -> Map:
        image = np.zeros((self.size, self.size), dtype=np.float32)
        inside = (column >= 0) & (column < self.size - 1) & (row >= 0) & (row < self.size - 1)
        if not inside.any():
            return image
        column, row, volume = column[inside], row[inside], volume[inside] * self.scale**2
        left, top = column.astype(np.intp), row.astype(np.intp)
        right, low = column - left, row - top
        first_column, first_row = int(left.min()), int(top.min())
        width, height = int(left.max()) - first_column + 2, int(top.max()) - first_row + 2
        index = (top - first_row) * width + (left - first_column)
        total = np.zeros(width * height)
        lower = volume * low
        upper = volume - lower
        lower_right, upper_right = lower * right, upper * right
        total += np.bincount(index, weights=upper - upper_right, minlength=total.size)
        total += np.bincount(index + 1, weights=upper_right, minlength=total.size)
        total += np.bincount(index + width, weights=lower - lower_right, minlength=total.size)
        total += np.bincount(index + width + 1, weights=lower_right, minlength=total.size)
        region = np.s_[first_row : first_row + height, first_column : first_column + width]
        image[region] = total.reshape(height, width)
        return image


def _samples(path: Points, scale: float) -> int:
    steps = np.linalg.norm(np.diff(path[..., :2], axis=1), axis=-1).sum(axis=1)
    return int(max(path.shape[1], np.ceil(1.05 * float(steps.max()) * scale)))


def _resample(values: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
    given = values.shape[1]
    if given == count:
        return values
    at = np.linspace(0, given - 1, count)
    low = np.minimum(at.astype(np.intp), given - 2)
    share = (at - low)[None, :, None]
    return np.asarray(values[:, low] * (1 - share) + values[:, low + 1] * share, dtype=np.float64)


def _frames(
    path: Points, height: npt.NDArray[np.float64], depth: npt.NDArray[np.float64], yaw: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the length of each step, the image normal across the path, and the half extent along it."""
    tangent = np.gradient(path, axis=1)
    length = np.linalg.norm(tangent, axis=-1)
    length[:, [0, -1]] *= 0.5
    tangent = tangent / np.maximum(np.linalg.norm(tangent, axis=-1), 1e-9)[..., None]
    seen = np.stack([tangent[..., 0] + yaw * tangent[..., 2], tangent[..., 1]], axis=-1)
    shown = np.linalg.norm(seen, axis=-1)
    seen = seen / np.maximum(shown, 1e-9)[..., None]
    across = np.stack([-seen[..., 1], seen[..., 0]], axis=-1)
    # Seen end-on, the half axis in depth turns into the image plane.
    turned = np.clip(1 - shown**2, 0, 1)
    extent = np.sqrt(
        (1 - turned) * height**2 + turned * np.maximum(height, depth) ** 2 * 0.5 + turned * depth**2 * 0.5
    )
    return length, across, extent


def smooth_noise(rng: np.random.Generator, size: int, cells: int) -> Map:
    """Return a smooth random field with about `cells` waves across the image.

    Args:
        rng: Source of randomness.
        size: Side of the image, pixels.
        cells: Grid cells across the image.

    Returns:
        float32, (S, S), mean about 0, standard deviation about 0.7, without unit.
    """
    coarse = rng.standard_normal((cells, cells), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def layered_noise(rng: np.random.Generator, size: int, layers: Sequence[tuple[int, float]]) -> Map:
    """Return the sum of smooth fields.

    Args:
        rng: Source of randomness.
        size: Side of the image, pixels.
        layers: Cells across the image and amplitude of each field.

    Returns:
        float32, (S, S), without unit.
    """
    total = np.zeros((size, size), dtype=np.float32)
    for cells, amplitude in layers:
        total += np.float32(amplitude) * smooth_noise(rng, size, cells)
    return total
