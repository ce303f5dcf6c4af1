"""The calibration error that a model without any error would show on so many images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.calibration.reliability import equal_mass

_DRAWS = 2_000


@dataclass(frozen=True)
class PerfectError:
    """The expected calibration error of labels that are drawn from the probabilities themselves.

    Attributes:
        mean: Over the draws.
        high: Their 97.5th percentile.
    """

    mean: float
    high: float


def error_if_perfect(probabilities: NDArray[np.float64], seed: int) -> PerfectError:
    """Draw labels from probabilities, each image on its own, and return the error that this makes.

    Only how many positives a bin has plays a part. Their number is drawn from the binomial distribution with
    the mean and, but for rounding, the variance of the sum of the bin's images.

    Args:
        probabilities: float64 (n,), in [0, 1].
        seed: Decides what is drawn.
    """
    ordered = np.sort(probabilities)
    starts, ends = equal_mass(ordered)
    sums, squares = (np.add.reduceat(values, starts) for values in (ordered, ordered**2))
    # Rounded up, so that the share stays at most 1; bins of one probability need no rounding.
    trials = np.ceil(np.divide(sums**2, squares, out=np.ones_like(sums), where=squares > 0) - 1e-9)
    trials = np.clip(trials, 1, ends - starts).astype(np.int64)
    drawn = np.random.default_rng(seed).binomial(trials, np.minimum(sums / trials, 1), (_DRAWS, len(sums)))
    errors = np.abs(drawn - sums).sum(axis=1) / len(ordered)
    return PerfectError(float(errors.mean()), float(np.quantile(errors, 0.975)))
