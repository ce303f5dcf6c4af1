"""Models beside each other: differences, and on parts of the images, in groups, against other labels."""

from __future__ import annotations

from pydantic import Field

from cxrtune.evaluation.results.record import Interval, Intervals, Stored


class PairedResult(Stored):
    """The AUROC of one model less that of another, on the same images.

    `p_delong` takes images as independent; `p_patients` swaps the models within patients, and `p_error` is
    its Monte-Carlo standard error. `p_holm` is `p_patients` after Holm's correction over all findings, means
    and pairs of models but the primary endpoint, and decides the verdict: `higher`, `lower`, `not separable`,
    `too few to compare` (there is no test), or `undefined`. `interval` holds the differences that the test
    does not reject at 5 %, and `interval_holm` those that it does not reject at the level that Holm's
    correction left for it: this one leaves out 0 where the verdict is `higher` or `lower`, and only there.
    `detectable` is the true difference that a test at 5 % finds with a power of 80 %. With a `margin`,
    `p_noninferior` is the corrected p-value of "worse by the margin or more"; at most 0.05 is `noninferior`.
    """

    difference: float | None
    interval: Interval | None
    interval_holm: Interval | None
    p_delong: float | None
    p_patients: float | None
    p_error: float | None
    p_holm: float | None
    detectable: float | None
    primary: bool = False
    margin: float | None = None
    p_noninferior: float | None = None
    noninferior: bool | None = None
    verdict: str
    images: int
    patients: int
    positives: int
    positive_patients: int
    negative_patients: int


class Comparison(Stored):
    """Two models, finding by finding and on average; differences are `first` less `second`."""

    first: str
    second: str
    findings: dict[str, PairedResult]
    macro: PairedResult


class CallDifference(Stored):
    """The sensitivity, or the specificity, of one model less that of another, each at its own threshold.

    `images` are those with the finding (of sensitivity) or without it (of specificity), and `patients`
    theirs. `first_only` of them are called rightly by the first model only, `second_only` by the second only.
    `p_patients` swaps the models within patients (with one image per patient it is McNemar's exact test);
    interval, error, correction and verdict are as in `PairedResult`.
    """

    difference: float | None
    interval: Interval | None
    interval_holm: Interval | None
    p_patients: float | None
    p_error: float | None
    p_holm: float | None
    verdict: str
    images: int
    patients: int
    first_only: int
    second_only: int


class CallComparison(Stored):
    """Two models at their thresholds; differences are `first` less `second`, by finding."""

    first: str
    second: str
    sensitivity: dict[str, CallDifference]
    specificity: dict[str, CallDifference]


class AreaResult(Stored):
    """One model on one finding, on a part of the images; None where it is not defined."""

    auroc: float | None
    positives: int
    negatives: int
    intervals: Intervals = Field(default_factory=dict)


class OutsideResult(Stored):
    """All models on the evaluated images that one of them was not trained on."""

    model: str
    images: int
    patients: int
    findings: dict[str, dict[str, AreaResult]]
    macro: dict[str, AreaResult]
    differences: dict[str, PairedResult]


class GroupFinding(Stored):
    """One model on one finding in one group, and its gap to the attribute's largest group.

    Values are None where the group has fewer than ten patients with, or without, the finding; `gaps` are
    group less reference.
    """

    auroc: float | None
    sensitivity: float | None
    specificity: float | None
    positives: int
    negatives: int
    positive_patients: int
    negative_patients: int
    intervals: Intervals = Field(default_factory=dict)
    gaps: dict[str, float] = Field(default_factory=dict)
    gap_intervals: Intervals = Field(default_factory=dict)


class GroupModel(Stored):
    """One model in one group: its findings, and the mean over those that both it and the reference have.

    `gap_interval` is a 95 % interval of its own; the corrected ones hold all gaps of a model's means together
    in 95 % of samples (Bonferroni).
    """

    macro_auroc: float | None
    interval: Interval | None
    over: int
    gap: float | None
    gap_interval: Interval | None
    gap_interval_corrected: Interval | None
    findings: dict[str, GroupFinding]


class Group(Stored):
    """The images of one value of an attribute, such as sex F or age 40 to 64."""

    name: str
    images: int
    patients: int
    is_reference: bool
    models: dict[str, GroupModel]


class Attribute(Stored):
    """One way to part the images into groups; `unknown` images are in none."""

    name: str
    unknown: int
    groups: list[Group]


class SecondTruthFinding(Stored):
    """One finding of another set of labels, and the models' scores against it."""

    ours: list[str]
    positives: int
    negatives: int
    models: dict[str, AreaResult]


class SecondTruth(Stored):
    """The models against another set of labels of the same images."""

    name: str
    source: str
    file: str
    sha256: str
    images: int
    patients: int
    findings: dict[str, SecondTruthFinding]
