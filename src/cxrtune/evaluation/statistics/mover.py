"""The interval of a number that is made of two others, from the intervals of those.

The method of variance estimates recovery: each limit takes over how far the two estimates may be off in the
direction of that limit (Zou and Donner, "Construction of confidence limits about effect measures: a general
approach", Statistics in Medicine 2008; ratios: Donner and Zou, "Closed-form confidence intervals for
functions of the normal mean and standard deviation", Statistical Methods in Medical Research 2012). What the
intervals of the two know of few patients, and of shares of 0 and 1, the result knows too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Bounded:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def ratio_interval(above: Bounded, below: Bounded, correlation: float = 0.0) -> tuple[float, float]:
    """Return the interval of above / below, both in [0, 1]; its upper end may be infinity.

    Args:
        above: What stands above the line.
        below: What stands below it.
        correlation: Of the two estimates, in [-1, 1].
    """
    low = _root(above, below, above.low, below.high, correlation, is_upper=False)
    return low, _root(above, below, above.high, below.low, correlation, is_upper=True)


def _root(
    above: Bounded, below: Bounded, up: float, down: float, correlation: float, *, is_upper: bool
) -> float:
    """Return the ratio r at which above - r below is as far from 0 as its own limit is from it.

    (above - r below)^2 = (above - up)^2 + r^2 (below - down)^2 - 2 r correlation |above - up| |below - down|,
    which is quadratic in r.
    """
    middle = above.value * below.value - correlation * abs(above.value - up) * abs(below.value - down)
    square, constant = down * (2 * below.value - down), up * (2 * above.value - up)
    root = math.sqrt(max(middle**2 - square * constant, 0.0))
    if is_upper:
        return (middle + root) / square if square > 0 else math.inf
    # The other root is written so that it is exact where the square vanishes.
    return constant / (middle + root) if middle + root > 0 else 0.0


def moved_interval(estimate: Bounded, below: float, above: float) -> tuple[float, float]:
    """Return the interval of an estimate in [0, 1] that a second, independent cause moves as well.

    Args:
        estimate: With the interval that the first cause alone would give.
        below: The value at the end to which the second cause may lower it.
        above: The value at the end to which it may raise it.
    """
    low = estimate.value - math.hypot(estimate.value - estimate.low, estimate.value - below)
    high = estimate.value + math.hypot(estimate.high - estimate.value, above - estimate.value)
    return max(0.0, low), min(1.0, high)
