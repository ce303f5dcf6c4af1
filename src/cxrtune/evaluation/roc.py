"""The receiver operating characteristic of one finding, and the area under it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Labels = NDArray[np.floating]
Scores = NDArray[np.floating]


@dataclass(frozen=True)
class RocCurve:
    """A ROC curve from (0, 0) to (1, 1); an image is called positive at or above a threshold.

    Attributes:
        false_positive_rate: float64 (P,), in [0, 1], ascending.
        sensitivity: float64 (P,), in [0, 1], ascending.
        thresholds: float64 (P,), scores, descending; infinity first, where nothing is called.
    """

    false_positive_rate: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def auroc(labels: Labels, scores: Scores) -> float | None:
    """Return the probability that a positive scores above a negative, ties counting one half.

    That is the Mann-Whitney statistic and the area under the ROC curve (Hanley and McNeil,
    "The meaning and use of the area under a ROC curve", Radiology 1982).

    Args:
        labels: (N,), 1, 0, or NaN where not known.
        scores: (N,), any monotone score, NaN where not known.

    Returns:
        In [0, 1]; None where there is no positive or no negative.
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
        labels: (N, F), 1, 0, or NaN where not known.
        scores: (N, F), NaN where not known.
    """
    areas = [auroc(labels[:, column], scores[:, column]) for column in range(labels.shape[1])]
    defined = [area for area in areas if area is not None]
    return (float(np.mean(defined)) if defined else None), len(defined)


def roc_curve(labels: Labels, scores: Scores) -> RocCurve | None:
    """Return the ROC curve with one point a distinct score; None where there is no positive or no negative.

    Args:
        labels: (N,), 1, 0, or NaN where not known.
        scores: (N,), any monotone score, NaN where not known.
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
    """Mark the points at which a curve turns, bool (P,): the others lie on the line between them."""
    steps = np.diff(curve.false_positive_rate), np.diff(curve.sensitivity)
    turns = steps[0][:-1] * steps[1][1:] != steps[0][1:] * steps[1][:-1]
    return np.concatenate([[True], turns, [True]])


def told_apart(squares: int, *values: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Thin a curve to the points that can be told apart on a grid, where they are.

    Args:
        squares: Of the grid, along a side.
        values: float64 (P,) each; the first two say where a point lies, in [0, 1].
    """
    cells = np.round(np.stack(values[:2]) * squares)
    moves = np.any(cells[:, 1:] != cells[:, :-1], axis=0)
    # The first and the last point of each square stay, so that a step's corners do not lean.
    keep = np.concatenate([[True], moves]) | np.concatenate([moves, [True]])
    return tuple(value[keep] for value in values)
