"""One model on all findings, and what its thresholds were chosen on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cxrtune.evaluation.results.finding import (
    CalibrationResult,
    CurveResult,
    FindingResult,
    NetBenefitPoint,
    OperatingPointResult,
    StatedPrevalence,
)
from cxrtune.evaluation.results.record import Intervals, Stored


class AverageResult(Stored):
    """One average over the findings (micro, macro, weighted) or over the images (samples).

    `over` is the number of findings (of images, for samples) for which f1 is defined, `over_each` that of
    `precision` and `recall`; an average of nothing is None.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    over: int
    over_each: dict[str, int] = Field(default_factory=dict)
    intervals: Intervals = Field(default_factory=dict)


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


class Contamination(Stored):
    """What is known of the images that a model was trained on.

    Attributes:
        rule: How they were chosen.
        source: Where that is published.
        inside: Evaluated images in its training part.
        outside: Evaluated images that are not in it.
        outside_patients: Their patients.
        unknown: Evaluated images that the rule's table does not name.
    """

    rule: str
    source: str
    inside: int
    outside: int
    outside_patients: int
    unknown: int


class ModelResult(Stored):
    """One model on all findings.

    Attributes:
        name: The model's name in tables and file names, such as `fine-tuned`.
        title: The model's name in prose.
        origin: One line on where the model comes from.
        threshold_rule: How the thresholds came about, such as `Youden's J on validation`.
        images: Images of the split that the model scored.
        not_scored: Images of the split without a score from this model.
        macro_auroc: Mean of the AUROCs that are defined.
        macro_auroc_over: How many those are.
        findings: Each finding's result, in the cohort's order.
        averages: `micro`, `macro`, `weighted` and `samples`.
        macro_average_precision: Mean of the average precisions that are defined.
        intervals: Of `macro_auroc` and `macro_average_precision`.
        operating_points: By rule (`youden`, `f1`, `sensitivity`, `specificity`) and finding.
        calibration: By finding; one without is not calibrated.
        prevalence: By finding, where a prevalence was stated.
        curves: By finding, what is read off its ROC curve here.
        net_benefit: By finding, of calibrated probabilities; one that is not calibrated is absent.
        contamination: Of a model that may have been trained on evaluated images; else None.
        chosen: What thresholds and calibration were chosen on.
    """

    name: str
    title: str
    origin: str
    threshold_rule: str
    images: int
    not_scored: int
    macro_auroc: float | None
    macro_auroc_over: int
    findings: dict[str, FindingResult]
    averages: dict[str, AverageResult]
    macro_average_precision: float | None = None
    intervals: Intervals = Field(default_factory=dict)
    operating_points: dict[str, dict[str, OperatingPointResult]] = Field(default_factory=dict)
    calibration: dict[str, CalibrationResult] = Field(default_factory=dict)
    prevalence: dict[str, StatedPrevalence] = Field(default_factory=dict)
    curves: dict[str, CurveResult] = Field(default_factory=dict)
    net_benefit: dict[str, list[NetBenefitPoint]] = Field(default_factory=dict)
    contamination: Contamination | None = None
    chosen: ChosenOn | None = None


class MissingModel(Stored):
    """A comparison that was asked for and could not be made, with the reason and the way out."""

    name: str
    reason: str
    remedy: str


class Example(Stored):
    """An image that a model judged wrongly: a negative scored high, or a positive scored low."""

    model: str
    finding: str
    kind: str
    image: str
    score: float
    others: list[str]
