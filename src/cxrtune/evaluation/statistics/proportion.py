"""A proportion, such as a sensitivity, of images clustered within patients, and its interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv

from cxrtune.evaluation.statistics.effective_size import LEVEL, Z95, effective_share, kish
from cxrtune.evaluation.statistics.mover import Estimate

_EDGE = 1e-12
Values = NDArray[np.float64]


def proportion_estimate(
    hits: NDArray[np.floating | np.integer], images: NDArray[np.integer]
) -> Estimate | None:
    """Return the proportion; None without images.

    Mid-p (Lancaster, Biometrika 1949; Berry and Armitage, The Statistician 1995) is the exact interval of
    Clopper and Pearson in which the observed count itself has a weight of one half. The number of images is
    divided by the design effect of the patients, which is 1 with one image per patient. If all images are
    hits, or none are, patients show no spread, and the images of each patient are treated as identical.

    Args:
        hits: float64 or int (P,), number of hits per patient, from 0 to its number of images.
        images: int (P,), number of images per patient.
    """
    if not images.sum():
        return None
    share = float(hits.sum()) / float(images.sum())

    def limits(level: float) -> tuple[float, float]:
        effective = effective_images(hits, images, level)
        return mid_p_interval(share * effective, effective, level)

    return Estimate(share, _parts(hits, images), limits)


def effective_images(
    hits: NDArray[np.floating | np.integer], images: NDArray[np.integer], level: float = LEVEL
) -> float:
    """Return the effective number of independent images; there must be at least one image."""
    number, variance = float(images.sum()), float((_parts(hits, images) ** 2).sum())
    return number * _share(images[images > 0], float(hits.sum()) / number, variance, level)


def _parts(hits: NDArray[np.floating | np.integer], images: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the contributions of patients to a ratio of sums (Cochran, "Sampling Techniques", 1977, 6.3)."""
    number, patients = float(images.sum()), int((images > 0).sum())
    centred = hits - float(hits.sum()) / number * images
    return np.asarray(centred / number * math.sqrt(patients / max(patients - 1, 1)), dtype=np.float64)


def proportion_interval(
    hits: NDArray[np.floating | np.integer], images: NDArray[np.integer]
) -> tuple[float, float] | None:
    """Return only the 95 % interval; arguments as in `proportion_estimate`."""
    found = proportion_estimate(hits, images)
    return None if found is None else found.interval()


def _share(images: NDArray[np.integer], share: float, variance: float, level: float) -> float:
    number, least = float(images.sum()), kish(images) / float(images.sum())
    if (images == 1).all():
        return 1.0
    if len(images) == 1 or not 0 < share < 1:
        return least
    if variance == 0:
        return 1.0
    return effective_share(share * (1 - share) / number / variance, kish(images), least, level)


def mid_p_interval(hits: float, images: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the mid-p interval of `hits` out of `images`, which may be fractional."""
    tail = level / 2

    def beyond(true: float) -> float:
        """Return P(more hits) + P(equal) / 2, using the beta function for fractional counts."""
        as_many = 1.0 if hits <= 0 else float(betainc(hits, images - hits + 1, true))
        more = 0.0 if hits >= images else float(betainc(hits + 1, images - hits, true))
        return (as_many + more) / 2

    low = 0.0 if beyond(_EDGE) >= tail else _where(beyond, tail)
    high = 1.0 if beyond(1 - _EDGE) <= 1 - tail else _where(beyond, 1 - tail)
    return low, high


def _where(rising: Callable[[float], float], value: float) -> float:
    return float(brentq(lambda true: rising(true) - value, _EDGE, 1 - _EDGE))


@dataclass(frozen=True)
class Shares:
    """T proportions with their 95 % limits, float64 (T,) each, in [0, 1]."""

    value: Values
    low: Values
    high: Values


def shares_of(hits: Values, images: NDArray[np.intp], width: float) -> Shares:
    """Return the proportions of hits among all images of several patients.

    The effective number of images is that of `proportion_interval`; the limits are Jeffreys', which nearly
    equal the mid-p limits (Brown, Cai and DasGupta, "Interval estimation for a binomial proportion",
    Statistical Science 2001) and need no search.

    Args:
        hits: float64 (P, T), number of hits per patient.
        images: intp (P,), number of images per patient, at least 1.
        width: Quantile of Student's t that reflects the uncertainty of the patients' spread.
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
