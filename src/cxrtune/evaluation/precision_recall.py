"""The precision-recall curve of one finding, and the average precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.roc import Labels, Scores, known, roc_curve


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """Precision against recall (sensitivity), one point per distinct score, from the highest score down.

    Attributes:
        recall: float64 (P,), in [0, 1], ascending.
        precision: float64 (P,), in [0, 1].
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]


def precision_recall_curve(labels: Labels, scores: Scores) -> PrecisionRecallCurve | None:
    """Return the curve; None if there are no positives or no negatives.

    Args:
        labels: (N,), 1, 0, or NaN if not known.
        scores: (N,), any monotone score, NaN if not known.
    """
    curve = roc_curve(labels, scores)
    if curve is None:
        return None
    truth, _ = known(labels, scores)
    positives = int(truth.sum())
    hits = curve.sensitivity[1:] * positives
    false = curve.false_positive_rate[1:] * (len(truth) - positives)
    return PrecisionRecallCurve(curve.sensitivity[1:], hits / (hits + false))


def recall_steps(curve: PrecisionRecallCurve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return recall and precision where recall increases: other points are on vertical lines in between."""
    adds = np.diff(curve.recall, prepend=0.0) > 0
    return curve.recall[adds], curve.precision[adds]


def average_precision(labels: Labels, scores: Scores) -> float | None:
    """Return the sum over the curve's points of precision times the increase in recall.

    This is average precision without interpolation, as in information retrieval (Manning et al. 2008, section
    8.4). Its chance level is the prevalence.

    Args:
        labels: (N,), 1, 0, or NaN if not known.
        scores: (N,), any monotone score, NaN if not known.
    """
    curve = precision_recall_curve(labels, scores)
    if curve is None:
        return None
    return float(np.sum(np.diff(curve.recall, prepend=0.0) * curve.precision))
