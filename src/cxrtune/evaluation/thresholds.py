"""Where to draw the line between absent and present; chosen on validation, never on test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxrtune.evaluation.roc import Labels, Scores, roc_curve

YOUDEN_ON_VALIDATION = "Youden's J on validation"


def youden_threshold(labels: Labels, scores: Scores) -> float | None:
    """Return the score at which sensitivity + specificity - 1 is largest (Youden, Cancer 1950).

    Of several such scores the highest is taken, which calls the fewest images.

    Args:
        labels: (N,), 1, 0, or NaN where not known.
        scores: (N,), NaN where not known.

    Returns:
        An image is called positive at or above it; None where there is no positive or no negative.
    """
    curve = roc_curve(labels, scores)
    if curve is None:
        return None
    index = np.argmax(curve.sensitivity[1:] - curve.false_positive_rate[1:])
    return float(curve.thresholds[1:][index])


def youden_thresholds(findings: Sequence[str], labels: Labels, scores: Scores) -> dict[str, float]:
    """Return Youden's threshold of each finding for which it is defined.

    Args:
        findings: The F findings.
        labels: (N, F), 1, 0, or NaN where not known.
        scores: (N, F), NaN where not known.
    """
    chosen = {f: youden_threshold(labels[:, i], scores[:, i]) for i, f in enumerate(findings)}
    return {finding: value for finding, value in chosen.items() if value is not None}
