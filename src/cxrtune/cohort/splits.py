"""Who is trained on, who is validated on, who is tested on: always whole patients."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.errors import DataError
from cxrtune.shown import listed, short
from cxrtune.text_file import Tell, read_lines

VALIDATION_FRACTION = 0.2
LISTS = {"train_val": "train_val_list.txt", "test": "test_list.txt"}
"""NIH's two lists, by the part that they name."""

KAGGLES_LISTS = {"train_val": "train_val_list_NIH.txt", "test": "test_list_NIH.txt"}
"""What Kaggle's copy of 224 px calls them; read where NIH's are not there."""

_REMEDY = "Put NIH's list there, or remove both lists to use NIH's official test patients."


def official_test_patients() -> frozenset[str]:
    """Return NIH's 2,797 test patients (derived from NIH's `test_list.txt`: its split is by patient)."""
    text = files("cxrtune.cohort").joinpath("data/nih_test_patients.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def test_rows(
    images: pd.Series[str], patients: pd.Series[str], folder: Path, tell: Tell
) -> NDArray[np.bool_]:
    """Say which rows of a table belong to the test part.

    Where the folder has NIH's two lists they decide; where it has none, NIH's test patients do, and where it
    has copies of them under Kaggle's names that cannot be used.

    Args:
        images: The image names of the whole table.
        patients: The patients of the same rows.
        folder: The data folder.
        tell: Told of what is not read as it stands in the lists.

    Returns:
        bool (N,).

    Raises:
        DataError: One list of two, lists that disagree with each other or with the table, or a
            patient on both sides.
    """
    official = patients.isin(official_test_patients()).to_numpy()
    lists = lists_in(folder)
    if not lists:
        for path in split_lists(folder).values():
            tell(f"{path.name} is not used, as the other list is not there")
        return official
    try:
        return _listed_rows(images, patients, folder, tell)
    except DataError as error:
        # Copies of NIH's lists under other names: NIH's own test patients stand in for them.
        if not are_kaggles(lists):
            raise
        tell(
            f"{listed(path.name for path in lists)} are not used, as {error.message}: NIH's official test"
            " patients are tested on"
        )
        return official


def _listed_rows(
    images: pd.Series[str], patients: pd.Series[str], folder: Path, tell: Tell
) -> NDArray[np.bool_]:
    lists = {part: read_list(path, tell) for part, path in split_lists(folder).items()}
    _check_lists(lists, set(images), folder)
    is_test = images.isin(lists["test"]).to_numpy()
    both = set(patients[is_test]) & set(patients[~is_test])
    if both:
        # A patient is named by an image only: identifiers stay out of errors.
        example = images[patients.isin(both) & is_test].min()
        raise DataError(
            f"{len(both):,} patients are in both split lists, with the test image {short(example)} for one",
            path=folder,
            remedy="Split by patient, or remove both lists to use NIH's official test patients.",
        )
    return is_test


def are_kaggles(lists: Iterable[Path]) -> bool:
    """Return whether split lists have Kaggle's names, all of them."""
    return all(path.name in KAGGLES_LISTS.values() for path in lists)


def split_lists(folder: Path) -> dict[str, Path]:
    """Return the folder's split lists by the part that they name, those that are there."""
    names = {part: (LISTS[part], KAGGLES_LISTS[part]) for part in LISTS}
    found = {
        part: next((folder / name for name in both if (folder / name).is_file()), None)
        for part, both in names.items()
    }
    return {part: path for part, path in found.items() if path is not None}


def lists_in(folder: Path) -> list[Path]:
    """Return the paths of the split lists that the folder holds: two or none.

    Raises:
        DataError: There is only one of the two.
    """
    found = split_lists(folder)
    if len(found) == 1:
        (part, path), *_ = found.items()
        if are_kaggles([path]):
            return []
        missing = next(name for other, name in LISTS.items() if other != part)
        raise DataError(
            f"holds {path.name} but not {missing}",
            path=folder,
            remedy=f"Add {missing}, or remove {path.name} to use NIH's official test patients.",
        )
    return list(found.values())


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


def read_list(path: Path, tell: Tell) -> set[str]:
    """Read one split list: an image name a line.

    Raises:
        DataError: It cannot be read, or is no text.
    """
    return set(read_lines(path, _REMEDY, tell))


def _check_lists(listed: dict[str, set[str]], images: set[str], folder: Path) -> None:
    both = listed["train_val"] & listed["test"]
    if both:
        raise DataError(
            f"{len(both):,} images are in both split lists, {short(min(both))} for one",
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
                f"{len(names):,} images are {problem}, {short(min(names))} for one",
                path=folder,
                remedy="Use table and lists of one release, or remove both lists to use NIH's own split.",
            )
