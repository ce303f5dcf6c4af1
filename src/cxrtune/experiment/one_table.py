"""Read one table with labels and scores as a cohort of test images and the predictions of each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.cells import is_blank, with_one_identifier_each
from cxrtune.cohort.nih import SEXES, VIEWS
from cxrtune.cohort.own.label_table import TABLE
from cxrtune.cohort.own.labels import of_column
from cxrtune.cohort.own.map_parts import Values
from cxrtune.cohort.own.people import ages_of, translated, unknown
from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError
from cxrtune.experiment.table_columns import Places, TableColumns
from cxrtune.prediction_file import read_frame, require_names, scores_of
from cxrtune.predictions import ModelCard, Predictions
from cxrtune.shown import listed, quoted, short
from cxrtune.text_file import Tell

_LABELS = Values(uncertain=())
_LABEL_REMEDY = (
    "A label is 1, 0, or nothing where it is not known. Decide what an uncertain one is taken for, and write"
    " it so in the table."
)
_SEX_VALUES = {"F": "F", "M": "M", "female": "F", "male": "M"}
_VIEW_VALUES = {"PA": "PA", "AP": "AP"}
_SEVERAL = "; if they are several, give them identifiers that differ in more"


@dataclass(frozen=True)
class OneTable:
    """The content of a table: the reference standard, and the scores of each model by its name."""

    cohort: CohortTable
    predictions: dict[str, Predictions]


def read_one_table(path: Path, columns: TableColumns, tell: Tell) -> OneTable:
    """Read a table with labels and scores; all rows belong to the test part.

    Args:
        path: A Parquet, CSV or JSON-lines file, by its suffix.
        columns: The columns of the table.
        tell: Receives notes on values that are converted, and on unknown labels.

    Raises:
        DataError: A column is missing, or a cell is not valid.
    """
    found: list[Places] = []

    def wanted(names: Sequence[str]) -> list[str]:
        found.append(columns.found_in(names, path))
        return found[-1].names()

    frame = read_frame(path, wanted, tell, what="table")
    places = found[-1]
    if frame.empty:
        raise DataError("has no rows below its header", path=path, remedy="Name a table with rows.")
    names = _images(frame, places, path)
    table = pd.DataFrame({name: _texts(frame[name]) for name in places.texts()}, index=frame.index)
    if TABLE not in table.columns:
        table[TABLE] = path.name  # messages identify rows by it
    who = _people(table, names, places, path, tell)
    labels = np.stack(
        [of_column(table, _LABELS, column, _LABEL_REMEDY) for column in places.labels.values()], axis=1
    )
    _tell_unknown(labels, tuple(places.labels), path, tell)
    for place, finding in enumerate(places.labels):
        who[finding] = pd.array(labels[:, place], dtype="Float32").astype("Int8")
    cohort = CohortTable(who)
    predictions = {model: _predictions(frame, model, of, cohort, path) for model, of in places.scores.items()}
    for model in predictions:
        lacking = [finding for finding in cohort.findings if finding not in places.scores[model]]
        if lacking:
            tell(f"{path.name} has no column with scores of {short(model)} for {listed(lacking)}")
    return OneTable(cohort, predictions)


def _images(frame: pd.DataFrame, places: Places, path: Path) -> pd.Series[str]:
    if places.image is None:
        return pd.Series([f"row {number}" for number in frame.index], index=frame.index, dtype="str")
    names = _texts(frame[places.image]).str.strip()
    require_names(names, path)
    return names


def _people(
    table: pd.DataFrame, names: pd.Series[str], places: Places, path: Path, tell: Tell
) -> pd.DataFrame:
    """Return the columns of the cohort except those of the findings, with rows numbered from 0."""
    sex, view, age = (
        None if column is None else table[column] for column in (places.sex, places.view, places.age)
    )
    return pd.DataFrame(
        {
            "image": names,
            "patient": _patients(table, names, places.patient, path, tell),
            "view": unknown(table.index, "str")
            if view is None
            else translated(view, _VIEW_VALUES, VIEWS, "views", tell),
            "sex": unknown(table.index, "str")
            if sex is None
            else translated(sex, _SEX_VALUES, SEXES, "sexes", tell),
            "age": unknown(table.index, "Int16") if age is None else ages_of(age, tell),
            "followup": unknown(table.index, "Int16"),
            "split": pd.Series("test", index=table.index, dtype="str"),
        }
    ).reset_index(drop=True)


def _patients(
    table: pd.DataFrame, names: pd.Series[str], column: str | None, path: Path, tell: Tell
) -> pd.Series[str]:
    if column is None:
        return names
    patients = table[column].str.strip()
    nobody = is_blank(patients)
    if nobody.any():
        raise DataError(
            f"{int(nobody.sum()):,} of {len(patients):,} rows name no patient in column {quoted(column)},"
            f" row {patients.index[nobody][0]:,} for one",
            path=path,
            remedy="Name the patient of every row. Only if no patient has two rows, say `independent` in the"
            " place of `patient`.",
        )
    return with_one_identifier_each(patients, names, tell, _SEVERAL)


def _predictions(
    frame: pd.DataFrame, model: str, columns: Mapping[str, str], cohort: CohortTable, path: Path
) -> Predictions:
    given = {finding: scores_of(frame[column], path) for finding, column in columns.items()}
    kind = np.float32 if all(scores.dtype == np.float32 for scores in given.values()) else np.float64
    values = np.full((len(frame), len(cohort.findings)), np.nan, dtype=kind)
    for finding, scores in given.items():
        values[:, cohort.findings.index(finding)] = scores
    if np.isnan(values).all():
        raise DataError(
            f"has no score of {short(model)} in any row",
            path=path,
            remedy=f"Name another column, or leave {short(model)} out.",
        )
    return Predictions(
        images=cohort.images,
        patients=cohort.patients,
        findings=cohort.findings,
        scores=values,
        model=ModelCard(model, f"scores read from {path.name}"),
    )


def _tell_unknown(labels: NDArray[np.float32], findings: tuple[str, ...], path: Path, tell: Tell) -> None:
    """Report unknown labels, and findings with labels of one class only.

    Raises:
        DataError: No label is known at all.
    """
    known = ~np.isnan(labels)
    if not known.any():
        raise DataError(
            f"has no label of {listed(findings)} in any row",
            path=path,
            remedy="Name the columns with the reference standard, 1 and 0, with `labels`.",
        )
    for place, finding in enumerate(findings):
        lacking, present = int((~known[:, place]).sum()), labels[known[:, place], place] == 1
        if lacking:
            tell(
                f"{lacking:,} of {len(labels):,} rows have no label of {finding} and are left out of it: if"
                " they are missing for a reason, what is found does not hold for all"
            )
        if len(present) and (present.all() or not present.any()):
            which = "positive" if present.all() else "negative"
            tell(f"all labels of {finding} are {which}: its AUROC is undefined")


def _texts(column: pd.Series[Any]) -> pd.Series[str]:
    """Return cells as text, whatever their type in a Parquet file; missing values become empty."""
    return column.astype("object").where(column.notna(), "").astype("str")
