"""What a cohort is like, part by part."""

from __future__ import annotations

from cxrtune.evaluation.results.record import Stored


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


class Shift(Stored):
    """What one part of the cohort is like: shares in [0, 1] by view, sex and finding."""

    split: str
    views: dict[str, float]
    sexes: dict[str, float]
    median_age: float | None
    prevalence: dict[str, float]
