"""Effective sample size of images that are clustered within patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

LEVEL = 0.05
"""Default level of intervals and tests."""

Z95 = float(ndtri(0.975))
"""Half-width of a 95 % interval, in standard errors."""


def kish(images: NDArray[np.integer]) -> float:
    """Return the effective number of images if those of each patient are identical.

    Kish, "Survey Sampling", 1965, section 8.2: the squared sum divided by the sum of squares; with one image
    per patient it is the number of images, and it never exceeds the number of patients.

    Args:
        images: int (P,), number of images per patient; patients without images do not count.
    """
    counts = images.astype(np.float64)
    return float(counts.sum() ** 2 / (counts**2).sum())


def normal(level: float) -> float:
    """Return the half-width of an interval at a two-sided level, in standard errors."""
    return float(ndtri(1 - level / 2))


def student(patients: float, level: float = LEVEL) -> float:
    """Return the same for Student's t, with patients minus one degrees of freedom."""
    return float(stdtrit(patients - 1, 1 - level / 2)) if patients > 1 else float("inf")


def effective_share(estimated: float, patients: float, least: float, level: float = LEVEL) -> float:
    """Return the fraction of the images that counts, between `least` and 1.

    Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data", Survey Methodology 1998: the design effect is estimated from patients, so the
    fraction is reduced by the squared ratio of the normal and the t quantile. Estimates from few patients are
    unreliable; identical images within each patient are the worst case.

    Args:
        estimated: Variance for independent images divided by the variance observed among patients.
        patients: Number of patients in the estimate; by `kish`, as a few with many images dominate it
            (Carter, Schnepel and Steigerwald, Review of Economics and Statistics 2017, on unequal clusters).
        least: The fraction if images of a patient are identical (`kish` divided by the images).
        level: Level of the interval that it is used for.
    """
    return float(min(1.0, max(estimated * (normal(level) / student(patients, level)) ** 2, least)))
