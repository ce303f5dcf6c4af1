"""A value with its interval and each patient's part in its error; sums and differences of such values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
"""Of intervals and tests, unless another is asked for."""


@dataclass(frozen=True)
class Estimate:
    """A value of some patients' images.

    Attributes:
        value: As it is.
        parts: float64 (P,), what each patient adds to the error; they add up to 0, and their squares to the
            variance.
        limits: The interval at a level, such as 0.05 for 95 %; it need not be symmetric.
    """

    value: float
    parts: NDArray[np.float64]
    limits: Callable[[float], tuple[float, float]]

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the interval at a level."""
        return self.limits(level)


def combined(terms: Sequence[tuple[float, Estimate]]) -> Estimate:
    """Return a weighted sum of estimates of the same patients, such as a mean or a difference.

    Zou, Huang and Zhang, "A note on confidence interval estimation for a linear function of binomial
    proportions", Computational Statistics and Data Analysis 2009 (MOVER): the distances of the estimates from
    their own limits are added as standard errors are, with their correlations. So the sum's interval is as
    asymmetric as theirs, and has a width where one of them is 0 or 1. The correlations are those of the
    patients' parts.

    Args:
        terms: Weights and estimates; at least one.
    """
    weights = np.array([weight for weight, _ in terms])
    estimates = [estimate for _, estimate in terms]
    correlations = _correlations(np.stack([estimate.parts for estimate in estimates]))
    value = float(weights @ [estimate.value for estimate in estimates])

    def limits(level: float) -> tuple[float, float]:
        values = np.array([estimate.value for estimate in estimates])
        low, high = np.array([estimate.interval(level) for estimate in estimates]).T
        below = weights * np.where(weights > 0, values - low, high - values)
        above = weights * np.where(weights > 0, high - values, values - low)
        return value - _length(below, correlations), value + _length(above, correlations)

    return Estimate(value, weights @ np.stack([estimate.parts for estimate in estimates]), limits)


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate | None:
    """Return the mean of estimates of the same patients; None without any."""
    return combined([(1 / len(estimates), estimate) for estimate in estimates]) if estimates else None


def _correlations(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    products = parts @ parts.T
    lengths = np.sqrt(np.diag(products))
    # What shows no spread (a sensitivity of 1) shows no correlation either.
    known = np.outer(lengths, lengths) > 0
    found: NDArray[np.float64] = np.zeros_like(products)
    np.divide(products, np.outer(lengths, lengths), out=found, where=known)
    np.fill_diagonal(found, 1.0)
    return found


def _length(distances: NDArray[np.float64], correlations: NDArray[np.float64]) -> float:
    return math.sqrt(max(float(distances @ correlations @ distances), 0.0))
