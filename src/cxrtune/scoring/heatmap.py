"""Class activation maps as images: enlarged to the radiograph, coloured, and overlaid on it.

Only positive contributions to a finding are shown. Each map is scaled to its own maximum, the position that
contributes most to the logit in this image: a heatmap shows where a finding is seen, not how likely it is.
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
    """Resize a class activation map to the radiograph.

    Args:
        evidence: float32 (h, w), the class activation map of one finding.
        shape: Height and width of the radiograph.
        spec: The preprocessing of the radiograph, which is reversed here.

    Returns:
        float32 (H, W), in logits per position of the map, interpolated bilinearly between the centres of its
        positions; 0 outside the input of the network (`resize: crop`).
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
    """Return the positive part of an enlarged map, scaled to a maximum of 1, float32 (H, W) in [0, 1]."""
    positive = np.maximum(enlarged(evidence, shape, spec), 0)
    strongest = float(positive.max())
    return np.asarray(positive / strongest if strongest > 0 else positive, dtype=np.float32)


def overlay(pixels: Pixels, heat_map: NDArray[np.float32], opacity: float = OPACITY) -> NDArray[np.uint8]:
    """Overlay a heatmap on a radiograph.

    Args:
        pixels: uint8 or uint16 (H, W), the radiograph.
        heat_map: float32 (H, W) in [0, 1].
        opacity: Opacity of the colour where the heatmap is 1; it is proportional to the heatmap elsewhere.

    Returns:
        uint8 (H, W, 3), RGB.
    """
    white = np.iinfo(pixels.dtype).max
    grey = (pixels.astype(np.float32) / white * 255)[..., None]
    colour = coloured(heat_map).astype(np.float32)
    share = (opacity * heat_map)[..., None]
    mixed: NDArray[np.uint8] = np.rint(grey * (1 - share) + colour * share).astype(np.uint8)
    return mixed


def preview(pixels: Pixels, side: int) -> NDArray[np.uint8]:
    """Return a radiograph as uint8 (h, w) for display, with a longer side of at most `side` pixels."""
    small = reduced(pixels, side)
    return cast(NDArray[np.uint8], small if small.dtype == np.uint8 else (small >> 8).astype(np.uint8))


def coloured(heat_map: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a heatmap in the colours of Inferno, whose lightness rises with the value, uint8 (H, W, 3)."""
    steps = np.rint(heat_map * 255).astype(np.uint8)
    return cast(NDArray[np.uint8], cv2.applyColorMap(steps, cv2.COLORMAP_INFERNO)[..., ::-1])


def to_png(image: NDArray[np.uint8]) -> bytes:
    """Encode a grey image (H, W) or an RGB image (H, W, 3) as PNG."""
    channels = image if image.ndim == 2 else np.ascontiguousarray(image[..., ::-1])
    _, data = cv2.imencode(".png", channels)
    return bytes(data.tobytes())
