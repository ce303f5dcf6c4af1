"""Read the columns of NIH's tables as text; faults are either collected, or the first one is raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from cxrtune.cohort.problem import Fault, Kind
from cxrtune.csv_table import open_csv
from cxrtune.errors import DataError
from cxrtune.shown import quoted
from cxrtune.text_file import Tell, untold

COLUMNS: dict[str, tuple[str, ...]] = {
    "image": ("Image Index",),
    "labels": ("Finding Labels",),
    "followup": ("Follow-up #",),
    "patient": ("Patient ID",),
    "age": ("Patient Age",),
    "sex": ("Patient Gender", "Patient Sex"),
    "view": ("View Position",),
}
"""NIH's column names, by cxrtune's names; one differs between the releases."""

_TABLE_REMEDY = "Use NIH's table as it was published."
_TOO_MUCH = "Remove what is too much; cxrtune does not read it."


@dataclass(frozen=True)
class LabelTable:
    """The text of a label table.

    Attributes:
        path: The file.
        frame: Text columns image, labels, followup, patient, age, sex and view; a column that the file lacks
            is filled with empty text. The index holds the row numbers of the file.
        lacking: Those of the columns that the file lacks.
    """

    path: Path
    frame: pd.DataFrame
    lacking: frozenset[str]

    @property
    def patients(self) -> dict[str, str]:
        """Patients by image name; for an image that is listed twice, that of the first row."""
        rows = self.frame.drop_duplicates("image")
        return dict(zip(rows["image"].tolist(), rows["patient"].tolist(), strict=True))


def read_label_table(path: Path, tell: Tell = untold, faults: list[Fault] | None = None) -> LabelTable:
    """Read the columns of NIH's label table; see `read_columns`."""
    there = read_columns(path, COLUMNS, Kind.TABLE, _TABLE_REMEDY, tell, faults)
    frame = pd.DataFrame(
        {ours: there.get(ours, pd.Series("", there.index, dtype="str")) for ours in COLUMNS}, there.index
    )
    return LabelTable(path, frame, frozenset(COLUMNS.keys() - there.columns))


def read_columns(
    path: Path,
    columns: Mapping[str, Sequence[str]],
    kind: Kind,
    remedy: str,
    tell: Tell = untold,
    faults: list[Fault] | None = None,
) -> pd.DataFrame:
    """Read columns of one of NIH's tables.

    Args:
        path: The file, possibly gzipped.
        columns: Accepted column names of NIH, by cxrtune's names.
        kind: Kind of the faults.
        remedy: What to do if the file is not such a table.
        tell: Receives messages about anything that is not read as written, if faults are not collected.
        faults: If given, collects all faults, and the table is read as far as possible.

    Returns:
        Text columns with cxrtune's names; the index holds row numbers as in a spreadsheet.

    Raises:
        DataError: The first fault, if faults are not collected.
    """
    if faults is None:
        table = open_csv(path, tell, remedy)
        theirs = _their_names(table.header, columns)
        places = table.places(theirs.values(), remedy=remedy)
        return table.read({ours: places[name] for ours, name in theirs.items()})
    warn = partial(Fault, kind, "warning", path.name)
    told: list[str] = []

    def wrong(error: DataError) -> None:
        faults.append(Fault(kind, "error", path.name, [error.message], error.remedy or remedy))

    try:
        table = open_csv(path, told.append, remedy, wrong)
    except DataError as error:
        wrong(error)
        return pd.DataFrame()
    theirs = _their_names(table.header, columns)
    places = table.places(theirs.values(), remedy=remedy)
    for ours, name in theirs.items():
        if name in places and (there := table.spelling[places[name]]) not in columns[ours]:
            what = f"has a column {quoted(there)}, expected '{columns[ours][0]}'; cxrtune reads it as that"
            faults.append(warn([what], "Rename the column for the sake of other programs."))
    frame = table.read({ours: places[name] for ours, name in theirs.items() if name in places})
    for text in told:
        what = text.removeprefix(path.name).lstrip(": ")
        if what == table.guess:
            faults.append(warn([f"{what}, expected UTF-8"], "Save it as CSV UTF-8."))
        else:
            faults.append(warn([what], _TOO_MUCH))
    if not len(frame):
        wrong(DataError("holds a header and no rows"))
    return frame


def _their_names(header: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    there = {name.casefold() for name in header}
    return {
        ours: next((name for name in names if name.casefold() in there), names[0])
        for ours, names in columns.items()
    }
