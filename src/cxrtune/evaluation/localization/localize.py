"""Score class activation maps against boxes, per finding with intervals, for the model and the controls."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.cohort.boxes import Boxes
from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.localization.box_rule import GRID, RULE, Located, locate
from cxrtune.evaluation.localization.summary import (
    MODEL,
    Scored,
    as_result,
    average_findings,
    average_images,
    corrected,
    values_of_control,
    values_of_maps,
)
from cxrtune.evaluation.results import Localization
from cxrtune.evaluation.statistics.bootstrap import draw_patients
from cxrtune.heatmaps import Heatmaps

Rows = NDArray[np.intp]


def localize(
    name: str,
    heatmaps: Heatmaps,
    boxes: Boxes,
    cohort: CohortTable,
    rows: Rows,
    *,
    replicates: int,
    seed: int,
) -> Localization | None:
    """Score a model's maps against boxes; None if no image of these rows has both a box and a map.

    An image counts for a finding if it has a box of the finding, whatever its label.

    Args:
        name: Name of the model.
        heatmaps: Class activation maps of the model.
        boxes: Bounding boxes drawn by readers.
        cohort: The cohort of the images.
        rows: intp, the rows that are in the split.
        replicates: Number of bootstrap replicates.
        seed: Random seed of the replicates and the random control.
    """
    pairs, boxed = _pairs(heatmaps, boxes, cohort, rows)
    if pairs.empty:
        return None
    patients, pairs["image"] = _patients(pairs["row"].to_numpy(), cohort)
    resamples = draw_patients(patients, replicates=replicates, seed=seed)
    height, width = heatmaps.maps.shape[2:]
    made = controls((height, width), seed)
    scored: dict[str, Scored] = {}
    for column, finding in enumerate(heatmaps.findings):
        part = pairs[pairs["finding"] == finding].sort_values("image", kind="stable")
        if part.empty:
            continue
        images, rows_images = np.unique(part["image"].to_numpy(), return_inverse=True)
        first = np.flatnonzero(np.diff(rows_images, prepend=-1))
        corners = boxes.corners[part["box"].to_numpy()]
        located = locate(heatmaps.maps[part["map"].to_numpy()[first], column])
        values = {MODEL: values_of_maps(located, corners, rows_images)}
        values |= {control: values_of_control(one, corners, rows_images) for control, one in made.items()}
        scored[finding] = average_images(values, images, len(part), resamples, seed)
    mean = average_findings(list(scored.values()), len(patients), resamples.patients)
    return Localization(
        model=name,
        title=heatmaps.model,
        method=heatmaps.method,
        cells=[height, width],
        rule=RULE,
        controls=STATED,
        file=boxes.file,
        sha256=boxes.sha256,
        images=len(patients),
        patients=resamples.patients,
        boxes=len(pairs),
        not_scored=_count(boxed[boxed["finding"].isin(heatmaps.findings)]) - _count(pairs),
        without=sorted(set(boxed["finding"]) - set(heatmaps.findings)),
        findings=dict(zip(scored, corrected([as_result(one) for one in scored.values()]), strict=True)),
        macro=corrected([as_result(mean)])[0],
        macro_over=len(scored),
    )


def _pairs(
    heatmaps: Heatmaps, boxes: Boxes, cohort: CohortTable, rows: Rows
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the boxes of these rows: those whose image has a map of the finding, and all boxes."""
    boxed = pd.DataFrame({"name": boxes.images, "finding": boxes.findings, "box": np.arange(len(boxes))})
    boxed = boxed.merge(pd.DataFrame({"name": cohort.images[rows], "row": rows}), on="name")
    known = ~np.isnan(heatmaps.maps).any(axis=(2, 3))
    image, column = np.nonzero(known)
    mapped = pd.DataFrame(
        {
            "name": heatmaps.images[image],
            "finding": np.array(heatmaps.findings, dtype=object)[column],
            "map": image,
        }
    )
    return boxed.merge(mapped, on=["name", "finding"]), boxed


def _patients(rows: Rows, cohort: CohortTable) -> tuple[NDArray[np.object_], Rows]:
    """Return the patient of each distinct image, and the index of each row's image."""
    distinct, places = np.unique(rows, return_inverse=True)
    return cohort.patients[distinct], places.astype(np.intp)


def _count(pairs: pd.DataFrame) -> int:
    return len(pairs[["name", "finding"]].drop_duplicates())


RANDOM, LUNG = "random", "lung"

RANDOM_MAPS = 1000
LUNG_CENTRES = ((0.3, 0.45), (0.7, 0.45))
"""Centres as fractions of the image's sides, where lungs are in a frontal image; not derived from boxes."""

LUNG_SPREAD = 0.1
"""Standard deviation of each blob; its width at half maximum is 0.24, about the width of a lung."""

STATED = {
    RANDOM: (
        f"{RANDOM_MAPS:,} maps of independent uniform noise, of the same number of cells as the model's, the "
        "same for every image; an image's value is the mean over them."
    ),
    LUNG: (
        f"A round Gaussian blob (standard deviation {LUNG_SPREAD:g} of the side) in the centre of one lung: "
        + " or ".join(f"x = {x:g}, y = {y:g}" for x, y in LUNG_CENTRES)
        + "; an image's value is the mean of both, which is that of a side picked at random."
    ),
}
"""Descriptions of the controls in the results."""


def random_control(cells: tuple[int, int], seed: int) -> Located:
    """Return what noise maps point at, (1000,): the same maps are used for every image, in any order.

    Args:
        cells: Height and width of the model's maps, in cells.
        seed: Random seed of the noise.
    """
    return locate(np.random.default_rng(seed).random((RANDOM_MAPS, *cells)))


def lung_control() -> Located:
    """Return what the two blobs point at, (2,)."""
    places = (np.arange(GRID) + 0.5) / GRID
    blobs = [
        np.exp(-((places[None, :] - x) ** 2 + (places[:, None] - y) ** 2) / (2 * LUNG_SPREAD**2))
        for x, y in LUNG_CENTRES
    ]
    return locate(np.stack(blobs))


def controls(cells: tuple[int, int], seed: int) -> dict[str, Located]:
    """Return both controls by name."""
    return {RANDOM: random_control(cells, seed), LUNG: lung_control()}
