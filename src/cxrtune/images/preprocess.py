"""Radiograph -> packed image -> model input: the one path that training and prediction share."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cxrtune.images.radiograph import Pixels, Radiograph
from cxrtune.recipe import PreprocessSpec

Packed = NDArray[np.uint8] | NDArray[np.float16]
"""An image of the model's size, (S, S), grey in [0, 255]; float16 where its source has more than 8 bits."""


def to_packed(radiograph: Radiograph, spec: PreprocessSpec) -> Packed:
    """Bring a radiograph to the model's size.

    An image read from disk and one read from a pack are equal to the bit, as both pass here. What has more
    than 8 bits keeps eleven of them: rounded to whole grey values, copies of one radiograph that differ by
    less than the eye sees (lossily compressed ones) would differ by a whole step in every sixteenth pixel.

    Returns:
        uint8 or float16 (S, S), grey in [0, 255].
    """
    resized = _resized(_SQUARES[spec.resize](radiograph.pixels), spec.size)
    if resized.dtype == np.uint8:
        return cast(NDArray[np.uint8], resized)
    grey = resized.astype(np.float32) * np.float32(255.0 / radiograph.white)
    return cast(NDArray[np.float16], grey.astype(np.float16))


def reduced_shape(pixels: Pixels, side: int) -> tuple[int, int]:
    """Return height and width of a radiograph whose longer side is so many pixels at most."""
    height, width = pixels.shape
    share = min(1.0, side / max(height, width))
    return max(1, round(height * share)), max(1, round(width * share))


def reduced(pixels: Pixels, side: int) -> Pixels:
    """Return a radiograph whose longer side is so many pixels at most, uint8 or uint16 (H, W)."""
    height, width = reduced_shape(pixels, side)
    if (height, width) == pixels.shape:
        return pixels
    return cast(Pixels, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def to_8_bit(packed: Packed) -> NDArray[np.uint8]:
    """Return a packed image as people are shown it, uint8 (S, S)."""
    return cast(NDArray[np.uint8], np.rint(packed).astype(np.uint8))


def normalisation(spec: PreprocessSpec) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how packed pixels become the network's input.

    Returns:
        scale and offset, each float32 (3,): input = pixel * scale + offset, a channel each.
    """
    mean, std = np.asarray(spec.mean, dtype=np.float64), np.asarray(spec.std, dtype=np.float64)
    return (1.0 / (255.0 * std)).astype(np.float32), (-mean / std).astype(np.float32)


def _resized(pixels: Pixels, size: int) -> Pixels:
    # Averaging over areas uses every pixel of an axis that shrinks; one that grows it would repeat.
    height, width = min(pixels.shape[0], size), min(pixels.shape[1], size)
    if pixels.shape != (height, width):
        pixels = cast(Pixels, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))
    if pixels.shape == (size, size):
        return pixels.copy()
    return cast(Pixels, cv2.resize(pixels, (size, size), interpolation=cv2.INTER_LINEAR))


def _stretched(pixels: Pixels) -> Pixels:
    return pixels


def _padded(pixels: Pixels) -> Pixels:
    height, width = pixels.shape
    side = max(height, width)
    above, left = (side - height) // 2, (side - width) // 2
    margins = ((above, side - height - above), (left, side - width - left))
    return cast(Pixels, np.pad(pixels, margins))


def _cropped(pixels: Pixels) -> Pixels:
    height, width = pixels.shape
    side = min(height, width)
    above, left = (height - side) // 2, (width - side) // 2
    return pixels[above : above + side, left : left + side]


_SQUARES = {"stretch": _stretched, "pad": _padded, "crop": _cropped}
