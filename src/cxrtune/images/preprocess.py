"""Radiograph -> packed image -> model input: preprocessing shared by training and prediction."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cxrtune.images.radiograph import Pixels, Radiograph
from cxrtune.recipe import PreprocessSpec

Packed = NDArray[np.uint8] | NDArray[np.float16]
"""An image of the model's size, (S, S), grey in [0, 255]; float16 if its source has more than 8 bits."""


def to_packed(radiograph: Radiograph, spec: PreprocessSpec) -> Packed:
    """Resize a radiograph to the input size of the model.

    Images read from files and from packs are identical bit for bit, since both pass through this function.
    Images with more than 8 bits keep eleven of them: if they were rounded to whole grey values, visually
    identical copies of one radiograph (such as lossily compressed ones) would differ by a whole step in every
    sixteenth pixel.

    Returns:
        uint8 or float16 (S, S), grey in [0, 255].
    """
    resized = _resized(_SQUARES[spec.resize](radiograph.pixels), spec.size)
    if resized.dtype == np.uint8:
        return cast(NDArray[np.uint8], resized)
    grey = resized.astype(np.float32) * np.float32(255.0 / radiograph.white)
    return cast(NDArray[np.float16], grey.astype(np.float16))


def reduced_shape(pixels: Pixels, side: int) -> tuple[int, int]:
    """Return height and width of a radiograph whose longer side is reduced to at most `side` pixels."""
    height, width = pixels.shape
    share = min(1.0, side / max(height, width))
    return max(1, round(height * share)), max(1, round(width * share))


def reduced(pixels: Pixels, side: int) -> Pixels:
    """Return a radiograph with its longer side reduced to at most `side` pixels, uint8 or uint16 (H, W)."""
    height, width = reduced_shape(pixels, side)
    if (height, width) == pixels.shape:
        return pixels
    return cast(Pixels, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def to_8_bit(packed: Packed) -> NDArray[np.uint8]:
    """Return a packed image for display, uint8 (S, S)."""
    return cast(NDArray[np.uint8], np.rint(packed).astype(np.uint8))


def normalisation(spec: PreprocessSpec) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the normalisation from packed pixels to the input of the network.

    Returns:
        scale and offset, each float32 (3,): input = pixel * scale + offset, per channel.
    """
    mean, std = np.asarray(spec.mean, dtype=np.float64), np.asarray(spec.std, dtype=np.float64)
    return (1.0 / (255.0 * std)).astype(np.float32), (-mean / std).astype(np.float32)


def _resized(pixels: Pixels, size: int) -> Pixels:
    # Area averaging uses every pixel of an axis that shrinks; along one that grows, it would repeat pixels.
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
