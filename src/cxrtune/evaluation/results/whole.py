"""Everything that one evaluation found, as it is stored in `results.json`, and what the numbers rest on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from cxrtune.evaluation.results.comparison import (
    Attribute,
    CallComparison,
    Comparison,
    OutsideResult,
    SecondTruth,
)
from cxrtune.evaluation.results.localization import Localization
from cxrtune.evaluation.results.model import Example, MissingModel, ModelResult
from cxrtune.evaluation.results.record import Stored

SCHEMA = "cxrtune.results/6"


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


class Bootstrap(Stored):
    """How the intervals were made: so many replicates of so many patients, by this seed."""

    replicates: int
    patients: int
    seed: int


class StoredResults(Stored):
    """Everything that one evaluation found.

    `images` are those of the split; every number rests on the `shared_images`, which all models scored.
    `synthetic` tells whether a program drew the images; None where that is not recorded. `judged` counts the
    judged images by the part of the cohort that they are in; `patients_in_two_parts` is of the whole cohort.
    `primary` is the endpoint that was named beforehand, a finding or `macro`.
    """

    schema_version: str = SCHEMA
    synthetic: bool | None = None
    origin: Origin = Field(default_factory=Origin)
    split: str
    images: int
    patients: int
    findings: list[str]
    cohort: list[SplitCount]
    models: list[ModelResult]
    missing: list[MissingModel] = Field(default_factory=list)
    shared_images: int | None = None
    shared_patients: int | None = None
    judged: dict[str, int] = Field(default_factory=dict)
    patients_in_two_parts: int | None = None
    bootstrap: Bootstrap | None = None
    primary: str | None = None
    comparisons: list[Comparison] = Field(default_factory=list)
    call_comparisons: list[CallComparison] = Field(default_factory=list)
    attributes: list[Attribute] = Field(default_factory=list)
    outside: list[OutsideResult] = Field(default_factory=list)
    second_truths: list[SecondTruth] = Field(default_factory=list)
    localizations: list[Localization] = Field(default_factory=list)
    shift: list[SplitProfile] = Field(default_factory=list)
    cautions: list[Caution] = Field(default_factory=list)
    examples: list[Example] = Field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> StoredResults:
        """Read `results.json`.

        Raises:
            pydantic.ValidationError: The file is not one of this schema.
        """
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
