"""AUROC and its interval, also valid with few positive patients and near 1."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from cxrtune.evaluation.statistics.delong import placements
from cxrtune.evaluation.statistics.effective_size import effective_share, kish, normal
from cxrtune.evaluation.statistics.mover import Estimate

_EDGE = 1e-9


def auroc_estimate(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], patients: NDArray[np.intp], number: int
) -> Estimate | None:
    """Return the AUROC; None without positives or without negatives, or if all images are of one patient.

    Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2",
    Statistics in Medicine 2006, method 5: the interval has all values that are within 1.96 of their own
    standard errors of the estimate, like Wilson's interval for a proportion, so that it has a width if the
    AUROC is 1. The numbers of positives and negatives are divided by the design effect of the patients: the
    variance by Obuchowski (Biometrics 1997) divided by that of independent images.

    Args:
        truth: bool (n,), True for positives.
        scores: (n,), all known.
        patients: intp (n,), the patient index of each image, from 0.
        number: Number of patients, P.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return None
    counts = [images_of(patients[mask]) for mask in (truth, ~truth)]
    fewest = min(len(count) for count in counts)
    if fewest < 2:
        return None
    worth = min(kish(count) for count in counts)
    least = min(kish(count) / count.sum() for count in counts)
    of_positives, of_negatives = (part[:, 0] for part in placements(truth, scores[:, np.newaxis]))
    area = float(of_positives.mean())
    parts = np.zeros(number)
    np.add.at(parts, patients[truth], (of_positives - area) / positives)
    np.add.at(parts, patients[~truth], (of_negatives - area) / negatives)
    parts *= math.sqrt(fewest / (fewest - 1))
    variance, model = float((parts**2).sum()), _model(area, positives, negatives)
    one_each = all((count == 1).all() for count in counts)

    def limits(level: float) -> tuple[float, float]:
        known = variance > 0 and 0 < area < 1
        share = effective_share(model / variance, worth, least, level) if known else least
        if one_each:
            share = max(share, 1.0)
        return _solved(area, lambda true: _model(true, share * positives, share * negatives), normal(level))

    return Estimate(area, parts, limits)


def auroc_interval(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], patients: NDArray[np.intp]
) -> tuple[float, float] | None:
    """Return only the 95 % interval; arguments as in `auroc_estimate`."""
    found = auroc_estimate(truth, scores, patients, int(patients.max(initial=-1)) + 1)
    return None if found is None else found.interval()


def images_of(patients: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the number of images of each patient that has any, intp (P,)."""
    return np.unique(patients, return_counts=True)[1]


def _model(area: float, positives: float, negatives: float) -> float:
    """Return Newcombe's variance of an AUROC: Hanley and McNeil's with the mean of both numbers."""
    mean = (positives + negatives) / 2 - 1
    shape = 1 + mean * ((1 - area) / (2 - area) + area / (1 + area))
    return area * (1 - area) * max(shape, 0.0) / (positives * negatives)


def _solved(area: float, variance: Callable[[float], float], errors: float) -> tuple[float, float]:
    def outside(true: float) -> float:
        return abs(area - true) - errors * math.sqrt(variance(true))

    # At 0 and 1 the variance is 0, so that an AUROC of this value solves the equation itself.
    low = brentq(outside, _EDGE, min(area, 1 - _EDGE)) if area > _EDGE and outside(_EDGE) > 0 else 0.0
    high = (
        brentq(outside, max(area, _EDGE), 1 - _EDGE) if area < 1 - _EDGE and outside(1 - _EDGE) > 0 else 1.0
    )
    return float(low), float(high)
