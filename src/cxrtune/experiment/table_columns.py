"""Which column of a table with labels and scores holds what, as a user says, and where it stands."""

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
"""Stands in the name of a column of scores for the finding's name."""

_REMEDY = "Name columns as the first line of the table does; case does not matter."


@dataclass(frozen=True)
class Places:
    """The columns of a table, called as the table calls them; None for what it does not have.

    Attributes:
        labels: By finding.
        scores: By model and finding; a finding that a model does not score is absent.
        patient: The patient's identifier.
        image: The image's name.
        sex: F or M.
        age: In years.
        view: PA or AP.
    """

    labels: dict[str, str]
    scores: dict[str, dict[str, str]]
    patient: str | None
    image: str | None
    sex: str | None
    age: str | None
    view: str | None

    def texts(self) -> list[str]:
        """Return the columns that are read as texts, each once."""
        others = (self.patient, self.sex, self.age, self.view)
        return list(dict.fromkeys([*self.labels.values(), *(name for name in others if name is not None)]))

    def names(self) -> list[str]:
        """Return all columns, each once."""
        scores = [column for of in self.scores.values() for column in of.values()]
        image = [] if self.image is None else [self.image]
        return list(dict.fromkeys([*image, *self.texts(), *scores]))


@dataclass(frozen=True)
class TableColumns:
    """What the columns of a table with labels and scores hold.

    Attributes:
        labels: By finding, the column with its labels: 1, 0, or nothing where it is not known.
        scores: By model, the column with its scores in [0, 1]; with several findings, a name in which
            `{finding}` stands for the finding's, such as `{finding}_a`.
        patient: The column with the patient's identifier. None takes each row for one of a patient of its
            own: where patients have several rows, intervals are then too short.
        image: The column with the image's name; None numbers the rows.
        sex: The column with F or M.
        age: The column with years.
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
        """Check that it can be meant.

        Raises:
            UsageError: There is no label or no score, a finding has an impossible name, or a model has one
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
        """Find the columns.

        Args:
            names: Those of the table.
            path: The table, for errors.

        Raises:
            DataError: One is missing, or is to be a label and a score.
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
