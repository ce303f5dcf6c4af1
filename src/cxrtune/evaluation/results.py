"""What an evaluation found, as it is stored in `results.json`.

A value that is not defined (an AUROC without positives, a precision without positive calls) is
None, `null` in the file, and always stands beside the counts that it would have rested on.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

SCHEMA = "cxrtune.results/1"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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
    """

    auroc: float | None
    threshold: float | None
    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None
    support: int
    negatives: int
    called: int


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


class MissingModel(_Frozen):
    """A comparison that was asked for and could not be made, with the reason and the way out."""

    name: str
    reason: str
    remedy: str


class Results(_Frozen):
    """Everything that one evaluation found."""

    schema_version: str = SCHEMA
    split: str
    images: int
    patients: int
    findings: list[str]
    cohort: list[SplitCount]
    models: list[ModelResult]
    missing: list[MissingModel] = []

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read `results.json`.

        Raises:
            pydantic.ValidationError: The file is not one of this schema.
        """
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
