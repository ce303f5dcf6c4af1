"""The intervals of many shares of the same images at once, such as those at each threshold of a curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from cxrtune.evaluation.statistics.effective_size import Z95, kish

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Shares:
    """T shares with their 95 % limits, float64 (T,) each, in [0, 1]."""

    value: Values
    low: Values
    high: Values


def shares_of(hits: Values, images: NDArray[np.intp], width: float) -> Shares:
    """Return the shares of hits among all images of some patients.

    The effective number of images is that of `proportion_interval`; the limits are Jeffreys', which are the
    mid-p limits but for a little (Brown, Cai and DasGupta, "Interval estimation for a binomial proportion",
    Statistical Science 2001) and need no search.

    Args:
        hits: float64 (P, T), of each patient.
        images: intp (P,), of each patient, at least 1.
        width: The quantile of Student's t that stands for how well the patients' spread is known.
    """
    patients, number = len(images), int(images.sum())
    value = hits.sum(axis=0) / number
    least = kish(images) / number
    if (images == 1).all():
        effective = np.full_like(value, number)
    else:
        spread = ((hits - value * images[:, np.newaxis]) ** 2).sum(axis=0) / number**2
        spread = spread * patients / max(patients - 1, 1)
        known = (spread > 0) & (value > 0) & (value < 1)
        share = np.full_like(value, least)
        share[known] = value[known] * (1 - value[known]) / number / spread[known] * (Z95 / width) ** 2
        effective = number * np.clip(share, least, 1.0)
    found = value * effective, (1 - value) * effective
    low, high = (betaincinv(found[0] + 0.5, found[1] + 0.5, tail) for tail in (0.025, 0.975))
    return Shares(value, np.where(value > 0, low, 0.0), np.where(value < 1, high, 1.0))
