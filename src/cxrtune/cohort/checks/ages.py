"""Ages that nobody has."""

from __future__ import annotations

from cxrtune.cohort.cells import OLDEST, years_of
from cxrtune.cohort.checks.label_table import LabelTable
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.shown import quoted, shown


def check_ages(table: LabelTable) -> list[Problem]:
    """Return the rows whose age is none; cxrtune treats it as not known."""
    if "age" in table.lacking:
        return []
    texts, image = table.frame["age"], table.frame["image"]
    return [
        Problem(
            Kind.AGE,
            "warning",
            table.file,
            f"row {texts.index[int(row)]:,} ({shown(image.iloc[row])}) has the age"
            f" {quoted(texts.iloc[row])}, expected 0 to {OLDEST} years",
            "cxrtune takes such an age as not known; NIH's release v2020 has mended those of 2017.",
        )
        for row in years_of(texts).isna().to_numpy().nonzero()[0]
    ]
