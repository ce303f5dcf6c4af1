"""Identify the release of NIH ChestX-ray14's label table, and list what is known about NIH's own files.

The label table has had several releases. The bytes of two are known: 2017 (identical in two public
repositories: nerveinvader/cxr-cnn-project, Ashwini5737/patient_portal) and v2020, which NIH now offers
and torchxrayvision includes. Their labels, patients, sexes and views are the same; 27,498 ages and 24,106
follow-up numbers differ, and 16 ages of 2017, from 148 to 414 years, are impossible. An earlier release, of
autumn 2017, had different labels (https://github.com/jrzech/reproduce-chexnet/issues/2).

The sizes of the archives are those of NIH's file list, as given at
https://www.kaggle.com/datasets/nih-chest-xrays/data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxrtune.cohort.cells import years_of
from cxrtune.cohort.nih_table import LabelTable, read_label_table
from cxrtune.cohort.problem import Kind, Problem
from cxrtune.cohort.shipped import NIH_TABLE, are_of_nih, shipped_table
from cxrtune.errors import DataError
from cxrtune.shown import quoted, shown
from cxrtune.text_file import read_utf8

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
"""Number of images per label, in both releases."""

TRAIN_VAL_IMAGES, TEST_IMAGES = 86_524, 25_596

SIDE = 1024
"""Pixels; NIH's images are square."""

ARCHIVES: Mapping[str, int] = {
    "images_001": 4_999,
    **{f"images_{number:03d}": 10_000 for number in range(2, 12)},
    "images_012": 7_121,
}
"""Number of images per archive."""


@dataclass(frozen=True)
class Release:
    """A release of the label table.

    Attributes:
        name: Name of the release in messages.
        file: File name under which it is published.
        sha256: SHA-256 of its bytes.
        impossible_ages: Number of rows with ages over 120 years.
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
        "2017", "Data_Entry_2017.csv", "88f75094e25ccc0c6f1f9cdfd4b2f94f9379a0ae07d5ff4dcf94242707b07462", 16
    ),
)


@dataclass(frozen=True)
class Identity:
    """The release that a table belongs to.

    Attributes:
        sentence: A description, including how the release was identified.
        is_whole: Whether it has all rows of NIH's table.
        is_nih: Whether its images are NIH's, all or some of them.
        problems: Differences from the release.
        is_published: Whether it is identical to a release, byte for byte.
    """

    sentence: str
    is_whole: bool
    is_nih: bool
    problems: tuple[Problem, ...] = ()
    is_published: bool = False


def identify(table: LabelTable) -> Identity:
    """Identify the release of a table.

    A checksum identifies a file with certainty. A file that was saved again is recognised by its numbers of
    rows, patients, labels and impossible ages; any other table of NIH's images is compared with v2020 row by
    row, if torchxrayvision is installed.
    """
    sha256 = _sha256(table.path)
    for release in RELEASES:
        if sha256 == release.sha256:
            how = f"byte for byte (SHA-256 {sha256[:12]}...)"
            return Identity(f"NIH's release {release.name}, {how}", True, True, is_published=True)
    frame = table.frame.drop_duplicates("image")
    counts = _label_counts(frame["labels"])
    is_whole = len(frame) == ROWS and frame["patient"].nunique() == PATIENTS
    if is_whole and counts == LABELS:
        impossible = int(years_of(frame["age"]).isna().sum())
        names = [release.name for release in RELEASES if release.impossible_ages == impossible]
        return Identity(
            f"NIH's release {' '.join(names) or '2017 or v2020, with other ages,'} by its counts (rows, "
            f"patients, every label, {impossible} impossible ages), but not its bytes",
            True,
            True,
        )
    if not are_of_nih(frame):
        return Identity("no table of NIH's", is_whole, False)
    return _compared(table, frame, is_whole, counts)


def _sha256(path: Path) -> str:
    """Return the SHA-256 of the file's uncompressed bytes; empty if it is not text."""
    try:
        return hashlib.sha256(read_utf8(path, "").packed).hexdigest()
    except DataError:
        return ""


