"""Evaluate the models against another set of labels for the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxrtune.evaluation.common_ground import CommonGround, named_interval
from cxrtune.evaluation.results import AreaResult, SecondTruth, SecondTruthFinding
from cxrtune.evaluation.roc import auroc
from cxrtune.evaluation.statistics.auroc_interval import auroc_interval


@dataclass(frozen=True)
class OtherLabels:
    """Another set of labels.

    Attributes:
        name: Name for display.
        source: Where it is published.
        file: Name of its file.
        sha256: SHA-256 of that file.
        labels: By image name, one column per finding of the other set: 1, 0 or null.
        covers: The cohort's findings covered by each of these; the highest of their scores is used.
    """

    name: str
    source: str
    file: str
    sha256: str
    labels: pd.DataFrame
    covers: Mapping[str, Sequence[str]]


def evaluate_second_truth(ground: CommonGround, other: OtherLabels) -> SecondTruth | None:
    """Evaluate all models against other labels; None if none of the images has such a label."""
    labels = other.labels.reindex(ground.cohort.images[ground.rows])
    labelled = labels.notna().any(axis=1).to_numpy()
    if not labelled.any():
        return None
    findings = {}
    for theirs, ours in other.covers.items():
        columns = [ground.findings.index(finding) for finding in ours if finding in ground.findings]
        if columns:
            column = labels[theirs].to_numpy(dtype=np.float32, na_value=np.nan)
            findings[theirs] = _finding(ground, column, columns)
    return SecondTruth(
        name=other.name,
        source=other.source,
        file=other.file,
        sha256=other.sha256,
        images=int(labelled.sum()),
        patients=len(set(ground.patients[labelled])),
        findings=findings,
    )


def _finding(
    ground: CommonGround, labels: np.ndarray[tuple[int], np.dtype[np.float32]], columns: list[int]
) -> SecondTruthFinding:
    # All models on the same images: those where each model has a score for every finding that it supports.
    # Whether the cohort's own label is known does not matter here.
    usable = ~np.isnan(labels)
    for model, scores in ground.scores.items():
        had = [column for column in columns if ground.has(model, column)]
        usable &= ~np.isnan(scores[:, had]).any(axis=1)
    rows = np.flatnonzero(usable)
    truth = labels[rows] == 1
    models = {}
    for model, scores in ground.scores.items():
        had = [column for column in columns if ground.has(model, column)]
        if not had:
            continue
        highest = scores[rows][:, had].max(axis=1)
        found = auroc_interval(truth, highest, ground.resamples.codes[rows])
        models[model] = AreaResult(
            auroc=auroc(labels[rows], highest),
            positives=int(truth.sum()),
            negatives=int((~truth).sum()),
            intervals=named_interval("auroc", found),
        )
    return SecondTruthFinding(
        ours=[ground.findings[column] for column in columns],
        positives=int(truth.sum()),
        negatives=int((~truth).sum()),
        models=models,
    )
