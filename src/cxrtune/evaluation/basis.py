"""What an evaluation rests on: which parts were judged, and what chose each model's thresholds."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cxrtune.cohort.table import SPLITS, Cohort
from cxrtune.evaluation.results import ChosenOn, ModelResult
from cxrtune.evaluation.validation import Chosen, GivenThresholds
from cxrtune.predictions import ModelCard

Rows = NDArray[np.intp]


def judged_by_part(cohort: Cohort, rows: Rows) -> dict[str, int]:
    """Count the judged images by the part of the cohort that they are in; parts without any are absent."""
    parts = cohort.frame["split"].to_numpy(dtype=object)[rows]
    return {split: images for split in SPLITS if (images := int((parts == split).sum()))}


def patients_in_two_parts(cohort: Cohort) -> int:
    """Count the patients with images in more than one part of the cohort."""
    parts = cohort.frame[["patient", "split"]].drop_duplicates()
    return int((parts["patient"].value_counts() > 1).sum())


def chosen_on(
    card: ModelCard,
    chosen: Chosen,
    cohort: Cohort,
    scores: NDArray[np.floating],
    rows: Rows,
    given: GivenThresholds | None = None,
) -> ChosenOn:
    """Say what a model's thresholds and calibration were chosen on.

    Args:
        card: What the model brought.
        chosen: What was used.
        cohort: The reference standard.
        scores: (N, F), in the cohort's order, probability in [0, 1], NaN where not known.
        rows: intp, the judged rows.
        given: Thresholds that the user gave.
    """
    validation = cohort.rows("validation")
    known = ~np.isnan(scores[validation]) & ~np.isnan(cohort.labels[validation])
    used = validation[known.any(axis=1)]
    stored_points = [finding for points in card.operating_points.values() for finding in points]
    return ChosenOn(
        thresholds=_source(card.thresholds, chosen.thresholds, cohort) if given is None else "user",
        operating_points=_source(stored_points, [p for at in chosen.points.values() for p in at], cohort),
        calibration=_source(card.calibration, chosen.calibrators, cohort),
        validation_images=len(used),
        validation_part=len(validation),
        judged=len(np.intersect1d(used, rows)),
    )


def with_basis(model: ModelResult, basis: ChosenOn) -> ModelResult:
    """Return a model's results with what its thresholds were chosen on, or why it has none."""
    rule = model.threshold_rule
    if basis.thresholds == "none":
        rule = f"{_why_no_thresholds(basis)}. Thresholds are given with `thresholds` {model.name}=FILE"
    return model.model_copy(update={"chosen": basis, "threshold_rule": rule})


def _why_no_thresholds(basis: ChosenOn) -> str:
    if basis.validation_part == 0:
        return "none: the model brought none, and the cohort has no validation part to choose them on"
    if basis.validation_images == 0:
        part = f"{basis.validation_part:,} validation images"
        return f"none: the model brought none, and scored none of the {part}"
    return (
        "none: the model brought none, and no finding has positives and negatives among the "
        f"{basis.validation_images:,} validation images that it scored"
    )


def _source(
    stored: Collection[str], used: Collection[str], cohort: Cohort
) -> Literal["model", "validation", "none"]:
    if any(finding in cohort.findings for finding in stored):
        return "model"
    return "validation" if used else "none"
