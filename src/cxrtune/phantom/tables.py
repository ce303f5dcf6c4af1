"""The text files of a phantom folder, as NIH writes them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from cxrtune.findings import NO_FINDING
from cxrtune.phantom.population import Study
from cxrtune.phantom.radiograph import FindingBox
from cxrtune.phantom.spec import PHANTOM_FINDINGS

DATA_ENTRY = "Data_Entry_2017_v2020.csv"
BBOX_LIST = "BBox_List_2017.csv"
TRAIN_LIST = "train_val_list.txt"
TEST_LIST = "test_list.txt"
NOTICE = "SYNTHETIC.txt"

DATA_ENTRY_HEADER = (
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
BBOX_HEADER = ("Image Index", "Finding Label", "Bbox [x", "y", "w", "h]", "", "", "")
BBOX_NAMES = {"Infiltration": "Infiltrate"}
"""NIH's list of boxes has a different spelling of one finding."""

BBOX_SIDE = 1024
"""NIH's boxes are in pixels of its images of 1024 pixels, whatever the actual size."""

NOTICE_TEXT = """These are synthetic radiographs: drawn by a program, not taken of patients.

The files are laid out as NIH lays out ChestX-ray14 so that the same software reads them, but no
image, label, box, age or sex here belongs to a person. They show that software works. A number
measured on them says nothing about how a model does on real radiographs.

Drawn by cxrtune: {count} images, seed {seed}, {size} x {size} pixels.
"""


def write_data_entry(folder: Path, studies: Sequence[Study]) -> None:
    """Write one row per image, with NIH's columns."""
    rows = []
    for study in studies:
        spec = study.spec
        present = {lesion.finding for lesion in spec.lesions}
        labels = "|".join(name for name in PHANTOM_FINDINGS if name in present) or NO_FINDING
        spacing = round(spec.exposure.field_of_view * 10 / spec.size, 4)
        rows.append(
            (
                study.name,
                labels,
                study.follow_up,
                study.patient,
                study.age,
                spec.physique.sex,
                spec.exposure.view,
                spec.size,
                spec.size,
                spacing,
                spacing,
            )
        )
    _write_csv(folder / DATA_ENTRY, DATA_ENTRY_HEADER, rows)


def write_boxes(folder: Path, studies: Sequence[Study], boxes: Sequence[Sequence[FindingBox]]) -> None:
    """Write one row per instance of a finding, in coordinates of an image of 1024 pixels."""
    rows = []
    for study, found in zip(studies, boxes, strict=True):
        scale = BBOX_SIDE / study.spec.size
        for box in found:
            label = BBOX_NAMES.get(box.finding, box.finding)
            corners = (round(value * scale, 3) for value in (box.x, box.y, box.width, box.height))
            rows.append((study.name, label, *corners, "", "", ""))
    _write_csv(folder / BBOX_LIST, BBOX_HEADER, rows)


def write_lists(folder: Path, studies: Sequence[Study]) -> None:
    """Write the two lists of image names."""
    for name, in_test in ((TRAIN_LIST, False), (TEST_LIST, True)):
        chosen = [study.name for study in studies if study.in_test is in_test]
        (folder / name).write_text("".join(f"{image}\n" for image in chosen), encoding="utf-8")


def write_notice(folder: Path, *, count: int, seed: int, size: int) -> None:
    """Write a notice that the images are synthetic."""
    text = NOTICE_TEXT.format(count=count, seed=seed, size=size)
    (folder / NOTICE).write_text(text, encoding="utf-8")


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
