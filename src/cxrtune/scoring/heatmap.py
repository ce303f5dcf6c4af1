"""Evidence maps as images: enlarged to the radiograph, in colour, laid over it.

Only what speaks for a finding is shown. The scale is the image's own: full colour is the place that adds
most to this logit in this image, so a heatmap says where, never how likely.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cxrtune.images.preprocess import reduced
from cxrtune.images.radiograph import Pixels
from cxrtune.recipe import PreprocessSpec

OPACITY = 0.45


def enlarged(
    evidence: NDArray[np.float32], shape: tuple[int, int], spec: PreprocessSpec
) -> NDArray[np.float32]:
    """Bring an evidence map to the radiograph.

    Args:
        evidence: float32 (h, w), of one finding.
        shape: Height and width of the radiograph.
        spec: How the radiograph became the network's input; undone here.

    Returns:
        float32 (H, W), in logits a place of the map, bilinear between the centres of its places; 0 where the
        network did not look (`resize: crop`).
    """
    height, width = shape
    side = {"stretch": None, "pad": max(shape), "crop": min(shape)}[spec.resize]
    if side is None:
        return cast(
            NDArray[np.float32], cv2.resize(evidence, (width, height), interpolation=cv2.INTER_LINEAR)
        )
    square = cast(NDArray[np.float32], cv2.resize(evidence, (side, side), interpolation=cv2.INTER_LINEAR))
    above, left = abs(side - height) // 2, abs(side - width) // 2
    if spec.resize == "pad":
        return square[above : above + height, left : left + width]
    whole = np.zeros(shape, dtype=np.float32)
    whole[above : above + side, left : left + side] = square
    return whole


def heat(evidence: NDArray[np.float32], shape: tuple[int, int], spec: PreprocessSpec) -> NDArray[np.float32]:
    """Return float32 (H, W) in [0, 1]: the evidence for a finding, 1 where it is strongest."""
    positive = np.maximum(enlarged(evidence, shape, spec), 0)
    strongest = float(positive.max())
    return np.asarray(positive / strongest if strongest > 0 else positive, dtype=np.float32)


def overlay(pixels: Pixels, heat_map: NDArray[np.float32], opacity: float = OPACITY) -> NDArray[np.uint8]:
    """Lay heat over a radiograph.

    Args:
        pixels: uint8 or uint16 (H, W).
        heat_map: float32 (H, W) in [0, 1].
        opacity: Of the colour where the heat is 1; it falls with the heat, so that the radiograph shows.

    Returns:
        uint8 (H, W, 3), red, green, blue.
    """
    white = np.iinfo(pixels.dtype).max
    grey = (pixels.astype(np.float32) / white * 255)[..., None]
    colour = coloured(heat_map).astype(np.float32)
    share = (opacity * heat_map)[..., None]
    mixed: NDArray[np.uint8] = np.rint(grey * (1 - share) + colour * share).astype(np.uint8)
    return mixed


def preview(pixels: Pixels, side: int) -> NDArray[np.uint8]:
    """Return a radiograph as uint8 (h, w) for a page, its longer side `side` pixels at most."""
    small = reduced(pixels, side)
    return cast(NDArray[np.uint8], small if small.dtype == np.uint8 else (small >> 8).astype(np.uint8))


def coloured(heat_map: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return uint8 (H, W, 3), red, green, blue: the heat in Inferno, whose lightness rises with it."""
    steps = np.rint(heat_map * 255).astype(np.uint8)
    return cast(NDArray[np.uint8], cv2.applyColorMap(steps, cv2.COLORMAP_INFERNO)[..., ::-1])


def to_png(image: NDArray[np.uint8]) -> bytes:
    """Encode grey (H, W), or red, green, blue (H, W, 3), as PNG."""
    channels = image if image.ndim == 2 else np.ascontiguousarray(image[..., ::-1])
    _, data = cv2.imencode(".png", channels)
    return bytes(data.tobytes())
