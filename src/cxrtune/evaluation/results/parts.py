"""The models on parts of the images, in groups, and against other labels."""

from __future__ import annotations

from pydantic import Field

from cxrtune.evaluation.results.comparison import PairedResult
from cxrtune.evaluation.results.record import Interval, Intervals, Stored


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
