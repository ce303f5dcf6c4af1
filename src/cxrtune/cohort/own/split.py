"""Train, validation and test of one's own cohort: as the table says, else made; always whole patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.cells import plain
from cxrtune.cohort.own.map_parts import Split
from cxrtune.cohort.splits import VALIDATION_FRACTION, chosen_rows
from cxrtune.cohort.table import SPLITS
from cxrtune.errors import DataError
from cxrtune.shown import listed, quoted, short

TEST_FRACTION = 0.2
_SHARES = {"test": TEST_FRACTION, "validation": VALIDATION_FRACTION}


def split_columns(wanted: Split | None) -> list[str]:
    """Return the columns that the split is read from."""
    return [wanted.column] if wanted is not None and wanted.column is not None else []


def given_split(table: pd.DataFrame, names: pd.Series[str], wanted: Split) -> NDArray[np.object_]:
    """Return the part of each row as the table gives it, object (N,).

    Raises:
        DataError: A row's part is not one that the map knows.
    """
    if wanted.all is not None:
        return np.full(len(table), wanted.all, dtype=object)
    if wanted.column is not None:
        theirs = table[wanted.column].str.strip()
    else:
        assert wanted.pattern is not None
        theirs = names.str.extract(wanted.pattern, expand=True)[0].fillna("")
    codes, distinct = pd.factorize(theirs)
    loosely = {plain(name): part for name, part in wanted.values.items()}
    parts = [wanted.values.get(str(text), loosely.get(plain(str(text)))) for text in distinct]
    ours = np.array(parts, dtype=object)[codes]
    unknown = pd.isna(ours)
    if unknown.any():
        row = int(unknown.argmax())
        raise DataError(
            f"{int(unknown.sum()):,} rows are of a part that the map does not know:"
            f" {quoted(theirs.iloc[row])} for one",
            remedy=f"Say under split.values in the map what it means; known are {listed(wanted.values)}.",
        )
    return ours


def whole_split(
    patients: pd.Series[str], given: NDArray[np.object_] | None, seed: int
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Make the parts that are not given: test and then validation are a fifth of the patients of `train`.

    Where a split is given and has no `train`, nothing is made.

    Args:
        patients: Of each row.
        given: The part of each row, or None if none is given.
        seed: Chooses the patients.

    Returns:
        object (N,), and the parts that were made.
    """
    split = np.full(len(patients), "train", dtype=object) if given is None else given.copy()
    has_train = bool((split == "train").any())
    made = tuple(part for part in _SHARES if has_train and not (split == part).any())
    for part in made:
        rows = np.flatnonzero(split == "train")
        draw = str(seed) if part == "validation" else f"{seed}:{part}"
        split[rows[chosen_rows(patients.iloc[rows], draw, _SHARES[part])]] = part
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
