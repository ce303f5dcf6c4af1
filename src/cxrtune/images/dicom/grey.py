"""Stored value -> grey: the standard's transforms in the standard's order, as one table.

There are at most 65,536 stored values, so the transforms are run once over all of them, in float64, and the
image is looked up: exact, rounded once, and several times faster than arithmetic a pixel.
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
"""Closer than this two shares of white are one: rounding in float64 is far below, a grey level far above."""


@dataclass(frozen=True)
class Rescale:
    """Modality LUT as a straight line (PS3.3 C.11.1.1.2): output = slope * stored + intercept."""

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
    """How stored values become grey.

    Attributes:
        signed: Stored values are two's complement.
        modality: Modality LUT or rescale, or None.
        voi: VOI LUT or window, or None: then the full range of what the stored bits can give is shown.
        inverse: The lowest output is white.
        padding: Stored values from the first to the second are no image; None if there are none.
    """

    signed: bool
    modality: Rescale | Lut | None
    voi: Lut | Window | None
    inverse: bool
    padding: tuple[int, int] | None


def grey_table(grey: Grey, bits: int, depth: int) -> Pixels:
    """Run every stored value through the transforms.

    Args:
        grey: The transforms.
        bits: Bits of a value in the frame; more than the depth where a lossy decoder may overshoot.
        depth: Bits that span the range of what can occur.

    Returns:
        uint8 (2**bits,) where the depth is no more than 8 bits and their order is only kept or turned round,
        otherwise uint16 (2**bits,); grey in [0, white] for each value's bits.

    Raises:
        UnreadableImageError: The transforms leave no numbers.
    """
    stored = stored_values(bits, grey.signed)
    own = stored_values(depth, grey.signed)
    own_low, own_high = own.min(), own.max()
    # PS3.3 C.11.1: the modality transform is first.
    values, low, high = _after_modality(grey.modality, stored, own_low, own_high)
    # PS3.3 C.11.2: then that of the values of interest; where there is none, all that can occur is shown.
    shares = _after_voi(grey.voi, values) if grey.voi is not None else _share(values, low, high)
    # PS3.3 C.11.6 and C.7.6.3.1.2: last the presentation, P-Values or their inverse.
    if grey.inverse:
        shares = 1.0 - shares
    plain = _share(stored, own_low, own_high)
    # PS3.3 C.7.5.1.1.2: padding is no part of the image; it is made background.
    padded = np.zeros(stored.shape, dtype=np.bool_)
    if grey.padding is not None:
        padded = (stored >= grey.padding[0]) & (stored <= grey.padding[1])
    only_turned = _equal(shares, plain, ~padded) or _equal(shares, 1.0 - plain, ~padded)
    kind = np.uint8 if depth <= 8 and only_turned else np.uint16
    table = np.rint(shares * np.iinfo(kind).max).astype(kind)
    table[padded] = 0
    return cast(Pixels, table)


def stored_values(bits: int, signed: bool) -> Values:
    """Return what each pattern of so many bits means: float64 (2**bits,), two's complement if signed."""
    values = np.arange(1 << bits, dtype=np.float64)
    if signed:
        values[len(values) // 2 :] -= 1 << bits
    return values


def _share(values: Values, low: float, high: float) -> Values:
    # One stored bit that is signed, or a table of one entry, has no range: all is black.
    return np.clip((values - low) / (high - low), 0.0, 1.0) if high > low else np.zeros_like(values)


def _equal(shares: Values, others: Values, where: NDArray[np.bool_]) -> bool:
    return bool((np.abs(shares - others)[where] < _SAME).all())


def _after_modality(
    modality: Rescale | Lut | None, stored: Values, low: float, high: float
) -> tuple[Values, float, float]:
    """Return the output, and the lowest and highest that the stored bits can give."""
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
    """Return each output as a share of the output range."""
    if isinstance(voi, Lut):
        return _share(voi.look_up(values).astype(np.float64), 0.0, float((1 << voi.bits) - 1))
    if voi.function == "SIGMOID":
        # PS3.3 C.11.2.1.3.1; beyond 700 the share is 0 or 1 in float64 anyway.
        with np.errstate(over="ignore"):
            steepness = np.clip(-4.0 * (values - voi.center) / voi.width, -700.0, 700.0)
        return 1.0 / (1.0 + np.exp(steepness))
    # PS3.3 C.11.2.1.2.1, and C.11.2.1.3.2 for the exact one, which lacks the half and the one.
    exact = voi.function == "LINEAR_EXACT"
    center, width = (voi.center, voi.width) if exact else (voi.center - 0.5, voi.width - 1.0)
    shares = np.zeros_like(values)
    shares[values > center + width / 2] = 1.0
    between = (values > center - width / 2) & (values <= center + width / 2)
    with np.errstate(over="ignore"):
        shares[between] = (values[between] - center) / width + 0.5
    return np.clip(shares, 0.0, 1.0)
