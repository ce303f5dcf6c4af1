"""Determine the origin of a cohort's images, labels and boxes from its record and its content."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.boxes import SHIPPED_BOX_LIST, Boxes, read_boxes
from cxrtune.cohort.shipped import has_labels_of_nih, is_of_nih, shipped_table
from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.results import Origin
from cxrtune.phantom.tables import BBOX_LIST, NOTICE
from cxrtune.provenance import Record, Source, read_record, record_path

Whose = Literal["nih", "synthetic", "unknown"]


def notice_of(*folders: Path) -> list[Source]:
    """Return the notice that images are synthetic, if a folder or its parent contains it."""
    places = dict.fromkeys(place for folder in folders for place in (folder, folder.parent))
    found = [place / NOTICE for place in places if (place / NOTICE).is_file()]
    return [Source.of_file(NOTICE, found[0])] if found else []


def origin_of(cohort_file: Path, cohort: CohortTable, boxes_file: Path | None, boxes: Boxes | None) -> Origin:
    """Return the origin of a cohort's images, labels and boxes.

    Args:
        cohort_file: The table of the cohort; its record may be in the same folder.
        cohort: The content of the table.
        boxes_file: The list of boxes, if there is one.
        boxes: The content of the list.

    Raises:
        DataError: The record is damaged.
    """
    path = record_path(cohort_file)
    record = read_record(path) if path.is_file() else None
    images = _images(record, cohort)
    whose: Whose = "unknown"
    if boxes is not None and boxes_file is not None:
        whose = _boxes(boxes_file, boxes, images)
    described: dict[str, Any] | None = None if record is None else record.settings.get("map")
    patients: Literal["given", "each image"] = "given"
    if described is not None and described.get("patient", {}).get("none"):
        patients = "each image"
    if images == "synthetic":
        return Origin(images=images, labels="synthetic", boxes=whose, patients=patients)
    if has_labels_of_nih(cohort):
        return Origin(images=images, labels="nih", boxes=whose, patients=patients)
    if described is None:
        return Origin(images=images, boxes=whose)
    named = ", ".join(part for part in (described["title"], described["source"]) if part)
    return Origin(
        images=images,
        labels="map",
        labels_named=named,
        uncertain=described["uncertain"],
        boxes=whose,
        patients=patients,
    )


def _images(record: Record | None, cohort: CohortTable) -> Whose:
    if record is not None and any(source.name == NOTICE for source in record.inputs):
        return "synthetic"
    return "nih" if is_of_nih(cohort) else "unknown"


def _boxes(file: Path, boxes: Boxes, images: Whose) -> Whose:
    if images == "synthetic" and file.name == BBOX_LIST and notice_of(file.parent):
        return "synthetic"
    shipped = shipped_table(SHIPPED_BOX_LIST)
    if images != "nih" or shipped is None:
        return "unknown"
    theirs = read_boxes(shipped)
    return "nih" if np.array_equal(_sorted(boxes), _sorted(theirs)) else "unknown"


def _sorted(boxes: Boxes) -> NDArray[np.object_]:
    rows = sorted(
        (image, finding, *np.round(corners, 6))
        for image, finding, corners in zip(boxes.images, boxes.findings, boxes.corners, strict=True)
    )
    return np.array(rows, dtype=object)
