"""Split into training, validation and test parts, always by patient."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.table import SPLITS
from cxrtune.errors import DataError
from cxrtune.shown import short

_SHARES = {"test": 0.2, "validation": 0.2}


def _chosen_rows(patients: pd.Series[str], draw: str, share: float) -> NDArray[np.bool_]:
    """Choose a fraction of the patients.

    Patients are ordered by a hash of draw and name, and the first ones are chosen. So the fraction is exact,
    and patients keep their part (except a few at the border) when images are added.

    Args:
        patients: The patients of the rows.
        draw: Name of the draw; a different name chooses different patients.
        share: Fraction of the patients, in [0, 1].

    Returns:
        bool (N,), True where the row's patient was chosen.
    """
    distinct = patients.unique().tolist()
    unique = sorted(distinct, key=lambda patient: hashlib.sha256(f"{draw}:{patient}".encode()).digest())
    chosen = unique[: round(share * len(unique))]
    return patients.isin(chosen).to_numpy()


def whole_split(
    patients: pd.Series[str],
    given: NDArray[np.object_] | None,
    seed: int,
    parts: Collection[str] = ("test", "validation"),
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Create the parts that are not given: test, then validation, each a fifth of the patients of `train`.

    If a split is given and has no `train`, nothing is created.

    Args:
        patients: The patient of each row.
        given: The part of each row, or None if no split is given.
        seed: Random seed for choosing the patients.
        parts: The parts that may be created.

    Returns:
        The part of each row, object (N,), and the parts that were created.
    """
    split = np.full(len(patients), "train", dtype=object) if given is None else given.copy()
    has_train = bool((split == "train").any())
    made = tuple(part for part in _SHARES if part in parts and has_train and not (split == part).any())
    for part in made:
        rows = np.flatnonzero(split == "train")
        draw = str(seed) if part == "validation" else f"{seed}:{part}"
        split[rows[_chosen_rows(patients.iloc[rows], draw, _SHARES[part])]] = part
    return split, made


def require_whole_patients(
    patients: pd.Series[str], split: NDArray[np.object_], images: pd.Series[str]
) -> None:
    """Check that no patient's images are in more than one part of the split.

    Raises:
        DataError: A patient is in two parts; the message names an image, not the identifier.
    """
    codes = pd.factorize(patients)[0]
    parts = pd.Categorical(split, categories=list(SPLITS)).codes
    seen = np.zeros((codes.max() + 1, len(SPLITS)), dtype=bool)
    seen[codes, parts] = True
    torn = seen.sum(axis=1) > 1
    if torn.any():
        example = images[torn[codes]].min()
        raise DataError(
            f"{int(torn.sum()):,} patients are in more than one part of the split, with {short(example)}"
            " for one",
            remedy="Mend the split in the table, or leave split out of the map to have one made by patient.",
        )
