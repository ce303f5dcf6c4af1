"""The elements of an instance that results repeat: patient, study, time, equipment.

An instance is parsed once by the receiving thread, which reads no pixels and responds to the peer, and once
by the process that decodes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pydicom import Dataset
from pydicom.tag import Tag
from pydicom.uid import UID

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom import Allowance, decode_dicom
from cxrtune.images.dicom.read import read_before_pixels
from cxrtune.images.held_warnings import held_warnings
from cxrtune.images.reading import Reading, reading_of
from cxrtune.recipe import PreprocessSpec

MANUFACTURER = "cxrtune"
"""The manufacturer in results; an instance with this value is not a radiograph."""

PATIENT_AND_STUDY = (
    # PS3.3 C.7.1.1, C.7.2.1, C.7.2.2
    *("PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence"),
    *("PatientBirthDate", "PatientBirthTime", "PatientSex", "OtherPatientIDsSequence"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID"),
    *("AccessionNumber", "IssuerOfAccessionNumberSequence", "StudyDescription"),
    *("PatientAge", "PatientSize", "PatientWeight"),
)
"""The elements of the modules Patient, General Study and Patient Study that results repeat."""

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
_KEYWORDS = (*PATIENT_AND_STUDY, *_OF_THE_IMAGE)
_LONGEST_UID = 64


@dataclass(frozen=True)
class SourceInstance:
    """An instance without its pixels.

    Attributes:
        elements: `PATIENT_AND_STUDY` and the elements that describe the image, decoded to Unicode.
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
        UnreadableImageError: The file cannot be read, or one of the four UIDs that every image has is missing
            or not valid. The reason contains no value from the file.
    """
    try:
        with held_warnings("pydicom"):
            return _source_of(read_before_pixels(data, _KEYWORDS))
    except UnreadableImageError:
        raise
    except Exception as error:
        # Reading an element of a damaged file may raise anything, whose text may contain the value.
        raise UnreadableImageError(
            f"is damaged: its data set cannot be read ({type(error).__name__})"
        ) from None


InstanceReader = Callable[[bytes], tuple[SourceInstance, Reading]]
"""Reads the bytes of a DICOM file."""


def instance_reader(spec: PreprocessSpec, allow: frozenset[Allowance]) -> Callable[[], InstanceReader]:
    """Return a factory of instance readers, for use in a decoding process.

    Args:
        spec: The preprocessing of the model.
        allow: Kinds of DICOM files that are accepted although they are refused by default.
    """
    return partial(_make_reader, spec, allow)


def _make_reader(spec: PreprocessSpec, allow: frozenset[Allowance]) -> InstanceReader:
    def read(data: bytes) -> tuple[SourceInstance, Reading]:
        found: list[SourceInstance] = []

        def look(dataset: Dataset) -> None:
            source = _source_of(_repeated(dataset))
            if source.is_own:
                raise UnreadableImageError("is a result of this program that came back")
            found.append(source)

        radiograph = decode_dicom(data, allow, also=_KEYWORDS, look=look)
        return found[0], reading_of(radiograph, spec)

    return read


def _source_of(elements: Dataset) -> SourceInstance:
    uids = [
        _uid(elements, keyword)
        for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    ]
    elements.decode()
    elements.SpecificCharacterSet = "ISO_IR 192"
    return SourceInstance(elements, *uids)


def _repeated(dataset: Dataset) -> Dataset:
    """Return a copy of the elements that results repeat; those of the data set are not modified."""
    elements = Dataset({tag: dataset.get_item(tag) for tag in map(Tag, _KEYWORDS) if tag in dataset})
    implicit, little = dataset.original_encoding
    elements.set_original_encoding(implicit, little, dataset.original_character_set)
    return elements


def is_uid(text: str) -> bool:
    """Return whether a text is a valid unique identifier (PS3.5 9.1).

    Leading zeros are not valid either, but some devices write them and archives accept them.
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
