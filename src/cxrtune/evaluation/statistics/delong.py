"""Variances of AUROCs, and of their differences, without resampling.

DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
characteristic curves: a nonparametric approach", Biometrics 1988; with midranks as in Sun and Xu, "Fast
implementation of DeLong's algorithm", IEEE Signal Processing Letters 2014. The method assumes independent
images; if patients have several images, use the patient bootstrap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from cxrtune.evaluation.statistics.effective_size import Z95


@dataclass(frozen=True)
class DeLong:
    """AUROCs of M models on the same images.

    Attributes:
        aurocs: float64 (M,), in [0, 1].
        covariance: float64 (M, M), covariance of the AUROCs; NaN with fewer than two positives or negatives.
        of_difference: float64 (M, M), the variance of each difference of two AUROCs; NaN likewise.
    """

    aurocs: NDArray[np.float64]
    covariance: NDArray[np.float64]
    of_difference: NDArray[np.float64]

    def interval(self, model: int) -> tuple[float, float] | None:
        """Return the 95 % Wald interval of one AUROC, clipped to [0, 1]; None without spread."""
        variance = float(self.covariance[model, model])
        if not variance > 0:  # also NaN: without spread the variance is not known
            return None
        half, area = Z95 * math.sqrt(variance), float(self.aurocs[model])
        return max(0.0, area - half), min(1.0, area + half)

    def p_value(self, first: int, second: int) -> float | None:
        """Return the two-sided p-value for equality of the AUROCs `first` and `second`; None without spread.

        Two models that rank all pairs identically do not differ: their p-value is 1.
        """
        variance = float(self.of_difference[first, second])
        if math.isnan(variance):
            return None
        difference = float(self.aurocs[first] - self.aurocs[second])
        # What remains with equal placements is rounding.
        if variance == 0:
            return 1.0 if abs(difference) < 1e-12 else None
        return float(2 * norm.sf(abs(difference) / math.sqrt(variance)))


def delong(truth: NDArray[np.bool_], scores: NDArray[np.floating]) -> DeLong | None:
    """Return the AUROCs of models on the same images and their covariance.

    Args:
        truth: bool (N,), True for positives.
        scores: (N, M), one column per model, all known.

    Returns:
        None if there are no positives or no negatives.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if positives == 0 or negatives == 0:
        return None
    of_positives, of_negatives = placements(truth, scores)
    covariance = _covariance(of_positives) / positives + _covariance(of_negatives) / negatives
    # Computing a + b - 2c from the covariance would amplify rounding errors if models are similar.
    of_difference = _spread(of_positives) / positives + _spread(of_negatives) / negatives
    return DeLong(of_positives.mean(axis=0), covariance, of_difference)


def placements(
    truth: NDArray[np.bool_], scores: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the fraction of negatives below each positive, and of positives above each negative.

    Ties count as one half. float64 (positives, M) and (negatives, M), in [0, 1]; DeLong's V10 and V01.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    among_all = rankdata(scores, axis=0)
    above = (among_all[truth] - rankdata(scores[truth], axis=0)) / negatives
    below = 1 - (among_all[~truth] - rankdata(scores[~truth], axis=0)) / positives
    return above, below


def _covariance(values: NDArray[np.float64]) -> NDArray[np.float64]:
    models = values.shape[1]
    if len(values) < 2:
        return np.full((models, models), np.nan)
    return cast(NDArray[np.float64], np.cov(values, rowvar=False).reshape(models, models))


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the variance of the difference of each pair of columns, float64 (M, M)."""
    models = values.shape[1]
    if len(values) < 2:
        return np.full((models, models), np.nan)
    spread = np.zeros((models, models))
    for first, second in combinations(range(models), 2):
        one = np.var(values[:, first] - values[:, second], ddof=1)
        spread[first, second] = spread[second, first] = one
    return spread
