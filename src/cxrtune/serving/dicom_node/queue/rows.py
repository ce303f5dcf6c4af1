"""What stands in the queue, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["received", "scored", "done", "aside"]
"""The way of an instance: received -> scored -> done. What fails for good is set aside."""


@dataclass(frozen=True)
class Received:
    """An instance that waits to be scored.

    Attributes:
        number: Its row.
        data: A DICOM file's bytes.
        received: When it came, in seconds since 1970.
        attempts: How often scoring it was begun, this time included.
    """

    number: int
    data: bytes
    received: float
    attempts: int


@dataclass(frozen=True)
class Result:
    """A data set to be stored in the archive.

    Attributes:
        uid: Its SOP Instance UID.
        sop_class: Its SOP Class UID.
        data: A DICOM file's bytes.
    """

    uid: str
    sop_class: str
    data: bytes


@dataclass(frozen=True)
class Unsent:
    """A result that the archive has not accepted yet.

    Attributes:
        number: Its own row.
        instance: The row of the instance that it is of.
        result: The data set.
    """

    number: int
    instance: int
    result: Result