def _compared(table: LabelTable, frame: pd.DataFrame, is_whole: bool, counts: dict[str, int]) -> Identity:
    """Compare a table of NIH's images that is not a known release with v2020."""
    part = "the images of NIH's whole table" if is_whole else f"{len(frame):,} of NIH's {ROWS:,} images"
    path = shipped_table(NIH_TABLE)
    if path is None:
        return Identity(part, is_whole, True)
    ours = frame.set_index("image")["labels"]
    theirs = read_label_table(path, faults=[]).frame.set_index("image")["labels"].reindex(ours.index)
    differing = (_in_one_order(ours) != _in_one_order(theirs)) & theirs.notna()
    if not differing.any():
        return Identity(f"{part}, with the labels of 2017 and v2020", is_whole, True)
    example = str(differing.idxmax())
    off = ", ".join(
        f"{label} {counts.get(label, 0):,}, expected {expected:,}"
        for label, expected in LABELS.items()
        if is_whole and counts.get(label, 0) != expected
    )
    problem = Problem(
        Kind.RELEASE,
        "warning",
        table.path.name,
        f"the labels of {int(differing.sum()):,} images are not those of NIH's releases 2017 and v2020: "
        f"{shown(example)} has {quoted(ours[example])}, expected '{theirs[example]}'"
        + (f" ({off})" if off else ""),
        "Use v2020, or say with your results that the labels are others: published ones do not compare. "
        "(A first release, of autumn 2017, had other labels too.)",
    )
    return Identity(f"{part}, with labels that are not those of 2017 and v2020", is_whole, True, (problem,))


def _label_counts(labels: pd.Series[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text, images in labels.value_counts().items():
        for label in set(str(text).split("|")):
            counts[label] = counts.get(label, 0) + int(images)
    return counts


_NUMBERS = ("patient", "followup")
_COMPARED = {
    "labels": "labels",
    "followup": "follow-up numbers",
    "age": "ages",
    "patient": "patients",
    "view": "views",
    "sex": "sexes",
}


def check_two_tables(used: LabelTable, other: LabelTable) -> list[Problem]:
    """Report which of two label tables cxrtune uses, and how they differ."""
    ours, theirs = (table.frame.drop_duplicates("image").set_index("image") for table in (used, other))
    both = ours.index.intersection(theirs.index)
    parts = [
        f"{len(one.index.difference(both)):,} images are in {table.path.name} only"
        for table, one in ((used, ours), (other, theirs))
        if len(one.index.difference(both))
    ]
    for column, spoken in _COMPARED.items():
        pair = [one.loc[both, column] for one in (ours, theirs)]
        if column == "age":
            pair = [years_of(one).astype("float").fillna(-1) for one in pair]
        elif column in _NUMBERS:
            pair = [one.str.strip().str.lstrip("0") for one in pair]
        elif column == "labels":
            pair = [_in_one_order(one) for one in pair]
        different = int((pair[0].to_numpy() != pair[1].to_numpy()).sum())
        if different:
            parts.append(f"the {spoken} of {different:,} images differ")
    found = f"differs: {', '.join(parts)}" if parts else "says the same"
    what = f"stands beside {used.path.name} and {found}; cxrtune reads {used.path.name}"
    return [Problem(Kind.RELEASE, "warning", other.path.name, what, "Keep the one that you mean.")]


def _in_one_order(labels: pd.Series[str]) -> pd.Series[str]:
    """Sort the labels of each text, `B|A` to `A|B`, so that equal sets have equal texts."""
    codes, distinct = pd.factorize(labels)
    ordered = ["|".join(sorted(text.split("|"))) for text in distinct]
    return pd.Series([ordered[code] if code >= 0 else "" for code in codes], index=labels.index, dtype="str")
