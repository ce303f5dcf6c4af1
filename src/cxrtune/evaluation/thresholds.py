"""Choose decision thresholds on validation images, never on test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.roc import Labels, RocCurve, Scores, known, roc_curve

Rule = Literal["youden", "f1", "sensitivity", "specificity"]
RULES: tuple[Rule, ...] = ("youden", "f1", "sensitivity", "specificity")

AT_LEAST = 0.90
"""The sensitivity, or the specificity, fixed by the last two rules."""

NAMES: dict[str, str] = {
    "youden": "Youden's J",
    "f1": "maximal F1",
    "sensitivity": f"sensitivity at least {AT_LEAST:.2f}",
    "specificity": f"specificity at least {AT_LEAST:.2f}",
}
"""Names of the rules for display."""

YOUDEN_ON_VALIDATION = "Youden's J on validation"


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold, with its results on the images that it was chosen on.

    Attributes:
        threshold: A decision is positive if the score is at or above it.
        sensitivity: In [0, 1].
        specificity: In [0, 1].
    """

    threshold: float
    sensitivity: float
    specificity: float


def operating_point(labels: Labels, scores: Scores, rule: Rule = "youden") -> OperatingPoint | None:
    """Choose a threshold.

    `youden`: maximizes sensitivity + specificity - 1 (Youden, Cancer 1950). `f1`: maximizes F1.
    `sensitivity`: the highest threshold with a sensitivity of at least 0.90. `specificity`: the lowest with a
    specificity of at least 0.90. Of equally good thresholds the highest is chosen, with the fewest positives.

    Args:
        labels: (N,), 1, 0, or NaN if not known.
        scores: (N,), NaN if not known.
        rule: The rule to apply.

    Returns:
        None if there are no positives or no negatives, or no score reaches the required specificity.
    """
    curve = roc_curve(labels, scores)
    if curve is None:
        return None
    truth, _ = known(labels, scores)
    place = _place(curve, int(truth.sum()), int((~truth).sum()), rule)
    if place is None:
        return None
    return OperatingPoint(
        float(curve.thresholds[place]),
        float(curve.sensitivity[place]),
        float(1 - curve.false_positive_rate[place]),
    )


def operating_points(
    findings: Sequence[str], labels: Labels, scores: Scores, rule: Rule = "youden"
) -> dict[str, OperatingPoint]:
    """Choose the threshold of each finding for which one exists.

    Args:
        findings: Names of the F findings.
        labels: (N, F), 1, 0, or NaN if not known.
        scores: (N, F), NaN if not known.
        rule: The rule to apply.
    """
    chosen = {f: operating_point(labels[:, i], scores[:, i], rule) for i, f in enumerate(findings)}
    return {finding: point for finding, point in chosen.items() if point is not None}


def _place(curve: RocCurve, positives: int, negatives: int, rule: Rule) -> int | None:
    """Return the index of the curve's point; the first has no positive decisions and is never chosen."""
    sensitivity, false = curve.sensitivity[1:], curve.false_positive_rate[1:]
    if rule == "sensitivity":
        return _first(sensitivity >= AT_LEAST)
    if rule == "specificity":
        fits = np.flatnonzero(1 - false >= AT_LEAST)
        return int(fits[-1]) + 1 if len(fits) else None
    # Counted in whole images: rounding would decide between equally good points.
    hits, false_calls = np.rint(sensitivity * positives), np.rint(false * negatives)
    if rule == "f1":
        return int(np.argmax(2 * hits / (hits + false_calls + positives))) + 1
    return int(np.argmax(hits * negatives - false_calls * positives)) + 1


def _first(fits: NDArray[np.bool_]) -> int:
    return int(np.argmax(fits)) + 1
