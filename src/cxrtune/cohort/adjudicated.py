"""The labels of NIH images that radiologists adjudicated.

Majkowska et al., "Chest radiograph interpretation with deep learning models: assessment with
radiologist-adjudicated reference standards and population-adjusted evaluation", Radiology 2020: 4,376 NIH
images, each read by at least three radiologists who discussed until they agreed.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cxrtune.csv_table import open_csv
from cxrtune.text_file import untold

NAME = "Radiologists' adjudicated labels"
SOURCE = "Majkowska et al., Radiology 2020; https://doi.org/10.1148/radiol.2019191293"

FINDINGS: dict[str, tuple[str, ...]] = {
    "Pneumothorax": ("Pneumothorax",),
    "Nodule or mass": ("Nodule", "Mass"),
    "Airspace opacity": ("Consolidation", "Infiltration", "Pneumonia", "Edema"),
}
"""Their findings, and those of ours that they cover: the highest is the score. `Fracture` has none."""

_VALUES = {"YES": 1, "NO": 0}
_REMEDY = "Use google2019_nih-chest-xray-labels.csv.gz as torchxrayvision ships it."


def read_adjudicated(path: Path) -> pd.DataFrame:
    """Return their labels by image name: a column a finding of `FINDINGS`, 1, 0, or null.

    Raises:
        DataError: The file is not the published table.
    """
    table = open_csv(path, untold, _REMEDY)
    frame = table.read(table.places(("Image Index", *FINDINGS), remedy=_REMEDY)).set_index("Image Index")
    return pd.DataFrame({name: frame[name].map(_VALUES).astype("Int8") for name in FINDINGS})
