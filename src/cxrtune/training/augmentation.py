"""Reproducible random views of training images."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from cxrtune.images.preprocess import Packed
from cxrtune.recipe import AugmentationSpec

Matrix = NDArray[np.float64]


def view_of(image: Packed, spec: AugmentationSpec, *, seed: int, row: int, view: int) -> Packed:
    """Return one view of an image.

    Args:
        image: uint8 or float16 (S, S), grey values in [0, 255].
        spec: The ranges of the random transform.
        seed: The seed of the recipe.
        row: The image's row in the cohort; together with seed and view it determines the transform.
        view: Number of the view; 0 is the image itself.

    Returns:
        An array of the same dtype, (S, S), grey values in [0, 255]; black outside the image.
    """
    if view == 0:
        return image
    matrix = affine_matrix(spec, image.shape[0], seed=seed, row=row, view=view)
    # OpenCV cannot warp float16.
    grey = image if image.dtype == np.uint8 else image.astype(np.float32)
    moved = cv2.warpAffine(
        grey, matrix[:2], (image.shape[1], image.shape[0]), flags=cv2.INTER_LINEAR, borderValue=0
    )
    return cast(Packed, moved.astype(image.dtype, copy=False))


def affine_matrix(spec: AugmentationSpec, size: int, *, seed: int, row: int, view: int) -> Matrix:
    """Draw a transform about the centre of the image: flip, then shear, scale, rotation and shift.

    Returns:
        float64 (3, 3), maps (x, y, 1) in the image to (x, y, 1) in the view, in pixels.
    """
    random = np.random.default_rng((seed, row, view))
    angle = math.radians(random.uniform(-spec.rotation, spec.rotation))
    shear = math.tan(math.radians(random.uniform(-spec.shear, spec.shear)))
    scale = random.uniform(*spec.scale)
    shift_x, shift_y = random.uniform(-spec.shift, spec.shift, size=2) * size
    flip = -1.0 if random.random() < spec.flip else 1.0
    linear = (
        scale
        * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        @ np.array([[1.0, shear], [0.0, 1.0]])
        @ np.diag([flip, 1.0])
    )
    centre = (size - 1) / 2
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = centre + np.array([shift_x, shift_y]) - linear @ np.array([centre, centre])
    return matrix


def sampling_matrix(
    spec: AugmentationSpec, size: int, *, seed: int, row: int, view: int
) -> NDArray[np.float32]:
    """Return the same transform for torch, which maps positions in the view to positions in the image.

    Returns:
        float32 (2, 3), for coordinates from -1 to 1 between the centres of the outermost pixels
        (`align_corners=True` of torch's `affine_grid`).
    """
    to_unit = np.array([[2 / (size - 1), 0, -1], [0, 2 / (size - 1), -1], [0, 0, 1]])
    to_image = np.linalg.inv(affine_matrix(spec, size, seed=seed, row=row, view=view))
    sampling: Matrix = to_unit @ to_image @ np.linalg.inv(to_unit)
    return sampling[:2].astype(np.float32)


def warped(pixels: Tensor, matrices: Tensor) -> Tensor:
    """Return views of images, computed on the device of the images.

    Args:
        pixels: Grey values in [0, 255], uint8 or float (N, S, S).
        matrices: float32 (N, 2, 3), from `sampling_matrix`.

    Returns:
        float32 (N, S, S), grey values in [0, 255]; black outside the images.
    """
    count, size, _ = pixels.shape
    # In half precision, pixels would be misplaced by a tenth of their width.
    with torch.autocast(pixels.device.type, enabled=False):
        grid = F.affine_grid(matrices, [count, 1, size, size], align_corners=True)
        views = F.grid_sample(pixels.unsqueeze(1).float(), grid, mode="bilinear", align_corners=True)
    return views.squeeze(1)
