"""Rows of the label table that cannot be meant: an image twice, no patient, one that is not the name's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cxrtune.cohort.checks.label_table import LabelTable
from cxrtune.cohort.problem import Kind, Problem, Severity
from cxrtune.shown import quoted, shown

_NIH_NAME = r"^0*(\d+)_\d{3}\.png$"
_EXPECTED = {"sex": ("M", "F"), "view": ("PA", "AP")}


def check_rows(table: LabelTable) -> list[Problem]:
    """Return the rows that name no image or patient, or an image again, or that contradict themselves."""
    frame = table.frame
    image, patient = frame["image"], frame["patient"].str.strip()
    problems: list[Problem] = []

    def add(rows: pd.Series[bool], severity: Severity, what: str, remedy: str) -> None:
        for row, name in _marked(rows, image):
            text = f"row {image.index[row]:,} {what.format(image=name)}"
            problems.append(Problem(Kind.TABLE_ROW, severity, table.file, text, remedy))

    bare = image.str.strip()
    add(bare == "", "error", "names no image", "Name the image, or remove the row.")
    add(
        image.duplicated() & (bare != ""),
        "error",
        "names {image} again, expected one row an image",
        "Keep one row an image.",
    )
    add(image != bare, "error", "names '{image}', with spaces around it", "Remove the spaces.")
    if "patient" not in table.lacking:
        add(
            patient == "",
            "error",
            "({image}) names no patient",
            "Name the patient: nobody can keep patients apart who are not named.",
        )
        of_name = image.str.extract(_NIH_NAME)[0]
        add(
            of_name.notna() & (patient != "") & (patient.str.lstrip("0") != of_name),
            "warning",
            "({image}) has another patient than its name says",
            "Put NIH's patient there: one who has two identifiers may come into two splits.",
        )
    return problems + [
        problem
        for column in _EXPECTED
        if column not in table.lacking
        for problem in _strange_values(table, column)
    ]


def _strange_values(table: LabelTable, column: str) -> Iterator[Problem]:
    expected = _EXPECTED[column]
    values = table.frame[column]
    for row, name in _marked(~values.isin(expected), table.frame["image"]):
        yield Problem(
            Kind.TABLE_ROW,
            "warning",
            table.file,
            f"row {values.index[row]:,} ({name}) has the {column} {quoted(values.iloc[row])}, "
            f"expected {' or '.join(expected)}",
            f"Correct it, or know that no subgroup by {column} holds the image.",
        )


def _marked(rows: pd.Series[bool], image: pd.Series[str]) -> Iterator[tuple[int, str]]:
    """Yield the places of the marked rows, with their images."""
    for row in np.flatnonzero(rows.to_numpy(dtype=bool)):
        yield int(row), shown(image.iloc[row])
