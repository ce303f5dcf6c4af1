"""What all results share: patient and study elements, stable identifiers, and independence of the clock."""

from __future__ import annotations

import hashlib
import io
import uuid
from copy import deepcopy
from datetime import UTC, datetime
from importlib.metadata import version

from pydicom import Dataset, dcmwrite
from pydicom.uid import UID

from cxrtune.images.held_warnings import held_warnings
from cxrtune.serving.dicom_node.queue import Result
from cxrtune.serving.dicom_node.source import PATIENT_AND_STUDY, SourceInstance

DISCLAIMER = "Research software, no medical device. Not for clinical use. Not reviewed by a physician."

_ALWAYS_THERE = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber"),
)
_CLOCKS = ("Content", "Acquisition", "Series", "Study")
"""Pairs of date and time elements; the first pair that exists is used."""
FORMAT = "cxrtune.dicom-node/1"
"""Part of every identifier; changes when the format of results changes."""


def dated(source: SourceInstance, received: float) -> tuple[str, str]:
    """Return date and time of a result: those of the radiograph, so that results are reproducible.

    Args:
        source: The radiograph.
        received: When it was received, in seconds since 1970; used if the radiograph has no date.
    """
    for clock in _CLOCKS:
        date = str(source.elements.get(f"{clock}Date") or "")
        if len(date) == 8 and date.isdecimal():
            time = str(source.elements.get(f"{clock}Time") or "")
            return date, time if time[:6].isdecimal() and len(time) >= 6 else "000000"
    came = datetime.fromtimestamp(received, UTC)
    return came.strftime("%Y%m%d"), came.strftime("%H%M%S")


def take_over(result: Dataset, source: SourceInstance, received: float) -> None:
    """Copy patient and study of the radiograph into a result; remove what a clock or a library has set.

    Args:
        result: The data set, modified in place.
        source: The radiograph.
        received: As for `dated`.
    """
    for keyword in PATIENT_AND_STUDY:
        if keyword in result:
            del result[keyword]
        if keyword in source.elements:
            # The element, not its value: an invalid identifier must remain unchanged to match the patient.
            result[keyword] = deepcopy(source.elements[keyword])
        elif keyword in _ALWAYS_THERE:
            setattr(result, keyword, None)
    if "TimezoneOffsetFromUTC" in source.elements:
        result["TimezoneOffsetFromUTC"] = deepcopy(source.elements["TimezoneOffsetFromUTC"])
    result.SpecificCharacterSet = "ISO_IR 192"
    result.ContentDate, result.ContentTime = dated(source, received)
    for keyword in ("InstanceCreationDate", "InstanceCreationTime", "ContributingEquipmentSequence"):
        if keyword in result:
            del result[keyword]
    result.SoftwareVersions = version("cxrtune")


def to_result(dataset: Dataset) -> Result:
    """Encode a data set as a DICOM file."""
    stream = io.BytesIO()
    # pydicom warns about errors that the radiograph already had.
    with held_warnings("pydicom"):
        dcmwrite(stream, dataset, enforce_file_format=True)
    return Result(UID(dataset.SOPInstanceUID), UID(dataset.SOPClassUID), stream.getvalue())


def stable_uid(*parts: str) -> UID:
    """Derive a unique identifier from texts.

    The first 128 bits of the SHA-256 of `FORMAT` and the parts, each terminated by a line feed, form a UUID
    of version 8 (RFC 9562 5.8), which is appended to 2.25 as a decimal number (PS3.5 B.2).

    Args:
        parts: What the identifier depends on; none may contain a line feed.
    """
    text = "".join(f"{part}\n" for part in (FORMAT, *parts))
    value = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    value = value & ~(0xF << 76) | 8 << 76  # version 8
    value = value & ~(0x3 << 62) | 2 << 62  # variant of RFC 9562
    return UID(f"2.25.{uuid.UUID(int=value).int}")
