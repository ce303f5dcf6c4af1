"""What the numbers rest on: whose images, labels and boxes, and on what thresholds were chosen."""

from __future__ import annotations

from typing import Literal

from cxrtune.evaluation.results.record import Stored


class Origin(Stored):
    """Where images, labels and boxes come from, as far as it is recorded or can be recognised.

    `synthetic` is made by a program that draws; `nih` is NIH ChestX-ray14's; `map` is labels that a map of
    one's own describes, whose title and source are `labels_named`, and in which uncertain labels count as
    `uncertain`; `unknown` is not recorded. `patients` are `given`, or each image was taken for one of a
    patient of its own (`each image`).
    """

    images: Literal["nih", "synthetic", "unknown"] = "unknown"
    labels: Literal["nih", "synthetic", "map", "unknown"] = "unknown"
    labels_named: str = ""
    uncertain: str | None = None
    boxes: Literal["nih", "synthetic", "unknown"] = "unknown"
    patients: Literal["given", "each image"] = "given"


class ChosenOn(Stored):
    """What a model's thresholds and its calibration were chosen on.

    Attributes:
        thresholds: `model` brought them, the `user` gave them, `validation` chose them here, or there are
            `none`.
        operating_points: The same of the rules' thresholds.
        calibration: The same of the calibration.
        validation_images: The cohort's validation images with a score and a known label.
        validation_part: All of the cohort's validation images.
        judged: The first that are also judged here.
    """

    thresholds: Literal["model", "user", "validation", "none"]
    operating_points: Literal["model", "validation", "none"]
    calibration: Literal["model", "validation", "none"]
    validation_images: int
    validation_part: int
    judged: int
