"""The label table, read leniently, in cxrtune's own columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxrtune.cohort.checks.table_text import read_table_text
from cxrtune.cohort.nih import COLUMNS
from cxrtune.cohort.problem import Kind, Problem


@dataclass(frozen=True)
class LabelTable:
    """What could be read of a label table.

    Attributes:
        file: Its name, as problems show it.
        frame: Text, columns image, labels, followup, patient, age, sex, view; one that the file lacks is
            empty text. The index numbers the rows as in the file.
        lacking: Those columns that the file lacks.
        problems: What had to be put up with.
        notes: What is unusual and does no harm, such as `Windows line ends`.
        sha256: Of its bytes, unpacked.
    """

    file: str
    frame: pd.DataFrame
    lacking: frozenset[str]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    sha256: str

    @property
    def patients(self) -> pd.Series[str]:
        """The patients by image name; of an image that is named twice, the first row's."""
        rows = self.frame.drop_duplicates("image")
        return pd.Series(rows["patient"].to_numpy(), index=pd.Index(rows["image"]), dtype="str")


def read_label_table(path: Path) -> LabelTable:
    """Read a label table as far as it goes."""
    text = read_table_text(path, Kind.TABLE, tuple(COLUMNS.values()))
    frame = pd.DataFrame(index=text.frame.index)
    for ours, theirs in COLUMNS.items():
        frame[ours] = (
            text.frame[theirs[0]] if theirs[0] in text.frame else pd.Series("", frame.index, dtype="str")
        )
    lacking = frozenset(ours for ours, theirs in COLUMNS.items() if theirs[0] not in text.frame)
    return LabelTable(path.name, frame, lacking, text.problems, text.notes, text.sha256)


def in_one_order(labels: pd.Series[str]) -> pd.Series[str]:
    """Return `B|A` as `A|B`, so that texts compare as sets."""
    codes, distinct = pd.factorize(labels)
    ordered = ["|".join(sorted(text.split("|"))) for text in distinct]
    return pd.Series([ordered[code] if code >= 0 else "" for code in codes], index=labels.index, dtype="str")
