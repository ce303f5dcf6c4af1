"""The tables included in the torchxrayvision package, and what they say about a cohort's images.

- Whether the images are NIH's: names are not sufficient, since other folders use NIH's pattern too.
- The labels adjudicated by radiologists. Majkowska et al., "Chest radiograph interpretation with deep
  learning models: assessment with radiologist-adjudicated reference standards and population-adjusted
  evaluation", Radiology 2020: 4,376 NIH images, each read by at least three radiologists who discussed
  disagreements until they reached consensus.
- Which images TorchXRayVision's NIH models were trained on, as far as can be known. Its training script
  splits with scikit-learn's GroupShuffleSplit, 80 to 20, random_state 0, groups = patient ids as text, over
  its own NIH table with both views. Its author says that the exact split of the released weights is lost,
  so this rule is the best available estimate.
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
"""Adjudicated findings, and cxrtune's findings that each covers: the highest is the score.

`Fracture` covers none.
"""

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
    """Return the path of a table; None if the package, or the table in it, is missing."""
    # find_spec finds the package without importing it, and so without importing torch.
    package = importlib.util.find_spec("torchxrayvision")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "data" / name
    return path if path.is_file() else None


def is_of_nih(cohort: CohortTable) -> bool:
    """Return whether images, patients, sexes and views match NIH ChestX-ray14's table.

    Without torchxrayvision's copy of that table this is not known, and the result is False.
    """
    return are_of_nih(cohort.frame)


def are_of_nih(frame: pd.DataFrame) -> bool:
    """Return the same for a table with the columns image (each once), patient, sex and view."""
    path = shipped_table(NIH_TABLE)
    if path is None or frame.empty:
        return False
    table = pd.read_csv(path, usecols=list(_COLUMNS), dtype=str).rename(columns=_COLUMNS)
    theirs = table.set_index("image").reindex(frame["image"])
    ours = frame[["patient", "sex", "view"]].astype("string")
    alike = (theirs[["patient", "sex", "view"]].to_numpy(dtype=str) == ours.to_numpy(dtype=str)).all(axis=1)
    return bool(alike.mean() >= _ALIKE)


def has_labels_of_nih(cohort: CohortTable) -> bool:
    """Return whether a cohort's images are NIH's and its labels are those of NIH ChestX-ray14's table.

    This is False for labels of other readers: nineteen of twenty positives on each side must be positive on
    both. Findings that NIH does not have count as labels of other readers.
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
    """Return adjudicated labels by image name, one column per `ADJUDICATED_FINDINGS`: 1, 0 or null.

    Raises:
        DataError: The file is not the published table.
    """
    table = open_csv(path, untold, _ADJUDICATED_REMEDY)
    frame = table.read(
        table.places(("Image Index", *ADJUDICATED_FINDINGS), remedy=_ADJUDICATED_REMEDY)
    ).set_index("Image Index")
    return pd.DataFrame({name: frame[name].map(_VALUES).astype("Int8") for name in ADJUDICATED_FINDINGS})


def was_trained_on_nih(name: str) -> bool:
    """Return whether the baseline of this name is a TorchXRayVision model trained on NIH's images."""
    return name.startswith("xrv:") and name.endswith(_TRAINED_ON_NIH)


def training_part(table: Path) -> pd.Series[bool]:
    """Return, by image name, whether an image is in the training part.

    Args:
        table: NIH's complete table, v2020, as included in torchxrayvision.
    """
    from sklearn.model_selection import GroupShuffleSplit

    # The split depends on the order of the patients' numbers as text.
    columns = pd.read_csv(table, usecols=["Image Index", "Patient ID"], dtype=str)
    split = GroupShuffleSplit(n_splits=1, train_size=0.8, test_size=0.2, random_state=0)
    groups = columns["Patient ID"].to_numpy(dtype=object)
    train, _ = next(split.split(np.zeros(len(groups)), groups=groups))
    inside = np.zeros(len(groups), dtype=bool)
    inside[train] = True
    return pd.Series(inside, index=columns["Image Index"], dtype=bool)
