"""The columns of a table with labels and scores, as specified by the user and as found in the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxrtune.csv_table import near
from cxrtune.errors import DataError, UsageError
from cxrtune.findings import fault_of_names
from cxrtune.prediction_columns import find_column
from cxrtune.shown import listed, quoted, short

FINDING = "{finding}"
"""The placeholder for the name of the finding in the name of a column of scores."""

_REMEDY = "Name columns as the first line of the table does; case does not matter."


@dataclass(frozen=True)
class Places:
    """The columns of a table, by the names that they have there; None for columns that it does not have.

    Attributes:
        labels: The columns with labels, by finding.
        scores: The columns with scores, by model and finding; without the findings a model does not score.
        patient: The column with the identifier of the patient.
        image: The column with the name of the image.
        sex: The column with F or M.
        age: The column with the age in years.
        view: The column with PA or AP.
    """

    labels: dict[str, str]
    scores: dict[str, dict[str, str]]
    patient: str | None
    image: str | None
    sex: str | None
    age: str | None
    view: str | None

    def texts(self) -> list[str]:
        """Return the columns that are read as text, without duplicates."""
        others = (self.patient, self.sex, self.age, self.view)
        return list(dict.fromkeys([*self.labels.values(), *(name for name in others if name is not None)]))

    def names(self) -> list[str]:
        """Return all columns, without duplicates."""
        scores = [column for of in self.scores.values() for column in of.values()]
        image = [] if self.image is None else [self.image]
        return list(dict.fromkeys([*image, *self.texts(), *scores]))


@dataclass(frozen=True)
class TableColumns:
    """The content of the columns of a table with labels and scores.

    Attributes:
        labels: By finding, the column with its labels: 1, 0, or empty if unknown.
        scores: By model, the column with its scores in [0, 1]; with several findings, a name in which
            `{finding}` is replaced by the name of the finding, such as `{finding}_a`.
        patient: The column with the identifier of the patient. None treats each row as a different patient:
            if patients have several rows, confidence intervals are then too short.
        image: The column with the name of the image; None numbers the rows.
        sex: The column with F or M.
        age: The column with the age in years.
        view: The column with PA or AP.
    """

    labels: Mapping[str, str]
    scores: Mapping[str, str]
    patient: str | None
    image: str | None = None
    sex: str | None = None
    age: str | None = None
    view: str | None = None

    def __post_init__(self) -> None:
        """Check that the columns are consistent.

        Raises:
            UsageError: There is no label or no score, the name of a finding is not valid, or a model has one
                column for several findings.
        """
        if not self.labels or not self.scores:
            lacks, example = ("labels", "Effusion") if not self.labels else ("scores", "ours=score")
            raise UsageError(f"no column with {lacks} is named", remedy=f"Name it like: `{lacks}` {example}")
        fault = fault_of_names(self.labels)
        if fault is not None:
            raise UsageError(
                fault, remedy="Name the finding before its column, like: `labels` Effusion=label"
            )
        for model, column in self.scores.items():
            if len(self.labels) > 1 and FINDING not in column:
                raise UsageError(
                    f"with {len(self.labels)} findings, {short(model)} needs a column for each, and"
                    f" {quoted(column)} is one column",
                    remedy=f"Write {FINDING} where the finding's name stands, like: `scores` {short(model)}="
                    f"{FINDING}_score",
                )

    def found_in(self, names: Sequence[str], path: Path) -> Places:
        """Find the columns in a table.

        Args:
            names: The columns of the table.
            path: The table, for error messages.

        Raises:
            DataError: A column is missing, or is given as a label and as a score.
        """
        labels = {finding: _column(names, column, path) for finding, column in self.labels.items()}
        scores = {model: self._scores(names, model, column, path) for model, column in self.scores.items()}
        for model, of in scores.items():
            for finding, column in of.items():
                if column in labels.values():
                    raise DataError(
                        f"column {quoted(column)} is named as a label and as the scores of {short(model)} for"
                        f" {finding}",
                        path=path,
                        remedy="Name the column with the scores.",
                    )
        patient, image, sex, age, view = (
            None if column is None else _column(names, column, path)
            for column in (self.patient, self.image, self.sex, self.age, self.view)
        )
        return Places(labels, scores, patient, image, sex, age, view)

    def _scores(self, names: Sequence[str], model: str, column: str, path: Path) -> dict[str, str]:
        if FINDING not in column:
            return {finding: _column(names, column, path) for finding in self.labels}
        wanted = {finding: column.replace(FINDING, finding) for finding in self.labels}
        found = {finding: find_column(names, [name]) for finding, name in wanted.items()}
        if not any(found.values()):
            raise _missing(names, wanted.values(), path, f" with scores of {short(model)}")
        return {finding: name for finding, name in found.items() if name is not None}


def _column(names: Sequence[str], wanted: str, path: Path) -> str:
    column = find_column(names, [wanted])
    if column is None:
        raise _missing(names, [wanted], path)
    return column


def _missing(names: Sequence[str], wanted: Iterable[str], path: Path, what: str = "") -> DataError:
    first, *others = wanted
    such = f"{quoted(first)}{f' or {quoted(others[0])}' if others else ''}"
    return DataError(
        f"has no column {such}{what}{near(first, names)}; its columns are {listed(names)}",
        path=path,
        remedy=_REMEDY,
    )
