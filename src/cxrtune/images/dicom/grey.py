"""Stored values -> grey values: the transforms of the standard, in its order, as one look-up table.

There are at most 65,536 stored values, so the transforms are applied once to all of them, in float64, and the
pixels are looked up: exact, rounded once, and several times faster than arithmetic per pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.lut import Lut
from cxrtune.images.radiograph import Pixels

Values = NDArray[np.float64]
Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
_SAME = 1e-9
"""Tolerance for equal fractions of white: far above the rounding of float64, far below a grey level."""


@dataclass(frozen=True)
class Rescale:
    """Linear modality transform (PS3.3 C.11.1.1.2): output = slope * stored + intercept."""

    slope: float
    intercept: float


@dataclass(frozen=True)
class Window:
    """Center, width and function of a window (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""

    center: float
    width: float
    function: Function


@dataclass(frozen=True)
class Grey:
    """Transforms from stored values to grey values.

    Attributes:
        signed: Whether stored values are two's complement.
        modality: Modality LUT or rescale, or None.
        voi: VOI LUT or window; None shows the full range of the stored bits.
        inverse: Whether the lowest output is white.
        padding: First and last stored value of the range that is padding; None without padding.
    """

    signed: bool
    modality: Rescale | Lut | None
    voi: Lut | Window | None
    inverse: bool
    padding: tuple[int, int] | None


def grey_table(grey: Grey, bits: int, depth: int) -> Pixels:
    """Apply the transforms to every possible stored value.

    Args:
        grey: The transforms.
        bits: Bits per value in the frame; more than the depth if a lossy decoder may overshoot.
        depth: Number of bits that span the range of possible values.

    Returns:
        uint8 (2**bits,) if the depth is at most 8 bits and the order of values is only kept or reversed,
        otherwise uint16 (2**bits,); grey in [0, white], indexed by the bits of a value.

    Raises:
        UnreadableImageError: The result of the transforms is not finite.
    """
    stored = stored_values(bits, grey.signed)
    own = stored_values(depth, grey.signed)
    own_low, own_high = own.min(), own.max()
    # PS3.3 C.11.1: the modality transform comes first.
    values, low, high = _after_modality(grey.modality, stored, own_low, own_high)
    # PS3.3 C.11.2: then that of the values of interest; without it, the full range is shown.
    shares = _after_voi(grey.voi, values) if grey.voi is not None else _share(values, low, high)
    # PS3.3 C.11.6 and C.7.6.3.1.2: finally the presentation, P-Values or their inverse.
    if grey.inverse:
        shares = 1.0 - shares
    plain = _share(stored, own_low, own_high)
    # PS3.3 C.7.5.1.1.2: padding is not part of the image; it is set to the background.
    padded = np.zeros(stored.shape, dtype=np.bool_)
    if grey.padding is not None:
        padded = (stored >= grey.padding[0]) & (stored <= grey.padding[1])
    only_turned = _equal(shares, plain, ~padded) or _equal(shares, 1.0 - plain, ~padded)
    kind = np.uint8 if depth <= 8 and only_turned else np.uint16
    table = np.rint(shares * np.iinfo(kind).max).astype(kind)
    table[padded] = 0
    return cast(Pixels, table)


def stored_values(bits: int, signed: bool) -> Values:
    """Return the value of each bit pattern: float64 (2**bits,), two's complement if signed."""
    values = np.arange(1 << bits, dtype=np.float64)
    if signed:
        values[len(values) // 2 :] -= 1 << bits
    return values


def _share(values: Values, low: float, high: float) -> Values:
    # A single signed bit, or a table with one entry, has no range: the image is black.
    return np.clip((values - low) / (high - low), 0.0, 1.0) if high > low else np.zeros_like(values)


def _equal(shares: Values, others: Values, where: NDArray[np.bool_]) -> bool:
    return bool((np.abs(shares - others)[where] < _SAME).all())


def _after_modality(
    modality: Rescale | Lut | None, stored: Values, low: float, high: float
) -> tuple[Values, float, float]:
    """Return the output, and its minimum and maximum over the range of the stored bits."""
    if modality is None:
        return stored, low, high
    if isinstance(modality, Lut):
        return modality.look_up(stored).astype(np.float64), 0.0, float((1 << modality.bits) - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        values = modality.slope * stored + modality.intercept
        ends = sorted(float(modality.slope * end + modality.intercept) for end in (low, high))
    if not (np.isfinite(values).all() and np.isfinite(ends[1] - ends[0])):
        raise UnreadableImageError("is damaged: its Rescale Slope and Intercept leave no numbers")
    return values, ends[0], ends[1]


def _after_voi(voi: Lut | Window, values: Values) -> Values:
    """Return each output as a fraction of the output range."""
    if isinstance(voi, Lut):
        return _share(voi.look_up(values).astype(np.float64), 0.0, float((1 << voi.bits) - 1))
    if voi.function == "SIGMOID":
        # PS3.3 C.11.2.1.3.1; beyond 700 the fraction is 0 or 1 in float64 anyway.
        with np.errstate(over="ignore"):
            steepness = np.clip(-4.0 * (values - voi.center) / voi.width, -700.0, 700.0)
        return 1.0 / (1.0 + np.exp(steepness))
    # PS3.3 C.11.2.1.2.1, and C.11.2.1.3.2 for LINEAR_EXACT, without the offsets of 0.5 and 1.
    exact = voi.function == "LINEAR_EXACT"
    center, width = (voi.center, voi.width) if exact else (voi.center - 0.5, voi.width - 1.0)
    shares = np.zeros_like(values)
    shares[values > center + width / 2] = 1.0
    between = (values > center - width / 2) & (values <= center + width / 2)
    with np.errstate(over="ignore"):
        shares[between] = (values[between] - center) / width + 0.5
    return np.clip(shares, 0.0, 1.0)
