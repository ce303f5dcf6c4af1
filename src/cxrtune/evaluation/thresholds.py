"""Where to draw the line between absent and present; chosen on validation, never on test."""

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
"""The sensitivity, or the specificity, that the last two rules hold fixed."""

NAMES: dict[str, str] = {
    "youden": "Youden's J",
    "f1": "maximal F1",
    "sensitivity": f"sensitivity at least {AT_LEAST:.2f}",
    "specificity": f"specificity at least {AT_LEAST:.2f}",
}
"""What the rules are called in prose."""

YOUDEN_ON_VALIDATION = "Youden's J on validation"


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and what it gave on the images that it was chosen on.

    Attributes:
        threshold: A probability at or above it is a positive call.
        sensitivity: In [0, 1].
        specificity: In [0, 1].
    """

    threshold: float
    sensitivity: float
    specificity: float


def operating_point(labels: Labels, scores: Scores, rule: Rule = "youden") -> OperatingPoint | None:
    """Choose a threshold.

    `youden`: sensitivity + specificity - 1 is largest (Youden, Cancer 1950). `f1`: F1 is largest.
    `sensitivity`: the highest threshold with a sensitivity of at least 0.90. `specificity`: the lowest with a
    specificity of at least 0.90. Of equally good thresholds the highest is taken, which calls the fewest.

    Args:
        labels: (N,), 1, 0, or NaN where not known.
        scores: (N,), NaN where not known.
        rule: What is wanted.

    Returns:
        None where there is no positive or no negative, or no score reaches the specificity that is wanted.
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
    """Choose the threshold of each finding for which there is one.

    Args:
        findings: The F findings.
        labels: (N, F), 1, 0, or NaN where not known.
        scores: (N, F), NaN where not known.
        rule: What is wanted.
    """
    chosen = {f: operating_point(labels[:, i], scores[:, i], rule) for i, f in enumerate(findings)}
    return {finding: point for finding, point in chosen.items() if point is not None}


def _place(curve: RocCurve, positives: int, negatives: int, rule: Rule) -> int | None:
    """Return the point of the curve; the first one calls nothing and is never taken."""
    sensitivity, false = curve.sensitivity[1:], curve.false_positive_rate[1:]
    if rule == "sensitivity":
        return _first(sensitivity >= AT_LEAST)
    if rule == "specificity":
        fits = np.flatnonzero(1 - false >= AT_LEAST)
        return int(fits[-1]) + 1 if len(fits) else None
    # Counted in whole images: of equally good points rounding would take any.
    hits, false_calls = np.rint(sensitivity * positives), np.rint(false * negatives)
    if rule == "f1":
        return int(np.argmax(2 * hits / (hits + false_calls + positives))) + 1
    return int(np.argmax(hits * negatives - false_calls * positives)) + 1


def _first(fits: NDArray[np.bool_]) -> int:
    return int(np.argmax(fits)) + 1
