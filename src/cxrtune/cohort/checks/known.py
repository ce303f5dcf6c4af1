"""What is known of NIH ChestX-ray14's own files.

The label table has had several releases. Of two the bytes are known: that of 2017 (the same bytes in two
public repositories: nerveinvader/cxr-cnn-project, Ashwini5737/patient_portal) and v2020, which NIH offers now
and torchxrayvision ships. Their labels, patients, sexes and views are the same; 27,498 ages and 24,106
follow-up numbers differ, and 16 ages of 2017, from 148 to 414 years, are impossible. Before both, in autumn
2017, there was a release with other labels (https://github.com/jrzech/reproduce-chexnet/issues/2).

The archives' sizes are those of NIH's file list, repeated at https://www.kaggle.com/datasets/nih-chest-xrays/data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ROWS = 112_120
PATIENTS = 30_805
LABELS: Mapping[str, int] = {
    "No Finding": 60_361,
    "Atelectasis": 11_559,
    "Cardiomegaly": 2_776,
    "Effusion": 13_317,
    "Infiltration": 19_894,
    "Mass": 5_782,
    "Nodule": 6_331,
    "Pneumonia": 1_431,
    "Pneumothorax": 5_302,
    "Consolidation": 4_667,
    "Edema": 2_303,
    "Emphysema": 2_516,
    "Fibrosis": 1_686,
    "Pleural_Thickening": 3_385,
    "Hernia": 227,
}
"""Images a label, in both releases."""

TRAIN_VAL_IMAGES, TEST_IMAGES = 86_524, 25_596

SIDE = 1024
"""Pixels; NIH's pictures are square."""

ARCHIVES: Mapping[str, int] = {
    "images_001": 4_999,
    **{f"images_{number:03d}": 10_000 for number in range(2, 12)},
    "images_012": 7_121,
}
"""Images an archive."""


@dataclass(frozen=True)
class Release:
    """A release of the label table.

    Attributes:
        name: What people call it.
        file: The name that it is published under.
        sha256: Of its bytes.
        impossible_ages: Rows older than 120 years.
    """

    name: str
    file: str
    sha256: str
    impossible_ages: int


RELEASES: tuple[Release, ...] = (
    Release(
        "v2020",
        "Data_Entry_2017_v2020.csv",
        "dc1d2df67fdc1c5a7601d48699cda2b13dc2c4841488b4183dcf04884dbaca11",
        0,
    ),
    Release(
        "2017",
        "Data_Entry_2017.csv",
        "88f75094e25ccc0c6f1f9cdfd4b2f94f9379a0ae07d5ff4dcf94242707b07462",
        16,
    ),
)
