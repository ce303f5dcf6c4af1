"""Convert a TorchXRayVision dataset to a cohort, and its images to files that every stage can read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.cells import with_one_identifier_each
from cxrtune.cohort.splits import whole_split
from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError, UsageError
from cxrtune.files import write_whole
from cxrtune.findings import fault_of_names
from cxrtune.text_file import Tell, untold

_REACH = 1024.0  # TorchXRayVision's images range from -1024 to 1024
_NAME = "images/{:07}.png"


class XrvDataset(Protocol):
    """The interface of TorchXRayVision's datasets, including merged, filtered and subset ones."""

    pathologies: list[str]
    labels: NDArray[np.floating[Any]]
    csv: pd.DataFrame

    def __len__(self) -> int:
        """Return the number of radiographs."""

    def __getitem__(self, item: int) -> dict[str, Any]:
        """Return a radiograph; `img` is float (1, H, W) in [-1024, 1024]."""


def cohort_of_xrv(
    dataset: XrvDataset,
    folder: Path,
    *,
    patients: Sequence[str] | None = None,
    seed: int = 0,
    tell: Tell = untold,
) -> CohortTable:
    """Write a dataset's images as PNG, as the dataset returns them, and return its cohort.

    Existing images are kept, so that an interrupted call can be resumed: each dataset needs its own folder.
    Test and validation parts are created by patient.

    Args:
        dataset: The dataset, without data augmentation.
        folder: Where to write the images: `images/0000000.png` and so on. It is the `data` of later stages.
        patients: The patient of each row, if the dataset's table has no column `patientid`.
        seed: Random seed for choosing the test and validation patients.
        tell: Receives messages about patients written in several ways.

    Returns:
        The cohort, with one column per pathology; labels that the dataset does not know are null.

    Raises:
        UsageError: The dataset has no patients, its numbers of labels and radiographs differ, or the names of
            its pathologies are not distinct.
        DataError: An image is not in TorchXRayVision's format.
        OutputError: An image cannot be written.
    """
    table = dataset.csv.reset_index(drop=True)
    if len(table) != len(dataset) or dataset.labels.shape != (len(dataset), len(dataset.pathologies)):
        raise UsageError(
            f"this dataset has {len(dataset):,} radiographs, {len(table):,} rows in csv and labels of shape"
            f" {dataset.labels.shape}",
            remedy="Give a dataset object of TorchXRayVision.",
        )
    if patients is None and "patientid" not in table.columns:
        raise UsageError(
            "this dataset tells no patients (its csv has no column 'patientid')",
            remedy="Give them with patients=[...], one a radiograph.",
        )
    findings = [
        re.sub(r"[^A-Za-z0-9 _-]+", " ", pathology).strip().replace(" ", "_")
        for pathology in dataset.pathologies
    ]
    fault = fault_of_names(findings)
    if fault is not None:
        raise UsageError(
            f"this dataset's pathologies cannot be findings: {fault}",
            remedy="Give them other names with xrv.datasets.relabel_dataset, or in dataset.pathologies.",
        )
    names = [_NAME.format(row) for row in range(len(dataset))]
    for row, name in enumerate(names):
        if not (folder / name).is_file():
            _write(np.asarray(dataset[row]["img"]), folder / name)
    who = pd.Series(table["patientid"] if patients is None else list(patients)).astype("str")
    unknown, male = pd.Series(pd.NA, index=table.index), _column(table, "sex_male", {"True": "M"})
    frame = pd.DataFrame(
        {
            "image": pd.array(names, dtype="str"),
            "patient": with_one_identifier_each(who, pd.Series(names, dtype="str"), tell),
            "view": _column(table, "view", {"PA": "PA", "AP": "AP", "AP Supine": "AP", "AP Erect": "AP"}),
            "sex": male.fillna(_column(table, "sex_female", {"True": "F"})),
            "age": pd.to_numeric(table.get("age_years", unknown), errors="coerce").round().astype("Int16"),
            "followup": unknown.astype("Int16"),
        }
    )
    frame["split"] = pd.array(whole_split(frame["patient"], None, seed)[0], dtype="str")
    for column, finding in enumerate(findings):
        frame[finding] = pd.array(dataset.labels[:, column], dtype="Float32").astype("Int8")
    return CohortTable(frame)


def _column(table: pd.DataFrame, name: str, values: dict[str, str]) -> pd.Series[str]:
    if name not in table.columns:
        return pd.Series(pd.NA, index=table.index, dtype="str")
    return table[name].astype("str").map(values).astype("str")


def _write(image: NDArray[Any], path: Path) -> None:
    if image.ndim != 3 or image.shape[0] != 1 or not (np.abs(image) <= _REACH).all():
        raise DataError(
            f"the dataset gives an image of shape {image.shape} in [{image.min():g}, {image.max():g}]"
            f" instead of (1, H, W) in [-1024, 1024]",
            path=path,
            remedy="Leave out transforms that normalise or augment.",
        )
    share = (image[0].astype(np.float64) + _REACH) / (2 * _REACH)
    grey = np.rint(share * 255)
    # What was 8 bits is written as 8 bits; images that were resized or had more bits keep 16.
    exact = np.abs(share * 255 - grey).max() < 1e-2
    pixels = grey.astype(np.uint8) if exact else np.rint(share * 65535).astype(np.uint16)
    with write_whole(path) as partial:
        # imwrite is not used: it reports no error if the disk is full.
        partial.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
