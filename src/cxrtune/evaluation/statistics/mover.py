"""Intervals of sums, means, differences and ratios of estimates with intervals.

The method of variance estimates recovery (MOVER): each limit combines the distances of the estimates from
their limits in that direction (Zou and Donner, "Construction of confidence limits about effect measures: a
general approach", Statistics in Medicine 2008; weighted sums: Zou, Huang and Zhang, "A note on confidence
interval estimation for a linear function of binomial proportions", Computational Statistics and Data Analysis
2009; ratios: Donner and Zou, "Closed-form confidence intervals for functions of the normal mean and standard
deviation", Statistical Methods in Medical Research 2012). If the intervals of the parts are valid with few
patients, and for proportions of 0 and 1, so is the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxrtune.evaluation.statistics.effective_size import LEVEL


@dataclass(frozen=True)
class Estimate:
    """An estimate from the images of several patients.

    Attributes:
        value: The point estimate.
        parts: float64 (P,), each patient's contribution to the error; they add up to 0, and their squares add
            up to the variance.
        limits: Returns the interval at a level, such as 0.05 for 95 %; it may be asymmetric.
    """

    value: float
    parts: NDArray[np.float64]
    limits: Callable[[float], tuple[float, float]]

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the interval at a level."""
        return self.limits(level)


def combined(terms: Sequence[tuple[float, Estimate]]) -> Estimate:
    """Return a weighted sum of estimates from the same patients, such as a mean or a difference.

    The distances of the estimates from their limits are combined like standard errors, with the correlations
    of the patients' contributions. So the interval of the sum is as asymmetric as those of the estimates, and
    has a width if one of them is 0 or 1.

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
    """Return the mean of estimates from the same patients; None without any."""
    return combined([(1 / len(estimates), estimate) for estimate in estimates]) if estimates else None


def _correlations(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    products = parts @ parts.T
    lengths = np.sqrt(np.diag(products))
    # An estimate without spread (a sensitivity of 1) has no correlation either.
    known = np.outer(lengths, lengths) > 0
    found: NDArray[np.float64] = np.zeros_like(products)
    np.divide(products, np.outer(lengths, lengths), out=found, where=known)
    np.fill_diagonal(found, 1.0)
    return found


def _length(distances: NDArray[np.float64], correlations: NDArray[np.float64]) -> float:
    return math.sqrt(max(float(distances @ correlations @ distances), 0.0))


@dataclass(frozen=True)
class Bounded:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def ratio_interval(above: Bounded, below: Bounded, correlation: float = 0.0) -> tuple[float, float]:
    """Return the interval of above / below, both in [0, 1]; its upper limit may be infinite.

    Args:
        above: The numerator.
        below: The denominator.
        correlation: Correlation of the two estimates, in [-1, 1].
    """
    low = _root(above, below, above.low, below.high, correlation, is_upper=False)
    return low, _root(above, below, above.high, below.low, correlation, is_upper=True)


def _root(
    above: Bounded, below: Bounded, up: float, down: float, correlation: float, *, is_upper: bool
) -> float:
    """Return the ratio r for which the distance of above - r below from 0 equals that of its own limit.

    (above - r below)^2 = (above - up)^2 + r^2 (below - down)^2 - 2 r correlation |above - up| |below - down|,
    which is quadratic in r.
    """
    middle = above.value * below.value - correlation * abs(above.value - up) * abs(below.value - down)
    square, constant = down * (2 * below.value - down), up * (2 * above.value - up)
    root = math.sqrt(max(middle**2 - square * constant, 0.0))
    if is_upper:
        return (middle + root) / square if square > 0 else math.inf
    # The other root is written so that it is exact if the square vanishes.
    return constant / (middle + root) if middle + root > 0 else 0.0


def moved_interval(estimate: Bounded, below: float, above: float) -> tuple[float, float]:
    """Return the interval of an estimate in [0, 1] with a second, independent source of uncertainty.

    Args:
        estimate: The estimate, with its interval from the first source alone.
        below: Value at the lower end of the second source's range.
        above: Value at the upper end of that range.
    """
    low = estimate.value - math.hypot(estimate.value - estimate.low, estimate.value - below)
    high = estimate.value + math.hypot(estimate.high - estimate.value, above - estimate.value)
    return max(0.0, low), min(1.0, high)
