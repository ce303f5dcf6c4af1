"""The models against other labels."""

from __future__ import annotations

from cxrtune.evaluation.results.model import AreaResult
from cxrtune.evaluation.results.record import Stored


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
