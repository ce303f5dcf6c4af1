"""Calls at thresholds against the truth: intervals, what each rule gives, and every replicate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.classification import count
from cxrtune.evaluation.common_ground import CommonGround, named_interval
from cxrtune.evaluation.results import Interval, OperatingPointResult
from cxrtune.evaluation.statistics.bootstrap import Resamples
from cxrtune.evaluation.statistics.proportion import proportion_interval
from cxrtune.evaluation.thresholds import OperatingPoint

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]


def call_intervals(calls: Mask, truth: Mask, patients: NDArray[np.intp]) -> dict[str, Interval]:
    """Return the intervals of recall (sensitivity), specificity and predictive values that have one.

    The positive predictive value is called precision.

    Args:
        calls: bool (n,), called present.
        truth: bool (n,), present.
        patients: intp (n,), the patient of each image, from 0.
    """
    found: dict[str, Interval] = {}
    number = int(patients.max(initial=-1)) + 1
    for name, right, of in (
        ("precision", calls & truth, calls),
        ("recall", calls & truth, truth),
        ("specificity", ~calls & ~truth, ~truth),
        ("negative_predictive_value", ~calls & ~truth, ~calls),
    ):
        hits, images = (np.bincount(patients[mask], minlength=number) for mask in (right, of))
        found |= named_interval(name, proportion_interval(hits, images))
    return found


def operating_point_results(
    ground: CommonGround, name: str, points: Mapping[str, OperatingPoint]
) -> dict[str, OperatingPointResult]:
    """Judge the thresholds of one rule.

    Args:
        ground: The images, labels and scores.
        name: The model's.
        points: The thresholds, by finding.
    """
    return {
        finding: _operating_point_result(ground, name, finding, point) for finding, point in points.items()
    }


def _operating_point_result(
    ground: CommonGround, name: str, finding: str, point: OperatingPoint
) -> OperatingPointResult:
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


def call_replicates(calls: Mask, truth: Mask, usable: Mask, resamples: Resamples) -> dict[str, Values]:
    """Return precision, recall (sensitivity), specificity and F1 of every replicate.

    Args:
        calls: bool (n, F), called present.
        truth: bool (n, F), present.
        usable: bool (n, F), counted at all.
        resamples: The replicates of these n images' patients.

    Returns:
        float64 (F, B) each; NaN where nothing is below the line.
    """
    kinds = [calls & truth, calls & ~truth, ~calls & truth, ~calls & ~truth]
    # All findings in one product: to unpack how often patients are drawn costs more than to multiply by it.
    sums = np.stack(
        [
            np.bincount(resamples.codes, weights=column, minlength=resamples.patients)
            for kind in kinds
            for column in (kind & usable).T
        ]
    )
    drawn = np.concatenate([sums @ times for _, times in resamples.chunks()], axis=1)
    tp, fp, fn, tn = drawn.reshape(len(kinds), -1, resamples.replicates)
    return {
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
    }


def _ratio(above: Values, below: Values) -> Values:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)
