"""The tables that the torchxrayvision package brings along, and what they tell of a cohort's images.

- Whether they are NIH's: names alone do not say so, since other folders use NIH's pattern too.
- What radiologists adjudicated. Majkowska et al., "Chest radiograph interpretation with deep learning models:
  assessment with radiologist-adjudicated reference standards and population-adjusted evaluation", Radiology
  2020: 4,376 NIH images, each read by at least three radiologists who discussed until they agreed.
- Which of them TorchXRayVision's NIH models were trained on, as far as that can be known. Its training script
  splits by scikit-learn's GroupShuffleSplit, 80 to 20, random_state 0, groups = patient ids as text, over its
  own NIH table with both views. Its author says that the exact split of the released weights is lost, so
  this rule is the best estimate there is.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from cxrtune.cohort.table import CohortTable
from cxrtune.csv_table import open_csv
from cxrtune.text_file import untold

NIH_TABLE = "Data_Entry_2017_v2020.csv.gz"
ADJUDICATED = "google2019_nih-chest-xray-labels.csv.gz"

ADJUDICATED_NAME = "Radiologists' adjudicated labels"
ADJUDICATED_SOURCE = "Majkowska et al., Radiology 2020; https://doi.org/10.1148/radiol.2019191293"
ADJUDICATED_FINDINGS: dict[str, tuple[str, ...]] = {
    "Pneumothorax": ("Pneumothorax",),
    "Nodule or mass": ("Nodule", "Mass"),
    "Airspace opacity": ("Consolidation", "Infiltration", "Pneumonia", "Edema"),
}
"""Their findings, and those of ours that they cover: the highest is the score. `Fracture` has none."""

TRAINING_RULE = (
    "scikit-learn's GroupShuffleSplit, 80 to 20, random_state 0, by patient, over NIH's whole table; the "
    "exact split of the released weights is lost, this is the best estimate"
)
TRAINING_SOURCE = "https://github.com/mlmed/torchxrayvision, scripts/train_model.py"

_VALUES = {"YES": 1, "NO": 0}
_ADJUDICATED_REMEDY = "Use google2019_nih-chest-xray-labels.csv.gz as torchxrayvision ships it."
_TRAINED_ON_NIH = ("-nih", "-all")

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


def read_adjudicated(path: Path) -> pd.DataFrame:
    """Return adjudicated labels by image name, a column per finding of `ADJUDICATED_FINDINGS`: 1, 0, null.

    Raises:
        DataError: The file is not the published table.
    """
    table = open_csv(path, untold, _ADJUDICATED_REMEDY)
    frame = table.read(
        table.places(("Image Index", *ADJUDICATED_FINDINGS), remedy=_ADJUDICATED_REMEDY)
    ).set_index("Image Index")
    return pd.DataFrame({name: frame[name].map(_VALUES).astype("Int8") for name in ADJUDICATED_FINDINGS})


def was_trained_on_nih(name: str) -> bool:
    """Tell whether a baseline of this name is one of TorchXRayVision's that saw NIH's images in training."""
    return name.startswith("xrv:") and name.endswith(_TRAINED_ON_NIH)


def training_part(table: Path) -> pd.Series[bool]:
    """Return, by image name, whether it is in the training part.

    Args:
        table: NIH's whole table, v2020, as torchxrayvision ships it.
    """
    from sklearn.model_selection import GroupShuffleSplit

    # The patients' numbers as text, and so in the order of text, decide the split.
    columns = pd.read_csv(table, usecols=["Image Index", "Patient ID"], dtype=str)
    split = GroupShuffleSplit(n_splits=1, train_size=0.8, test_size=0.2, random_state=0)
    groups = columns["Patient ID"].to_numpy(dtype=object)
    train, _ = next(split.split(np.zeros(len(groups)), groups=groups))
    inside = np.zeros(len(groups), dtype=bool)
    inside[train] = True
    return pd.Series(inside, index=columns["Image Index"], dtype=bool)
