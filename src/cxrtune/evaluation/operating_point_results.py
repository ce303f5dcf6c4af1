"""What the thresholds of the rules give on the evaluated images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cxrtune.evaluation.calls import call_intervals
from cxrtune.evaluation.classification import count
from cxrtune.evaluation.common_ground import CommonGround
from cxrtune.evaluation.results import OperatingPointResult
from cxrtune.evaluation.thresholds import OperatingPoint


def operating_point_results(
    ground: CommonGround, name: str, points: Mapping[str, OperatingPoint]
) -> dict[str, OperatingPointResult]:
    """Judge the thresholds of one rule.

    Args:
        ground: The images, labels and scores.
        name: The model's.
        points: The thresholds, by finding.
    """
    return {finding: _result(ground, name, finding, point) for finding, point in points.items()}


def _result(ground: CommonGround, name: str, finding: str, point: OperatingPoint) -> OperatingPointResult:
    column = ground.findings.index(finding)
    keep = ground.usable[:, column] & ground.has(name, column)
    truth, patients = ground.truth[keep, column], ground.resamples.codes[keep]
    calls = ground.scores[name][keep, column].astype(np.float64) >= point.threshold
    counts = count(calls, truth, np.ones(len(truth), dtype=bool))
    found = call_intervals(calls, truth, patients)
    names = (("sensitivity", "recall"), ("specificity", "specificity"))
    return OperatingPointResult(
        threshold=point.threshold,
        validation_sensitivity=point.sensitivity,
        validation_specificity=point.specificity,
        sensitivity=counts.recall,
        specificity=counts.specificity,
        positives=counts.support,
        positive_patients=len(np.unique(patients[truth])),
        negatives=counts.fp + counts.tn,
        intervals={ours: found[theirs] for ours, theirs in names if theirs in found},
    )
