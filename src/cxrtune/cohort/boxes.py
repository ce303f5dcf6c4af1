"""Bounding boxes of findings, drawn by readers, in NIH's published format.

Wang et al., "ChestX-ray8: Hospital-scale chest X-ray database and benchmarks on weakly-supervised
classification and localization of common thorax diseases", CVPR 2017, section 3.1: 984 boxes on 880 images.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.nih_table import read_columns
from cxrtune.cohort.problem import Fault, Kind, Problem, Severity, problems_of, refuse_first
from cxrtune.cohort.shipped import is_of_nih, shipped_table
from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError
from cxrtune.files import sha256_of
from cxrtune.findings import NIH_FINDINGS
from cxrtune.number_texts import numbers
from cxrtune.shown import listed, quoted, short
from cxrtune.text_file import Tell, untold

BOX_LIST = "BBox_List_2017.csv"
SHIPPED_BOX_LIST = "BBox_List_2017.csv.gz"
SIDE = 1024
"""NIH's boxes are in pixels of the original 1024 px images, whatever the size of the local copies."""

_NAMES = {"Infiltrate": "Infiltration"}
# The header is one text, `Bbox [x,y,w,h]`, that a CSV reader takes apart.
_COLUMNS = {
    "image": ("Image Index",),
    "finding": ("Finding Label",),
    "x": ("Bbox [x",),
    "y": ("y",),
    "width": ("w",),
    "height": ("h]",),
}
_CORNERS = ("x", "y", "width", "height")
_SLACK = 1.0  # px; the phantoms' and NIH's corners are rounded
_REMEDY = f"Use NIH's {BOX_LIST} as it was published; its boxes are in pixels of a {SIDE} px image."


@dataclass(frozen=True)
class Boxes:
    """Bounding boxes, one entry per box; an image may have several.

    Attributes:
        images: object (N,), image names as in the cohort.
        findings: object (N,), finding names as in the cohort.
        corners: float64 (N, 4), x, y, width and height as fractions of the image's sides, in [0, 1].
        file: Name of the file that the boxes were read from.
        sha256: SHA-256 of that file.
    """

    images: NDArray[np.object_]
    findings: NDArray[np.object_]
    corners: NDArray[np.float64]
    file: str
    sha256: str

    def __len__(self) -> int:
        return len(self.images)


def find_boxes(cohort: CohortTable, folder: Path | None = None) -> Path | None:
    """Return the folder's list of boxes, or the copy in torchxrayvision if the images are NIH's.

    Args:
        cohort: The cohort whose images are considered.
        folder: The folder with NIH's tables, or None if it is not known.
    """
    if folder is not None and (folder / BOX_LIST).is_file():
        return folder / BOX_LIST
    return shipped_table(SHIPPED_BOX_LIST) if is_of_nih(cohort) else None


def read_boxes(path: Path, findings: Sequence[str] = NIH_FINDINGS, tell: Tell = untold) -> Boxes:
    """Read NIH's list of boxes.

    Args:
        path: A table with NIH's columns, possibly gzipped.
        findings: The findings that a box may be labelled with.
        tell: Receives messages about anything that is not read as written.

    Raises:
        DataError: The file is missing or is not such a table, a finding is unknown, or a box is empty or
            extends outside the image; the message names the row.
    """
    if not path.is_file():
        raise DataError("there is no such list of boxes", path=path, remedy=_REMEDY)
    frame = read_columns(path, _COLUMNS, Kind.BOX, _REMEDY, tell)
    refuse_first(_row_faults(frame, path, findings))
    low, high = _clipped(_values(frame))
    return Boxes(
        images=frame["image"].str.strip().to_numpy(dtype=object),
        findings=_names(frame).to_numpy(dtype=object),
        corners=np.hstack([low, high - low]) / SIDE,
        file=path.name,
        sha256=sha256_of(path),
    )


def check_boxes(folder: Path, named: Collection[str]) -> list[Problem]:
    """Return the problems of a folder's list of boxes; a missing list is not a problem.

    Args:
        folder: The data folder.
        named: Names of the images in the label table.
    """
    path = folder / BOX_LIST
    if not path.is_file():
        return []
    faults: list[Fault] = []
    frame = read_columns(path, _COLUMNS, Kind.BOX, _REMEDY, faults=faults)
    if set(frame.columns) == set(_COLUMNS):
        faults += _row_faults(frame, path, NIH_FINDINGS, named)
    return problems_of(faults)


def _row_faults(
    frame: pd.DataFrame, path: Path, findings: Sequence[str], named: Collection[str] | None = None
) -> Iterator[Fault]:
    """Yield the faults of the boxes; boxes of unlisted images count only if the listed images are known."""

    def fault(
        wrong: NDArray[np.bool_], what: str, severity: Severity = "error", refusal: DataError | None = None
    ) -> Fault:
        cells = [{name: short(frame[name].iloc[row]) for name in _COLUMNS} for row in np.flatnonzero(wrong)]
        rows = frame.index[wrong]
        whats = [f"row {n:,} {what.format(**cell)}" for n, cell in zip(rows, cells, strict=True)]
        return Fault(Kind.BOX, severity, path.name, whats, _REMEDY, refusal)

    names = _names(frame)
    strange = ~names.isin(findings).to_numpy(dtype=bool)
    if strange.any():
        row = int(strange.argmax())
        refusal = f"row {frame.index[row]:,} holds the unknown finding {quoted(names.iloc[row])}"
        error = DataError(refusal, path=path, remedy=f"Findings are {listed(findings, 30)}.")
        yield fault(strange, "({image}) holds the unknown finding '{finding}'", refusal=error)
    if named is not None:
        unnamed = ~frame["image"].str.strip().isin(list(named)).to_numpy(dtype=bool)
        yield fault(unnamed, "names {image}, which is not in the label table", "warning")
    for what, wrong in _box_faults(_values(frame)).items():
        if wrong.any():
            row = int(wrong.argmax())
            found = listed(frame[name].iloc[row] for name in _CORNERS)
            refusal = f"row {frame.index[row]:,} {what}: x, y, w, h = {found}"
            error = DataError(refusal, path=path, remedy=_REMEDY)
            each = f"({{image}}) {what}: x, y, w, h = {{x}}, {{y}}, {{width}}, {{height}}"
            yield fault(wrong, each, refusal=error)


def _names(frame: pd.DataFrame) -> pd.Series[str]:
    """Return the findings, spelled as in the label table."""
    return frame["finding"].str.strip().replace(_NAMES)


def _values(frame: pd.DataFrame) -> NDArray[np.float64]:
    return np.stack([numbers(frame[name])[0] for name in _CORNERS], axis=1)


def _box_faults(values: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """Map each kind of fault to the boxes with it, bool (N,), from float64 (N, 4) in NIH's pixels."""
    finite = np.isfinite(values).all(axis=1)
    first, last = values[:, :2], values[:, :2] + values[:, 2:]
    outside = ((first < -_SLACK) | (last > SIDE + _SLACK)).any(axis=1)
    low, high = _clipped(values)
    faults = {
        "holds a box with a number missing": ~finite,
        f"holds a box outside the {SIDE} px image": finite & outside,
        "holds an empty box": finite & ~outside & (high <= low).any(axis=1),
    }
    return {fault: np.asarray(boxes, dtype=np.bool_) for fault, boxes in faults.items()}


def _clipped(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.clip(values[:, :2], 0, SIDE), np.clip(values[:, :2] + values[:, 2:], 0, SIDE)
