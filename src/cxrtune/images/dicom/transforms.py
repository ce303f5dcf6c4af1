"""Data set -> the grey-scale transforms that its elements specify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from pydicom import Dataset

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.elements import finite, first, number, text, values
from cxrtune.images.dicom.grey import Function, Grey, Rescale, Window
from cxrtune.images.dicom.header import Header
from cxrtune.images.dicom.lut import Lut, filled_item, read_lut

_FUNCTIONS: Mapping[str, Function] = {name: name for name in get_args(Function)}


def read_transforms(dataset: Dataset, header: Header, notes: list[str]) -> Grey:
    """Read the modality LUT or rescale, the VOI LUT or window, presentation and padding.

    Args:
        dataset: The data set.
        header: Its header.
        notes: List to which corrections and ignored elements are appended.

    Raises:
        UnreadableImageError: An element is damaged, lacks a companion element, or is not supported.
    """
    modality = _modality(dataset, header, notes)
    return Grey(
        signed=header.signed,
        modality=modality,
        voi=_voi(dataset, header, modality, notes),
        inverse=_inverse(dataset, header),
        padding=_padding(dataset, header),
    )


def _modality(dataset: Dataset, header: Header, notes: list[str]) -> Rescale | Lut | None:
    # PS3.3 C.11.1: either the sequence or the rescale; if both exist, the sequence is more specific.
    item = filled_item(dataset, "ModalityLUTSequence")
    if item is not None:
        return read_lut(item, "LUT", "Modality LUT", header.signed, notes)
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope is None and intercept is None:
        return None
    if slope is None or intercept is None:
        raise UnreadableImageError("has only one of Rescale Slope and Rescale Intercept")
    if slope == 0 == intercept:
        notes.append("Rescale Slope and Intercept are 0: taken as not set")
        return None
    if slope == 0:
        raise UnreadableImageError("is damaged: its Rescale Slope is 0")
    return Rescale(slope, intercept)


def _voi(
    dataset: Dataset, header: Header, modality: Rescale | Lut | None, notes: list[str]
) -> Lut | Window | None:
    # PS3.3 C.11.2.1: several items are alternatives, and the first is to be shown first.
    item = filled_item(dataset, "VOILUTSequence")
    if item is not None:
        return read_lut(item, "LUT", "VOI LUT", _may_be_negative(header, modality), notes)
    centers, widths = values(dataset, "WindowCenter"), values(dataset, "WindowWidth")
    if not any(one is not None for one in (*centers, *widths)):
        return None
    function = text(dataset, "VOILUTFunction") or "LINEAR"
    if function not in _FUNCTIONS:
        raise UnreadableImageError("has a VOI LUT Function that is not supported")
    refused = "has only one of Window Center and Window Width"
    for center, width in zip(centers, widths, strict=False):
        if center is None or width is None:
            continue
        window = Window(finite(center, "WindowCenter"), finite(width, "WindowWidth"), _FUNCTIONS[function])
        if window.width > 0:
            return _by_its_units(window, _lies_within_one(header, modality), notes)
        if window.width == 0:
            notes.append("a window of width 0 is taken as not set")
            refused = ""
        else:
            refused = f"is damaged: a window of width {window.width:g} shows nothing"
    if refused:
        raise UnreadableImageError(refused)
    return None


def _by_its_units(window: Window, within_one: bool, notes: list[str]) -> Window:
    # PS3.3 C.11.2.1.2.1: LINEAR is for whole numbers, since it subtracts one from the width. If the modality
    # transform yields fractions of one, such a window can only be LINEAR_EXACT (C.11.2.1.3.2).
    if window.function == "LINEAR" and (window.width < 1 or within_one):
        notes.append("a LINEAR window over values within 1 is read as LINEAR_EXACT")
        return replace(window, function="LINEAR_EXACT")
    return window


def _lies_within_one(header: Header, modality: Rescale | Lut | None) -> bool:
    # Slightly more than one, since a slope such as 1/4095 is rounded to the 16 characters of a decimal
    # string.
    return isinstance(modality, Rescale) and abs(modality.slope) * ((1 << header.stored) - 1) <= 1.001


def check_depth(grey: Grey, header: Header, depth: int) -> None:
    """Refuse compressed pixels with fewer bits than stated if the window was made for the stated number.

    Raises:
        UnreadableImageError: The window or VOI LUT extends beyond twice the largest possible pixel value.
    """
    if depth >= header.stored or grey.voi is None or isinstance(grey.modality, Lut):
        return
    highest = float((1 << depth - int(header.signed)) - 1)
    if grey.modality is not None:
        highest = abs(grey.modality.slope) * highest + grey.modality.intercept
    spans = (
        grey.voi.first + len(grey.voi.entries)
        if isinstance(grey.voi, Lut)
        else grey.voi.center + grey.voi.width / 2
    )
    if spans > 2 * max(highest, 1.0):
        raise UnreadableImageError(
            f"has a window for {header.stored} bits, and its compressed pixels have {depth}"
        )


def _may_be_negative(header: Header, modality: Rescale | Lut | None) -> bool:
    if isinstance(modality, Lut):
        return False  # PS3.3 C.11.1.1.1: its output is unsigned
    low = -(1 << header.stored - 1) if header.signed else 0
    if modality is None:
        return low < 0
    high = (1 << header.stored - int(header.signed)) - 1
    return min(modality.slope * low, modality.slope * high) + modality.intercept < 0


def _inverse(dataset: Dataset, header: Header) -> bool:
    if filled_item(dataset, "PresentationLUTSequence") is not None:
        raise UnreadableImageError("has a Presentation LUT Sequence, which is not supported")
    shape = text(dataset, "PresentationLUTShape") or "IDENTITY"
    if shape not in ("IDENTITY", "INVERSE"):
        raise UnreadableImageError("has a Presentation LUT Shape that is not supported")
    # PS3.3 C.7.6.3.1.2 and C.11.6: two ways to state the same; if both exist, the image is inverted once.
    return header.photometric == "MONOCHROME1" or shape == "INVERSE"


def _padding(dataset: Dataset, header: Header) -> tuple[int, int] | None:
    # PS3.3 C.7.5.1.1.2: one value, or with a limit the range between the two, in either order.
    ends = [first(dataset, word) for word in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    if ends[0] is None:
        return None
    values = [_as_stored(int(end), header) for end in ends if end is not None]
    return min(values), max(values)


def _as_stored(value: int, header: Header) -> int:
    # The element may have the wrong sign, since its VR is not always that of the pixels.
    value &= 0xFFFF
    return value - (1 << 16) if header.signed and value >= 1 << 15 else value
