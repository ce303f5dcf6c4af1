"""One thing that is wrong with a data folder: `verify` tells all of them, a cohort is refused for the first.

A parser yields faults. A fault is of a whole file or of many rows; it knows what is said of each row, and
whether a cohort can be made in spite of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from cxrtune.errors import DataError

Severity = Literal["error", "warning"]


class Kind(StrEnum):
    """A kind, by the name that scripts filter the list by; `meaning` says it in words."""

    MISSING = "missing-image", "named by the table, not in the folder"
    EXTRA = "extra-image", "in the folder, not named by the table"
    SAME_NAME = "same-name", "two images of one name"
    UNREADABLE = "unreadable-image", "gives no radiograph"
    SIZE = "image-size", "of another size than the others"
    MODE = "image-mode", "not 8-bit grey"
    DUPLICATE = "duplicate-image", "the same image under several names"
    LINK = "link-outside", "a link that leaves the folder"
    NAME = "odd-name", "a name that tools stumble over"
    FOLDER = "unreadable-folder", "a folder that cannot be listed"
    UNPACKING = "half-unpacked", "an archive that was not unpacked to its end"
    TABLE = "table", "the label table is not as NIH published it"
    TABLE_ROW = "table-row", "rows of the label table that cannot be meant"
    LABEL = "unknown-label", "labels that are none of NIH's"
    AGE = "impossible-age", "ages that nobody has"
    RELEASE = "table-release", "another release of the label table"
    LIST = "split-list", "the split lists and the table do not go together"
    PATIENT = "patient-across-splits", "a patient in more than one split"
    BOX = "box-list", "the list of boxes"

    meaning: str

    def __new__(cls, name: str, meaning: str) -> Kind:
        """Make a kind of its name and its meaning."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.meaning = meaning
        return kind


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem, and the way out of it.

    Attributes:
        kind: Which check found it.
        severity: `error`: a stage would refuse, or learn from wrong data; `warning`: worth a look.
        file: The file or folder, relative to the data folder where it lies in it.
        what: What was found, and what was expected.
        remedy: What to do.
    """

    kind: Kind
    severity: Severity
    file: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file, or with many of its rows.

    Attributes:
        kind: As of its problems.
        severity: As of its problems.
        file: As of its problems.
        whats: What is said of each row; made when it is asked for, as a cohort never does.
        remedy: As of its problems.
        refusal: Why no cohort can be made, of all rows in one sentence; None if it can.
    """

    kind: Kind
    severity: Severity
    file: str
    whats: Iterable[str]
    remedy: str
    refusal: DataError | None = None

    def problems(self) -> list[Problem]:
        """Return the problems, one a row."""
        return [Problem(self.kind, self.severity, self.file, what, self.remedy) for what in self.whats]


def refuse_first(faults: Iterable[Fault]) -> None:
    """Let nothing pass that no cohort can be made of.

    Raises:
        DataError: The refusal of the first fault that has one.
    """
    for fault in faults:
        if fault.refusal is not None:
            raise fault.refusal


def problems_of(faults: Iterable[Fault]) -> list[Problem]:
    """Return the problems of all faults, each once."""
    return list(dict.fromkeys(problem for fault in faults for problem in fault.problems()))
