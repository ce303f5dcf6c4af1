"""One model on one finding: areas, calls at thresholds, calibration, and what is read off its curves."""

from __future__ import annotations

from pydantic import Field

from cxrtune.evaluation.results.record import Interval, Intervals, Stored


class FindingResult(Stored):
    """One model on one finding.

    `auroc` is the area under the ROC curve in [0, 1] (Hanley and McNeil 1982, ties count one half).
    `threshold` is a score in [0, 1]; a score at or above it is a positive call, and
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


class ReliabilityBin(Stored):
    """Images of like probability: what was predicted, and how many had the finding (95 % Wilson interval)."""

    predicted: float
    observed: float
    low: float
    high: float
    images: int


class CalibrationQuality(Stored):
    """How good probabilities are: Brier score, log loss, expected calibration error, reliability diagram.

    `ece_if_perfect` is the mean ECE of labels that are drawn from the probabilities themselves, and
    `ece_if_perfect_high` its 97.5th percentile. `intercept` is what the logits lack on average (calibration
    in the large; 0 is best), `slope` and `slope_intercept` are of the logistic regression of the labels on
    the logits (1 and 0 are best); None where the labels do not determine them.
    """

    brier: float
    log_loss: float
    ece: float
    bins: list[ReliabilityBin]
    ece_if_perfect: float | None = None
    ece_if_perfect_high: float | None = None
    intercept: float | None = None
    slope: float | None = None
    slope_intercept: float | None = None


class CalibrationResult(Stored):
    """One finding's probabilities before and after the calibration that validation chose.

    `intervals` are named by a value of either and `_before` or `_after`: `brier_before`, `slope_after`.
    """

    method: str
    before: CalibrationQuality
    after: CalibrationQuality
    intervals: Intervals = Field(default_factory=dict)


class CurveResult(Stored):
    """Points of the ROC curve of the evaluated images, and partial areas under it.

    `sensitivity_at` is by the specificity that is held, `specificity_at` by the sensitivity. `partial_auroc`
    is the area where the specificity, or the sensitivity, is at least 0.90, standardized (McClish, Medical
    Decision Making 1989): 0.5 is chance, 1 is perfect. `intervals` are named `sensitivity_at_0.80` and so on,
    and `partial_specificity`, `partial_sensitivity`.
    """

    sensitivity_at: dict[str, float]
    specificity_at: dict[str, float]
    partial_auroc: dict[str, float]
    intervals: Intervals = Field(default_factory=dict)


class NetBenefitPoint(Stored):
    """The net benefit per image of calling at a threshold of calibrated probability, and of two defaults.

    Net benefit is true positives less false positives, these weighted by the odds of the threshold, per image
    (Vickers and Elkin, Medical Decision Making 2006). To call nobody has 0; `treat_all` is that of calling
    everybody. `gain` is net benefit less that of the better default.
    """

    threshold: float
    called: int
    net_benefit: float
    treat_all: float
    gain: float
    interval: Interval | None
    treat_all_interval: Interval | None
    gain_interval: Interval | None
