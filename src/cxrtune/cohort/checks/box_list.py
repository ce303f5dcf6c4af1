"""NIH's list of boxes: readable, of known images and findings, inside the picture."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from cxrtune.cohort.boxes import BOX_COLUMNS, BOX_LIST, BOX_NAMES, BOXES_REMEDY, CORNERS, box_faults
from cxrtune.cohort.checks.table_text import read_table_text
from cxrtune.cohort.problem import Kind, Problem, Severity
from cxrtune.findings import NIH_FINDINGS
from cxrtune.number_texts import numbers
from cxrtune.shown import short


def check_boxes(folder: Path, named: Collection[str]) -> list[Problem]:
    """Return what is wrong with a folder's list of boxes; having none is no problem.

    Args:
        folder: The data folder.
        named: The images of the label table.
    """
    path = folder / BOX_LIST
    if not path.is_file():
        return []
    text = read_table_text(path, Kind.BOX, tuple((name,) for name in BOX_COLUMNS))
    frame = text.frame.rename(columns=BOX_COLUMNS)
    problems = list(text.problems)
    if set(frame.columns) != set(BOX_COLUMNS.values()):
        return problems

    def add(
        wrong: pd.Series[bool] | np.ndarray[tuple[int], np.dtype[np.bool_]], severity: Severity, what: str
    ) -> None:
        for row in np.flatnonzero(np.asarray(wrong, dtype=bool)):
            cells = {name: short(frame[name].iloc[row]) for name in frame.columns}
            text = f"row {frame.index[int(row)]:,} {what.format(**cells)}"
            problems.append(Problem(Kind.BOX, severity, BOX_LIST, text, BOXES_REMEDY))

    add(
        ~frame["finding"].str.strip().replace(BOX_NAMES).isin(NIH_FINDINGS),
        "error",
        "({image}) holds the unknown finding '{finding}'",
    )
    add(
        ~frame["image"].str.strip().isin(list(named)),
        "warning",
        "names {image}, which is not in the label table",
    )
    values = np.stack([numbers(frame[name])[0] for name in CORNERS], axis=1)
    for fault, wrong in box_faults(values).items():
        add(wrong, "error", f"({{image}}) {fault}: x, y, w, h = {{x}}, {{y}}, {{width}}, {{height}}")
    return problems
