"""Boxes around findings, drawn by people, as NIH publishes them.

Wang et al., "ChestX-ray8: Hospital-scale chest X-ray database and benchmarks on weakly-supervised
classification and localization of common thorax diseases", CVPR 2017, section 3.1: 984 boxes on 880 images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.recognise import is_of_nih
from cxrtune.cohort.shipped import shipped_table
from cxrtune.cohort.table import Cohort
from cxrtune.csv_table import open_csv
from cxrtune.errors import DataError
from cxrtune.files import sha256_of
from cxrtune.findings import NIH_FINDINGS
from cxrtune.number_texts import numbers
from cxrtune.shown import listed, quoted
from cxrtune.text_file import Tell, untold

BOX_LIST = "BBox_List_2017.csv"
SHIPPED_BOX_LIST = "BBox_List_2017.csv.gz"
SIDE = 1024
"""NIH's boxes are in pixels of its 1024 px pictures, whatever the size at hand."""

BOX_NAMES = {"Infiltrate": "Infiltration"}
"""Findings that the list names otherwise than the label table does."""
# The header is one text, `Bbox [x,y,w,h]`, that a CSV reader takes apart.
BOX_COLUMNS = {
    "Image Index": "image",
    "Finding Label": "finding",
    "Bbox [x": "x",
    "y": "y",
    "w": "width",
    "h]": "height",
}
CORNERS = ("x", "y", "width", "height")
_SLACK = 1.0  # px; the phantoms' and NIH's corners are rounded
BOXES_REMEDY = f"Use NIH's {BOX_LIST} as it was published; its boxes are in pixels of a {SIDE} px picture."


@dataclass(frozen=True)
class Boxes:
    """Boxes, one entry each; an image may have several.

    Attributes:
        images: object (N,), names as in the cohort.
        findings: object (N,), names as in the cohort.
        corners: float64 (N, 4), x, y, width, height as shares of the picture's sides, in [0, 1].
        file: The name of the file that they were read from.
        sha256: Of that file.
    """

    images: NDArray[np.object_]
    findings: NDArray[np.object_]
    corners: NDArray[np.float64]
    file: str
    sha256: str

    def __len__(self) -> int:
        return len(self.images)


def find_boxes(cohort: Cohort, folder: Path | None = None) -> Path | None:
    """Return the folder's list of boxes, else the one that torchxrayvision ships if the images are NIH's.

    Args:
        cohort: The images.
        folder: Where NIH's tables are, or None if nothing is known of it.
    """
    if folder is not None and (folder / BOX_LIST).is_file():
        return folder / BOX_LIST
    return shipped_table(SHIPPED_BOX_LIST) if is_of_nih(cohort) else None


def read_boxes(path: Path, findings: Sequence[str] = NIH_FINDINGS, tell: Tell = untold) -> Boxes:
    """Read NIH's list of boxes.

    Args:
        path: A table with NIH's columns, possibly gzipped.
        findings: What a box may be of.
        tell: Told of what is not read as it stands there.

    Raises:
        DataError: The file is missing or no such table, a finding is unknown, or a box is empty or lies
            outside the picture; the message names the row.
    """
    frame = _read_frame(path, tell)
    names = frame["finding"].str.strip().replace(BOX_NAMES)
    strange = np.flatnonzero(~names.isin(findings))
    if len(strange):
        raise DataError(
            f"row {names.index[strange[0]]:,} holds the unknown finding {quoted(names.iloc[strange[0]])}",
            path=path,
            remedy=f"Findings are {listed(findings, 30)}.",
        )
    return Boxes(
        images=frame["image"].str.strip().to_numpy(dtype=object),
        findings=names.to_numpy(dtype=object),
        corners=_corners(frame, path),
        file=path.name,
        sha256=sha256_of(path),
    )


def _read_frame(path: Path, tell: Tell) -> pd.DataFrame:
    if not path.is_file():
        raise DataError("there is no such list of boxes", path=path, remedy=BOXES_REMEDY)
    table = open_csv(path, tell, BOXES_REMEDY)
    places = table.places(BOX_COLUMNS, remedy=BOXES_REMEDY)
    return table.read({ours: places[theirs] for theirs, ours in BOX_COLUMNS.items()})


def _corners(frame: pd.DataFrame, path: Path) -> NDArray[np.float64]:
    values = np.stack([numbers(frame[name])[0] for name in CORNERS], axis=1)
    for problem, wrong in box_faults(values).items():
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            found = listed(frame[name].iloc[row] for name in CORNERS)
            raise DataError(
                f"row {frame.index[row]:,} {problem}: x, y, w, h = {found}", path=path, remedy=BOXES_REMEDY
            )
    low, high = _clipped(values)
    return np.hstack([low, high - low]) / SIDE


def box_faults(values: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """Say what is wrong with boxes.

    Args:
        values: float64 (N, 4), x, y, width, height in NIH's pixels; NaN where there is no number.

    Returns:
        bool (N,) a fault: the boxes that have it.
    """
    finite = np.isfinite(values).all(axis=1)
    first, last = values[:, :2], values[:, :2] + values[:, 2:]
    outside = ((first < -_SLACK) | (last > SIDE + _SLACK)).any(axis=1)
    low, high = _clipped(values)
    faults = {
        "holds a box with a number missing": ~finite,
        f"holds a box outside the {SIDE} px picture": finite & outside,
        "holds an empty box": finite & ~outside & (high <= low).any(axis=1),
    }
    return {fault: np.asarray(boxes, dtype=np.bool_) for fault, boxes in faults.items()}


def _clipped(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.clip(values[:, :2], 0, SIDE), np.clip(values[:, :2] + values[:, 2:], 0, SIDE)
