"""Who is trained on, who is validated on, who is tested on: always whole patients."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.errors import DataError

VALIDATION_FRACTION = 0.2
LISTS = {"train_val": "train_val_list.txt", "test": "test_list.txt"}
"""NIH's two lists, by the part that they name."""


def official_test_patients() -> frozenset[str]:
    """Return NIH's 2,797 test patients (derived from NIH's `test_list.txt`: its split is by patient)."""
    text = files("cxrtune.cohort").joinpath("data/nih_test_patients.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def test_rows(images: pd.Series[str], patients: pd.Series[str], folder: Path) -> NDArray[np.bool_]:
    """Say which rows of a table belong to the test part.

    Where the folder has NIH's two lists they decide; where it has none, NIH's test patients do.

    Args:
        images: The image names of the whole table.
        patients: The patients of the same rows.
        folder: The data folder.

    Returns:
        bool (N,).

    Raises:
        DataError: One list of two, lists that disagree with each other or with the table, or a
            patient on both sides.
    """
    if not lists_in(folder):
        return patients.isin(official_test_patients()).to_numpy()
    listed = {part: read_list(folder / name) for part, name in LISTS.items()}
    _check_lists(listed, set(images), folder)
    is_test = images.isin(listed["test"]).to_numpy()
    both = set(patients[is_test]) & set(patients[~is_test])
    if both:
        # A patient is named by an image only: identifiers stay out of errors.
        example = images[patients.isin(both) & is_test].min()
        raise DataError(
            f"{len(both):,} patients are in both split lists, with the test image {example} for one",
            path=folder,
            remedy="Split by patient, or remove both lists to use NIH's official test patients.",
        )
    return is_test


def lists_in(folder: Path) -> list[Path]:
    """Return the paths of the split lists that the folder holds: two or none.

    Raises:
        DataError: There is only one of the two.
    """
    found = [folder / name for name in LISTS.values() if (folder / name).is_file()]
    if len(found) == 1:
        missing = next(name for name in LISTS.values() if name != found[0].name)
        raise DataError(
            f"holds {found[0].name} but not {missing}",
            path=folder,
            remedy=f"Add {missing}, or remove {found[0].name} to use NIH's official test patients.",
        )
    return found


def validation_rows(patients: pd.Series[str], seed: int) -> NDArray[np.bool_]:
    """Choose 20 % of the patients of the train_val rows for validation, as `chosen_rows` does."""
    return chosen_rows(patients, str(seed), VALIDATION_FRACTION)


def chosen_rows(patients: pd.Series[str], draw: str, share: float) -> NDArray[np.bool_]:
    """Choose a share of the patients, by patient.

    Patients are ordered by a hash of draw and name and the first ones are taken. So the share is
    exact, and a patient keeps their side (but for a few at the border) when more images arrive.

    Args:
        patients: The patients of the rows.
        draw: Another draw chooses other patients.
        share: How many of the patients, in [0, 1].

    Returns:
        bool (N,), True where the row's patient was chosen.
    """
    distinct = patients.unique().tolist()
    unique = sorted(distinct, key=lambda patient: hashlib.sha256(f"{draw}:{patient}".encode()).digest())
    chosen = unique[: round(share * len(unique))]
    return patients.isin(chosen).to_numpy()


def read_list(path: Path) -> set[str]:
    """Read one split list: an image name a line.

    Raises:
        DataError: It is no text.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except ValueError as error:
        raise DataError(
            "is no list of image names: it is not UTF-8 text",
            path=path,
            remedy="Put NIH's list there, or remove both lists to use NIH's official test patients.",
        ) from error
    return {name for line in lines if (name := line.strip())}


def _check_lists(listed: dict[str, set[str]], images: set[str], folder: Path) -> None:
    both = listed["train_val"] & listed["test"]
    if both:
        raise DataError(
            f"{len(both)} images are in both split lists, {min(both)} for one",
            path=folder,
            remedy="Name each image in one list.",
        )
    everywhere = listed["train_val"] | listed["test"]
    for problem, names in (
        ("in the split lists but not in the table", everywhere - images),
        ("in the table but in neither split list", images - everywhere),
    ):
        if names:
            raise DataError(
                f"{len(names):,} images are {problem}, {min(names)} for one",
                path=folder,
                remedy="Use table and lists of one release, or remove both lists to use NIH's own split.",
            )
