"""How many independent images the images of some patients are worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

LEVEL = 0.05
"""Of intervals and tests, unless another is asked for."""

Z95 = float(ndtri(0.975))
"""Half the width of a 95 % interval, in standard errors."""


def kish(images: NDArray[np.integer]) -> float:
    """Return the effective number of images if those of a patient are all alike.

    Kish, "Survey Sampling", 1965, section 8.2: the squared sum over the sum of squares; with one image per
    patient it is their number, and it is never more than the number of patients.

    Args:
        images: int (P,), of each patient; patients without one do not count.
    """
    counts = images.astype(np.float64)
    return float(counts.sum() ** 2 / (counts**2).sum())


def normal(level: float) -> float:
    """Return half the width of an interval at a two-sided level, in standard errors."""
    return float(ndtri(1 - level / 2))


def student(patients: float, level: float = LEVEL) -> float:
    """Return the same by Student's t, with one degree of freedom less than patients."""
    return float(stdtrit(patients - 1, 1 - level / 2)) if patients > 1 else float("inf")


def effective_share(estimated: float, patients: float, least: float, level: float = LEVEL) -> float:
    """Return which share of the images counts, between `least` and 1.

    Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data", Survey Methodology 1998: the design effect is estimated from patients, so the
    share shrinks by the squared ratio of the normal and the t quantile. An estimate from few patients may say
    anything; images that are all alike within a patient are the worst that can be.

    Args:
        estimated: Variance of independent images over the variance that the patients show.
        patients: From how many it was estimated; by `kish`, as a few with many images decide about it
            (Carter, Schnepel and Steigerwald, Review of Economics and Statistics 2017, on unequal clusters).
        least: The share if images of a patient are all alike (`kish` over the images).
        level: Of the interval that it is for.
    """
    return float(min(1.0, max(estimated * (normal(level) / student(patients, level)) ** 2, least)))
