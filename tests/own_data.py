"""A tiny data set of one's own: a table as people have them, and its images, some as DICOM, at any depth."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dicom_made import dicom
from nih_folder import image_of

MAP = """\
title: Our hospital
image: File
patient: {column: Patient}
view: {column: View, values: {PA: PA, AP: AP}}
sex: {column: Sex, values: {f: F, m: M}}
age: {column: Age}
findings: {Effusion: Pleural effusion, Fracture: Rib fracture}
"""


@dataclass
class OwnData:
    """What a test changes before it is written."""

    path: Path
    rows: list[dict[str, str]]
    map: str = MAP
    format: dict[str, str] = field(default_factory=lambda: {"delimiter": ",", "lineterminator": "\n"})
    encoding: str = "utf-8"

    @property
    def options(self):
        """Write table and map, and return the options that name them."""
        with (self.path / "labels.csv").open("w", encoding=self.encoding, newline="") as stream:
            writer = csv.DictWriter(stream, list(self.rows[0]), **self.format)
            writer.writeheader()
            writer.writerows(self.rows)
        (self.path / "map.yaml").write_text(self.map, encoding="utf-8")
        return (
            *("--csv", self.path / "labels.csv", "--images", self.path / "images"),
            *("--map", self.path / "map.yaml", "--out", self.path / "cohort.parquet"),
        )

    def read(self):
        """Return the cohort that was made."""
        return pd.read_parquet(self.path / "cohort.parquet").set_index("image")


@pytest.fixture
def own_data(tmp_path):
    """40 images of 20 patients; every third is DICOM; labels 1, 0, -1 and blank."""
    return write_own_data(tmp_path / "own", 40, 64)


def write_own_data(path, count, size):
    """Draw images and return the rows of their table."""
    rows = []
    for number in range(count):
        dicom_too = number % 3 == 0
        name = f"ward {number % 2}/Zoë {number:03}.{'dcm' if dicom_too else 'png'}"
        file = path / "images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        image = image_of(number, size)
        if dicom_too:
            file.write_bytes(dicom(image.astype(int) * 16, bits=12))
        else:
            Image.fromarray(image).save(file)
        rows.append(
            {
                "File": name,
                "Patient": f"P{number // 2}",
                "View": ("PA", "AP", "unknown")[number % 3],
                "Sex": "fm"[number // 2 % 2],
                "Age": str(30 + number),
                "Pleural effusion": ("1", "0", "1.0", "-1", "")[number % 5],
                "Rib fracture": ("no", "yes")[number % 2],
                "Report": 'He said "well",\nand left',
            }
        )
    return OwnData(path, rows)


def known(values):
    """Numbers with None for what is not known."""
    return [None if value is pd.NA or pd.isna(value) else int(value) for value in values]


def counted(labels):
    """How many of each value."""
    return np.unique(labels, return_counts=True)
