"""The elements of an instance that results repeat: who, which study, when, with what."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from cxrtune.errors import UnreadableImageError
from cxrtune.images.held_warnings import held_warnings

MANUFACTURER = "cxrtune"
"""What results say of who made them; what says so is no radiograph."""

PATIENT_AND_STUDY = (
    # PS3.3 C.7.1.1, C.7.2.1, C.7.2.2
    *("PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence"),
    *("PatientBirthDate", "PatientBirthTime", "PatientSex", "OtherPatientIDsSequence"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID"),
    *("AccessionNumber", "IssuerOfAccessionNumberSequence", "StudyDescription"),
    *("PatientAge", "PatientSize", "PatientWeight"),
)
"""The modules Patient, General Study and Patient Study, as far as results repeat them."""

_OF_THE_IMAGE = (
    *(
        "SpecificCharacterSet",
        "SOPClassUID",
        "SOPInstanceUID",
        "SeriesInstanceUID",
        "Manufacturer",
        "Modality",
    ),
    *("ContentDate", "ContentTime", "AcquisitionDate", "AcquisitionTime", "SeriesDate", "SeriesTime"),
    *("TimezoneOffsetFromUTC", "PatientOrientation", "BurnedInAnnotation"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
)
_TAGS: list[BaseTag | int] = [Tag(keyword) for keyword in (*PATIENT_AND_STUDY, *_OF_THE_IMAGE)]
_LAST = Tag("PixelData")
_INFLATED = 16 * 2**20  # what comes before the pixels is much shorter
_LONGEST_UID = 64


@dataclass(frozen=True)
class SourceInstance:
    """An instance without its pixels.

    Attributes:
        elements: `PATIENT_AND_STUDY` and what the image says of itself, decoded to Unicode.
        sop_class: SOP Class UID.
        sop_instance: SOP Instance UID.
        study: Study Instance UID.
        series: Series Instance UID.
    """

    elements: Dataset
    sop_class: UID
    sop_instance: UID
    study: UID
    series: UID

    @property
    def is_own(self) -> bool:
        """Whether it is a result of this program that an archive has sent back."""
        return str(self.elements.get("Manufacturer", "")) == MANUFACTURER


def read_source(data: bytes) -> SourceInstance:
    """Read a DICOM file's elements before its pixels.

    Args:
        data: The file's bytes.

    Raises:
        UnreadableImageError: It cannot be read, or one of the four UIDs that every image has is missing or
            none. The reason holds no value of the file.
    """
    try:
        with held_warnings("pydicom"):
            elements = _read(data)
            uids = [
                _uid(elements, keyword)
                for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
            ]
            elements.decode()
            elements.SpecificCharacterSet = "ISO_IR 192"
    except UnreadableImageError:
        raise
    except Exception as error:
        # Reading an element of a damaged file may raise anything, with the element's value in its text.
        raise UnreadableImageError(
            f"is damaged: its data set cannot be read ({type(error).__name__})"
        ) from None
    return SourceInstance(elements, *uids)


def _read(data: bytes) -> Dataset:
    stream = io.BytesIO(data)
    read_preamble(stream, force=True)
    # PS3.10 7.1: explicit VR little endian, whatever the data set behind it is.
    meta = FileMetaDataset(
        read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
    )
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return dcmread(io.BytesIO(data), force=True, stop_before_pixels=True, specific_tags=_TAGS)
    # PS3.5 A.5; no more is inflated than may come before the pixels.
    start = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[stream.tell() :], _INFLATED)
    return read_dataset(
        io.BytesIO(start), False, True, stop_when=lambda tag, vr, length: tag >= _LAST, specific_tags=_TAGS
    )


def is_uid(text: str) -> bool:
    """Tell whether a text is a unique identifier (PS3.5 9.1).

    Leading zeros are wrong too, but some devices write them and archives take them.
    """
    parts = text.split(".")
    return len(text) <= _LONGEST_UID and all(part.isascii() and part.isdecimal() for part in parts)


def _uid(elements: Dataset, keyword: str) -> UID:
    value = elements.get(keyword)
    if not isinstance(value, str) or not value:
        raise UnreadableImageError(f"has no {keyword}")
    if not is_uid(value):
        raise UnreadableImageError(f"its {keyword} is none")
    return UID(value)
