"""Decisions at thresholds compared with the truth: counts, averages, intervals and bootstrap replicates.

A ratio with a denominator of zero is not defined and has the value None: precision without positive
decisions, and recall without positives. Averages omit such values and state the number of findings
that they include. Images with unknown labels or scores are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.common_ground import CommonGround, named_interval
from cxrtune.evaluation.results import AverageResult, Interval, OperatingPointResult
from cxrtune.evaluation.statistics.bootstrap import Resamples
from cxrtune.evaluation.statistics.proportion import proportion_interval
from cxrtune.evaluation.thresholds import OperatingPoint

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """Confusion matrix: numbers of decisions by decision and truth.

    Attributes:
        tp: True positives.
        fp: False positives.
        fn: False negatives.
        tn: True negatives.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def precision(self) -> float | None:
        """Fraction of positive decisions that are correct."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Fraction of positives that are decided as positive (sensitivity)."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float | None:
        """Fraction of negatives that are decided as negative."""
        return _ratio(self.tn, self.tn + self.fp)

    @property
    def negative_predictive_value(self) -> float | None:
        """Fraction of negative decisions that are correct."""
        return _ratio(self.tn, self.tn + self.fn)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN)."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def support(self) -> int:
        """Number of positives."""
        return self.tp + self.fn


def count(calls: Mask, truth: Mask, usable: Mask) -> Counts:
    """Count decisions and truth over arrays of any shape, where usable."""
    return Counts(
        tp=int((calls & truth & usable).sum()),
        fp=int((calls & ~truth & usable).sum()),
        fn=int((~calls & truth & usable).sum()),
        tn=int((~calls & ~truth & usable).sum()),
    )


def averages(calls: Mask, truth: Mask, usable: Mask) -> dict[str, AverageResult]:
    """Average over the findings (micro, macro, weighted by support) and over the images (samples).

    Args:
        calls: bool (N, F), True for positive decisions.
        truth: bool (N, F), True for positives.
        usable: bool (N, F), whether label, score and threshold are known.
    """
    findings = [count(calls[:, i], truth[:, i], usable[:, i]) for i in range(calls.shape[1])]
    together = count(calls, truth, usable)
    supports = [finding.support for finding in findings]
    counted = sum(finding.f1 is not None for finding in findings)
    micro = AverageResult(
        precision=together.precision,
        recall=together.recall,
        f1=together.f1,
        support=together.support,
        over=counted,
    )
    return {
        "micro": micro,
        "macro": _average(findings, [1] * len(findings)),
        "weighted": _average(findings, supports),
        "samples": _samples(calls & usable, truth & usable),
    }


def _average(findings: Sequence[Counts], weights: Sequence[int]) -> AverageResult:
    return AverageResult(
        precision=_mean([finding.precision for finding in findings], weights),
        recall=_mean([finding.recall for finding in findings], weights),
        f1=_mean([finding.f1 for finding in findings], weights),
        support=sum(finding.support for finding in findings),
        over=sum(finding.f1 is not None for finding in findings),
        over_each={
            "precision": sum(finding.precision is not None for finding in findings),
            "recall": sum(finding.recall is not None for finding in findings),
        },
    )


def _samples(calls: Mask, truth: Mask) -> AverageResult:
    """Average over images; precision needs a positive decision in an image, and recall a positive label."""
    hits, called, present = (calls & truth).sum(axis=1), calls.sum(axis=1), truth.sum(axis=1)
    either = called + present > 0
    return AverageResult(
        precision=_mean_of(hits[called > 0] / called[called > 0]),
        recall=_mean_of(hits[present > 0] / present[present > 0]),
        f1=_mean_of(2 * hits[either] / (called + present)[either]),
        support=int(present.sum()),
        over=int(either.sum()),
        over_each={"precision": int((called > 0).sum()), "recall": int((present > 0).sum())},
    )


def _ratio(above: int, below: int) -> float | None:
    return above / below if below else None


def _mean(values: Sequence[float | None], weights: Sequence[int]) -> float | None:
    pairs = [(value, weight) for value, weight in zip(values, weights, strict=True) if value is not None]
    total = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / total if total else None


def _mean_of(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None


def call_intervals(calls: Mask, truth: Mask, patients: NDArray[np.intp]) -> dict[str, Interval]:
    """Return the intervals of recall (sensitivity), specificity and predictive values, where defined.

    The positive predictive value is named precision.

    Args:
        calls: bool (n,), True for positive decisions.
        truth: bool (n,), True for positives.
        patients: intp (n,), the patient index of each image, from 0.
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
    """Evaluate the thresholds of one rule.

    Args:
        ground: The shared test set.
        name: Name of the model.
        points: The thresholds, by finding.
    """
    return {
        finding: _operating_point_result(ground, name, finding, point) for finding, point in points.items()
    }


def _operating_point_result(
    ground: CommonGround, name: str, finding: str, point: OperatingPoint
) -> OperatingPointResult:
    sample = ground.sample(name, ground.findings.index(finding))
    truth, patients, calls = sample.truth, sample.patients, sample.calls(point.threshold)
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
        calls: bool (n, F), True for positive decisions.
        truth: bool (n, F), True for positives.
        usable: bool (n, F), whether an image is counted.
        resamples: Bootstrap replicates of the patients of these n images.

    Returns:
        float64 (F, B) each; NaN if the denominator is zero.
    """
    kinds = [calls & truth, calls & ~truth, ~calls & truth, ~calls & ~truth]
    # All findings in one product: unpacking the numbers of draws costs more than the multiplication.
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
        "precision": _ratios(tp, tp + fp),
        "recall": _ratios(tp, tp + fn),
        "specificity": _ratios(tn, tn + fp),
        "f1": _ratios(2 * tp, 2 * tp + fp + fn),
    }


def _ratios(above: Values, below: Values) -> Values:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)
