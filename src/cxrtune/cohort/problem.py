"""One problem of a data folder: `verify` reports all of them, building a cohort raises the first.

Parsers yield faults. A fault concerns a whole file or many of its rows; it has a message for each row, and
states whether a cohort can still be built.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from cxrtune.errors import DataError

Severity = Literal["error", "warning"]


class Kind(StrEnum):
    """The kind of a problem: a name that scripts can filter by, and `meaning`, a description."""

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
        """Create a kind from its name and its meaning."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.meaning = meaning
        return kind


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem and its remedy.

    Attributes:
        kind: The check that found it.
        severity: `error`: a stage would fail, or learn from wrong data; `warning`: worth checking.
        file: The file or folder, relative to the data folder if it is inside.
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
    """A fault of a file, or of many of its rows.

    Attributes:
        kind: As in `Problem`.
        severity: As in `Problem`.
        file: As in `Problem`.
        whats: The message for each row; created only on demand, as building a cohort does not use it.
        remedy: As in `Problem`.
        refusal: Why no cohort can be built, one sentence about all rows; None if one can be built.
    """

    kind: Kind
    severity: Severity
    file: str
    whats: Iterable[str]
    remedy: str
    refusal: DataError | None = None

    def problems(self) -> list[Problem]:
        """Return the problems, one per row."""
        return [Problem(self.kind, self.severity, self.file, what, self.remedy) for what in self.whats]


def refuse_first(faults: Iterable[Fault]) -> None:
    """Raise the first fault that prevents a cohort from being built.

    Raises:
        DataError: The refusal of the first fault that has one.
    """
    for fault in faults:
        if fault.refusal is not None:
            raise fault.refusal


def problems_of(faults: Iterable[Fault]) -> list[Problem]:
    """Return the problems of all faults, without duplicates."""
    return list(dict.fromkeys(problem for fault in faults for problem in fault.problems()))
