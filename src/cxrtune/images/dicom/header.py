"""The elements of a data set that matter here, each checked once and plain ever after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from cxrtune.errors import UnreadableImageError
from cxrtune.images.size import check_size

ELEMENTS = (
    *("SOPClassUID", "Modality", "PresentationIntentType", "ViewPosition", "ViewCodeSequence"),
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames"),
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("ModalityLUTSequence", "RescaleSlope", "RescaleIntercept"),
    *("VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction"),
    *("PresentationLUTShape", "PresentationLUTSequence"),
    *("RedPaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData"),
    *("GreenPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableData"),
    *("BluePaletteColorLookupTableDescriptor", "BluePaletteColorLookupTableData"),
    "SegmentedRedPaletteColorLookupTableData",
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData"),
)
"""All that is read of a data set; nothing here names a patient."""

_RADIOGRAPH_CLASSES = frozenset(
    {
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        DigitalXRayImageStorageForProcessing,
    }
)


@dataclass(frozen=True)
class Header:
    """What the picture is and how its pixels are stored (PS3.3 C.7.6.3).

    Attributes:
        syntax: Transfer Syntax UID.
        modality: Modality, empty if absent.
        is_radiograph_class: The SOP class is that of a CR or DX image.
        is_raw: The image is meant for processing, not for presentation.
        view: View Position, empty if absent.
        view_codes: Code values of the View Code Sequence.
        rows: Height in pixels.
        columns: Width in pixels.
        frames: Number of frames.
        samples: Samples per pixel, 1 or 3.
        photometric: Photometric Interpretation.
        planar: Planar Configuration; 0 where there is one sample.
        allocated: Bits Allocated, 8 or 16.
        stored: Bits Stored.
        high_bit: High Bit.
        signed: Pixel Representation is two's complement.
    """

    syntax: str
    modality: str
    is_radiograph_class: bool
    is_raw: bool
    view: str
    view_codes: frozenset[str]
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    planar: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool


def read_header(dataset: Dataset) -> Header:
    """Read and check the elements that say what the picture is and how it is stored.

    Raises:
        UnreadableImageError: An element is missing, contradicts another, or claims too much.
    """
    if "PixelData" not in dataset:
        raise UnreadableImageError("holds no pixel data")
    header = Header(
        syntax=_syntax(dataset),
        modality=text(dataset, "Modality"),
        is_radiograph_class=_sop_class(dataset) in _RADIOGRAPH_CLASSES,
        is_raw=text(dataset, "PresentationIntentType") == "FOR PROCESSING"
        or _sop_class(dataset) == DigitalXRayImageStorageForProcessing,
        view=text(dataset, "ViewPosition"),
        view_codes=frozenset(text(item, "CodeValue") for item in dataset.get("ViewCodeSequence") or ()),
        rows=whole(dataset, "Rows"),
        columns=whole(dataset, "Columns"),
        frames=whole(dataset, "NumberOfFrames", 1),
        samples=whole(dataset, "SamplesPerPixel"),
        photometric=text(dataset, "PhotometricInterpretation"),
        planar=whole(dataset, "PlanarConfiguration", 0),
        allocated=whole(dataset, "BitsAllocated"),
        stored=whole(dataset, "BitsStored"),
        high_bit=whole(dataset, "HighBit"),
        signed=whole(dataset, "PixelRepresentation") == 1,
    )
    _check_size(header)
    _check_bits(header)
    return header


def text(dataset: Dataset, keyword: str) -> str:
    """Return a value as upper-case text, empty if the element is absent or empty."""
    return str(first(dataset, keyword) or "").strip().upper()


def whole(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    """Return a value as a whole number.

    Raises:
        UnreadableImageError: The element is missing and has no default, or is no whole number.
    """
    value = first(dataset, keyword)
    if value is None:
        if default is None:
            raise UnreadableImageError(f"has no {_named(keyword)}")
        return default
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableImageError(f"is damaged: its {_named(keyword)} is no whole number") from error


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return a value, the first of several, as a finite number; None if the element is absent or empty.

    Raises:
        UnreadableImageError: The value is no finite number.
    """
    value = first(dataset, keyword)
    if value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableImageError(f"is damaged: its {_named(keyword)} is no number") from error
    if not math.isfinite(found):
        raise UnreadableImageError(f"is damaged: its {_named(keyword)} is no finite number")
    return found


def first(dataset: Dataset, keyword: str) -> Any:
    """Return a value, the first of several; None if the element is absent or empty."""
    value = dataset.get(keyword)
    if isinstance(value, (list, tuple)) or (hasattr(value, "__len__") and hasattr(value, "insert")):
        value = value[0] if len(value) else None
    return None if isinstance(value, str) and not value.strip() else value


def _named(keyword: str) -> str:
    # Rows, BitsStored -> Rows, Bits Stored
    return "".join(f" {letter}" if letter.isupper() else letter for letter in keyword).strip()


def _syntax(dataset: Dataset) -> str:
    meta = getattr(dataset, "file_meta", None)
    stated = text(meta, "TransferSyntaxUID") if meta is not None else ""
    if stated:
        return stated
    implicit, little = dataset.original_encoding
    if implicit is None or little is None:
        raise UnreadableImageError("states no transfer syntax")
    if dataset["PixelData"].is_undefined_length:
        raise UnreadableImageError("has compressed pixels and states no transfer syntax")
    return str(
        ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    )


def _sop_class(dataset: Dataset) -> str:
    meta = getattr(dataset, "file_meta", None)
    stated = text(dataset, "SOPClassUID")
    return stated or (text(meta, "MediaStorageSOPClassUID") if meta is not None else "")


def _check_size(header: Header) -> None:
    check_size(header.columns, header.rows)
    if header.frames < 1:
        raise UnreadableImageError(f"claims {header.frames} frames")
    if header.samples not in (1, 3):
        raise UnreadableImageError(f"has {header.samples} samples a pixel, not 1 or 3")


def _check_bits(header: Header) -> None:
    if header.allocated not in (8, 16):
        raise UnreadableImageError(f"allocates {header.allocated} bits a sample, not 8 or 16")
    # PS3.5 8.1.1: the stored bits lie within the allocated ones, the highest at High Bit.
    if not header.stored <= header.high_bit + 1 <= header.allocated or header.stored < 1:
        raise UnreadableImageError(
            f"is damaged: {header.stored} bits with the highest at {header.high_bit} "
            f"do not lie within {header.allocated}"
        )
