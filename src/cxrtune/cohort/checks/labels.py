"""Labels that are none of NIH's."""

from __future__ import annotations

import pandas as pd

from cxrtune.cohort.checks.label_table import LabelTable
from cxrtune.cohort.nih import LABELS_REMEDY, unknown_label
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.findings import NIH_FINDINGS, NO_FINDING
from cxrtune.shown import shown


def check_labels(table: LabelTable) -> list[Problem]:
    """Return the rows whose label is unknown, with what was probably meant."""
    if "labels" in table.lacking:
        return []
    codes, distinct = pd.factorize(table.frame["labels"])
    strange = {
        code: label for code, text in enumerate(distinct) if (label := unknown_label(text)) is not None
    }
    rows = pd.Series(codes).isin(list(strange)).to_numpy().nonzero()[0]
    image = table.frame["image"]
    return [
        Problem(
            Kind.LABEL,
            "error",
            table.file,
            f"row {image.index[int(row)]:,} ({shown(image.iloc[row])}) holds the unknown label"
            f" {shown(strange[codes[row]])}" + _meant(strange[codes[row]]),
            LABELS_REMEDY,
        )
        for row in rows
    ]


def _meant(label: str) -> str:
    def bare(text: str) -> str:
        return "".join(letter for letter in text.casefold() if letter.isalpha())

    for known in (NO_FINDING, *NIH_FINDINGS):
        if bare(known) == bare(label) and known not in label:
            return f"; perhaps '{known}' is meant"
    return ""
