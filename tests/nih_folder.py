"""A tiny data folder in NIH's layout: 24 patients, 40 images of 64 px, and whatever a test changes in it.

The table is kept as rows of text, as NIH writes it, so that what a test expects comes from the rows
and not from the code under test.
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COMMON = (
    "Atelectasis",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumothorax",
    "Consolidation",
    "Pleural_Thickening",
)
"""The eight findings of protocol nih8, in NIH's order."""

RARE = ("Cardiomegaly", "Edema", "Emphysema", "Fibrosis", "Pneumonia", "Hernia")

HEADER = (
    "Image Index",
    "Finding Labels",
    "Follow-up #",
    "Patient ID",
    "Patient Age",
    "Patient Gender",
    "View Position",
    "OriginalImage[Width",
    "Height]",
    "OriginalImagePixelSpacing[x",
    "y]",
)


@dataclass
class NihFolder:
    """The folder, and the rows of its table as dictionaries of NIH's columns."""

    path: Path
    rows: list[dict[str, str]] = field(default_factory=list)

    @property
    def images(self) -> list[str]:
        return [row["Image Index"] for row in self.rows]

    @property
    def test_images(self) -> list[str]:
        return [row["Image Index"] for row in self.rows if int(row["Patient ID"]) % 4 == 0]

    @property
    def train_val_images(self) -> list[str]:
        return [row["Image Index"] for row in self.rows if int(row["Patient ID"]) % 4]

    def labels(self, image: str) -> set[str]:
        row = next(row for row in self.rows if row["Image Index"] == image)
        return set(row["Finding Labels"].split("|")) - {"No Finding"}

    def file(self, image: str) -> Path:
        return self.path / "images" / image

    def write_table(self, name: str = "Data_Entry_2017_v2020.csv", header: tuple[str, ...] = HEADER) -> Path:
        """Write the rows anew; `header` renames the columns by place."""
        table = self.path / name
        with table.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(header)
            writer.writerows([row[column] for column in HEADER] for row in self.rows)
        return table

    def write_lists(self, train_val: list[str] | None = None, test: list[str] | None = None) -> None:
        """Write the two split lists; by default those that agree with the table."""
        for name, images in (
            ("train_val_list.txt", self.train_val_images if train_val is None else train_val),
            ("test_list.txt", self.test_images if test is None else test),
        ):
            (self.path / name).write_text("".join(f"{image}\n" for image in images), encoding="utf-8")


def image_of(number: int, size: int = 64) -> np.ndarray:
    """A soft grey image, another for each number: uint8 (size, size)."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0:size, 0:size] / size
    waves = sum(np.sin(2 * np.pi * (a * x + b * y + c)) for a, b, c in rng.uniform(-2, 2, (4, 3)))
    return np.clip(128 + 28 * waves + rng.normal(0, 4, (size, size)), 0, 255).astype(np.uint8)


def write_nih_folder(path: Path) -> NihFolder:
    """Write table, lists and images; both parts have every finding of nih8, three images a rare one."""
    folder = NihFolder(path)
    (path / "images").mkdir(parents=True)
    for patient in range(1, 25):
        for followup in range(1 if patient % 3 == 0 else 2):
            number = len(folder.rows)
            labels = [COMMON[number % 8]] if number % 5 else []
            labels += [COMMON[(number + 3) % 8]] if number % 4 == 0 else []
            labels += [RARE[number % 6]] if number in (7, 18, 33) else []
            folder.rows.append(
                dict(
                    zip(
                        HEADER,
                        (
                            f"{patient:08d}_{followup:03d}.png",
                            "|".join(labels) or "No Finding",
                            str(followup),
                            str(patient),
                            str(20 + 2 * patient + followup),
                            "MF"[patient % 2],
                            ("PA", "AP")[number % 2],
                            "2500",
                            "2048",
                            "0.168",
                            "0.168",
                        ),
                        strict=True,
                    )
                )
            )
            Image.fromarray(image_of(number)).save(folder.file(folder.images[-1]))
    folder.write_table()
    folder.write_lists()
    return folder


@pytest.fixture
def nih_folder(tmp_path) -> NihFolder:
    return write_nih_folder(tmp_path / "nih")
