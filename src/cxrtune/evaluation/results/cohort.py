"""What the numbers rest on: the cohort part by part, where it comes from, and what is odd about it."""

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


class FindingCount(Stored):
    """How many images have a finding, in how many it is known at all, and how many patients have it."""

    positives: int
    known: int
    positive_patients: int | None = None


class SplitCount(Stored):
    """The size of one part of the cohort: train, validation or test."""

    split: str
    images: int
    patients: int
    findings: dict[str, FindingCount]


class SplitProfile(Stored):
    """What one part of the cohort is like: shares in [0, 1] by view, sex and finding."""

    split: str
    views: dict[str, float]
    sexes: dict[str, float]
    median_age: float | None
    prevalence: dict[str, float]


class Caution(Stored):
    """One oddity, in counts; the words are the report's.

    Attributes:
        kind: `one-patient`: all judged images are of one patient.
            `large-patient`: `count` of the `of` judged images are of one patient.
            `one-positive-patient`: all positives of the finding are of one patient.
            `binary-scores`: every score of the model is 0 or 1.
            `same-scores`: `count` of `of` images have exactly the scores of another patient's image.
            `below-chance`: the whole interval of the model's AUROC lies below 0.5.
            `unknown-labels`: `count` of the `of` judged images have no label of the finding.
            `worst-case`: the model did not score `count` of `of` images, a fifth of them at most; `value` is
            its macro AUROC if it had ranked all of these wrongly.
        count: See there.
        of: See there.
        model: The model's name.
        finding: The finding.
        value: See there.
    """

    kind: Literal[
        "one-patient",
        "large-patient",
        "one-positive-patient",
        "binary-scores",
        "same-scores",
        "below-chance",
        "unknown-labels",
        "worst-case",
    ]
    count: int
    of: int
    model: str | None = None
    finding: str | None = None
    value: float | None = None
