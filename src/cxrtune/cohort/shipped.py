"""The tables that the torchxrayvision package brings along, and whether a cohort's images are those of NIH's.

Names alone do not say so, since other folders use NIH's pattern too.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from cxrtune.cohort.table import CohortTable

NIH_TABLE = "Data_Entry_2017_v2020.csv.gz"
ADJUDICATED = "google2019_nih-chest-xray-labels.csv.gz"

_ALIKE = 0.95  # the releases of NIH's table differ in a few ages and sexes
_COLUMNS = {"Image Index": "image", "Patient ID": "patient", "Patient Gender": "sex", "View Position": "view"}


def shipped_table(name: str) -> Path | None:
    """Return where a table lies; None if the package, or the table in it, is not there."""
    # find_spec finds the package without importing it, and torch with it.
    package = importlib.util.find_spec("torchxrayvision")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "data" / name
    return path if path.is_file() else None


def is_of_nih(cohort: CohortTable) -> bool:
    """Tell whether images, patients, sexes and views are those of NIH ChestX-ray14's table.

    Without torchxrayvision's copy of that table it cannot be told, and the answer is no.
    """
    return are_of_nih(cohort.frame)


def are_of_nih(frame: pd.DataFrame) -> bool:
    """Tell the same of a table with the columns image (each once), patient, sex and view."""
    path = shipped_table(NIH_TABLE)
    if path is None or frame.empty:
        return False
    table = pd.read_csv(path, usecols=list(_COLUMNS), dtype=str).rename(columns=_COLUMNS)
    theirs = table.set_index("image").reindex(frame["image"])
    ours = frame[["patient", "sex", "view"]].astype("string")
    alike = (theirs[["patient", "sex", "view"]].to_numpy(dtype=str) == ours.to_numpy(dtype=str)).all(axis=1)
    return bool(alike.mean() >= _ALIKE)


def has_labels_of_nih(cohort: CohortTable) -> bool:
    """Tell whether a cohort's images are NIH's and its labels those of NIH ChestX-ray14's table.

    Labels of other readers for NIH's images are not: nineteen of twenty positives of either side must be of
    both. Findings that NIH does not have count as another side's.
    """
    path = shipped_table(NIH_TABLE)
    if path is None or not is_of_nih(cohort):
        return False
    table = pd.read_csv(path, usecols=["Image Index", "Finding Labels"], dtype=str).set_index("Image Index")
    texts = table["Finding Labels"].reindex(cohort.frame["image"]).fillna("").str.split("|")
    theirs = np.array([[finding in text for finding in cohort.findings] for text in texts], dtype=np.bool_)
    ours = np.equal(cohort.labels, 1)
    either = (theirs | ours).sum()
    return bool(either) and bool((theirs & ours).sum() >= _ALIKE * either)
