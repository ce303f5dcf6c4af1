"""Data set -> the transforms that its elements ask for."""

from __future__ import annotations

from pydicom import Dataset

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom.grey import Grey, Rescale, Window
from cxrtune.images.dicom.header import Header, first, number, text
from cxrtune.images.dicom.lut import Lut, read_lut


def read_transforms(dataset: Dataset, header: Header) -> Grey:
    """Read modality LUT or rescale, VOI LUT or window, presentation and padding.

    Raises:
        UnreadableImageError: An element is damaged, stands without its partner, or is not supported.
    """
    modality = _modality(dataset, header)
    return Grey(
        stored=header.stored,
        signed=header.signed,
        modality=modality,
        voi=_voi(dataset, header, modality),
        inverse=_inverse(dataset, header),
        padding=_padding(dataset, header),
    )


def _modality(dataset: Dataset, header: Header) -> Rescale | Lut | None:
    # PS3.3 C.11.1: the sequence or the rescale, not both; where both are, the sequence says more.
    if dataset.get("ModalityLUTSequence"):
        return read_lut(dataset.ModalityLUTSequence[0], "LUT", "Modality LUT", header.signed)
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope is None and intercept is None:
        return None
    if slope is None or intercept is None:
        raise UnreadableImageError("has only one of Rescale Slope and Rescale Intercept")
    if slope == 0:
        raise UnreadableImageError("is damaged: its Rescale Slope is 0")
    return Rescale(slope, intercept)


def _voi(dataset: Dataset, header: Header, modality: Rescale | Lut | None) -> Lut | Window | None:
    # PS3.3 C.11.2.1: several are alternatives, and the first is meant to be shown first.
    if dataset.get("VOILUTSequence"):
        signed = _may_be_negative(header, modality)
        return read_lut(dataset.VOILUTSequence[0], "LUT", "VOI LUT", signed)
    center, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    if center is None and width is None:
        return None
    if center is None or width is None:
        raise UnreadableImageError("has only one of Window Center and Window Width")
    function = text(dataset, "VOILUTFunction") or "LINEAR"
    # PS3.3 C.11.2.1.2.1 and C.11.2.1.3: the least width of each.
    if function == "LINEAR" and width >= 1:
        return Window(center, width, "LINEAR")
    if function == "LINEAR_EXACT" and width > 0:
        return Window(center, width, "LINEAR_EXACT")
    if function == "SIGMOID" and width > 0:
        return Window(center, width, "SIGMOID")
    if function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise UnreadableImageError(f"is damaged: a window of width {width:g} shows nothing")
    raise UnreadableImageError("has a VOI LUT Function that is not supported")


def _may_be_negative(header: Header, modality: Rescale | Lut | None) -> bool:
    if isinstance(modality, Lut):
        return False  # PS3.3 C.11.1.1.1: its output is unsigned
    low = -(1 << header.stored - 1) if header.signed else 0
    if modality is None:
        return low < 0
    high = (1 << header.stored - int(header.signed)) - 1
    return min(modality.slope * low, modality.slope * high) + modality.intercept < 0


def _inverse(dataset: Dataset, header: Header) -> bool:
    if dataset.get("PresentationLUTSequence"):
        raise UnreadableImageError("has a Presentation LUT Sequence, which is not supported")
    shape = text(dataset, "PresentationLUTShape") or "IDENTITY"
    if shape not in ("IDENTITY", "INVERSE"):
        raise UnreadableImageError("has a Presentation LUT Shape that is not supported")
    # PS3.3 C.7.6.3.1.2 and C.11.6: two ways to say one thing; where both are, the picture is inverted once.
    return header.photometric == "MONOCHROME1" or shape == "INVERSE"


def _padding(dataset: Dataset, header: Header) -> tuple[int, int] | None:
    # PS3.3 C.7.5.1.1.2: one value, or with a limit all from one to the other, whichever is the lower.
    ends = [first(dataset, word) for word in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    if ends[0] is None:
        return None
    values = [_as_stored(int(end), header) for end in ends if end is not None]
    return min(values), max(values)


def _as_stored(value: int, header: Header) -> int:
    # The element may carry the value's bits with the wrong sign, as its VR is not always that of the pixels.
    value &= 0xFFFF
    return value - (1 << 16) if header.signed and value >= 1 << 15 else value
