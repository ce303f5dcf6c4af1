"""Who is trained on, who is validated on, who is tested on: always whole patients."""

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


def whole_split(
    patients: pd.Series[str],
    given: NDArray[np.object_] | None,
    seed: int,
    parts: Collection[str] = ("test", "validation"),
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Make the parts that are not given: test and then validation are a fifth of the patients of `train`.

    Where a split is given and has no `train`, nothing is made.

    Args:
        patients: Of each row.
        given: The part of each row, or None if none is given.
        seed: Chooses the patients.
        parts: Those that may be made.

    Returns:
        object (N,), and the parts that were made.
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
    """Refuse a split that parts a patient's images.

    Raises:
        DataError: A patient is in two parts; named by an image, as identifiers stay out of errors.
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
