"""The cohort table: one row per radiograph, and the arrays that the stages need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cxrtune.errors import DataError
from cxrtune.files import write_whole
from cxrtune.findings import fault_of_names
from cxrtune.number_texts import UNKNOWN
from cxrtune.shown import quoted

SPLITS: tuple[str, ...] = ("train", "validation", "test")
_REMEDY = "Make one with: `cxrtune.experiment.cohort data=DIR out=FILE`"
_OF_LABELS = (
    "Make one of a table of labels with:"
    " `cxrtune.experiment.cohort tables=FILE map_name=FILE metadata_only=True`."
    " A table with labels and scores is judged with: `cxrtune.experiment.stats`"
)
_TEXTS = frozenset({".csv", ".tsv", ".txt", ".jsonl", ".xlsx"})
DESCRIPTION: tuple[str, ...] = ("image", "patient", "view", "sex", "age", "followup", "split")


@dataclass(frozen=True)
class CohortTable:
    """A set of labelled radiographs.

    Attributes:
        frame: One row per radiograph; columns `image` (file name, unique), `patient`, `view`
            (PA, AP), `sex` (M, F), `age` (years), `followup` (number), `split` (train, validation,
            test), then one column per finding: 1 present, 0 absent, null not known.
    """

    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings, in column order."""
        return tuple(self.frame.columns[len(DESCRIPTION) :])

    @property
    def images(self) -> NDArray[np.object_]:
        """Object (N,), names of the images."""
        return self.frame["image"].to_numpy(dtype=object)

    @property
    def patients(self) -> NDArray[np.object_]:
        """Object (N,), identifiers of the patients."""
        return self.frame["patient"].to_numpy(dtype=object)

    @property
    def labels(self) -> NDArray[np.float32]:
        """float32 (N, F), 1 present, 0 absent, NaN not known."""
        return self.frame[list(self.findings)].to_numpy(dtype=np.float32, na_value=np.nan)

    def rows(self, *splits: str) -> NDArray[np.intp]:
        """Return the row indices of the given splits, ascending."""
        return np.flatnonzero(self.frame["split"].isin(splits).to_numpy())

    def write(self, path: Path) -> None:
        """Write the table as Parquet.

        Raises:
            OutputError: The file cannot be written.
        """
        with write_whole(path) as partial:
            self.frame.to_parquet(partial, index=False)


def read_cohort(path: Path) -> CohortTable:
    """Read a cohort table.

    Raises:
        DataError: The file is missing or is not a cohort table.
    """
    if not path.is_file():
        raise DataError("there is no such cohort", path=path, remedy=_REMEDY)
    try:
        frame = pd.read_parquet(path)
    except (ValueError, OSError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
        reason = (str(error).splitlines() or ["damaged"])[0]
        remedy = _OF_LABELS if path.suffix.casefold() in _TEXTS else _REMEDY
        raise DataError(f"is no cohort table: {reason}", path=path, remedy=remedy) from error
    problem = _problem(frame)
    if problem is not None:
        raise DataError(f"is no cohort table: {problem}", path=path, remedy=_REMEDY)
    return CohortTable(frame)


def _problem(frame: pd.DataFrame) -> str | None:
    if tuple(frame.columns[: len(DESCRIPTION)]) != DESCRIPTION or len(frame.columns) == len(DESCRIPTION):
        return f"its columns must be {', '.join(DESCRIPTION)} and the findings"
    if frame.empty:
        return "it has no rows"
    if frame["image"].isna().any() or frame["image"].duplicated().any():
        return "each row must name an image of its own"
    patients = frame["patient"]
    nobody = (patients.isna() | patients.astype(str).str.strip().str.casefold().isin(UNKNOWN)).to_numpy(bool)
    if nobody.any():
        return (
            f"{nobody.sum():,} of {len(frame):,} rows name no patient, row {int(nobody.argmax()):,} for one"
        )
    fault = fault_of_names(map(str, frame.columns[len(DESCRIPTION) :]))
    if fault is not None:
        return fault
    strange = set(frame["split"].unique()) - set(SPLITS)
    if strange:
        return f"its splits must be {', '.join(SPLITS)}; it holds {quoted(min(map(str, strange)))}"
    for finding in frame.columns[len(DESCRIPTION) :]:
        if not frame[finding].dropna().isin((0, 1)).all():
            return f"column {quoted(finding)} must hold 1, 0 or null"
    return None
