"""The elements of a data set that describe its pixels, checked and converted to plain values once."""

from __future__ import annotations

from dataclasses import dataclass

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
from cxrtune.images.dicom.admission import other_view
from cxrtune.images.dicom.elements import named, optional, text, whole
from cxrtune.images.radiograph import check_size

ELEMENTS = (
    *("SOPClassUID", "Modality", "PresentationIntentType", "LossyImageCompression"),
    *("ViewPosition", "ViewCodeSequence", "PatientOrientation", "PatientOrientationCodeSequence"),
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
"""All elements that are read from a data set; none of them identifies a patient."""

_RADIOGRAPH_CLASSES = frozenset(
    {
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        DigitalXRayImageStorageForProcessing,
    }
)


@dataclass(frozen=True)
class Header:
    """Properties of the image and storage of its pixels (PS3.3 C.7.6.3).

    Attributes:
        syntax: Transfer Syntax UID.
        modality: Modality; empty if absent.
        is_radiograph_class: Whether the SOP class is that of a CR or DX image.
        is_raw: Whether the image is meant for processing, not for presentation.
        other_view: The element which states that the image is not a frontal radiograph; None if there is
            none.
        is_lossy: Whether Lossy Image Compression states that the pixels have been compressed with loss.
        rows: Height in pixels.
        columns: Width in pixels.
        frames: Number of frames.
        samples: Samples per pixel, 1 or 3.
        photometric: Photometric Interpretation.
        planar: Planar Configuration; 0 if there is one sample per pixel.
        allocated: Bits Allocated, 8 or 16.
        stored: Bits Stored.
        high_bit: High Bit.
        signed: Whether Pixel Representation is two's complement.
    """

    syntax: str
    modality: str
    is_radiograph_class: bool
    is_raw: bool
    other_view: str | None
    is_lossy: bool
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


def read_header(dataset: Dataset, notes: list[str]) -> Header:
    """Read and check the elements that describe the image and how it is stored.

    Args:
        dataset: The data set.
        notes: List to which assumptions are appended.

    Raises:
        UnreadableImageError: An element is missing, contradicts another, or exceeds a limit.
    """
    if "PixelData" not in dataset:
        raise UnreadableImageError("holds no pixel data")
    photometric = text(dataset, "PhotometricInterpretation")
    rows, columns, frames = whole(dataset, "Rows"), whole(dataset, "Columns"), _frames(dataset, notes)
    if not photometric:
        raise UnreadableImageError(
            "has no Photometric Interpretation: whether low values are black or white is not known"
        )
    samples = _or_default(
        dataset, "SamplesPerPixel", 1 if photometric in ("MONOCHROME1", "MONOCHROME2") else None, notes
    )
    stored, high_bit = _stored_bits(dataset, notes)
    header = Header(
        syntax=_syntax(dataset),
        modality=text(dataset, "Modality"),
        is_radiograph_class=_sop_class(dataset) in _RADIOGRAPH_CLASSES,
        is_raw=text(dataset, "PresentationIntentType") == "FOR PROCESSING"
        or _sop_class(dataset) == DigitalXRayImageStorageForProcessing,
        other_view=other_view(dataset),
        is_lossy=text(dataset, "LossyImageCompression") == "01",
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        photometric=photometric,
        planar=whole(dataset, "PlanarConfiguration", 0),
        allocated=_or_default(
            dataset, "BitsAllocated", _allocated(dataset, stored, rows * columns * samples * frames), notes
        ),
        stored=stored,
        high_bit=high_bit,
        signed=_or_default(dataset, "PixelRepresentation", 0, notes) == 1,
    )
    _check_size(header)
    _check_bits(header)
    return header


def _frames(dataset: Dataset, notes: list[str]) -> int:
    frames = whole(dataset, "NumberOfFrames", 1)
    if frames == 0:
        notes.append("Number Of Frames is 0: read as 1")
    return frames or 1


def _stored_bits(dataset: Dataset, notes: list[str]) -> tuple[int, int]:
    """Return Bits Stored and High Bit; if one is missing, it is derived from the other (PS3.5 8.1.1)."""
    stored, high_bit = (optional(dataset, keyword) for keyword in ("BitsStored", "HighBit"))
    if stored is None:
        stored = _or_default(dataset, "BitsStored", None if high_bit is None else high_bit + 1, notes)
    if high_bit is None:
        high_bit = _or_default(dataset, "HighBit", stored - 1, notes)
    return stored, high_bit


def _allocated(dataset: Dataset, stored: int, samples: int) -> int:
    data = dataset["PixelData"].value
    holds_words = isinstance(data, bytes) and len(data) >= 2 * samples
    return 16 if stored > 8 or holds_words else 8


def _or_default(dataset: Dataset, keyword: str, default: int | None, notes: list[str]) -> int:
    value = optional(dataset, keyword)
    if value is not None:
        return value
    if default is None:
        raise UnreadableImageError(f"has no {named(keyword)}")
    notes.append(f"{named(keyword)} is missing: read as {default}")
    return default


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
    # PS3.5 8.1.1: the stored bits are within the allocated ones, the highest at High Bit.
    if not header.stored <= header.high_bit + 1 <= header.allocated or header.stored < 1:
        raise UnreadableImageError(
            f"is damaged: {header.stored} bits with the highest at {header.high_bit} "
            f"do not lie within {header.allocated}"
        )
