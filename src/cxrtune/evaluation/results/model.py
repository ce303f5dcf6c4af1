"""One model on the evaluated images."""

from __future__ import annotations

from pydantic import Field

from cxrtune.evaluation.results.basis import ChosenOn
from cxrtune.evaluation.results.calibration import CalibrationResult
from cxrtune.evaluation.results.curve import CurveResult, NetBenefitPoint
from cxrtune.evaluation.results.record import Intervals, Stored


class FindingResult(Stored):
    """One model on one finding.

    `auroc` is the area under the ROC curve in [0, 1] (Hanley and McNeil 1982, ties count one half).
    `threshold` is a probability in [0, 1]; a probability at or above it is a positive call, and
    precision, recall, specificity and f1 are counted there, as are the images that are called and present
    (`tp`), called and absent (`fp`), not called and present (`fn`), not called and absent (`tn`), the
    negative predictive value, and the likelihood ratios: sensitivity / (1 - specificity), (1 - sensitivity) /
    specificity. The positive predictive value is `precision`. `support` is the number of positives.
    `intervals` are by the value's name, and made as docs/statistics.md says; `auroc_delong` is DeLong's,
    which takes images as independent.
    """

    auroc: float | None
    average_precision: float | None = None
    threshold: float | None
    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None
    support: int
    negatives: int
    positive_patients: int
    negative_patients: int
    called: int
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None
    negative_predictive_value: float | None = None
    positive_likelihood_ratio: float | None = None
    negative_likelihood_ratio: float | None = None
    intervals: Intervals = Field(default_factory=dict)


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


class AreaResult(Stored):
    """One model on one finding, on a part of the images; None where it is not defined."""

    auroc: float | None
    positives: int
    negatives: int
    intervals: Intervals = Field(default_factory=dict)


class OperatingPointResult(Stored):
    """What one rule's threshold gives on the images that it was chosen on, and on the evaluated ones.

    `sensitivity` and `specificity` are those of the evaluated images, with intervals, of so many positives of
    so many patients, and so many negatives.
    """

    threshold: float
    validation_sensitivity: float
    validation_specificity: float
    sensitivity: float | None
    specificity: float | None
    positives: int | None = None
    positive_patients: int | None = None
    negatives: int | None = None
    intervals: Intervals = Field(default_factory=dict)


class StatedPrevalence(Stored):
    """What a positive and a negative call mean where the finding is as frequent as stated.

    Predictive values follow from sensitivity and specificity by Bayes' rule, and their intervals from those
    of the likelihood ratios; `odds_factor` is what the odds of a calibrated probability are multiplied by.
    """

    prevalence: float
    observed: float
    positive_predictive_value: float | None
    negative_predictive_value: float | None
    odds_factor: float | None
    intervals: Intervals = Field(default_factory=dict)


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
    probability: float
    others: list[str]
