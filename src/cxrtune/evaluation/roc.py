"""The receiver operating characteristic (ROC) of one finding, and the area under it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Labels = NDArray[np.floating]
Scores = NDArray[np.floating]


@dataclass(frozen=True)
class RocCurve:
    """A ROC curve from (0, 0) to (1, 1); a decision is positive at or above a threshold.

    Attributes:
        false_positive_rate: float64 (P,), in [0, 1], ascending.
        sensitivity: float64 (P,), in [0, 1], ascending.
        thresholds: float64 (P,), scores, descending; the first is infinity, where no decision is positive.
    """

    false_positive_rate: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def auroc(labels: Labels, scores: Scores) -> float | None:
    """Return the probability that a positive scores above a negative, with ties counted as one half.

    This is the Mann-Whitney statistic and the area under the ROC curve (Hanley and McNeil,
    "The meaning and use of the area under a ROC curve", Radiology 1982).

    Args:
        labels: (N,), 1, 0, or NaN if not known.
        scores: (N,), any monotone score, NaN if not known.

    Returns:
        In [0, 1]; None if there are no positives or no negatives.
    """
    truth, values = known(labels, scores)
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if positives == 0 or negatives == 0:
        return None
    rank_sum = rankdata(values)[truth].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


def macro_auroc(labels: Labels, scores: Scores) -> tuple[float | None, int]:
    """Return the mean AUROC over the findings for which it is defined, and their number.

    Args:
        labels: (N, F), 1, 0, or NaN if not known.
        scores: (N, F), NaN if not known.
    """
    areas = [auroc(labels[:, column], scores[:, column]) for column in range(labels.shape[1])]
    defined = [area for area in areas if area is not None]
    return (float(np.mean(defined)) if defined else None), len(defined)


def roc_curve(labels: Labels, scores: Scores) -> RocCurve | None:
    """Return the ROC curve with one point per distinct score; None without positives or without negatives.

    Args:
        labels: (N,), 1, 0, or NaN if not known.
        scores: (N,), any monotone score, NaN if not known.
    """
    truth, values = known(labels, scores)
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if positives == 0 or negatives == 0:
        return None
    order = np.argsort(-values, kind="stable")
    ordered = values[order].astype(np.float64)
    last_of_score = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    hits = np.cumsum(truth[order])[last_of_score]
    calls = last_of_score + 1
    return RocCurve(
        false_positive_rate=np.append(0.0, (calls - hits) / negatives),
        sensitivity=np.append(0.0, hits / positives),
        thresholds=np.append(np.inf, ordered[last_of_score]),
    )


def known(labels: Labels, scores: Scores) -> tuple[NDArray[np.bool_], Scores]:
    """Keep the images whose label and score are both known; labels become bool."""
    mask = ~(np.isnan(labels) | np.isnan(scores))
    return labels[mask] == 1, scores[mask]


def corners(curve: RocCurve) -> NDArray[np.bool_]:
    """Return the points where a curve changes direction, bool (P,): the others are on straight segments."""
    steps = np.diff(curve.false_positive_rate), np.diff(curve.sensitivity)
    turns = steps[0][:-1] * steps[1][1:] != steps[0][1:] * steps[1][:-1]
    return np.concatenate([[True], turns, [True]])


def told_apart(squares: int, *values: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Reduce a curve to the points that are distinct on a grid, without moving them.

    Args:
        squares: Number of grid squares per side.
        values: float64 (P,) each; the first two are the coordinates of the points, in [0, 1].
    """
    cells = np.round(np.stack(values[:2]) * squares)
    moves = np.any(cells[:, 1:] != cells[:, :-1], axis=0)
    # The first and last points of each square are kept, so that corners of steps are not slanted.
    keep = np.concatenate([[True], moves]) | np.concatenate([moves, [True]])
    return tuple(value[keep] for value in values)
