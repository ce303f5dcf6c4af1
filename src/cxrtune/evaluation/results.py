"""What an evaluation found, as it is stored in `results.json`.

A value that is not defined (an AUROC without positives, a precision without positive calls) is
None, `null` in the file, and always stands beside the counts that it would have rested on.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

SCHEMA = "cxrtune.results/2"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(_Frozen):
    """A 95 % interval."""

    low: float
    high: float


Intervals = dict[str, Interval]
"""Intervals by the name of the value; a value whose interval is not defined is absent."""


class FindingCount(_Frozen):
    """How often a finding is present, and known at all, in one part of the cohort."""

    positives: int
    known: int


class SplitCount(_Frozen):
    """The size of one part of the cohort: train, validation or test."""

    split: str
    images: int
    patients: int
    findings: dict[str, FindingCount]


class FindingResult(_Frozen):
    """One model on one finding.

    `auroc` is the area under the ROC curve in [0, 1] (Hanley and McNeil 1982, ties count one half).
    `threshold` is a probability in [0, 1]; a probability at or above it is a positive call, and
    precision, recall, specificity and f1 are counted there. `support` is the number of positives.
    `intervals` are those of the patient bootstrap, by the value's name; `auroc_delong` is DeLong's.
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
    called: int
    intervals: Intervals = {}


class AverageResult(_Frozen):
    """One average over the findings (micro, macro, weighted) or over the images (samples).

    `over` is the number of findings (of images, for samples) for which f1 is defined; an average
    of nothing is None.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    over: int
    intervals: Intervals = {}


class AreaResult(_Frozen):
    """One model on one finding, on a part of the images; None where it is not defined."""

    auroc: float | None
    positives: int
    negatives: int
    intervals: Intervals = {}


class OperatingPointResult(_Frozen):
    """What one rule's threshold gives on the images that it was chosen on, and on the evaluated ones.

    `sensitivity` and `specificity` are those of the evaluated images, with intervals.
    """

    threshold: float
    validation_sensitivity: float
    validation_specificity: float
    sensitivity: float | None
    specificity: float | None
    intervals: Intervals = {}


class ReliabilityBin(_Frozen):
    """Images of like probability: what was predicted, and how many had the finding (95 % Wilson interval)."""

    predicted: float
    observed: float
    low: float
    high: float
    images: int


class CalibrationQuality(_Frozen):
    """How good probabilities are: Brier score, log loss, expected calibration error, reliability diagram."""

    brier: float
    log_loss: float
    ece: float
    bins: list[ReliabilityBin]


class CalibrationResult(_Frozen):
    """One finding's probabilities before and after the calibration that validation chose."""

    method: str
    before: CalibrationQuality
    after: CalibrationQuality
    intervals: Intervals = {}


class StatedPrevalence(_Frozen):
    """What a positive and a negative call mean where the finding is as frequent as stated.

    Predictive values follow from sensitivity and specificity by Bayes' rule; `odds_factor` is what the
    odds of a calibrated probability are multiplied by.
    """

    prevalence: float
    observed: float
    positive_predictive_value: float | None
    negative_predictive_value: float | None
    odds_factor: float | None


class Contamination(_Frozen):
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


class ModelResult(_Frozen):
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
        contamination: Of a model that may have been trained on evaluated images; else None.
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
    intervals: Intervals = {}
    operating_points: dict[str, dict[str, OperatingPointResult]] = {}
    calibration: dict[str, CalibrationResult] = {}
    prevalence: dict[str, StatedPrevalence] = {}
    contamination: Contamination | None = None


class PairedResult(_Frozen):
    """The AUROC of one model less that of another, on the same images.

    `p_delong` takes images as independent, `p_patients` draws patients; `p_holm` is `p_patients` after Holm's
    correction over the findings, and decides the verdict: `higher`, `lower`, `not separable`, or `undefined`.
    """

    difference: float | None
    interval: Interval | None
    p_delong: float | None
    p_patients: float | None
    p_holm: float | None
    verdict: str
    images: int
    patients: int
    positives: int


class Comparison(_Frozen):
    """Two models, finding by finding and on average; differences are `first` less `second`."""

    first: str
    second: str
    findings: dict[str, PairedResult]
    macro: PairedResult


class GroupFinding(_Frozen):
    """One model on one finding in one group, and its gap to the attribute's largest group.

    Values are None where the group has fewer than ten positives or ten negatives; `gaps` are group less
    reference.
    """

    auroc: float | None
    sensitivity: float | None
    specificity: float | None
    positives: int
    negatives: int
    intervals: Intervals = {}
    gaps: dict[str, float] = {}
    gap_intervals: Intervals = {}


class GroupModel(_Frozen):
    """One model in one group: its findings, and the mean over those that both it and the reference have."""

    macro_auroc: float | None
    interval: Interval | None
    over: int
    gap: float | None
    gap_interval: Interval | None
    findings: dict[str, GroupFinding]


class Group(_Frozen):
    """The images of one value of an attribute, such as sex F or age 40 to 64."""

    name: str
    images: int
    patients: int
    is_reference: bool
    models: dict[str, GroupModel]


class Attribute(_Frozen):
    """One way to part the images into groups; `unknown` images are in none."""

    name: str
    unknown: int
    groups: list[Group]


class OutsideResult(_Frozen):
    """All models on the evaluated images that one of them was not trained on."""

    model: str
    images: int
    patients: int
    findings: dict[str, dict[str, AreaResult]]
    macro: dict[str, AreaResult]
    differences: dict[str, PairedResult]


class SecondTruthFinding(_Frozen):
    """One finding of another set of labels, and the models' scores against it."""

    ours: list[str]
    positives: int
    negatives: int
    models: dict[str, AreaResult]


class SecondTruth(_Frozen):
    """The models against another set of labels of the same images."""

    name: str
    source: str
    file: str
    sha256: str
    images: int
    patients: int
    findings: dict[str, SecondTruthFinding]


class Bootstrap(_Frozen):
    """How the intervals were made: so many replicates of so many patients, by this seed."""

    replicates: int
    patients: int
    seed: int


class Example(_Frozen):
    """An image that a model judged wrongly: a negative scored high, or a positive scored low."""

    model: str
    finding: str
    kind: str
    image: str
    probability: float
    others: list[str]


class Shift(_Frozen):
    """What one part of the cohort is like: shares in [0, 1] by view, sex and finding."""

    split: str
    views: dict[str, float]
    sexes: dict[str, float]
    median_age: float | None
    prevalence: dict[str, float]


class MissingModel(_Frozen):
    """A comparison that was asked for and could not be made, with the reason and the way out."""

    name: str
    reason: str
    remedy: str


class Results(_Frozen):
    """Everything that one evaluation found.

    `images` are those of the split; every number rests on the `shared_images`, which all models scored.
    """

    schema_version: str = SCHEMA
    split: str
    images: int
    patients: int
    findings: list[str]
    cohort: list[SplitCount]
    models: list[ModelResult]
    missing: list[MissingModel] = []
    shared_images: int | None = None
    shared_patients: int | None = None
    bootstrap: Bootstrap | None = None
    comparisons: list[Comparison] = []
    attributes: list[Attribute] = []
    outside: list[OutsideResult] = []
    second_truths: list[SecondTruth] = []
    shift: list[Shift] = []
    examples: list[Example] = []

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read `results.json`.

        Raises:
            pydantic.ValidationError: The file is not one of this schema.
        """
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
